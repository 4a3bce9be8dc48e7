package dev.clave.data;

import dev.clave.FormatException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Training and test data by what a user asks for.
 *
 * @param sentence what was taken and why, for people
 */
public record DataSource(Mnist.Split split, String sentence) {
    private static final int TRAIN = 12_000;
    private static final int TEST = 2_000;

    /**
     * Finds data.
     *
     * @param choice a directory with the MNIST files, {@code mnist} for the per-user cache, {@code digits} for the
     *     built-in ones, null for the cache and else the built-in ones
     * @throws FormatException when what was asked for is missing or broken
     */
    public static DataSource resolve(@Nullable String choice) {
        Path cache = cache();
        if ("digits".equals(choice)) {
            return digits("built-in digits");
        }
        if (choice == null) {
            return Files.isDirectory(cache)
                    ? new DataSource(Mnist.load(cache), "MNIST from " + cache)
                    : digits("built-in digits, because there is no MNIST in " + cache + " (--data DIR names another)");
        }
        Path directory = choice.equals("mnist") ? cache : Path.of(choice);
        return new DataSource(Mnist.load(directory), "MNIST from " + directory);
    }

    private static DataSource digits(String sentence) {
        return new DataSource(
                new Mnist.Split(BuiltInDigits.generate(TRAIN, 1), BuiltInDigits.generate(TEST, 2)), sentence);
    }

    /** {@code $XDG_CACHE_HOME/clave/mnist}, or below {@code ~/.cache}. */
    private static Path cache() {
        String base = System.getenv("XDG_CACHE_HOME");
        Path root = base == null || base.isBlank()
                ? Path.of(System.getProperty("user.home", "."), ".cache")
                : Path.of(base);
        return root.resolve("clave").resolve("mnist");
    }
}
