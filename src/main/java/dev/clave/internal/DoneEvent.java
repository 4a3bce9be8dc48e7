package dev.clave.internal;

import dev.clave.Event;

/** The event of work that was done when its call returned. */
public final class DoneEvent extends Event {
    private final Resource resource;

    /** An event of a device. */
    public DoneEvent(Ledger ledger) {
        resource = ledger.add("event", true).open(1, handle -> {});
        resource.ownedBy(this);
    }

    @Override
    public boolean isDone() {
        resource.handle();
        return true;
    }

    @Override
    public void await() {
        resource.handle();
    }

    @Override
    public void close() {
        resource.close();
    }
}
