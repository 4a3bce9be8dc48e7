package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.clave.DType;
import dev.clave.Device;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Exact and bound tier: small whole numbers bit for bit, real numbers within gamma_K * S of the definition. */
@ExtendWith(TestDevices.Parameter.class)
class ExactTest {
    /** Elements of a tensor beyond which a shape runs in plain layout only: lanes multiply a batch of 2 by 8. */
    private static final int LARGE = 1 << 24;

    private final TestDevices devices;

    ExactTest(TestDevices devices) {
        this.devices = devices;
    }

    @ParameterizedTest
    @ValueSource(strings = {"conv2d", "max_pool2d", "avg_pool2d", "activation", "add", "bias_add", "gemm"})
    void namedShapes(String operator) throws IOException {
        int checked = 0;
        for (Golden golden : Golden.of(operator)) {
            Geometry geometry = golden.geometry(operator);
            for (String direction : geometry.directions()) {
                OpCase real = OpCase.real(golden.name(), geometry, direction);
                if (!Bounds.isExact(real) && (geometry instanceof Activation || isTanh(geometry))) {
                    continue; // no exact tier: UlpTest
                }
                checked++;
                OpCase exact = OpCase.exact(golden.name(), geometry, direction);
                Map<String, Object> expected = Exact.reference(devices, exact);
                devices.forEach(geometry, direction, new int[] {1, 8, 16}, place -> {
                    Exact.check(place + " " + exact, expected, Harness.run(place, exact));
                    bounded(place, real);
                });
            }
        }
        assertTrue(checked > 0, operator);
    }

    private static boolean isTanh(Geometry geometry) {
        return geometry instanceof Gemm gemm && gemm.epilogue() == Gemm.Epilogue.TANH;
    }

    /** The gradients of a product are products: the same tiers, all four transpositions, rows longer than the matrix. */
    @Test
    void gradientsOfGemm() throws IOException {
        for (Golden golden : Golden.of("gemm")) {
            Gemm forward = (Gemm) golden.geometry("gemm");
            for (Gemm gemm :
                    List.of(forward.gradientA().gemm(), forward.gradientB().gemm())) {
                OpCase exact = OpCase.exact(golden.name(), gemm, "forward");
                Map<String, Object> expected = Exact.reference(devices, exact);
                devices.forEach(
                        gemm,
                        "forward",
                        new int[] {1},
                        place -> Exact.check(place + " " + exact, expected, Harness.run(place, exact)));
            }
        }
    }

    private static void bounded(TestDevices.Place place, OpCase op) {
        Harness.run(place, op).forEach((slot, values) -> {
            double[] got = Values.doubles(values);
            double[] expected = new double[got.length];
            java.util.function.IntToDoubleFunction definition = Naive.element(op, slot, false);
            for (int i = 0; i < expected.length; i++) {
                double value = definition.applyAsDouble(i);
                expected[i] = Bounds.isExact(op) ? (float) value : value;
            }
            Bounds.check(place + " " + op + " " + slot, expected, got, Bounds.of(place, op, slot, expected));
            Bounds.warn(place + " " + op + " " + slot, op, slot, expected, got);
        });
    }

    @Test
    void convolutionsOfTheConformanceList() throws IOException {
        assumeTrue(Shapes.missing() == null, ExactTest::reason);
        walk(Shapes.convolutions());
    }

    @Test
    void poolingsOfTheConformanceList() throws IOException {
        assumeTrue(Shapes.missing() == null, ExactTest::reason);
        walk(Shapes.poolings());
    }

    private static String reason() {
        System.out.println(Shapes.missing());
        return Shapes.missing();
    }

    /**
     * Every shape and direction; candidates and layouts take turns, so that each meets a part of the list. The full walk
     * takes every combination.
     */
    private void walk(List<Shapes.Named> shapes) {
        int turn = 0;
        for (Shapes.Named shape : shapes) {
            for (String direction : shape.geometry().directions()) {
                if (PlantedTuning.leavesOut(shape.geometry() + direction, 12)) {
                    continue;
                }
                OpCase exact = OpCase.exact(shape.name(), shape.geometry(), direction);
                Map<String, Object> expected = Exact.reference(devices, exact);
                devices.count(devices.cpu(), exact.geometry().operator());
                for (Device device : fast()) {
                    List<TestDevices.Place> places = places(device, exact);
                    int one = places.isEmpty() ? 0 : turn % places.size();
                    for (TestDevices.Place place :
                            Shapes.FULL || places.isEmpty() ? places : places.subList(one, one + 1)) {
                        Exact.check(place + " " + exact, expected, Harness.run(place, exact));
                        devices.count(device, exact.geometry().operator());
                    }
                }
                turn++;
            }
        }
    }

    /** The devices that compile register tiles in reasonable time; TinyCasesTest covers the others. */
    private List<Device> fast() {
        return devices.openCl().stream()
                .filter(device -> !TinyCases.isSlowToCompile(device))
                .toList();
    }

    /** Real numbers on some shapes of the lists, in the layout of the device, fastest candidate. */
    @Test
    void realNumbersOnSomeShapesOfTheLists() throws IOException {
        assumeTrue(Shapes.missing() == null, ExactTest::reason);
        List<Shapes.Named> all = new ArrayList<>(Shapes.convolutions());
        all.addAll(Shapes.poolings());
        int walked = 0;
        for (int s = 0; s < all.size(); s++) {
            Shapes.Named shape = all.get(s);
            for (String direction : shape.geometry().directions()) {
                Problem problem = shape.geometry().problem(direction, Format.NCHW);
                // The definition computes every element: of what it computes in a moment, every ninth shape.
                if (s % 9 != 0 || problem.flops() > 1e6 || PlantedTuning.leavesOut(problem + shape.name(), 4)) {
                    continue;
                }
                OpCase real = OpCase.real(shape.name(), shape.geometry(), direction);
                walked++;
                for (Device device : fast()) {
                    for (TestDevices.Place place :
                            places(device, real).stream().limit(1).toList()) {
                        bounded(place, real);
                        devices.count(device, problem.operator());
                    }
                }
            }
        }
        assertTrue(walked > (PlantedTuning.isSample() ? 5 : 20), "only " + walked);
    }

    private static List<TestDevices.Place> places(Device device, OpCase op) {
        List<TestDevices.Place> places = new ArrayList<>();
        for (int lanes : new int[] {1, 16}) {
            Problem problem = op.geometry().problem(op.direction(), new Format(DType.F32, lanes));
            boolean large =
                    problem.slots().stream().anyMatch(slot -> slot.shape().elements() > LARGE);
            if (lanes > 1 && large) {
                System.out.println(op + ": too large for lanes 16 here, plain layout only");
                continue;
            }
            for (String candidate : PlantedTuning.candidates(device, problem)) {
                places.add(new TestDevices.Place(device, problem, candidate));
            }
        }
        return places;
    }
}
