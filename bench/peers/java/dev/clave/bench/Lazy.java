package dev.clave.bench;

import java.io.IOException;
import java.util.concurrent.Callable;

/** A peer's process that is started when first wanted; a failure to start it is told to everybody who asks. */
final class Lazy implements AutoCloseable {
    private final Callable<LineServer> start;
    private LineServer server;
    private Exception failure;

    Lazy(Callable<LineServer> start) {
        this.start = start;
    }

    LineServer get() throws Exception {
        if (failure != null) {
            throw failure;
        }
        if (server == null) {
            try {
                server = start.call();
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }
        return server;
    }

    @Override
    public void close() throws IOException {
        if (server != null) {
            server.close();
        }
    }
}
