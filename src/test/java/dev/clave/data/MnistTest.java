package dev.clave.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.FormatException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MnistTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void write() throws IOException {
        for (String part : new String[] {"train", "t10k"}) {
            Files.write(images(part), idx(new int[] {0x803, 3, 2, 2}, new byte[12]));
            Files.write(labels(part), idx(new int[] {0x801, 3}, new byte[] {0, 9, 5}));
        }
    }

    private Path images(String part) {
        return folder.resolve(part + "-images-idx3-ubyte");
    }

    private Path labels(String part) {
        return folder.resolve(part + "-labels-idx1-ubyte");
    }

    private static byte[] idx(int[] header, byte[] data) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * header.length + data.length);
        Arrays.stream(header).forEach(bytes::putInt);
        return bytes.put(data).array();
    }

    private void refused(String part) {
        String message =
                assertThrows(FormatException.class, () -> Mnist.load(folder)).getMessage();
        assertTrue(message.contains(part) && message.lines().count() == 1, message);
    }

    @Test
    void loadsPlainAndGzip() throws IOException {
        byte[] plain = Files.readAllBytes(images("t10k"));
        Files.delete(images("t10k"));
        try (OutputStream out =
                new GZIPOutputStream(Files.newOutputStream(folder.resolve("t10k-images-idx3-ubyte.gz")))) {
            out.write(plain);
        }
        assertEquals(3, Mnist.load(folder).test().size());
        assertEquals(9, Mnist.load(folder).train().labels()[1]);
    }

    @Test
    void badFilesAreNamed() throws IOException {
        Files.write(labels("train"), idx(new int[] {0x801, 3}, new byte[] {0, 10, 5}));
        refused("label 10");
        Files.write(labels("train"), idx(new int[] {0x801, 2}, new byte[] {0, 1}));
        refused("2 labels for 3 images");
        Files.write(labels("train"), idx(new int[] {0x801, 3}, new byte[] {0, 1}));
        refused("cut");
        Files.write(labels("train"), idx(new int[] {0x801, 3}, new byte[] {0, 1, 2, 3}));
        refused("behind the end");
        Files.write(labels("train"), idx(new int[] {0x803, 3}, new byte[] {0, 1, 2}));
        refused("magic");
        Files.delete(labels("train"));
        refused("missing");
        Files.write(folder.resolve("train-labels-idx1-ubyte.gz"), new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
        refused("gzip");
    }

    /** Two gigabytes of pixels that no file of this size can hold: nothing is allocated or unpacked for them. */
    @Test
    void sizesThatCannotBeAreRefusedBeforeReading() throws IOException {
        byte[] bytes = idx(new int[] {0x803, 2000, 1024, 1024}, new byte[64]);
        Files.write(images("train"), bytes);
        refused("cut: expected 2097152000 bytes, got 64");
        Files.delete(images("train"));
        try (OutputStream out =
                new GZIPOutputStream(Files.newOutputStream(folder.resolve("train-images-idx3-ubyte.gz")))) {
            out.write(bytes);
        }
        refused("packed bytes cannot unpack to the 2097152000 it says");
    }

    @Test
    void mutationsLoadOrAreRefused() throws IOException {
        Random random = new Random(3);
        byte[] good = Files.readAllBytes(images("train"));
        int refused = 0;
        for (int i = 0; i < 500; i++) {
            byte[] bytes = Arrays.copyOf(good, random.nextBoolean() ? good.length : random.nextInt(good.length + 4));
            if (bytes.length > 0) {
                bytes[random.nextInt(Math.min(16, bytes.length))] = (byte) random.nextInt(256);
            }
            Files.write(images("train"), bytes);
            try {
                Mnist.load(folder);
            } catch (FormatException e) {
                refused++;
            }
        }
        assertTrue(refused > 250, "refused " + refused);
    }
}
