package dev.clave.internal.opencl;

import dev.clave.DeviceException;
import dev.clave.DeviceLostException;
import org.jspecify.annotations.Nullable;

/**
 * A binding for one device that threads may share, one call at a time, and that knows when the device is lost: from then on
 * every call says so, and releasing goes on without a word. Its monitor may be held over several calls.
 */
final class GuardedOpenCl implements OpenCl {
    private final OpenCl cl;
    private final String device;
    private volatile @Nullable String lost;

    GuardedOpenCl(OpenCl cl, String device) {
        this.cl = cl;
        this.device = device;
    }

    /** Whether the device is lost. */
    boolean isLost() {
        return lost != null;
    }

    private void checkAlive() {
        String why = lost;
        if (why != null) {
            throw new DeviceLostException(why);
        }
    }

    private DeviceException seen(StatusException failure, boolean waiting) {
        int status = failure.status();
        if (!(waiting ? Status.isLostWaiting(status) : Status.isLost(status))) {
            return failure;
        }
        String why = "device " + device + " is lost: " + failure.getMessage()
                + "; close it and open a new one, and look into the system's log for what the driver says";
        lost = why;
        DeviceLostException exception = new DeviceLostException(why);
        exception.initCause(failure);
        return exception;
    }

    /** What a lost device answers to a release tells nothing new. */
    private void released(StatusException failure) {
        if (lost == null) {
            throw seen(failure, false);
        }
    }

    @Override
    public String binding() {
        return cl.binding();
    }

    @Override
    public synchronized long[] platforms() {
        checkAlive();
        try {
            return cl.platforms();
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized String platformString(long platform, int parameter) {
        checkAlive();
        try {
            return cl.platformString(platform, parameter);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized long[] devices(long platform) {
        checkAlive();
        try {
            return cl.devices(platform);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized String deviceString(long device, int parameter) {
        checkAlive();
        try {
            return cl.deviceString(device, parameter);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized long deviceLong(long device, int parameter) {
        checkAlive();
        try {
            return cl.deviceLong(device, parameter);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized long createContext(long platform, long device) {
        checkAlive();
        try {
            return cl.createContext(platform, device);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized long createQueue(long context, long device) {
        checkAlive();
        try {
            return cl.createQueue(context, device);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized long createBuffer(long context, long bytes) {
        checkAlive();
        try {
            return cl.createBuffer(context, bytes);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized long createSubBuffer(long buffer, long firstByte, long bytes) {
        checkAlive();
        try {
            return cl.createSubBuffer(buffer, firstByte, bytes);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized long buildProgram(long context, long device, String source, String options) {
        checkAlive();
        try {
            return cl.buildProgram(context, device, source, options);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized byte[] programBinary(long program) {
        checkAlive();
        try {
            return cl.programBinary(program);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized long loadProgram(long context, long device, byte[] binary, String options) {
        checkAlive();
        try {
            return cl.loadProgram(context, device, binary, options);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized long createKernel(long program, String name) {
        checkAlive();
        try {
            return cl.createKernel(program, name);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized long kernelWorkGroup(long kernel, long device) {
        checkAlive();
        try {
            return cl.kernelWorkGroup(kernel, device);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized void setBuffer(long kernel, int index, long buffer) {
        checkAlive();
        try {
            cl.setBuffer(kernel, index, buffer);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized void setInt(long kernel, int index, int value) {
        checkAlive();
        try {
            cl.setInt(kernel, index, value);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized void setFloat(long kernel, int index, float value) {
        checkAlive();
        try {
            cl.setFloat(kernel, index, value);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized void setDouble(long kernel, int index, double value) {
        checkAlive();
        try {
            cl.setDouble(kernel, index, value);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized void enqueue(long queue, long kernel, long[] global, long[] local) {
        checkAlive();
        try {
            cl.enqueue(queue, kernel, global, local);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized long enqueue(
            long queue, long kernel, long[] global, long[] local, long[] after, boolean signal) {
        checkAlive();
        try {
            return cl.enqueue(queue, kernel, global, local, after, signal);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized void write(long queue, long buffer, long at, Object host, long first, long count) {
        checkAlive();
        try {
            cl.write(queue, buffer, at, host, first, count);
        } catch (StatusException e) {
            throw seen(e, true);
        }
    }

    @Override
    public synchronized void read(long queue, long buffer, long at, Object host, long first, long count) {
        checkAlive();
        try {
            cl.read(queue, buffer, at, host, first, count);
        } catch (StatusException e) {
            throw seen(e, true);
        }
    }

    @Override
    public synchronized long writeAsync(
            long queue, long buffer, long at, Object host, long first, long count, long[] after) {
        checkAlive();
        try {
            return cl.writeAsync(queue, buffer, at, host, first, count, after);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized long readAsync(
            long queue, long buffer, long at, Object host, long first, long count, long[] after) {
        checkAlive();
        try {
            return cl.readAsync(queue, buffer, at, host, first, count, after);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized void flush(long queue) {
        checkAlive();
        try {
            cl.flush(queue);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    /** Without the monitor: whoever waits for an event hinders nobody. */
    @Override
    public int eventStatus(long event) {
        checkAlive();
        try {
            return cl.eventStatus(event);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    /** Without the monitor. A command that failed for a failed event it waited for says nothing of the device. */
    @Override
    public void waitForEvent(long event) {
        checkAlive();
        try {
            cl.waitForEvent(event);
        } catch (StatusException e) {
            throw seen(e, e.status() != Status.WAIT_LIST_FAILED);
        }
    }

    @Override
    public synchronized long adopt(Kind kind, Object object) {
        checkAlive();
        try {
            return cl.adopt(kind, object);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized Object object(long handle) {
        return cl.object(handle);
    }

    @Override
    public synchronized long pointer(long handle) {
        return cl.pointer(handle);
    }

    @Override
    public synchronized long[] info(Kind kind, long handle, int parameter) {
        checkAlive();
        try {
            return cl.info(kind, handle, parameter);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized long platformOf(long device) {
        checkAlive();
        try {
            return cl.platformOf(device);
        } catch (StatusException e) {
            throw seen(e, false);
        }
    }

    @Override
    public synchronized void finish(long queue) {
        checkAlive();
        try {
            cl.finish(queue);
        } catch (StatusException e) {
            throw seen(e, true);
        }
    }

    @Override
    public synchronized void releaseEvent(long event) {
        try {
            cl.releaseEvent(event);
        } catch (StatusException e) {
            released(e);
        }
    }

    @Override
    public synchronized void releaseBuffer(long buffer) {
        try {
            cl.releaseBuffer(buffer);
        } catch (StatusException e) {
            released(e);
        }
    }

    @Override
    public synchronized void releaseKernel(long kernel) {
        try {
            cl.releaseKernel(kernel);
        } catch (StatusException e) {
            released(e);
        }
    }

    @Override
    public synchronized void releaseProgram(long program) {
        try {
            cl.releaseProgram(program);
        } catch (StatusException e) {
            released(e);
        }
    }

    @Override
    public synchronized void releaseQueue(long queue) {
        try {
            cl.releaseQueue(queue);
        } catch (StatusException e) {
            released(e);
        }
    }

    @Override
    public synchronized void releaseContext(long context) {
        try {
            cl.releaseContext(context);
        } catch (StatusException e) {
            released(e);
        }
    }
}
