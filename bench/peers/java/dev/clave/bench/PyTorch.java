package dev.clave.bench;

import dev.clave.bench.Rounds.Opening;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * PyTorch in processes of its own, in the ways it may run best: its OpenMP threads wait by spinning, which wins on a quiet
 * machine and loses a hundredfold on a busy one, and on small networks one thread may beat two. Targets are judged by the
 * fastest.
 */
final class PyTorch implements AutoCloseable {
    /** Turns of a waiting OpenMP thread before it sleeps: longer than the gap between two operators, shorter than a time slice. */
    static final String SPINS = "1000";

    private final Map<String, Lazy> servers = new LinkedHashMap<>();

    PyTorch(Settings settings, Rounds rounds) {
        if (settings.python().isEmpty()) {
            rounds.note(
                    "no PyTorch: python3 has no torch; pip install torch numpy in a venv and set CLAVE_PYTHON to its"
                            + " python");
            return;
        }
        String all = String.valueOf(Settings.threads());
        servers.put("PyTorch", new Lazy(() -> server(settings, all, Map.of())));
        servers.put("PyTorch, short waits", new Lazy(() -> server(settings, all, Map.of("GOMP_SPINCOUNT", SPINS))));
        servers.put("PyTorch, 1 thread", new Lazy(() -> server(settings, "1", Map.of())));
    }

    private static LineServer server(Settings settings, String threads, Map<String, String> environment)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                settings.python(),
                settings.folder().resolve("pytorch.py").toString(),
                "--serve",
                "--threads",
                threads));
        if (settings.quick()) {
            command.add("--quick");
        }
        return new LineServer(command, environment);
    }

    /** Adds itself to the contenders of a work. */
    void join(Map<String, Opening> contenders, String work, boolean small) {
        servers.forEach((who, server) -> {
            if (small || !who.endsWith("1 thread")) {
                contenders.put(who, () -> server.get().contender(work));
            }
        });
    }

    @Override
    public void close() throws IOException {
        for (Lazy server : servers.values()) {
            server.close();
        }
    }
}
