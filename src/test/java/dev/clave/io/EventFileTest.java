package dev.clave.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.FormatException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {
    private static final InstantSource FIXED = InstantSource.fixed(Instant.ofEpochSecond(1_700_000_000L, 250_000_000L));

    /** A clock that is half a second later at every look. */
    private static InstantSource ticking() {
        long[] halves = {0};
        return () -> FIXED.instant().plusMillis(500 * halves[0]++);
    }

    /** Against bytes that TensorBoard's own writer made (src/test/resources/events/generate.py). */
    @Test
    void bytesAreTensorBoards(@TempDir Path folder) throws IOException {
        Path file;
        try (EventFile events = EventFile.create(folder.resolve("new/run"), ticking())) {
            file = events.file();
            events.scalar("loss/train", 0, 2.5);
            events.scalar("loss/train", 1, 0.1);
            events.scalar("größe", 300, -1e-30);
            events.scalar("x", 1L << 40, Double.POSITIVE_INFINITY);
            events.scalar("x", 7, 0);
            byte[] golden = Files.readAllBytes(Path.of("src/test/resources/events/golden.tfevents.bin"));
            assertArrayEquals(golden, Files.readAllBytes(file), "before the file is closed");
        }
        assertEquals("events.out.tfevents.1700000000.clave", file.getFileName().toString());
    }

    @Test
    void anotherRunOfTheSameSecondGetsAnotherFile(@TempDir Path folder) throws IOException {
        try (EventFile first = EventFile.create(folder, FIXED);
                EventFile second = EventFile.create(folder, FIXED)) {
            assertNotEquals(first.file(), second.file());
            assertArrayEquals(Files.readAllBytes(first.file()), Files.readAllBytes(second.file()));
        }
    }

    @Test
    void imagesHoldAPictureOfTheirPixels(@TempDir Path folder) throws IOException {
        byte[] pixels = new byte[7 * 200];
        new Random(1).nextBytes(pixels);
        byte[] bytes;
        try (EventFile events = EventFile.create(folder, FIXED)) {
            events.image("digit", 3, 7, 200, pixels);
            bytes = Files.readAllBytes(events.file());
        }
        byte[] png = Png.grey(7, 200, pixels, 0);
        String all = new String(bytes, StandardCharsets.ISO_8859_1);
        // height 7, width 200, colour space 1, then the picture.
        String fields = "\u0008\u0007\u0010\u00c8\u0001\u0018\u0001\"";
        int at = all.indexOf(fields);
        assertTrue(at > 0 && all.indexOf(new String(png, StandardCharsets.ISO_8859_1)) == at + fields.length() + 2);
    }

    @Test
    void picturesAreReadByOthers() throws IOException {
        byte[] pixels = new byte[3 + 5 * 11];
        new Random(2).nextBytes(pixels);
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(Png.grey(5, 11, pixels, 3)));
        int[] got = image.getRaster().getPixels(0, 0, 11, 5, (int[]) null);
        int[] expected = new int[55];
        Arrays.setAll(expected, i -> pixels[3 + i] & 255);
        assertArrayEquals(expected, got);
        assertThrows(IllegalArgumentException.class, () -> Png.grey(5, 12, pixels, 3));
        assertThrows(IllegalArgumentException.class, () -> Png.grey(0, 1, pixels, 0));
    }

    @Test
    void wrongUseIsNamed(@TempDir Path folder) {
        EventFile events = EventFile.create(folder, FIXED);
        assertThrows(IllegalArgumentException.class, () -> events.scalar(" ", 0, 1));
        assertThrows(IllegalArgumentException.class, () -> events.scalar("a", -1, 1));
        events.close();
        events.close();
        String message = assertThrows(IllegalStateException.class, () -> events.scalar("a", 0, 1))
                .getMessage();
        assertTrue(message.contains("is closed"), message);
    }

    @Test
    void aFileThatTakesNothingIsClosedAndRemoved(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("events"), new byte[0]);
        FileChannel readOnly = FileChannel.open(file, StandardOpenOption.READ);
        assertThrows(NonWritableChannelException.class, () -> EventFile.begun(file, readOnly, FIXED, FIXED.instant()));
        assertFalse(readOnly.isOpen());
        assertFalse(Files.exists(file));
        assertTrue(assertThrows(FormatException.class, () -> EventFile.create(Path.of("/dev/null/x"), FIXED))
                .getMessage()
                .contains("cannot be written"));
    }
}
