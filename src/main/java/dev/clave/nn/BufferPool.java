package dev.clave.nn;

import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Gives buffers memory: two whose uses do not overlap in time may share it. Greedy by size, largest first, which for chains
 * of layers comes close to the largest sum of what lives at one step (Pisarchyk and Lee, 2020, "greedy by size").
 */
final class BufferPool implements AutoCloseable {
    private record Slab(Tensor tensor, List<Buffer> users) {}

    private final List<Slab> slabs = new ArrayList<>();
    private final List<Tensor> views = new ArrayList<>();

    /** Places every buffer that is used and has no tensor yet. */
    void place(Device device, List<Buffer> buffers) {
        List<Buffer> wanted = new ArrayList<>();
        for (Buffer buffer : buffers) {
            if (!buffer.isPlaced() && buffer.last() >= 0) {
                wanted.add(buffer);
            }
        }
        wanted.sort(Comparator.comparingInt((Buffer b) -> b.shape().elements()).reversed());
        for (Buffer buffer : wanted) {
            buffer.place(slab(device, buffer));
        }
    }

    private Tensor slab(Device device, Buffer buffer) {
        for (Slab slab : slabs) {
            if (slab.tensor().dtype() == buffer.dtype() && slab.users().stream().noneMatch(u -> overlap(u, buffer))) {
                slab.users().add(buffer);
                return view(slab.tensor(), buffer.shape());
            }
        }
        Slab fresh = new Slab(device.allocate(buffer.dtype(), buffer.shape()), new ArrayList<>(List.of(buffer)));
        slabs.add(fresh);
        return fresh.tensor();
    }

    private Tensor view(Tensor whole, Shape shape) {
        Tensor view = whole.view(0, shape);
        views.add(view);
        return view;
    }

    private static boolean overlap(Buffer a, Buffer b) {
        return a.first() <= b.last() && b.first() <= a.last();
    }

    /** Bytes of all memory taken. */
    long bytes() {
        return slabs.stream()
                .mapToLong(s -> (long) s.tensor().shape().elements()
                        * s.tensor().dtype().bytes())
                .sum();
    }

    @Override
    public void close() {
        views.forEach(Tensor::close);
        slabs.forEach(slab -> slab.tensor().close());
    }
}
