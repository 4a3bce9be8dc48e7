package dev.clave.op;

import dev.clave.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The operators of imported graphs from the metadata of their golden cases (reference-data/graph_operators.py). */
final class GraphOperators {
    static final List<String> NAMES = List.of(
            "broadcast", "transpose", "concat", "matmul", "elementwise", "batch_norm_inference", "max_unpool2d");

    private final Map<String, String> metadata;

    private GraphOperators(Map<String, String> metadata) {
        this.metadata = metadata;
    }

    static Geometry geometry(String operator, Map<String, String> metadata) {
        return new GraphOperators(metadata).geometry(operator);
    }

    private String text(String key) {
        String value = metadata.get(key);
        if (value == null) {
            throw new IllegalArgumentException("no '" + key + "' in " + metadata);
        }
        return value;
    }

    private int number(String key) {
        return Integer.parseInt(text(key));
    }

    private int[] list(String key) {
        String text = text(key);
        return text.isEmpty()
                ? new int[0]
                : Arrays.stream(text.split("x")).mapToInt(Integer::parseInt).toArray();
    }

    private Shape shape(String key) {
        return Shape.of(list(key));
    }

    private boolean flag(String key) {
        return number(key) == 1;
    }

    private Geometry geometry(String operator) {
        return switch (operator) {
            case "broadcast" ->
                new Broadcast(
                        Broadcast.Kind.valueOf(text("kind").toUpperCase(Locale.ROOT)),
                        number("n"),
                        shape("a"),
                        flag("shared_a"),
                        shape("b"),
                        flag("shared_b"));
            case "transpose" ->
                new Transpose(
                        number("n"),
                        shape("input_shape"),
                        Arrays.stream(list("axes")).boxed().toList());
            case "concat" ->
                new Concat(number("n"), number("outer"), number("first"), number("second"), number("inner"));
            case "matmul" -> new MatMul(number("n"), shape("a"), flag("shared_a"), shape("b"), flag("shared_b"));
            case "elementwise" ->
                new Elementwise(
                        Elementwise.Kind.valueOf(text("kind").toUpperCase(Locale.ROOT)),
                        number("n"),
                        number("features"),
                        Double.parseDouble(text("p")),
                        Double.parseDouble(text("q")));
            case "batch_norm_inference" ->
                new BatchNormInference(
                        number("n"), number("c"), number("positions"), Double.parseDouble(text("epsilon")));
            case "max_unpool2d" ->
                new MaxUnpool2d(
                        number("n"),
                        number("c"),
                        number("h"),
                        number("w"),
                        number("plane_h"),
                        number("plane_w"),
                        number("oh"),
                        number("ow"));
            default -> throw new IllegalArgumentException("no operator of graphs: " + operator);
        };
    }
}
