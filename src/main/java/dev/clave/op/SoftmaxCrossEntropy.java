package dev.clave.op;

import dev.clave.DType;
import dev.clave.Shape;
import java.util.List;

/**
 * Softmax cross-entropy with int labels. forward: logits [N,C] and labels [N] to loss and correct, written at entry
 * {@code row} (a scalar) of tensors with {@code history} entries, so that a whole epoch can stay on the device.
 * backwardInput: logits and labels to gradInput, times the scalar {@code scale} (1 for a sum, 1/live samples for a
 * mean).
 *
 * <p>A label equal to {@code ignoreIndex} gives loss, correct and gradient 0. Any other label outside [0, C) gives loss
 * NaN, correct -1 and gradient 0; it is never used as an index.
 *
 * @param n samples, at least 1
 * @param classes C, at least 1
 * @param ignoreIndex label that counts for nothing
 * @param history entries of loss and correct, at least the samples of one run, those that fill the last block included
 */
public record SoftmaxCrossEntropy(int n, int classes, int ignoreIndex, int history) implements Geometry {
    /** Checks sizes. */
    public SoftmaxCrossEntropy {
        Window.atLeast("softmax_cross_entropy: N", n, 1);
        Window.atLeast("softmax_cross_entropy: classes", classes, 1);
        Window.atLeast("softmax_cross_entropy: history", history, n);
    }

    @Override
    public String operator() {
        return "softmax_cross_entropy";
    }

    @Override
    public List<String> directions() {
        return List.of("forward", "backwardInput");
    }

    /**
     * {@return samples of one run, those that fill the last block included}
     *
     * @param format precision and layout
     */
    public int samples(Format format) {
        return format.blocks(n) * format.lanes();
    }

    @Override
    public Problem problem(String direction, Format format) {
        Slot logits = Slot.in("logits", format.real(), format.samples(n, classes));
        Slot labels = Slot.in("labels", DType.I32, Shape.of(samples(format)));
        double flops = 4.0 * n * classes;
        if (history < samples(format)) {
            throw new IllegalArgumentException("softmax_cross_entropy: history is at least the " + samples(format)
                    + " samples of one run with " + format.lanes() + " lanes, got " + history);
        }
        return switch (direction) {
            case "forward" ->
                new Problem(
                        this,
                        direction,
                        format,
                        List.of(
                                logits,
                                labels,
                                Slot.inout("loss", format.real(), Shape.of(history)),
                                Slot.inout("correct", DType.I32, Shape.of(history))),
                        List.of("row"),
                        flops,
                        classes);
            case "backwardInput" ->
                new Problem(
                        this,
                        direction,
                        format,
                        List.of(logits, labels, Slot.out("gradInput", format.real(), logits.shape())),
                        List.of("scale"),
                        flops,
                        classes);
            default -> throw Problem.unknown(this, direction);
        };
    }
}
