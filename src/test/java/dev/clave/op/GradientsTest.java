package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.check.GradientCheck;
import dev.clave.check.OperatorCheck;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every gradient against central differences in double, on every device that has them, over the golden geometries. */
@ExtendWith(TestDevices.Parameter.class)
class GradientsTest {
    private final TestDevices devices;

    GradientsTest(TestDevices devices) {
        this.devices = devices;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "conv2d",
                "max_pool2d",
                "avg_pool2d",
                "activation",
                "softmax",
                "log_softmax",
                "softmax_cross_entropy",
                "add",
                "bias_add",
                "dropout",
                "gemm"
            })
    void gradientsAgreeWithDifferences(String operator) throws IOException {
        int checked = 0;
        for (Golden golden : Golden.of(operator)) {
            Geometry geometry = golden.geometry(operator);
            if (geometry instanceof Gemm gemm
                    && (gemm.epilogue() != Gemm.Epilogue.NONE || (gemm.bias() && gemm.ldc() != gemm.n()))) {
                continue; // differentiated before the epilogue: the cases without one
            }
            checked++;
            if (!PlantedTuning.leavesOut(geometry, 6)) {
                check(geometry);
            }
        }
        assertTrue(checked > 2, operator);
    }

    /** All four transpositions with long rows and a factor: the golden cases do not cross them. */
    @Test
    void everyTranspositionOfGemm() {
        for (int form = 0; form < 4; form++) {
            boolean transA = (form & 1) != 0;
            boolean transB = (form & 2) != 0;
            check(new Gemm(
                    5,
                    4,
                    3,
                    transA,
                    transB,
                    -1.5,
                    0.5,
                    (transA ? 5 : 3) + 2,
                    (transB ? 3 : 4) + 1,
                    7,
                    false,
                    Gemm.Epilogue.NONE));
        }
    }

    private void check(Geometry geometry) {
        for (Device device : devices.all()) {
            if (!device.info().fp64()) {
                System.out.println(device.name() + " has no fp64, gradients are not checked there");
                continue;
            }
            try (OperatorCheck operator = OperatorCheck.of(device, geometry)) {
                List<double[]> inputs = operator.randomInputs(5);
                GradientCheck.of(operator).sampled(8).check(inputs).assertPassed();
                GradientCheck.of(operator).directions(2).check(inputs).assertPassed();
            }
            devices.count(device, "gradients");
        }
    }
}
