package dev.clave.examples;

import dev.clave.Device;
import dev.clave.data.Mnist;
import dev.clave.nn.Accuracy;
import dev.clave.nn.FitOptions;
import dev.clave.nn.InputSpec;
import dev.clave.nn.LeNet;
import dev.clave.nn.Loss;
import dev.clave.nn.Model;
import dev.clave.nn.Optimizer;
import java.nio.file.Path;
import java.util.Map;

/** The LeNet tutorial from top to bottom: look, train, evaluate, predict, save, load, fine-tune. */
public final class TutorialExample {
    private TutorialExample() {}

    /** Trains on a split, epochs times and then twice at a tenth of the rate; returns the last evaluation. */
    public static Map<String, Double> run(Device device, Mnist.Split data, int epochs, Path weights) {
        System.out.println(data.train().size() + " training and " + data.test().size() + " test images");
        InputSpec image = InputSpec.image(1, 28, 28);

        try (Model model = new Model(device, new LeNet(10), image)) {
            System.out.print(model.summary());
            model.prepare(Optimizer.adam(0.001), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
            model.fit(FitOptions.of(data.train())
                    .evalData(data.test())
                    .batchSize(64)
                    .epochs(epochs)
                    .verbose(1));
            System.out.println(model.evaluate(data.test(), 64));

            float[][] scores = model.predictStacked(data.test(), 64);
            for (int index : new int[] {5, 20, 48, 210}) {
                System.out.println("#" + index + ": " + best(scores[index]) + ", label "
                        + data.test().labels()[index]);
            }
            model.save(weights);
        }

        try (Model model = new Model(device, new LeNet(10), image)) {
            model.load(weights);
            model.prepare(Optimizer.adam(0.0001), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
            model.fit(FitOptions.of(data.train()).batchSize(64).epochs(2).verbose(1));
            return model.evaluate(data.test(), 64);
        }
    }

    private static int best(float[] scores) {
        int best = 0;
        for (int c = 1; c < scores.length; c++) {
            best = scores[c] > scores[best] ? c : best;
        }
        return best;
    }
}
