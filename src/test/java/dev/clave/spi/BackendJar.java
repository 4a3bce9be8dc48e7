package dev.clave.spi;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/** Backends of the test sources, packed into jars of their own as another library would ship them. */
public final class BackendJar {
    /** A right one. */
    public static final String PLAIN = "com.example.plain.PlainBackend";

    private BackendJar() {}

    /**
     * Writes a jar.
     *
     * @param folder package of the classes, with slashes, below {@code target/test-classes}
     * @param providers lines of the file of services
     */
    public static Path write(Path jar, String folder, List<String> providers) throws IOException {
        Path classes = Path.of("target/test-classes");
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream packed = new JarOutputStream(out);
                Stream<Path> files = Files.list(classes.resolve(folder))) {
            entry(
                    packed,
                    "META-INF/services/" + Backend.class.getName(),
                    (String.join("\n", providers) + "\n").getBytes(StandardCharsets.UTF_8));
            for (Path file : files.sorted().toList()) {
                entry(packed, folder + "/" + file.getFileName(), Files.readAllBytes(file));
            }
        }
        return jar;
    }

    private static void entry(JarOutputStream packed, String name, byte[] bytes) throws IOException {
        packed.putNextEntry(new JarEntry(name));
        packed.write(bytes);
        packed.closeEntry();
    }

    /** Jars that this thread's context class loader has until it is closed, and nothing else has. */
    public static final class Loader implements AutoCloseable {
        private final Path folder;
        private final ClassLoader before = Thread.currentThread().getContextClassLoader();
        private final List<URL> jars = new ArrayList<>();
        private final List<URLClassLoader> loaders = new ArrayList<>();

        /** None so far; jars are written to the folder. */
        public Loader(Path folder) {
            this.folder = folder;
        }

        /** One more jar. */
        public void add(String classes, String... providers) throws IOException {
            Path jar = folder.resolve(jars.size() + ".jar");
            jars.add(write(jar, classes, List.of(providers)).toUri().toURL());
            URLClassLoader loader = new URLClassLoader(jars.toArray(URL[]::new), new WithoutExamples(before));
            loaders.add(loader);
            Thread.currentThread().setContextClassLoader(loader);
        }

        @Override
        public void close() throws IOException {
            Thread.currentThread().setContextClassLoader(before);
            for (URLClassLoader loader : loaders) {
                loader.close();
            }
        }
    }

    /** Sees everything of the tests but the backends, which so come from their jar alone. */
    private static final class WithoutExamples extends ClassLoader {
        WithoutExamples(ClassLoader parent) {
            super(parent);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("com.example.")) {
                throw new ClassNotFoundException(name);
            }
            return super.loadClass(name, resolve);
        }
    }
}
