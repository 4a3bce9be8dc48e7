package dev.clave.bench;

/** Somebody who does a piece of work and says how long it took. */
interface Contender extends AutoCloseable {
    /** One sample: microseconds, or bytes, of one run. The result of the first run was checked before. */
    double sample() throws Exception;

    @Override
    default void close() throws Exception {}

    /** Something that can be run again and again. */
    @FunctionalInterface
    interface Work {
        void run() throws Exception;
    }

    /** Runs for about a slice, at least once. */
    static Contender repeating(double sliceSeconds, Work work, AutoCloseable... owned) {
        return new Contender() {
            @Override
            public double sample() throws Exception {
                long begin = System.nanoTime();
                long runs = 0;
                long nanos;
                do {
                    work.run();
                    runs++;
                    nanos = System.nanoTime() - begin;
                } while (nanos < sliceSeconds * 1e9);
                return nanos / 1e3 / runs;
            }

            @Override
            public void close() throws Exception {
                for (AutoCloseable resource : owned) {
                    resource.close();
                }
            }
        };
    }
}
