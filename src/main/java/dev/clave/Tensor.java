package dev.clave;

import dev.clave.internal.AsyncStorage;
import dev.clave.internal.DoneEvent;
import dev.clave.internal.HostMemory;
import dev.clave.internal.HostSegments;
import dev.clave.internal.Storage;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * Values of one {@link DType} and {@link Shape} on one {@link Device}, in row-major order. It holds data; operators live in
 * {@code dev.clave.op}. {@link #close} releases the memory, once enqueued work that uses it is done; a view shares its
 * parent's memory and is invalid after the parent's close. Whatever is done to a closed tensor throws
 * {@link IllegalStateException}. Used by one thread at a time; different tensors of one device may be used by different threads.
 *
 * <p><b>Transfers</b> take Java arrays ({@code float[]} for F32, {@code double[]} for F64, {@code int[]} for I32, {@code byte[]} for
 * U8), buffers of {@code java.nio} (the typed one, or a ByteBuffer for every type, heap or direct, read and written in the
 * buffer's byte order from its position to its limit, which stay where they are) and memory segments (JDK 22 and newer, in
 * native byte order). They wait for pending work that comes before them, and return when the values are there. Those named
 * {@code ...Async} return at once; they take direct memory in native order alone. {@code from} counts this tensor's elements,
 * {@code first} and {@code count} those of an array.
 *
 * <p>No transfer takes Java heap that grows with its size, except {@link #write(float...)} on F64, {@link #write(double...)} on
 * F32 and the four that return a new array. Direct memory is copied once, by the driver.
 */
public final class Tensor implements AutoCloseable {
    private final Device device;
    private final DType dtype;
    private final Shape shape;
    private final Storage storage;

    Tensor(Device device, DType dtype, Shape shape, Storage storage) {
        this.device = device;
        this.dtype = dtype;
        this.shape = shape;
        this.storage = storage;
    }

    /** {@return the device that holds the values} */
    public Device device() {
        return device;
    }

    /** {@return type of the elements} */
    public DType dtype() {
        return dtype;
    }

    /** {@return extents, outermost first} */
    public Shape shape() {
        return shape;
    }

    /** {@return the memory behind the tensor, for operator implementations} */
    public Storage storage() {
        return storage;
    }

    /**
     * {@return a view of {@code shape.elements()} elements that starts {@code first} elements into this tensor} On an
     * OpenCL device {@code first * dtype.bytes()} must be a multiple of {@link Device#viewAlignment}.
     *
     * @param first element where it begins
     * @param shape its extents, outermost first
     */
    public Tensor view(int first, Shape shape) {
        if (first < 0 || (long) first + shape.elements() > this.shape.elements()) {
            throw new IllegalArgumentException(
                    "view of " + shape + " at element " + first + " leaves tensor " + this.shape);
        }
        return new Tensor(
                device,
                dtype,
                shape,
                storage.view((long) first * dtype.bytes(), (long) shape.elements() * dtype.bytes()));
    }

    /**
     * Copies all values from the host; for F32 (and F64, widened) tensors. Returns this.
     *
     * @param values as many as the tensor has elements, row-major
     * @return this
     */
    public Tensor write(float... values) {
        check("write", values.length);
        if (dtype == DType.F64) {
            double[] wide = new double[values.length];
            for (int i = 0; i < wide.length; i++) {
                wide[i] = values[i];
            }
            storage.write(wide, 0, wide.length);
        } else {
            expect(DType.F32, "write(float[])");
            storage.write(values, 0, values.length);
        }
        return this;
    }

    /**
     * Copies all values from the host; for F64 (and F32, rounded) tensors. Returns this.
     *
     * @param values as many as the tensor has elements, row-major
     * @return this
     */
    public Tensor write(double... values) {
        check("write", values.length);
        if (dtype == DType.F32) {
            float[] narrow = new float[values.length];
            for (int i = 0; i < narrow.length; i++) {
                narrow[i] = (float) values[i];
            }
            storage.write(narrow, 0, narrow.length);
        } else {
            expect(DType.F64, "write(double[])");
            storage.write(values, 0, values.length);
        }
        return this;
    }

    /**
     * Copies all values from the host; for I32 tensors. Returns this.
     *
     * @param values as many as the tensor has elements, row-major
     * @return this
     */
    public Tensor write(int... values) {
        check("write", values.length);
        expect(DType.I32, "write(int[])");
        storage.write(values, 0, values.length);
        return this;
    }

    /**
     * Copies all values from the host; for U8 tensors. Returns this.
     *
     * @param values as many as the tensor has elements, row-major
     * @return this
     */
    public Tensor write(byte... values) {
        check("write", values.length);
        expect(DType.U8, "write(byte[])");
        storage.write(values, 0, values.length);
        return this;
    }

    /**
     * Waits for pending work and returns a copy of the values; F64 values are rounded.
     *
     * @return a copy, row-major
     */
    public float[] readFloats() {
        if (dtype == DType.F64) {
            double[] wide = readDoubles();
            float[] narrow = new float[wide.length];
            for (int i = 0; i < wide.length; i++) {
                narrow[i] = (float) wide[i];
            }
            return narrow;
        }
        expect(DType.F32, "readFloats");
        float[] values = new float[shape.elements()];
        storage.read(values, 0, values.length);
        return values;
    }

    /**
     * Waits for pending work and returns a copy of the values; F32 values are widened.
     *
     * @return a copy, row-major
     */
    public double[] readDoubles() {
        double[] values = new double[shape.elements()];
        if (dtype == DType.F32) {
            float[] narrow = readFloats();
            for (int i = 0; i < values.length; i++) {
                values[i] = narrow[i];
            }
            return values;
        }
        expect(DType.F64, "readDoubles");
        storage.read(values, 0, values.length);
        return values;
    }

    /**
     * Waits for pending work and returns a copy of the values of an I32 tensor.
     *
     * @return a copy, row-major
     */
    public int[] readInts() {
        expect(DType.I32, "readInts");
        int[] values = new int[shape.elements()];
        storage.read(values, 0, values.length);
        return values;
    }

    /**
     * Waits for pending work and returns a copy of the values of a U8 tensor.
     *
     * @return a copy, row-major
     */
    public byte[] readBytes() {
        expect(DType.U8, "readBytes");
        byte[] values = new byte[shape.elements()];
        storage.read(values, 0, values.length);
        return values;
    }

    /**
     * Copies all values into an array of that length; for F32 tensors.
     *
     * @param into takes the values
     */
    public void read(float[] into) {
        check("read", into.length);
        read(0, into, 0, into.length);
    }

    /**
     * Copies all values into an array of that length; for F64 tensors.
     *
     * @param into takes the values
     */
    public void read(double[] into) {
        check("read", into.length);
        read(0, into, 0, into.length);
    }

    /**
     * Copies all values into an array of that length; for I32 tensors.
     *
     * @param into takes the values
     */
    public void read(int[] into) {
        check("read", into.length);
        read(0, into, 0, into.length);
    }

    /**
     * Copies all values into an array of that length; for U8 tensors.
     *
     * @param into takes the values
     */
    public void read(byte[] into) {
        check("read", into.length);
        read(0, into, 0, into.length);
    }

    /**
     * Copies {@code count} values to the elements from {@code from} on; for F32 tensors. Returns this.
     *
     * @param from element where the range begins
     * @param values as many as the tensor has elements, row-major
     * @param first element where it begins
     * @param count number of elements
     * @return this
     */
    public Tensor write(int from, float[] values, int first, int count) {
        expect(DType.F32, "write(float[])");
        checkRange("write", from, values.length, first, count);
        storage.write((long) from * dtype.bytes(), values, first, count);
        return this;
    }

    /**
     * Copies {@code count} elements from {@code from} on into an array; for F32 tensors.
     *
     * @param from element where the range begins
     * @param into takes the values
     * @param first element where it begins
     * @param count number of elements
     */
    public void read(int from, float[] into, int first, int count) {
        expect(DType.F32, "read(float[])");
        checkRange("read", from, into.length, first, count);
        storage.read((long) from * dtype.bytes(), into, first, count);
    }

    /**
     * Copies {@code count} values to the elements from {@code from} on; for F64 tensors. Returns this.
     *
     * @param from element where the range begins
     * @param values as many as the tensor has elements, row-major
     * @param first element where it begins
     * @param count number of elements
     * @return this
     */
    public Tensor write(int from, double[] values, int first, int count) {
        expect(DType.F64, "write(double[])");
        checkRange("write", from, values.length, first, count);
        storage.write((long) from * dtype.bytes(), values, first, count);
        return this;
    }

    /**
     * Copies {@code count} elements from {@code from} on into an array; for F64 tensors.
     *
     * @param from element where the range begins
     * @param into takes the values
     * @param first element where it begins
     * @param count number of elements
     */
    public void read(int from, double[] into, int first, int count) {
        expect(DType.F64, "read(double[])");
        checkRange("read", from, into.length, first, count);
        storage.read((long) from * dtype.bytes(), into, first, count);
    }

    /**
     * Copies {@code count} values to the elements from {@code from} on; for I32 tensors. Returns this.
     *
     * @param from element where the range begins
     * @param values as many as the tensor has elements, row-major
     * @param first element where it begins
     * @param count number of elements
     * @return this
     */
    public Tensor write(int from, int[] values, int first, int count) {
        expect(DType.I32, "write(int[])");
        checkRange("write", from, values.length, first, count);
        storage.write((long) from * dtype.bytes(), values, first, count);
        return this;
    }

    /**
     * Copies {@code count} elements from {@code from} on into an array; for I32 tensors.
     *
     * @param from element where the range begins
     * @param into takes the values
     * @param first element where it begins
     * @param count number of elements
     */
    public void read(int from, int[] into, int first, int count) {
        expect(DType.I32, "read(int[])");
        checkRange("read", from, into.length, first, count);
        storage.read((long) from * dtype.bytes(), into, first, count);
    }

    /**
     * Copies {@code count} values to the elements from {@code from} on; for U8 tensors. Returns this.
     *
     * @param from element where the range begins
     * @param values as many as the tensor has elements, row-major
     * @param first element where it begins
     * @param count number of elements
     * @return this
     */
    public Tensor write(int from, byte[] values, int first, int count) {
        expect(DType.U8, "write(byte[])");
        checkRange("write", from, values.length, first, count);
        storage.write((long) from * dtype.bytes(), values, first, count);
        return this;
    }

    /**
     * Copies {@code count} elements from {@code from} on into an array; for U8 tensors.
     *
     * @param from element where the range begins
     * @param into takes the values
     * @param first element where it begins
     * @param count number of elements
     */
    public void read(int from, byte[] into, int first, int count) {
        expect(DType.U8, "read(byte[])");
        checkRange("read", from, into.length, first, count);
        storage.read((long) from * dtype.bytes(), into, first, count);
    }

    /**
     * Copies all values from a buffer.
     *
     * @param values a buffer of this tensor's type or a ByteBuffer, with all values between its position and its limit
     * @return this
     * @throws IllegalArgumentException when type or number differ
     */
    public Tensor write(Buffer values) {
        check("write", elements("write", values));
        return write(0, values);
    }

    /**
     * Copies what is between a buffer's position and limit to the elements from {@code from} on. Returns this.
     *
     * @param from element where the range begins
     * @param values as many as the tensor has elements, row-major
     * @return this
     */
    public Tensor write(int from, Buffer values) {
        checkFrom("write", from, elements("write", values));
        Buffer host = typed(values);
        storage.write((long) from * dtype.bytes(), host, host.position(), host.remaining());
        return this;
    }

    /**
     * Copies all values into a buffer.
     *
     * @param into a buffer of this tensor's type or a ByteBuffer, with room for all values between its position and its limit
     * @throws IllegalArgumentException when type or number differ, or the buffer is read-only
     */
    public void read(Buffer into) {
        check("read", elements("read", into));
        read(0, into);
    }

    /**
     * Fills a buffer between its position and limit from the elements from {@code from} on.
     *
     * @param from element where the range begins
     * @param into takes the values
     */
    public void read(int from, Buffer into) {
        checkFrom("read", from, elements("read", into));
        checkWritable(into);
        Buffer host = typed(into);
        storage.read((long) from * dtype.bytes(), host, host.position(), host.remaining());
    }

    /**
     * Copies all values from a memory segment, on the heap or not.
     *
     * @param segment a {@code java.lang.foreign.MemorySegment} (JDK 22 and newer) of this tensor's bytes, alive and
     *     accessible to this thread
     * @return this
     * @throws IllegalArgumentException when it is none, or of another size
     */
    public Tensor writeSegment(Object segment) {
        check("writeSegment", segmentElements("writeSegment", segment));
        return writeSegment(0, segment);
    }

    /**
     * Copies a memory segment to the elements from {@code from} on; as {@link #writeSegment(Object)}. Returns this.
     *
     * @param from element where the range begins
     * @param segment the memory
     * @return this
     */
    public Tensor writeSegment(int from, Object segment) {
        checkFrom("writeSegment", from, segmentElements("writeSegment", segment));
        storage.write((long) from * dtype.bytes(), segment, 0, HostSegments.bytes(segment));
        return this;
    }

    /**
     * Copies all values into a memory segment; as {@link #writeSegment(Object)}.
     *
     * @param segment the memory
     * @throws IllegalArgumentException when it is none, of another size, or read-only
     */
    public void readSegment(Object segment) {
        check("readSegment", segmentElements("readSegment", segment));
        readSegment(0, segment);
    }

    /**
     * Fills a memory segment from the elements from {@code from} on; as {@link #readSegment(Object)}.
     *
     * @param from element where the range begins
     * @param segment the memory
     */
    public void readSegment(int from, Object segment) {
        checkFrom("readSegment", from, segmentElements("readSegment", segment));
        checkWritable(segment);
        storage.read((long) from * dtype.bytes(), segment, 0, HostSegments.bytes(segment));
    }

    /**
     * Begins to copy all values from direct memory, once {@code after} are done. The memory is not to be changed until
     * the event is done; it is kept reachable until then.
     *
     * @param values as for {@link #write(Buffer)}, direct and in native byte order
     * @param after events that must be done before
     * @return its completion, which the caller closes
     */
    public Event writeAsync(Buffer values, Event... after) {
        check("writeAsync", elements("writeAsync", values));
        checkDirect("writeAsync", values);
        return writeAsync(values, values.position(), values.remaining(), after);
    }

    /**
     * Begins to copy all values into direct memory, once {@code after} are done; it holds them when the event is done,
     * and is kept reachable until then.
     *
     * @param into as for {@link #read(Buffer)}, direct and in native byte order
     * @param after events that must be done before
     * @return its completion, which the caller closes
     */
    public Event readAsync(Buffer into, Event... after) {
        check("readAsync", elements("readAsync", into));
        checkWritable(into);
        checkDirect("readAsync", into);
        return readAsync(into, into.position(), into.remaining(), after);
    }

    /**
     * As {@link #writeAsync(Buffer, Event...)} from a native memory segment; its arena is not to be closed until the
     * event is done.
     *
     * @param segment as for {@link #writeSegment(Object)}, off the Java heap
     * @param after events that must be done before
     * @return done when the transfer is
     */
    public Event writeSegmentAsync(Object segment, Event... after) {
        check("writeSegmentAsync", segmentElements("writeSegmentAsync", segment));
        checkDirect("writeSegmentAsync", segment);
        return writeAsync(segment, 0, HostSegments.bytes(segment), after);
    }

    /**
     * As {@link #readAsync(Buffer, Event...)} into a native memory segment; its arena is not to be closed until the
     * event is done.
     *
     * @param segment as for {@link #readSegment(Object)}, off the Java heap
     * @param after events that must be done before
     * @return done when the transfer is
     */
    public Event readSegmentAsync(Object segment, Event... after) {
        check("readSegmentAsync", segmentElements("readSegmentAsync", segment));
        checkWritable(segment);
        checkDirect("readSegmentAsync", segment);
        return readAsync(segment, 0, HostSegments.bytes(segment), after);
    }

    private Event writeAsync(Object host, long first, long count, Event... after) {
        if (storage instanceof AsyncStorage own && count > 0) {
            return own.writeAsync(0, host, first, count, after);
        }
        for (Event event : after) {
            event.await();
        }
        storage.write(0, host, first, count);
        return new DoneEvent(device.ledger());
    }

    private Event readAsync(Object host, long first, long count, Event... after) {
        if (storage instanceof AsyncStorage own && count > 0) {
            return own.readAsync(0, host, first, count, after);
        }
        for (Event event : after) {
            event.await();
        }
        storage.read(0, host, first, count);
        return new DoneEvent(device.ledger());
    }

    /** Releases the memory; a second close does nothing. */
    @Override
    public void close() {
        storage.close();
    }

    private void check(String what, long length) {
        if (length != shape.elements()) {
            throw new IllegalArgumentException(
                    what + ": tensor " + shape + " holds " + shape.elements() + " values, got " + length);
        }
    }

    private void checkFrom(String what, int from, long count) {
        if (from < 0 || from > shape.elements() - count) {
            throw new IllegalArgumentException(what + ": " + count + " values from element " + from
                    + " on leave tensor " + shape + " of " + shape.elements());
        }
    }

    private void checkRange(String what, int from, int length, int first, int count) {
        if (first < 0 || count < 0 || first > length - count) {
            throw new IllegalArgumentException(
                    what + ": " + count + " values from index " + first + " on leave an array of " + length);
        }
        checkFrom(what, from, count);
    }

    /** Elements between position and limit, if the buffer is of this tensor's type. */
    private long elements(String what, Buffer buffer) {
        boolean fits = switch (dtype) {
            case F32 -> buffer instanceof FloatBuffer;
            case F64 -> buffer instanceof DoubleBuffer;
            case I32 -> buffer instanceof IntBuffer;
            case U8 -> false;
        };
        if (fits) {
            return buffer.remaining();
        }
        if (!(buffer instanceof ByteBuffer)) {
            throw new IllegalArgumentException(what + ": a tensor of " + dtype + " takes a ByteBuffer"
                    + (dtype == DType.U8 ? "" : " or the typed buffer of its type") + ", got "
                    + buffer.getClass().getSimpleName());
        }
        return whole(what, buffer.remaining());
    }

    private long segmentElements(String what, Object segment) {
        if (!HostSegments.is(segment)) {
            throw new IllegalArgumentException(what + ": " + HostSegments.missing() + "; got "
                    + segment.getClass().getName());
        }
        return whole(what, HostSegments.bytes(segment));
    }

    private long whole(String what, long bytes) {
        if (bytes % dtype.bytes() != 0) {
            throw new IllegalArgumentException(
                    what + ": " + bytes + " bytes are no whole number of " + dtype + ", which has " + dtype.bytes());
        }
        return bytes / dtype.bytes();
    }

    /** Bytes in the other order as numbers in that order; everything else as it is. */
    private Buffer typed(Buffer buffer) {
        if (buffer instanceof ByteBuffer bytes && bytes.order() != ByteOrder.nativeOrder()) {
            return switch (dtype) {
                case F32 -> bytes.asFloatBuffer();
                case F64 -> bytes.asDoubleBuffer();
                case I32 -> bytes.asIntBuffer();
                case U8 -> buffer;
            };
        }
        return buffer;
    }

    private static void checkWritable(Object into) {
        if (HostMemory.isReadOnly(into)) {
            throw new IllegalArgumentException("the memory to read into is read-only");
        }
    }

    private void checkDirect(String what, Object host) {
        boolean swapped =
                host instanceof ByteBuffer bytes && dtype.bytes() > 1 && bytes.order() != ByteOrder.nativeOrder();
        if (swapped || !HostMemory.isDirect(host)) {
            throw new IllegalArgumentException(what
                    + " takes memory outside the Java heap in native byte order, such as"
                    + " ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder()) and its views; got " + host
                    + ", use the call that waits");
        }
    }

    private void expect(DType wanted, String call) {
        if (dtype != wanted) {
            throw new IllegalArgumentException(call + " needs a tensor of " + wanted + ", this one is " + dtype);
        }
    }

    @Override
    public String toString() {
        return dtype + shape.toString() + " on " + device.name();
    }
}
