package dev.clave.internal;

/** A device whose operators run in the caller's thread: its close waits for them. */
public interface CountsRuns {
    /** What runs now. */
    RunCount runs();
}
