package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operator against PyTorch's results, in every layout, on every device, with every candidate. */
@ExtendWith(TestDevices.Parameter.class)
class GoldenTest {
    private final TestDevices devices;

    GoldenTest(TestDevices devices) {
        this.devices = devices;
    }

    /**
     * The optimizers step through state: GoldenRunTest. The gather has no golden data: GatherImagesTest. Operators of
     * imported graphs have operands that samples share: GraphOperatorsTest. The fused block has results beside one another that
     * the parts know: Conv2dPool2dTest.
     */
    static List<String> operators() {
        return Operators.names().stream()
                .filter(name -> !List.of("sgd", "adam", "gather_images", "conv2d_pool2d")
                        .contains(name))
                .filter(name -> !GraphOperators.NAMES.contains(name))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("operators")
    void agreesWithPyTorch(String operator) throws IOException {
        List<OpCase> cases = Golden.cases(operator);
        assertTrue(!cases.isEmpty(), "reference-data/" + operator);
        for (OpCase op : cases) {
            devices.forEach(
                    op.geometry(),
                    op.direction(),
                    new int[] {1, 8, 16},
                    place -> Harness.run(place, op).forEach((slot, values) -> check(place, op, slot, values)));
        }
    }

    private static void check(TestDevices.Place place, OpCase op, String slot, Object values) {
        double[] expected = Values.doubles(op.expected().get(slot));
        double[] got = Values.doubles(values);
        assertTrue(got.length >= expected.length, place + " " + slot);
        Bounds.check(place + " " + op.name() + " " + slot, expected, got, Bounds.of(place, op, slot, expected));
    }
}
