package dev.clave.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.clave.FormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Downloads from a server of our own on the loopback interface; mirrors are folders that misbehave in their own way. */
class MnistDownloadTest {
    private static final String IMAGES = "t10k-images-idx3-ubyte";

    @TempDir
    private Path folder;

    private final Map<String, byte[]> served = new LinkedHashMap<>();
    private final List<MnistDownload.Item> items = new ArrayList<>();
    private final List<String> log = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch stopped = new CountDownLatch(1);
    private HttpServer server;
    private ExecutorService threads;

    @BeforeEach
    void serve() throws Exception {
        for (String part : new String[] {"train", "t10k"}) {
            byte[] pixels = new byte[40 * 28 * 28];
            Arrays.fill(pixels, (byte) part.length());
            for (int i = 0; i < pixels.length; i += 3) {
                pixels[i] = (byte) (i * 2654435761L >>> 7);
            }
            add(part + "-images-idx3-ubyte", idx(pixels, 0x803, 40, 28, 28));
            add(part + "-labels-idx1-ubyte", idx(new byte[40], 0x801, 40));
        }
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        threads = Executors.newCachedThreadPool();
        server.setExecutor(threads);
        server.start();
    }

    @AfterEach
    void stop() {
        stopped.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    private void add(String name, byte[] content) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            out.write(content);
        }
        served.put(name + ".gz", bytes.toByteArray());
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
        items.add(new MnistDownload.Item(name, HexFormat.of().formatHex(digest)));
    }

    private static byte[] idx(byte[] data, int... header) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * header.length + data.length);
        Arrays.stream(header).forEach(bytes::putInt);
        return bytes.put(data).array();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String[] path = exchange.getRequestURI().getPath().split("/");
            String mirror = path[1];
            byte[] content = served.get(path[2]).clone();
            if (exchange.getRequestMethod().equals("HEAD")) {
                // Only the mirror named first answers at once, so that the order is the one given.
                exchange.sendResponseHeaders(mirror.equals("good") ? 503 : 200, -1);
                return;
            }
            String range = exchange.getRequestHeaders().getFirst("Range");
            log.add(mirror + " " + path[2] + (range == null ? "" : " " + range));
            if (mirror.equals("absent")) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            if (mirror.equals("altered")) {
                content[content.length / 2] ^= 1;
            }
            int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
            if (from >= content.length) {
                exchange.sendResponseHeaders(416, -1);
                return;
            }
            if (range != null) {
                String bytes = "bytes " + from + "-" + (content.length - 1) + "/" + content.length;
                exchange.getResponseHeaders().set("Content-Range", bytes);
            }
            exchange.sendResponseHeaders(range == null ? 200 : 206, content.length - from);
            int length = content.length - from;
            boolean half = mirror.equals("cut") || mirror.equals("silent");
            exchange.getResponseBody().write(content, from, half ? length / 2 : length);
            exchange.getResponseBody().flush();
            if (mirror.equals("silent")) {
                stopped.await();
            }
            // The client drops what it has not read when the connection breaks: break it when all was read.
            while (half && stopped.getCount() > 0 && size(path[2] + ".part") < from + length / 2) {
                Thread.sleep(5);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private long size(String name) throws IOException {
        return Files.exists(file(name)) ? Files.size(file(name)) : -1;
    }

    private MnistDownload from(String... mirrors) {
        return from(Duration.ofMinutes(1), mirrors);
    }

    private MnistDownload from(Duration stall, String... mirrors) {
        List<URI> addresses = Arrays.stream(mirrors)
                .map(mirror ->
                        URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/" + mirror + "/"))
                .toList();
        return new MnistDownload(items, addresses, folder.resolve("new/cache"), (file, bytes, total) -> {}, stall);
    }

    private Path file(String name) {
        return folder.resolve("new/cache").resolve(name);
    }

    private void whole() throws IOException {
        for (Map.Entry<String, byte[]> entry : served.entrySet()) {
            assertArrayEquals(entry.getValue(), Files.readAllBytes(file(entry.getKey())), entry.getKey());
            assertFalse(Files.exists(file(entry.getKey() + ".part")), entry.getKey());
        }
    }

    @Test
    void fetchesTheWholeSetOnce() throws IOException {
        List<String> seen = new ArrayList<>();
        List<URI> mirror =
                List.of(URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/first/"));
        Path cache = file("");
        MnistDownload download = new MnistDownload(items, mirror, cache, (name, bytes, total) -> {
            if (bytes == total) {
                seen.add(name);
            }
        });
        DataSource source = DataSource.cached(true, cache, download);
        whole();
        assertEquals(List.copyOf(served.keySet()), seen);
        assertEquals("MNIST from " + cache + ", 40 training and 40 test images", source.sentence());
        DataSource.cached(true, cache, download);
        assertEquals(4, log.size(), log.toString());
    }

    @Test
    void resumesWhatWasCut() throws IOException {
        String message =
                assertThrows(IOException.class, () -> from("cut").run()).getMessage();
        assertTrue(message.startsWith("train-images-idx3-ubyte.gz cannot be fetched"), message);
        Path part = file("train-images-idx3-ubyte.gz.part");
        long have = Files.size(part);
        assertEquals(served.get("train-images-idx3-ubyte.gz").length / 2, have);
        assertFalse(Files.exists(file("train-images-idx3-ubyte.gz")));
        from("first").run();
        whole();
        assertTrue(log.contains("first train-images-idx3-ubyte.gz bytes=" + have + "-"), log.toString());
    }

    @Test
    void aSilentMirrorIsGivenUp() throws IOException {
        String message = assertThrows(
                        IOException.class,
                        () -> from(Duration.ofMillis(700), "silent").run())
                .getMessage();
        assertTrue(message.contains("127.0.0.1: nothing came for 0.7 s"), message);
        from("first").run();
        whole();
    }

    @Test
    void aWholePartIsTakenAndAForeignOneReplaced() throws IOException {
        Files.createDirectories(file(""));
        Files.write(file(IMAGES + ".gz.part"), served.get(IMAGES + ".gz"));
        Files.write(file("t10k-labels-idx1-ubyte.gz.part"), new byte[] {1, 2, 3});
        from("first").run();
        whole();
        assertEquals(1, log.stream().filter(line -> line.contains(IMAGES)).count(), log.toString());
        assertTrue(log.contains("first t10k-labels-idx1-ubyte.gz bytes=3-"), log.toString());
        assertTrue(log.contains("first t10k-labels-idx1-ubyte.gz"), log.toString());
    }

    @Test
    void anAlteredFileNeverLandsInTheCache() throws IOException {
        String message =
                assertThrows(IOException.class, () -> from("altered").run()).getMessage();
        assertEquals(1, message.lines().count(), message);
        try (var files = Files.list(file(""))) {
            assertEquals(List.of(file(".lock")), files.toList());
        }
        from("altered", "good").run();
        whole();
        assertTrue(log.contains("good " + IMAGES + ".gz"), log.toString());
    }

    @Test
    void goodGzipOfOtherContentIsRefused() throws Exception {
        byte[] right = served.get(IMAGES + ".gz");
        items.set(2, new MnistDownload.Item(IMAGES, "0".repeat(64)));
        String message =
                assertThrows(IOException.class, () -> from("first").run()).getMessage();
        assertTrue(message.contains("wrong checksum") && message.contains("0".repeat(64)), message);
        assertFalse(Files.exists(file(IMAGES + ".gz")));
        assertFalse(Files.exists(file(IMAGES + ".gz.part")));
        assertTrue(right.length > 0 && Files.exists(file("train-labels-idx1-ubyte.gz")));
    }

    @Test
    void theNextMirrorIsTriedWhenAFileIsAbsent() throws IOException {
        from("absent", "good").run();
        whole();
        assertEquals(8, log.size(), log.toString());
    }

    @Test
    void twoAtOnceFetchOnce() throws Exception {
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            running.add(threads.submit(() -> {
                from("first").run();
                return null;
            }));
        }
        for (Future<?> one : running) {
            one.get();
        }
        whole();
        assertEquals(4, log.size(), log.toString());
    }

    @Test
    void withoutAServerTheDigitsStandInUnlessMnistWasAskedFor() {
        MnistDownload download = from("first");
        server.stop(0);
        Path cache = file("");
        String message = assertThrows(FormatException.class, () -> DataSource.cached(true, cache, download))
                .getMessage();
        assertTrue(message.startsWith(cache.toString()) && message.contains("--data DIR"), message);
        assertEquals(1, message.lines().count(), message);
        DataSource digits = DataSource.cached(false, cache, download);
        assertEquals("built-in digits", digits.split().train().name());
        assertTrue(digits.sentence().contains("because MNIST is not in " + cache), digits.sentence());
    }

    @Test
    void aCacheThatCannotBeMadeIsSaid() throws IOException {
        Files.write(folder.resolve("new"), new byte[1]);
        String message =
                assertThrows(IOException.class, () -> from("first").run()).getMessage();
        assertTrue(message.contains("cannot be made"), message);
    }

    @Test
    void theCacheFollowsTheEnvironment() {
        Path java = Path.of("/from/java/.cache/clave/mnist");
        assertEquals(java, DataSource.cache(Map.of(), "/from/java"));
        assertEquals(Path.of("/user/.cache/clave/mnist"), DataSource.cache(Map.of("HOME", "/user"), "/from/java"));
        assertEquals(
                Path.of("/cache/clave/mnist"),
                DataSource.cache(Map.of("HOME", "/user", "XDG_CACHE_HOME", "/cache"), "/from/java"));
        assertEquals(java, DataSource.cache(Map.of("XDG_CACHE_HOME", "relative"), "/from/java"));
    }
}
