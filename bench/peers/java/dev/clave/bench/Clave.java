package dev.clave.bench;

import dev.clave.Device;
import dev.clave.data.BuiltInDigits;
import dev.clave.data.ImageDataset;
import dev.clave.nn.FitOptions;
import dev.clave.nn.Loss;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import dev.clave.nn.Optimizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Ours, as a user calls it. */
final class Clave {
    private Clave() {}

    /** Images of a set that is the same for all contenders. */
    static ImageDataset images(int count) {
        return BuiltInDigits.generate(count, 1);
    }

    /** Values of all images, as peers are given them. */
    static float[] values(String network, ImageDataset data) {
        try (Device cpu = Device.cpu();
                Model model = new Model(cpu, Network.of(network))) {
            return model.normalise(
                    data, java.util.stream.IntStream.range(0, data.size()).toArray());
        }
    }

    /** Epochs by {@code Model.fit}: microseconds a step, gathering included, up to the last finish. */
    static final class Training implements Contender {
        private final Model model;
        private final FitOptions options;

        /**
         * The device stays open when this is closed.
         *
         * @param epochs of a sample
         */
        Training(Device device, String network, int batch, ImageDataset data, int epochs) {
            model = new Model(device, Network.of(network));
            model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY);
            // The first epoch touches what a fit has newly made; the others count.
            options = FitOptions.of(data).batchSize(batch).verbose(0).epochs(1 + epochs);
        }

        @Override
        public double sample() {
            List<Map<String, Double>> epochs = model.fit(options).epochs();
            double loss = epochs.get(epochs.size() - 1).get("loss");
            if (!(loss < 10)) {
                throw new IllegalStateException("training went wrong, loss " + loss);
            }
            return 1e3
                    * epochs.stream()
                            .skip(1)
                            .mapToDouble(epoch -> epoch.get("stepMillis"))
                            .average()
                            .orElseThrow();
        }

        @Override
        public void close() {
            model.close();
        }
    }

    /** Weights by name in the order of the network. */
    static Map<String, float[]> weights(Model model) {
        Map<String, float[]> weights = new LinkedHashMap<>();
        model.parameters().keySet().forEach(name -> weights.put(name, model.values(name)));
        return weights;
    }
}
