package dev.clave.op;

import dev.clave.Shape;
import java.util.List;

/**
 * Sum, element by element: residual connections, and the gradient of a value with several readers. forward: a and b to
 * {@code output = a + b}; output may be the same tensor as a or b. accumulate: {@code sum += input}. All tensors are
 * [N,features]. The gradient of both summands is gradOutput itself, so there is no backward direction.
 *
 * @param n samples, at least 0
 * @param features elements per sample, at least 1
 */
public record Add(int n, int features) implements Geometry {
    /** Checks sizes. */
    public Add {
        Window.atLeast("add: N", n, 0);
        Window.atLeast("add: features", features, 1);
    }

    @Override
    public String operator() {
        return "add";
    }

    @Override
    public List<String> directions() {
        return List.of("forward", "accumulate");
    }

    @Override
    public Problem problem(String direction, Format format) {
        Shape shape = format.samples(n, features);
        double flops = (double) n * features;
        return switch (direction) {
            case "forward" ->
                new Problem(
                        this,
                        direction,
                        format,
                        flops,
                        1,
                        Slot.in("a", format.real(), shape),
                        Slot.in("b", format.real(), shape),
                        Slot.out("output", format.real(), shape));
            case "accumulate" ->
                new Problem(
                        this,
                        direction,
                        format,
                        flops,
                        1,
                        Slot.in("input", format.real(), shape),
                        Slot.inout("sum", format.real(), shape));
            default -> throw Problem.unknown(this, direction);
        };
    }
}
