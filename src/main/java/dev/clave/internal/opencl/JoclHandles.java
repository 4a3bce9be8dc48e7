package dev.clave.internal.opencl;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Numbers for JOCL's objects. A number that was removed is refused until it is given out again. Thread-safe. */
final class JoclHandles {
    private final List<@Nullable Object> objects = new ArrayList<>();
    private final Deque<Integer> free = new ArrayDeque<>();

    JoclHandles() {
        objects.add(null); // 0 is no handle
    }

    synchronized long add(Object object) {
        Integer reused = free.poll();
        if (reused != null) {
            objects.set(reused, object);
            return reused;
        }
        objects.add(object);
        return objects.size() - 1L;
    }

    synchronized <T> T get(long handle, Class<T> type) {
        Object object = handle < 0 || handle >= objects.size() ? null : objects.get((int) handle);
        if (!type.isInstance(object)) {
            throw new IllegalStateException(
                    "no " + type.getSimpleName() + " has the handle " + handle + "; it was released or never created");
        }
        return type.cast(object);
    }

    synchronized <T> T remove(long handle, Class<T> type) {
        T object = get(handle, type);
        objects.set((int) handle, null);
        free.push((int) handle);
        return object;
    }
}
