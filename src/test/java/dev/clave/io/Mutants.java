package dev.clave.io;

import dev.clave.data.Mnist;
import dev.clave.onnx.OnnxModel;
import dev.clave.onnx.OnnxMutations;
import java.io.ByteArrayOutputStream;
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
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A file format whose files are changed by seed: even seeds change bytes, odd ones the structure, so that what is checked
 * behind lengths, checksums and magic numbers is reached. Files are read as users read them, and their values looked at.
 */
enum Mutants {
    /** Networks. */
    ONNX(".onnx") {
        @Override
        byte[] bytes(int seed) throws IOException {
            return OnnxMutations.mutated(seed);
        }

        @Override
        void load(Path file) {
            OnnxMutations.load(OnnxModel.read(file));
        }
    },
    /** Weights. */
    SAFETENSORS(".safetensors") {
        @Override
        byte[] bytes(int seed) throws IOException {
            Random random = new Random(seed);
            byte[] good = Files.readAllBytes(
                    Path.of("reference-data/conv2d", seed % 4 < 2 ? "no_bias.safetensors" : "groups.safetensors"));
            ByteBuffer view = ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN);
            int length = (int) view.getLong(0);
            if (seed % 2 == 0) {
                return Mutator.bytes(good, 8 + length, random);
            }
            String header = new String(good, 8, length, StandardCharsets.UTF_8);
            byte[] text = (random.nextInt(5) == 0 ? harmless(header, random) : Mutator.words(header, WORDS, random))
                    .getBytes(StandardCharsets.UTF_8);
            int data = good.length - 8 - length + (random.nextInt(8) == 0 ? random.nextInt(17) - 8 : 0);
            ByteBuffer file = ByteBuffer.allocate(8 + text.length + data).order(ByteOrder.LITTLE_ENDIAN);
            long[] odd = {0, 1, text.length - 1, text.length + 1, -1, Long.MAX_VALUE, 1L << 32, 99_999_999};
            file.putLong(random.nextInt(8) == 0 ? odd[random.nextInt(odd.length)] : text.length)
                    .put(text)
                    .put(good, 8 + length, Math.min(data, good.length - 8 - length));
            return file.array();
        }

        /** Another header that means something, too. */
        private String harmless(String header, Random random) {
            return switch (random.nextInt(4)) {
                case 0 -> header.replace("F32", "I32");
                case 1 -> header + " ".repeat(random.nextInt(100));
                case 2 -> header.replaceFirst("\\{", "{\"__metadata__\":{\"a\":\"\\\\u00e9\"},");
                default -> header.replace("\"weight\"", "\"w.0\"");
            };
        }

        @Override
        void load(Path file) {
            Safetensors tensors = Safetensors.read(file);
            for (String name : tensors.names()) {
                try {
                    tensors.floats(name);
                } catch (IllegalArgumentException e) {
                    tensors.ints(name); // the other type there is
                }
            }
        }
    },
    /** Single arrays. */
    NPY(".npy") {
        private final List<String> files =
                List.of("float32", "float64_fortran", "int64_big", "uint8", "version2", "scalar");

        @Override
        byte[] bytes(int seed) throws IOException {
            Random random = new Random(seed);
            byte[] good = Files.readAllBytes(FOLDER.resolve(files.get(seed / 2 % files.size()) + ".npy"));
            return seed % 2 == 0 ? Mutator.bytes(good, 128, random) : npy(good, random);
        }

        @Override
        void load(Path file) {
            look(NpyArray.read(file));
        }
    },
    /** Archives of arrays. */
    NPZ(".npz") {
        @Override
        byte[] bytes(int seed) throws IOException {
            Random random = new Random(seed);
            byte[] good = Files.readAllBytes(FOLDER.resolve(seed % 4 < 2 ? "stored.npz" : "deflated.npz"));
            if (seed % 2 == 0) {
                return Mutator.bytes(good, good.length, random);
            }
            return switch (random.nextInt(3)) {
                case 0 -> fields(good, random);
                case 1 -> archive(random);
                default -> bomb(random);
            };
        }

        /** Another value in a field of the end record, a directory line or a local header. */
        private byte[] fields(byte[] bytes, Random random) {
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
            return bytes;
        }

        /** A right archive around changed arrays. */
        private byte[] archive(Random random) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
                int count = 1 + random.nextInt(3);
                for (int i = 0; i < count; i++) {
                    byte[] array = Files.readAllBytes(FOLDER.resolve("float32.npy"));
                    entry(zip, "a" + i + ".npy", random.nextInt(3) == 0 ? npy(array, random) : array, random);
                }
            }
            return bytes.toByteArray();
        }

        /** Zeros that unpack to megabytes, under a header that fits, or does not. */
        private byte[] bomb(Random random) throws IOException {
            int count = 1 << 10 + random.nextInt(13);
            byte[] array =
                    NpyArray.of(dev.clave.Shape.of(count), new byte[count]).encoded();
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
                entry(zip, "zeros.npy", random.nextBoolean() ? npy(array, random) : array, random);
            }
            byte[] file = bytes.toByteArray();
            return random.nextInt(4) == 0 ? fields1(file, random) : file;
        }

        /** The unpacked size of a single entry is a lie. */
        private byte[] fields1(byte[] bytes, Random random) {
            ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            int directory = view.getInt(bytes.length - 22 + 16);
            int[] sizes = {Integer.MAX_VALUE - 64, -1, 1 << 30, 0, view.getInt(directory + 24) * 2};
            view.putInt(directory + 24, sizes[random.nextInt(sizes.length)]);
            return bytes;
        }

        private void entry(ZipOutputStream zip, String name, byte[] bytes, Random random) throws IOException {
            ZipEntry entry = new ZipEntry(name);
            if (random.nextInt(4) == 0) {
                CRC32 crc = new CRC32();
                crc.update(bytes);
                entry.setMethod(ZipEntry.STORED);
                entry.setSize(bytes.length);
                entry.setCrc(crc.getValue());
            }
            zip.putNextEntry(entry);
            zip.write(bytes);
            zip.closeEntry();
        }

        @Override
        void load(Path file) {
            Npz.read(file).values().forEach(Mutants::look);
        }
    },
    /** Images and labels of MNIST, plain and gzip. */
    IDX("") {
        private static final int SIDE = 6;

        private boolean areLabels(int seed) {
            return seed / 4 % 3 == 0;
        }

        @Override
        byte[] bytes(int seed) throws IOException {
            Random random = new Random(seed);
            int[] header = areLabels(seed) ? new int[] {0x801, 5} : new int[] {0x803, 5, SIDE, SIDE};
            byte[] good = idx(header, areLabels(seed) ? 5 : 5 * SIDE * SIDE, random);
            boolean packed = seed % 4 < 2;
            if (seed % 2 == 0) {
                return Mutator.bytes(packed ? gzip(good, random) : good, 24, random);
            }
            int[] odd = {0, 1, -1, 5, 6, 1024, 1025, 65536, 10_000_000, 10_000_001, Integer.MAX_VALUE, 0x801, 0x803};
            for (int i = random.nextInt(2); i >= 0; i--) {
                header[random.nextInt(header.length)] = odd[random.nextInt(odd.length)];
            }
            long asked = 1;
            for (int i = 1; i < header.length; i++) {
                asked *= Math.max(0, header[i]);
            }
            int most = packed ? 1 << 24 : 1 << 16;
            // Often the data fit the header; at times they do not.
            int data = (int) Math.min(asked, most) + (random.nextInt(6) == 0 ? random.nextInt(9) - 4 : 0);
            byte[] bytes = idx(header, Math.max(0, data), random);
            if (!packed) {
                return bytes;
            }
            byte[] zipped = gzip(bytes, random);
            return switch (random.nextInt(8)) {
                case 0 -> gzipField(zipped, random);
                case 1 -> Arrays.copyOf(zipped, zipped.length - 1 - random.nextInt(10));
                case 2 -> {
                    byte[] twice = Arrays.copyOf(zipped, 2 * zipped.length);
                    System.arraycopy(zipped, 0, twice, zipped.length, zipped.length);
                    yield twice;
                }
                default -> zipped;
            };
        }

        /** Magic, method, flags of the header, or checksum and size behind the data. */
        private byte[] gzipField(byte[] zipped, Random random) {
            int at = random.nextBoolean() ? random.nextInt(10) : zipped.length - 1 - random.nextInt(8);
            zipped[at] ^= (byte) (1 << random.nextInt(8));
            return zipped;
        }

        private byte[] idx(int[] header, int data, Random random) {
            ByteBuffer bytes = ByteBuffer.allocate(4 * header.length + data);
            Arrays.stream(header).forEach(bytes::putInt);
            while (bytes.remaining() > (1 << 16)) {
                bytes.position(bytes.position() + (1 << 15)); // zeros: what packs best is what unpacks worst
            }
            while (bytes.hasRemaining()) {
                bytes.put((byte) random.nextInt(10));
            }
            return bytes.array();
        }

        private byte[] gzip(byte[] plain, Random random) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            int level = random.nextBoolean() ? Deflater.BEST_SPEED : Deflater.DEFAULT_COMPRESSION;
            try (GZIPOutputStream out = new GZIPOutputStream(bytes) {
                {
                    def.setLevel(level);
                }
            }) {
                out.write(plain);
            }
            return bytes.toByteArray();
        }

        @Override
        Path place(Path folder, int seed) throws IOException {
            String packed = seed % 4 < 2 ? ".gz" : "";
            if (!areLabels(seed)) {
                return folder.resolve("images" + packed);
            }
            // The labels of a data set that is right otherwise.
            Path set = Files.createDirectories(folder.resolve("set" + packed));
            Random random = new Random(1);
            for (String part : new String[] {"train", "t10k"}) {
                byte[] images = idx(new int[] {0x803, 5, SIDE, SIDE}, 5 * SIDE * SIDE, random);
                Files.write(set.resolve(part + "-images-idx3-ubyte"), images);
                Files.write(set.resolve(part + "-labels-idx1-ubyte"), idx(new int[] {0x801, 5}, 5, random));
            }
            Files.delete(set.resolve("train-labels-idx1-ubyte"));
            return set.resolve("train-labels-idx1-ubyte" + packed);
        }

        @Override
        void load(Path file) {
            if (file.toString().contains("labels")) {
                Mnist.load(file.getParent());
            } else {
                Mnist.images(file);
            }
        }
    };

    private static final Path FOLDER = Path.of("src/test/resources/npy");
    private static final List<String> WORDS = List.of(
            "\"F32\"",
            "\"I32\"",
            "\"F64\"",
            "\"BF16\"",
            "\"\"",
            "\"dtype\"",
            "\"shape\"",
            "\"data_offsets\"",
            "\"__metadata__\"",
            "\"\\ud800\"",
            "\"\\u0000\"",
            "\"a\\\"b\"",
            "true",
            "null",
            "{}",
            "[]",
            "[1,2]",
            ",",
            ":",
            "}");
    private static final List<String> NPY_WORDS = List.of(
            "'<f4'",
            "'>f8'",
            "'|u1'",
            "'<i8'",
            "'<c16'",
            "'|O'",
            "'descr'",
            "'shape'",
            "'fortran_order'",
            "True",
            "False",
            "None",
            "()",
            "(24,)",
            "(2,3,4)",
            "(0,9)",
            ",",
            "}",
            ":",
            "'");

    private final String suffix;

    Mutants(String suffix) {
        this.suffix = suffix;
    }

    /** The file of a seed, always the same. */
    abstract byte[] bytes(int seed) throws IOException;

    /** Reads the file and looks at every value. */
    abstract void load(Path file) throws IOException;

    /** Where to write it. */
    Path place(Path folder, int seed) throws IOException {
        return folder.resolve("file" + suffix);
    }

    /** Another header before the data of an array: its words, its version, its length. */
    private static byte[] npy(byte[] good, Random random) {
        ByteBuffer view = ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN);
        int prefix = good[6] == 1 ? 10 : 12;
        int length = good[6] == 1 ? view.getShort(8) : view.getInt(8);
        String header = new String(good, prefix, length, StandardCharsets.ISO_8859_1);
        String changed = random.nextInt(10) == 0 ? header : Mutator.words(header, NPY_WORDS, random) + "\n";
        byte[] text = changed.getBytes(StandardCharsets.ISO_8859_1);
        int version = random.nextInt(6) == 0 ? random.nextInt(5) : text.length > 60_000 ? 2 : good[6];
        int before = version == 1 ? 10 : 12;
        int data = good.length - prefix - length;
        int kept = random.nextInt(6) == 0 ? random.nextInt(data + 1) : data;
        ByteBuffer file = ByteBuffer.allocate(before + text.length + kept).order(ByteOrder.LITTLE_ENDIAN);
        file.put(good, 0, 6).put((byte) version).put((byte) 0);
        int said = random.nextInt(10) == 0 ? text.length + random.nextInt(9) - 4 : text.length;
        if (before == 10) {
            file.putShort((short) said);
        } else {
            file.putInt(random.nextInt(16) == 0 ? random.nextInt() : said);
        }
        return file.put(text).put(good, prefix + length, kept).array();
    }

    private static void look(NpyArray array) {
        Map<NpyArray.Type, Runnable> readers = new LinkedHashMap<>();
        readers.put(NpyArray.Type.FLOAT32, array::floats);
        readers.put(NpyArray.Type.FLOAT64, array::doubles);
        readers.put(NpyArray.Type.INT32, array::ints);
        readers.put(NpyArray.Type.INT64, array::longs);
        readers.put(NpyArray.Type.UINT8, array::bytes);
        readers.get(array.type()).run();
    }
}
