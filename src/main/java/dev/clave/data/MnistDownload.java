package dev.clave.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Fetches MNIST's four files into a directory. A file appears under its name only when its content has the expected
 * SHA-256; what came so far lies in {@code NAME.part} and is resumed. A lock makes a second process wait.
 */
final class MnistDownload {
    /**
     * A file to fetch.
     *
     * @param sha256 of the decompressed content, lower-case hexadecimal; mirrors compress differently
     */
    record Item(String name, String sha256) {
        String compressed() {
            return name + ".gz";
        }
    }

    /**
     * The files whose MD5 sums are widely published as 6bbc9ace898e44ae57da46a324031adb,
     * a25bea736e30d166cdddb491f175f624, 2646ac647ad5339dbf082846283269ea and 27ae3e4e09519cfbb04c329615203637.
     */
    static final List<Item> MNIST = List.of(
            new Item("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
            new Item("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
            new Item("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            new Item("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"));

    /** Public copies; the content is checked, so plain http does no harm. */
    static final List<URI> MIRRORS = List.of(
            URI.create("https://ossci-datasets.s3.amazonaws.com/mnist/"),
            URI.create("https://storage.googleapis.com/cvdf-datasets/mnist/"),
            URI.create("http://yann.lecun.com/exdb/mnist/"));

    private static final Duration PATIENCE = Duration.ofSeconds(4);
    private static final Duration STALL = Duration.ofSeconds(20);

    private final List<Item> items;
    private final List<URI> mirrors;
    private final Path directory;
    private final DataSource.Progress progress;
    private final Duration stall;

    /**
     * @param mirrors base addresses ending in a slash, tried in this order behind the one that answers first
     * @param directory made when missing
     */
    MnistDownload(List<Item> items, List<URI> mirrors, Path directory, DataSource.Progress progress) {
        this(items, mirrors, directory, progress, STALL);
    }

    /** As above; a mirror that sends nothing for the time of stall is given up. */
    MnistDownload(List<Item> items, List<URI> mirrors, Path directory, DataSource.Progress progress, Duration stall) {
        this.items = items;
        this.mirrors = mirrors;
        this.directory = directory;
        this.progress = progress;
        this.stall = stall;
    }

    /** Whether all files are there, plain or compressed. */
    boolean complete() {
        return missing().isEmpty();
    }

    private List<Item> missing() {
        return items.stream()
                .filter(item -> !Files.exists(directory.resolve(item.name()))
                        && !Files.exists(directory.resolve(item.compressed())))
                .toList();
    }

    /**
     * Fetches what is missing.
     *
     * @throws IOException when no mirror gives a file, or the directory cannot be written; the message is one line
     */
    void run() throws IOException {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new IOException("the directory " + directory + " cannot be made (" + reason(e) + ")", e);
        }
        try (FileChannel channel = open(directory.resolve(".lock"));
                FileLock lock = lock(channel)) {
            if (!lock.isValid()) {
                throw new IOException("the lock of " + directory + " was lost");
            }
            List<Item> missing = missing();
            if (missing.isEmpty()) {
                return;
            }
            HttpClient client = HttpClient.newBuilder()
                    .connectTimeout(PATIENCE)
                    .followRedirects(HttpClient.Redirect.NORMAL)
                    .version(HttpClient.Version.HTTP_1_1)
                    .build();
            List<URI> order = answering(client, missing.get(missing.size() - 1));
            for (Item item : missing) {
                fetch(client, item, order);
            }
        }
    }

    private static FileChannel open(Path lock) throws IOException {
        try {
            return FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException("the directory " + lock.getParent() + " cannot be written (" + reason(e) + ")", e);
        }
    }

    private static FileLock lock(FileChannel channel) throws IOException {
        while (true) {
            try {
                FileLock lock = channel.tryLock();
                if (lock != null) {
                    return lock;
                }
            } catch (OverlappingFileLockException e) {
                // Another thread of this process is at it: wait as for another process.
            }
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while another download was under way", e);
            }
        }
    }

    /** The mirrors, the first to answer in front. All are asked at once: a dead one must not cost its time-out. */
    private List<URI> answering(HttpClient client, Item probe) throws IOException {
        CompletableFuture<URI> first = new CompletableFuture<>();
        AtomicInteger open = new AtomicInteger(mirrors.size());
        List<String> failures = new ArrayList<>();
        for (URI mirror : mirrors) {
            Thread thread = new Thread(() -> {
                String failure = probe(client, mirror.resolve(probe.compressed()));
                if (failure == null) {
                    first.complete(mirror);
                    return;
                }
                synchronized (failures) {
                    failures.add(failure);
                }
                if (open.decrementAndGet() == 0) {
                    first.completeExceptionally(new IOException("no mirror answers"));
                }
            });
            thread.setDaemon(true);
            thread.start();
        }
        try {
            URI chosen = first.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            List<URI> order = new ArrayList<>(List.of(chosen));
            mirrors.stream().filter(mirror -> !mirror.equals(chosen)).forEach(order::add);
            return order;
        } catch (ExecutionException | TimeoutException e) {
            synchronized (failures) {
                throw new IOException(
                        "no mirror answers" + (failures.isEmpty() ? "" : " (" + String.join("; ", failures) + ")"), e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Null when the address answers, else why not. Servers that refuse HEAD count as answering. */
    private static @Nullable String probe(HttpClient client, URI address) {
        try {
            HttpRequest request = HttpRequest.newBuilder(address)
                    .timeout(PATIENCE)
                    .method("HEAD", HttpRequest.BodyPublishers.noBody())
                    .build();
            int status = client.send(request, BodyHandlers.discarding()).statusCode();
            return status < 400 || status == 405 || status == 501 ? null : host(address) + ": HTTP " + status;
        } catch (IOException e) {
            return host(address) + ": " + reason(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return host(address) + ": interrupted";
        }
    }

    private void fetch(HttpClient client, Item item, List<URI> order) throws IOException {
        Path part = directory.resolve(item.compressed() + ".part");
        List<String> failures = new ArrayList<>();
        for (URI mirror : order) {
            boolean again = true;
            while (again) {
                // A resumed file may be of two makes: when it is wrong, the same mirror is asked once more, for all.
                again = Files.exists(part);
                try {
                    receive(client, mirror.resolve(item.compressed()), item, part);
                    check(item, part);
                    move(part, directory.resolve(item.compressed()));
                    return;
                } catch (WrongContent e) {
                    Files.deleteIfExists(part);
                    failures.add(host(mirror) + ": " + e.getMessage());
                } catch (IOException e) {
                    again = false;
                    failures.add(host(mirror) + ": " + reason(e));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted", e);
                }
            }
        }
        throw new IOException(item.compressed() + " cannot be fetched (" + String.join("; ", failures) + ")");
    }

    private static final class WrongContent extends IOException {
        private static final long serialVersionUID = 1;

        private WrongContent(String message) {
            super(message);
        }
    }

    /** Brings the part to its full length; a broken connection leaves what came, for the next try. */
    private void receive(HttpClient client, URI address, Item item, Path part)
            throws IOException, InterruptedException {
        long have = Files.exists(part) ? Files.size(part) : 0;
        HttpRequest.Builder request = HttpRequest.newBuilder(address);
        if (have > 0) {
            request.header("Range", "bytes=" + have + "-");
        }
        HttpResponse<InputStream> response = headers(client.sendAsync(request.build(), BodyHandlers.ofInputStream()));
        try (InputStream in = response.body()) {
            int status = response.statusCode();
            if (status == 416) {
                return; // nothing behind what is there: the check tells whether it is whole
            }
            boolean resumed = status == 206
                    && response.headers().firstValue("Content-Range").orElse("").startsWith("bytes " + have + "-");
            if (status != 200 && !resumed) {
                throw new IOException("HTTP " + status);
            }
            long begin = resumed ? have : 0;
            long length = response.headers().firstValueAsLong("Content-Length").orElse(-1);
            try (OutputStream out = Files.newOutputStream(
                    part,
                    StandardOpenOption.CREATE,
                    resumed ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                copy(in, out, item, begin, length < 0 ? -1 : begin + length);
            }
        }
    }

    /** Not the request's own time-out: newer versions of Java apply that to the body too, however long it is. */
    private static HttpResponse<InputStream> headers(CompletableFuture<HttpResponse<InputStream>> response)
            throws IOException, InterruptedException {
        try {
            return response.get(STALL.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            response.cancel(true);
            throw new IOException("no answer for " + STALL.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
        }
    }

    private void copy(InputStream in, OutputStream out, Item item, long begin, long total) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long done = begin;
        Watchdog watchdog = new Watchdog(in, stall);
        try (watchdog) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                watchdog.alive();
                out.write(buffer, 0, n);
                done += n;
                progress.at(item.compressed(), done, total);
            }
        } catch (IOException e) {
            throw watchdog.barked() ? new IOException("nothing came for " + stall.toMillis() / 1e3 + " s", e) : e;
        }
        if (total >= 0 && done != total) {
            throw new IOException("cut after " + done + " of " + total + " bytes");
        }
    }

    private static void check(Item item, Path part) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IOException("this Java has no SHA-256", e);
        }
        try (InputStream in = new GZIPInputStream(Files.newInputStream(part), 1 << 16)) {
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        } catch (NoSuchFileException e) {
            throw new IOException("nothing came", e);
        } catch (IOException e) {
            throw new WrongContent("not the expected gzip file (" + e.getMessage() + ")");
        }
        String found = HexFormat.of().formatHex(digest.digest());
        if (!found.equals(item.sha256())) {
            throw new WrongContent("wrong checksum, SHA-256 " + found + ", expected " + item.sha256());
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try (FileChannel channel = FileChannel.open(from, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("the file system of " + to.getParent() + " cannot rename", e);
        }
    }

    private static String host(URI address) {
        return address.getHost() == null ? address.toString() : address.getHost();
    }

    /** A line for people: connection failures of the HTTP client often carry no message at all. */
    private static String reason(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) {
                return "its name cannot be resolved";
            }
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (failure instanceof ConnectException) {
            return "no connection";
        }
        String message = failure.getMessage();
        String name = failure.getClass().getSimpleName();
        return message == null || message.isBlank()
                ? name
                : message.lines().findFirst().orElse(name);
    }
}
