package dev.clave.bench;

import dev.clave.Device;
import dev.clave.bench.Rounds.Opening;
import dev.clave.op.Conv2d;
import dev.clave.op.Format;
import dev.clave.op.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Convolutions forward and both ways back: LeNet's, the stem, 3x3 and 1x1 layers as in VGG and ResNet-50. */
final class ConvolutionSection {
    private ConvolutionSection() {}

    /** A layer without bias. */
    record Layer(String name, int n, int c, int side, int k, int window, int stride, int pad, int groups) {
        Layer(String name, int n, int c, int side, int k, int window, int stride, int pad) {
            this(name, n, c, side, k, window, stride, pad, 1);
        }

        /** A group to each channel, 3x3. */
        static Layer depthwise(String name, int n, int c, int side, int stride) {
            return new Layer(name, n, c, side, c, 3, stride, 1, c);
        }

        Shapes.Entry entry() {
            Window square = Window.of(window, window).stride(stride, stride).pad(pad);
            return new Shapes.Entry(
                    "conv2d", name, n, batch -> new Conv2d(batch, c, side, side, k, square, groups, false));
        }

        String work(String direction) {
            return "conv2d " + direction + " " + n + " " + c + " " + side + " " + side + " " + k + " " + window + " "
                    + window + " " + stride + " " + pad + " " + groups;
        }
    }

    static List<Layer> layers() {
        List<Layer> layers = new ArrayList<>(List.of(
                new Layer("lenet1", 64, 1, 28, 6, 3, 1, 1),
                new Layer("lenet2", 64, 6, 14, 16, 5, 1, 0),
                new Layer("vgg64", 8, 64, 56, 64, 3, 1, 1),
                new Layer("vgg256", 8, 128, 56, 256, 3, 1, 1),
                new Layer("vgg512", 8, 512, 7, 512, 3, 1, 1),
                new Layer("res1x1", 8, 64, 56, 256, 1, 1, 0),
                new Layer("stem", 8, 3, 224, 64, 7, 2, 3)));
        layers.add(new Layer("res3x3-128", 8, 128, 28, 128, 3, 1, 1));
        layers.add(new Layer("res3x3-256", 8, 256, 14, 256, 3, 1, 1));
        layers.add(new Layer("res1x1-256-64", 8, 256, 56, 64, 1, 1, 0));
        layers.add(new Layer("res1x1-128-512", 8, 128, 28, 512, 1, 1, 0));
        layers.add(new Layer("res1x1-1024-256", 8, 1024, 14, 256, 1, 1, 0));
        layers.add(new Layer("res1x1-512-2048", 8, 512, 7, 2048, 1, 1, 0));
        layers.add(Layer.depthwise("depthwise28", 8, 128, 28, 1));
        layers.add(Layer.depthwise("depthwise112", 8, 32, 112, 1));
        layers.add(Layer.depthwise("depthwise112s2", 8, 64, 112, 2));
        layers.add(Layer.depthwise("depthwise14", 8, 512, 14, 1));
        return layers;
    }

    static void run(Rounds rounds, Settings settings) throws Exception {
        try (PyTorch python = new PyTorch(settings, rounds);
                Device device = Device.open(settings.device())) {
            rounds.note("no bias; ours in its own layout of samples side by side, PyTorch in NCHW");
            for (Layer layer : layers()) {
                if (settings.quick()
                        && layer.entry()
                                        .geometry()
                                        .problem("forward", Format.NCHW)
                                        .flops()
                                > 1e9) {
                    rounds.note("conv " + layer.name() + ": left out of a quick run");
                    continue;
                }
                for (String direction : List.of("forward", "backwardInput", "backwardWeight")) {
                    rounds.peak(device);
                    contend(rounds, settings, layer, direction, device, python);
                }
            }
        }
    }

    static void contend(Rounds rounds, Settings settings, Layer layer, String direction, Device device, PyTorch python)
            throws Exception {
        Shapes.Entry entry = layer.entry();
        Map<String, Opening> contenders = Rounds.contenders();
        contenders.put("Clave", () -> OperatorContender.open(settings, device, entry, direction));
        python.join(contenders, layer.work(direction), false);
        rounds.run(
                "conv " + layer.name() + " " + direction,
                "us",
                entry.geometry().problem(direction, Format.NCHW).flops(),
                contenders);
    }
}
