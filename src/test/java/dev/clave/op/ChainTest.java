package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Event;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.opencl.OpenClDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A chain gives the bits that its invocations give one by one, in fewer launches where the device allows. */
@ExtendWith(TestDevices.Parameter.class)
class ChainTest {
    private static final int PARTS = 12;
    private static final int PART = 4096;

    private final TestDevices devices;

    ChainTest(TestDevices devices) {
        this.devices = devices;
    }

    /** In one launch whatever it is worth. */
    private static Chain forced(List<Invocation> invocations, int patience) {
        return Chain.of(invocations, run -> true, patience);
    }

    @Test
    void everyKernelGivesTheSameBitsInAChain() {
        for (Device device : devices.openCl()) {
            for (OpCase op : Chain.isSupported(device) ? TinyCases.of(devices.cpu(), device) : List.<OpCase>of()) {
                for (int lanes : new int[] {1, 16}) {
                    everyCandidate((OpenClDevice) device, op, lanes);
                }
            }
        }
    }

    private void everyCandidate(OpenClDevice device, OpCase op, int lanes) {
        Problem problem = op.geometry().problem(op.direction(), new Format(DType.F32, lanes));
        List<OpenClCandidate> candidates = new ArrayList<>(Operators.rows().get(problem.operator()));
        candidates.addAll(TinyCases.beneath(device, problem));
        List<Invocation> invocations = new ArrayList<>();
        List<Harness.Bound> bound = new ArrayList<>();
        try {
            List<Map<String, Object>> alone = new ArrayList<>();
            for (OpenClCandidate candidate : candidates) {
                if (!candidate.usesBarriers() && candidate.refuses(problem, device) == null) {
                    alone.add(Harness.run(device, problem, candidate, op));
                    Invocation invocation = Invocation.openCl(device, problem, candidate);
                    invocations.add(invocation);
                    bound.add(new Harness.Bound(device, invocation, op));
                }
            }
            try (Chain chain = forced(invocations, ChainSource.PATIENCE)) {
                chain.run();
                assertEquals(1, chain.launches(), () -> problem + ": the chain was not built");
            }
            for (int i = 0; i < alone.size(); i++) {
                String what =
                        op.name() + " " + problem + " " + invocations.get(i).candidate() + " lanes " + lanes;
                Exact.check(what + " in a chain", alone.get(i), bound.get(i).results());
                devices.count(device, problem.operator());
            }
        } finally {
            bound.forEach(Harness.Bound::close);
            invocations.forEach(Invocation::close);
        }
    }

    /** Parts of one buffer that overlap, read and written in every order; with little patience groups give up. */
    @Test
    void whoeverSharesMemoryWaits() {
        for (Device device : devices.openCl()) {
            float[] expected = mixed(device, 0);
            for (int patience : new int[] {1, 50, ChainSource.PATIENCE}) {
                assertArrayEquals(expected, mixed(device, patience), device.name() + ", patience " + patience);
            }
        }
    }

    private static float[] mixed(Device device, int patience) {
        SplittableRandom random = new SplittableRandom(3);
        List<Invocation> invocations = new ArrayList<>();
        List<Tensor> tensors = new ArrayList<>();
        Tensor memory = device.allocate(DType.F32, Shape.of(PARTS * PART));
        try {
            memory.write(start());
            for (int i = 0; i < 40; i++) {
                int to = random.nextInt(PARTS - 1);
                int from = random.nextInt(PARTS - 1);
                while (Math.abs(to - from) < 2) { // an operator's own tensors are apart
                    from = random.nextInt(PARTS - 1);
                }
                Tensor input = memory.view(from * PART, Shape.of(PART * 3 / 2));
                Tensor output = memory.view(to * PART, Shape.of(PART * 3 / 2));
                tensors.add(input);
                tensors.add(output);
                invocations.add(step(device, i, input, output));
            }
            try (Chain chain = forced(invocations, patience)) {
                for (int run = 0; run < 25; run++) {
                    chain.run();
                }
                assertEquals(isBuilt(device, patience) ? 1 : invocations.size(), chain.launches());
            }
            return memory.readFloats();
        } finally {
            invocations.forEach(Invocation::close);
            tensors.forEach(Tensor::close);
            memory.close();
        }
    }

    private static boolean isBuilt(Device device, int patience) {
        return patience > 0 && Chain.isSupported(device);
    }

    private static float[] start() {
        float[] start = new float[PARTS * PART];
        for (int i = 0; i < start.length; i++) {
            start[i] = i % 7 - 3;
        }
        return start;
    }

    /** tanh of what is read, or its sum with what is there. */
    private static Invocation step(Device device, int i, Tensor input, Tensor output) {
        Format plain = new Format(DType.F32, 1);
        int count = input.shape().elements();
        return i % 2 == 0
                ? Operators.prepare(device, new Activation(Activation.Kind.TANH, 1, count, 0).problem("forward", plain))
                        .bind("input", input)
                        .bind("output", output)
                : Operators.prepare(device, new Add(1, count).problem("accumulate", plain))
                        .bind("input", input)
                        .bind("sum", output);
    }

    /** Scalars and tensors may change between runs. */
    @Test
    @SuppressWarnings("try") // what is closed too early is the matter
    void whatIsSetOrBoundLaterCounts() {
        for (Device device : devices.all()) {
            Format plain = new Format(DType.F32, 1);
            try (Invocation sgd = Operators.prepare(device, new Sgd(3, 0, 0, false).problem("forward", plain));
                    Invocation add = Operators.prepare(device, new Add(1, 3).problem("forward", plain));
                    Tensor values = sgd.allocate("parameter");
                    Tensor gradient = sgd.allocate("gradient");
                    Tensor velocity = sgd.allocate("velocity");
                    Tensor sum = add.allocate("output");
                    Tensor other = device.allocate(DType.F32, Shape.of(3));
                    Chain chain = Chain.of(List.of(sgd, add))) {
                velocity.write(new float[3]);
                values.write(new float[] {1, 2, 3});
                gradient.write(new float[] {1, 1, 2});
                other.write(new float[] {8, 16, 32});
                add.bind("a", values).bind("b", values);
                assertThrows(IllegalStateException.class, chain::run, "a scalar is missing");
                sgd.set("learning_rate", 1);
                chain.run();
                assertArrayEquals(new float[] {0, 2, 2}, sum.readFloats(), device.name());
                sgd.set("learning_rate", 2);
                chain.run();
                assertArrayEquals(new float[] {-4, -2, -6}, sum.readFloats(), device.name());
                add.bind("b", other);
                chain.run();
                assertArrayEquals(new float[] {4, 13, 25}, sum.readFloats(), device.name());
                add.bind("b", values);
                sgd.set("learning_rate", 0);
                chain.run();
                assertArrayEquals(new float[] {-8, -6, -14}, sum.readFloats(), device.name());
                assertEquals(Chain.isSupported(device) ? 1 : 2, chain.launches());
                other.close();
                chain.run();
                values.close();
                assertThrows(IllegalStateException.class, chain::run, "a tensor is closed");
                add.close();
                assertThrows(IllegalStateException.class, chain::run, "an invocation is closed");
            }
        }
    }

    /** Runs that are put off, each with scalars of its own, of two chains that take turns on the same memory. */
    @Test
    void whatIsPutOffComesInOrder() {
        for (Device device : devices.all()) {
            float[][] results = new float[2][];
            for (int later = 0; later < 2; later++) {
                Format plain = new Format(DType.F32, 1);
                try (Invocation sgd = Operators.prepare(device, new Sgd(3, 0, 0, false).problem("forward", plain));
                        Invocation add = Operators.prepare(device, new Add(1, 3).problem("accumulate", plain));
                        Tensor values = sgd.allocate("parameter");
                        Tensor gradient = sgd.allocate("gradient");
                        Tensor velocity = sgd.allocate("velocity");
                        Tensor other = device.allocate(DType.F32, Shape.of(3));
                        Chain one = forced(List.of(sgd), ChainSource.PATIENCE);
                        Chain two = forced(List.of(add, sgd), ChainSource.PATIENCE)) {
                    velocity.write(new float[3]);
                    values.write(new float[] {1, 2, 3});
                    gradient.write(new float[] {1, 1, 2});
                    other.write(new float[] {8, 16, 32});
                    add.bind("sum", gradient).bind("input", other);
                    for (int run = 0; run < 60; run++) {
                        sgd.set("learning_rate", run % 5 * 0.125);
                        Chain chain = run % 23 < 20 ? two : one;
                        if (run == 40) {
                            add.bind("input", values); // those put off read what was bound before
                        }
                        if (run == 50) {
                            values.write(new float[] {1, -1, 0.5f}); // behind what was put off
                        }
                        if (later == 0 || run % 17 == 16) {
                            chain.run();
                        } else {
                            chain.runLater();
                        }
                    }
                    results[later] = values.readFloats();
                }
            }
            assertArrayEquals(results[0], results[1], device.name());
        }
    }

    /** Whoever closes a chain has what it put off. */
    @Test
    void closingBeginsWhatWasPutOff() {
        for (Device device : devices.openCl()) {
            Format plain = new Format(DType.F32, 1);
            try (Invocation add = Operators.prepare(device, new Add(1, 2).problem("accumulate", plain));
                    Tensor input = add.allocate("input");
                    Tensor sum = add.allocate("sum")) {
                input.write(new float[] {1, -2});
                sum.write(new float[2]);
                try (Chain chain = forced(List.of(add), ChainSource.PATIENCE)) {
                    for (int i = 0; i < 13; i++) {
                        chain.runLater();
                    }
                }
                assertArrayEquals(new float[] {13, -26}, sum.readFloats(), device.name());
            }
        }
    }

    @Test
    void eventsBeforeAndBehind() {
        for (Device device : devices.all()) {
            Format plain = new Format(DType.F32, 1);
            try (Invocation first = Operators.prepare(device, new Add(1, 3).problem("accumulate", plain));
                    Invocation second = Operators.prepare(device, new Add(1, 3).problem("accumulate", plain));
                    Tensor input = first.allocate("input");
                    Tensor sum = first.allocate("sum");
                    Tensor more = second.allocate("sum");
                    Chain none = Chain.of(List.of());
                    Chain chain = Chain.of(List.of(first, second))) {
                sum.write(new float[3]);
                more.write(new float[] {1, 1, 1});
                second.bind("input", sum);
                assertThrows(IllegalStateException.class, none::runAsync);
                FloatBuffer values = ByteBuffer.allocateDirect(12)
                        .order(ByteOrder.nativeOrder())
                        .asFloatBuffer()
                        .put(new float[] {1, 2, 3})
                        .flip();
                try (Event written = input.writeAsync(values);
                        Event once = chain.runAsync(written);
                        Event twice = chain.runAsync(once)) {
                    twice.await();
                    assertTrue(once.isDone(), device.name());
                }
                assertArrayEquals(new float[] {4, 7, 10}, more.readFloats(), device.name());
            }
        }
    }

    @Test
    void doublesAndSingleLaunches() {
        for (Device device : devices.openCl()) {
            if (!device.info().fp64()) {
                continue;
            }
            Format wide = new Format(DType.F64, 1);
            try (Invocation first = Operators.prepare(device, new Gemm(3, 4, 5).problem("forward", wide));
                    Tensor a = first.allocate("a");
                    Tensor b = first.allocate("b");
                    Tensor product = first.allocate("c");
                    Chain single = Chain.of(List.of(first));
                    Chain forced = forced(List.of(first), ChainSource.PATIENCE)) {
                a.write(new double[] {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.5});
                b.write(new double[20]);
                single.run();
                double[] expected = product.readDoubles();
                product.write(new double[12]);
                forced.run();
                assertArrayEquals(expected, product.readDoubles(), device.name());
                assertEquals(1, single.launches());
            }
        }
    }

    /** More memory than the arguments of one kernel may name. */
    @Test
    void longChainsAreSplit() {
        for (Device device : devices.openCl()) {
            Format plain = new Format(DType.F32, 1);
            List<Invocation> invocations = new ArrayList<>();
            List<Tensor> tensors = new ArrayList<>();
            for (int i = 0; i < 150; i++) {
                Invocation add = Operators.prepare(device, new Add(1, 3).problem("accumulate", plain));
                invocations.add(add);
                tensors.add(add.allocate("input").write(new float[] {i, 1, -i}));
                tensors.add(add.allocate("sum").write(new float[] {1, 2, 3}));
            }
            try (Chain chain = forced(invocations, ChainSource.PATIENCE)) {
                chain.run();
                for (int i = 0; i < 150; i++) {
                    assertArrayEquals(
                            new float[] {i + 1, 3, 3 - i},
                            tensors.get(2 * i + 1).readFloats());
                }
                long most = ((OpenClDevice) device).parameterBytes() / (2 * Long.BYTES);
                assertTrue(
                        Chain.isSupported(device)
                                ? chain.launches() >= 150 / Math.min(64, most) && chain.launches() < 20
                                : chain.launches() == 150,
                        device.name() + ": " + chain.launches() + " launches");
            }
            invocations.forEach(Invocation::close);
            tensors.forEach(Tensor::close);
        }
    }

    /** What the self-test found wrong is not used; on every device here it finds nothing. */
    @Test
    void theSelfTestHasItsSay() {
        for (Device device : devices.openCl()) {
            assertNull(ChainCheck.wrong((OpenClDevice) device), device.name());
        }
        for (int i = 0; i < Device.list().size(); i++) {
            try (Device device = Device.open(String.valueOf(i))) {
                OpenClDevice openCl = (OpenClDevice) device;
                openCl.once(Verdict.class, () -> new Verdict(Map.of(Verdict.CHAIN, "they do not wait")));
                try (Invocation one = Operators.prepare(device, new Add(1, 3).problem("forward", Format.NCHW));
                        Invocation two = Operators.prepare(device, new Add(1, 3).problem("forward", Format.NCHW));
                        Chain chain = Chain.of(List.of(one, two))) {
                    assertEquals(2, chain.launches(), device.name());
                }
            }
        }
    }

    @Test
    void oneDeviceForAll() {
        Format plain = new Format(DType.F32, 1);
        try (Device other = Device.cpu();
                Invocation here = Operators.prepare(devices.cpu(), new Add(1, 3).problem("forward", plain));
                Invocation there = Operators.prepare(other, new Add(1, 3).problem("forward", plain))) {
            String message = assertThrows(IllegalArgumentException.class, () -> Chain.of(List.of(here, there)))
                    .getMessage();
            assertTrue(message.startsWith("a chain runs on one device"), message);
        }
        try (Chain none = Chain.of(List.of())) {
            none.run();
            assertEquals(0, none.launches());
        }
    }
}
