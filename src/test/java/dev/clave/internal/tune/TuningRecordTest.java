package dev.clave.internal.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Said;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines and files of measurements: what is written is read, and what is not beyond doubt is as if it were not there. */
class TuningRecordTest {
    private static final String LIBRARY = TuningDatabase.library();

    @TempDir
    private Path folder;

    private static TuningKey key(String shape) {
        return new TuningKey("PoCL", "a \"CPU\" \\ \u00fc", "3.1", "conv2d", "forward", shape, "F32x8");
    }

    private static TuningRecord record(String shape, String library, int tile) {
        return new TuningRecord(
                key(shape), library, "abc", "tiled", new TreeMap<>(Map.of("KT", tile, "WT", 7)), 12.5, 34.25);
    }

    @Test
    void whatIsWrittenIsRead() {
        TuningRecord record = record("Conv2d[n=1]", LIBRARY, 4);
        assertEquals(record, TuningRecord.parse(record.line()));
        TuningRecord plain = new TuningRecord(key("x"), LIBRARY, "abc", "reference", new TreeMap<>(), 0.125, 0);
        assertEquals(plain, TuningRecord.parse(plain.line()));
        assertEquals(1, record.line().lines().count());
    }

    @Test
    void everyCutLineIsNoRecord() {
        String line = record("Conv2d[n=1]", LIBRARY, 4).line();
        for (int length = 0; length < line.length(); length++) {
            assertNull(TuningRecord.parse(line.substring(0, length)), line.substring(0, length));
        }
        assertNotNull(TuningRecord.parse(line));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"schema\": 1|\"schema\": 2",
                "\"schema\": 1|\"schema\": \"1\"",
                "\"candidate\": \"tiled\"|\"candidate\": 3",
                "\"candidate\": \"tiled\"|\"candidate\": \"\"",
                "\"candidate\": |\"kandidat\": ",
                "\"KT\": 4|\"KT\": 4.5",
                "\"KT\": 4|\"KT\": 1e99",
                "\"KT\": 4|\"KT\": \"4\"",
                "\"KT\": 4|\"KT\": 4, \"KT\": 5",
                "\"KT\": 4|\"KT\": {\"KT\": {}}",
                "\"us\": 12.500|\"us\": -1",
                "\"us\": 12.500|\"us\": NaN",
                "\"us\": 12.500|\"us\": 1e999",
                "\"us\": 12.500|\"us\": null",
                "}|}}",
                "{\"schema|[{\"schema"
            })
    void aLineThatBreaksARuleIsNoRecord(String change) {
        String[] parts = change.split("\\|");
        String line = record("Conv2d[n=1]", LIBRARY, 4).line();
        String changed = line.replace(parts[0], parts[1]);
        if (changed.equals(line)) {
            throw new AssertionError(parts[0] + " is not in " + line);
        }
        assertNull(TuningRecord.parse(changed), changed);
    }

    @Test
    void hostileTextIsNoRecord() {
        for (String line :
                List.of("", " ", "null", "{", "{}", "[]", "\u0000", "{\"a\":".repeat(9000), "x".repeat(100_000))) {
            assertNull(TuningRecord.parse(line));
        }
    }

    @Test
    void theUsersRecordComesBeforeThatOfTheJarAndOtherVersionsDoNotCount() {
        TuningRecord own = record("a", LIBRARY, 1);
        TuningRecord later = record("a", LIBRARY, 2);
        TuningRecord other = record("b", "0.0.0-other", 3);
        TuningRecord shipped = new TuningRecord(
                key("a").on("cpu-avx512"), "0.0.0-other", "abc", "tiled", new TreeMap<>(Map.of("KT", 9)), 1, 1);
        // That of another version comes last, and hides nothing.
        String foreign = record("a", "0.0.0-other", 4).line();
        TuningDatabase database =
                TuningDatabase.of(List.of(own.line(), later.line(), other.line(), foreign), List.of(shipped.line()));
        assertEquals(List.of(later, shipped), database.find(key("a"), "cpu-avx512"));
        assertEquals(List.of(later), database.find(key("a"), "gpu"));
        assertEquals(List.of(), database.find(key("b"), "cpu-avx512"));
        assertEquals(1, database.entries("cpu-avx512"));
        TuningKey driver = new TuningKey("PoCL", key("a").device(), "3.2", "conv2d", "forward", "a", "F32x8");
        assertEquals(List.of(shipped), database.find(driver, "cpu-avx512"));
    }

    /** A file of the user's as the property names it; what was said about it. */
    private static List<String> opened(Path file, TuningKey key, TuningRecord expected) {
        String before = System.setProperty(TuningDatabase.PROPERTY, file.toString());
        try {
            return Said.by(
                    "dev.clave",
                    () -> assertEquals(
                            expected == null ? List.of() : List.of(expected),
                            TuningDatabase.open().find(key, "none")));
        } finally {
            if (before == null) {
                System.clearProperty(TuningDatabase.PROPERTY);
            } else {
                System.setProperty(TuningDatabase.PROPERTY, before);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "cut, JSON: '}' expected",
                "list, no JSON object",
                "long, longer than 65536 characters",
                "field, no text 'candidate'",
                "parameters, 'parameters' are not at most 32 whole numbers by name",
                "size, 'us' and 'gflops' are not numbers from 0 on",
                "schema, schema is 0.0 instead of 1",
                "binary, JSON: a value expected",
            })
    void aLineThatIsNoneIsLeftOutWithItsReason(String how, String reason) throws IOException {
        TuningRecord good = record("a", LIBRARY, 1);
        String line = good.line();
        String bad = switch (how) {
            case "cut" -> line.substring(0, line.length() - 1);
            case "list" -> "[1]";
            case "long" -> " ".repeat(1 << 16) + line;
            case "field" -> line.replace("\"candidate\"", "\"kandidat\"");
            case "parameters" -> line.replace("\"KT\": 1", "\"KT\": 1.5");
            case "size" -> line.replace("12.500", "-12.5");
            case "schema" -> line.replace("\"schema\": 1", "\"schema\": 0");
            default -> "\u0000\u0001\u0002";
        };
        Path file = folder.resolve("tuning.jsonl");
        Files.write(file, List.of(bad, line, bad, bad));
        List<String> said = opened(file, key("a"), good);
        assertEquals(1, said.size(), said.toString());
        assertTrue(
                said.get(0)
                        .startsWith(
                                "3 of 4 lines of " + file + " are no tuning records and are not used, the first is"),
                said.get(0));
        assertTrue(said.get(0).contains("line 1: tuning record") && said.get(0).contains(reason), said.get(0));
        assertTrue(said.get(0).contains("delete them"), said.get(0));
    }

    /** What other versions wrote is theirs: no word about it. Where a key stands twice the last line counts. */
    @Test
    void linesOfOtherVersionsAreNoMatter() throws IOException {
        TuningRecord later = record("a", LIBRARY, 2);
        Path file = folder.resolve("tuning.jsonl");
        Files.write(
                file,
                List.of(
                        record("a", LIBRARY, 1).line(),
                        "",
                        later.line(),
                        record("a", LIBRARY, 3).line().replace("\"schema\": 1", "\"schema\": 2"),
                        record("a", "0.0.0-other", 4).line()));
        assertEquals(List.of(), opened(file, key("a"), later));
    }

    @Test
    void aHugeFileIsNotReadAndOneOfGarbageIsAMiss() throws IOException {
        Path file = folder.resolve("huge.jsonl");
        TuningRecord good = record("a", LIBRARY, 1);
        Files.writeString(file, good.line() + "\n");
        assertEquals(List.of(), opened(file, key("a"), good));
        try (RandomAccessFile hole = new RandomAccessFile(file.toFile(), "rw")) {
            hole.setLength((16 << 20) + 1);
        }
        List<String> said = opened(file, key("a"), null);
        assertEquals(1, said.size(), said.toString());
        assertTrue(said.get(0).startsWith(file + " is larger than 16,777,216 bytes and is not read"), said.get(0));
        byte[] garbage = new byte[1 << 20];
        new java.util.Random(5).nextBytes(garbage);
        Files.write(file, garbage);
        said = opened(file, key("a"), null);
        assertEquals(1, said.size(), said.toString());
        assertTrue(said.get(0).contains("are no tuning records"), said.get(0));
    }

    @Test
    void updatingReplacesKeysAndLeavesEveryOtherLine() throws IOException {
        Path file = folder.resolve("deep").resolve("tuning.jsonl");
        TuningRecord foreign = record("a", "0.0.0-other", 3);
        TuningFile.update(file, LIBRARY, Map.of(key("a"), Optional.of(record("a", LIBRARY, 1))));
        Files.write(
                file,
                List.of(
                        "not ours",
                        foreign.line(),
                        record("a", LIBRARY, 1).line(),
                        record("c", LIBRARY, 1).line()),
                StandardCharsets.UTF_8);
        TuningFile.update(
                file, LIBRARY, Map.of(key("a"), Optional.of(record("a", LIBRARY, 2)), key("c"), Optional.empty()));
        assertEquals(List.of("not ours", foreign.line(), record("a", LIBRARY, 2).line()), Files.readAllLines(file));
        if (Files.getFileStore(folder).supportsFileAttributeView("posix")) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())));
        }
        try (var left = Files.list(file.getParent())) {
            assertEquals(
                    List.of(".tuning.jsonl.lock", "tuning.jsonl"),
                    left.map(path -> path.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void writersAtOnceLoseNothing() throws Exception {
        Path file = folder.resolve("tuning.jsonl");
        List<Thread> writers = new ArrayList<>();
        List<Exception> failures = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 8; i++) {
            String shape = "shape " + i;
            writers.add(new Thread(() -> {
                try {
                    TuningFile.update(file, LIBRARY, Map.of(key(shape), Optional.of(record(shape, LIBRARY, 1))));
                } catch (IOException e) {
                    failures.add(e);
                }
            }));
        }
        writers.forEach(Thread::start);
        for (Thread writer : writers) {
            writer.join();
        }
        assertEquals(List.of(), failures);
        assertEquals(8, TuningFile.lines(file).size());
    }

    /** A program of its own that writes a few records. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] arguments) throws IOException {
            for (int i = 0; i < 20; i++) {
                String shape = arguments[1] + " " + i;
                TuningFile.update(
                        Path.of(arguments[0]), LIBRARY, Map.of(key(shape), Optional.of(record(shape, LIBRARY, 1))));
            }
        }
    }

    @Test
    void processesAtOnceLoseNothing() throws Exception {
        Path file = folder.resolve("tuning.jsonl");
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            processes.add(new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                            Writer.class.getName(),
                            file.toString(),
                            "process " + i)
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("output" + i).toFile())
                    .start());
        }
        for (int i = 0; i < processes.size(); i++) {
            assertEquals(0, processes.get(i).waitFor(), Files.readString(folder.resolve("output" + i)));
        }
        assertEquals(60, TuningFile.lines(file).size());
    }

    @Test
    void theUsersFileIsState() {
        assertEquals(Path.of("/s/clave/tuning.jsonl"), TuningFile.of("/s", "/h", "/u"));
        assertEquals(Path.of("/h/.local/state/clave/tuning.jsonl"), TuningFile.of("relative", "/h", "/u"));
        assertEquals(Path.of("/u/.local/state/clave/tuning.jsonl"), TuningFile.of(null, "", "/u"));
        assertNull(TuningFile.of(null, null, "?"));
        assertEquals(List.of(), TuningFile.lines(folder.resolve("missing")));
        assertEquals(List.of(), TuningFile.lines(folder));
    }
}
