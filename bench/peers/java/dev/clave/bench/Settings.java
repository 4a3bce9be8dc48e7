package dev.clave.bench;

import java.nio.file.Path;

/**
 * How a run is made.
 *
 * @param device selector of ours
 * @param launcher the program's launcher, empty when unknown
 * @param data directory of MNIST, empty for none
 * @param python that has torch, empty for none
 * @param folder the folder {@code bench}
 */
record Settings(boolean quick, String device, String launcher, String data, String python, Path folder) {
    int rounds() {
        return quick ? 3 : 7;
    }

    /** No work is begun after this; all sections together end in some twenty minutes. */
    double sectionSeconds() {
        return quick ? 60 : 270;
    }

    double sliceSeconds() {
        return quick ? 0.02 : 0.1;
    }

    double warmUpSeconds() {
        return quick ? 0.05 : 0.5;
    }

    /** Threads of every peer: all processors, as ours. */
    static int threads() {
        return Runtime.getRuntime().availableProcessors();
    }
}
