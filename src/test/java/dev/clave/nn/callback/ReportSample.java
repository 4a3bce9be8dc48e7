package dev.clave.nn.callback;

import dev.clave.data.BuiltInDigits;
import dev.clave.data.ImageDataset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** A made-up run of the size of a real one. */
final class ReportSample {
    static final int EPOCHS = 8;
    private static final int[][] CONFUSED = {{4, 9, 8}, {9, 4, 5}, {7, 2, 6}, {3, 5, 4}, {5, 3, 3}, {8, 3, 2}, {1, 7, 1}
    };

    private ReportSample() {}

    static ReportData data() {
        Random random = new Random(4);
        List<ReportData.Epoch> epochs = new ArrayList<>();
        List<ReportData.Step> steps = new ArrayList<>();
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            for (int step = 0; step < 469; step++) {
                double done = epoch - 1 + (step + 1) / 469.0;
                double mean = 0.02 + 2.3 * Math.exp(-7 * done) + 0.14 * Math.exp(-0.6 * done);
                steps.add(new ReportData.Step(done, mean * Math.exp(0.5 * random.nextGaussian())));
            }
            double fit = Math.exp(-0.6 * epoch);
            epochs.add(new ReportData.Epoch(
                    epoch, 0.02 + 0.5 * fit, 0.994 - 0.15 * fit, 0.034 + 0.18 * fit, 0.9895 - 0.05 * fit));
        }
        ConfusionMatrix confusion = new ConfusionMatrix(10);
        List<ReportData.Mistake> mistakes = new ArrayList<>();
        ImageDataset digits = BuiltInDigits.generate(400, 3);
        for (int c = 0; c < 10; c++) {
            for (int i = 0; i < 950 + 17 * c; i++) {
                confusion.add(c, c);
            }
        }
        for (int[] pair : CONFUSED) {
            for (int i = 0; i < pair[2]; i++) {
                confusion.add(pair[0], pair[1]);
                int index = 10 * mistakes.size() + pair[0];
                byte[] pixels = java.util.Arrays.copyOfRange(digits.pixels(), index * 784, index * 784 + 784);
                mistakes.add(new ReportData.Mistake(
                        index, pair[0], pair[1], 0.5 + 0.5 * random.nextDouble(), 28, 28, pixels));
            }
        }
        List<String> names = IntStream.range(0, 10).mapToObj(String::valueOf).toList();
        return new ReportData(
                "LeNet on MNIST",
                "8 epochs in 21 s, 24 November 2026",
                epochs,
                0,
                steps,
                names,
                confusion,
                mistakes,
                layers(),
                totals(),
                pairs(
                        "Device",
                        "cpu-haswell <AMD & friends>",
                        "Platform",
                        "Portable Computing Language",
                        "Binding",
                        "ffm"),
                pairs("Optimizer", "Adam", "Learning rate", "0.001, \"cosine\"", "Batch size", "128", "Seed", "1"),
                "./clave train --data mnist --network relu --epochs 8 --batch 128 --lr 0.001 --seed 1 --report run.html");
    }

    private static List<ReportData.Layer> layers() {
        return List.of(
                new ReportData.Layer("Conv2D-1", "[[1, 1, 28, 28]]", "[1, 6, 28, 28]", 60),
                new ReportData.Layer("ReLU-1", "[[1, 6, 28, 28]]", "[1, 6, 28, 28]", 0),
                new ReportData.Layer("MaxPool2D-1", "[[1, 6, 28, 28]]", "[1, 6, 14, 14]", 0),
                new ReportData.Layer("Conv2D-2", "[[1, 6, 14, 14]]", "[1, 16, 10, 10]", 2416),
                new ReportData.Layer("ReLU-2", "[[1, 16, 10, 10]]", "[1, 16, 10, 10]", 0),
                new ReportData.Layer("MaxPool2D-2", "[[1, 16, 10, 10]]", "[1, 16, 5, 5]", 0),
                new ReportData.Layer("Linear-1", "[[1, 400]]", "[1, 120]", 48120),
                new ReportData.Layer("Linear-2", "[[1, 120]]", "[1, 84]", 10164),
                new ReportData.Layer("Linear-3", "[[1, 84]]", "[1, 10]", 850));
    }

    private static Map<String, String> totals() {
        return pairs("Total params", "61,610", "Non-trainable params", "0", "Estimated total size (MB)", "0.35");
    }

    private static Map<String, String> pairs(String... pairs) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(pairs[i], pairs[i + 1]);
        }
        return map;
    }

    /** A run of which nothing is known. */
    static ReportData empty() {
        return new ReportData(
                "Nothing", "", List.of(), 0, List.of(), List.of(), null, List.of(), List.of(), Map.of(), Map.of(),
                Map.of(), "");
    }
}
