package dev.clave.io;

import dev.clave.Shape;
import java.nio.ByteBuffer;

/** Brings the values of a .npy file into C order and little-endian bytes. */
final class NpyLayout {
    private NpyLayout() {}

    static ByteBuffer convert(ByteBuffer values, int width, NpyHeader header) {
        Shape shape = header.shape();
        byte[] out = new byte[values.remaining()];
        int[] steps = steps(shape, header.fortran());
        int[] at = new int[shape.rank()];
        int from = 0;
        for (int to = 0; to < shape.elements(); to++) {
            for (int b = 0; b < width; b++) {
                int place = header.bigEndian() ? width - 1 - b : b;
                out[to * width + b] = values.get(from * width + place);
            }
            for (int axis = at.length - 1; axis >= 0; axis--) {
                from += steps[axis];
                if (++at[axis] < shape.extent(axis)) {
                    break;
                }
                from -= steps[axis] * shape.extent(axis);
                at[axis] = 0;
            }
        }
        return ByteBuffer.wrap(out);
    }

    /** Elements from one value to the next along each axis in the file. */
    private static int[] steps(Shape shape, boolean fortran) {
        int[] steps = new int[shape.rank()];
        int step = 1;
        for (int i = 0; i < steps.length; i++) {
            int axis = fortran ? i : steps.length - 1 - i;
            steps[axis] = step;
            step *= Math.max(1, shape.extent(axis));
        }
        return steps;
    }
}
