package dev.clave;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.internal.LeakReports;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.op.Add;
import dev.clave.op.Format;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Lifetime, leaks and memory of every device there is. */
class ResourcesTest {
    private static void onEach(Consumer<Device> body) {
        List<String> selectors = new ArrayList<>(List.of("cpu"));
        for (int i = 0; i < Device.list().size(); i++) {
            selectors.add(String.valueOf(i));
        }
        for (String selector : selectors) {
            try (Device device = Device.open(selector)) {
                body.accept(device);
            }
        }
    }

    private static Invocation add(Device device, int count) {
        return Operators.prepare(device, new Add(1, count).problem("forward", Format.NCHW));
    }

    private static String refused(Executable call) {
        return assertThrows(IllegalStateException.class, call).getMessage();
    }

    @Test
    void closedTensorsAreRefusedByName() {
        onEach(device -> {
            Tensor tensor = device.allocate(DType.F32, Shape.of(256)).write(new float[256]);
            Tensor whole = tensor.view(0, Shape.of(256));
            Tensor part = tensor.view(128, Shape.of(128));
            tensor.close();
            tensor.close();
            for (Tensor one : List.of(tensor, whole, part)) {
                assertTrue(refused(one::readFloats).contains("tensor F32[256]"), "named");
                assertTrue(refused(() -> one.write(new float[one.shape().elements()]))
                        .contains(" is closed"));
                refused(() -> one.view(0, Shape.of(1)));
                try (Invocation run = add(device, one.shape().elements())) {
                    assertTrue(refused(() -> run.bind("a", one)).contains("closed"));
                }
            }
            whole.close();
            part.close();
            part.close();
            assertEquals(0, device.liveBytes());
        });
    }

    @Test
    void closedViewsAreRefusedAndLeaveTheirParent() {
        onEach(device -> {
            try (Tensor tensor = device.allocate(DType.I32, Shape.of(256)).write(new int[256])) {
                for (Tensor view : List.of(tensor.view(0, Shape.of(256)), tensor.view(128, Shape.of(4)))) {
                    view.close();
                    refused(view::readInts);
                }
                assertEquals(256, tensor.readInts().length);
            }
        });
    }

    /** The driver would not notice: it keeps no buffer for an argument. */
    @Test
    void tensorClosedAfterItWasBoundIsRefusedAtTheRun() {
        onEach(device -> {
            try (Invocation run = add(device, 4);
                    Tensor a = device.allocate(DType.F32, Shape.of(4)).write(1f, 2f, 3f, 4f);
                    Tensor output = device.allocate(DType.F32, Shape.of(4))) {
                Tensor b = device.allocate(DType.F32, Shape.of(4)).write(1f, 1f, 1f, 1f);
                run.bind("a", a).bind("b", b).bind("output", output).run();
                b.close();
                assertTrue(refused(run::run).contains("tensor F32[4]"));
                try (Tensor other = device.allocate(DType.F32, Shape.of(4)).write(2f, 2f, 2f, 2f)) {
                    run.bind("b", other).run();
                    assertEquals(6f, output.readFloats()[3]);
                }
            }
        });
    }

    @Test
    void closedInvocationsAreRefused() {
        onEach(device -> {
            try (Tensor tensor = device.allocate(DType.F32, Shape.of(4)).write(1f, 2f, 3f, 4f)) {
                Invocation run =
                        add(device, 4).bind("a", tensor).bind("b", tensor).bind("output", tensor);
                run.run();
                run.close();
                run.close();
                assertTrue(refused(run::run).contains("invocation add forward of device " + device.name()));
                refused(() -> run.bind("a", tensor));
            }
        });
    }

    @Test
    void everythingOfAClosedDeviceIsRefused(LeakReports leaks) {
        onEach(device -> {
            Tensor tensor = device.allocate(DType.F32, Shape.of(4)).write(1f, 2f, 3f, 4f);
            Invocation run = add(device, 4).bind("a", tensor).bind("b", tensor).bind("output", tensor);
            device.close();
            device.close();
            for (Executable call : List.<Executable>of(
                    tensor::readFloats,
                    run::run,
                    device::finish,
                    () -> tensor.view(0, Shape.of(4)).readFloats(),
                    () -> device.allocate(DType.F32, Shape.of(4)),
                    () -> add(device, 4))) {
                assertTrue(refused(call).contains("closed"));
            }
            tensor.close();
            run.close();
            List<String> reports = leaks.take();
            assertEquals(2, reports.size(), reports.toString());
            assertTrue(
                    reports.get(0)
                            .startsWith("leak: tensor F32[4] (16 bytes) of device " + device.name()
                                    + " was open when the device was closed; made at " + ResourcesTest.class.getName()),
                    reports.get(0));
            assertTrue(reports.get(1).startsWith("leak: invocation add forward (0 bytes)"), reports.get(1));
            assertTrue(reports.get(0).contains("\tat "), "paranoid: with the stack");
        });
    }

    private static void withProperty(String name, String value, Runnable body) {
        String before = System.setProperty(name, value);
        try {
            body.run();
        } finally {
            if (before == null) {
                System.clearProperty(name);
            } else {
                System.setProperty(name, before);
            }
        }
    }

    private static void closeWithOneOpen() {
        Device device = Device.cpu();
        device.allocate(DType.F32, Shape.of(2));
        device.close();
    }

    @Test
    void levelsOfLeakReports(LeakReports leaks) {
        withProperty("clave.leaks", "off", ResourcesTest::closeWithOneOpen);
        assertEquals(List.of(), leaks.take());
        withProperty("clave.leaks", "simple", ResourcesTest::closeWithOneOpen);
        String simple = leaks.take().get(0);
        assertTrue(simple.contains("ResourcesTest.closeWithOneOpen(") && !simple.contains("\tat "), simple);
        withProperty("clave.leaks", "paranoid", ResourcesTest::closeWithOneOpen);
        assertTrue(leaks.take().get(0).contains("\tat "), "the stack");
        withProperty("clave.leaks", "some", () -> assertThrows(IllegalArgumentException.class, Device::cpu));
    }

    @Test
    void shareOfMemoryIsSettable() {
        try (Device all = Device.cpu()) {
            withProperty("clave.memory.share", "0.4", () -> {
                try (Device half = Device.cpu()) {
                    assertEquals(all.memoryLimit() / 2.0, half.memoryLimit(), 1);
                }
            });
        }
        for (String wrong : List.of("0", "1.5", "-1", "NaN", "much")) {
            withProperty("clave.memory.share", wrong, () -> assertThrows(IllegalArgumentException.class, Device::cpu));
        }
    }

    @Test
    void tensorsOfAnotherDeviceAreNamed() {
        try (Device other = Device.cpu();
                Tensor foreign = other.allocate(DType.F32, Shape.of(4))) {
            onEach(device -> {
                try (Invocation run = add(device, 4)) {
                    String message = assertThrows(IllegalArgumentException.class, () -> run.bind("b", foreign))
                            .getMessage();
                    assertTrue(
                            message.startsWith("add forward: tensor 'b' lives on another device (Java CPU)"), message);
                }
            });
        }
    }

    /** Whoever forgets a close gets the memory back, and is told where. */
    @Test
    void collectedTensorsAreReportedAndReleased(LeakReports leaks) {
        onEach(device -> {
            forget(device);
            List<String> reports = new ArrayList<>();
            for (int attempt = 0; attempt < 100 && reports.size() < 2; attempt++) {
                System.gc();
                device.liveBytes();
                reports.addAll(leaks.take());
            }
            assertEquals(2, reports.size(), reports.toString());
            String all = String.join("\n", reports);
            assertTrue(
                    all.contains("tensor F32[3, 5] (60 bytes) of device " + device.name()
                            + " was garbage-collected without having been closed; made at "),
                    all);
            assertTrue(all.contains("ResourcesTest.forget"), all);
            assertTrue(all.contains("invocation add forward"), all);
            assertEquals(0, device.liveBytes());
        });
    }

    private static void forgetDevice(String selector) {
        Device.open(selector).allocate(DType.F32, Shape.of(7)).write(new float[7]);
    }

    /** A device that nobody closed is found too, with what lived on it. */
    @Test
    void collectedDevicesAreReported(LeakReports leaks) throws InterruptedException {
        List<String> selectors = new ArrayList<>(List.of("cpu"));
        for (int i = 0; i < Device.list().size(); i++) {
            selectors.add(String.valueOf(i));
        }
        for (String selector : selectors) {
            forgetDevice(selector);
            List<String> reports = new ArrayList<>();
            for (int attempt = 0; attempt < 200 && reports.size() < 2; attempt++) {
                System.gc();
                Thread.sleep(10);
                reports.addAll(leaks.take());
            }
            assertEquals(2, reports.size(), reports.toString());
            String device = reports.get(0);
            assertTrue(
                    device.startsWith("leak: device ")
                            && device.contains(" was garbage-collected without having been closed; made at "
                                    + ResourcesTest.class.getName() + ".forgetDevice("),
                    device);
            assertTrue(device.contains("\tat "), "paranoid: with the stack");
            assertTrue(reports.get(1).startsWith("leak: tensor F32[7] (28 bytes) of device "), reports.get(1));
            assertTrue(reports.get(1).contains("garbage-collected"), reports.get(1));
        }
    }

    private static void forget(Device device) {
        Tensor tensor = device.allocate(DType.F32, Shape.of(3, 5)).write(new float[15]);
        add(device, 15)
                .bind("a", tensor)
                .bind("b", tensor)
                .bind("output", tensor)
                .run();
    }

    @Test
    void memoryLimitIsOursToEnforce() {
        onEach(device -> {
            Tensor first = device.allocate(DType.F32, Shape.of(1000));
            try (Tensor second = device.allocate(DType.U8, Shape.of(10, 10))) {
                device.memoryLimit(5000);
                String message = String.valueOf(
                        assertThrows(DeviceOutOfMemoryException.class, () -> device.allocate(DType.F64, Shape.of(200)))
                                .getMessage());
                List<String> lines = message.lines().toList();
                assertTrue(
                        lines.get(0)
                                .startsWith("device " + device.name()
                                        + ": asked for 1600 bytes (tensor F64[200]), 4100 in use, limit 5000; "),
                        message);
                assertTrue(lines.get(2).contains("4000  tensor F32[1000], made at "), message);
                assertTrue(lines.get(3).contains("100  tensor U8[10, 10], made at "), message);
                assertEquals(4100, device.liveBytes());
                assertEquals("tensor F32[1000]", device.largestTensors(1).get(0).what());
                assertEquals(2, device.largestTensors(9).size());
                first.close();
                device.allocate(DType.F64, Shape.of(200)).close();
                assertEquals(second.shape().elements(), device.liveBytes());
            }
        });
    }

    @Test
    void kernelsThatDoNotCompileAreReportedInFull() {
        onEach(device -> {
            if (device instanceof OpenClDevice openCl) {
                String report = String.valueOf(assertThrows(
                                KernelBuildException.class,
                                () -> openCl.kernel("add", "add_forward_reference", Map.of("REAL", "no_such_type")))
                        .getMessage());
                String first = report.lines().findFirst().orElse("");
                assertTrue(
                        first.startsWith("kernels/add.cl does not compile on ")
                                && first.contains(device.name())
                                && first.contains("-DREAL=no_such_type"),
                        first);
                assertTrue(report.contains("unknown type name 'no_such_type'"), report);
                assertTrue(report.contains("\n   1  "), "the source with its line numbers");
                openCl.kernel("add", "add_forward_reference", Map.of()).close();
            }
        });
    }

    /** An interrupt ends no call and is not lost. */
    @Test
    void interruptedThreadsGoOn() {
        onEach(device -> {
            try (Tensor a = device.allocate(DType.F32, Shape.of(4)).write(1f, 2f, 3f, 4f);
                    Tensor output = device.allocate(DType.F32, Shape.of(4))) {
                Thread.currentThread().interrupt();
                try (Invocation run = add(device, 4)) {
                    run.bind("a", a).bind("b", a).bind("output", output).run();
                    device.finish();
                    assertEquals(8f, output.readFloats()[3]);
                }
                assertTrue(Thread.interrupted(), "the flag is kept");
            }
        });
    }
}
