package dev.clave.internal;

import dev.clave.Event;

/** Memory whose device copies while the host goes on. The host's memory is direct and in native order. */
public interface AsyncStorage extends Storage {
    /** As {@link #write(long, Object, long, long)}, once {@code after} are done; returns at once. */
    Event writeAsync(long at, Object host, long first, long count, Event... after);

    /** As {@link #read(long, Object, long, long)}, once {@code after} are done; returns at once. */
    Event readAsync(long at, Object host, long first, long count, Event... after);
}
