package dev.clave.internal.opencl;

import dev.clave.DeviceException;
import dev.clave.Event;
import dev.clave.internal.Ledger;
import dev.clave.internal.Resource;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/** An event of OpenCL's. Waiting holds no monitor. */
final class ClEvent extends Event {
    private final OpenClDevice device;
    private final Held held;
    private final Resource resource;
    private volatile boolean told;

    private ClEvent(OpenClDevice device, Held held, Resource resource) {
        this.device = device;
        this.held = held;
        this.resource = resource;
        resource.ownedBy(this);
    }

    /**
     * Takes an event.
     *
     * @param host the host's memory that the command uses, null when it uses none
     */
    static ClEvent of(OpenClDevice device, String what, long event, @Nullable Object host) {
        Held held = new Held(device.cl(), host);
        Ledger ledger = device.ledger();
        try {
            return new ClEvent(device, held, ledger.add(what, true).open(event, held::release));
        } catch (RuntimeException e) {
            held.release(event);
            throw e;
        }
    }

    OpenClDevice device() {
        return device;
    }

    /** Begins a use: the handle stays until {@link #exit}. */
    long enter() {
        long event = resource.handle();
        if (!held.enter()) {
            resource.handle(); // says that it is closed
            throw new IllegalStateException("the event is closed");
        }
        return event;
    }

    void exit(long event) {
        held.exit(event);
    }

    @Override
    public boolean isDone() {
        long event = enter();
        try {
            // Nothing more comes of a lost device; await says so.
            return held.cl.isLost() || held.cl.eventStatus(event) <= OpenCl.COMPLETE;
        } finally {
            exit(event);
        }
    }

    @Override
    public void await() {
        long event = enter();
        try {
            held.cl.waitForEvent(event);
        } catch (DeviceException e) {
            told = true;
            throw e;
        } finally {
            exit(event);
        }
    }

    @Override
    public void close() {
        try {
            if (held.host != null && !told && !held.cl.isLost()) {
                awaitIfOpen();
            }
        } finally {
            resource.close();
        }
    }

    private void awaitIfOpen() {
        long event;
        try {
            event = enter();
        } catch (IllegalStateException e) {
            return; // closed before
        }
        try {
            held.cl.waitForEvent(event);
        } finally {
            exit(event);
        }
    }

    /** The handle and the host's memory, both kept until nobody uses them; knows nothing of its owner. */
    private static final class Held {
        private static final System.Logger LOGGER = System.getLogger("dev.clave");

        private final GuardedOpenCl cl;
        private final @Nullable Object host;
        private int users;
        private boolean released;

        Held(GuardedOpenCl cl, @Nullable Object host) {
            this.cl = cl;
            this.host = host;
        }

        synchronized boolean enter() {
            if (released) {
                return false;
            }
            users++;
            return true;
        }

        void exit(long event) {
            boolean last;
            synchronized (this) {
                users--;
                last = users == 0 && released;
            }
            if (last) {
                cl.releaseEvent(event);
            }
        }

        void release(long event) {
            try {
                settle(event);
                boolean now;
                synchronized (this) {
                    released = true;
                    now = users == 0;
                }
                if (now) {
                    cl.releaseEvent(event);
                }
            } finally {
                Reference.reachabilityFence(host);
            }
        }

        private void settle(long event) {
            if (host == null || cl.isLost()) {
                return;
            }
            try {
                cl.waitForEvent(event);
            } catch (DeviceException e) {
                // A failed command uses the memory no more, which is all that counts here: nobody is left to be told.
                LOGGER.log(System.Logger.Level.DEBUG, "a transfer whose event was not waited for failed", e);
            }
        }
    }
}
