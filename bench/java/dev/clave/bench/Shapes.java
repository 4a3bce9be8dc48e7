package dev.clave.bench;

import static dev.clave.op.Broadcast.Kind.MUL;
import static dev.clave.op.Broadcast.Kind.SUB;

import dev.clave.Shape;
import dev.clave.op.Activation;
import dev.clave.op.Adam;
import dev.clave.op.Add;
import dev.clave.op.AvgPool2d;
import dev.clave.op.BatchNormInference;
import dev.clave.op.BiasAdd;
import dev.clave.op.Broadcast;
import dev.clave.op.Concat;
import dev.clave.op.Conv2d;
import dev.clave.op.Conv2dPool2d;
import dev.clave.op.Dropout;
import dev.clave.op.Elementwise;
import dev.clave.op.GatherImages;
import dev.clave.op.Gemm;
import dev.clave.op.Geometry;
import dev.clave.op.LogSoftmax;
import dev.clave.op.MatMul;
import dev.clave.op.MaxPool2d;
import dev.clave.op.MaxUnpool2d;
import dev.clave.op.Operators;
import dev.clave.op.Philox;
import dev.clave.op.Sgd;
import dev.clave.op.Softmax;
import dev.clave.op.SoftmaxCrossEntropy;
import dev.clave.op.Transpose;
import dev.clave.op.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** What is benched: the shapes of each operator, by its name in the catalogue. */
final class Shapes {
    /**
     * A shape.
     *
     * @param batch the batch that is timed; rows of a for gemm, elements for optimizers
     * @param of the geometry for a batch: a smaller one is checked where the twin would take minutes
     */
    record Entry(String operator, String shape, int batch, IntFunction<Geometry> of) {
        Geometry geometry() {
            return of.apply(batch);
        }
    }

    private final List<Entry> entries = new ArrayList<>();

    Shapes() {
        convolutions();
        products();
        pooling();
        elementwise();
        classes();
        importedGraphs();
        optimizers();
        fused();
    }

    private void add(String operator, String shape, int batch, IntFunction<Geometry> of) {
        entries.add(new Entry(operator, shape, batch, of));
    }

    List<Entry> all() {
        return List.copyOf(entries);
    }

    List<Entry> of(String operator) {
        return entries.stream()
                .filter(entry -> entry.operator().equals(operator))
                .toList();
    }

    /** Operators of the catalogue that have no shape here; a test demands that there is none. */
    List<String> missing() {
        return Operators.names().stream().filter(name -> of(name).isEmpty()).toList();
    }

    private void convolutions() {
        Window three = Window.of(3, 3).pad(1);
        Window five = Window.of(5, 5);
        Window one = Window.of(1, 1);
        add("conv2d", "lenet1", 64, n -> new Conv2d(n, 1, 28, 28, 6, three));
        add("conv2d", "lenet2", 64, n -> new Conv2d(n, 6, 14, 14, 16, five));
        add("conv2d", "linear400x120", 64, n -> new Conv2d(n, 400, 1, 1, 120, one));
        add("conv2d", "linear120x84", 64, n -> new Conv2d(n, 120, 1, 1, 84, one));
        // The networks of these layers have batch normalisation behind, so no bias.
        add("conv2d", "vgg64", 8, n -> new Conv2d(n, 64, 56, 56, 64, three, 1, false));
        add("conv2d", "vgg256", 8, n -> new Conv2d(n, 128, 56, 56, 256, three, 1, false));
        add("conv2d", "vgg512", 8, n -> new Conv2d(n, 512, 7, 7, 512, three, 1, false));
        add(
                "conv2d",
                "stem",
                8,
                n -> new Conv2d(n, 3, 224, 224, 64, Window.of(7, 7).stride(2, 2).pad(3), 1, false));
        add("conv2d", "res3x3s2", 8, n -> new Conv2d(n, 128, 56, 56, 128, three.stride(2, 2), 1, false));
        add("conv2d", "res1x1", 8, n -> new Conv2d(n, 64, 56, 56, 256, one, 1, false));
        // The other layers of ResNet-50 that differ in kind.
        add("conv2d", "res28", 8, n -> new Conv2d(n, 128, 28, 28, 128, three, 1, false));
        add("conv2d", "res14", 8, n -> new Conv2d(n, 256, 14, 14, 256, three, 1, false));
        add("conv2d", "res1x1narrow", 8, n -> new Conv2d(n, 256, 56, 56, 64, one, 1, false));
        add("conv2d", "res1x1deep", 8, n -> new Conv2d(n, 2048, 7, 7, 512, one, 1, false));
        add("conv2d", "res1x1s2", 8, n -> new Conv2d(n, 256, 56, 56, 512, one.stride(2, 2), 1, false));
        // Those of MobileNet: a group to each channel.
        add("conv2d", "depthwise", 8, n -> new Conv2d(n, 128, 28, 28, 128, three, 128, false));
        add("conv2d", "depthwise112", 8, n -> new Conv2d(n, 32, 112, 112, 32, three, 32, false));
        add("conv2d", "depthwise112s2", 8, n -> new Conv2d(n, 64, 112, 112, 64, three.stride(2, 2), 64, false));
        add("conv2d", "depthwise14", 8, n -> new Conv2d(n, 512, 14, 14, 512, three, 512, false));
    }

    private void products() {
        for (int size : new int[] {256, 512, 1024, 2048}) {
            add("gemm", "square" + size, size, m -> new Gemm(m, size, size));
        }
        add("gemm", "linear400x120", 64, m -> linear(m, 120, 400));
        add("gemm", "linear120x84", 64, m -> linear(m, 84, 120));
        add("gemm", "linear84x10", 64, m -> linear(m, 10, 84));
    }

    /** A fully connected layer: samples times the transposed weight, plus bias. */
    private static Gemm linear(int m, int n, int k) {
        return new Gemm(m, n, k, false, true, 1, 0, k, k, n, true, Gemm.Epilogue.NONE);
    }

    private void fused() {
        Window half = Window.of(2, 2).stride(2, 2);
        Conv2d first = new Conv2d(1, 1, 28, 28, 6, Window.of(3, 3).pad(1));
        Conv2d second = new Conv2d(1, 6, 14, 14, 16, Window.of(5, 5));
        add("conv2d_pool2d", "lenet1", 64, n -> block(n, first, null, half, Activation.Kind.RELU));
        add("conv2d_pool2d", "lenet2", 64, n -> block(n, second, null, half, Activation.Kind.RELU));
        add("conv2d_pool2d", "tanh2", 64, n -> block(n, second, Activation.Kind.TANH, half, Activation.Kind.SIGMOID));
    }

    /** Maximum without an inner activation, average with one, as in the two LeNets. */
    private static Conv2dPool2d block(int n, Conv2d of, Activation.Kind inner, Window pool, Activation.Kind outer) {
        Conv2d conv = new Conv2d(n, of.c(), of.h(), of.w(), of.k(), of.window());
        Geometry pooling = inner == null
                ? new MaxPool2d(n, conv.k(), conv.oh(), conv.ow(), pool, false)
                : new AvgPool2d(n, conv.k(), conv.oh(), conv.ow(), pool, false, true);
        return new Conv2dPool2d(conv, inner, pooling, outer);
    }

    private void pooling() {
        Window half = Window.of(2, 2).stride(2, 2);
        Window overlapping = Window.of(3, 3).stride(2, 2).pad(1);
        add("max_pool2d", "lenet1", 64, n -> new MaxPool2d(n, 6, 28, 28, half, false));
        add("max_pool2d", "lenet2", 64, n -> new MaxPool2d(n, 16, 10, 10, half, false));
        add("max_pool2d", "resnet", 8, n -> new MaxPool2d(n, 64, 112, 112, overlapping, false));
        add("avg_pool2d", "lenet1", 64, n -> new AvgPool2d(n, 6, 28, 28, half, false, true));
        add("avg_pool2d", "lenet2", 64, n -> new AvgPool2d(n, 16, 10, 10, half, false, true));
        add("avg_pool2d", "whole", 8, n -> new AvgPool2d(n, 512, 7, 7, Window.of(7, 7), false, true));
    }

    private void elementwise() {
        int features = 6 * 28 * 28;
        add("activation", "relu", 64, n -> new Activation(Activation.Kind.RELU, n, features, 0));
        add("activation", "leaky_relu", 64, n -> new Activation(Activation.Kind.LEAKY_RELU, n, features, 0.125));
        add("activation", "tanh", 64, n -> new Activation(Activation.Kind.TANH, n, features, 0));
        add("activation", "sigmoid", 64, n -> new Activation(Activation.Kind.SIGMOID, n, features, 0));
        add("dropout", "half", 64, n -> new Dropout(n, 4096, 0.5, 1, 0));
        add("add", "residual", 8, n -> new Add(n, 256 * 56 * 56));
        add("bias_add", "lenet1", 64, n -> new BiasAdd(n, 6, 28 * 28));
        add("bias_add", "linear", 64, n -> new BiasAdd(n, 4096, 1));
        add("philox", "uniform", 1 << 20, n -> new Philox(n, Philox.Distribution.UNIFORM, 1, 0));
        add("philox", "normal", 1 << 20, n -> new Philox(n, Philox.Distribution.NORMAL, 1, 0));
    }

    private void classes() {
        add("softmax", "lenet", 64, n -> new Softmax(n, 10));
        add("softmax", "imagenet", 64, n -> new Softmax(n, 1000));
        add("log_softmax", "lenet", 64, n -> new LogSoftmax(n, 10));
        add("log_softmax", "imagenet", 64, n -> new LogSoftmax(n, 1000));
        add("softmax_cross_entropy", "lenet", 64, n -> new SoftmaxCrossEntropy(n, 10, -100, 64));
        add("softmax_cross_entropy", "imagenet", 64, n -> new SoftmaxCrossEntropy(n, 1000, -100, 64));
        add("gather_images", "mnist", 64, n -> new GatherImages(4096, n, 1, 28, 28, 0, -100));
    }

    /** Operators that ONNX models bring along. */
    private void importedGraphs() {
        Shape image = Shape.of(64, 56, 56);
        add("broadcast", "channels", 8, n -> new Broadcast(MUL, n, image, false, Shape.of(64, 1, 1), true));
        add("broadcast", "residual", 8, n -> new Broadcast(SUB, n, image, false, image, false));
        add("transpose", "channels_last", 8, n -> new Transpose(n, image, List.of(1, 2, 0)));
        add("concat", "channels", 8, n -> new Concat(n, 1, 64, 64, 56 * 56));
        add("matmul", "tokens", 8, n -> new MatMul(n, Shape.of(64, 128), false, Shape.of(128, 128), true));
        add("elementwise", "relu6", 64, n -> new Elementwise(Elementwise.Kind.CLIP, n, 6 * 28 * 28, 0, 6));
        add("elementwise", "elu", 64, n -> new Elementwise(Elementwise.Kind.ELU, n, 6 * 28 * 28, 1, 0));
        add("batch_norm_inference", "vgg64", 8, n -> new BatchNormInference(n, 64, 56 * 56, 1e-5));
        add("max_unpool2d", "halves", 8, n -> new MaxUnpool2d(n, 64, 28, 28, 56, 56, 56, 56));
    }

    private void optimizers() {
        for (int[] size : new int[][] {{61610}, {4 << 20}}) {
            String name = size[0] < 100_000 ? "lenet" : "4M";
            add("adam", name, size[0], n -> new Adam(n, 0.9, 0.999, 1e-8, 0, false));
            add("sgd", name, size[0], n -> new Sgd(n, 0.9, 1e-4, false));
        }
    }
}
