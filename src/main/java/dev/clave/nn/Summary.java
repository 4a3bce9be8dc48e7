package dev.clave.nn;

import dev.clave.op.Format;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The layers of a network in the order in which they run, in the table of PaddlePaddle's {@code summary}: layers are
 * numbered by type, containers and layers made inside {@code forward} have no row. Megabytes are of 2^20 bytes.
 */
public final class Summary {
    private static final double MEGA = 4.0 / (1 << 20);

    /**
     * A layer.
     *
     * @param name type and number, such as {@code Conv2D-1}
     * @param inputShape extents of a sample that comes in
     * @param outputShape extents of a sample that goes out
     * @param parameters its own values, trained or not; 0 when an earlier row has them
     * @param flops of the whole batch, forward
     */
    public record Row(
            String name, List<Integer> inputShape, List<Integer> outputShape, long parameters, double flops) {}

    private final List<Row> rows = new ArrayList<>();
    private final List<Integer> input;
    private final long trainable;
    private final long fixed;

    Summary(Layer layer, int... shape) {
        if (shape.length < 2 || shape[0] < 1) {
            throw new IllegalArgumentException(
                    "summary: the shape has the batch in front, got " + Arrays.toString(shape));
        }
        Graph graph = Graph.record(layer, Arrays.copyOfRange(shape, 1, shape.length));
        this.input = Arrays.stream(shape).boxed().toList();
        Set<Parameter> all = Collections.newSetFromMap(new IdentityHashMap<>());
        all.addAll(layer.parameters().values());
        this.trainable = count(all, true);
        this.fixed = count(all, false);
        Map<String, Deque<Double>> flops = flops(graph, shape[0]);
        Map<String, Integer> numbers = new HashMap<>();
        Set<Parameter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Set<Layer> named = new HashSet<>(layer.names().keySet());
        for (Graph.Call call : graph.calls()) {
            if (!call.isLayer() || !named.contains(call.layer())) {
                continue;
            }
            long parameters = 0;
            for (Parameter parameter : call.layer().parameters().values()) {
                parameters += seen.add(parameter) ? parameter.shape().elements() : 0;
            }
            String type = call.layer().type();
            Deque<Double> runs = flops.getOrDefault(call.name(), new ArrayDeque<>());
            rows.add(new Row(
                    type + "-" + numbers.merge(type, 1, Integer::sum),
                    batched(shape[0], call.inputShape().toArray()),
                    batched(shape[0], call.outputShape().toArray()),
                    parameters,
                    runs.isEmpty() ? 0 : runs.removeFirst()));
        }
    }

    private static long count(Set<Parameter> parameters, boolean trainable) {
        return parameters.stream()
                .filter(parameter -> parameter.trainable() == trainable)
                .mapToLong(parameter -> parameter.shape().elements())
                .sum();
    }

    private static List<Integer> batched(int batch, int... sample) {
        List<Integer> shape = new ArrayList<>(List.of(batch));
        Arrays.stream(sample).forEach(shape::add);
        return shape;
    }

    /** Work of each node by the label of its layer, in order. */
    private static Map<String, Deque<Double>> flops(Graph graph, int batch) {
        Map<String, Deque<Double>> flops = new HashMap<>();
        for (Node node : graph.live()) {
            if (node.operation() instanceof Operation.Input || node.operation() instanceof Operation.View) {
                continue;
            }
            List<int[]> shapes = node.inputs().stream().map(Node::shape).toList();
            double work = node.operation() instanceof Operation.Dropout
                    ? 0 // the identity, but for training
                    : node.operation()
                            .geometry(batch, shapes)
                            .problem("forward", Format.NCHW)
                            .flops();
            String label = node.name().replaceFirst("#[0-9]+$", "");
            flops.computeIfAbsent(label, key -> new ArrayDeque<>()).add(work);
        }
        return flops;
    }

    /** {@return the rows in order} */
    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** {@return values an optimizer changes} */
    public long trainableParameters() {
        return trainable;
    }

    /** {@return all values} */
    public long totalParameters() {
        return trainable + fixed;
    }

    private static long elements(List<Integer> shape) {
        return shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
    }

    /** The table. */
    @Override
    public String toString() {
        return table(false);
    }

    /**
     * {@return the table, with the work of each layer in millions of operations when asked}
     *
     * @param flops whether operations are counted too
     */
    public String table(boolean flops) {
        List<String[]> cells = new ArrayList<>();
        cells.add(new String[] {"Layer (type)", "Input Shape", "Output Shape", "Param #", "MFLOPs"});
        double work = 0;
        double outputs = 0;
        for (Row row : rows) {
            work += row.flops();
            outputs += elements(row.outputShape());
            cells.add(new String[] {
                row.name(),
                "[" + row.inputShape() + "]",
                row.outputShape().toString(),
                String.format(Locale.ROOT, "%,d", row.parameters()),
                String.format(Locale.ROOT, "%.3f", row.flops() / 1e6)
            });
        }
        int[] widths = flops ? new int[] {15, 20, 20, 15, 12} : new int[] {15, 20, 20, 15};
        for (String[] line : cells) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line[i].length() + 2);
            }
        }
        int width = Arrays.stream(widths).sum() + widths.length + 1;
        StringBuilder text = new StringBuilder("-".repeat(width)).append('\n');
        for (int i = 0; i < cells.size(); i++) {
            StringBuilder line = new StringBuilder();
            for (int c = 0; c < widths.length; c++) {
                line.append(centred(cells.get(i)[c], widths[c])).append(' ');
            }
            text.append(line.toString().stripTrailing()).append('\n');
            text.append(i == 0 ? "=".repeat(width) + "\n" : "");
        }
        double inputs = elements(input) * MEGA;
        double passes = 2 * outputs * MEGA;
        double parameters = totalParameters() * MEGA;
        text.append("=".repeat(width)).append('\n');
        text.append(String.format(
                Locale.ROOT,
                "Total params: %,d%nTrainable params: %,d%nNon-trainable params: %,d%n",
                totalParameters(),
                trainable,
                fixed));
        if (flops) {
            text.append(String.format(Locale.ROOT, "Forward MFLOPs: %.3f%n", work / 1e6));
        }
        text.append("-".repeat(width)).append('\n');
        text.append(String.format(
                Locale.ROOT,
                "Input size (MB): %.2f%nForward/backward pass size (MB): %.2f%nParams size (MB): %.2f%n"
                        + "Estimated Total Size (MB): %.2f%n",
                inputs,
                passes,
                parameters,
                inputs + passes + parameters));
        return text.append("-".repeat(width)).append('\n').toString().replace(System.lineSeparator(), "\n");
    }

    private static String centred(String text, int width) {
        int left = (width - text.length()) / 2;
        return " ".repeat(left) + text + " ".repeat(width - text.length() - left);
    }
}
