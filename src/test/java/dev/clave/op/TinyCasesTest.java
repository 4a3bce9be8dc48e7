package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every kernel variant on every device, small enough for devices that are thousands of times slower than others. */
@ExtendWith(TestDevices.Parameter.class)
class TinyCasesTest {
    private static final int[] LANES = {1, 8, 16};
    /** Candidates that take samples side by side only. */
    private static final Set<String> SIDE_BY_SIDE = Set.of("rows", "linear_weight", "lanes");
    /** What candidates refuse whatever the shape. */
    private static final List<String> NEVER = List.of(
            "conv2d forward linear_weight",
            "conv2d backwardInput linear_weight",
            "conv2d backwardBias linear_weight",
            "conv2d backwardBias tiled",
            "transpose forward interleave lanes 8",
            "transpose forward interleave lanes 16",
            "activation backwardInput rational");

    private final TestDevices devices;

    TinyCasesTest(TestDevices devices) {
        this.devices = devices;
    }

    @Test
    void everyVariantAgreesWithTheTwinTwice() {
        for (Device device : devices.all()) {
            for (OpCase op : TinyCases.of(devices.cpu(), device)) {
                devices.forEach(device, op.geometry(), op.direction(), LANES, place -> {
                    Map<String, Object> got = Harness.run(place, op);
                    TinyCases.check(place, op, got);
                    Exact.check(place + " run again", got, Harness.run(place, op));
                });
            }
        }
    }

    /** What no case covers would never be seen by the memory checker, nor on a device too slow for the other tests. */
    @Test
    void everyCandidateDirectionAndLayoutIsCovered() {
        for (Device device : devices.openCl()) {
            Set<String> expected = new TreeSet<>();
            Set<String> covered = new TreeSet<>();
            for (OpCase op : TinyCases.of(devices.cpu(), device)) {
                for (int lanes : LANES) {
                    Problem problem = op.geometry().problem(op.direction(), new Format(DType.F32, lanes));
                    for (OpenClCandidate candidate : Operators.rows().get(problem.operator())) {
                        String what = problem + " " + candidate.name() + " lanes " + lanes;
                        if (lanes > 1 || !SIDE_BY_SIDE.contains(candidate.name())) {
                            expected.add(what);
                        }
                        if (candidate.declines(problem, (OpenClDevice) device) == null) {
                            covered.add(what);
                        }
                    }
                }
            }
            expected.removeIf(what -> NEVER.stream().anyMatch(what::startsWith));
            // Too small to pay, or for a GPU: tests of their own and the walk take them all the same.
            expected.removeIf(
                    what -> what.matches(
                            "(conv2d(_pool2d)? \\w+ (packed(_weight)?|winograd(1d)?|implicit|depthwise)|gemm forward local) .*"));
            // The layouts that the depthwise kernels take depend on the device's vectors.
            covered.removeIf(what -> what.matches("(conv2d \\w+ (implicit|depthwise)|gemm forward local) .*"));
            assertEquals(expected, covered, device.name());
        }
    }
}
