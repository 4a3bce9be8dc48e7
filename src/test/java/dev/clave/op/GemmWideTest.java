package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import java.math.BigDecimal;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Products in double precision by every candidate of every device that has it. */
@ExtendWith(TestDevices.Parameter.class)
class GemmWideTest {
    /** Unit roundoff of double precision. */
    private static final double U = 0x1p-53;

    private final TestDevices devices;

    GemmWideTest(TestDevices devices) {
        this.devices = devices;
    }

    private interface Check {
        void accept(Device device, Gemm g, String candidate);
    }

    private void everywhere(Check check) {
        for (Device device : devices.all()) {
            if (!device.info().fp64()) {
                System.out.println(device.name() + " has no fp64, products in double are not tested there");
                continue;
            }
            for (Gemm g : WideProducts.SHAPES) {
                for (String candidate : Operators.candidates(device, g.problem("forward", WideProducts.WIDE))) {
                    check.accept(device, g, candidate);
                    devices.count(device, "gemm");
                }
            }
        }
    }

    /** Products of at most 2^38 and their sums are whole numbers that double precision holds: every order gives the same. */
    @Test
    void wholeNumbersAreExact() {
        everywhere((device, g, candidate) -> {
            WideProducts.Data data = WideProducts.Data.of(g, true);
            assertArrayEquals(
                    WideProducts.exact(g, data),
                    WideProducts.run(device, g, candidate, data),
                    candidate + " on " + device.name() + ", " + g);
        });
    }

    /** Real numbers against exact decimals, within gamma of K + 3 terms. */
    @Test
    void errorsStayBelowTheBound() {
        everywhere((device, g, candidate) -> {
            if (g.epilogue() != Gemm.Epilogue.NONE) {
                return;
            }
            WideProducts.Data data = WideProducts.Data.of(g, false);
            double[] got = WideProducts.run(device, g, candidate, data);
            Random random = new Random(5);
            for (int look = 0; look < 60; look++) {
                int i = random.nextInt(g.m());
                int j = random.nextInt(g.n());
                BigDecimal sum = BigDecimal.ZERO;
                double size = 0;
                for (int p = 0; p < g.k(); p++) {
                    sum = sum.add(new BigDecimal(data.a(g, i, p)).multiply(new BigDecimal(data.b(g, p, j))));
                    size += Math.abs(data.a(g, i, p) * data.b(g, p, j));
                }
                double old = g.beta() == 0 ? 0 : g.beta() * data.c()[i * g.ldc() + j];
                double bias = g.bias() ? data.bias()[j] : 0;
                BigDecimal expected = sum.multiply(new BigDecimal(g.alpha()))
                        .add(new BigDecimal(old))
                        .add(new BigDecimal(bias));
                double bound = (g.k() + 3)
                        * U
                        / (1 - (g.k() + 3) * U)
                        * (Math.abs(g.alpha()) * size + Math.abs(old) + Math.abs(bias));
                double error = expected.subtract(new BigDecimal(got[i * g.ldc() + j]))
                        .abs()
                        .doubleValue();
                assertTrue(
                        error <= bound, candidate + " on " + device.name() + ", " + g + ": " + error + " > " + bound);
            }
        });
    }

    /** A CPU with OpenCL takes packed panels, the CPU in Java its fast path; plain loops would make the rest pointless. */
    @Test
    void theFastPathsAreTaken() {
        Problem large = new Gemm(256, 256, 256).problem("forward", WideProducts.WIDE);
        assertEquals(List.of("fast", "reference"), Operators.candidates(devices.cpu(), large));
        for (Device device : devices.openCl()) {
            if (device.info().fp64() && device.info().platform().startsWith("Portable")) {
                assertEquals("packed", Operators.candidates(device, large).get(0), device.name());
            }
        }
    }
}
