package dev.clave.op;

import dev.clave.Device;
import dev.clave.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fused block in pure Java: its parts one after the other, each by its own twin, which is what it must equal. */
final class Conv2dPool2dCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments a) {
        Conv2dPool2d g = (Conv2dPool2d) problem.geometry();
        try (Parts parts = new Parts(problem, a)) {
            switch (problem.direction()) {
                case "forward" -> forward(g, parts, g.inner() == null ? null : "hidden");
                case "inference" -> forward(g, parts, null);
                case "backwardConv" -> backward(g, parts, "gradConv");
                default -> {
                    parts.put("gradOutput", backward(g, parts, null));
                    parts.run(new Conv2dCpu(), g.conv(), "backwardWeight", "gradWeight", "gradWeight");
                    if (g.conv().bias()) {
                        parts.run(new Conv2dCpu(), g.conv(), "backwardBias", "gradBias", "gradBias");
                    }
                }
            }
        }
    }

    private static void forward(Conv2dPool2d g, Parts parts, @Nullable String hidden) {
        Tensor made = parts.run(new Conv2dCpu(), g.conv(), "forward", "output", hidden);
        parts.put("input", parts.activate(g.inner(), "forward", made, null, hidden));
        Tensor pooled = parts.run(pool(g), g.pool(), "forward", "output", "output");
        parts.activate(g.outer(), "forward", pooled, null, "output");
    }

    /** The gradient of the convolution's result, in the slot of this name or in between. */
    private static Tensor backward(Conv2dPool2d g, Parts parts, @Nullable String into) {
        Tensor gradPooled =
                parts.activate(g.outer(), "backwardInput", parts.get("output"), parts.get("gradOutput"), null);
        parts.put("gradOutput", gradPooled);
        Tensor gradHidden = parts.run(pool(g), g.pool(), "backwardInput", "gradInput", into);
        return g.inner() == null
                ? gradHidden
                : parts.activate(g.inner(), "backwardInput", parts.get("hidden"), gradHidden, into);
    }

    private static CpuKernel pool(Conv2dPool2d g) {
        return g.isMax() ? new MaxPool2dCpu() : new AvgPool2dCpu();
    }

    /** The tensors of a run by slot name, and those in between. */
    private static final class Parts implements AutoCloseable {
        private final Problem problem;
        private final Map<String, Tensor> tensors = new HashMap<>();
        private final List<Tensor> between = new ArrayList<>();
        private final Device device;

        private Parts(Problem problem, CpuArguments a) {
            this.problem = problem;
            for (Slot slot : problem.slots()) {
                tensors.put(slot.name(), a.tensor(slot.name()));
            }
            this.device = a.tensor(problem.slots().get(0).name()).device();
        }

        private Tensor get(String slot) {
            return java.util.Objects.requireNonNull(tensors.get(slot), slot);
        }

        private void put(String slot, Tensor tensor) {
            tensors.put(slot, tensor);
        }

        /** Runs a part; its result goes to the slot of this name in the whole, or to a tensor in between, as does what the whole lacks. */
        private Tensor run(
                CpuKernel kernel, Geometry geometry, String direction, String result, @Nullable String into) {
            Problem part = geometry.problem(direction, problem.format());
            Map<String, Tensor> bound = new HashMap<>();
            for (Slot slot : part.slots()) {
                bound.put(
                        slot.name(),
                        slot.name().equals(result)
                                ? into == null ? fresh(slot) : get(into)
                                : tensors.computeIfAbsent(slot.name(), name -> fresh(slot)));
            }
            kernel.run(part, new CpuArguments(bound));
            return java.util.Objects.requireNonNull(bound.get(result));
        }

        private Tensor fresh(Slot slot) {
            Tensor tensor = device.allocate(slot.dtype(), slot.shape());
            between.add(tensor);
            return tensor;
        }

        /** Applies an activation, or its derivative to a gradient; without one the values stay where they are. */
        private Tensor activate(
                Activation.@Nullable Kind kind,
                String direction,
                Tensor values,
                @Nullable Tensor gradient,
                @Nullable String into) {
            Tensor source = gradient == null ? values : gradient;
            if (kind == null) {
                return source;
            }
            Activation geometry = new Activation(kind, 1, values.shape().elements(), 0);
            Problem part = geometry.problem(direction, problem.format());
            boolean forward = direction.equals("forward");
            Tensor target = into == null ? fresh(part.slot(forward ? "output" : "gradInput")) : get(into);
            Map<String, Tensor> bound = forward
                    ? Map.of("input", source, "output", target)
                    : Map.of("output", values, "gradOutput", source, "gradInput", target);
            new ActivationCpu().run(part, new CpuArguments(bound));
            return target;
        }

        @Override
        public void close() {
            between.forEach(Tensor::close);
        }
    }
}
