package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What every row of the catalogue must have, and what must not lie about without a row. */
@ExtendWith(TestDevices.Parameter.class)
class CatalogueTest {
    /** Golden data of whole networks, and of variants of the operators sgd and adam. */
    private static final Set<String> VARIANTS = Set.of("lenet", "momentum", "adamw");

    private final TestDevices devices;

    CatalogueTest(TestDevices devices) {
        this.devices = devices;
    }

    @Test
    void everyOperatorHasKernelAndGoldenData() throws IOException {
        for (String name : Operators.names()) {
            assertTrue(Files.exists(Path.of("kernels", name + ".cl")), "kernels/" + name + ".cl");
            // Integers in, one rounding: nothing PyTorch could add; the fused block is held against its parts.
            if (!name.equals("gather_images") && !name.equals("conv2d_pool2d")) {
                assertFalse(Golden.of(name).isEmpty(), "reference-data/" + name);
            }
        }
    }

    @Test
    void nothingLiesAboutWithoutAnOperator() throws IOException {
        assertEquals(Set.of(), orphans("kernels", Set.of("self_test", "fma_peak", "chain")));
        assertEquals(Set.of(), orphans("reference-data", VARIANTS));
        // A planted orphan: the search must see what is there.
        assertEquals(VARIANTS, orphans("reference-data", Set.of()));
    }

    /** Kernel files or folders of golden data that no operator owns. */
    private static Set<String> orphans(String folder, Set<String> allowed) throws IOException {
        try (Stream<Path> files = Files.list(Path.of(folder))) {
            Set<String> names = files.filter(
                            file -> Files.isDirectory(file) || file.toString().endsWith(".cl"))
                    .map(file -> file.getFileName().toString().replace(".cl", ""))
                    .collect(Collectors.toCollection(TreeSet::new));
            names.removeAll(Operators.names());
            names.removeAll(allowed);
            return names;
        }
    }

    @Test
    void wrongTensorsAreNamed() {
        for (Device device : devices.all()) {
            Problem problem = new Conv2d(1, 1, 4, 4, 1, Window.of(3, 3)).problem("forward", Format.NCHW);
            try (Invocation run = Operators.prepare(device, problem);
                    Tensor small = device.allocate(DType.F32, Shape.of(3))) {
                String message = assertThrows(IllegalArgumentException.class, () -> run.bind("input", small))
                        .getMessage();
                assertEquals("conv2d forward: tensor 'input' is F32[1, 1, 4, 4], got F32[3]", message);
                assertThrows(IllegalArgumentException.class, () -> run.bind("nothing", small));
                assertThrows(IllegalStateException.class, run::run);
            }
        }
    }

    @Test
    void wrongSizesAreNamed() {
        assertEquals("softmax: classes is at least 1, got 0", message(() -> new Softmax(1, 0)));
        assertEquals("log_softmax: N is at least 0, got -1", message(() -> new LogSoftmax(-1, 3)));
        assertEquals("add: features is at least 1, got 0", message(() -> new Add(1, 0)));
        assertEquals("bias_add: positions is at least 1, got 0", message(() -> new BiasAdd(1, 2, 0)));
        assertEquals(
                "philox: count is at least 1, got 0", message(() -> new Philox(0, Philox.Distribution.UNIFORM, 1, 0)));
        assertEquals(
                "add has no direction 'backwardInput', it has [forward, accumulate]",
                message(() -> new Add(1, 1).problem("backwardInput", Format.NCHW)));
        assertEquals(
                "gemm has no direction 'backwardInput', it has [forward]",
                message(() -> new Gemm(1, 1, 1).problem("backwardInput", Format.NCHW)));
        assertTrue(message(() -> new SoftmaxCrossEntropy(3, 4, -100, 3).problem("forward", new Format(DType.F32, 8)))
                .contains("history is at least the 8 samples"));
    }

    private static String message(org.junit.jupiter.api.function.Executable call) {
        return assertThrows(IllegalArgumentException.class, call).getMessage();
    }
}
