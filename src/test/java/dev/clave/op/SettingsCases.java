package dev.clave.op;

import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Small problems on which every setting of every candidate runs, with tails for most tiles. */
final class SettingsCases {
    /** Sums of a tile that a slow compiler gets through in seconds. */
    private static final int FEW = 6;

    private SettingsCases() {}

    /** Candidates that have settings; one that gets some is to be added here. */
    static final Set<String> COVERED = new TreeSet<>(List.of(
            "conv2d forward depthwise",
            "conv2d forward packed",
            "conv2d forward tiled",
            "conv2d forward winograd",
            "conv2d backwardInput depthwise",
            "conv2d backwardInput packed",
            "conv2d backwardInput tiled",
            "conv2d backwardInput winograd",
            "conv2d backwardWeight depthwise",
            "conv2d backwardWeight packed_weight",
            "conv2d backwardWeight tiled",
            "conv2d backwardWeight linear_weight",
            "conv2d_pool2d forward tiled",
            "gemm forward packed",
            "gemm forward tiled"));

    static List<OpCase> all(Device cpu) {
        List<Geometry> geometries = List.of(
                new Conv2d(9, 3, 5, 6, 7, Window.of(3, 2).pad(1), 1, true),
                new Conv2d(9, 3, 5, 6, 14, Window.of(3, 3).pad(1), 1, true),
                new Conv2d(9, 19, 1, 1, 13, Window.of(1, 1), 1, false),
                new Conv2d(9, 2, 11, 6, 2, Window.of(3, 2).stride(2, 2).pad(1), 2, true),
                new Gemm(13, 37, 11, false, false, 1, 1, 11, 37, 37, true, Gemm.Epilogue.RELU));
        List<OpCase> all = new ArrayList<>();
        for (Geometry geometry : geometries) {
            for (String direction : geometry.directions()) {
                // The bias gradient has one form; a 1x1 image needs no forward of its own.
                boolean linear = geometry instanceof Conv2d conv && conv.h() == 1;
                if (!direction.equals("backwardBias") && (!linear || direction.equals("backwardWeight"))) {
                    all.add(known(cpu, OpCase.exact("settings", geometry, direction)));
                }
            }
        }
        Conv2d conv = new Conv2d(9, 2, 4, 8, 5, Window.of(3, 3).pad(1), 1, true);
        all.add(FusedCases.cases(cpu, FusedCases.of(conv, null, true, FusedCases.HALF, Activation.Kind.RELU))
                .get(0));
        return all;
    }

    /** Fewer and smaller ones, for a memory checker: tails in both directions of a tile. */
    static List<OpCase> tiny(Device cpu) {
        List<OpCase> all = new ArrayList<>();
        Conv2d conv = new Conv2d(2, 3, 3, 4, 5, Window.of(2, 2).pad(1, 0, 0, 1), 1, true);
        for (String direction : List.of("forward", "backwardInput", "backwardWeight")) {
            all.add(known(cpu, OpCase.exact("settings", conv, direction)));
        }
        Conv2d square = new Conv2d(2, 2, 3, 4, 3, Window.of(3, 3).pad(1), 1, true);
        all.add(known(cpu, OpCase.exact("settings", square, "forward")));
        Conv2d depthwise = new Conv2d(2, 2, 5, 5, 2, Window.of(2, 2).stride(2, 1), 2, true);
        for (String direction : List.of("forward", "backwardInput", "backwardWeight")) {
            all.add(known(cpu, OpCase.exact("settings", depthwise, direction)));
        }
        Gemm gemm = new Gemm(9, 35, 5, false, false, 1, 0, 5, 35, 35, true, Gemm.Epilogue.RELU);
        all.add(known(cpu, OpCase.exact("settings", gemm, "forward")));
        Conv2d inner = new Conv2d(2, 1, 4, 6, 3, Window.of(3, 3).pad(1), 1, true);
        all.add(FusedCases.cases(cpu, FusedCases.of(inner, null, true, FusedCases.HALF, Activation.Kind.RELU))
                .get(0));
        return all;
    }

    /** Those that take a problem, and those that leave every small one to others because it does not pay. */
    static List<OpenClCandidate> candidates(OpenClDevice device, Problem problem) {
        List<OpenClCandidate> all = new ArrayList<>(TinyCases.beneath(device, problem));
        for (OpenClCandidate candidate : Operators.rows().get(problem.operator())) {
            if (candidate.declines(problem, device) == null) {
                all.add(candidate);
            }
        }
        return all;
    }

    /** Settings whose tile of vectors a slow compiler can do: the sums are what these multiply to. */
    static boolean isSmall(Problem problem, Map<String, Integer> settings) {
        int sums = 1;
        for (String name : List.of("KT", "CT", "WT", "PT", "MT", "NT", "KL", "RT")) {
            sums *= settings.getOrDefault(name, 1);
        }
        // Sixteen products of each sum, and taps of which each is a vector.
        sums *= settings.containsKey("JB") ? 16 : settings.containsKey("OT") ? 9 : 1;
        return problem.operator().equals("gemm") || sums <= FEW;
    }

    /** A layout in which every candidate of a case takes part. */
    static int lanes(OpCase op) {
        return op.geometry() instanceof Gemm ? 1 : 8;
    }

    private static OpCase known(Device cpu, OpCase op) {
        Map<String, Object> expected = Harness.run(new TestDevices.Place(cpu, op.plain(), "reference"), op);
        return new OpCase(op.name(), op.geometry(), op.direction(), op.inputs(), op.scalars(), expected);
    }

    static OpenClCandidate tiledConvolution() {
        return Operators.rows().get("conv2d").stream()
                .filter(candidate -> candidate.name().equals("tiled"))
                .findFirst()
                .orElseThrow();
    }
}
