package dev.clave.internal.opencl;

import java.lang.ref.WeakReference;
import java.nio.Buffer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a binding makes of the buffers used last: making it takes Java heap, and a program uses few buffers again and again. Buffer
 * and value are held weakly, so that nothing lives longer for it.
 */
final class RecentBuffers<V> {
    private static final int KEPT = 8;

    private final Function<Buffer, V> make;
    private final @Nullable Entry[] entries = new Entry[KEPT];
    private int next;

    private record Entry(WeakReference<Buffer> buffer, int position, int limit, WeakReference<Object> value) {}

    /**
     * Nothing yet.
     *
     * @param make the value of a buffer from its position to its limit
     */
    RecentBuffers(Function<Buffer, V> make) {
        this.make = make;
    }

    /** The value of a buffer with the position and limit that it has now. */
    @SuppressWarnings("unchecked")
    V get(Buffer buffer) {
        for (Entry entry : entries) {
            if (entry != null
                    && entry.buffer.refersTo(buffer)
                    && entry.position == buffer.position()
                    && entry.limit == buffer.limit()) {
                Object value = entry.value.get();
                if (value != null) {
                    return (V) value;
                }
            }
        }
        V value = make.apply(buffer);
        entries[next] =
                new Entry(new WeakReference<>(buffer), buffer.position(), buffer.limit(), new WeakReference<>(value));
        next = (next + 1) % KEPT;
        return value;
    }
}
