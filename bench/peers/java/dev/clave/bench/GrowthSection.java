package dev.clave.bench;

import dev.clave.Device;
import dev.clave.bench.Rounds.Opening;
import dev.clave.data.ImageDataset;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import java.util.Map;

/** How time grows with the batch and with channels: no cliff may hide between the shapes that are tuned for. */
final class GrowthSection {
    private GrowthSection() {}

    static void run(Rounds rounds, Settings settings) throws Exception {
        try (PyTorch python = new PyTorch(settings, rounds);
                Device device = Device.open(settings.device())) {
            int images = settings.quick() ? 1024 : 8192;
            ImageDataset data = Clave.images(images);
            for (int batch = 16; batch <= Math.min(4096, images); batch *= settings.quick() ? 8 : 2) {
                rounds.peak(device);
                batch(rounds, settings, batch, data, device, python);
            }
            for (int channels = 8; channels <= (settings.quick() ? 64 : 512); channels *= 2) {
                rounds.peak(device);
                ConvolutionSection.Layer layer =
                        new ConvolutionSection.Layer("channels-" + channels, 8, channels, 28, channels, 3, 1, 1);
                ConvolutionSection.contend(rounds, settings, layer, "forward", device, python);
            }
        }
    }

    private static void batch(
            Rounds rounds, Settings settings, int batch, ImageDataset data, Device device, PyTorch python)
            throws Exception {
        Map<String, Opening> training = Rounds.contenders();
        training.put("Clave", () -> new Clave.Training(device, "relu", batch, data, 1));
        python.join(training, "train relu " + batch + " " + data.size() / batch, false);
        rounds.run("train batch " + batch, "us", 0, training);
        float[] values = Clave.values("relu", Clave.images(batch));
        Map<String, Opening> inference = Rounds.contenders();
        inference.put("Clave", () -> {
            Model model = new Model(device, Network.of("relu"));
            return Contender.repeating(settings.sliceSeconds(), () -> model.predictBatch(values, batch), model);
        });
        python.join(inference, "infer " + batch, false);
        rounds.run("infer batch " + batch, "us", 0, inference);
    }
}
