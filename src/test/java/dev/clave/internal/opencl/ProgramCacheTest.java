package dev.clave.internal.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiled programs on disk: whatever happens to the files, the worst is a compilation. */
class ProgramCacheTest {
    private static final ProgramKey KEY = key("-D A=1");

    @TempDir
    private Path folder;

    private static ProgramKey key(String options) {
        return new ProgramKey("source", options, "platform", "device", "driver", "1");
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    private ProgramCache cache() {
        return ProgramCache.in(folder.resolve("programs"), 1 << 20);
    }

    private Path entry() {
        return folder.resolve("programs").resolve(KEY.fileName());
    }

    @Test
    void whatIsWrittenComesBack() {
        cache().write(KEY, bytes(1000));
        assertArrayEquals(bytes(1000), cache().read(KEY));
        assertNull(cache().read(key("-D A=2")));
        assertEquals(1, cache().entries());
        assertTrue(cache().bytes() > 1000);
        cache().write(KEY, bytes(500));
        assertArrayEquals(bytes(500), cache().read(KEY));
        assertEquals(1, cache().clear());
        assertEquals(0, cache().entries());
        assertNull(cache().read(KEY));
    }

    /** Every part of the key matters, and parts do not run into each other. */
    @Test
    void keysAreEqualOnlyWhenAllPartsAre() {
        Set<String> names = new HashSet<>();
        for (int part = 0; part < 6; part++) {
            String[] p = {"a", "b", "c", "d", "e", "f"};
            names.add(new ProgramKey(p[0], p[1], p[2], p[3], p[4], p[5]).fileName());
            p[part] = "other";
            names.add(new ProgramKey(p[0], p[1], p[2], p[3], p[4], p[5]).fileName());
        }
        assertEquals(7, names.size());
        assertNotEquals(
                new ProgramKey("ab", "c", "", "", "", "").text(), new ProgramKey("a", "bc", "", "", "", "").text());
    }

    @Test
    void changedEntriesAreMissesAndGo() throws IOException {
        cache().write(KEY, bytes(300));
        byte[] whole = Files.readAllBytes(entry());
        List<byte[]> broken = new ArrayList<>();
        for (int length : new int[] {0, 1, 7, 11, 50, whole.length / 2, whole.length - 1}) {
            broken.add(Arrays.copyOf(whole, length));
        }
        broken.add(Arrays.copyOf(whole, whole.length + 1));
        for (int at = 0; at < whole.length; at += 13) {
            byte[] changed = whole.clone();
            changed[at] ^= 4;
            broken.add(changed);
        }
        for (byte[] entry : broken) {
            Files.write(entry(), entry);
            assertNull(cache().read(KEY), "an entry of " + entry.length + " bytes");
            assertTrue(Files.notExists(entry()), "a doubtful entry goes");
        }
        Files.write(entry(), whole);
        assertNotNull(cache().read(KEY));
    }

    /** An entry under the name of another key, as after a collision or by a hand. */
    @Test
    void foreignEntriesAreMisses() throws IOException {
        cache().write(KEY, bytes(300));
        Files.copy(entry(), folder.resolve("programs").resolve(key("x").fileName()));
        assertNull(cache().read(key("x")));
        Files.createSymbolicLink(folder.resolve("programs").resolve(key("y").fileName()), entry());
        assertNull(cache().read(key("y")));
        Files.createDirectory(folder.resolve("programs").resolve(key("z").fileName()));
        assertNull(cache().read(key("z")));
        cache().write(key("z"), bytes(3));
        assertNull(cache().read(key("z")));
    }

    @Test
    void filesArePrivate() throws IOException {
        Assumptions.assumeTrue(
                folder.getFileSystem().supportedFileAttributeViews().contains("posix"), "needs POSIX");
        cache().write(KEY, bytes(300));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(entry().getParent())));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(entry())));
        Files.setPosixFilePermissions(entry().getParent(), PosixFilePermissions.fromString("rwxrwx---"));
        ProgramCache open = cache();
        assertTrue(String.valueOf(open.unusable()).contains("chmod 700"), String.valueOf(open.unusable()));
        assertNull(open.read(KEY));
    }

    @Test
    void directoriesThatCannotBeMadeAreNoCache() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        ProgramCache none = ProgramCache.in(file.resolve("programs"), 1000);
        assertTrue(String.valueOf(none.unusable()).contains("cannot be written"), String.valueOf(none.unusable()));
        none.write(KEY, bytes(3));
        assertNull(none.read(KEY));
        assertEquals(0, none.entries());
        assertEquals(0, none.clear());
    }

    @Test
    void theOldestGoFirst() throws IOException {
        ProgramCache small = ProgramCache.in(folder.resolve("programs"), 4000);
        for (int i = 0; i < 3; i++) {
            small.write(key("-D I=" + i), bytes(1000));
            Path file = folder.resolve("programs").resolve(key("-D I=" + i).fileName());
            Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000L + i * 10_000));
        }
        assertNotNull(small.read(key("-D I=0")), "using an entry makes it young");
        small.write(key("-D I=3"), bytes(1000));
        assertNotNull(small.read(key("-D I=0")));
        assertNull(small.read(key("-D I=1")));
        assertNotNull(small.read(key("-D I=3")));
        assertTrue(small.bytes() <= 4000);
    }

    @Test
    void interruptedThreadsReadAndWrite() {
        Thread.currentThread().interrupt();
        cache().write(KEY, bytes(300));
        assertNotNull(cache().read(KEY));
        assertTrue(Thread.interrupted(), "the flag is kept");
    }

    /** Readers see a whole entry or none while others write, delete and evict. */
    @Test
    void manyAtOnce() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try {
            List<Future<Integer>> done = new ArrayList<>();
            for (int worker = 0; worker < 8; worker++) {
                int own = worker;
                done.add(pool.submit(() -> {
                    ProgramCache mine = ProgramCache.in(folder.resolve("programs"), 20_000);
                    int hits = 0;
                    for (int i = 0; i < 100; i++) {
                        ProgramKey key = key("-D K=" + (i + own) % 4);
                        byte[] got = mine.read(key);
                        if (got != null) {
                            hits++;
                            assertArrayEquals(bytes(5000 + (i + own) % 4), got);
                        }
                        if (i % 3 == own % 3) {
                            mine.write(key, bytes(5000 + (i + own) % 4));
                        }
                        if (i % 10 == own) {
                            mine.clear();
                        }
                    }
                    return hits;
                }));
            }
            for (Future<Integer> one : done) {
                one.get();
            }
        } finally {
            pool.shutdown();
        }
        try (Stream<Path> files = Files.list(folder.resolve("programs"))) {
            assertEquals(0, files.filter(f -> f.toString().endsWith(".part")).count(), "no half-written file stays");
        }
    }

    private int builds(FakeOpenCl fake) {
        try (OpenClDevice device = new OpenClDevice(
                fake, 900, 901, new Device.Info("opencl", "Fake", "fake", "1", "fake", true, 4), cache())) {
            device.kernel("add", "add_forward_reference", Map.of()).close();
        }
        assertEquals(0, fake.held());
        return fake.builds;
    }

    @Test
    void devicesCompileOnceForAllProcesses() throws IOException {
        assertEquals(1, builds(new FakeOpenCl()));
        assertEquals(0, builds(new FakeOpenCl()));
        Path entry;
        try (Stream<Path> files = Files.list(folder.resolve("programs"))) {
            entry = files.findFirst().orElseThrow();
        }
        byte[] whole = Files.readAllBytes(entry);
        whole[whole.length - 1]++;
        Files.write(entry, whole);
        assertEquals(1, builds(new FakeOpenCl()), "a corrupted entry is compiled anew");
        assertEquals(0, builds(new FakeOpenCl()));
        assertEquals(1, cache().clear());
        assertEquals(1, builds(new FakeOpenCl()));
    }

    /** Another driver may refuse what it once made: that is a miss too. */
    @Test
    void programsThatTheDriverRefusesAreCompiled() {
        assertEquals(1, builds(new FakeOpenCl()));
        FakeOpenCl refusing = new FakeOpenCl();
        refusing.refuseBinaries();
        assertEquals(1, builds(refusing));
        assertEquals(0, builds(new FakeOpenCl()), "the entry was replaced");
    }
}
