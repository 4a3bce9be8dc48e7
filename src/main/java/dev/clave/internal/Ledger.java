package dev.clave.internal;

import dev.clave.Device;
import dev.clave.DeviceOutOfMemoryException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a device holds: every tensor, kernel and invocation with its bytes and the place that made it. It enforces the
 * memory limit, which drivers do not (PoCL), and reports leaks, that of the device itself too. Thread-safe.
 */
public final class Ledger {
    /** Name of the logger that leaks are reported to. */
    public static final String LOGGER = "dev.clave.leaks";

    /** System property: the part of a device's memory, or of the Java heap, that tensors may take. */
    public static final String SHARE = "clave.memory.share";

    private static final double DEFAULT_SHARE = 0.8;
    private static final int SHOWN = 8;
    /** Finds devices that nobody closed; nothing else would, for their ledgers are not asked any more. */
    private static final Cleaner FORGOTTEN = Cleaner.create();

    private final String device;
    private final long largest;
    private final LeakLevel level = LeakLevel.wanted();
    private final ReferenceQueue<Object> dead = new ReferenceQueue<>();
    private final Set<Resource> live = new LinkedHashSet<>();
    private final System.Logger logger = System.getLogger(LOGGER);
    private final Place place = level.here();
    private Cleaner.@Nullable Cleanable owner;
    private boolean collected;
    private long limit;
    private long inUse;
    private boolean closed;

    /** Where something was made: one line, and the stack when all of it is wanted. */
    record Place(String line, @Nullable Throwable stack) {}

    /**
     * An empty ledger.
     *
     * @param device its name, for messages
     * @param memory bytes the device has
     * @param largest bytes a single tensor may take
     */
    public Ledger(String device, long memory, long largest) {
        this.device = device;
        this.largest = largest;
        this.limit = (long) (memory * share());
    }

    private static double share() {
        String text = System.getProperty(SHARE);
        if (text == null) {
            return DEFAULT_SHARE;
        }
        double share;
        try {
            share = Double.parseDouble(text);
        } catch (NumberFormatException e) {
            share = Double.NaN;
        }
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("-D" + SHARE + " is a number above 0 and at most 1, got '" + text + "'");
        }
        return share;
    }

    String device() {
        return device;
    }

    /** Bytes that tensors may take together. */
    public synchronized long limit() {
        return limit;
    }

    /** Changes the limit; what is held stays. */
    public synchronized void limit(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("the memory limit is at least 0 bytes, got " + bytes);
        }
        limit = bytes;
    }

    /** Bytes of the tensors that are not closed. */
    public long liveBytes() {
        sweep();
        synchronized (this) {
            return inUse;
        }
    }

    /** The largest tensors that are not closed, largest first. */
    public List<Device.Allocation> largest(int count) {
        sweep();
        List<Device.Allocation> found = new ArrayList<>();
        synchronized (this) {
            for (Resource resource : live) {
                if (resource.bytes() > 0) {
                    found.add(new Device.Allocation(
                            resource.what(), resource.bytes(), resource.place().line()));
                }
            }
        }
        found.sort(Comparator.comparingLong(Device.Allocation::bytes).reversed());
        return List.copyOf(found.subList(0, Math.min(count, found.size())));
    }

    /**
     * Takes bytes for a tensor.
     *
     * @param what for people
     * @throws DeviceOutOfMemoryException when the limit would be passed, or the tensor is too large for the device
     */
    public Resource claim(String what, long bytes) {
        sweep();
        Resource resource = new Resource(this, what, bytes, true, level.here());
        long before;
        synchronized (this) {
            checkOpen();
            before = inUse;
            if (bytes <= largest && bytes <= limit - inUse) {
                inUse += bytes;
                live.add(resource);
                return resource;
            }
        }
        throw outOfMemory(
                what,
                bytes,
                before,
                bytes > largest ? ", the largest single tensor is " + largest + "; split the batch" : "");
    }

    /**
     * Adds something that takes no memory of the device's that we count.
     *
     * @param reported whether leaving it unclosed is a leak worth a word; false for parts of what is reported
     */
    public Resource add(String what, boolean reported) {
        sweep();
        Resource resource = new Resource(this, what, 0, reported, level.here());
        synchronized (this) {
            checkOpen();
            live.add(resource);
        }
        return resource;
    }

    /** The report of a failed allocation: what was asked, what is in use, the limit, and the largest tensors. */
    public DeviceOutOfMemoryException outOfMemory(String what, long bytes, long before, String more) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "device %s: asked for %d bytes (%s), %d in use, limit %d%s; close tensors, take a smaller batch or"
                        + " raise the limit (-D%s, Device.memoryLimit)",
                device,
                bytes,
                what,
                before,
                limit(),
                more,
                SHARE));
        List<Device.Allocation> shown = largest(SHOWN);
        if (!shown.isEmpty()) {
            text.append(String.format("%n%15s  largest live tensors", "bytes"));
            for (Device.Allocation one : shown) {
                text.append(String.format(Locale.ROOT, "%n%15d  %s, made at %s", one.bytes(), one.what(), one.place()));
            }
        }
        return new DeviceOutOfMemoryException(text.toString());
    }

    /**
     * Names the device: when it is garbage-collected before this ledger was closed, that is a leak: it is reported, and the
     * device's things are released by a thread of the library's.
     *
     * @param close what the device's close does: closes this ledger and releases what the device itself holds; once is enough,
     *     and it must not hold the device
     */
    public void ownedBy(Object of, Runnable close) {
        owner = FORGOTTEN.register(of, () -> forgotten(close));
    }

    private void forgotten(Runnable close) {
        synchronized (this) {
            if (closed) {
                return;
            }
            collected = true;
        }
        if (level != LeakLevel.OFF) {
            report("device " + device, " was garbage-collected without having been closed", place);
        }
        try {
            close.run();
        } catch (RuntimeException e) {
            logger.log(System.Logger.Level.WARNING, "device " + device + " does not close: " + e.getMessage(), e);
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("device " + device + " is closed");
        }
    }

    synchronized boolean isClosed() {
        return closed;
    }

    Resource.@Nullable Watch watch(Object owner, Resource resource) {
        return level == LeakLevel.OFF ? null : new Resource.Watch(owner, dead, resource);
    }

    synchronized void remove(Resource resource) {
        if (live.remove(resource)) {
            inUse -= resource.bytes();
        }
    }

    /** Reports and releases what was garbage-collected unclosed. Cheap when there is nothing. */
    private void sweep() {
        for (Reference<?> one = dead.poll(); one != null; one = dead.poll()) {
            Resource lost = ((Resource.Watch) one).resource;
            boolean held;
            synchronized (this) {
                held = live.contains(lost);
            }
            if (held) {
                if (lost.reported()) {
                    report(lost, "was garbage-collected without having been closed");
                }
                lost.close();
            }
        }
    }

    private void report(Resource lost, String how) {
        report(lost.what() + " (" + lost.bytes() + " bytes) of device " + device, " " + how, lost.place());
    }

    private void report(String what, String how, Place madeAt) {
        StringWriter text = new StringWriter();
        text.append("leak: ").append(what).append(how);
        text.append("; made at ").append(madeAt.line());
        Throwable stack = madeAt.stack();
        if (stack != null) {
            text.append('\n');
            stack.printStackTrace(new PrintWriter(text, true));
        }
        logger.log(System.Logger.Level.WARNING, () -> text.toString().strip());
    }

    /** Reports what is left, and releases all of it, the youngest first. A second close does nothing. */
    public void close() {
        sweep();
        List<Resource> left;
        String how;
        synchronized (this) {
            closed = true;
            left = new ArrayList<>(live);
            how = collected ? "was garbage-collected with its device" : "was open when the device was closed";
        }
        if (owner != null) {
            owner.clean(); // nothing is forgotten any more
        }
        if (level != LeakLevel.OFF) {
            left.stream()
                    .filter(Resource::reported)
                    .sorted(Comparator.comparingLong(Resource::bytes).reversed())
                    .limit(SHOWN)
                    .forEach(lost -> report(lost, how));
        }
        for (int i = left.size() - 1; i >= 0; i--) {
            left.get(i).close();
        }
    }
}
