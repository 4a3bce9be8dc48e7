package dev.clave.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Event;
import dev.clave.Shape;
import dev.clave.Tensor;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;
import org.jspecify.annotations.Nullable;

/** A host that uses JOCL. */
@SuppressWarnings("deprecation") // clCreateCommandQueueWithProperties is OpenCL 2.0; hosts of 1.2 call this.
class JoclInteropTest extends InteropCases {
    private @Nullable cl_device_id device;

    private static void check(int status) {
        assertEquals(CL.CL_SUCCESS, status);
    }

    @Override
    @Nullable
    Object hostDevice() {
        if (device == null && !Device.survey("jocl").devices().isEmpty()) {
            cl_platform_id[] platforms = new cl_platform_id[1];
            check(CL.clGetPlatformIDs(1, platforms, null));
            cl_device_id[] devices = new cl_device_id[1];
            check(CL.clGetDeviceIDs(platforms[0], 0xFFFFFFFFL, 1, devices, null));
            device = devices[0];
        }
        return device;
    }

    @Override
    Object hostContext() {
        return CL.clCreateContext(null, 1, new cl_device_id[] {device}, null, null, null);
    }

    @Override
    Object hostQueue(Object context, boolean inOrder) {
        long properties = inOrder ? 0 : CL.CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE;
        return CL.clCreateCommandQueue((cl_context) context, device, properties, null);
    }

    @Override
    Object hostBuffer(Object context, long bytes) {
        return CL.clCreateBuffer((cl_context) context, CL.CL_MEM_READ_WRITE, bytes, null, null);
    }

    @Override
    Object hostUserEvent(Object context) {
        return CL.clCreateUserEvent((cl_context) context, null);
    }

    @Override
    void hostSetStatus(Object userEvent, int status) {
        check(CL.clSetUserEventStatus((cl_event) userEvent, status));
    }

    @Override
    void hostWrite(Object queue, Object buffer, float[] values) {
        check(CL.clEnqueueWriteBuffer(
                (cl_command_queue) queue,
                (cl_mem) buffer,
                true,
                0,
                4L * values.length,
                Pointer.to(values),
                0,
                null,
                null));
    }

    @Override
    float[] hostRead(Object queue, Object buffer, int count) {
        float[] values = new float[count];
        check(CL.clEnqueueReadBuffer(
                (cl_command_queue) queue, (cl_mem) buffer, true, 0, 4L * count, Pointer.to(values), 0, null, null));
        return values;
    }

    @Override
    void hostWait(Object event) {
        check(CL.clWaitForEvents(1, new cl_event[] {(cl_event) event}));
    }

    @Override
    int references(What what, Object object) {
        int[] count = new int[1];
        Pointer to = Pointer.to(count);
        check(
                switch (what) {
                    case CONTEXT ->
                        CL.clGetContextInfo(
                                (cl_context) object, CL.CL_CONTEXT_REFERENCE_COUNT, Sizeof.cl_uint, to, null);
                    case QUEUE ->
                        CL.clGetCommandQueueInfo(
                                (cl_command_queue) object, CL.CL_QUEUE_REFERENCE_COUNT, Sizeof.cl_uint, to, null);
                    case BUFFER ->
                        CL.clGetMemObjectInfo((cl_mem) object, CL.CL_MEM_REFERENCE_COUNT, Sizeof.cl_uint, to, null);
                    case EVENT ->
                        CL.clGetEventInfo((cl_event) object, CL.CL_EVENT_REFERENCE_COUNT, Sizeof.cl_uint, to, null);
                });
        return count[0];
    }

    @Override
    void release(What what, Object object) {
        check(
                switch (what) {
                    case CONTEXT -> CL.clReleaseContext((cl_context) object);
                    case QUEUE -> CL.clReleaseCommandQueue((cl_command_queue) object);
                    case BUFFER -> CL.clReleaseMemObject((cl_mem) object);
                    case EVENT -> CL.clReleaseEvent((cl_event) object);
                });
    }

    @Override
    Device adopt(@Nullable Object context, @Nullable Object wanted, @Nullable Object queue) {
        return JoclInterop.adopt(
                context instanceof cl_context own ? own : new cl_context(),
                wanted instanceof cl_device_id own ? own : new cl_device_id(),
                (cl_command_queue) queue);
    }

    @Override
    Tensor adopt(Device own, Object memory, DType dtype, Shape shape) {
        return JoclInterop.adopt(own, memory instanceof cl_mem mem ? mem : new cl_mem(), dtype, shape);
    }

    @Override
    Event adopt(Device own, Object event) {
        return JoclInterop.adopt(own, (cl_event) event);
    }

    @Override
    Object context(Device own) {
        return JoclInterop.context(own);
    }

    @Override
    Object device(Device own) {
        return JoclInterop.device(own);
    }

    @Override
    Object queue(Device own) {
        return JoclInterop.queue(own);
    }

    @Override
    Object memory(Tensor tensor) {
        return JoclInterop.memory(tensor);
    }

    @Override
    Object event(Event event) {
        return JoclInterop.event(event);
    }

    @Override
    String binding() {
        return "jocl";
    }

    @Override
    Object nothing() {
        return "nothing";
    }
}
