package dev.clave.internal.opencl;

import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.nio.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * Segments of the buffers used last: to make one takes Java heap, and a program uses few buffers again and again. Both are held
 * weakly, so that nothing lives longer for it.
 */
final class FfmBuffers {
    private static final int KEPT = 8;

    private final @Nullable Entry[] entries = new Entry[KEPT];
    private int next;

    private record Entry(WeakReference<Buffer> buffer, int position, int limit, WeakReference<MemorySegment> segment) {}

    /** The segment between position and limit. */
    MemorySegment segment(Buffer buffer) {
        for (Entry entry : entries) {
            if (entry != null
                    && entry.buffer.refersTo(buffer)
                    && entry.position == buffer.position()
                    && entry.limit == buffer.limit()) {
                MemorySegment segment = entry.segment.get();
                if (segment != null) {
                    return segment;
                }
            }
        }
        MemorySegment segment = MemorySegment.ofBuffer(buffer);
        entries[next] =
                new Entry(new WeakReference<>(buffer), buffer.position(), buffer.limit(), new WeakReference<>(segment));
        next = (next + 1) % KEPT;
        return segment;
    }
}
