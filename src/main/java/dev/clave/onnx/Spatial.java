package dev.clave.onnx;

import dev.clave.op.Window;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The window attributes of ONNX (kernel_shape, strides, dilations, pads, auto_pad) of one or two axes as a 2-D window. */
final class Spatial {
    private final Attributes attributes;
    private final int axes;
    private final int[] kernel;
    private final int[] strides;
    private final int[] dilations;
    private final int[] pads;
    private final String autoPad;

    /**
     * Reads.
     *
     * @param axes 1 or 2
     * @param kernel extents of the window when the node does not tell, or null
     */
    Spatial(Attributes attributes, int axes, int @Nullable [] kernel) {
        this.attributes = attributes;
        this.axes = axes;
        int[] given = attributes.ints("kernel_shape", axes, kernel);
        if (given == null) {
            throw attributes.refuse("attribute 'kernel_shape' is missing");
        }
        if (kernel != null && !Arrays.equals(given, kernel)) {
            throw attributes.refuse(
                    "kernel_shape " + Arrays.toString(given) + " is not the weight's " + Arrays.toString(kernel));
        }
        int[] ones = new int[axes];
        Arrays.fill(ones, 1);
        this.kernel = given;
        this.strides = Objects.requireNonNull(attributes.ints("strides", axes, ones));
        this.dilations = Objects.requireNonNull(attributes.ints("dilations", axes, ones));
        this.pads = Objects.requireNonNull(attributes.ints("pads", 2 * axes, new int[2 * axes]));
        this.autoPad = attributes.text("auto_pad", "NOTSET");
        for (int i = 0; i < axes; i++) {
            if (kernel()[i] < 1 || strides[i] < 1 || dilations[i] < 1) {
                throw attributes.refuse("kernel, strides and dilations are at least 1, got " + Arrays.toString(given)
                        + ", " + Arrays.toString(strides) + " and " + Arrays.toString(dilations));
            }
            extent(i);
        }
    }

    private int[] kernel() {
        return kernel;
    }

    /** Extent of the dilated window. */
    private int extent(int axis) {
        long extent = (kernel[axis] - 1L) * dilations[axis] + 1;
        if (extent > Integer.MAX_VALUE / 2) {
            throw attributes.refuse("a window of extent " + extent);
        }
        return (int) extent;
    }

    /** The window for an input of extents, one or two of them. */
    Window window(int... input) {
        int[] before = new int[axes];
        int[] after = new int[axes];
        for (int i = 0; i < axes; i++) {
            switch (autoPad) {
                case "NOTSET" -> {
                    before[i] = pads[i];
                    after[i] = pads[axes + i];
                }
                case "VALID" -> {}
                case "SAME_UPPER", "SAME_LOWER" -> {
                    long output = (input[i] + (long) strides[i] - 1) / strides[i];
                    long total = Math.max(0, (output - 1) * strides[i] + extent(i) - input[i]);
                    share(total, i, before, after);
                }
                default -> throw attributes.refuse("auto_pad '" + autoPad + "' is not known");
            }
        }
        return window(before, after);
    }

    /** Half of the padding on each side; an odd one goes to the end, or to the begin with SAME_LOWER. */
    private void share(long total, int axis, int[] before, int[] after) {
        if (total > Integer.MAX_VALUE / 2) {
            throw attributes.refuse("padding of " + total);
        }
        int half = (int) total / 2;
        boolean lower = autoPad.equals("SAME_LOWER");
        before[axis] = lower ? (int) total - half : half;
        after[axis] = (int) total - before[axis];
    }

    private Window window(int[] before, int[] after) {
        int last = axes - 1;
        boolean image = axes == 2;
        return new Window(
                image ? kernel[0] : 1,
                kernel[last],
                image ? strides[0] : 1,
                strides[last],
                image ? before[0] : 0,
                before[last],
                image ? after[0] : 0,
                after[last],
                image ? dilations[0] : 1,
                dilations[last]);
    }

    /** A window and the extents of the larger image: what a transposed convolution or an unpooling makes. */
    record Enlarged(Window window, int height, int width) {}

    /**
     * The output of a transposed convolution.
     *
     * @param input one or two extents
     */
    Enlarged enlarged(int... input) {
        int[] zeros = new int[axes];
        int[] more = Objects.requireNonNull(attributes.ints("output_padding", axes, zeros));
        int[] wanted = attributes.ints("output_shape", -1, null);
        int[] before = new int[axes];
        int[] after = new int[axes];
        int[] output = new int[axes];
        if (wanted != null && wanted.length != axes) {
            // Some exporters give all axes.
            wanted = Arrays.copyOfRange(wanted, Math.max(0, wanted.length - axes), wanted.length);
            if (wanted.length != axes) {
                throw attributes.refuse("output_shape needs " + axes + " numbers");
            }
        }
        for (int i = 0; i < axes; i++) {
            long span = (input[i] - 1L) * strides[i] + more[i] + extent(i);
            if (more[i] < 0 || span > Integer.MAX_VALUE / 2) {
                throw attributes.refuse("an output of extent " + span + " with output_padding " + more[i]);
            }
            boolean same = autoPad.startsWith("SAME_");
            if (wanted != null || same) {
                output[i] = wanted != null ? wanted[i] : Math.multiplyExact(input[i], strides[i]);
                long total = Math.max(0, span - output[i]);
                // Here ONNX gives the odd one to the begin unless SAME_UPPER is said.
                before[i] = (int) (autoPad.equals("SAME_UPPER") ? total / 2 : total - total / 2);
                after[i] = (int) total - before[i];
            } else {
                boolean valid = autoPad.equals("VALID");
                before[i] = valid ? 0 : pads[i];
                after[i] = valid ? 0 : pads[axes + i];
                output[i] = Math.toIntExact(span - before[i] - after[i]);
            }
            if (output[i] < 1) {
                throw attributes.refuse("an output of extent " + output[i]);
            }
        }
        return new Enlarged(window(before, after), axes == 2 ? output[0] : 1, output[axes - 1]);
    }

    /** Extents of the plane max unpooling fills: what a pooling of these attributes would have read. */
    int[] unpooled(int... input) {
        int[] plane = new int[axes];
        for (int i = 0; i < axes; i++) {
            long extent = (input[i] - 1L) * strides[i] + kernel[i] - pads[i] - pads[axes + i];
            if (extent < 1 || extent > Integer.MAX_VALUE) {
                throw attributes.refuse("an output of extent " + extent);
            }
            plane[i] = (int) extent;
        }
        return plane;
    }
}
