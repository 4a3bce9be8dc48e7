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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against files that numpy wrote (src/test/resources/npy/generate.py). */
class NpyTest {
    private static final Path FOLDER = Path.of("src/test/resources/npy");
    private static final Shape SHAPE = Shape.of(2, 3, 4);

    private static double[] values(NpyArray array) {
        return switch (array.type()) {
            case FLOAT32 -> {
                float[] floats = array.floats();
                yield IntStream.range(0, floats.length)
                        .mapToDouble(i -> floats[i])
                        .toArray();
            }
            case FLOAT64 -> array.doubles();
            case INT32 -> Arrays.stream(array.ints()).asDoubleStream().toArray();
            case INT64 -> Arrays.stream(array.longs()).asDoubleStream().toArray();
            case UINT8 -> {
                byte[] bytes = array.bytes();
                yield IntStream.range(0, bytes.length)
                        .mapToDouble(i -> bytes[i] & 255)
                        .toArray();
            }
        };
    }

    private static double[] expected(NpyArray.Type type) {
        return IntStream.range(-5, 19)
                .mapToDouble(i -> type == NpyArray.Type.UINT8 ? i & 255 : i)
                .toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"float32", "float64", "int32", "int64", "uint8"})
    void readsNumpyAndWritesTheSameBytes(String type, @TempDir Path folder) throws IOException {
        for (String kind : new String[] {"", "_fortran", "_big"}) {
            NpyArray array = NpyArray.read(FOLDER.resolve(type + kind + ".npy"));
            assertEquals(SHAPE, array.shape());
            assertEquals(type, array.type().name().toLowerCase(java.util.Locale.ROOT));
            assertArrayEquals(expected(array.type()), values(array), type + kind);
            Path copy = folder.resolve("copy.npy");
            array.write(copy);
            assertArrayEquals(Files.readAllBytes(FOLDER.resolve(type + ".npy")), Files.readAllBytes(copy));
            assertArrayEquals(Files.readAllBytes(copy), array.encoded());
        }
    }

    @ParameterizedTest
    @CsvSource({"fortran_big,FLOAT64", "version2,FLOAT32", "version3,FLOAT32"})
    void otherLayoutsAndVersions(String name, NpyArray.Type type) {
        NpyArray array = NpyArray.read(FOLDER.resolve(name + ".npy"));
        assertEquals(type, array.type());
        assertArrayEquals(expected(type), values(array));
    }

    @ParameterizedTest
    @ValueSource(strings = {"scalar", "empty", "vector"})
    void otherShapesKeepTheirBytes(String name) throws IOException {
        NpyArray array = NpyArray.read(FOLDER.resolve(name + ".npy"));
        assertArrayEquals(Files.readAllBytes(FOLDER.resolve(name + ".npy")), array.encoded());
    }

    @Test
    void valuesAndShapesOfTheSpecialCases() {
        assertEquals(Shape.of(), NpyArray.read(FOLDER.resolve("scalar.npy")).shape());
        assertArrayEquals(
                new float[] {2.5f}, NpyArray.read(FOLDER.resolve("scalar.npy")).floats());
        assertEquals(Shape.of(0, 3), NpyArray.read(FOLDER.resolve("empty.npy")).shape());
        assertArrayEquals(
                new long[] {0, 1, 2, 3, 4},
                NpyArray.read(FOLDER.resolve("vector.npy")).longs());
    }

    @Test
    void extremesSurvive() {
        float[] floats = {Float.NaN, -0f, Float.MIN_VALUE, Float.NEGATIVE_INFINITY};
        NpyArray array = NpyArray.parse(
                "test", ByteBuffer.wrap(NpyArray.of(Shape.of(4), floats).encoded()));
        assertArrayEquals(floats, array.floats());
        long[] longs = {Long.MIN_VALUE, Long.MAX_VALUE};
        assertArrayEquals(
                longs,
                NpyArray.parse(
                                "test",
                                ByteBuffer.wrap(
                                        NpyArray.of(Shape.of(2, 1), longs).encoded()))
                        .longs());
    }

    @ParameterizedTest
    @CsvSource({"refused_bool,|b1", "refused_record,plain string", "refused_object,|O"})
    void otherTypesAreRefused(String name, String part) {
        String message = assertThrows(FormatException.class, () -> NpyArray.read(FOLDER.resolve(name + ".npy")))
                .getMessage();
        assertTrue(message.contains(part) && message.contains("at byte"), message);
    }

    private static byte[] file(String header, int data) {
        byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer bytes = ByteBuffer.allocate(10 + text.length + data).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
        bytes.putShort((short) text.length).put(text);
        return bytes.array();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "{'descr': '<f4', 'fortran_order': False}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
                "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
                "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
                "{'descr': '=f4', 'fortran_order': False, 'shape': (2,)}",
                "{'descr': '|f4', 'fortran_order': False, 'shape': (2,)}",
                "{'descr': '<f2', 'fortran_order': False, 'shape': (4,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (65536, 65536)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} + evil()",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)",
                "{'descr': '<f\\x34', 'fortran_order': False, 'shape': (2,)}"
            })
    void brokenHeadersAreRefused(String header) {
        String message = assertThrows(
                        FormatException.class, () -> NpyArray.parse("test", ByteBuffer.wrap(file(header, 8))))
                .getMessage();
        assertTrue(message.contains("at byte"), message);
    }

    @Test
    void headersInOtherSpellingsAreRead() {
        String header = "{\"shape\":(2,),\n \"fortran_order\":True,\"descr\":\"<f4\"}";
        assertEquals(
                Shape.of(2),
                NpyArray.parse("test", ByteBuffer.wrap(file(header, 8))).shape());
    }

    @Test
    void wrongUseIsNamed(@TempDir Path folder) {
        NpyArray array = NpyArray.of(Shape.of(2), new int[2]);
        String message =
                assertThrows(IllegalArgumentException.class, array::floats).getMessage();
        assertEquals("npy: the array is int32, asked for float32", message);
        assertThrows(IllegalArgumentException.class, () -> NpyArray.of(Shape.of(3), new int[2]));
        assertThrows(IllegalArgumentException.class, () -> array.write(folder.resolve("none/a.npy")));
        assertThrows(FormatException.class, () -> NpyArray.read(folder.resolve("none.npy")));
    }

    private static void check(Map<String, NpyArray> arrays) {
        assertEquals(List.of("weight", "label"), List.copyOf(arrays.keySet()));
        assertArrayEquals(expected(NpyArray.Type.FLOAT32), values(arrays.get("weight")));
        assertArrayEquals(DoubleStream.of(0, 1, 2, 3, 4).toArray(), values(arrays.get("label")));
    }

    @Test
    void archivesOfNumpy() {
        check(Npz.read(FOLDER.resolve("stored.npz")));
        check(Npz.read(FOLDER.resolve("deflated.npz")));
        String message = assertThrows(FormatException.class, () -> Npz.read(FOLDER.resolve("refused_text.npz")))
                .getMessage();
        assertTrue(message.contains("readme.txt"), message);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void archivesSurvive(boolean deflate, @TempDir Path folder) throws IOException {
        Map<String, NpyArray> arrays = Npz.read(FOLDER.resolve("stored.npz"));
        Npz.write(folder.resolve("a.npz"), arrays, deflate);
        Npz.write(folder.resolve("b.npz"), arrays, deflate);
        check(Npz.read(folder.resolve("a.npz")));
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("a.npz")), Files.readAllBytes(folder.resolve("b.npz")), "same bytes");
        Npz.write(folder.resolve("none.npz"), new LinkedHashMap<>(), deflate);
        assertTrue(Npz.read(folder.resolve("none.npz")).isEmpty());
    }

    /** Half of the changes fall anywhere, half on fields of the structure. */
    @Test
    void changedArraysLoadOrAreRefused() throws IOException {
        Random random = new Random(21);
        byte[] good = Files.readAllBytes(FOLDER.resolve("float32.npy"));
        String header = new String(good, 10, 118, StandardCharsets.ISO_8859_1);
        String[] swaps = {
            "<f4",
            ">f4",
            "<f8",
            "False",
            "True",
            "(2, 3, 4)",
            "(24,)",
            "(4, 3, 2)",
            "()",
            "(2147483647,)",
            "(0, 9)",
            "'",
            "descr",
            "shape",
            ",",
            "(",
            "{",
            "}"
        };
        int refused = 0;
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = good.clone();
            if (i % 2 == 0) {
                for (int m = 0; m <= i % 3; m++) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                }
                bytes = i % 8 == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
            } else {
                String from = swaps[random.nextInt(swaps.length)];
                String text = header.replace(from, swaps[random.nextInt(swaps.length)]);
                bytes = file(text, random.nextInt(4) == 0 ? random.nextInt(200) : 96);
                bytes[6] = (byte) (random.nextInt(10) == 0 ? random.nextInt(5) : 1);
            }
            refused += refuses("array " + i, bytes, false);
        }
        assertTrue(refused > 600 && refused < 1990, "refused " + refused);
    }

    @Test
    void changedArchivesLoadOrAreRefused() throws IOException {
        Random random = new Random(22);
        int refused = 0;
        for (int i = 0; i < 2000; i++) {
            String name = i % 4 < 2 ? "stored.npz" : "deflated.npz";
            byte[] bytes = Files.readAllBytes(FOLDER.resolve(name));
            if (i % 2 == 0) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                bytes = i % 8 == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
            } else {
                changeField(bytes, random);
            }
            refused += refuses("archive " + i, bytes, true);
        }
        assertTrue(refused > 1000 && refused < 1990, "refused " + refused);
    }

    /** Another value in a field of the end record, a directory line or a local header. */
    private static void changeField(byte[] bytes, Random random) {
        ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int end = bytes.length - 22;
        int directory = view.getInt(end + 16);
        int second = directory + 46 + view.getShort(directory + 28) + view.getShort(directory + 30);
        int[] starts = {end, directory, second, 0, view.getInt(second + 42)};
        int[] sizes = {22, 46, 46, 30, 30};
        int which = random.nextInt(starts.length);
        int at = starts[which] + random.nextInt(sizes[which] / 2) * 2;
        int[] odd = {0, 1, -1, 0x7FFF, 0xFFFE, view.getShort(at) + 1, view.getShort(at) - 1, random.nextInt()};
        view.putShort(at, (short) odd[random.nextInt(odd.length)]);
    }

    private static int refuses(String what, byte[] bytes, boolean archive) {
        try {
            if (archive) {
                Npz.parse(what, bytes).values().forEach(NpyTest::values);
            } else {
                values(NpyArray.parse(what, ByteBuffer.wrap(bytes)));
            }
            return 0;
        } catch (FormatException e) {
            assertTrue(
                    e.getMessage().contains(" at byte ") || e.getMessage().contains("does not end in .npy"),
                    e::getMessage);
            return 1;
        }
    }

    @Test
    void bombsAreRefusedBeforeMemoryIsTaken() throws IOException {
        byte[] bytes = Files.readAllBytes(FOLDER.resolve("deflated.npz"));
        ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int directory = view.getInt(bytes.length - 22 + 16);
        view.putInt(directory + 24, Integer.MAX_VALUE - 64);
        String message = assertThrows(FormatException.class, () -> Npz.parse("bomb", bytes))
                .getMessage();
        assertTrue(message.contains("cannot unpack"), message);
    }
}
