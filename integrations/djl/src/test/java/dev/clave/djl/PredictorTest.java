package dev.clave.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.Batchifier;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import dev.clave.Device;
import dev.clave.io.Safetensors;
import dev.clave.nn.Network;
import dev.clave.onnx.OnnxExport;
import dev.clave.onnx.OnnxModel;
import dev.clave.onnx.OnnxNetwork;
import dev.clave.onnx.OnnxSession;
import dev.clave.onnx.OnnxTensor;
import java.io.FileNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** DJL's own Predictor runs Clave's networks, and gives what Clave gives; no other engine is on the class path. */
class PredictorTest {
    private static final Path ONNX = Path.of("../../src/test/resources/onnx");

    @TempDir
    private Path folder;

    private Path weights;

    /** What a user writes: an image as it is, scores as they come; DJL makes batches of them and takes them apart. */
    private static final class Images implements Translator<float[], float[]> {
        private final Shape shape;

        private Images(long... shape) {
            this.shape = new Shape(shape);
        }

        @Override
        public NDList processInput(TranslatorContext context, float[] image) {
            return new NDList(context.getNDManager().create(image, shape));
        }

        @Override
        public float[] processOutput(TranslatorContext context, NDList list) {
            return list.singletonOrThrow().toFloatArray();
        }

        @Override
        public Batchifier getBatchifier() {
            return Batchifier.STACK;
        }
    }

    static List<String> networksAndDevices() {
        Stream<String> devices = Device.list().isEmpty() ? Stream.of("cpu") : Stream.of("cpu", "opencl");
        return devices.flatMap(device -> Stream.of("relu " + device, "tanh " + device))
                .toList();
    }

    @BeforeEach
    void save() {
        weights = save("relu");
    }

    private Path save(String name) {
        Path file = folder.resolve(name + ".safetensors");
        try (Device cpu = Device.cpu();
                dev.clave.nn.Model model = new dev.clave.nn.Model(cpu, Network.of(name)).seed(7)) {
            model.save(file);
        }
        return file;
    }

    private static List<float[]> images(int count, int length) {
        Random random = new Random(count);
        List<float[]> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            float[] image = new float[length];
            for (int j = 0; j < length; j++) {
                image[j] = 2 * random.nextFloat() - 1;
            }
            images.add(image);
        }
        return images;
    }

    private static float[][] expected(String device, Path weights, List<float[]> images) {
        float[] all = new float[images.size() * images.get(0).length];
        for (int i = 0; i < images.size(); i++) {
            System.arraycopy(images.get(i), 0, all, i * images.get(0).length, images.get(0).length);
        }
        try (Device opened = Device.open(device);
                dev.clave.nn.Model model = new dev.clave.nn.Model(opened, Network.of(weights))) {
            model.load(weights);
            return model.predictBatch(all, images.size());
        }
    }

    private static Criteria<float[], float[]> criteria(Path path, String device, long... shape) {
        return Criteria.builder()
                .setTypes(float[].class, float[].class)
                .optModelPath(path)
                .optEngine("Clave")
                .optOption("device", device)
                .optTranslator(new Images(shape))
                .build();
    }

    @Test
    void thereIsNoOtherEngine() {
        // RPC, which asks a server elsewhere, is part of DJL's api.
        assertEquals(Set.of("Clave", "RPC"), Engine.getAllEngines());
        Engine engine = Engine.getInstance();
        assertEquals("Clave", engine.getEngineName());
        assertEquals(null, engine.getAlternativeEngine());
        assertEquals("0.1.0", engine.getVersion());
    }

    @ParameterizedTest
    @MethodSource("networksAndDevices")
    void weightsThroughCriteria(String which) throws Exception {
        String network = which.split(" ")[0];
        String device = which.split(" ")[1];
        Path file = save(network);
        int side = network.equals("relu") ? 28 : 32;
        try (ZooModel<float[], float[]> model =
                        criteria(file, device, 1, side, side).loadModel();
                Predictor<float[], float[]> predictor = model.newPredictor()) {
            for (int batch : new int[] {1, 2, 5, 16}) {
                List<float[]> images = images(batch, side * side);
                float[][] expected = expected(device, file, images);
                List<float[]> got = predictor.batchPredict(images);
                assertEquals(batch, got.size());
                for (int i = 0; i < batch; i++) {
                    assertArrayEquals(expected[i], got.get(i), 1e-5f, which + " batch " + batch + " sample " + i);
                }
            }
            assertArrayEquals(
                    expected(device, file, images(1, side * side))[0],
                    predictor.predict(images(1, side * side).get(0)),
                    1e-5f);
        }
    }

    /** Files of Clave and of PyTorch, by Model.load and from a directory. */
    @Test
    void onnxModels() throws Exception {
        Network relu = Network.of(weights);
        Path file = folder.resolve("exported.onnx");
        OnnxExport.of(relu.layer(), relu.inputShape(), Safetensors.read(weights))
                .write(file);
        List<float[]> images = images(3, 784);
        float[][] expected = expected("cpu", weights, images);
        try (Model model = Model.newInstance("exported", "Clave")) {
            model.load(folder, null, Map.of("device", "cpu"));
            assertEquals(new Shape(-1, 1, 28, 28), model.describeInput().valueAt(0));
            try (Predictor<float[], float[]> predictor = model.newPredictor(new Images(1, 28, 28))) {
                List<float[]> got = predictor.batchPredict(images);
                for (int i = 0; i < 3; i++) {
                    assertArrayEquals(expected[i], got.get(i), 1e-5f);
                }
            }
        }
        for (String name : new String[] {"resnet", "mobilenet"}) {
            OnnxModel imported = OnnxModel.read(ONNX.resolve(name + ".onnx"));
            int[] sample = OnnxNetwork.of(imported).inputShape();
            long[] shape = java.util.Arrays.stream(sample).asLongStream().toArray();
            List<float[]> inputs = images(2, java.util.Arrays.stream(sample).reduce(1, (a, b) -> a * b));
            try (ZooModel<float[], float[]> model = criteria(ONNX.resolve(name + ".onnx"), "auto", shape)
                            .loadModel();
                    Predictor<float[], float[]> predictor = model.newPredictor();
                    Device cpu = Device.cpu();
                    OnnxSession session = new OnnxSession(cpu, imported)) {
                for (float[] input : inputs) {
                    int[] single = java.util.stream.IntStream.concat(
                                    java.util.stream.IntStream.of(1), java.util.Arrays.stream(sample))
                            .toArray();
                    String port = imported.givenInputs().get(0).name();
                    OnnxTensor one = OnnxTensor.of(port, dev.clave.Shape.of(single), input);
                    float[] alone = session.run(Map.of(port, one))
                            .values()
                            .iterator()
                            .next()
                            .floats();
                    assertArrayEquals(alone, predictor.predict(input), 1e-4f, name);
                }
            }
        }
    }

    @Test
    void aModelFromAStream() throws Exception {
        List<float[]> images = images(1, 784);
        Network relu = Network.of(weights);
        byte[] bytes = OnnxExport.of(relu.layer(), relu.inputShape(), Safetensors.read(weights))
                .toBytes();
        try (Model model = Model.newInstance("stream", "Clave")) {
            model.load(new java.io.ByteArrayInputStream(bytes), Map.of("device", "cpu"));
            try (Predictor<float[], float[]> predictor = model.newPredictor(new Images(1, 28, 28))) {
                assertArrayEquals(expected("cpu", weights, images)[0], predictor.predict(images.get(0)), 1e-5f);
            }
        }
    }

    /** Threads with predictors of their own share one model and its device. */
    @Test
    void threadsPredictAtOnce() throws Exception {
        List<float[]> images = images(24, 784);
        float[][] expected = expected("auto", weights, images);
        try (ZooModel<float[], float[]> model =
                criteria(weights, "auto", 1, 28, 28).loadModel()) {
            ExecutorService pool = Executors.newFixedThreadPool(4);
            try {
                List<Future<Integer>> results = new ArrayList<>();
                for (int t = 0; t < 4; t++) {
                    int thread = t;
                    results.add(pool.submit(() -> {
                        int right = 0;
                        try (Predictor<float[], float[]> predictor = model.newPredictor()) {
                            for (int i = 0; i < images.size(); i++) {
                                int count = 1 + (i + thread) % 3;
                                int from = (i * 5 + thread) % (images.size() - count + 1);
                                List<float[]> got = predictor.batchPredict(images.subList(from, from + count));
                                for (int j = 0; j < count; j++) {
                                    assertArrayEquals(expected[from + j], got.get(j), 1e-5f);
                                    right++;
                                }
                            }
                        }
                        return right;
                    }));
                }
                int all = 0;
                for (Future<Integer> result : results) {
                    all += result.get();
                }
                assertTrue(all >= 4 * 24, "predicted " + all);
            } finally {
                pool.shutdown();
            }
        }
    }

    /** A translator that makes the batch itself and looks at probabilities. */
    @Test
    void arraysAreReshapedStackedAndSplit() throws Exception {
        NoBatchifyTranslator<float[][], Long> translator = new NoBatchifyTranslator<>() {
            @Override
            public NDList processInput(TranslatorContext context, float[][] images) {
                NDArray flat = context.getNDManager().create(images); // [n, 784]
                return new NDList(flat.reshape(-1, 1, 28, 28));
            }

            @Override
            public Long processOutput(TranslatorContext context, NDList list) {
                NDArray scores = list.singletonOrThrow();
                NDArray probabilities = scores.softmax(1);
                for (NDArray row : probabilities.split(scores.size(0))) {
                    double sum = 0;
                    for (float p : row.squeeze(0).toFloatArray()) {
                        sum += p;
                    }
                    assertEquals(1, sum, 1e-6);
                }
                return scores.split(scores.size(0)).get(0).argMax().toLongArray()[0];
            }
        };
        List<float[]> images = images(4, 784);
        float[] first = expected("cpu", weights, images)[0];
        int best = 0;
        for (int i = 0; i < first.length; i++) {
            best = first[i] > first[best] ? i : best;
        }
        try (Model model = Model.newInstance("relu", "Clave")) {
            model.load(weights, null, Map.of("device", "cpu"));
            try (Predictor<float[][], Long> predictor = model.newPredictor(translator)) {
                assertEquals(best, predictor.predict(images.toArray(float[][]::new)));
            }
        }
    }

    @Test
    void mistakesAreNamed() throws Exception {
        try (ZooModel<float[], float[]> model =
                        criteria(weights, "cpu", 1, 14, 56).loadModel();
                Predictor<float[], float[]> predictor = model.newPredictor()) {
            String message = assertThrows(TranslateException.class, () -> predictor.predict(new float[784]))
                    .getMessage();
            assertTrue(message.contains("input 'image' is FLOAT32 [batch of 1 or more, 1, 28, 28]"), message);
        }
        Path broken = folder.resolve("broken.safetensors");
        Files.write(broken, new byte[] {1, 2, 3});
        try (Model model = Model.newInstance("broken", "Clave")) {
            String message = assertThrows(MalformedModelException.class, () -> model.load(broken))
                    .getMessage();
            assertTrue(message.contains("broken.safetensors"), message);
            assertThrows(FileNotFoundException.class, () -> model.load(folder, "none"));
        }
    }
}
