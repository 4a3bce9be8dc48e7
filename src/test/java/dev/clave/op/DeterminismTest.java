package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.reflect.Array;
import java.util.List;
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
                var first = Harness.run(place, op);
                var second = Harness.run(place, op);
                first.forEach((slot, values) -> {
                    for (int i = 0; i < Array.getLength(values); i++) {
                        assertEquals(
                                Values.bits(values, i),
                                Values.bits(second.get(slot), i),
                                place + " " + op.name() + " " + slot + "[" + i + "]");
                    }
                });
            });
        }
    }
}
