package dev.clave.interop;

import static java.lang.foreign.MemorySegment.NULL;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Event;
import dev.clave.Shape;
import dev.clave.Tensor;
import org.jspecify.annotations.Nullable;

/** A host that uses java.lang.foreign; against the packaged jar. */
class FfmInteropJdk22IT extends InteropCases {
    private long device;

    @Override
    @Nullable
    Object hostDevice() {
        if (device == 0) {
            device = HostOpenCl.device();
        }
        return device == 0 ? null : device;
    }

    private static long handle(@Nullable Object object) {
        return object instanceof Long own ? own : 0;
    }

    @Override
    Object hostContext() {
        return HostOpenCl.context(device);
    }

    @Override
    Object hostQueue(Object context, boolean inOrder) {
        return HostOpenCl.queue(handle(context), device, inOrder ? 0 : 1);
    }

    @Override
    Object hostBuffer(Object context, long bytes) {
        return HostOpenCl.buffer(handle(context), bytes);
    }

    @Override
    Object hostUserEvent(Object context) {
        return HostOpenCl.call(JAVA_LONG, "clCreateUserEvent", context, NULL);
    }

    @Override
    void hostSetStatus(Object userEvent, int status) {
        HostOpenCl.check("clSetUserEventStatus", userEvent, status);
    }

    @Override
    void hostWrite(Object queue, Object buffer, float[] values) {
        HostOpenCl.write(handle(queue), handle(buffer), values);
    }

    @Override
    float[] hostRead(Object queue, Object buffer, int count) {
        return HostOpenCl.read(handle(queue), handle(buffer), count);
    }

    @Override
    void hostWait(Object event) {
        HostOpenCl.waitFor(handle(event));
    }

    @Override
    int references(What what, Object object) {
        return switch (what) {
            case CONTEXT -> HostOpenCl.reference("clGetContextInfo", handle(object), 0x1080);
            case QUEUE -> HostOpenCl.reference("clGetCommandQueueInfo", handle(object), 0x1092);
            case BUFFER -> HostOpenCl.reference("clGetMemObjectInfo", handle(object), 0x1105);
            case EVENT -> HostOpenCl.reference("clGetEventInfo", handle(object), 0x11D2);
        };
    }

    @Override
    void release(What what, Object object) {
        HostOpenCl.check(
                switch (what) {
                    case CONTEXT -> "clReleaseContext";
                    case QUEUE -> "clReleaseCommandQueue";
                    case BUFFER -> "clReleaseMemObject";
                    case EVENT -> "clReleaseEvent";
                },
                object);
    }

    @Override
    Device adopt(@Nullable Object context, @Nullable Object wanted, @Nullable Object queue) {
        return FfmInterop.adopt(handle(context), handle(wanted), handle(queue));
    }

    @Override
    Tensor adopt(Device own, Object memory, DType dtype, Shape shape) {
        return FfmInterop.adopt(own, handle(memory), dtype, shape);
    }

    @Override
    Event adopt(Device own, Object event) {
        return FfmInterop.adopt(own, handle(event));
    }

    @Override
    Object context(Device own) {
        return FfmInterop.context(own);
    }

    @Override
    Object device(Device own) {
        return FfmInterop.device(own);
    }

    @Override
    Object queue(Device own) {
        return FfmInterop.queue(own);
    }

    @Override
    Object memory(Tensor tensor) {
        return FfmInterop.memory(tensor);
    }

    @Override
    Object event(Event event) {
        return FfmInterop.event(event);
    }

    @Override
    String binding() {
        return "ffm";
    }

    @Override
    Object nothing() {
        return 0L;
    }
}
