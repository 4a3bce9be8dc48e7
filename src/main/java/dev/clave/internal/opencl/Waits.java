package dev.clave.internal.opencl;

import dev.clave.Event;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Events that commands of a device wait for. Those of its context, through whatever device of ours, become handles of its
 * binding; all others are waited for here.
 */
public final class Waits implements AutoCloseable {
    private static final long[] NONE = {};

    private final List<Runnable> ends = new ArrayList<>();
    private long[] handles = NONE;

    private Waits() {}

    /** Waits for what the device cannot wait for, and takes the rest. Not to be called under the device's monitor. */
    public static Waits of(OpenClDevice device, Event... after) {
        Waits waits = new Waits();
        try {
            for (Event event : after) {
                if (event instanceof ClEvent own) {
                    waits.take(device, own);
                } else {
                    event.await();
                }
            }
            return waits;
        } catch (RuntimeException e) {
            waits.close();
            throw e;
        }
    }

    private void take(OpenClDevice device, ClEvent event) {
        // One that failed throws here: PoCL 3.1 never ends what is enqueued to wait for it. One that is done need not
        // be waited for.
        if (event.isDone()) {
            event.await();
            return;
        }
        long handle = event.enter();
        if (event.device() == device) {
            add(handle, () -> event.exit(handle));
            return;
        }
        boolean shared = false;
        try {
            OpenCl own = device.cl();
            OpenCl other = event.device().cl();
            if (own.binding().equals(other.binding())) {
                long same = own.adopt(OpenCl.Kind.EVENT, other.object(handle));
                shared = own.info(OpenCl.Kind.EVENT, same, OpenCl.EVENT_CONTEXT)[0] == device.contextPointer();
                if (shared) {
                    add(same, () -> own.releaseEvent(same));
                } else {
                    own.releaseEvent(same);
                }
            }
        } finally {
            event.exit(handle);
        }
        if (!shared) {
            event.await();
        }
    }

    private void add(long handle, Runnable end) {
        handles = Arrays.copyOf(handles, handles.length + 1);
        handles[handles.length - 1] = handle;
        ends.add(end);
    }

    long[] handles() {
        return handles;
    }

    /** Lets go of them: a driver keeps what an enqueued command waits for. */
    @Override
    public void close() {
        ends.forEach(Runnable::run);
    }
}
