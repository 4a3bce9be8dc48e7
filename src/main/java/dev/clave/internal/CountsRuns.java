package dev.clave.internal;

/** A device whose operators run in the caller's thread: its close waits for them. */
public interface CountsRuns {
    /** {@return what runs now} */
    RunCount runs();
}
