package dev.clave.interop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.DeviceLostException;
import dev.clave.Event;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.op.Add;
import dev.clave.op.Chain;
import dev.clave.op.Conv2d;
import dev.clave.op.Format;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;
import dev.clave.op.Problem;
import dev.clave.op.Window;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/**
 * An application with an OpenCL of its own that lends it to us and takes ours; the host's side is written on the binding's API
 * alone, by the classes that extend this.
 */
abstract class InteropCases {
    /** What reference counts are asked of. */
    enum What {
        CONTEXT,
        QUEUE,
        BUFFER,
        EVENT
    }

    private static final Conv2d CONV = new Conv2d(2, 3, 9, 8, 4, Window.of(3, 3));

    private final List<Runnable> ends = new ArrayList<>();
    private Object context = this;
    private Object queue = this;

    // The host.

    /** OpenCL's device of the first platform, null when there is none. */
    abstract @Nullable Object hostDevice();

    abstract Object hostContext();

    abstract Object hostQueue(Object context, boolean inOrder);

    abstract Object hostBuffer(Object context, long bytes);

    abstract Object hostUserEvent(Object context);

    abstract void hostSetStatus(Object userEvent, int status);

    abstract void hostWrite(Object queue, Object buffer, float[] values);

    abstract float[] hostRead(Object queue, Object buffer, int count);

    abstract void hostWait(Object event);

    abstract int references(What what, Object object);

    abstract void release(What what, Object object);

    // The calls under test.

    abstract Device adopt(@Nullable Object context, @Nullable Object device, @Nullable Object queue);

    abstract Tensor adopt(Device device, Object memory, DType dtype, Shape shape);

    abstract Event adopt(Device device, Object event);

    abstract Object context(Device device);

    abstract Object device(Device device);

    abstract Object queue(Device device);

    abstract Object memory(Tensor tensor);

    abstract Object event(Event event);

    abstract String binding();

    /** Something that is none of OpenCL's, as far as a host can get it wrong without a crash: none at all. */
    abstract Object nothing();

    @BeforeEach
    void open() {
        boolean found = hostDevice() != null;
        if (!found) {
            System.out.println("interop is not tested here: no OpenCL device");
            assertEquals(null, System.getenv("CLAVE_REQUIRE_OPENCL"), "an OpenCL device was required");
        }
        Assumptions.assumeTrue(found, "no OpenCL device");
        context = made(What.CONTEXT, hostContext());
        queue = made(What.QUEUE, hostQueue(context, true));
    }

    @AfterEach
    void close() {
        for (int i = ends.size() - 1; i >= 0; i--) {
            ends.get(i).run();
        }
    }

    private Object made(What what, Object object) {
        ends.add(() -> release(what, object));
        return object;
    }

    /** PoCL's basic device works in the thread that enqueues: what waits for a gate there never comes back to open it. */
    private static void needsAnotherThread(Device device) {
        boolean other = !device.name().startsWith("basic");
        if (!other) {
            System.out.println("skipped: " + device.name() + " works in the caller's thread, nothing can be held back");
        }
        Assumptions.assumeTrue(other, "works in the caller's thread");
    }

    private Object buffer(int count) {
        return made(What.BUFFER, hostBuffer(context, 4L * count));
    }

    private static float[] random(int seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }

    private static FloatBuffer direct(float[] values) {
        return ByteBuffer.allocateDirect(4 * values.length)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer()
                .put(0, values);
    }

    private static String refused(Executable call) {
        return assertThrows(IllegalArgumentException.class, call).getMessage();
    }

    private static float[] onTheCpu(String direction, String result, String... inputs) {
        try (Device cpu = Device.cpu();
                Invocation run = CONV.prepare(cpu, direction);
                Tensor output = run.allocate(result)) {
            List<Tensor> tensors = new ArrayList<>();
            for (String input : inputs) {
                Tensor tensor = run.allocate(input);
                tensors.add(tensor.write(random(input.length(), tensor.shape().elements())));
            }
            run.run();
            tensors.forEach(Tensor::close);
            return output.readFloats();
        }
    }

    /** The host writes and reads its own buffers through its own queue; we compute in between. */
    @Test
    void convolutionForwardAndBackwardInTheHostsBuffers() {
        try (Device device = adopt(context, hostDevice(), queue)) {
            for (String[] run : new String[][] {
                {"forward", "output", "input", "weight", "bias"},
                {"backwardInput", "gradInput", "gradOutput", "weight"},
                {"backwardWeight", "gradWeight", "input", "gradOutput"},
                {"backwardBias", "gradBias", "gradOutput"}
            }) {
                String[] inputs = List.of(run).subList(2, run.length).toArray(String[]::new);
                try (Invocation invocation = CONV.prepare(device, run[0])) {
                    Object result = this;
                    List<Tensor> tensors = new ArrayList<>();
                    for (var slot : invocation.problem().slots()) {
                        int count = slot.shape().elements();
                        Object memory = buffer(count);
                        if (slot.name().equals(run[1])) {
                            result = memory;
                        } else {
                            hostWrite(queue, memory, random(slot.name().length(), count));
                        }
                        Tensor tensor = adopt(device, memory, DType.F32, slot.shape());
                        tensors.add(tensor);
                        invocation.bind(slot.name(), tensor);
                    }
                    invocation.runAsync().close();
                    float[] expected = onTheCpu(run[0], run[1], inputs);
                    assertArrayEquals(expected, hostRead(queue, result, expected.length), 1e-4f, run[0]);
                    tensors.forEach(Tensor::close);
                }
            }
            assertEquals(binding(), device.info().binding());
            assertEquals(0, device.liveBytes(), "the host's memory is not ours");
        }
    }

    @Test
    void adoptedObjectsAreRetainedAndReleased() {
        Object buffer = buffer(4);
        Object event = made(What.EVENT, hostUserEvent(context));
        hostSetStatus(event, 0);
        hostWrite(queue, buffer, new float[4]); // PoCL's queue holds its last command, and that the queue
        int contexts = references(What.CONTEXT, context);
        int queues = references(What.QUEUE, queue);
        int buffers = references(What.BUFFER, buffer);
        int events = references(What.EVENT, event);
        try (Device device = adopt(context, hostDevice(), queue)) {
            assertEquals(queues + 1, references(What.QUEUE, queue));
            assertEquals(contexts + 1, references(What.CONTEXT, context));
            try (Tensor tensor = adopt(device, buffer, DType.F32, Shape.of(4));
                    Tensor again = adopt(device, buffer, DType.I32, Shape.of(2, 2));
                    Event adopted = adopt(device, event)) {
                assertEquals(buffers + 2, references(What.BUFFER, buffer));
                assertEquals(events + 1, references(What.EVENT, event));
                assertTrue(adopted.isDone());
                tensor.write(1f, 2f, 3f, 4f);
                assertEquals(Float.floatToIntBits(3f), again.readInts()[2], "the same memory");
            }
            assertEquals(buffers, references(What.BUFFER, buffer));
            assertEquals(events, references(What.EVENT, event));
        }
        assertEquals(queues, references(What.QUEUE, queue));
        assertEquals(contexts, references(What.CONTEXT, context));
        hostWrite(queue, buffer, new float[] {5, 6, 7, 8});
        assertEquals(8, hostRead(queue, buffer, 4)[3], "the host goes on");
    }

    /** The host may let go of its own reference as soon as we have ours. */
    @Test
    void adoptedObjectsOutliveTheHostsReference() {
        Object other = hostContext();
        Object otherQueue = hostQueue(other, true);
        Object memory = hostBuffer(other, 16);
        Device device = adopt(other, hostDevice(), otherQueue);
        Tensor tensor = adopt(device, memory, DType.F32, Shape.of(4));
        release(What.BUFFER, memory);
        release(What.QUEUE, otherQueue);
        release(What.CONTEXT, other);
        assertArrayEquals(new float[] {1, 2, 3, 4}, tensor.write(1f, 2f, 3f, 4f).readFloats());
        tensor.close();
        device.close();
    }

    @Test
    void refusedHandlesLeaveEverythingAsItWas() {
        Object other = made(What.CONTEXT, hostContext());
        Object foreign = made(What.QUEUE, hostQueue(other, true));
        Object foreignBuffer = made(What.BUFFER, hostBuffer(other, 64));
        Object foreignEvent = made(What.EVENT, hostUserEvent(other));
        Object wild = made(What.QUEUE, hostQueue(context, false));
        Object small = buffer(3);
        int contexts = references(What.CONTEXT, context);
        assertEquals("the queue belongs to another context", refused(() -> adopt(context, hostDevice(), foreign)));
        assertTrue(refused(() -> adopt(context, hostDevice(), wild)).startsWith("the queue executes out of order"));
        for (Supplier<Device> call : List.<Supplier<Device>>of(
                () -> adopt(nothing(), hostDevice(), queue), () -> adopt(context, nothing(), queue))) {
            assertNotEquals("", refused(call::get));
        }
        assertEquals(contexts, references(What.CONTEXT, context), "nothing is kept of what was refused");
        assertEquals(1, references(What.QUEUE, wild));
        try (Device device = adopt(context, hostDevice(), queue)) {
            assertEquals(
                    "a tensor F32[2, 2] takes 16 bytes, and the buffer has 12",
                    refused(() -> adopt(device, small, DType.F32, Shape.of(2, 2))));
            assertEquals(
                    "the buffer belongs to another context than the device",
                    refused(() -> adopt(device, foreignBuffer, DType.F32, Shape.of(4))));
            assertEquals(
                    "the event belongs to another context than the device", refused(() -> adopt(device, foreignEvent)));
            assertNotEquals("", refused(() -> adopt(device, nothing(), DType.U8, Shape.of(1))));
            assertEquals(1, references(What.BUFFER, small));
            assertEquals(1, references(What.BUFFER, foreignBuffer));
            assertEquals(1, references(What.EVENT, foreignEvent));
            try (Device cpu = Device.cpu();
                    Tensor ours = cpu.allocate(DType.F32, Shape.of(4));
                    Event done = ours.readAsync(direct(new float[4]))) {
                assertTrue(
                        refused(() -> adopt(cpu, small, DType.F32, Shape.of(3))).contains("is no OpenCL device"));
                assertTrue(refused(() -> memory(ours)).contains("is no OpenCL device"));
                assertTrue(refused(() -> queue(cpu)).contains("is no OpenCL device"));
                assertTrue(refused(() -> event(done)).contains("no OpenCL device"));
            }
        }
        hostSetStatus(foreignEvent, 0);
    }

    @Test
    void nothingComesOfClosedThings() {
        Object buffer = buffer(4);
        Device device = adopt(context, hostDevice(), queue);
        Tensor tensor = adopt(device, buffer, DType.F32, Shape.of(4));
        tensor.close();
        tensor.close();
        String closed =
                assertThrows(IllegalStateException.class, tensor::readFloats).getMessage();
        assertTrue(closed.startsWith("adopted tensor F32[4] of device "), closed);
        assertThrows(IllegalStateException.class, () -> memory(tensor));
        device.close();
        device.close();
        assertThrows(IllegalStateException.class, () -> adopt(device, buffer, DType.F32, Shape.of(4)));
        for (Executable call : List.<Executable>of(() -> context(device), () -> queue(device), () -> device(device))) {
            assertTrue(
                    assertThrows(IllegalStateException.class, call).getMessage().contains("is closed"));
        }
    }

    /** Handing out the queue begins what a chain has put off, and from then on it puts off nothing. */
    @Test
    void nothingIsPutOffBehindTheHostsBack() {
        Problem sum = new Add(1, 2).problem("accumulate", Format.NCHW);
        try (Device device = Device.open("0", binding());
                Invocation one = Operators.prepare(device, sum);
                Invocation two = Operators.prepare(device, sum);
                Tensor input = one.allocate("input").write(1f, 2f);
                Tensor total = one.allocate("sum").write(0f, 0f);
                Chain chain = Chain.of(List.of(one, two))) {
            two.bind("input", input).bind("sum", total);
            Object memory = memory(total);
            chain.runLater();
            chain.runLater();
            Object queue = queue(device);
            assertArrayEquals(new float[] {4, 8}, hostRead(queue, memory, 2));
            chain.runLater();
            assertArrayEquals(new float[] {6, 12}, hostRead(queue, memory, 2));
        }
    }

    /** A device of ours, seen by the host: it computes on our queue, and its buffers become our tensors. */
    @Test
    void whatWeHandOutWorksInTheHost() {
        try (Device device = Device.open("0", binding());
                Tensor tensor = device.allocate(DType.F32, Shape.of(256)).write(random(1, 256));
                Tensor view = tensor.view(64, Shape.of(32));
                Tensor whole = tensor.view(0, Shape.of(256))) {
            assertArrayEquals(random(1, 256), hostRead(queue(device), memory(tensor), 256));
            assertArrayEquals(
                    List.of(random(1, 256)).get(0),
                    hostRead(queue(device), memory(whole), 256),
                    "a view of everything");
            assertEquals(random(1, 256)[70], hostRead(queue(device), memory(view), 32)[6]);
            hostWrite(queue(device), memory(view), new float[32]);
            assertEquals(0, tensor.readFloats()[64]);
            Object buffer = hostBuffer(context(device), 16);
            try (Tensor adopted = adopt(device, buffer, DType.F32, Shape.of(4))) {
                release(What.BUFFER, buffer);
                assertEquals(2, adopted.write(1f, 2f, 3f, 4f).readFloats()[1]);
            }
            try (Event event = tensor.writeAsync(direct(random(2, 256)))) {
                hostWait(event(event));
                assertTrue(event.isDone());
            }
            assertArrayEquals(random(2, 256), tensor.readFloats());
        }
    }

    /** Two queues of one context: what waits does not begin before, and whoever waits hinders nobody. */
    @Test
    @Timeout(60)
    void queuesWaitForEachOtherAndNobodyElseDoes() throws InterruptedException {
        Object gate = made(What.EVENT, hostUserEvent(context));
        CountDownLatch waiting = new CountDownLatch(1);
        try (Device first = adopt(context, hostDevice(), queue);
                Device second = adopt(context, hostDevice(), null);
                Tensor values = first.allocate(DType.F32, Shape.of(1000)).write(new float[1000]);
                Tensor seen = adopt(second, memory(values), DType.F32, Shape.of(1000));
                Event opened = adopt(first, gate)) {
            needsAnotherThread(first);
            FloatBuffer source = direct(random(3, 1000));
            FloatBuffer target = direct(new float[1000]);
            try (Event written = values.writeAsync(source, opened);
                    Event read = seen.readAsync(target, written)) {
                Thread waiter = new Thread(() -> {
                    waiting.countDown();
                    read.await();
                });
                waiter.start();
                waiting.await();
                Thread.sleep(100);
                assertFalse(opened.isDone());
                assertFalse(written.isDone(), "the host holds it back");
                assertFalse(read.isDone(), "the other queue waits");
                assertEquals(0, target.get(5));
                // A thread waits, and both devices serve.
                for (Device device : List.of(first, second)) {
                    device.allocate(DType.F32, Shape.of(10)).close();
                    CONV.prepare(device, "backwardBias").close();
                }
                assertFalse(read.isDone());
                hostSetStatus(gate, 0);
                waiter.join(TimeUnit.SECONDS.toMillis(30));
                assertFalse(waiter.isAlive(), "the wait ended");
                assertTrue(read.isDone() && written.isDone());
                assertEquals(random(3, 1000)[5], target.get(5));
            }
        }
    }

    /** Between two invocations on two queues, and with a wait list that has events of both devices. */
    @Test
    void runsOnTwoQueuesFollowTheirEvents() {
        try (Device first = adopt(context, hostDevice(), queue);
                Device second = adopt(context, hostDevice(), null);
                Invocation forward = CONV.prepare(first, "forward");
                Invocation backward = CONV.prepare(second, "backwardWeight");
                Tensor input = forward.allocate("input");
                Tensor weight = forward.allocate("weight");
                Tensor bias = forward.allocate("bias");
                Tensor output = forward.allocate("output");
                Tensor gradWeight = backward.allocate("gradWeight");
                Tensor sameInput = adopt(second, memory(input), DType.F32, input.shape());
                Tensor sameOutput = adopt(second, memory(output), DType.F32, output.shape())) {
            weight.write(random(6, 108));
            bias.write(new float[4]);
            backward.bind("input", sameInput).bind("gradOutput", sameOutput);
            float[] last = {};
            for (int round = 0; round < 20; round++) {
                float[] values = random(round, input.shape().elements());
                try (Event written = sameInput.writeAsync(direct(values));
                        Event run = forward.runAsync(written);
                        Event back = backward.runAsync(run, written)) {
                    back.await();
                }
                last = gradWeight.readFloats();
            }
            try (Device cpu = Device.cpu();
                    Invocation run = CONV.prepare(cpu, "forward");
                    Invocation back = CONV.prepare(cpu, "backwardWeight");
                    Tensor x =
                            run.allocate("input").write(random(19, input.shape().elements()));
                    Tensor w = run.allocate("weight").write(random(6, 108));
                    Tensor b = run.allocate("bias").write(new float[4]);
                    Tensor y = run.allocate("output");
                    Tensor g = back.allocate("gradWeight")) {
                run.run();
                back.bind("input", x).bind("gradOutput", y).run();
                assertEquals(108, w.shape().elements() + b.shape().elements() - 4);
                assertArrayEquals(g.readFloats(), last, 1e-3f);
            }
        }
    }

    /** What waits for a failed event fails too, says so, and the device lives. */
    @Test
    @Timeout(60)
    void failureOfAnEventReachesWhoeverWaits() {
        Object gate = made(What.EVENT, hostUserEvent(context));
        try (Device device = adopt(context, hostDevice(), queue);
                Tensor values = device.allocate(DType.F32, Shape.of(16)).write(new float[16]);
                Event opened = adopt(device, gate)) {
            needsAnotherThread(device);
            Event written = values.writeAsync(direct(random(1, 16)), opened);
            hostSetStatus(gate, -6);
            String why = assertThrows(DeviceException.class, opened::await).getMessage();
            assertTrue(why.contains("CL_OUT_OF_HOST_MEMORY (-6)"), why);
            assertTrue(opened.isDone(), "failed is done");
            DeviceException failure = assertThrows(DeviceException.class, written::await);
            assertFalse(failure instanceof DeviceLostException, String.valueOf(failure));
            assertTrue(written.isDone());
            written.close(); // who waited was told
            Event late = adopt(device, gate);
            assertThrows(DeviceException.class, () -> values.readAsync(direct(new float[16]), late));
            late.close();
            assertArrayEquals(random(2, 16), values.write(random(2, 16)).readFloats(), "the device lives");
        }
    }

    /** Nobody waited, and a transfer that failed is not forgotten. */
    @Test
    @Timeout(60)
    void closeTellsOfAFailedTransfer() {
        Object gate = made(What.EVENT, hostUserEvent(context));
        try (Device device = adopt(context, hostDevice(), queue);
                Tensor values = device.allocate(DType.F32, Shape.of(16)).write(new float[16]);
                Event opened = adopt(device, gate)) {
            needsAnotherThread(device);
            Event written = values.writeAsync(direct(random(1, 16)), opened);
            hostSetStatus(gate, -6);
            assertThrows(DeviceException.class, written::close);
            written.close();
        }
    }
}
