package dev.clave.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What arrays do without another engine, and how they say what they do not. */
class ArrayTest {
    private final NDManager manager = new ClaveEngineProvider().getEngine().newBaseManager();

    @AfterEach
    void close() {
        manager.close();
    }

    private NDArray range(long... shape) {
        int count = Math.toIntExact(new Shape(shape).size());
        float[] values = new float[count];
        IntStream.range(0, count).forEach(i -> values[i] = i);
        return manager.create(values, new Shape(shape));
    }

    @Test
    void shapesChange() {
        NDArray array = range(2, 3, 4);
        assertEquals(new Shape(6, 4), array.reshape(-1, 4).getShape());
        assertEquals(new Shape(24), array.flatten().getShape());
        assertEquals(new Shape(2, 1, 3, 4), array.expandDims(1).getShape());
        assertEquals(new Shape(2, 3, 4, 1), array.expandDims(-1).getShape());
        assertEquals(array.getShape(), array.expandDims(1).squeeze(1).getShape());
        assertEquals(new Shape(3), range(1, 3, 1).squeeze().getShape());
        assertThrows(IllegalArgumentException.class, () -> array.squeeze(0));
        assertThrows(IllegalArgumentException.class, () -> array.reshape(5, 5));
        assertArrayEquals(array.toFloatArray(), array.reshape(4, 6).toFloatArray());
    }

    @Test
    void stackedAndSplitAlongEveryAxis() {
        NDArray a = range(2, 3);
        NDArray b = manager.create(new float[] {10, 11, 12, 13, 14, 15}, new Shape(2, 3));
        NDArray rows = NDArrays.stack(new NDList(a, b));
        assertEquals(new Shape(2, 2, 3), rows.getShape());
        assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}, rows.toFloatArray());
        NDArray middle = NDArrays.stack(new NDList(a, b), 1);
        assertArrayEquals(new float[] {0, 1, 2, 10, 11, 12, 3, 4, 5, 13, 14, 15}, middle.toFloatArray());
        NDArray last = NDArrays.stack(new NDList(a, b), -1);
        assertArrayEquals(new float[] {0, 10, 1, 11, 2, 12, 3, 13, 4, 14, 5, 15}, last.toFloatArray());
        NDArray wide = NDArrays.concat(new NDList(a, b), 1);
        assertEquals(new Shape(2, 6), wide.getShape());
        NDList parts = wide.split(new long[] {1, 5}, 1);
        assertEquals(
                List.of(new Shape(2, 1), new Shape(2, 4), new Shape(2, 1)),
                parts.stream().map(NDArray::getShape).toList());
        assertArrayEquals(new float[] {1, 2, 10, 11, 4, 5, 13, 14}, parts.get(1).toFloatArray());
        assertThrows(IllegalArgumentException.class, () -> wide.split(4, 1));
        assertThrows(IllegalArgumentException.class, () -> NDArrays.concat(new NDList(a, range(3, 2)), 0));
    }

    @Test
    void valuesAndTypes() {
        NDArray wide = manager.create(new double[] {1, -2, 3});
        assertArrayEquals(
                new float[] {1, -2, 3}, wide.toType(DataType.FLOAT32, false).toFloatArray());
        assertArrayEquals(new long[] {4, 5}, manager.create(new long[] {4, 5}).toLongArray());
        assertArrayEquals(new float[6], manager.zeros(new Shape(2, 3)).toFloatArray());
        NDArray array = range(3);
        NDArray copy = array.duplicate();
        copy.set(new float[] {7, 8, 9});
        assertArrayEquals(new float[] {0, 1, 2}, array.toFloatArray());
        assertEquals(range(3), array);
        assertNotEquals(copy, array);
        assertEquals(2, array.argMax().toLongArray()[0]);
        float[] soft = range(2, 2).softmax(0).toFloatArray();
        assertEquals(1 / (1 + Math.exp(2)), soft[0], 1e-7);
        assertEquals(soft[0], soft[1], 1e-7);
    }

    @Test
    void whatIsNotSupportedIsNamed() {
        refuses("add", array -> array.add(1));
        refuses("matMul", array -> array.matMul(array));
        refuses("sum", NDArray::sum);
        refuses("relu", array -> array.getNDArrayInternal().relu());
        // Also once it is attached elsewhere, where DJL takes the new manager's other engine.
        try (NDManager child = manager.newSubManager()) {
            NDArray array = range(2);
            array.attach(child);
            String message = assertThrows(UnsupportedOperationException.class, array::exp)
                    .getMessage();
            assertTrue(message.contains("NDArray.exp is not supported"), message);
        }
    }

    private void refuses(String operation, Function<NDArray, Object> call) {
        String message = assertThrows(UnsupportedOperationException.class, () -> call.apply(range(2, 2)))
                .getMessage();
        assertTrue(
                message.startsWith("Clave: NDArray." + operation + " is not supported without another engine"),
                message);
    }

    @Test
    void closedIsClosed() {
        NDArray array = range(2);
        array.close();
        assertTrue(array.isReleased());
        assertThrows(IllegalStateException.class, array::toFloatArray);
        NDManager child = manager.newSubManager();
        NDArray held = child.create(new float[2]);
        child.close();
        assertTrue(held.isReleased(), "a manager closes its arrays");
    }
}
