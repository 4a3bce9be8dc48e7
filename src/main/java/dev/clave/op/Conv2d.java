package dev.clave.op;

import dev.clave.DType;
import dev.clave.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * 2-D convolution (cross-correlation, as in every neural-network library).
 *
 * <p>forward: {@code output[n,k,oy,ox] = bias[k] + sum over c, kh, kw of input[n,c,oy*strideH-padTop+kh*dilationH,
 * ox*strideW-padLeft+kw*dilationW] * weight[k,c,kh,kw]}, c over the channels of k's group. Tensors: input [N,C,H,W],
 * weight [K,C/groups,KH,KW], bias [K] when {@code bias}, output [N,K,OH,OW]. Directions {@code backwardInput}
 * (gradOutput, weight to gradInput), {@code backwardWeight} (input, gradOutput to gradWeight), {@code backwardBias}
 * (gradOutput to gradBias); a gradient has the shape of what it is the gradient of. A 1-D convolution is the case H = KH = 1.
 *
 * <p>Sizes are in elements: {@code OH = (H + padTop + padBottom - dilationH * (KH - 1) - 1) / strideH + 1}, rounded down, OW likewise. The
 * formulas are those of V. Dumoulin and F. Visin, A guide to convolution arithmetic for deep learning (arXiv:1603.07285), the
 * conventions PyTorch's {@code Conv2d}. Immutable; threads may share it.
 *
 * @param n samples, at least 0
 * @param c input channels, a multiple of {@code groups}
 * @param h input height
 * @param w input width
 * @param k output channels, a multiple of {@code groups}
 * @param window kernel extents, strides, pads and dilations
 * @param groups 1 for dense channels, C for one filter set per channel
 * @param bias whether there is one
 */
public record Conv2d(int n, int c, int h, int w, int k, Window window, int groups, boolean bias) implements Geometry {
    private static final int FEW_CHANNELS = 4;

    /**
     * Checks sizes.
     *
     * @throws IllegalArgumentException when one is too small, groups do not divide the channels, or the window does not fit
     */
    public Conv2d {
        Window.atLeast("conv2d: N", n, 0);
        Window.atLeast("conv2d: C", c, 1);
        Window.atLeast("conv2d: H", h, 1);
        Window.atLeast("conv2d: W", w, 1);
        Window.atLeast("conv2d: K", k, 1);
        Window.atLeast("conv2d: groups", groups, 1);
        if (c % groups != 0 || k % groups != 0) {
            throw new IllegalArgumentException("conv2d: groups " + groups + " must divide C " + c + " and K " + k);
        }
        window.outH(h, false);
        window.outW(w, false);
    }

    /**
     * Dense channels with a bias.
     *
     * @param n samples
     * @param c input channels
     * @param h input height
     * @param w input width
     * @param k output channels
     * @param window extents, strides, padding and dilation
     */
    public Conv2d(int n, int c, int h, int w, int k, Window window) {
        this(n, c, h, w, k, window, 1, true);
    }

    /** {@return output height} */
    public int oh() {
        return window.outH(h, false);
    }

    /** {@return output width} */
    public int ow() {
        return window.outW(w, false);
    }

    /** Whether a group has the few input channels of an image. */
    boolean hasFewChannels() {
        return c / groups <= FEW_CHANNELS;
    }

    @Override
    public String operator() {
        return "conv2d";
    }

    @Override
    public List<String> directions() {
        List<String> all = new ArrayList<>(List.of("forward", "backwardInput", "backwardWeight"));
        if (bias) {
            all.add("backwardBias");
        }
        return all;
    }

    /** {@return shape of the input tensor, [N, C, H, W]} */
    public Shape inputShape() {
        return Shape.of(n, c, h, w);
    }

    /** {@return shape of the output tensor, [N, K, OH, OW]} */
    public Shape outputShape() {
        return Shape.of(n, k, oh(), ow());
    }

    /** {@return shape of the bias tensor, [K]} */
    public Shape biasShape() {
        return Shape.of(k);
    }

    /** {@return shape of the weight tensor, [K, C/groups, KH, KW]} */
    public Shape weightShape() {
        return Shape.of(k, c / groups, window.kh(), window.kw());
    }

    @Override
    public Problem problem(String direction, Format format) {
        DType real = format.real();
        Shape input = format.samples(n, c, h, w);
        Shape output = format.samples(n, k, oh(), ow());
        Shape weight = weightShape();
        int taps = window.kh() * window.kw();
        int inputsPerGroup = c / groups;
        double flops = 2.0 * n * k * oh() * ow() * inputsPerGroup * taps;
        int positions = n * oh() * ow();
        return switch (direction) {
            case "forward" -> {
                List<Slot> slots = new ArrayList<>();
                slots.add(Slot.in("input", real, input));
                slots.add(Slot.in("weight", real, weight));
                if (bias) {
                    slots.add(Slot.in("bias", real, biasShape()));
                }
                slots.add(Slot.out("output", real, output));
                yield new Problem(this, direction, format, slots, List.of(), flops, c / groups * taps + 1);
            }
            case "backwardInput" ->
                new Problem(
                        this,
                        direction,
                        format,
                        flops,
                        k / groups * taps,
                        Slot.in("gradOutput", real, output),
                        Slot.in("weight", real, weight),
                        Slot.out("gradInput", real, input));
            case "backwardWeight" ->
                new Problem(
                        this,
                        direction,
                        format,
                        flops,
                        positions,
                        Slot.in("input", real, input),
                        Slot.in("gradOutput", real, output),
                        Slot.out("gradWeight", real, weight));
            case "backwardBias" ->
                new Problem(
                        this,
                        direction,
                        format,
                        (double) positions * k,
                        positions,
                        Slot.in("gradOutput", real, output),
                        Slot.out("gradBias", real, biasShape()));
            default -> throw Problem.unknown(this, direction);
        };
    }
}
