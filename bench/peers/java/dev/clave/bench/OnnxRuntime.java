package dev.clave.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.Map;

/** The ReLU LeNet in ONNX Runtime, from a float array to an array of rows, as {@code Model.predictBatch}. */
final class OnnxRuntime implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;

    OnnxRuntime(Map<String, float[]> weights) throws OrtException {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(Settings.threads());
            session = environment.createSession(OnnxBytes.relu(weights), options);
        }
    }

    float[][] predict(float[] images, int samples) throws OrtException {
        long[] shape = {samples, 1, 28, 28};
        try (OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(images), shape);
                OrtSession.Result result = session.run(Map.of("image", input))) {
            return (float[][]) result.get(0).getValue();
        }
    }

    static String version() {
        return OrtEnvironment.getEnvironment().getVersion();
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }
}
