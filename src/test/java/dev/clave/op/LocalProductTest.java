package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The products in local memory, which only GPUs are given, on every OpenCL device there is: exact, and the same twice. */
@ExtendWith(TestDevices.Parameter.class)
class LocalProductTest {
    private static final List<Gemm> PRODUCTS = List.of(
            new Gemm(5, 3, 7),
            new Gemm(33, 65, 17),
            new Gemm(70, 35, 40, true, true, -2, 3, 71, 41, 36, true, Gemm.Epilogue.RELU),
            new Gemm(1, 1, 1));

    private static final List<Conv2d> CONVOLUTIONS = List.of(
            new Conv2d(2, 3, 7, 6, 4, Window.of(3, 2).pad(1).dilation(2, 1), 1, true),
            new Conv2d(3, 20, 9, 7, 33, Window.of(3, 3).pad(1).stride(2, 2), 1, true),
            new Conv2d(
                    2, 6, 8, 9, 4, Window.of(3, 3).pad(1, 0, 2, 3).stride(3, 1).dilation(2, 1), 2, true),
            new Conv2d(17, 40, 1, 1, 35, Window.of(1, 1), 1, true),
            new Conv2d(2, 8, 5, 5, 8, Window.of(3, 3).pad(4), 8, false),
            // Places enough for several parts of a weight gradient.
            new Conv2d(3, 2, 20, 25, 3, Window.of(3, 3).pad(1), 1, true));

    private final TestDevices devices;

    LocalProductTest(TestDevices devices) {
        this.devices = devices;
    }

    @Test
    void productsAreExact() {
        for (Gemm g : PRODUCTS) {
            check(OpCase.exact("local", g, "forward"), new GemmLocalOpenCl(), "gemm", 1);
        }
    }

    @Test
    void convolutionsAreExactInEveryDirectionAndLayout() {
        for (Conv2d g : CONVOLUTIONS) {
            for (String direction : g.directions()) {
                for (int lanes : new int[] {1, 4}) {
                    check(OpCase.exact("implicit", g, direction), new Conv2dImplicitOpenCl(), "conv2d", lanes);
                }
            }
        }
    }

    private void check(OpCase op, OpenClCandidate candidate, String operator, int lanes) {
        Map<String, Object> expected = Exact.reference(devices, op);
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            Problem problem = op.geometry().problem(op.direction(), new Format(DType.F32, lanes));
            String what = problem + " lanes " + lanes + " " + op.geometry();
            Exact.check(what, expected, Harness.run(openCl, problem, candidate, op));
            Exact.check(what + " again", expected, Harness.run(openCl, problem, candidate, op));
            devices.count(device, operator);
        }
    }

    /** Larger tiles are the same text with other macros. */
    @Test
    void everyTileIsExact() {
        Gemm g = new Gemm(130, 129, 20);
        OpCase op = OpCase.exact("local", g, "forward");
        Map<String, Object> expected = Exact.reference(devices, op);
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            for (LocalTile tile : LocalTile.ALL) {
                if (tile.refuses(openCl) == null) {
                    Exact.check(
                            device.name() + " " + tile,
                            expected,
                            Harness.run(openCl, op.plain(), new GemmLocalOpenCl(tile), op));
                }
            }
        }
    }

    @Test
    void otherDevicesAreRefusedByName() {
        Problem problem = new Gemm(512, 512, 512).problem("forward", Format.NCHW);
        for (Device device : devices.openCl()) {
            OpenClDevice openCl = (OpenClDevice) device;
            String reason = new GemmLocalOpenCl().refuses(problem, openCl);
            if (openCl.isGpu()) {
                assertNull(reason);
                assertEquals("local", Operators.candidates(device, problem).get(0));
            } else {
                assertEquals("made for work-groups and local memory of a GPU", reason);
            }
        }
    }

    /** A GPU gets smaller tiles where large ones leave most of it idle. */
    @Test
    void tilesFollowTheShape() {
        for (Device device : devices.openCl()) {
            LocalTile few = LocalTile.choose(64, 64, (OpenClDevice) device);
            LocalTile many = LocalTile.choose(8192, 8192, (OpenClDevice) device);
            assertTrue(few.group() * few.rowsEach() * few.columnsEach() == 32 * 32, few.toString());
            assertTrue(many.rows() >= few.rows(), many.toString());
        }
    }
}
