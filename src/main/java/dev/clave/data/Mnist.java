package dev.clave.data;

import dev.clave.FormatException;
import dev.clave.io.NewFile;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** MNIST from its four IDX files, plain or gzip (format: LeCun, "The MNIST database of handwritten digits"). */
public final class Mnist {
    private static final int IMAGES = 0x803;
    private static final int LABELS = 0x801;
    private static final int MOST_ITEMS = 10_000_000;
    private static final int MOST_SIDE = 1024;
    /** Deflate packs at most 258 bytes into two bits; a file that claims more is a lie, and takes no memory. */
    private static final long MOST_RATIO = 1032;

    private Mnist() {}

    /**
     * Training and test images.
     *
     * @param train what is learnt from
     * @param test what is looked at in the end
     */
    public record Split(ImageDataset train, ImageDataset test) {}

    /**
     * Reads a directory.
     *
     * @param directory where files go; made when it is missing
     * @return training and test images
     * @throws FormatException when a file is missing, cut, too long or breaks the format; the message names it
     */
    public static Split load(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new FormatException(directory.toString(), -1, "no such directory; name one with the four IDX files");
        }
        return new Split(set(directory, "train"), set(directory, "t10k"));
    }

    private static ImageDataset set(Path directory, String part) {
        Idx images = read(find(directory, part + "-images-idx3-ubyte"), IMAGES, 3);
        Idx labels = read(find(directory, part + "-labels-idx1-ubyte"), LABELS, 1);
        if (images.extents[0] != labels.extents[0]) {
            throw new FormatException(
                    labels.source, 4, labels.extents[0] + " labels for " + images.extents[0] + " images");
        }
        int[] classes = new int[labels.data.length];
        for (int i = 0; i < classes.length; i++) {
            classes[i] = labels.data[i] & 255;
            if (classes[i] > 9) {
                throw new FormatException(labels.source, 8L + i, "label " + classes[i] + " is not a digit 0..9");
            }
        }
        return new ImageDataset("MNIST " + part, images.extents[1], images.extents[2], 10, images.data, classes);
    }

    /**
     * Reads images alone, for example to predict them; every label is 0.
     *
     * @param file IDX, plain or gzip when it ends in {@code .gz}
     * @return the images
     * @throws FormatException when the file is cut, too long or breaks the format
     */
    public static ImageDataset images(Path file) {
        Idx images = read(file, IMAGES, 3);
        String name = String.valueOf(file.getFileName());
        int[] none = new int[images.extents[0]];
        return new ImageDataset(name, images.extents[1], images.extents[2], 10, images.data, none);
    }

    private static Path find(Path directory, String name) {
        for (String suffix : new String[] {"", ".gz"}) {
            Path file = directory.resolve(name + suffix);
            if (Files.exists(file)) {
                return file;
            }
        }
        throw new FormatException(directory.resolve(name).toString(), -1, "missing, and no " + name + ".gz either");
    }

    private static final class Idx {
        private final String source;
        private final int[] extents;
        private final byte[] data;

        private Idx(String source, int[] extents, byte[] data) {
            this.source = source;
            this.extents = extents;
            this.data = data;
        }
    }

    private static Idx read(Path file, int magic, int rank) {
        String source = file.toString();
        try (InputStream raw = new BufferedInputStream(Files.newInputStream(file));
                InputStream in = source.endsWith(".gz") ? new GZIPInputStream(raw, 1 << 16) : raw) {
            int found = word(in);
            if (found != magic) {
                throw new FormatException(
                        source, 0, String.format(java.util.Locale.ROOT, "magic 0x%08x, expected 0x%08x", found, magic));
            }
            int[] extents = new int[rank];
            long bytes = 1;
            for (int i = 0; i < rank; i++) {
                extents[i] = word(in);
                int most = i == 0 ? MOST_ITEMS : MOST_SIDE;
                if (i == 0 && extents[i] == 0) {
                    throw new FormatException(source, 4, "holds no samples");
                }
                if (extents[i] < 1 || extents[i] > most) {
                    throw new FormatException(source, 4 + 4L * i, "extent " + extents[i] + " is outside 1.." + most);
                }
                bytes *= extents[i];
            }
            if (bytes > Integer.MAX_VALUE) {
                throw new FormatException(source, 4, "more than " + Integer.MAX_VALUE + " bytes");
            }
            long size = Files.size(file);
            if (in != raw && bytes > size * MOST_RATIO) {
                throw new FormatException(source, 4, size + " packed bytes cannot unpack to the " + bytes + " it says");
            }
            long begin = 4 + 4L * rank;
            if (in == raw && bytes > Math.max(0, size - begin)) {
                throw new FormatException(
                        source, size, "cut: expected " + bytes + " bytes, got " + Math.max(0, size - begin));
            }
            byte[] data = new byte[(int) bytes];
            int got = in.readNBytes(data, 0, data.length);
            if (got < bytes) {
                throw new FormatException(source, begin + got, "cut: expected " + bytes + " bytes, got " + got);
            }
            if (in.read() >= 0) {
                throw new FormatException(source, 4 + 4L * rank + bytes, "bytes behind the end");
            }
            return new Idx(source, extents, data);
        } catch (EOFException e) {
            throw new FormatException(source, -1, "cut: the file ends too early");
        } catch (ZipException e) {
            throw new FormatException(source, -1, "broken gzip: " + e.getMessage());
        } catch (IOException e) {
            throw new FormatException(source, -1, "cannot be read: " + NewFile.reason(e));
        } catch (OutOfMemoryError e) {
            throw new FormatException(source, -1, "does not fit into the Java heap, see -Xmx");
        }
    }

    private static int word(InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(4);
        if (bytes.length < 4) {
            throw new EOFException();
        }
        return ByteBuffer.wrap(bytes).getInt();
    }
}
