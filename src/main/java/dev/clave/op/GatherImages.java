package dev.clave.op;

import dev.clave.DType;
import dev.clave.Shape;
import java.util.List;

/**
 * A batch from a dataset on the device: images [count,C,H,W] of bytes and labels [count], picked by order [count], become
 * output [N,C,H+2pad,W+2pad] with values (x - 127.5) / 127.5, -1 in the padding, and batchLabels [N]. Scalars: {@code
 * first}, the entry of order for sample 0, and {@code live}, how many samples there are; the rest become zeros with
 * the label {@code ignoreIndex}.
 *
 * @param count images of the dataset, at least 1
 * @param n samples of a batch, at least 1
 * @param c channels
 * @param h height of an image
 * @param w width of an image
 * @param pad elements of padding on each side, at least 0
 * @param ignoreIndex label of samples that are not there
 */
public record GatherImages(int count, int n, int c, int h, int w, int pad, int ignoreIndex) implements Geometry {
    /** Checks sizes. */
    public GatherImages {
        Window.atLeast("gather_images: count", count, 1);
        Window.atLeast("gather_images: N", n, 1);
        Window.atLeast("gather_images: pad", pad, 0);
    }

    @Override
    public String operator() {
        return "gather_images";
    }

    @Override
    public List<String> directions() {
        return List.of("forward");
    }

    @Override
    public Problem problem(String direction, Format format) {
        Shape output = format.samples(n, c, h + 2 * pad, w + 2 * pad);
        return new Problem(
                this,
                direction,
                format,
                List.of(
                        Slot.in("images", DType.U8, Shape.of(count, c, h, w)),
                        Slot.in("labels", DType.I32, Shape.of(count)),
                        Slot.in("order", DType.I32, Shape.of(count)),
                        Slot.out("output", format.real(), output),
                        Slot.out("batchLabels", DType.I32, Shape.of(format.blocks(n) * format.lanes()))),
                List.of("first", "live"),
                2.0 * output.elements(),
                1);
    }
}
