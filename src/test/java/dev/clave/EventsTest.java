package dev.clave;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.internal.LeakReports;
import dev.clave.op.Conv2d;
import dev.clave.op.Invocation;
import dev.clave.op.Window;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Work that goes on while the host does something else, on every device. */
class EventsTest {
    private static final Conv2d CONV = new Conv2d(4, 3, 17, 19, 8, Window.of(3, 3));

    private static FloatBuffer direct(int count) {
        return ByteBuffer.allocateDirect(4 * count)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    private static FloatBuffer random(int seed, int count) {
        Random random = new Random(seed);
        FloatBuffer values = direct(count);
        for (int i = 0; i < count; i++) {
            values.put(i, random.nextFloat() - 0.5f);
        }
        return values;
    }

    private static int slot(Invocation run, String name) {
        return run.problem().slot(name).shape().elements();
    }

    /** Forward and all three gradients; transfers and runs chained by events, the host waits for the last ones. */
    private static List<float[]> chain(Device device) {
        List<float[]> results = new ArrayList<>();
        try (Invocation forward = CONV.prepare(device, "forward");
                Invocation backInput = CONV.prepare(device, "backwardInput");
                Invocation backWeight = CONV.prepare(device, "backwardWeight");
                Invocation backBias = CONV.prepare(device, "backwardBias");
                Tensor input = forward.allocate("input");
                Tensor weight = forward.allocate("weight");
                Tensor bias = forward.allocate("bias");
                Tensor output = forward.allocate("output");
                Tensor gradInput = backInput.allocate("gradInput");
                Tensor gradWeight = backWeight.allocate("gradWeight");
                Tensor gradBias = backBias.allocate("gradBias")) {
            backInput.bind("gradOutput", output).bind("weight", weight);
            backWeight.bind("gradOutput", output).bind("input", input);
            backBias.bind("gradOutput", output);
            FloatBuffer outputs = direct(slot(forward, "output"));
            FloatBuffer inputs = direct(slot(backInput, "gradInput"));
            FloatBuffer weights = direct(slot(backWeight, "gradWeight"));
            FloatBuffer biases = direct(slot(backBias, "gradBias"));
            try (Event a = input.writeAsync(random(1, slot(forward, "input")));
                    Event b = weight.writeAsync(random(2, slot(forward, "weight")));
                    Event c = bias.writeAsync(random(3, slot(forward, "bias")));
                    Event run = forward.runAsync(a, b, c);
                    Event first = backInput.runAsync(run);
                    Event second = backWeight.runAsync(run);
                    Event third = backBias.runAsync(run);
                    Event w = output.readAsync(outputs, run);
                    Event x = gradInput.readAsync(inputs, first);
                    Event y = gradWeight.readAsync(weights, second, third);
                    Event z = gradBias.readAsync(biases, third)) {
                for (Event event : List.of(w, x, y, z)) {
                    event.await();
                    assertTrue(event.isDone());
                }
                assertTrue(run.isDone(), "what came before is done");
            }
            for (FloatBuffer values : List.of(outputs, inputs, weights, biases)) {
                float[] array = new float[values.capacity()];
                values.get(0, array);
                results.add(array);
            }
        }
        return results;
    }

    @Test
    void chainedWorkGivesWhatTheCpuGives() {
        List<float[]> expected = new ArrayList<>();
        EveryDevice.each(device -> {
            List<float[]> got = chain(device);
            if (expected.isEmpty()) {
                expected.addAll(got);
            }
            for (int i = 0; i < got.size(); i++) {
                assertArrayEquals(expected.get(i), got.get(i), 1e-3f, "result " + i + " on " + device.name());
            }
            float sum = 0;
            for (float value : got.get(0)) {
                sum += Math.abs(value);
            }
            assertTrue(sum > 1, "something was computed");
        });
    }

    @Test
    void eventsOfOtherDevicesAreWaitedFor() {
        EveryDevice.each(device -> {
            try (Device other = Device.cpu();
                    Device another = Device.open("auto");
                    Tensor tensor = device.allocate(DType.F32, Shape.of(64));
                    Tensor foreign = other.allocate(DType.F32, Shape.of(64));
                    Tensor third = another.allocate(DType.F32, Shape.of(64));
                    Event cpu = foreign.writeAsync(random(1, 64));
                    Event alien = third.writeAsync(random(2, 64), cpu);
                    Event written = tensor.writeAsync(random(3, 64), cpu, alien)) {
                assertTrue(cpu.isDone());
                assertTrue(alien.isDone(), "the call waited: no context is shared");
                written.await();
                assertEquals(random(3, 64).get(9), tensor.readFloats()[9]);
            }
        });
    }

    @Test
    void closedEventsAreRefused() {
        EveryDevice.each(device -> {
            try (Tensor tensor = device.allocate(DType.F32, Shape.of(4))) {
                Event event = tensor.writeAsync(random(1, 4));
                event.close();
                event.close();
                for (org.junit.jupiter.api.function.Executable call :
                        List.<org.junit.jupiter.api.function.Executable>of(
                                event::isDone, event::await, () -> tensor.readAsync(direct(4), event))) {
                    // An event that is done in any case need not be looked at again.
                    assertTrue(assertThrows(IllegalStateException.class, call)
                            .getMessage()
                            .contains("event"));
                }
                assertEquals(random(1, 4).get(3), tensor.readFloats()[3], "a close does not end the work");
            }
        });
    }

    @Test
    void runsTakeTheirEventsBack() {
        EveryDevice.each(device -> {
            Conv2d none = new Conv2d(0, 1, 3, 3, 1, Window.of(3, 3), 1, false);
            try (Invocation empty = none.prepare(device, "backwardWeight");
                    Tensor input = empty.allocate("input");
                    Tensor gradOutput = empty.allocate("gradOutput");
                    Tensor gradWeight = empty.allocate("gradWeight");
                    Event before = gradWeight.writeAsync(random(1, 9));
                    Event nothing = empty.runAsync(before)) {
                nothing.await();
                assertArrayEquals(new float[9], gradWeight.readFloats(), "a batch of 0 has a gradient of zeros");
                assertEquals(0, input.shape().elements() + gradOutput.shape().elements());
            }
            try (Invocation unbound = CONV.prepare(device, "forward")) {
                assertTrue(assertThrows(IllegalStateException.class, unbound::runAsync)
                        .getMessage()
                        .contains("not bound"));
            }
        });
    }

    private static WeakReference<FloatBuffer> forget(Tensor tensor) {
        FloatBuffer values = random(5, 1 << 16);
        tensor.writeAsync(values);
        return new WeakReference<>(values);
    }

    /** The memory of a transfer outlives its buffer's last user, and goes with the event. */
    @Test
    void forgottenEventsAreReportedAndTheirMemoryReleased(LeakReports leaks) {
        EveryDevice.each(device -> {
            try (Tensor tensor = device.allocate(DType.F32, Shape.of(1 << 16))) {
                WeakReference<FloatBuffer> memory = forget(tensor);
                List<String> reports = new ArrayList<>();
                for (int attempt = 0; attempt < 100 && (reports.isEmpty() || memory.get() != null); attempt++) {
                    System.gc();
                    device.liveBytes();
                    reports.addAll(leaks.take());
                }
                assertEquals(1, reports.size(), reports.toString());
                assertTrue(
                        reports.get(0).contains("event") && reports.get(0).contains("EventsTest.forget"),
                        reports.get(0));
                assertEquals(null, memory.get());
                assertEquals(random(5, 1 << 16).get(777), tensor.readFloats()[777]);
            }
        });
    }

    @Test
    void openEventsGoWithTheirDevice(LeakReports leaks) {
        for (String selector : Device.list().isEmpty() ? List.of("cpu") : List.of("cpu", "0")) {
            Device device = Device.open(selector);
            Tensor tensor = device.allocate(DType.F32, Shape.of(4));
            Event event = tensor.writeAsync(random(1, 4));
            device.close();
            assertEquals(2, leaks.take().size());
            assertThrows(IllegalStateException.class, event::await);
            event.close();
            tensor.close();
        }
    }

    /** Waiting for an event holds nothing that others need. */
    @Test
    void manyThreadsWaitAndWork() throws InterruptedException {
        for (String selector : Device.list().isEmpty() ? List.of("cpu") : List.of("cpu", "0")) {
            try (Device device = Device.open(selector)) {
                List<String> failures = new ArrayList<>();
                List<Thread> threads = new ArrayList<>();
                List<float[]> expected = chain(device);
                for (int i = 0; i < 6; i++) {
                    Thread thread = new Thread(() -> {
                        for (int round = 0; round < 10; round++) {
                            List<float[]> got = chain(device);
                            for (int j = 0; j < got.size(); j++) {
                                if (!java.util.Arrays.equals(expected.get(j), got.get(j))) {
                                    synchronized (failures) {
                                        failures.add("result " + j + " of round " + round);
                                    }
                                }
                            }
                        }
                    });
                    thread.setUncaughtExceptionHandler((t, e) -> {
                        synchronized (failures) {
                            failures.add(e.toString());
                        }
                    });
                    threads.add(thread);
                    thread.start();
                }
                for (Thread thread : threads) {
                    thread.join();
                }
                assertEquals(List.of(), failures);
            }
        }
    }
}
