package dev.clave.op;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same run twice gives the same bits, on every device, in every layout, with every candidate. */
@ExtendWith(TestDevices.Parameter.class)
class DeterminismTest {
    private final TestDevices devices;

    DeterminismTest(TestDevices devices) {
        this.devices = devices;
    }

    static List<String> operators() {
        return GoldenTest.operators();
    }

    @ParameterizedTest
    @MethodSource("operators")
    void twiceTheSameBits(String operator) throws IOException {
        for (OpCase op : Golden.cases(operator)) {
            devices.forEach(op.geometry(), op.direction(), new int[] {1, 16}, place -> {
                Map<String, Object> first = Harness.run(place, op);
                Exact.check(place + " " + op.name() + " run again", first, Harness.run(place, op));
            });
        }
    }
}
