package dev.clave.cli;

/** Entry point of the runnable jar. */
final class Main {
    private Main() {}
}
