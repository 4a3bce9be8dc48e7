package dev.clave.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.FormatException;
import dev.clave.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
    private static byte[] file(String header, int dataBytes) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(text.length).put(text);
        return bytes.array();
    }

    @Test
    void roundTrip(@TempDir Path folder) throws IOException {
        Safetensors written = new Safetensors();
        written.metadata().put("network", "a \"quoted\" name");
        written.put("w", Shape.of(2, 2), new float[] {1, -2, 3.5f, Float.NaN});
        written.put("b", Shape.of(1), new float[] {7});
        Path path = folder.resolve("a.safetensors");
        written.write(path);
        written.write(path);
        Safetensors read = Safetensors.read(path);
        assertEquals("a \"quoted\" name", read.metadata().get("network"));
        assertEquals(List.of("w", "b"), read.names());
        assertEquals(Shape.of(2, 2), read.shape("w"));
        assertArrayEquals(new float[] {1, -2, 3.5f, Float.NaN}, read.floats("w"));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(1, files.count(), "a temporary file was left");
        }
    }

    @Test
    void missingDirectoryIsNamed(@TempDir Path folder) {
        Path path = folder.resolve("none").resolve("a.safetensors");
        String message = assertThrows(IllegalArgumentException.class, () -> new Safetensors().write(path))
                .getMessage();
        assertTrue(message.contains("make it first"), message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{\"a\":1}",
                "{\"a\":{\"dtype\":\"F99\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                        + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                        + "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[65536,65536],\"data_offsets\":[0,8]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
                "{\"__metadata__\":{\"a\":1}}"
            })
    void brokenHeadersAreRefused(String header) {
        assertThrows(FormatException.class, () -> Safetensors.parse("test", file(header, 8)));
    }

    /** Who broke off a download is told so, with both lengths. */
    @Test
    void aFileThatIsCutSaysSo() {
        byte[] whole = file("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", 12);
        assertEquals(List.of("a"), Safetensors.parse("test", whole).names());
        byte[] cut = java.util.Arrays.copyOf(whole, whole.length - 5);
        String message = assertThrows(FormatException.class, () -> Safetensors.parse("test", cut))
                .getMessage();
        assertTrue(
                message.contains("tensor 'a': its values end at byte 12 of them all, the file holds 7: it is cut"),
                message);
    }

    @Test
    void hugeHeaderIsRefused() {
        byte[] bytes = file("{}", 0);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, Long.MAX_VALUE);
        assertThrows(FormatException.class, () -> Safetensors.parse("test", bytes));
        assertThrows(FormatException.class, () -> Safetensors.parse("test", new byte[7]));
    }

    @Test
    void mutationsLoadOrAreRefused() throws IOException {
        byte[] good = Files.readAllBytes(Path.of("reference-data/conv2d/no_bias.safetensors"));
        Random random = new Random(11);
        int refused = 0;
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = i % 4 == 0 ? java.util.Arrays.copyOf(good, random.nextInt(good.length)) : good.clone();
            for (int m = 0; bytes.length > 0 && m < 1 + i % 3; m++) {
                bytes[random.nextInt(Math.min(bytes.length, 700))] = (byte) random.nextInt(256);
            }
            try {
                Safetensors file = Safetensors.parse("mutated", bytes);
                file.names().forEach(file::shape);
            } catch (FormatException e) {
                refused++;
            }
        }
        assertTrue(refused > 500, "refused " + refused);
    }
}
