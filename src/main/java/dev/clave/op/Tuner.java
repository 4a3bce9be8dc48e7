package dev.clave.op;

import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.tune.TuningDatabase;
import dev.clave.internal.tune.TuningFile;
import dev.clave.internal.tune.TuningKey;
import dev.clave.internal.tune.TuningRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds the fastest candidate and settings of a problem on a device: at most 32 of those that the candidates' own models
 * think cheapest, those that leave the problem to others as too small to pay among them, each held against the reference
 * kernel first. What it finds changes nothing for a device that is open: the
 * database is read once.
 */
public final class Tuner {
    /** Candidates with settings that are tried for one problem. */
    static final int MOST = 32;

    private static final int FINALISTS = 6;
    private static final int ROUNDS = 9;
    /** Rounds after which those that are far behind go. */
    private static final int SIEVE = 3;

    private static final double HOPELESS = 1.15;
    /** What counts as faster; timings of one thing differ by as much. */
    private static final double GAIN = 0.97;

    private static final double MICROS_PER_TIMING = 2000;
    private static final int MOST_RUNS = 200;

    /** Times runs. */
    interface Stopwatch {
        /** Microseconds of one run, the mean of several without a pause. */
        double micros(Invocation invocation, int runs);
    }

    /**
     * What came of a problem.
     *
     * @param problem what was tuned
     * @param usual what is taken without the user's file, such as {@code tiled}
     * @param usualMicros its median; that of the first candidate that passed when it is itself rejected
     * @param best what was fastest, the same when nothing is faster by more than 3 %
     * @param bestMicros its median
     * @param tried settings that were timed
     * @param rejected what gave a wrong result or did not compile, with the reason
     */
    public record Result(
            Problem problem,
            String usual,
            double usualMicros,
            String best,
            double bestMicros,
            int tried,
            List<String> rejected) {
        /** {@return whether something is faster than what is usual} */
        public boolean isFaster() {
            return !usual.equals(best);
        }
    }

    /** A candidate with settings; the first of all is what is taken without the user's file. */
    private record Option(OpenClCandidate candidate, Map<String, Integer> settings) {
        OpenClCandidate made() {
            return TunedCandidate.of(candidate, settings);
        }

        String text() {
            return settings.isEmpty() ? candidate.name() : candidate.name() + " " + Settings.text(settings);
        }
    }

    /** An option with its times so far. */
    private static final class Runner {
        final Option option;
        final List<Double> micros = new ArrayList<>();
        private @Nullable Invocation invocation;

        Runner(Option option) {
            this.option = option;
        }

        double least() {
            return micros.stream().mapToDouble(Double::doubleValue).min().orElse(Double.MAX_VALUE);
        }

        double median() {
            double[] sorted =
                    micros.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            return sorted.length == 0
                    ? Double.MAX_VALUE
                    : (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
        }
    }

    private final OpenClDevice device;
    private final Stopwatch stopwatch;
    private final Map<String, List<OpenClCandidate>> rows;
    /** What is usual: models and the jar, whatever the user's file says. */
    private final Tuning tuning;

    private final Map<TuningKey, Optional<TuningRecord>> found = new LinkedHashMap<>();

    /**
     * A tuner of a device.
     *
     * @throws IllegalArgumentException when it is not an OpenCL device: the CPU in Java has nothing to choose
     * @param device an OpenCL device
     */
    public Tuner(Device device) {
        this(device, (invocation, runs) -> {
            long begin = System.nanoTime();
            for (int i = 0; i < runs; i++) {
                invocation.run();
            }
            device.finish();
            return (System.nanoTime() - begin) / 1e3 / runs;
        });
    }

    Tuner(Device device, Stopwatch stopwatch) {
        this(device, stopwatch, Operators.rows());
    }

    /** With candidates of one's own by operator, the reference last. */
    Tuner(Device device, Stopwatch stopwatch, Map<String, List<OpenClCandidate>> rows) {
        if (!(device instanceof OpenClDevice openCl)) {
            throw new IllegalArgumentException(
                    "tuning is for OpenCL devices, " + device.name() + " has no settings; name one with --device");
        }
        this.device = openCl;
        this.stopwatch = stopwatch;
        this.rows = rows;
        this.tuning = new Tuning(openCl, TuningDatabase.of(List.of(), TuningDatabase.bundledLines()));
    }

    /**
     * {@return the problems among some for which there is a choice, each once}
     *
     * @param problems those of a network's plan, or any others
     */
    public List<Problem> choices(List<Problem> problems) {
        Map<TuningKey, Problem> choices = new LinkedHashMap<>();
        for (Problem problem : problems) {
            if (TuningCase.suits(problem) && options(problem).size() > 1) {
                choices.putIfAbsent(Tuning.key(device, problem), problem);
            }
        }
        return List.copyOf(choices.values());
    }

    /** Candidates that can take a problem: first those that do, then those that doubt that they pay, which is to be seen. */
    private List<OpenClCandidate> able(Problem problem) {
        List<OpenClCandidate> able = new ArrayList<>();
        List<OpenClCandidate> doubtful = new ArrayList<>();
        for (OpenClCandidate candidate : candidatesOf(problem)) {
            if (OpenClBackend.limit(candidate, problem, device) == null) {
                (candidate.doubts(problem, device) == null ? able : doubtful).add(candidate);
            }
        }
        able.addAll(doubtful);
        return able;
    }

    /** In turn from each candidate's space, so that none crowds out the others; only candidates with settings take part. */
    private List<Option> options(Problem problem) {
        List<OpenClCandidate> candidates = able(problem);
        List<List<Map<String, Integer>>> spaces = candidates.stream()
                .map(candidate -> candidate.space(problem, device))
                .toList();
        if (spaces.stream().noneMatch(space -> space.size() > 1)) {
            return List.of();
        }
        LinkedHashSet<Option> options = new LinkedHashSet<>();
        options.add(shipped(problem, candidates));
        boolean modelled = options.contains(new Option(candidates.get(0), Map.of()));
        int longest = spaces.stream().mapToInt(List::size).max().orElse(0);
        for (int i = 0; i < longest; i++) {
            for (int c = 0; c < candidates.size(); c++) {
                // The first setting of the first candidate is the usual one, unless the jar has another.
                boolean isUsual = modelled && i + c == 0;
                if (i < spaces.get(c).size() && !isUsual && options.size() < MOST) {
                    options.add(new Option(candidates.get(c), spaces.get(c).get(i)));
                }
            }
        }
        return List.copyOf(options);
    }

    /** What is taken without the user's file: the jar's entry, else the first candidate as it is. */
    private Option shipped(Problem problem, List<OpenClCandidate> candidates) {
        if (tuning.order(problem, candidates).get(0) instanceof TunedCandidate entry) {
            for (OpenClCandidate candidate : candidates) {
                if (candidate.name().equals(entry.name())) {
                    return new Option(candidate, entry.settings());
                }
            }
        }
        return new Option(candidates.get(0), Map.of());
    }

    private List<OpenClCandidate> candidatesOf(Problem problem) {
        return rows.getOrDefault(problem.operator(), List.of());
    }

    /**
     * Tunes one problem of {@link #choices}.
     *
     * @param problem operator, sizes and direction
     * @param goOn asked before each candidate; false ends the search with what is known
     * @return what was usual and what was fastest
     * @throws IllegalArgumentException when there is nothing to choose
     */
    public Result tune(Problem problem, BooleanSupplier goOn) {
        List<Option> options = options(problem);
        if (options.isEmpty() || !TuningCase.suits(problem)) {
            throw new IllegalArgumentException(problem + ": there is nothing to choose");
        }
        List<String> rejected = new ArrayList<>();
        try (TuningCase data = new TuningCase(device, problem)) {
            Map<String, double[]> expected = expected(problem, data);
            List<Runner> runners = sift(problem, options, data, expected, rejected, goOn);
            if (runners.isEmpty()) {
                throw new DeviceException(problem + ": no candidate gives the reference's result: " + rejected);
            }
            int tried = runners.size() + rejected.size();
            Runner usual = runners.get(0);
            List<Runner> finalists = new ArrayList<>(List.of(usual));
            runners.subList(1, runners.size()).stream()
                    .sorted(Comparator.comparingDouble(Runner::least))
                    .limit(FINALISTS)
                    .forEach(finalists::add);
            runOff(problem, data, finalists);
            Runner best = best(finalists, usual);
            if (best != usual) {
                // Another process may have slowed one of them down: it must win again, with times of its own.
                List<Runner> two = new ArrayList<>(List.of(usual, best));
                runOff(problem, data, two);
                best = best(two, usual);
            }
            // What is usual may have been rejected: then the first that passed is no usual one.
            Option first = options.get(0);
            keep(problem, best, best.option.equals(first));
            return new Result(
                    problem,
                    first.text(),
                    usual.median(),
                    best.option.text(),
                    best.median(),
                    tried,
                    List.copyOf(rejected));
        }
    }

    private Map<String, double[]> expected(Problem problem, TuningCase data) {
        List<OpenClCandidate> all = candidatesOf(problem);
        try (Invocation reference = Invocation.openCl(device, problem, all.get(all.size() - 1))) {
            data.bind(reference);
            return data.run(reference);
        }
    }

    /** Checks each option and times it shortly; what passes, in order. */
    private List<Runner> sift(
            Problem problem,
            List<Option> options,
            TuningCase data,
            Map<String, double[]> expected,
            List<String> rejected,
            BooleanSupplier goOn) {
        List<Runner> runners = new ArrayList<>();
        double least = Double.MAX_VALUE;
        for (Option option : options) {
            if (!runners.isEmpty() && !goOn.getAsBoolean()) {
                break;
            }
            try (Invocation invocation = Invocation.openCl(device, problem, option.made())) {
                data.bind(invocation);
                String reason = data.difference(expected, data.run(invocation));
                if (reason != null) {
                    rejected.add(option.text() + ": " + reason);
                    continue;
                }
                Runner runner = new Runner(option);
                runner.micros.add(stopwatch.micros(invocation, 1));
                // One run tells what is hopeless.
                if (runner.least() < 3 * least) {
                    int runs = runs(runner.least());
                    runner.micros.add(stopwatch.micros(invocation, runs));
                    runner.micros.add(stopwatch.micros(invocation, runs));
                }
                least = Math.min(least, runner.least());
                runners.add(runner);
            } catch (DeviceException e) {
                rejected.add(option.text() + ": "
                        + String.valueOf(e.getMessage()).lines().findFirst().orElse("fails"));
            }
        }
        return runners;
    }

    private static int runs(double micros) {
        return (int) Math.max(1, Math.min(MOST_RUNS, Math.ceil(MICROS_PER_TIMING / Math.max(1e-3, micros))));
    }

    /** Times the best against each other, in turn, so that what slows the machine slows all of them. */
    private void runOff(Problem problem, TuningCase data, List<Runner> finalists) {
        int runs = runs(finalists.stream().mapToDouble(Runner::least).min().orElse(1));
        try {
            for (Runner runner : finalists) {
                Invocation invocation = Invocation.openCl(device, problem, runner.option.made());
                runner.invocation = invocation;
                data.bind(invocation);
                runner.micros.clear();
                stopwatch.micros(invocation, 1);
            }
            for (int round = 0; round < ROUNDS; round++) {
                double least =
                        finalists.stream().mapToDouble(Runner::least).min().orElse(0);
                for (Runner runner : finalists) {
                    boolean behind = round >= SIEVE && runner != finalists.get(0) && runner.least() > HOPELESS * least;
                    Invocation invocation = runner.invocation;
                    if (!behind && invocation != null) {
                        runner.micros.add(stopwatch.micros(invocation, runs));
                    }
                }
            }
        } finally {
            for (Runner runner : finalists) {
                Invocation invocation = runner.invocation;
                if (invocation != null) {
                    invocation.close();
                }
                runner.invocation = null;
            }
        }
    }

    /** The usual one unless another is faster by more than the noise: its median is below nearly all of the usual's times. */
    private static Runner best(List<Runner> finalists, Runner usual) {
        double[] sorted = usual.micros.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        double quarter = sorted[sorted.length / 4];
        Runner best = usual;
        for (Runner runner : finalists) {
            boolean whole = runner.micros.size() == ROUNDS;
            if (whole
                    && runner.median() < best.median()
                    && runner.median() < GAIN * usual.median()
                    && runner.median() < quarter) {
                best = runner;
            }
        }
        return best;
    }

    private void keep(Problem problem, Runner best, boolean isUsual) {
        TuningKey key = Tuning.key(device, problem);
        double micros = Math.max(1e-3, best.median());
        found.put(
                key,
                isUsual
                        ? Optional.empty()
                        : Optional.of(new TuningRecord(
                                key,
                                TuningDatabase.library(),
                                tuning.source(best.option.made(), problem),
                                best.option.candidate().name(),
                                new java.util.TreeMap<>(best.option.settings()),
                                micros,
                                problem.flops() / micros / 1e3)));
    }

    /**
     * Writes what was found since the last call; where what is usual was fastest, an older record goes.
     *
     * @param file the database, made when it is not there
     * @return number of records written
     * @throws IllegalArgumentException when the file cannot be written
     */
    public int save(Path file) {
        try {
            TuningFile.update(file, TuningDatabase.library(), found);
        } catch (IOException e) {
            throw new IllegalArgumentException(file + " cannot be written: " + e + "; name another with --out", e);
        }
        int written = (int) found.values().stream().filter(Optional::isPresent).count();
        found.clear();
        return written;
    }

    /** {@return the user's own file, null when there is no home directory} */
    public static @Nullable Path userFile() {
        return TuningFile.ofUser();
    }

    /**
     * {@return how many records apply to a device at most, in words: the user's and those for its class}
     *
     * @param device the device
     */
    public static String entries(Device device) {
        if (!(device instanceof OpenClDevice openCl)) {
            return "nothing to tune";
        }
        TuningDatabase database = TuningDatabase.open();
        String deviceClass = Tuning.deviceClass(openCl);
        return "entries for this device " + database.entries(device.info()) + ", in the jar for " + deviceClass + " "
                + database.entries(deviceClass);
    }
}
