package dev.clave.spi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.DeviceOutOfMemoryException;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.check.GradientCheck;
import dev.clave.check.OperatorCheck;
import dev.clave.data.BuiltInDigits;
import dev.clave.internal.LeakReports;
import dev.clave.nn.FitOptions;
import dev.clave.nn.Loss;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import dev.clave.nn.Optimizer;
import dev.clave.op.Activation;
import dev.clave.op.Add;
import dev.clave.op.Conv2d;
import dev.clave.op.Format;
import dev.clave.op.Gemm;
import dev.clave.op.Geometry;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;
import dev.clave.op.Philox;
import dev.clave.op.Problem;
import dev.clave.op.Slot;
import dev.clave.op.Window;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A backend in a jar of its own, by another author: found, opened, computed with, and harmless when it is broken. */
class BackendTest {
    private static final String PLAIN = BackendJar.PLAIN;
    private static final Conv2d CONV =
            new Conv2d(2, 3, 6, 5, 4, Window.of(3, 2).stride(2, 1).pad(1, 0, 1, 1), 1, true);

    @TempDir
    private Path folder;

    private final ClassLoader before = Thread.currentThread().getContextClassLoader();
    private BackendJar.Loader loader;

    @BeforeEach
    void prepare() {
        loader = new BackendJar.Loader(folder);
    }

    @AfterEach
    void restore() throws Exception {
        loader.close();
    }

    private static String[] broken(String... names) {
        return Stream.of(names).map(name -> "com.example.broken.Broken$" + name).toArray(String[]::new);
    }

    @Test
    void itsDevicesAreListedAndSelected() throws Exception {
        List<Device.Info> without = Device.list();
        loader.add("com/example/plain", PLAIN);
        List<Device.Info> devices = Device.list();
        assertEquals(without, devices.subList(0, without.size()), "indices of the others stay");
        assertEquals(without.size() + 2, devices.size());
        for (String selector : List.of("plain", "PLAIN:0", String.valueOf(without.size()), "direct memory")) {
            try (Device device = Device.open(selector)) {
                assertEquals("Plain direct memory", device.name());
                assertEquals(PLAIN, device.backend().getClass().getName());
                assertNotEquals(before, device.backend().getClass().getClassLoader(), "the classes come from the jar");
                assertFalse(device.isOpenCl());
            }
        }
        try (Device device = Device.open("plain:1")) {
            assertEquals("Plain arrays", device.name());
        }
        try (Device device = Device.open("cpu");
                Device same = Device.open("cpu:0")) {
            assertEquals("cpu", device.backend().name());
            assertEquals(device.info(), same.info());
        }
        String message = assertThrows(DeviceException.class, () -> Device.open("plain:2"))
                .getMessage();
        assertEquals("backend plain has no device 2, it has 2, from 0 to 1", message);
        message = assertThrows(DeviceException.class, () -> Device.open("plain:x"))
                .getMessage();
        assertTrue(message.contains("after a backend's name and a colon comes an index, got 'x'"), message);
        message =
                assertThrows(DeviceException.class, () -> Device.open("nosuch")).getMessage();
        assertTrue(
                message.startsWith("unknown device 'nosuch'; there are: auto, cpu, ") && message.contains("plain"),
                message);
    }

    /** Between OpenCL and the CPU by its priority, 50. */
    @Test
    void autoGoesByPriority() throws Exception {
        try (Device device = Device.open("auto")) {
            assertEquals(
                    Device.list().isEmpty() ? "cpu" : "opencl", device.backend().name());
        }
        loader.add("com/example/plain", PLAIN);
        List<String> names = Device.survey("auto").backends().stream()
                .map(Device.BackendReport::name)
                .toList();
        assertEquals(List.of("opencl", "plain", "cpu"), names);
        boolean openCl = Device.list().get(0).kind().equals("opencl");
        try (Device device = Device.open("auto")) {
            assertEquals(openCl ? "opencl" : "plain", device.backend().name());
        }
    }

    private static Object filled(Slot slot, Random random) {
        double[] values = new double[slot.shape().elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(17) / 8.0 - 1;
        }
        return values;
    }

    /** Results of all that is written, from inputs that both devices hold exactly. */
    private static List<double[]> results(Device device, Problem problem, String candidate) {
        List<Tensor> tensors = new ArrayList<>();
        List<double[]> results = new ArrayList<>();
        Random random = new Random(5);
        try (Invocation run = Operators.prepare(device, problem, candidate)) {
            for (Slot slot : problem.slots()) {
                Tensor tensor = device.allocate(slot.dtype(), slot.shape());
                tensors.add(tensor.write((double[]) filled(slot, random)));
                run.bind(slot.name(), tensor);
            }
            run.run();
            device.finish();
            for (int i = 0; i < tensors.size(); i++) {
                if (problem.slots().get(i).role() != Slot.Role.IN) {
                    results.add(tensors.get(i).readDoubles());
                }
            }
        } finally {
            tensors.forEach(Tensor::close);
        }
        return results;
    }

    @Test
    void itsOperatorsComputeWhatOursDo() throws Exception {
        loader.add("com/example/plain", PLAIN);
        List<Geometry> geometries = List.of(
                CONV,
                new Gemm(4, 6, 5, true, false, 0.5, 2, 4, 7, 8, true, Gemm.Epilogue.RELU),
                new Activation(Activation.Kind.TANH, 3, 11, 0),
                new Activation(Activation.Kind.LEAKY_RELU, 3, 11, 0.25));
        for (String selector : List.of("plain:0", "plain:1")) {
            try (Device device = Device.open(selector);
                    Device cpu = Device.cpu()) {
                for (Geometry geometry : geometries) {
                    for (String direction : geometry.directions()) {
                        for (DType real : List.of(DType.F32, DType.F64)) {
                            Problem problem = geometry.problem(direction, new Format(real, 1));
                            List<double[]> expected = results(cpu, problem, "reference");
                            List<double[]> got = results(device, problem, null);
                            for (int i = 0; i < expected.size(); i++) {
                                assertArrayEquals(
                                        expected.get(i), got.get(i), 1e-5, problem + " " + real + " on " + selector);
                            }
                        }
                    }
                }
                assertEquals(0, device.liveBytes());
            }
        }
    }

    @Test
    void itsCandidatesAreExplained() throws Exception {
        loader.add("com/example/plain", PLAIN);
        Problem dense = CONV.problem("forward", Format.NCHW);
        Problem grouped = new Conv2d(1, 4, 3, 3, 4, Window.of(2, 2), 2, true).problem("forward", Format.NCHW);
        Problem add = new Add(1, 3).problem("forward", Format.NCHW);
        try (Device device = Device.open("plain")) {
            assertEquals(
                    "conv2d forward: hasty takes it\nconv2d forward: dense takes it\n",
                    Operators.explain(device, dense));
            try (Invocation run = Operators.prepare(device, dense)) {
                assertEquals("dense", run.candidate(), "the hasty one refused when it prepared");
            }
            String hasty = assertThrows(IllegalArgumentException.class, () -> Operators.prepare(device, dense, "hasty"))
                    .getMessage();
            assertTrue(hasty.contains("conv2d forward: hasty refuses at last, was too hasty"), hasty);
            String none = assertThrows(DeviceException.class, () -> Operators.prepare(device, grouped))
                    .getMessage();
            assertTrue(
                    none.startsWith(
                            "device Plain direct memory of backend plain takes no candidate of conv2d forward:\n"),
                    none);
            assertTrue(none.contains("conv2d forward: dense refuses, dense channels only"), none);
            assertEquals(List.of(), Operators.candidates(device, add));
            String unknown = assertThrows(DeviceException.class, () -> Operators.prepare(device, add))
                    .getMessage();
            assertEquals(
                    "device Plain direct memory of backend plain takes no candidate of add forward: the backend has none"
                            + " for operator add",
                    unknown);
            assertEquals(
                    "add forward: the backend of device Plain direct memory has no candidate for operator add\n",
                    Operators.explain(device, add));
            Problem dice = new Philox(4, Philox.Distribution.UNIFORM, 0, 0).problem("forward", Format.NCHW);
            String failed = assertThrows(DeviceException.class, () -> Operators.prepare(device, dice))
                    .getMessage();
            assertEquals(
                    "backend plain fails at candidates for philox forward: java.lang.IllegalStateException: no dice",
                    failed);
        }
        // Where values are Java arrays, the library's twins take what is left.
        try (Device device = Device.open("plain:1")) {
            assertEquals(List.of("java"), Operators.candidates(device, add));
            try (Invocation run = Operators.prepare(device, grouped)) {
                assertEquals("java", run.candidate());
            }
        }
    }

    @Test
    void gradientsAreCheckedByTheToolkit() throws Exception {
        loader.add("com/example/plain", PLAIN);
        try (Device device = Device.open("plain")) {
            for (Geometry geometry : List.of(
                    CONV,
                    new Gemm(3, 4, 5),
                    new Activation(Activation.Kind.SIGMOID, 2, 9, 0),
                    new Activation(Activation.Kind.RELU, 2, 9, 0))) {
                try (OperatorCheck check = OperatorCheck.of(device, geometry)) {
                    GradientCheck.of(check).check(check.randomInputs(3)).assertPassed();
                }
            }
        }
    }

    private static double loss(Device device) {
        try (Model model = new Model(device, Network.of("relu")).seed(7)) {
            model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
            return model.fit(FitOptions.of(BuiltInDigits.generate(64, 1))
                            .batchSize(16)
                            .numIters(4)
                            .verbose(0))
                    .epochs()
                    .get(0)
                    .get("loss");
        }
    }

    /** Convolutions, products and activations are the backend's, all else the library's. */
    @Test
    void aNetworkTrainsOnIt() throws Exception {
        loader.add("com/example/plain", PLAIN);
        try (Device device = Device.open("plain:1");
                Device cpu = Device.cpu()) {
            double expected = loss(cpu);
            assertEquals(expected, loss(device), 1e-4 * expected);
        }
        try (Device device = Device.open("plain:0")) {
            String message =
                    assertThrows(DeviceException.class, () -> loss(device)).getMessage();
            assertTrue(
                    message.contains(" of backend plain takes no candidate of ")
                            && message.contains("the backend has none for operator "),
                    message);
            assertEquals(0, device.liveBytes(), "what was prepared before is released");
        }
    }

    @Test
    void rulesOfTensorsHoldThereToo(LeakReports leaks) throws Exception {
        loader.add("com/example/plain", PLAIN);
        System.clearProperty("com.example.plain.released");
        Problem relu = new Activation(Activation.Kind.RELU, 1, 4, 0).problem("forward", Format.NCHW);
        Device device = Device.open("plain");
        Tensor tensor = device.allocate(DType.F32, Shape.of(4)).write(1f, -2f, 3f, -4f);
        Tensor view = tensor.view(2, Shape.of(2));
        assertArrayEquals(new float[] {3, -4}, view.readFloats());
        view.write(5f, 6f);
        view.close();
        assertThrows(IllegalStateException.class, view::readFloats);
        assertArrayEquals(new float[] {1, -2, 5, 6}, tensor.readFloats());
        Tensor output = device.allocate(DType.F32, Shape.of(4));
        Invocation run = Operators.prepare(device, relu).bind("input", tensor).bind("output", output);
        run.run();
        assertArrayEquals(new float[] {1, 0, 5, 6}, output.readFloats());
        try (Device cpu = Device.cpu();
                Tensor foreign = cpu.allocate(DType.F32, Shape.of(4))) {
            assertThrows(IllegalArgumentException.class, () -> run.bind("input", foreign));
        }
        tensor.close();
        assertThrows(IllegalStateException.class, run::run);
        assertEquals(16, device.liveBytes());
        device.memoryLimit(20);
        assertThrows(DeviceOutOfMemoryException.class, () -> device.allocate(DType.F32, Shape.of(2)));
        device.close();
        device.close();
        assertThrows(IllegalStateException.class, device::finish);
        assertThrows(IllegalStateException.class, output::readFloats);
        assertEquals("yes", System.clearProperty("com.example.plain.released"));
        List<String> reports = leaks.take();
        assertEquals(2, reports.size(), reports.toString());
        assertTrue(
                reports.get(0).startsWith("leak: tensor F32[4] (16 bytes) of device Plain direct memory was open"),
                reports.get(0));
        assertTrue(reports.get(1).startsWith("leak: invocation activation forward"), reports.get(1));
    }

    private static void forget() {
        Device.open("plain").allocate(DType.F32, Shape.of(4));
    }

    @Test
    void aForgottenDeviceIsReportedAndReleased(LeakReports leaks) throws Exception {
        loader.add("com/example/plain", PLAIN);
        System.clearProperty("com.example.plain.released");
        forget();
        List<String> reports = new ArrayList<>();
        for (int attempt = 0; attempt < 200 && System.getProperty("com.example.plain.released") == null; attempt++) {
            System.gc();
            Thread.sleep(10);
        }
        assertEquals("yes", System.clearProperty("com.example.plain.released"));
        reports.addAll(leaks.take());
        assertEquals(2, reports.size(), reports.toString());
        assertTrue(
                reports.get(0)
                        .startsWith("leak: device Plain direct memory was garbage-collected without having been closed;"
                                + " made at com.example.plain.Plain"),
                reports.get(0));
        assertTrue(reports.get(0).contains("BackendTest.forget("), reports.get(0));
    }

    /** Every fault is named, and everything else works as if the broken ones were not there. */
    @Test
    void brokenBackendsLeaveTheOthersAlone() throws Exception {
        List<Device.Info> devices = Device.list();
        String auto;
        try (Device device = Device.open("auto")) {
            auto = device.name();
        }
        loader.add(
                "com/example/broken",
                Stream.concat(
                                Stream.of(broken(
                                        "Unopenable",
                                        "Absent",
                                        "Unlinked",
                                        "Failing",
                                        "Thief",
                                        "Disguised",
                                        "Misnamed",
                                        "Nameless",
                                        "Unmade")),
                                Stream.of("com.example.broken.NoSuchClass"))
                        .toArray(String[]::new));
        loader.add("com/example/plain", PLAIN);
        Device.Survey found = Device.survey("auto");
        assertEquals(devices.size() + 3, found.devices().size(), "two that work, and one that is listed");
        for (String part : List.of(
                "backend absent: no licence in /etc/acme",
                "backend unlinked: it fails: java.lang.UnsatisfiedLinkError: no acme in java.library.path",
                "backend failing: it fails: java.lang.IllegalStateException: devices cannot be counted",
                "backend opencl (com.example.broken.Broken$Thief): it claims the name 'opencl', which is that of"
                        + " dev.clave.op.OpenClBackend",
                "backend disguised: device No GPU is of kind 'opencl', expected 'disguised'",
                "backend No Name (com.example.broken.Broken$Misnamed): its name 'No Name' is not",
                "backend com.example.broken.Broken$Nameless: it fails: java.lang.IllegalStateException: who knows",
                "com.example.broken.Broken$Unmade could not be instantiated",
                "com.example.broken.NoSuchClass not found")) {
            assertTrue(found.skipped().contains(part), part + " in:\n" + found.skipped());
        }
        try (Device device = Device.open("auto")) {
            assertEquals(devices.isEmpty() ? "Plain direct memory" : auto, device.name());
        }
        for (String selector : List.of("cpu", "plain")) {
            try (Device device = Device.open(selector);
                    Invocation run = Operators.prepare(device, CONV.problem("forward", Format.NCHW))) {
                assertEquals(selector, device.backend().name());
                assertEquals("conv2d", run.problem().operator());
            }
        }
        String refused = assertThrows(DeviceException.class, () -> Device.open("unopenable"))
                .getMessage();
        assertEquals(
                "backend unopenable does not open device 0: java.lang.IllegalStateException: the fan is off", refused);
        refused =
                assertThrows(DeviceException.class, () -> Device.open("absent")).getMessage();
        assertEquals("no device of backend absent: no licence in /etc/acme", refused);
    }
}
