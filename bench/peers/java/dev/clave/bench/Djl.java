package dev.clave.bench;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.dataset.Batch;
import ai.djl.training.evaluator.Accuracy;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import java.io.IOException;

/** The two LeNets in DJL on its PyTorch engine. */
final class Djl {
    private static final Shape HALF = new Shape(2, 2);

    private Djl() {}

    private static Model model(String network) {
        Model model = Model.newInstance(network, "PyTorch");
        model.setBlock(network.equals("relu") ? relu() : tanh());
        return model;
    }

    private static Conv2d convolution(int filters, int side, int pad) {
        return Conv2d.builder()
                .setKernelShape(new Shape(side, side))
                .setFilters(filters)
                .optPadding(new Shape(pad, pad))
                .build();
    }

    private static Linear linear(int units) {
        return Linear.builder().setUnits(units).build();
    }

    private static SequentialBlock relu() {
        return new SequentialBlock()
                .add(convolution(6, 3, 1))
                .add(Activation::relu)
                .add(Pool.maxPool2dBlock(HALF, HALF))
                .add(convolution(16, 5, 0))
                .add(Activation::relu)
                .add(Pool.maxPool2dBlock(HALF, HALF))
                .add(Blocks.batchFlattenBlock())
                .add(linear(120))
                .add(linear(84))
                .add(linear(10));
    }

    private static SequentialBlock tanh() {
        return new SequentialBlock()
                .add(convolution(6, 5, 0))
                .add(Activation::tanh)
                .add(Pool.avgPool2dBlock(HALF, HALF))
                .add(Activation::sigmoid)
                .add(convolution(16, 5, 0))
                .add(Activation::tanh)
                .add(Pool.avgPool2dBlock(HALF, HALF))
                .add(Activation::sigmoid)
                .add(convolution(120, 5, 0))
                .add(Activation::tanh)
                .add(Blocks.batchFlattenBlock())
                .add(linear(84))
                .add(Activation::tanh)
                .add(linear(10));
    }

    /** Epochs of training on the same images as ours: microseconds a step. */
    static final class Training implements Contender {
        private final Model model;
        private final Trainer trainer;
        private final ArrayDataset dataset;
        private final int batch;

        private final boolean documented;

        /**
         * Prepares.
         *
         * @param documented whether it trains as DJL's own examples do: EasyTrain.fit with accuracy and the listeners for
         *     logging; otherwise the bare loop over batches, losses and hits left alone
         */
        Training(boolean documented, String network, int batch, int side, float[] images, int... labels) {
            this.documented = documented;
            this.batch = batch;
            model = model(network);
            DefaultTrainingConfig config = new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                    .optOptimizer(Optimizer.adam()
                            .optLearningRateTracker(Tracker.fixed(0.001f))
                            .build());
            if (documented) {
                config.addEvaluator(new Accuracy()).addTrainingListeners(TrainingListener.Defaults.logging());
            }
            trainer = model.newTrainer(config);
            trainer.initialize(new Shape(batch, 1, side, side));
            NDManager manager = model.getNDManager();
            float[] targets = new float[labels.length];
            for (int i = 0; i < targets.length; i++) {
                targets[i] = labels[i];
            }
            dataset = new ArrayDataset.Builder()
                    .setData(manager.create(images, new Shape(labels.length, 1, side, side)))
                    .optLabels(manager.create(targets))
                    .setSampling(batch, true)
                    .build();
        }

        int epoch() throws IOException, TranslateException {
            int steps = 0;
            if (documented) {
                EasyTrain.fit(trainer, 1, dataset, null);
                return (int) dataset.size() / batch;
            }
            for (Batch batch : trainer.iterateDataset(dataset)) {
                EasyTrain.trainBatch(trainer, batch);
                trainer.step();
                batch.close();
                steps++;
            }
            return steps;
        }

        @Override
        public double sample() throws IOException, TranslateException {
            long begin = System.nanoTime();
            int steps = epoch();
            return (System.nanoTime() - begin) / 1e3 / steps;
        }

        @Override
        public void close() {
            trainer.close();
            model.close();
        }
    }

    /** The ReLU LeNet with given weights, from a float array to a float array. */
    static final class Inference implements AutoCloseable {
        private final Model model;
        private final Predictor<NDList, NDList> predictor;
        private final NDManager manager;

        /** Weights in the order of the network. */
        Inference(Iterable<float[]> weights) {
            model = model("relu");
            manager = model.getNDManager();
            model.getBlock().initialize(manager, ai.djl.ndarray.types.DataType.FLOAT32, new Shape(1, 1, 28, 28));
            java.util.Iterator<float[]> next = weights.iterator();
            model.getBlock()
                    .getParameters()
                    .values()
                    .forEach(parameter -> parameter.getArray().set(next.next()));
            predictor = model.newPredictor(new NoopTranslator(null));
        }

        float[] predict(float[] images, int samples) throws TranslateException {
            try (NDManager batch = manager.newSubManager()) {
                NDArray input = batch.create(images, new Shape(samples, 1, 28, 28));
                try (NDList output = predictor.predict(new NDList(input))) {
                    return output.singletonOrThrow().toFloatArray();
                }
            }
        }

        @Override
        public void close() {
            predictor.close();
            model.close();
        }
    }

    static String version() {
        return Engine.getDjlVersion() + " with PyTorch "
                + Engine.getEngine("PyTorch").getVersion();
    }
}
