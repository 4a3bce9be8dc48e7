package dev.clave.internal.opencl;

import dev.clave.DeviceException;
import java.lang.reflect.Array;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_buffer_region;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;
import org.jocl.cl_program;

/** The seam over JOCL (JNI). The only class that imports {@code org.jocl}. */
final class JoclOpenCl implements OpenCl {
    private static final int PLATFORM_NOT_FOUND_KHR = -1001;

    /** Loads JOCL's native part; throws {@link LinkageError} when it or the OpenCL loader is missing. */
    JoclOpenCl() {
        // JOCL extracts its library to one fixed name otherwise, which races between processes.
        if (System.getProperty("uniqueLibraryNames") == null) {
            System.setProperty("uniqueLibraryNames", "true");
        }
        CL.setExceptionsEnabled(false);
    }

    @Override
    public String binding() {
        return "jocl";
    }

    private static void check(String call, int status) {
        if (status != CL.CL_SUCCESS) {
            throw new DeviceException(call + " failed with " + CL.stringFor_errorCode(status) + " (" + status + ")");
        }
    }

    @Override
    public List<Object> platforms() {
        int[] count = new int[1];
        int status = CL.clGetPlatformIDs(0, null, count);
        if (status == PLATFORM_NOT_FOUND_KHR) {
            return List.of();
        }
        check("clGetPlatformIDs", status);
        cl_platform_id[] ids = new cl_platform_id[count[0]];
        if (ids.length > 0) {
            check("clGetPlatformIDs", CL.clGetPlatformIDs(ids.length, ids, null));
        }
        return new ArrayList<>(List.of((Object[]) ids));
    }

    @Override
    public String platformString(Object platform, int parameter) {
        long[] size = new long[1];
        check("clGetPlatformInfo", CL.clGetPlatformInfo((cl_platform_id) platform, parameter, 0, null, size));
        byte[] text = new byte[Math.toIntExact(size[0])];
        check(
                "clGetPlatformInfo",
                CL.clGetPlatformInfo((cl_platform_id) platform, parameter, text.length, Pointer.to(text), null));
        return trimmed(text);
    }

    @Override
    public List<Object> devices(Object platform) {
        int[] count = new int[1];
        int status = CL.clGetDeviceIDs((cl_platform_id) platform, CL.CL_DEVICE_TYPE_ALL, 0, null, count);
        if (status == CL.CL_DEVICE_NOT_FOUND) {
            return List.of();
        }
        check("clGetDeviceIDs", status);
        cl_device_id[] ids = new cl_device_id[count[0]];
        if (ids.length > 0) {
            check(
                    "clGetDeviceIDs",
                    CL.clGetDeviceIDs((cl_platform_id) platform, CL.CL_DEVICE_TYPE_ALL, ids.length, ids, null));
        }
        return new ArrayList<>(List.of((Object[]) ids));
    }

    @Override
    public String deviceString(Object device, int parameter) {
        long[] size = new long[1];
        check("clGetDeviceInfo", CL.clGetDeviceInfo((cl_device_id) device, parameter, 0, null, size));
        byte[] text = new byte[Math.toIntExact(size[0])];
        check(
                "clGetDeviceInfo",
                CL.clGetDeviceInfo((cl_device_id) device, parameter, text.length, Pointer.to(text), null));
        return trimmed(text);
    }

    @Override
    public long deviceLong(Object device, int parameter) {
        long[] value = new long[1];
        check("clGetDeviceInfo", CL.clGetDeviceInfo((cl_device_id) device, parameter, 8, Pointer.to(value), null));
        return value[0];
    }

    private static String trimmed(byte[] text) {
        return new String(text, StandardCharsets.UTF_8).replace("\0", "").strip();
    }

    @Override
    public Object createContext(Object platform, Object device) {
        cl_context_properties properties = new cl_context_properties();
        properties.addProperty(CL.CL_CONTEXT_PLATFORM, (cl_platform_id) platform);
        int[] status = new int[1];
        cl_context context =
                CL.clCreateContext(properties, 1, new cl_device_id[] {(cl_device_id) device}, null, null, status);
        check("clCreateContext", status[0]);
        return context;
    }

    @Override
    @SuppressWarnings("deprecation") // clCreateCommandQueueWithProperties is OpenCL 2.0; we ask for 1.2.
    public Object createQueue(Object context, Object device) {
        int[] status = new int[1];
        cl_command_queue queue = CL.clCreateCommandQueue((cl_context) context, (cl_device_id) device, 0, status);
        check("clCreateCommandQueue", status[0]);
        return queue;
    }

    @Override
    public Object createBuffer(Object context, long bytes) {
        int[] status = new int[1];
        cl_mem buffer = CL.clCreateBuffer((cl_context) context, CL.CL_MEM_READ_WRITE, bytes, null, status);
        check("clCreateBuffer of " + bytes + " bytes", status[0]);
        return buffer;
    }

    @Override
    public Object createSubBuffer(Object buffer, long firstByte, long bytes) {
        int[] status = new int[1];
        cl_mem part = CL.clCreateSubBuffer(
                (cl_mem) buffer,
                CL.CL_MEM_READ_WRITE,
                CL.CL_BUFFER_CREATE_TYPE_REGION,
                new cl_buffer_region(firstByte, bytes),
                status);
        check("clCreateSubBuffer of " + bytes + " bytes at " + firstByte, status[0]);
        return part;
    }

    @Override
    public Object buildProgram(Object context, Object device, String source, String options) {
        int[] status = new int[1];
        cl_program program = CL.clCreateProgramWithSource(
                (cl_context) context, 1, new String[] {source}, new long[] {source.length()}, status);
        check("clCreateProgramWithSource", status[0]);
        cl_device_id[] devices = {(cl_device_id) device};
        int built = CL.clBuildProgram(program, 1, devices, options, null, null);
        if (built != CL.CL_SUCCESS) {
            String log = buildLog(program, devices[0]);
            CL.clReleaseProgram(program);
            throw new BuildFailure(CL.stringFor_errorCode(built) + "\n" + log);
        }
        return program;
    }

    private static String buildLog(cl_program program, cl_device_id device) {
        long[] size = new long[1];
        check(
                "clGetProgramBuildInfo",
                CL.clGetProgramBuildInfo(program, device, CL.CL_PROGRAM_BUILD_LOG, 0, null, size));
        byte[] text = new byte[Math.toIntExact(size[0])];
        check(
                "clGetProgramBuildInfo",
                CL.clGetProgramBuildInfo(
                        program, device, CL.CL_PROGRAM_BUILD_LOG, text.length, Pointer.to(text), null));
        return trimmed(text);
    }

    @Override
    public Object createKernel(Object program, String name) {
        int[] status = new int[1];
        cl_kernel kernel = CL.clCreateKernel((cl_program) program, name, status);
        check("clCreateKernel " + name, status[0]);
        return kernel;
    }

    @Override
    public void setBuffer(Object kernel, int index, Object buffer) {
        check("clSetKernelArg " + index, CL.clSetKernelArg((cl_kernel) kernel, index, Sizeof.cl_mem, Pointer.to((cl_mem)
                buffer)));
    }

    @Override
    public void setInt(Object kernel, int index, int value) {
        check("clSetKernelArg " + index, CL.clSetKernelArg((cl_kernel) kernel, index, 4, Pointer.to(new int[] {value
        })));
    }

    @Override
    public void setFloat(Object kernel, int index, float value) {
        check("clSetKernelArg " + index, CL.clSetKernelArg((cl_kernel) kernel, index, 4, Pointer.to(new float[] {value
        })));
    }

    @Override
    public void setDouble(Object kernel, int index, double value) {
        check("clSetKernelArg " + index, CL.clSetKernelArg((cl_kernel) kernel, index, 8, Pointer.to(new double[] {value
        })));
    }

    @Override
    public void enqueue(Object queue, Object kernel, long[] global, long[] local) {
        check(
                "clEnqueueNDRangeKernel",
                CL.clEnqueueNDRangeKernel(
                        (cl_command_queue) queue,
                        (cl_kernel) kernel,
                        global.length,
                        null,
                        global,
                        local,
                        0,
                        null,
                        null));
    }

    @Override
    public void write(Object queue, Object buffer, Object array, int first, int count) {
        int size = elementBytes(array);
        check(
                "clEnqueueWriteBuffer",
                CL.clEnqueueWriteBuffer(
                        (cl_command_queue) queue,
                        (cl_mem) buffer,
                        true,
                        0,
                        (long) count * size,
                        pointer(array).withByteOffset((long) first * size),
                        0,
                        null,
                        null));
    }

    @Override
    public void read(Object queue, Object buffer, Object array, int first, int count) {
        int size = elementBytes(array);
        check(
                "clEnqueueReadBuffer",
                CL.clEnqueueReadBuffer(
                        (cl_command_queue) queue,
                        (cl_mem) buffer,
                        true,
                        0,
                        (long) count * size,
                        pointer(array).withByteOffset((long) first * size),
                        0,
                        null,
                        null));
    }

    private static int elementBytes(Object array) {
        return array instanceof byte[] ? 1 : array instanceof double[] ? 8 : 4;
    }

    private static Pointer pointer(Object array) {
        if (array instanceof float[] floats) {
            return Pointer.to(floats);
        }
        if (array instanceof double[] doubles) {
            return Pointer.to(doubles);
        }
        if (array instanceof int[] ints) {
            return Pointer.to(ints);
        }
        if (array instanceof byte[] bytes) {
            return Pointer.to(bytes);
        }
        throw new IllegalArgumentException(
                "no transfer for " + array.getClass().getSimpleName() + " of length " + Array.getLength(array));
    }

    @Override
    public void finish(Object queue) {
        check("clFinish", CL.clFinish((cl_command_queue) queue));
    }

    @Override
    public void releaseBuffer(Object buffer) {
        check("clReleaseMemObject", CL.clReleaseMemObject((cl_mem) buffer));
    }

    @Override
    public void releaseKernel(Object kernel) {
        check("clReleaseKernel", CL.clReleaseKernel((cl_kernel) kernel));
    }

    @Override
    public void releaseProgram(Object program) {
        check("clReleaseProgram", CL.clReleaseProgram((cl_program) program));
    }

    @Override
    public void releaseQueue(Object queue) {
        check("clReleaseCommandQueue", CL.clReleaseCommandQueue((cl_command_queue) queue));
    }

    @Override
    public void releaseContext(Object context) {
        check("clReleaseContext", CL.clReleaseContext((cl_context) context));
    }
}
