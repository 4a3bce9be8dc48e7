package dev.clave.internal.opencl;

import java.util.List;

/**
 * The seam: OpenCL on opaque handles. Every method checks the status and throws {@link dev.clave.DeviceException} that
 * names the call and the code. Constants are those of the OpenCL headers.
 */
interface OpenCl {
    int PLATFORM_NAME = 0x0902;
    int DEVICE_MAX_WORK_GROUP_SIZE = 0x1004;
    int DEVICE_GLOBAL_MEM_SIZE = 0x101F;
    int DEVICE_MAX_MEM_ALLOC_SIZE = 0x1010;
    int DEVICE_MEM_BASE_ADDR_ALIGN = 0x1019;
    int DEVICE_TYPE = 0x1000;
    int DEVICE_NAME = 0x102B;
    int DRIVER_VERSION = 0x102D;
    int DEVICE_VERSION = 0x102F;
    int DEVICE_DOUBLE_FP_CONFIG = 0x1032;
    int DEVICE_NATIVE_VECTOR_WIDTH_FLOAT = 0x103A;
    int DEVICE_COMPILER_AVAILABLE = 0x1028;

    /** Name of the binding: {@code jocl} or {@code ffm}. */
    String binding();

    List<Object> platforms();

    String platformString(Object platform, int parameter);

    List<Object> devices(Object platform);

    String deviceString(Object device, int parameter);

    /** A parameter of up to eight bytes, zero-extended. */
    long deviceLong(Object device, int parameter);

    Object createContext(Object platform, Object device);

    Object createQueue(Object context, Object device);

    Object createBuffer(Object context, long bytes);

    Object createSubBuffer(Object buffer, long firstByte, long bytes);

    /** Compiles and links; throws {@link BuildFailure} with the compiler's log. */
    Object buildProgram(Object context, Object device, String source, String options);

    Object createKernel(Object program, String name);

    void setBuffer(Object kernel, int index, Object buffer);

    void setInt(Object kernel, int index, int value);

    void setFloat(Object kernel, int index, float value);

    void setDouble(Object kernel, int index, double value);

    void enqueue(Object queue, Object kernel, long[] global, long[] local);

    /** Blocking; the array is a float[], double[], int[] or byte[]; the caller has checked the range. */
    void write(Object queue, Object buffer, Object array, int first, int count);

    /** Blocking; as {@link #write}. */
    void read(Object queue, Object buffer, Object array, int first, int count);

    void finish(Object queue);

    void releaseBuffer(Object buffer);

    void releaseKernel(Object kernel);

    void releaseProgram(Object program);

    void releaseQueue(Object queue);

    void releaseContext(Object context);

    /** The compiler refused a program. */
    final class BuildFailure extends RuntimeException {
        BuildFailure(String log) {
            super(log);
        }
    }
}
