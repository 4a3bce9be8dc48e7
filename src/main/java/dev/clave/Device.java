package dev.clave;

import dev.clave.internal.Ledger;
import dev.clave.internal.Storage;
import dev.clave.internal.cpu.CpuDevice;
import dev.clave.internal.opencl.OpenClDevices;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Where tensors live and operators run: an OpenCL device or the CPU in pure Java. Several devices live
 * side by side in one process, nothing is shared between them.
 *
 * <p><b>Threads.</b> A device may be shared by any number of threads: its calls are thread-safe, and so are the calls of
 * different tensors and invocations on it. A {@link Tensor} and an {@code Invocation} are used by one thread at a time; give
 * every thread its own. An OpenCL device has one in-order queue: work of all threads runs one after the other in the order
 * in which it was enqueued, {@link #finish} and reads wait for the work of all, and other threads wait with them. An
 * interrupt ends no call: work goes on, the call returns its result, and the thread's interrupt flag stays set.
 *
 * <p><b>Lifetime.</b> Close tensors and invocations before the device. What is garbage-collected unclosed, or open when the
 * device closes, is released and reported to the logger {@code dev.clave.leaks} with the place that made it;
 * {@code -Dclave.leaks} is {@code off}, {@code simple} (a line of code, the default) or {@code paranoid} (the whole stack).
 */
public abstract class Device implements AutoCloseable {
    /** For implementations. */
    protected Device() {}

    /** What a device is called in listings. */
    public record Info(
            String kind, String platform, String name, String driver, String binding, boolean fp64, int vectorWidth) {}

    /**
     * What an OpenCL device says of itself.
     *
     * @param platformVersion of the platform, for example {@code OpenCL 3.0 PoCL 3.1}
     * @param deviceVersion OpenCL version of the device
     * @param languageVersion OpenCL C version of its compiler
     * @param globalMemoryBytes its memory
     * @param maxAllocationBytes largest single tensor
     * @param localMemoryBytes local memory of a work-group
     * @param maxWorkGroup most work-items of a work-group
     * @param computeUnits parallel compute units
     */
    public record Limits(
            String platformVersion,
            String deviceVersion,
            String languageVersion,
            long globalMemoryBytes,
            long maxAllocationBytes,
            long localMemoryBytes,
            long maxWorkGroup,
            int computeUnits) {}

    /** The CPU in pure Java; always available. */
    public static Device cpu() {
        return new CpuDevice();
    }

    /**
     * Opens a device through the binding that the system property {@code clave.binding} names, {@code auto} by default.
     *
     * @param selector {@code auto} (the first OpenCL device, else the CPU), {@code cpu}, {@code opencl} (the first
     *     OpenCL device), an index as listed by {@link #list}, or a part of a device's or platform's name
     * @throws DeviceException when no such device exists; the message lists the ones there are
     */
    public static Device open(String selector) {
        return open(selector, OpenClDevices.defaultBinding());
    }

    /**
     * Opens a device through a binding.
     *
     * @param selector as for {@link #open(String)}
     * @param binding {@code auto} (java.lang.foreign on JDK 22 and newer, else JOCL), {@code ffm} or {@code jocl}
     * @throws DeviceException when no such device exists, or a binding other than {@code auto} cannot be had
     */
    public static Device open(String selector, String binding) {
        OpenClDevices.checkBinding(binding);
        String wanted = selector.strip().toLowerCase(Locale.ROOT);
        if (wanted.equals("cpu")) {
            return cpu();
        }
        OpenClDevices found = OpenClDevices.find(binding);
        if (wanted.equals("auto")) {
            return found.infos().isEmpty() ? cpu() : found.open(0);
        }
        if (wanted.equals("opencl")) {
            if (found.infos().isEmpty()) {
                throw new DeviceException("no OpenCL device: " + found.reason() + "; use --device cpu or install one");
            }
            return found.open(0);
        }
        int index = index(wanted, found.infos());
        if (index >= 0) {
            return found.open(index);
        }
        List<String> names = new ArrayList<>();
        for (int i = 0; i < found.infos().size(); i++) {
            names.add(i + " (" + found.infos().get(i).name() + ")");
        }
        throw new DeviceException(
                "unknown device '" + selector + "'; there are: auto, cpu" + (names.isEmpty() ? "" : ", opencl, ")
                        + String.join(", ", names)
                        + (found.infos().isEmpty() ? "; no OpenCL device: " + found.reason() : ""));
    }

    /** Place of the device meant, -1 for none. An index counts before a name: names are full of digits. */
    static int index(String wanted, List<Info> infos) {
        for (int i = 0; i < infos.size(); i++) {
            if (wanted.equals(String.valueOf(i))) {
                return i;
            }
        }
        for (int i = 0; i < infos.size(); i++) {
            String label = infos.get(i).platform() + " " + infos.get(i).name();
            if (label.toLowerCase(Locale.ROOT).contains(wanted)) {
                return i;
            }
        }
        return -1;
    }

    /**
     * What one look at this machine's OpenCL found.
     *
     * @param devices in the order of their indices; empty when there are none
     * @param limits of each of the devices
     * @param skipped what was skipped and why; empty when nothing was
     * @param bindingReport one line: which binding was taken, which was skipped and why
     */
    public record Survey(List<Info> devices, List<Limits> limits, String skipped, String bindingReport) {}

    /**
     * Looks at this machine's OpenCL.
     *
     * @param binding as for {@link #open(String, String)}
     */
    public static Survey survey(String binding) {
        OpenClDevices found = OpenClDevices.find(binding);
        return new Survey(found.infos(), found.limits(), found.reason(), found.bindingReport());
    }

    /** The OpenCL devices of this machine in the order of their indices; empty when there are none. */
    public static List<Info> list() {
        return survey(OpenClDevices.defaultBinding()).devices();
    }

    /** Why {@link #list} lacks devices: what was skipped and why, empty when nothing was. */
    public static String listReason() {
        return survey(OpenClDevices.defaultBinding()).skipped();
    }

    /** One line: which binding to OpenCL is taken, which is skipped and why. */
    public static String bindingReport() {
        return survey(OpenClDevices.defaultBinding()).bindingReport();
    }

    /** What this device is called. */
    public abstract Info info();

    /** The device's name. */
    public final String name() {
        return info().name();
    }

    /** Whether this is an OpenCL device. */
    public final boolean isOpenCl() {
        return info().kind().equals("opencl");
    }

    /** Offsets of views must be a multiple of this many bytes. */
    public abstract int viewAlignment();

    /**
     * A tensor with undefined values.
     *
     * @throws DeviceOutOfMemoryException when {@link #memoryLimit()} or the device's largest allocation would be passed
     * @throws IllegalStateException when the device is closed
     */
    public final Tensor allocate(DType dtype, Shape shape) {
        if (dtype == DType.F64 && !info().fp64()) {
            throw new IllegalArgumentException("device " + name() + " has no fp64");
        }
        return new Tensor(this, dtype, shape, reserve(dtype, shape));
    }

    /** For implementations: a tensor over memory of this device that there is. */
    protected final Tensor tensor(DType dtype, Shape shape, Storage storage) {
        return new Tensor(this, dtype, shape, storage);
    }

    /** Memory for {@link #allocate}. */
    protected abstract Storage reserve(DType dtype, Shape shape);

    /**
     * Waits until all enqueued work is done.
     *
     * @throws DeviceLostException when the device failed at it
     */
    public abstract void finish();

    /** What this device holds, for operator implementations. */
    public abstract Ledger ledger();

    /** Bytes of the tensors that are not closed. */
    public final long liveBytes() {
        return ledger().liveBytes();
    }

    /**
     * A tensor that is not closed.
     *
     * @param what its type and shape
     * @param place the line of code that made it; with {@code -Dclave.leaks=off} it is not known
     */
    public record Allocation(String what, long bytes, String place) {}

    /** The largest tensors that are not closed, largest first. */
    public final List<Allocation> largestTensors(int count) {
        return ledger().largest(count);
    }

    /**
     * Bytes that the tensors of this device may take together: 0.8 of its memory, on the CPU of the largest Java heap;
     * {@code -Dclave.memory.share} sets another part.
     */
    public final long memoryLimit() {
        return ledger().limit();
    }

    /**
     * Changes {@link #memoryLimit()}; tensors that are there stay. Returns this.
     *
     * @param bytes at least 0
     */
    public final Device memoryLimit(long bytes) {
        ledger().limit(bytes);
        return this;
    }

    /**
     * Waits for pending work and releases everything the device still holds; tensors and invocations that were left open are
     * reported. A second close does nothing.
     */
    @Override
    public abstract void close();
}
