package dev.clave;

import dev.clave.internal.Ledger;
import dev.clave.internal.Storage;
import dev.clave.internal.cpu.CpuDevice;
import dev.clave.internal.opencl.OpenClDevices;
import dev.clave.spi.Backend;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where tensors live and operators run: an OpenCL device, the CPU in pure Java, or a device of another library's
 * {@link Backend}. Several devices live side by side in one process, nothing is shared between them.
 *
 * <p><b>Threads.</b> A device may be shared by any number of threads: its calls are thread-safe, and so are the calls of
 * different tensors and invocations on it. A {@link Tensor} and an {@code Invocation} are used by one thread at a time; give
 * every thread its own. An OpenCL device has one in-order queue: work of all threads runs one after the other in the order
 * in which it was enqueued, {@link #finish} and reads wait for the work of all, and other threads wait with them. An
 * interrupt ends no call: work goes on, the call returns its result, and the thread's interrupt flag stays set.
 *
 * <p><b>Lifetime.</b> Close tensors and invocations before the device. What is garbage-collected unclosed, the device
 * itself too, or open when the device closes, is released and reported to the logger {@code dev.clave.leaks} with the place
 * that made it;
 * {@code -Dclave.leaks} is {@code off}, {@code simple} (a line of code, the default) or {@code paranoid} (the whole stack).
 */
public abstract class Device implements AutoCloseable {
    private volatile @Nullable Backend backend;

    /** For the library's own devices, whose backend is the one that is named as their kind. */
    protected Device() {}

    /**
     * For implementations, which extend {@link dev.clave.spi.BackendDevice}.
     *
     * @param backend name of the backend
     */
    protected Device(Backend backend) {
        this.backend = backend;
    }

    /**
     * What a device is called in listings.
     *
     * @param kind name of its backend: {@code cpu}, {@code opencl} or another library's
     * @param platform who drives it
     * @param name name of the device
     * @param driver version of the driver
     * @param binding how it is reached: {@code java}, {@code ffm}, {@code jocl} or another library's way
     * @param fp64 whether it computes in double precision
     * @param vectorWidth floats of a native vector
     */
    public record Info(
            String kind, String platform, String name, String driver, String binding, boolean fp64, int vectorWidth) {}

    /**
     * What a device says of itself; empty or 0 what it does not.
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
            int computeUnits) {
        /** Of a device that says nothing. */
        public static final Limits UNKNOWN = new Limits("", "", "", 0, 0, 0, 0, 0);
    }

    /** {@return the CPU in pure Java; always available} */
    public static Device cpu() {
        return new CpuDevice();
    }

    /**
     * Opens a device through the binding that the system property {@code clave.binding} names, {@code auto} by default.
     *
     * @param selector {@code auto} (the backend of the highest priority that has a device: the first OpenCL device,
     *     else the CPU, unless another library's backend comes first), the name of a backend ({@code cpu}, {@code
     *     opencl} or another library's) for its first device, {@code NAME:INDEX} for another one, an index as listed by
     *     {@link #list}, or a part of a device's or platform's name
     * @return the device; close it
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
     * @return the device; close it
     * @throws DeviceException when no such device exists, or a binding other than {@code auto} cannot be had
     */
    public static Device open(String selector, String binding) {
        return Backends.load(binding).open(selector);
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
     * A backend as it was found.
     *
     * @param name empty when it does not say one
     * @param provider its class, or what is known of it when that cannot be loaded
     * @param priority the larger goes first
     * @param devices how many it has
     * @param reason why it has none, or is not used at all; beside devices what was left out; empty when all is well
     */
    public record BackendReport(String name, String provider, int priority, int devices, String reason) {}

    /**
     * What one look at this machine found.
     *
     * @param devices in the order of their indices, those of OpenCL first; the CPU is not among them; empty when there are none
     * @param limits of each of the devices
     * @param skipped what was skipped and why; empty when nothing was
     * @param bindingReport one line: which binding to OpenCL was taken, which was skipped and why
     * @param backends all that were found, the highest priority first, and those that are not used
     */
    public record Survey(
            List<Info> devices,
            List<Limits> limits,
            String skipped,
            String bindingReport,
            List<BackendReport> backends) {}

    /**
     * Looks at this machine's devices.
     *
     * @param binding as for {@link #open(String, String)}
     * @return what was found
     */
    public static Survey survey(String binding) {
        return Backends.load(binding).survey();
    }

    /**
     * {@return the devices of this machine, without the CPU, in the order of their indices; empty when there are none}
     */
    public static List<Info> list() {
        return survey(OpenClDevices.defaultBinding()).devices();
    }

    /** {@return why {@link #list} lacks devices: what was skipped and why, empty when nothing was} */
    public static String listReason() {
        return survey(OpenClDevices.defaultBinding()).skipped();
    }

    /** {@return one line: which binding to OpenCL is taken, which is skipped and why} */
    public static String bindingReport() {
        return survey(OpenClDevices.defaultBinding()).bindingReport();
    }

    /**
     * {@return the backend this is a device of}
     *
     * @throws DeviceException when the library's own backends are not registered
     */
    public final Backend backend() {
        Backend known = backend;
        if (known == null) {
            known = Backends.own(info().kind());
            backend = known;
        }
        return known;
    }

    /** Spares {@link #backend} the search. */
    final Device openedBy(Backend opener) {
        backend = opener;
        return this;
    }

    /** {@return what this device is called} */
    public abstract Info info();

    /** {@return the device's name} */
    public final String name() {
        return info().name();
    }

    /** {@return whether this is an OpenCL device} */
    public final boolean isOpenCl() {
        return info().kind().equals("opencl");
    }

    /** {@return the number of bytes that offsets of views must be a multiple of} */
    public abstract int viewAlignment();

    /**
     * {@return a tensor with undefined values}
     *
     * @param dtype type of the elements
     * @param shape extents, outermost first
     * @throws DeviceOutOfMemoryException when {@link #memoryLimit()} or the device's largest allocation would be passed
     * @throws IllegalStateException when the device is closed
     */
    public final Tensor allocate(DType dtype, Shape shape) {
        if (dtype == DType.F64 && !info().fp64()) {
            throw new IllegalArgumentException("device " + name() + " has no fp64");
        }
        return new Tensor(this, dtype, shape, reserve(dtype, shape));
    }

    /**
     * For implementations: a tensor over memory of this device that there is.
     *
     * @param dtype type of the elements
     * @param shape extents, outermost first
     * @param storage the memory
     * @return the tensor, which owns it
     */
    protected final Tensor tensor(DType dtype, Shape shape, Storage storage) {
        return new Tensor(this, dtype, shape, storage);
    }

    /**
     * {@return memory for {@link #allocate}}
     *
     * @param dtype type of the elements
     * @param shape extents, outermost first
     */
    protected abstract Storage reserve(DType dtype, Shape shape);

    /**
     * Waits until all enqueued work is done.
     *
     * @throws DeviceLostException when the device failed at it
     */
    public abstract void finish();

    /** {@return what this device holds, for operator implementations} */
    public abstract Ledger ledger();

    /** {@return bytes of the tensors that are not closed} */
    public final long liveBytes() {
        return ledger().liveBytes();
    }

    /**
     * A tensor that is not closed.
     *
     * @param what its type and shape
     * @param bytes size in bytes
     * @param place the line of code that made it; with {@code -Dclave.leaks=off} it is not known
     */
    public record Allocation(String what, long bytes, String place) {}

    /**
     * {@return the largest tensors that are not closed, largest first}
     *
     * @param count how many, at least 0
     */
    public final List<Allocation> largestTensors(int count) {
        return ledger().largest(count);
    }

    /**
     * {@return bytes that the tensors of this device may take together: 0.8 of its memory, on the CPU of the largest
     * Java heap; {@code -Dclave.memory.share} sets another part}
     */
    public final long memoryLimit() {
        return ledger().limit();
    }

    /**
     * Changes {@link #memoryLimit()}; tensors that are there stay. Returns this.
     *
     * @param bytes at least 0
     * @return this
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
