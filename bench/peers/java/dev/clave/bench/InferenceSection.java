package dev.clave.bench;

import dev.clave.Device;
import dev.clave.bench.Rounds.Opening;
import dev.clave.data.ImageDataset;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import java.util.Map;

/**
 * The ReLU LeNet on batches. Java contenders start from a float array and end with one, copies included; PyTorch's tensors
 * lie ready, so that its times hold no copies.
 */
final class InferenceSection {
    /** Multiply-adds of an image twice: 6x28x28x9, 16x10x10x150, 400x120, 120x84, 84x10. */
    private static final double FLOPS = 2.0 * (6 * 784 * 9 + 16 * 100 * 150 + 48_000 + 10_080 + 840);

    private InferenceSection() {}

    static void run(Rounds rounds, Settings settings) throws Exception {
        rounds.note("Java contenders: float array to float array, copies included; PyTorch: tensors that lie ready");
        try (PyTorch python = new PyTorch(settings, rounds);
                Device device = Device.open(settings.device());
                Device cpu = Device.cpu()) {
            for (int batch : new int[] {1, 64, 1024}) {
                rounds.peak(device);
                rounds.peak(cpu);
                contend(rounds, settings, batch, device, cpu, python);
            }
        }
    }

    private static void contend(Rounds rounds, Settings settings, int batch, Device device, Device cpu, PyTorch python)
            throws Exception {
        ImageDataset data = Clave.images(batch);
        float[] images = Clave.values("relu", data);
        try (Model ours = new Model(device, Network.of("relu"));
                Model onCpu = new Model(cpu, Network.of("relu"))) {
            Map<String, float[]> weights = Clave.weights(ours);
            float[][] expected = onCpu.predictBatch(images, batch);
            Map<String, Opening> contenders = Rounds.contenders();
            contenders.put("Clave", () -> {
                compare(expected, ours.predictBatch(images, batch));
                return slices(settings, () -> ours.predictBatch(images, batch));
            });
            contenders.put("Clave CPU", () -> slices(settings, () -> onCpu.predictBatch(images, batch)));
            contenders.put("ONNX Runtime", () -> {
                OnnxRuntime runtime = new OnnxRuntime(weights);
                compare(expected, runtime.predict(images, batch));
                return slices(settings, () -> runtime.predict(images, batch), runtime);
            });
            contenders.put("DJL", () -> {
                Djl.Inference djl = new Djl.Inference(weights.values());
                compare(expected, rows(djl.predict(images, batch), batch));
                return slices(settings, () -> djl.predict(images, batch), djl);
            });
            python.join(contenders, "infer " + batch, true);
            rounds.run("infer " + batch, "us", FLOPS * batch, contenders);
        }
    }

    private static Contender slices(Settings settings, Contender.Work work, AutoCloseable... owned) {
        return Contender.repeating(settings.sliceSeconds(), work, owned);
    }

    private static float[][] rows(float[] flat, int samples) {
        float[][] rows = new float[samples][];
        for (int i = 0; i < samples; i++) {
            rows[i] = java.util.Arrays.copyOfRange(flat, i * 10, i * 10 + 10);
        }
        return rows;
    }

    /** Same weights, same images: the outputs differ by rounding only. */
    private static void compare(float[][] expected, float[][] got) {
        if (got.length != expected.length) {
            throw new IllegalStateException("expected " + expected.length + " outputs, got " + got.length);
        }
        for (int i = 0; i < expected.length; i++) {
            for (int j = 0; j < expected[i].length; j++) {
                if (!(Math.abs(expected[i][j] - got[i][j]) <= 1e-4 * (1 + Math.abs(expected[i][j])))) {
                    throw new IllegalStateException(
                            "output " + j + " of image " + i + ": expected " + expected[i][j] + ", got " + got[i][j]);
                }
            }
        }
    }
}
