package dev.clave.internal;

import dev.clave.internal.Ledger.Place;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** One thing of a device with its record in the {@link Ledger}. Its owner is one Java object, which closes it once. */
public final class Resource {
    private final Ledger ledger;
    private final String what;
    private final long bytes;
    private final boolean reported;
    private final Place place;
    private volatile long handle;
    private LongConsumer release = unused -> {};
    private @Nullable Watch watch;

    /** Tells when the owner was garbage-collected. */
    static final class Watch extends PhantomReference<Object> {
        final Resource resource;

        Watch(Object owner, ReferenceQueue<Object> queue, Resource resource) {
            super(owner, queue);
            this.resource = resource;
        }
    }

    Resource(Ledger ledger, String what, long bytes, boolean reported, Place place) {
        this.ledger = ledger;
        this.what = what;
        this.bytes = bytes;
        this.reported = reported;
        this.place = place;
    }

    /**
     * Makes it usable.
     *
     * @param opened what {@link #handle} gives from now on, not 0
     * @param how called once, with the handle; must not hold the owner
     */
    public Resource open(long opened, LongConsumer how) {
        release = how;
        handle = opened;
        return this;
    }

    /** Names the owner: when it is garbage-collected before the close, that is a leak. */
    public void ownedBy(Object owner) {
        watch = ledger.watch(owner, this);
    }

    /**
     * The handle.
     *
     * @throws IllegalStateException when closed
     */
    public long handle() {
        long open = handle;
        if (open == 0) {
            throw new IllegalStateException(what + " of device " + ledger.device()
                    + (ledger.isClosed() ? " is closed, its device was closed" : " is closed") + "; it was made at "
                    + place.line());
        }
        return open;
    }

    /** What it is, for people. */
    public String what() {
        return what;
    }

    /** Size in bytes. */
    public long bytes() {
        return bytes;
    }

    boolean reported() {
        return reported;
    }

    Place place() {
        return place;
    }

    /** Releases; a second close does nothing. Any thread may call it. */
    public void close() {
        long held;
        synchronized (this) {
            held = handle;
            handle = 0;
        }
        ledger.remove(this);
        if (watch != null) {
            watch.clear();
        }
        if (held != 0) {
            release.accept(held);
        }
    }
}
