package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every operator must hold, over the whole catalogue, every device, candidate, direction and layout. */
class ContractTest {
    private static final Map<String, Integer> COUNTS = new LinkedHashMap<>();
    private static final List<Device> DEVICES = new ArrayList<>();
    private static final double UNIT = Math.pow(2, -24);

    @BeforeAll
    static void open() {
        DEVICES.add(Device.cpu());
        for (int i = 0; i < Device.list().size(); i++) {
            DEVICES.add(Device.open(String.valueOf(i)));
        }
        if (DEVICES.size() == 1) {
            System.out.println("no OpenCL device, kernels are not tested here: " + Device.listReason());
            assertEquals(null, System.getenv("CLAVE_REQUIRE_OPENCL"), "an OpenCL device was required");
        }
    }

    @AfterAll
    static void report() throws IOException {
        DEVICES.forEach(Device::close);
        DEVICES.clear();
        Path folder = Files.createDirectories(Path.of(System.getProperty("clave.tests.folder", "target/clave-tests")));
        Files.writeString(
                folder.resolve("contract.properties"),
                COUNTS.entrySet().stream()
                        .map(e -> e.getKey() + "=" + e.getValue() + "\n")
                        .collect(Collectors.joining()));
    }

    static List<String> operators() { // those with the plain input-to-output contract
        return List.of("conv2d", "max_pool2d", "avg_pool2d", "activation");
    }

    @Test
    void everyOperatorHasKernelAndGoldenData() throws IOException {
        for (String name : Operators.names()) {
            assertTrue(Files.exists(Path.of("kernels", name + ".cl")), "kernels/" + name + ".cl");
            if (!name.equals("gather_images")) { // integers in, one rounding: nothing PyTorch could add
                assertFalse(Golden.of(name).isEmpty(), "reference-data/" + name);
            }
        }
    }

    /** PyTorch's results within the error bound of each sum, in every layout. */
    @ParameterizedTest
    @MethodSource("operators")
    void agreesWithPyTorch(String operator) throws IOException {
        for (Golden golden : Golden.of(operator)) {
            Geometry geometry = golden.geometry(operator);
            for (String direction : geometry.directions()) {
                forEach(geometry, direction, DType.F32, run -> {
                    Map<String, Object> results = run.apply(withReciprocal(geometry, golden.tensors()));
                    Map<String, Object> magnitudes = magnitudes(geometry, direction, golden.tensors());
                    results.forEach((slot, values) -> close(
                            run + " " + golden.name() + " " + slot,
                            golden.tensors().get(slot),
                            values,
                            magnitudes.get(slot),
                            run.problem().accumulated(),
                            operator.equals("activation")));
                });
            }
        }
    }

    /** Small integers: every sum is exact, so all candidates equal the twin in double bit for bit. */
    @ParameterizedTest
    @MethodSource("operators")
    void smallIntegersAreExact(String operator) throws IOException {
        for (Golden golden : Golden.of(operator)) {
            Geometry geometry = golden.geometry(operator);
            if (operator.equals("activation") && !golden.metadata().get("kind").equals("relu")) {
                continue; // transcendental functions have no exact tier
            }
            for (String direction : geometry.directions()) {
                Map<String, Object> inputs = new HashMap<>(golden.tensors());
                Random random = new Random(golden.name().hashCode());
                for (Slot slot : geometry.problem(direction, Format.NCHW).slots()) {
                    if (slot.role() == Slot.Role.IN
                            && slot.dtype().isReal()
                            && !slot.name().equals("reciprocal")) {
                        float[] values = new float[slot.shape().elements()];
                        for (int i = 0; i < values.length; i++) {
                            values[i] = random.nextInt(7) - 3;
                        }
                        inputs.put(slot.name(), values);
                    }
                }
                List<Map<String, Object>> first = new ArrayList<>();
                forEach(geometry, direction, DType.F32, run -> {
                    Map<String, Object> results = run.apply(withReciprocal(geometry, inputs));
                    first.add(results);
                    boolean rounds = operator.equals("avg_pool2d");
                    results.forEach((slot, values) -> {
                        if (rounds) {
                            close(
                                    run + slot,
                                    first.get(0).get(slot),
                                    values,
                                    magnitudes(geometry, direction, inputs).get(slot),
                                    run.problem().accumulated(),
                                    false);
                        } else {
                            same(
                                    run + " " + golden.name() + " " + slot,
                                    first.get(0).get(slot),
                                    values);
                        }
                    });
                });
            }
        }
    }

    /** The gradient of a random weighting of the output, against central differences in double. */
    @ParameterizedTest
    @MethodSource("operators")
    void gradientsAgreeWithDifferences(String operator) throws IOException {
        for (Golden golden : Golden.of(operator)) {
            Geometry geometry = golden.geometry(operator);
            if (Stream.of("nan", "negative_infinity", "ties").anyMatch(golden.name()::equals)) {
                continue; // no derivative there
            }
            Map<String, Object> inputs = new HashMap<>(golden.tensors());
            if (operator.equals("activation")) {
                float[] smooth = new float
                        [geometry.problem("forward", Format.NCHW)
                                .slot("input")
                                .shape()
                                .elements()];
                for (int i = 0; i < smooth.length; i++) {
                    smooth[i] = (i - smooth.length / 2f + 0.25f) / 16;
                }
                inputs.put("input", smooth);
            }
            forEach(geometry, "forward", DType.F64, run -> {
                if (run.lanes() == 1) {
                    checkGradients(geometry, run, inputs);
                }
            });
        }
    }

    private void checkGradients(Geometry geometry, Run run, Map<String, Object> given) {
        Map<String, Object> inputs = withReciprocal(geometry, given);
        Map<String, Object> outputs = run.apply(inputs);
        Map<String, Object> known = new HashMap<>(inputs);
        known.putAll(outputs);
        for (String direction :
                geometry.directions().subList(1, geometry.directions().size())) {
            Problem problem = geometry.problem(direction, new Format(DType.F64, 1));
            Map<String, Object> gradients = new Run(run.device(), problem, null).apply(known);
            for (Map.Entry<String, Object> gradient : gradients.entrySet()) {
                String slot = gradient.getKey().substring(4).toLowerCase(java.util.Locale.ROOT);
                double[] got = doubles(gradient.getValue());
                double[] x = doubles(inputs.get(slot));
                Random random = new Random(7);
                for (int probe = 0; probe < Math.min(8, x.length); probe++) {
                    int i = random.nextInt(x.length);
                    double expected =
                            (loss(run, inputs, slot, x, i, 1e-6) - loss(run, inputs, slot, x, i, -1e-6)) / 2e-6;
                    assertEquals(
                            expected,
                            got[i],
                            1e-5 + 1e-3 * Math.abs(expected),
                            run + " " + gradient.getKey() + "[" + i + "]");
                }
            }
        }
    }

    private static double loss(Run run, Map<String, Object> inputs, String slot, double[] x, int i, double step) {
        double[] moved = x.clone();
        moved[i] += step;
        Map<String, Object> changed = new HashMap<>(inputs);
        changed.put(slot, moved);
        double[] output = doubles(run.apply(changed).get("output"));
        double[] weights = doubles(inputs.get("gradOutput"));
        double sum = 0;
        for (int o = 0; o < output.length; o++) {
            if (Double.isFinite(output[o])) { // a window wholly in padding is -Inf whatever the input
                sum += output[o] * weights[o];
            }
        }
        return sum;
    }

    @Test
    void wrongTensorsAreNamed() {
        for (Device device : DEVICES) {
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
    void aWrongResultIsCaught() {
        float[] right = {1, 2, 3};
        float[] wrong = {1, 2, 3.00001f};
        assertThrows(AssertionError.class, () -> same("planted", right, wrong));
        assertThrows(AssertionError.class, () -> close("planted", right, wrong, null, 4, false));
    }

    // Running

    private interface Body {
        void accept(Run run);
    }

    private static void forEach(Geometry geometry, String direction, DType real, Body body) {
        for (Device device : DEVICES) {
            if (real == DType.F64 && !device.info().fp64()) {
                System.out.println(device.name() + " has no fp64, gradients are not checked there");
                continue;
            }
            for (int lanes : device.isOpenCl() && real == DType.F32 ? new int[] {1, 8, 16} : new int[] {1}) {
                Problem problem = geometry.problem(direction, new Format(real, lanes));
                for (String candidate : new TreeSet<>(Operators.candidates(device, problem))) {
                    body.accept(new Run(device, problem, candidate));
                    COUNTS.merge(device.name() + "|" + device.info().binding(), 1, Integer::sum);
                }
            }
        }
    }

    /** One run from host arrays in NCHW order to host arrays. */
    private record Run(Device device, Problem problem, String candidate) {
        int lanes() {
            return problem.format().lanes();
        }

        Map<String, Object> apply(Map<String, Object> inputs) {
            Map<String, Object> results = new LinkedHashMap<>();
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            try (Invocation invocation = Operators.prepare(device, problem, device.isOpenCl() ? candidate : null)) {
                Problem plain = problem.geometry()
                        .problem(
                                problem.direction(), new Format(problem.format().real(), 1));
                for (Slot slot : problem.slots()) {
                    Tensor tensor = device.allocate(slot.dtype(), slot.shape());
                    tensors.put(slot.name(), tensor);
                    Object values = inputs.get(slot.name());
                    if (slot.role() == Slot.Role.OUT) {
                        values = new double[plain.slot(slot.name()).shape().elements()];
                        Arrays.fill((double[]) values, Double.NaN);
                    }
                    write(tensor, blocked(values, plain.slot(slot.name()).shape(), slot));
                    invocation.bind(slot.name(), tensor);
                }
                invocation.run();
                for (Slot slot : problem.slots()) {
                    if (slot.role() == Slot.Role.OUT) {
                        double[] values = read(tensors.get(slot.name()));
                        results.put(
                                slot.name(),
                                plainOrder(values, plain.slot(slot.name()).shape(), slot));
                    }
                }
            } finally {
                tensors.values().forEach(Tensor::close);
            }
            return results;
        }

        private boolean isBlocked(Shape plain, Slot slot) {
            return lanes() > 1 && slot.shape().rank() == plain.rank() + 1;
        }

        private double[] blocked(Object host, Shape plain, Slot slot) {
            double[] values = doubles(host);
            if (!isBlocked(plain, slot)) {
                return values;
            }
            double[] moved = new double[slot.shape().elements()];
            Arrays.fill(moved, 0);
            int inner = plain.elements() / plain.extent(0);
            for (int i = 0; i < values.length; i++) {
                int n = i / inner;
                moved[(n / lanes() * inner + i % inner) * lanes() + n % lanes()] = values[i];
            }
            return moved;
        }

        private double[] plainOrder(double[] values, Shape plain, Slot slot) {
            if (!isBlocked(plain, slot)) {
                return values;
            }
            double[] moved = new double[plain.elements()];
            int inner = plain.elements() / plain.extent(0);
            for (int i = 0; i < moved.length; i++) {
                int n = i / inner;
                moved[i] = values[(n / lanes() * inner + i % inner) * lanes() + n % lanes()];
            }
            return moved;
        }

        @Override
        public String toString() {
            return problem + " " + candidate + " lanes " + lanes() + " on " + device.name();
        }
    }

    private static void write(Tensor tensor, double[] values) {
        if (tensor.dtype() == DType.I32) {
            tensor.write(Arrays.stream(values).mapToInt(v -> (int) v).toArray());
        } else {
            tensor.write(values);
        }
    }

    private static double[] read(Tensor tensor) {
        return tensor.dtype() == DType.I32 ? doubles(tensor.readInts()) : tensor.readDoubles();
    }

    private static double[] doubles(Object host) {
        if (host instanceof double[] values) {
            return values;
        }
        if (host instanceof int[] values) {
            return Arrays.stream(values).asDoubleStream().toArray();
        }
        float[] values = (float[]) host;
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }

    private static Map<String, Object> withReciprocal(Geometry geometry, Map<String, Object> tensors) {
        if (!(geometry instanceof AvgPool2d pool)) {
            return tensors;
        }
        Map<String, Object> more = new HashMap<>(tensors);
        more.put("reciprocal", pool.reciprocals());
        return more;
    }

    /** The sum of absolute products behind each output of a convolution: the S of the error bound. */
    private static Map<String, Object> magnitudes(Geometry geometry, String direction, Map<String, Object> tensors) {
        Map<String, Object> absolute = new HashMap<>();
        tensors.forEach((name, values) -> absolute.put(
                name,
                values instanceof float[]
                        ? Arrays.stream(doubles(values)).map(Math::abs).toArray()
                        : values));
        Problem problem = geometry.problem(direction, new Format(DType.F64, 1));
        if (geometry instanceof Conv2d || geometry instanceof AvgPool2d || direction.startsWith("backward")) {
            return new Run(DEVICES.get(0), problem, null).apply(withReciprocal(geometry, absolute));
        }
        return Map.of();
    }

    private static void same(String what, Object expected, Object got) {
        assertArrayEquals(doubles(expected), doubles(got), what);
    }

    private static void close(
            String what, Object expected, Object got, Object magnitude, int sums, boolean transcendental) {
        double[] e = doubles(expected);
        double[] g = doubles(got);
        assertEquals(e.length, g.length, what);
        double gamma = sums * UNIT / (1 - sums * UNIT);
        for (int i = 0; i < e.length; i++) {
            if (Double.compare(e[i] + 0.0, g[i] + 0.0) == 0) {
                continue;
            }
            double size = magnitude == null ? Math.abs(e[i]) : doubles(magnitude)[i];
            // The golden value itself is rounded once.
            double bound = gamma * size + UNIT * Math.abs(e[i]);
            if (transcendental) {
                // 8 ULP, and 4 u where 1 - y*y cancels.
                bound = 16 * UNIT * Math.abs(e[i]) + 8 * UNIT * (size + 1);
            }
            assertTrue(Math.abs(e[i] - g[i]) <= bound, what + "[" + i + "]: expected " + e[i] + ", got " + g[i]);
        }
    }
}
