package embedding;

import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;

/** An application's own OpenCL over JOCL: context, queue and buffers, with no class of Clave's. */
@SuppressWarnings("deprecation") // OpenCL 1.2
final class JoclHost {
    final cl_device_id device;
    final cl_context context;
    final cl_command_queue queue;
    final cl_mem input;
    final cl_mem weight;
    final cl_mem bias;
    final cl_mem output;
    final cl_mem gradOutput;
    final cl_mem gradInput;
    final cl_mem gradWeight;
    final cl_mem gradBias;

    JoclHost(Values values) {
        cl_platform_id[] platforms = new cl_platform_id[1];
        check(CL.clGetPlatformIDs(1, platforms, null));
        cl_device_id[] devices = new cl_device_id[1];
        check(CL.clGetDeviceIDs(platforms[0], 0xFFFFFFFFL, 1, devices, null));
        device = devices[0];
        context = CL.clCreateContext(null, 1, devices, null, null, null);
        queue = CL.clCreateCommandQueue(context, device, 0, null);
        input = buffer(values.input());
        weight = buffer(values.weight());
        bias = buffer(values.bias());
        gradOutput = buffer(values.gradOutput());
        output = buffer(new float[values.gradOutput().length]);
        gradInput = buffer(new float[values.input().length]);
        gradWeight = buffer(new float[values.weight().length]);
        gradBias = buffer(new float[values.bias().length]);
    }

    private static void check(int status) {
        if (status != CL.CL_SUCCESS) {
            throw new IllegalStateException(CL.stringFor_errorCode(status));
        }
    }

    private cl_mem buffer(float[] values) {
        long flags = CL.CL_MEM_READ_WRITE | CL.CL_MEM_COPY_HOST_PTR;
        int[] status = new int[1];
        cl_mem made = CL.clCreateBuffer(context, flags, 4L * values.length, Pointer.to(values), status);
        check(status[0]);
        return made;
    }

    void waitFor(cl_event event) {
        check(CL.clWaitForEvents(1, new cl_event[] {event}));
    }

    Results results(Values values) {
        return new Results(
                read(output, values.gradOutput().length),
                read(gradInput, values.input().length),
                read(gradWeight, values.weight().length),
                read(gradBias, values.bias().length));
    }

    private float[] read(cl_mem buffer, int count) {
        float[] values = new float[count];
        check(CL.clEnqueueReadBuffer(queue, buffer, true, 0, 4L * count, Pointer.to(values), 0, null, null));
        return values;
    }
}
