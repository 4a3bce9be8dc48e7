package dev.clave.data;

import dev.clave.FormatException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Training and test data by what a user asks for.
 *
 * @param split training and test images
 * @param sentence what was taken, how many samples, and why, for people
 */
public record DataSource(Mnist.Split split, String sentence) {
    private static final int TRAIN = 12_000;
    private static final int TEST = 2_000;
    private static final String OWN_MIRROR = "CLAVE_MNIST_URL";

    /** Told how a download goes on. */
    @FunctionalInterface
    public interface Progress {
        /**
         * More of a file has come.
         *
         * @param file a file that must be there
         * @param bytes so far
         * @param total bytes of the whole file, -1 when unknown
         */
        void at(String file, long bytes, long total);
    }

    /**
     * As {@link #resolve(String, Progress)}, silently.
     *
     * @param choice a directory, {@code mnist}, {@code digits} or null for whatever is there
     * @return the images and a sentence about them
     */
    public static DataSource resolve(@Nullable String choice) {
        return resolve(choice, (file, bytes, total) -> {});
    }

    /**
     * Finds data. MNIST is downloaded to the per-user cache on first use; the environment variable or system property
     * {@code CLAVE_MNIST_URL} names a mirror to be used instead of the public ones.
     *
     * @param choice a directory with the MNIST files, {@code mnist} for the per-user cache, {@code digits} for the
     *     built-in ones, null for the cache and else the built-in ones
     * @param progress is told how far a download is
     * @return the images and a sentence about them
     * @throws FormatException when what was asked for is missing or broken
     * @throws IllegalArgumentException when {@code CLAVE_MNIST_URL} is no address
     */
    public static DataSource resolve(@Nullable String choice, Progress progress) {
        if ("digits".equals(choice)) {
            return digits("");
        }
        if (choice != null && !choice.equals("mnist")) {
            return mnist(Path.of(choice));
        }
        Path cache = cache(System.getenv(), System.getProperty("user.home", "."));
        String own = System.getProperty(OWN_MIRROR, System.getenv(OWN_MIRROR));
        List<URI> mirrors = own == null || own.isBlank() ? MnistDownload.MIRRORS : List.of(mirror(own.strip()));
        return cached(choice != null, cache, new MnistDownload(MnistDownload.MNIST, mirrors, cache, progress));
    }

    /**
     * From the cache, filled when it is not.
     *
     * @param insist whether a failed download is an error; else the built-in digits stand in
     */
    static DataSource cached(boolean insist, Path cache, MnistDownload download) {
        if (!download.complete()) {
            try {
                download.run();
            } catch (IOException e) {
                String why = e.getMessage();
                if (insist) {
                    throw new FormatException(
                            cache.toString(),
                            -1,
                            "MNIST is not there and cannot be downloaded: " + why
                                    + "; put the four IDX files there, name another directory with --data DIR"
                                    + " or another mirror with " + OWN_MIRROR + ", or use --data digits");
                }
                return digits(", because MNIST is not in " + cache + " (--data DIR names another directory): " + why);
            }
        }
        return mnist(cache);
    }

    private static DataSource mnist(Path directory) {
        return counted(Mnist.load(directory), "MNIST from " + directory, "");
    }

    private static DataSource digits(String why) {
        Mnist.Split split = new Mnist.Split(BuiltInDigits.generate(TRAIN, 1), BuiltInDigits.generate(TEST, 2));
        return counted(split, "built-in digits", why);
    }

    private static DataSource counted(Mnist.Split split, String name, String why) {
        return new DataSource(
                split,
                String.format(
                        Locale.ROOT,
                        "%s, %d training and %d test images%s",
                        name,
                        split.train().size(),
                        split.test().size(),
                        why));
    }

    private static URI mirror(String address) {
        try {
            URI uri = URI.create(address.endsWith("/") ? address : address + "/");
            if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) && uri.getHost() != null) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(OWN_MIRROR + ": " + e.getMessage(), e);
        }
        throw new IllegalArgumentException(
                OWN_MIRROR + ": '" + address + "' is not the http or https address of a directory");
    }

    /** {@code $XDG_CACHE_HOME/clave/mnist} when that is absolute, else below {@code ~/.cache}. */
    static Path cache(Map<String, String> environment, String userHome) {
        Path base = Path.of(environment.getOrDefault("XDG_CACHE_HOME", ""));
        if (!base.isAbsolute()) {
            String home = environment.getOrDefault("HOME", "");
            // Java takes user.home from the password file; HOME is what the person set.
            base = Path.of(home.isBlank() ? userHome : home, ".cache");
        }
        return base.resolve("clave").resolve("mnist");
    }
}
