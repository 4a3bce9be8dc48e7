package dev.clave.nn;

import dev.clave.op.Activation;
import dev.clave.op.Conv2d;
import dev.clave.op.Conv2dPool2d;
import dev.clave.op.Geometry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A convolution, an activation or none, a pooling, an activation or none, run as one operator. Found where each value in
 * between has one reader, so that nobody misses it.
 *
 * @param last the node whose value the whole makes
 */
record Fusion(Node conv, Activation.@Nullable Kind inner, Node pool, Activation.@Nullable Kind outer, Node last) {
    /** Fusions of a graph by every node they take; each node is in one at most. */
    static Map<Node, Fusion> find(List<Node> nodes, List<Node> outputs) {
        Map<Node, Node> reader = new HashMap<>();
        Map<Node, Integer> reads = new HashMap<>();
        for (Node node : nodes) {
            for (Node input : node.inputs()) {
                reader.put(input, node);
                reads.merge(input, 1, Integer::sum);
            }
        }
        outputs.forEach(output -> reads.merge(output, 1, Integer::sum));
        reads.values().removeIf(count -> count > 1);
        reader.keySet().retainAll(reads.keySet());
        outputs.forEach(reader::remove);
        // Where relu moves behind the pooling another element may be the first maximum.
        List<Node> argmax = nodes.stream()
                .filter(node -> node.operation() instanceof Operation.Argmax)
                .map(node -> node.inputs().get(0))
                .toList();
        Map<Node, Fusion> found = new HashMap<>();
        for (Node node : nodes) {
            Fusion fusion = isPlain(node) ? from(node, reader) : null;
            if (fusion != null && !argmax.contains(fusion.pool())) {
                found.put(node, fusion);
                Node next = node;
                while (next != fusion.last()) {
                    next = java.util.Objects.requireNonNull(reader.get(next));
                    found.put(next, fusion);
                }
            }
        }
        return found;
    }

    /** A convolution of samples as they are, by parameters. */
    private static boolean isPlain(Node node) {
        return node.operation() instanceof Operation.Convolution
                && node.inputs().size() == 1
                && node.inputs().get(0).shape().length == 3;
    }

    private static @Nullable Fusion from(Node conv, Map<Node, Node> reader) {
        Node next = reader.get(conv);
        Activation.Kind inner = kind(next);
        if (inner != null && next != null) {
            next = reader.get(next);
        }
        if (next == null
                || !(next.operation() instanceof Operation.MaxPool
                        || next.operation() instanceof Operation.AveragePool)) {
            return null;
        }
        Node pool = next;
        Node after = reader.get(pool);
        Activation.Kind outer = kind(after);
        Node last = outer == null || after == null ? pool : after;
        if (inner == Activation.Kind.RELU && outer == null && pool.operation() instanceof Operation.MaxPool) {
            // The maximum of relu is relu of the maximum, value and gradient, and nothing need be kept in between.
            return new Fusion(conv, null, pool, inner, last);
        }
        return new Fusion(conv, inner, pool, outer, last);
    }

    private static Activation.@Nullable Kind kind(@Nullable Node node) {
        return node != null
                        && node.operation() instanceof Operation.Activate activate
                        && activate.kind() != Activation.Kind.LEAKY_RELU
                ? activate.kind()
                : null;
    }

    /** The convolution alone, whose gradients are taken one by one. */
    Conv2d convolution(int batch) {
        return (Conv2d) geometry(conv, batch);
    }

    /** The whole. */
    Conv2dPool2d geometry(int batch) {
        return new Conv2dPool2d(convolution(batch), inner, geometry(pool, batch), outer);
    }

    private static Geometry geometry(Node node, int batch) {
        return node.operation()
                .geometry(batch, node.inputs().stream().map(Node::shape).toList());
    }
}
