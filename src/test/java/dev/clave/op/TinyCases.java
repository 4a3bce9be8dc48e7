package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;

/**
 * Every operator in every direction on sizes so small that a memory checker walks them in minutes and a slow compiler
 * compiles them, with tails for every layout, tile and work-group. Three samples leave a tail in each block of lanes; 67
 * elements leave one in a work-group of 64. What is expected comes from the plain Java twin.
 */
final class TinyCases {
    private TinyCases() {}

    /** The cases that suit a device. */
    static List<OpCase> of(Device cpu, Device device) {
        // A square of 16 vectors in registers is hundreds of them for a compiler without vectors.
        return isSlowToCompile(device)
                ? of(cpu, smallConvolutions(), smallFused(), new int[] {4})
                : of(cpu, convolutions(), fused(), new int[] {4, 8, 16});
    }

    /**
     * Whether large register tiles take minutes to compile (rusticl 22.3 on llvmpipe: 22 s for one of 25 vectors of 16): there
     * tiles of a few vectors must do.
     */
    static boolean isSlowToCompile(Device device) {
        return device.info().platform().equals("rusticl");
    }

    private static List<OpCase> of(Device cpu, List<Conv2d> convolutions, List<Conv2dPool2d> fused, int[] transposed) {
        List<OpCase> all = new ArrayList<>();
        List<Geometry> geometries = new ArrayList<>(convolutions);
        geometries.addAll(others());
        for (int rows : transposed) {
            geometries.add(new Transpose(3, Shape.of(rows, 35), List.of(1, 0)));
        }
        for (Geometry geometry : geometries) {
            for (String direction : geometry.directions()) {
                OpCase op = drawn(geometry, direction);
                Map<String, Object> expected = Harness.run(new TestDevices.Place(cpu, op.plain(), "reference"), op);
                all.add(new OpCase(op.name(), geometry, direction, op.inputs(), op.scalars(), expected));
            }
        }
        for (Conv2dPool2d geometry : fused) {
            all.addAll(FusedCases.cases(cpu, geometry));
        }
        return all;
    }

    /** Several tiles and a few work-items each even on tiny shapes. */
    private static final LocalTile TILE = new LocalTile(4, 8, 4, 2, 2);

    /**
     * Candidates that are right on a problem but leave it to others, because it is too small to pay or they are made for GPUs: for
     * the walk, which takes them all the same.
     */
    static List<OpenClCandidate> beneath(OpenClDevice device, Problem problem) {
        List<OpenClCandidate> all = new ArrayList<>();
        for (OpenClCandidate candidate : Operators.rows().get(problem.operator())) {
            if (candidate.refuses(problem, device) == null && candidate.doubts(problem, device) != null) {
                all.add(candidate);
            }
        }
        if (problem.geometry() instanceof Gemm) {
            all.add(new GemmLocalOpenCl(TILE));
        } else if (problem.geometry() instanceof Conv2d) {
            all.add(new Conv2dImplicitOpenCl(TILE));
        }
        return all;
    }

    /** Tiles that divide and tiles that do not, one whole row and parts of one; strides, dilation, groups, one pixel. */
    private static List<Conv2d> convolutions() {
        return List.of(
                new Conv2d(3, 2, 4, 5, 5, Window.of(3, 3).pad(1), 1, true),
                new Conv2d(3, 4, 5, 6, 6, Window.of(3, 2).stride(2, 1).pad(1, 0, 0, 1), 2, false),
                new Conv2d(1, 1, 5, 19, 3, Window.of(2, 2).stride(1, 2).dilation(2, 1), 1, true),
                new Conv2d(3, 19, 1, 1, 13, Window.of(1, 1), 1, true),
                new Conv2d(3, 9, 2, 2, 5, Window.of(1, 1), 1, false),
                new Conv2d(2, 16, 2, 1, 17, Window.of(1, 1), 1, false),
                new Conv2d(3, 3, 5, 18, 3, Window.of(3, 2).pad(1, 1, 0, 1), 3, true),
                new Conv2d(2, 2, 6, 7, 2, Window.of(2, 3).stride(2, 3).pad(1).dilation(1, 2), 2, false));
    }

    private static List<Conv2d> smallConvolutions() {
        return List.of(
                new Conv2d(3, 2, 3, 3, 2, Window.of(2, 2).pad(1, 0, 0, 1), 1, true),
                new Conv2d(3, 4, 4, 3, 2, Window.of(2, 1).stride(2, 2).dilation(2, 1), 2, false),
                new Conv2d(3, 9, 1, 1, 3, Window.of(1, 1), 1, true),
                new Conv2d(2, 2, 3, 5, 2, Window.of(2, 2).stride(2, 1), 2, true));
    }

    private static List<Conv2dPool2d> smallFused() {
        Conv2d conv = new Conv2d(3, 1, 2, 2, 1, Window.of(1, 1), 1, true);
        return List.of(
                FusedCases.of(conv, null, true, FusedCases.HALF, Activation.Kind.TANH),
                FusedCases.of(conv, Activation.Kind.RELU, false, FusedCases.HALF, null));
    }

    private static List<Geometry> others() {
        List<Geometry> all = new ArrayList<>();
        Window overlapping = Window.of(3, 2).stride(2, 1).pad(1);
        for (boolean ceil : new boolean[] {false, true}) {
            all.add(new MaxPool2d(3, 2, 5, 4, overlapping, ceil));
            all.add(new AvgPool2d(3, 2, 5, 4, overlapping, ceil, !ceil));
        }
        all.add(new Gemm(6, 19, 5, false, false, 1, 0, 5, 19, 19, true, Gemm.Epilogue.RELU));
        all.add(new Gemm(5, 17, 3, true, true, 2, 1, 7, 4, 18, false, Gemm.Epilogue.NONE));
        all.add(new Gemm(3, 5, 7, false, true, 0.0625, 0, 7, 7, 5, true, Gemm.Epilogue.TANH));
        for (Activation.Kind kind : Activation.Kind.values()) {
            all.add(new Activation(kind, 3, 67, 0.25));
        }
        all.add(new Softmax(3, 7));
        all.add(new LogSoftmax(3, 7));
        all.add(new SoftmaxCrossEntropy(3, 7, -100, 32));
        all.add(new Add(3, 67));
        all.add(new BiasAdd(3, 5, 7));
        all.add(new Dropout(3, 67, 0.5, 11, 2));
        all.add(new Philox(67, Philox.Distribution.UNIFORM, 5, 1));
        all.add(new Philox(67, Philox.Distribution.NORMAL, 5, 1));
        all.add(new GatherImages(5, 3, 2, 3, 4, 1, -100));
        all.add(new Sgd(67, 0.5, 0.25, true));
        all.add(new Sgd(67, 0, 0, false));
        all.add(new Adam(67, 0.5, 0.75, 1e-8, 0.25, false));
        all.add(new Adam(67, 0.5, 0.75, 1e-8, 0.25, true));
        return all;
    }

    private static List<Conv2dPool2d> fused() {
        Conv2d conv = new Conv2d(3, 2, 4, 6, 5, Window.of(3, 3).pad(1), 1, true);
        Conv2d grouped = new Conv2d(3, 4, 5, 5, 6, Window.of(2, 2).stride(1, 1), 2, false);
        List<Conv2dPool2d> all = new ArrayList<>();
        for (boolean max : new boolean[] {true, false}) {
            all.add(FusedCases.of(conv, null, max, FusedCases.HALF, Activation.Kind.RELU));
            all.add(FusedCases.of(conv, Activation.Kind.RELU, max, FusedCases.HALF, null));
            all.add(FusedCases.of(grouped, null, max, FusedCases.HALF, Activation.Kind.TANH));
            all.add(FusedCases.of(
                    grouped,
                    Activation.Kind.RELU,
                    max,
                    Window.of(3, 3).stride(2, 2).pad(1),
                    Activation.Kind.RELU));
        }
        return all;
    }

    private static OpCase drawn(Geometry geometry, String direction) {
        String name = "tiny " + geometry;
        OpCase op = OpCase.exact(name, geometry, direction);
        Map<String, Object> inputs = new LinkedHashMap<>(op.inputs());
        SplittableRandom random = new SplittableRandom(name.hashCode());
        for (Slot slot : op.plain().slots()) {
            if (slot.role() == Slot.Role.IN && !slot.dtype().isReal() && !inputs.containsKey(slot.name())) {
                inputs.put(slot.name(), whole(geometry, slot, random));
            }
        }
        if (geometry instanceof Adam) {
            float[] squares = (float[]) inputs.get("second");
            for (int i = 0; i < squares.length; i++) {
                squares[i] = Math.abs(squares[i]);
            }
        }
        if (geometry instanceof Softmax && inputs.containsKey("output")) {
            float[] shares = (float[]) inputs.get("output");
            for (int i = 0; i < shares.length; i++) {
                shares[i] = Math.abs(shares[i]) / 32;
            }
        }
        if (geometry instanceof Activation a && a.kind() != Activation.Kind.RELU && inputs.containsKey("output")) {
            float[] outputs = (float[]) inputs.get("output");
            for (int i = 0; i < outputs.length; i++) {
                outputs[i] /= 8;
            }
        }
        return new OpCase(name, geometry, direction, inputs, scalars(op), Map.of());
    }

    private static Object whole(Geometry geometry, Slot slot, SplittableRandom random) {
        if (slot.dtype() == DType.U8) {
            byte[] bytes = new byte[slot.shape().elements()];
            random.nextBytes(bytes);
            return bytes;
        }
        int[] numbers = new int[slot.shape().elements()];
        int end = geometry instanceof SoftmaxCrossEntropy g ? g.classes() : numbers.length;
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = slot.name().equals("order") ? (i * 2 + 1) % numbers.length : random.nextInt(end);
        }
        return numbers;
    }

    private static Map<String, Double> scalars(OpCase op) {
        Map<String, Double> scalars = new LinkedHashMap<>();
        Map<String, Double> known = Map.of(
                "first",
                1.0,
                "live",
                2.0,
                "row",
                4.0,
                "scale",
                0.25,
                "learning_rate",
                0.5,
                "step_size",
                0.25,
                "root",
                1.0,
                "step",
                3.0,
                "first_sample",
                9.0);
        for (String name : op.plain().scalars()) {
            scalars.put(name, known.get(name));
        }
        return scalars;
    }

    /** Fails unless the results are those expected: bit for bit where every operation is exact, else within the bound. */
    static void check(TestDevices.Place place, OpCase op, Map<String, Object> got) {
        for (String slot : got.keySet()) {
            double[] expected = Values.doubles(op.expected().get(slot));
            double[] values = Values.doubles(got.get(slot));
            // Lanes beyond the samples add rows to the history of losses and to labels.
            IntToDoubleFunction bound = bound(op, slot, expected);
            int compared = op.geometry() instanceof SoftmaxCrossEntropy
                            && op.direction().equals("forward")
                    ? 4 + ((SoftmaxCrossEntropy) op.geometry()).n()
                    : expected.length;
            Bounds.check(place + " " + slot, java.util.Arrays.copyOf(expected, compared), values, bound);
        }
    }

    private static IntToDoubleFunction bound(OpCase op, String slot, double[] expected) {
        Geometry g = op.geometry();
        if (g instanceof Adam) {
            // As in GoldenRunTest: the parameter rounds, and some twenty times an update of about the learning rate.
            return i -> slot.equals("parameter") ? Bounds.U * (4 * Math.abs(expected[i]) + 64 * 0.5) : 0;
        }
        if (g instanceof Conv2dPool2d fused && fused.outer() == Activation.Kind.TANH) {
            return tanh(op, slot, expected);
        }
        if (g instanceof SoftmaxCrossEntropy && slot.equals("loss")) {
            return i -> lossBound(op, expected, i);
        }
        boolean rounds = g instanceof Softmax
                || g instanceof LogSoftmax
                || g instanceof SoftmaxCrossEntropy
                || g instanceof Activation
                || g instanceof Philox
                || (g instanceof Gemm gemm && gemm.epilogue() == Gemm.Epilogue.TANH);
        // The other side is rounded too: its own error comes on top.
        IntToDoubleFunction one = rounds ? Bounds.of(op, slot, expected) : i -> 0;
        return i -> 2 * one.applyAsDouble(i);
    }

    /** Rows before the first and after the last sample keep what they held. */
    private static double lossBound(OpCase op, double[] expected, int i) {
        int n = ((SoftmaxCrossEntropy) op.geometry()).n();
        int row = 4;
        if (i < row || i >= row + n) {
            return 0;
        }
        double[] own = java.util.Arrays.copyOfRange(expected, row, row + n);
        return 2 * Bounds.of(op, "loss", own).applyAsDouble(i - row);
    }

    /** Sums are exact; tanh errs by 8 ULP on each side, and 1 - y*y in backward by 6 u of what it multiplies. */
    private static IntToDoubleFunction tanh(OpCase op, String slot, double[] expected) {
        if (op.direction().equals("forward")) {
            return i -> slot.equals("output") ? 2 * (16 + 1) * Bounds.U * Math.abs(expected[i]) : 0;
        }
        double largest = java.util.Arrays.stream(op.doubles("gradOutput"))
                .map(Math::abs)
                .max()
                .orElse(0);
        return i -> 2 * Bounds.U * (6 * largest + 4 * Math.abs(expected[i]));
    }
}
