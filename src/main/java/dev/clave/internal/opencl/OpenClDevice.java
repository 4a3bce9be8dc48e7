package dev.clave.internal.opencl;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.DeviceOutOfMemoryException;
import dev.clave.KernelBuildException;
import dev.clave.internal.Storage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/** One OpenCL device with its context, in-order queue, programs and the ledger of its buffers. */
public final class OpenClDevice extends Device {
    private static final System.Logger LOGGER = System.getLogger("dev.clave");

    private final OpenCl cl;
    private final long device;
    private final long context;
    private final long queue;
    private final Info info;
    private final int alignment;
    private final long memoryLimit;
    private final long maxWorkGroup;
    private final boolean gpu;
    private final Map<String, Long> programs = new HashMap<>();
    private final Set<Runnable> owned = new LinkedHashSet<>();
    private final AtomicLong ledger = new AtomicLong();
    private boolean closed;

    OpenClDevice(OpenCl cl, long platform, long device, Info info) {
        this.cl = cl;
        this.device = device;
        this.info = info;
        this.context = cl.createContext(platform, device);
        warnOfLostDivisions();
        this.queue = queue(cl, context, device);
        this.alignment = (int) Math.max(64, cl.deviceLong(device, OpenCl.DEVICE_MEM_BASE_ADDR_ALIGN) / 8);
        // Drivers do not enforce their own limit (PoCL), and a machine needs memory for more than us.
        this.memoryLimit = cl.deviceLong(device, OpenCl.DEVICE_GLOBAL_MEM_SIZE) / 10 * 8;
        this.maxWorkGroup = cl.deviceLong(device, OpenCl.DEVICE_MAX_WORK_GROUP_SIZE);
        this.gpu = (cl.deviceLong(device, OpenCl.DEVICE_TYPE) & OpenCl.DEVICE_TYPE_GPU) != 0;
    }

    private static long queue(OpenCl cl, long context, long device) {
        try {
            return cl.createQueue(context, device);
        } catch (DeviceException e) {
            cl.releaseContext(context);
            throw e;
        }
    }

    /** The context is where a runtime has set up everything, its signal handlers too. */
    private void warnOfLostDivisions() {
        int lost = DivisionProbe.lost();
        if (lost > 0) {
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    "{0} of {1} integer divisions by zero threw nothing: the SIGFPE handler of {2} replaces the JVM''s. "
                            + "Start Java with LD_PRELOAD=$JAVA_HOME/lib/libjsig.so{3}",
                    lost,
                    DivisionProbe.ATTEMPTS,
                    info.platform(),
                    info.binding().equals("ffm") ? "" : ", or take the binding ffm of JDK 22 and newer");
        }
    }

    @Override
    public Info info() {
        return info;
    }

    @Override
    public int viewAlignment() {
        return alignment;
    }

    /** Largest number of work-items in a work-group. */
    public long maxWorkGroup() {
        return maxWorkGroup;
    }

    /** Whether the device calls itself a GPU: then work-groups of many work-items and local memory pay. */
    public boolean isGpu() {
        return gpu;
    }

    @Override
    protected Storage reserve(DType dtype, long bytes) {
        checkOpen();
        if (ledger.get() + bytes > memoryLimit) {
            throw new DeviceOutOfMemoryException("device " + name() + ": asked for " + bytes + " bytes, " + ledger.get()
                    + " in use, limit " + memoryLimit + "; close tensors or take a smaller batch");
        }
        // OpenCL has no buffer of size 0.
        long buffer = cl.createBuffer(context, Math.max(bytes, 4));
        ledger.addAndGet(bytes);
        return new ClStorage(this, buffer, bytes, true);
    }

    void own(Runnable release) {
        owned.add(release);
    }

    void disown(Runnable release) {
        owned.remove(release);
    }

    void released(long bytes) {
        ledger.addAndGet(-bytes);
    }

    OpenCl cl() {
        return cl;
    }

    long queue() {
        return queue;
    }

    /**
     * A kernel of its own for the caller: setting arguments is not thread-safe, so plans do not share one.
     *
     * @param file stem of the file in {@code kernels/}
     */
    public ClKernel kernel(String file, String name, Map<String, String> defines) {
        checkOpen();
        StringBuilder options = new StringBuilder("-cl-std=CL1.2");
        new TreeMap<>(defines)
                .forEach((key, value) ->
                        options.append(" -D").append(key).append('=').append(value));
        long program = programs.computeIfAbsent(file + " " + options, key -> build(file, options.toString()));
        return new ClKernel(this, cl.createKernel(program, name), name);
    }

    private long build(String file, String options) {
        String source = source(file);
        try {
            return cl.buildProgram(context, device, source, options);
        } catch (OpenCl.BuildFailure e) {
            StringBuilder report = new StringBuilder("kernels/" + file + ".cl does not compile on " + info.platform()
                    + " " + name() + " with " + options + "\n" + e.getMessage() + "\n");
            int number = 1;
            for (String line : source.lines().toList()) {
                report.append(String.format(java.util.Locale.ROOT, "%4d  %s%n", number++, line));
            }
            throw new KernelBuildException(report.toString());
        }
    }

    /** The text of a kernel file. */
    public static String source(String file) {
        try (InputStream in = OpenClDevice.class.getResourceAsStream("/dev/clave/kernels/" + file + ".cl")) {
            if (in == null) {
                throw new IllegalStateException("kernels/" + file + ".cl is not in the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void finish() {
        checkOpen();
        cl.finish(queue);
    }

    @Override
    public long liveBytes() {
        return ledger.get();
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("device " + name() + " is closed");
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        cl.finish(queue);
        for (Runnable release : owned.toArray(new Runnable[0])) {
            release.run();
        }
        closed = true;
        programs.values().forEach(cl::releaseProgram);
        programs.clear();
        cl.releaseQueue(queue);
        cl.releaseContext(context);
    }
}
