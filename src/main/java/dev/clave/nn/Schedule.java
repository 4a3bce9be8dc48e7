package dev.clave.nn;

/**
 * Learning rate over time: a pure function of the place in training, so that weights depend on nothing but steps, however
 * often the rate is read. Computed on the host in double with functions that give the same bits on every machine.
 */
public interface Schedule {
    /**
     * Where training is.
     *
     * @param step batches of this fit that are done
     * @param stepsPerEpoch batches of an epoch
     */
    record Place(long step, int stepsPerEpoch) {
        /** {@return epochs that are done, with the part of the running one} */
        public double epochs() {
            return (double) step / stepsPerEpoch;
        }

        /** {@return the running epoch, from 0} */
        public long epoch() {
            return step / stepsPerEpoch;
        }
    }

    /**
     * {@return what the optimizer's rate is multiplied by}
     *
     * @param place where training is
     */
    double factor(Place place);

    /**
     * Says what it is; a checkpoint is resumed with the schedule it was made with.
     *
     * @return the text
     */
    default String describe() {
        return toString();
    }

    /** {@return the optimizer's rate throughout} */
    static Schedule constant() {
        return new Constant();
    }

    /**
     * {@return a schedule: multiplied by gamma every so many epochs}
     *
     * @param epochs number of epochs
     * @param gamma factor each time
     */
    static Schedule step(int epochs, double gamma) {
        return new Stairs(epochs, gamma);
    }

    /**
     * {@return a schedule: half a cosine from 1 to least over the given epochs, then least (Loshchilov and Hutter, "SGDR", 2017,
     * without restarts)}
     *
     * @param epochs number of epochs
     * @param least factor at the end
     */
    static Schedule cosine(double epochs, double least) {
        return new Cosine(epochs, least);
    }

    /**
     * Rises in a line from first to 1 over the given number of steps, and multiplies another schedule.
     *
     * @param steps batches until the factor is 1
     * @param first factor at the begin
     * @param then what it multiplies
     * @return the schedule
     */
    static Schedule warmUp(int steps, double first, Schedule then) {
        return new WarmUp(steps, first, then);
    }

    /** See {@link #constant}. */
    record Constant() implements Schedule {
        @Override
        public double factor(Place place) {
            return 1;
        }
    }

    /**
     * See {@link Schedule#step}.
     *
     * @param epochs number of epochs
     * @param gamma factor each time
     */
    record Stairs(int epochs, double gamma) implements Schedule {
        /** Checks ranges. */
        public Stairs {
            if (epochs < 1 || !(gamma > 0 && gamma < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "step schedule: epochs at least 1 and gamma above 0, got " + epochs + " and " + gamma);
            }
        }

        @Override
        public double factor(Place place) {
            long stairs = place.epoch() / epochs;
            return StrictMath.pow(gamma, (double) stairs);
        }
    }

    /**
     * See {@link Schedule#cosine}.
     *
     * @param epochs number of epochs
     * @param least factor at the end
     */
    record Cosine(double epochs, double least) implements Schedule {
        /** Checks ranges. */
        public Cosine {
            if (!(epochs > 0 && epochs < Double.POSITIVE_INFINITY) || !(least >= 0 && least <= 1)) {
                throw new IllegalArgumentException(
                        "cosine schedule: epochs above 0 and least in [0, 1], got " + epochs + " and " + least);
            }
        }

        @Override
        public double factor(Place place) {
            double share = Math.min(1, place.epochs() / epochs);
            return least + (1 - least) * 0.5 * (1 + StrictMath.cos(Math.PI * share));
        }
    }

    /**
     * See {@link Schedule#warmUp}.
     *
     * @param steps batches until the factor is 1
     * @param first factor at the begin
     * @param then what it multiplies
     */
    record WarmUp(int steps, double first, Schedule then) implements Schedule {
        /** Checks ranges. */
        public WarmUp {
            if (steps < 1 || !(first >= 0 && first <= 1)) {
                throw new IllegalArgumentException(
                        "warm-up: steps at least 1 and first in [0, 1], got " + steps + " and " + first);
            }
        }

        @Override
        public double factor(Place place) {
            double share = Math.min(1, (double) place.step() / steps);
            double rise = first + (1 - first) * share;
            return rise * then.factor(place);
        }
    }
}
