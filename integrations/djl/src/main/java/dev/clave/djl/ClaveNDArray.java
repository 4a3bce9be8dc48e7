package dev.clave.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrayAdapter;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.internal.NDArrayEx;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** Numbers on the Java heap, row-major. Arrays that are made from one another share no memory, but reshaped ones do. */
final class ClaveNDArray extends NDArrayAdapter {
    private ByteBuffer bytes;

    ClaveNDArray(NDManager manager, NDManager alternative, ByteBuffer bytes, Shape shape, DataType type) {
        super(manager, alternative, shape, type, NDManager.nextUid());
        this.bytes = bytes;
        manager.attachInternal(uid, this);
    }

    @Override
    public ByteBuffer toByteBuffer(boolean tryDirect) {
        if (isClosed) {
            throw new IllegalStateException("Clave: the array " + uid + " is closed");
        }
        return bytes.duplicate().order(ByteOrder.nativeOrder());
    }

    /** The values when they are FLOAT32. */
    float[] floats(String what) {
        if (getDataType() != DataType.FLOAT32) {
            throw new IllegalArgumentException(
                    "Clave: " + what + " is FLOAT32, got " + getDataType() + " " + getShape() + "; use toType");
        }
        return toFloatArray();
    }

    private ClaveNDArray made(ByteBuffer values, Shape as) {
        ClaveNDArray array = new ClaveNDArray(manager, alternativeManager, values, as, getDataType());
        array.setName(getName());
        return array;
    }

    @Override
    public void intern(NDArray replaced) {
        ClaveNDArray other = (ClaveNDArray) manager.from(replaced);
        bytes = other.toByteBuffer(false);
        shape = other.getShape();
        dataType = other.getDataType();
        replaced.close();
    }

    @Override
    public void set(Buffer data) {
        ClaveNDArray array = (ClaveNDArray) manager.create(data, getShape(), getDataType());
        intern(array);
    }

    @Override
    public void detach() {
        manager.detachInternal(getUid());
        manager = ClaveNDManager.system();
    }

    @Override
    public NDArray duplicate() {
        ByteBuffer copy = ByteBuffer.allocate(bytes.capacity()).order(ByteOrder.nativeOrder());
        copy.put(toByteBuffer(false)).rewind();
        return made(copy, getShape());
    }

    @Override
    public void copyTo(NDArray target) {
        target.set(toByteBuffer(false));
    }

    @Override
    public NDArray reshape(Shape wanted) {
        long[] extents = wanted.getShape().clone();
        long known = LongStream.of(extents).filter(extent -> extent != -1).reduce(1, (a, b) -> a * b);
        for (int i = 0; i < extents.length; i++) {
            extents[i] = extents[i] == -1 && known > 0 ? size() / known : extents[i];
        }
        Shape shaped = new Shape(extents);
        if (shaped.size() != size() || LongStream.of(extents).anyMatch(extent -> extent < 0)) {
            throw new IllegalArgumentException("Clave: " + getShape() + " cannot be reshaped to " + wanted);
        }
        return made(toByteBuffer(false), shaped);
    }

    @Override
    public NDArray flatten() {
        return reshape(new Shape(size()));
    }

    @Override
    public NDArray expandDims(int axis) {
        List<Long> extents = extents();
        extents.add(axis < 0 ? axis + extents.size() + 1 : axis, 1L);
        return reshape(new Shape(extents));
    }

    @Override
    public NDArray squeeze(int[] axes) {
        List<Long> extents = extents();
        int rank = extents.size();
        int[] sorted = Arrays.stream(axes)
                .map(axis -> axis < 0 ? axis + rank : axis)
                .sorted()
                .distinct()
                .toArray();
        for (int i = sorted.length - 1; i >= 0; i--) {
            if (extents.remove(sorted[i]) != 1) {
                throw new IllegalArgumentException("Clave: axis " + sorted[i] + " of " + getShape() + " is not 1");
            }
        }
        return reshape(new Shape(extents));
    }

    private List<Long> extents() {
        return new ArrayList<>(LongStream.of(getShape().getShape()).boxed().toList());
    }

    @Override
    public NDList split(long sections, int axis) {
        long extent = getShape().get(axis(axis));
        if (sections < 1 || extent % sections != 0) {
            throw new IllegalArgumentException(
                    "Clave: axis " + axis + " of " + getShape() + " cannot be split into " + sections + " equal parts");
        }
        long part = extent / sections;
        return split(LongStream.range(1, sections).map(i -> i * part).toArray(), axis);
    }

    @Override
    public NDList split(long[] begins, int axis) {
        int at = axis(axis);
        long extent = getShape().get(at);
        NDList parts = new NDList();
        for (int i = 0; i <= begins.length; i++) {
            long begin = i == 0 ? 0 : begins[i - 1];
            long end = i == begins.length ? extent : begins[i];
            if (begin < 0 || end < begin || end > extent) {
                throw new IllegalArgumentException(
                        "Clave: axis " + axis + " of " + getShape() + " has no parts at " + Arrays.toString(begins));
            }
            parts.add(part(at, begin, end));
        }
        return parts;
    }

    private int axis(int axis) {
        int rank = getShape().dimension();
        int counted = axis < 0 ? axis + rank : axis;
        if (counted < 0 || counted >= rank) {
            throw new IllegalArgumentException("Clave: " + getShape() + " has no axis " + axis);
        }
        return counted;
    }

    /** Bytes behind one step along an axis. */
    private int inner(int axis) {
        return Math.toIntExact(getShape().slice(axis + 1).size() * getDataType().getNumOfBytes());
    }

    private NDArray part(int axis, long begin, long end) {
        int inner = inner(axis);
        int row = Math.toIntExact(getShape().get(axis)) * inner;
        int taken = (int) (end - begin) * inner;
        int rows = row == 0 ? 0 : bytes.capacity() / row;
        ByteBuffer values = ByteBuffer.allocate(rows * taken).order(ByteOrder.nativeOrder());
        for (int i = 0; i < rows; i++) {
            values.put(toByteBuffer(false)
                    .position(i * row + (int) begin * inner)
                    .limit(i * row + (int) begin * inner + taken));
        }
        long[] extents = getShape().getShape().clone();
        extents[axis] = end - begin;
        return made(values.rewind(), new Shape(extents));
    }

    /** This and others one behind the other along an axis that is there. */
    NDArray joined(NDList others, int axis) {
        int at = axis(axis);
        List<ClaveNDArray> all = new ArrayList<>(List.of(this));
        others.forEach(other -> all.add((ClaveNDArray) manager.from(other)));
        long[] extents = getShape().getShape().clone();
        extents[at] = 0;
        int total = 0;
        for (ClaveNDArray array : all) {
            long[] theirs = array.getShape().getShape().clone();
            boolean fits = theirs.length == extents.length && array.getDataType() == getDataType();
            for (int i = 0; fits && i < theirs.length; i++) {
                fits = i == at || theirs[i] == extents[i];
            }
            if (!fits) {
                throw new IllegalArgumentException("Clave: " + array.getDataType() + " " + array.getShape()
                        + " does not fit behind " + getDataType() + " " + getShape() + " along axis " + axis);
            }
            extents[at] += theirs[at];
            total += array.bytes.capacity();
        }
        ByteBuffer values = ByteBuffer.allocate(total).order(ByteOrder.nativeOrder());
        long rows = getShape().slice(0, at).size();
        for (int i = 0; i < rows; i++) {
            for (ClaveNDArray array : all) {
                int row = array.bytes.capacity() / (int) rows;
                values.put(array.toByteBuffer(false).position(i * row).limit((i + 1) * row));
            }
        }
        return made(values.rewind(), new Shape(extents));
    }

    @Override
    public NDArray softmax(int axis) {
        int at = axis(axis);
        float[] values = floats("softmax").clone();
        int steps = Math.toIntExact(getShape().get(at));
        int inner = inner(at) / Float.BYTES;
        for (int first = 0; first < values.length; first += steps * inner) {
            for (int column = first; column < first + inner; column++) {
                double most = Double.NEGATIVE_INFINITY;
                double sum = 0;
                for (int i = 0; i < steps; i++) {
                    most = Math.max(most, values[column + i * inner]);
                }
                for (int i = 0; i < steps; i++) {
                    sum += Math.exp(values[column + i * inner] - most);
                }
                for (int i = 0; i < steps; i++) {
                    values[column + i * inner] = (float) (Math.exp(values[column + i * inner] - most) / sum);
                }
            }
        }
        NDArray result = manager.create(values, getShape());
        result.setName(getName());
        return result;
    }

    @Override
    public NDArray argMax() {
        float[] values = floats("argMax");
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            best = values[i] > values[best] ? i : best;
        }
        return manager.create((long) best);
    }

    @Override
    public boolean contentEquals(NDArray other) {
        return other != null
                && getShape().equals(other.getShape())
                && getDataType() == other.getDataType()
                && toByteBuffer(false).equals(other.toByteBuffer().rewind());
    }

    @Override
    public NDArrayEx getNDArrayInternal() {
        return ArrayExtras.of(this, alternativeManager == NoOtherEngine.MANAGER ? null : super.getNDArrayInternal());
    }

    @Override
    public String toString() {
        return isClosed ? "closed array" : "ND: " + getShape() + " " + getDataType() + " of " + ClaveEngine.NAME;
    }
}
