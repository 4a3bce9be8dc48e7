package dev.clave.internal.opencl;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** A device that fails when it is told to; it keeps no values. Releasing what is not there is an error. */
final class FakeOpenCl implements OpenCl {
    private final Map<String, Integer> failures = new HashMap<>();
    private final Set<Long> held = new HashSet<>();
    private final Map<Integer, long[]> answers = new HashMap<>();
    private long next = 1;
    private boolean refusesBinaries;
    private int refusedBuilds;
    int builds;
    int calls;

    /** Lets a call of the seam fail from now on. */
    void fail(String call, int status) {
        failures.put(call, status);
    }

    /** What a query of an object answers from now on. */
    void answer(int parameter, long... values) {
        answers.put(parameter, values);
    }

    /** Lets the driver refuse programs it once made. */
    void refuseBinaries() {
        refusesBinaries = true;
    }

    /** Lets the compiler refuse whatever comes, so many times. */
    void refuseBuilds(int count) {
        refusedBuilds = count;
    }

    /** Objects that were created and not released. */
    int held() {
        return held.size();
    }

    private void answer(String call) {
        calls++;
        Integer status = failures.get(call);
        if (status != null) {
            throw Status.failed(call, status);
        }
    }

    private long created(String call) {
        answer(call);
        held.add(next);
        return next++;
    }

    private void released(String call, long handle) {
        if (!held.remove(handle)) {
            throw new AssertionError(call + " of " + handle + ", which is not held");
        }
        answer(call);
    }

    @Override
    public String binding() {
        return "fake";
    }

    @Override
    public long[] platforms() {
        return new long[] {900};
    }

    @Override
    public String platformString(long platform, int parameter) {
        return "Fake Platform";
    }

    @Override
    public long[] devices(long platform) {
        return new long[] {901};
    }

    @Override
    public String deviceString(long device, int parameter) {
        return "fake";
    }

    @Override
    public long deviceLong(long device, int parameter) {
        return switch (parameter) {
            case DEVICE_GLOBAL_MEM_SIZE -> 1_000_000;
            case DEVICE_MAX_MEM_ALLOC_SIZE -> 500_000;
            default -> 1024;
        };
    }

    @Override
    public long createContext(long platform, long device) {
        return created("clCreateContext");
    }

    @Override
    public long createQueue(long context, long device) {
        return created("clCreateCommandQueue");
    }

    @Override
    public long createBuffer(long context, long bytes) {
        return created("clCreateBuffer");
    }

    @Override
    public long createSubBuffer(long buffer, long firstByte, long bytes) {
        return created("clCreateSubBuffer");
    }

    @Override
    public long buildProgram(long context, long device, String source, String options) {
        builds++;
        if (builds <= refusedBuilds) {
            throw new BuildFailure("CL_BUILD_PROGRAM_FAILURE");
        }
        return created("clBuildProgram");
    }

    @Override
    public byte[] programBinary(long program) {
        answer("clGetProgramInfo");
        return new byte[] {1, 2, 3};
    }

    @Override
    public long loadProgram(long context, long device, byte[] binary, String options) {
        if (refusesBinaries) {
            throw new BuildFailure("clCreateProgramWithBinary: CL_INVALID_BINARY");
        }
        return created("clCreateProgramWithBinary");
    }

    @Override
    public long createKernel(long program, String name) {
        return created("clCreateKernel");
    }

    @Override
    public long kernelWorkGroup(long kernel, long device) {
        answer("clGetKernelWorkGroupInfo");
        return 1024;
    }

    @Override
    public void setBuffer(long kernel, int index, long buffer) {
        answer("clSetKernelArg");
    }

    @Override
    public void setInt(long kernel, int index, int value) {
        answer("clSetKernelArg");
    }

    @Override
    public void setFloat(long kernel, int index, float value) {
        answer("clSetKernelArg");
    }

    @Override
    public void setDouble(long kernel, int index, double value) {
        answer("clSetKernelArg");
    }

    @Override
    public void enqueue(long queue, long kernel, long[] global, long[] local) {
        answer("clEnqueueNDRangeKernel");
    }

    @Override
    public long enqueue(long queue, long kernel, long[] global, long[] local, long[] after, boolean signal) {
        answer("clEnqueueNDRangeKernel");
        return signal ? created("event of a launch") : 0;
    }

    @Override
    public void write(long queue, long buffer, long at, Object host, long first, long count) {
        answer("clEnqueueWriteBuffer");
    }

    @Override
    public void read(long queue, long buffer, long at, Object host, long first, long count) {
        answer("clEnqueueReadBuffer");
    }

    @Override
    public long writeAsync(long queue, long buffer, long at, Object host, long first, long count, long[] after) {
        return created("clEnqueueWriteBuffer");
    }

    @Override
    public long readAsync(long queue, long buffer, long at, Object host, long first, long count, long[] after) {
        return created("clEnqueueReadBuffer");
    }

    @Override
    public void flush(long queue) {
        answer("clFlush");
    }

    @Override
    public int eventStatus(long event) {
        answer("clGetEventInfo");
        return COMPLETE;
    }

    @Override
    public void waitForEvent(long event) {
        answer("clWaitForEvents");
    }

    /** Retains whatever comes, but a device. */
    @Override
    public long adopt(Kind kind, Object object) {
        return kind == Kind.DEVICE ? (Long) object : created(kind.retainCall());
    }

    @Override
    public Object object(long handle) {
        return handle;
    }

    @Override
    public long pointer(long handle) {
        return handle;
    }

    @Override
    public long[] info(Kind kind, long handle, int parameter) {
        answer(kind.infoCall());
        return answers.getOrDefault(parameter, new long[] {0});
    }

    @Override
    public long platformOf(long device) {
        return 900;
    }

    @Override
    public void releaseEvent(long event) {
        released("clReleaseEvent", event);
    }

    @Override
    public void finish(long queue) {
        answer("clFinish");
    }

    @Override
    public void releaseBuffer(long buffer) {
        released("clReleaseMemObject", buffer);
    }

    @Override
    public void releaseKernel(long kernel) {
        released("clReleaseKernel", kernel);
    }

    @Override
    public void releaseProgram(long program) {
        released("clReleaseProgram", program);
    }

    @Override
    public void releaseQueue(long queue) {
        released("clReleaseCommandQueue", queue);
    }

    @Override
    public void releaseContext(long context) {
        released("clReleaseContext", context);
    }
}
