package dev.clave.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.data.ImageDataset;
import org.junit.jupiter.api.Test;

/** What brings batches to a plan. */
class FeedTest {
    /** A dataset lies on the device as a whole: what could not be used must not stay there. */
    @Test
    void oneThatCannotBeMadeLeavesNothingBehind() {
        ImageDataset data = TestData.rows(8, 1);
        Graph graph = Graph.record(
                new Sequential(Layers.flatten(), Layers.linear(TestData.SIDE * TestData.SIDE, 10)),
                1,
                TestData.SIDE,
                TestData.SIDE);
        try (Device device = Device.cpu();
                ParameterSet parameters = new ParameterSet(device, DType.F32, graph.root());
                Plan plan = new Plan(
                        device, graph, parameters, Plan.format(device, DType.F32), 4, Lowering.Purpose.INFERENCE, 1);
                Tensor labels = device.allocate(DType.I32, Shape.of(3))) {
            long before = device.liveBytes();
            String message = assertThrows(
                            IllegalArgumentException.class,
                            () -> new Feed(device, plan, labels, BatchSource.of(data), 2, 0, 0))
                    .getMessage();
            assertTrue(message.contains("batchLabels"), message);
            assertEquals(before, device.liveBytes());
        }
    }
}
