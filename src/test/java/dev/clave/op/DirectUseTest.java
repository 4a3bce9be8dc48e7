package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Operators as an embedder uses them: no graph, arrays or buffers in, arrays or buffers out. */
class DirectUseTest {
    private static List<Device> devices() {
        List<Device> devices = new ArrayList<>(List.of(Device.cpu()));
        for (int i = 0; i < Device.list().size(); i++) {
            devices.add(Device.open(String.valueOf(i)));
        }
        return devices;
    }

    /** One input channel, a 2x2 window on a 3x3 image: small enough to do by hand. */
    @Test
    void forwardAndEveryGradientByHand() {
        Conv2d conv = new Conv2d(1, 1, 3, 3, 1, Window.of(2, 2));
        float[] image = {1, 2, 3, 4, 5, 6, 7, 8, 9};
        for (Device device : devices()) {
            try (device;
                    Invocation forward = conv.prepare(device, "forward");
                    Invocation backInput = conv.prepare(device, "backwardInput");
                    Invocation backWeight = conv.prepare(device, "backwardWeight");
                    Invocation backBias = conv.prepare(device, "backwardBias");
                    Tensor input = forward.allocate("input").write(FloatBuffer.wrap(image));
                    Tensor weight = forward.allocate("weight").write(1f, 0f, 0f, 2f);
                    Tensor bias = forward.allocate("bias").write(0.5f);
                    Tensor output = forward.allocate("output");
                    Tensor gradOutput = backInput.allocate("gradOutput").write(1f, 10f, 100f, 1000f);
                    Tensor gradInput = backInput.allocate("gradInput");
                    Tensor gradWeight = backWeight.allocate("gradWeight");
                    Tensor gradBias = backBias.allocate("gradBias")) {
                assertEquals(conv.inputShape(), input.shape());
                assertEquals(conv.outputShape(), output.shape());
                assertEquals(conv.biasShape(), bias.shape());
                forward.run();
                backInput.bind("weight", weight).run();
                backWeight.bind("input", input).bind("gradOutput", gradOutput).run();
                backBias.bind("gradOutput", gradOutput).run();
                float[] got = new float[4];
                output.read(got);
                assertEquals(List.of(11.5f, 14.5f, 20.5f, 23.5f), boxed(got));
                FloatBuffer grad = ByteBuffer.allocateDirect(36).asFloatBuffer();
                gradInput.read(grad);
                float[] all = new float[9];
                grad.get(0, all);
                assertEquals(List.of(1f, 10f, 0f, 100f, 1002f, 20f, 0f, 200f, 2000f), boxed(all));
                gradWeight.read(got);
                assertEquals(
                        List.of(1f + 20 + 400 + 5000, 2f + 30 + 500 + 6000, 4f + 50 + 700 + 8000, 5f + 60 + 800 + 9000),
                        boxed(got));
                assertEquals(1111f, gradBias.readFloats()[0]);
            }
        }
    }

    private static List<Float> boxed(float[] values) {
        List<Float> all = new ArrayList<>();
        for (float value : values) {
            all.add(value);
        }
        return all;
    }

    @Test
    void unknownNamesAndClosedInvocationsAreRefused() {
        Conv2d conv = new Conv2d(1, 1, 3, 3, 1, Window.of(2, 2));
        for (Device device : devices()) {
            try (device) {
                String direction = assertThrows(IllegalArgumentException.class, () -> conv.prepare(device, "backwards"))
                        .getMessage();
                assertTrue(
                        direction.contains("it has [forward, backwardInput, backwardWeight, backwardBias]"), direction);
                Invocation forward = conv.prepare(device, "forward");
                assertThrows(IllegalArgumentException.class, () -> forward.allocate("gradInput"));
                forward.close();
                assertThrows(IllegalStateException.class, () -> forward.allocate("input"));
                assertEquals(0, device.liveBytes(), "what was refused holds nothing");
            }
        }
    }
}
