package dev.clave.internal.jar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What embedders get: a small jar with a stable module name, and nothing in it that is not ours. */
class PublishedJarIT {
    private static final long MOST_BYTES = 1_000_000;

    @TempDir
    private Path folder;

    /** What needs a library that is optional: picocli, commons-math3, JUnit. */
    private static final List<String> OPTIONAL = List.of("dev/clave/cli/", "dev/clave/math/", "dev/clave/check/junit/");

    @Test
    void theJarStaysSmall() throws IOException {
        Path core = folder.resolve("core.jar");
        try (ZipFile jar = new ZipFile(ChildJvm.JAR.toFile());
                ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(core))) {
            for (ZipEntry entry : Collections.list(jar.entries())) {
                if (OPTIONAL.stream().noneMatch(entry.getName()::startsWith)) {
                    out.putNextEntry(new ZipEntry(entry.getName()));
                    out.write(jar.getInputStream(entry).readAllBytes());
                    out.closeEntry();
                }
            }
        }
        long bytes = Files.size(core);
        System.out.println(ChildJvm.JAR.getFileName() + ": " + Files.size(ChildJvm.JAR) + " bytes, " + bytes + " of "
                + MOST_BYTES + " without its optional parts");
        assertTrue(bytes < MOST_BYTES, bytes + " bytes without optional parts, at most " + MOST_BYTES);
    }

    @Test
    void theManifestNamesModuleAndAccess() throws IOException {
        for (Path path : List.of(ChildJvm.JAR, ChildJvm.ALL_JAR)) {
            try (JarFile jar = new JarFile(path.toFile())) {
                Attributes manifest = jar.getManifest().getMainAttributes();
                assertEquals("true", manifest.getValue("Multi-Release"), path.toString());
                assertEquals("ALL-UNNAMED", manifest.getValue("Enable-Native-Access"), path.toString());
                assertTrue(manifest.getValue("Implementation-Version") != null, path.toString());
            }
        }
        try (JarFile jar = new JarFile(ChildJvm.JAR.toFile())) {
            assertEquals("dev.clave", jar.getManifest().getMainAttributes().getValue("Automatic-Module-Name"));
        }
    }

    @Test
    void thePlainJarHoldsOursAloneAndTheOtherOnlyWhatTheProgramNeeds() throws IOException {
        assertEquals(Set.of("dev/clave"), roots(ChildJvm.JAR));
        assertEquals(Set.of("dev/clave", "picocli"), roots(ChildJvm.ALL_JAR));
    }

    /** First two folders of every class; one where there are no two. */
    private static Set<String> roots(Path path) throws IOException {
        Set<String> roots = new TreeSet<>();
        try (JarFile jar = new JarFile(path.toFile())) {
            for (ZipEntry entry : (Iterable<ZipEntry>) jar.stream().map(ZipEntry.class::cast)::iterator) {
                String name = entry.getName().replaceFirst("^META-INF/versions/[0-9]+/", "");
                if (name.endsWith(".class")) {
                    String[] folders = name.split("/", -1);
                    roots.add(folders[0].equals("picocli") ? folders[0] : folders[0] + "/" + folders[1]);
                }
            }
        }
        assertTrue(!roots.isEmpty(), path + " holds no class");
        return roots;
    }
}
