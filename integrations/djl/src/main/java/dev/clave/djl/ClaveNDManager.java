package dev.clave.djl;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Makes arrays on the Java heap. */
class ClaveNDManager extends BaseNDManager {
    private static final class Holder {
        private static final ClaveNDManager SYSTEM = new SystemManager();
    }

    private final boolean alone;

    private ClaveNDManager(NDManager parent, Device device) {
        super(parent, device);
        this.alone = alternativeManager == null;
        if (alone) {
            // DJL would hand an array to itself for whatever it cannot do, without end.
            alternativeManager = NoOtherEngine.MANAGER;
        }
    }

    static ClaveNDManager system() {
        return Holder.SYSTEM;
    }

    @Override
    public ByteBuffer allocateDirect(int capacity) {
        return ByteBuffer.allocateDirect(capacity).order(ByteOrder.nativeOrder());
    }

    @Override
    public NDArray from(NDArray array) {
        if (array == null || array instanceof ClaveNDArray) {
            return array;
        }
        NDArray own = create(array.toByteBuffer(), array.getShape(), array.getDataType());
        own.setName(array.getName());
        return own;
    }

    @Override
    public ClaveNDArray create(Buffer data, Shape shape, DataType type) {
        if (type == DataType.STRING) {
            throw new UnsupportedOperationException("Clave: arrays of strings are not supported");
        }
        int elements = Math.toIntExact(shape.size());
        BaseNDManager.validateBuffer(data, type, elements);
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(elements, type.getNumOfBytes()))
                .order(ByteOrder.nativeOrder());
        BaseNDManager.copyBuffer(data, bytes);
        bytes.rewind();
        return new ClaveNDArray(this, alternativeManager, bytes, shape, type);
    }

    @Override
    public ClaveNDManager newSubManager(Device device) {
        ClaveNDManager manager = new ClaveNDManager(this, device);
        attachUncappedInternal(manager.uid, manager);
        return manager;
    }

    @Override
    public final Engine getEngine() {
        return Engine.getEngine(ClaveEngine.NAME);
    }

    @Override
    public void close() {
        super.close();
        if (!alone) {
            alternativeManager.close();
        }
    }

    private static final class SystemManager extends ClaveNDManager implements SystemNDManager {
        private SystemManager() {
            super(null, null);
        }

        @Override
        public void close() {
            // lives as long as the process
        }
    }
}
