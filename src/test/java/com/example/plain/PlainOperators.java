package com.example.plain;

import dev.clave.Tensor;
import dev.clave.op.Activation;
import dev.clave.op.Candidate;
import dev.clave.op.Conv2d;
import dev.clave.op.Gemm;
import dev.clave.op.Prepared;
import dev.clave.op.Problem;
import dev.clave.op.RefusedException;
import dev.clave.op.Window;
import dev.clave.spi.Memory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Three operators by the loops of their definitions. */
final class PlainOperators {
    private PlainOperators() {}

    /** A kernel on the values by slot. */
    private interface Kernel {
        void run(Map<String, Values> values);
    }

    static List<Candidate> candidates(Problem problem) {
        return switch (problem.operator()) {
            case "conv2d" -> {
                Conv2d conv = (Conv2d) problem.geometry();
                yield List.of(
                        // Thinks it can, and finds out too late.
                        new Loops("hasty", null, null),
                        new Loops(
                                "dense",
                                conv.groups() == 1 ? null : "dense channels only",
                                values -> conv(conv, problem.direction(), values)));
            }
            case "gemm" -> List.of(new Loops("loops", null, values -> gemm((Gemm) problem.geometry(), values)));
            case "activation" -> List.of(new Loops("loops", null, values -> activation(problem, values)));
            // A mistake of its author's.
            case "philox" -> throw new IllegalStateException("no dice");
            default -> List.of();
        };
    }

    private record Loops(String name, String refuses, Kernel kernel) implements Candidate {
        @Override
        public Prepared prepare() {
            if (kernel == null) {
                throw new RefusedException("was too hasty");
            }
            Map<String, Values> bound = new HashMap<>();
            return new Prepared() {
                @Override
                public Prepared bind(String slot, Tensor tensor) {
                    bound.put(slot, Values.of(Memory.of(tensor)));
                    return this;
                }

                @Override
                public Prepared set(String scalar, double value) {
                    throw new IllegalStateException("none of these operators has a scalar");
                }

                @Override
                public void run() {
                    kernel.run(bound);
                }

                @Override
                public void close() {
                    bound.clear();
                }
            };
        }
    }

    /** One multiply-add of a convolution: places in the input, the weight and the output. */
    private interface Tap {
        void visit(int input, int weight, int output);
    }

    private static void conv(Conv2d g, String direction, Map<String, Values> values) {
        int plane = g.oh() * g.ow();
        switch (direction) {
            case "forward" -> {
                Values output = values.get("output");
                for (int i = 0; i < g.n() * g.k() * plane; i++) {
                    output.set(i, g.bias() ? values.get("bias").get(i / plane % g.k()) : 0);
                }
                taps(
                        g,
                        (in, w, out) -> add(
                                output,
                                out,
                                values.get("input").get(in)
                                        * values.get("weight").get(w)));
            }
            case "backwardInput" -> {
                Values gradient = zeroed(values.get("gradInput"), g.n() * g.c() * g.h() * g.w());
                taps(
                        g,
                        (in, w, out) -> add(
                                gradient,
                                in,
                                values.get("gradOutput").get(out)
                                        * values.get("weight").get(w)));
            }
            case "backwardWeight" -> {
                Values gradient =
                        zeroed(values.get("gradWeight"), g.weightShape().elements());
                taps(
                        g,
                        (in, w, out) -> add(
                                gradient,
                                w,
                                values.get("gradOutput").get(out)
                                        * values.get("input").get(in)));
            }
            default -> {
                Values gradient = zeroed(values.get("gradBias"), g.k());
                for (int i = 0; i < g.n() * g.k() * plane; i++) {
                    add(gradient, i / plane % g.k(), values.get("gradOutput").get(i));
                }
            }
        }
    }

    private static void add(Values values, int index, double more) {
        values.set(index, values.get(index) + more);
    }

    private static Values zeroed(Values values, int count) {
        for (int i = 0; i < count; i++) {
            values.set(i, 0);
        }
        return values;
    }

    private static void taps(Conv2d g, Tap tap) {
        Window win = g.window();
        for (int out = 0; out < g.n() * g.k() * g.oh() * g.ow(); out++) {
            int ox = out % g.ow();
            int oy = out / g.ow() % g.oh();
            int k = out / (g.ow() * g.oh()) % g.k();
            int n = out / (g.ow() * g.oh() * g.k());
            for (int w = 0; w < g.c() * win.kh() * win.kw(); w++) {
                int c = w / (win.kh() * win.kw());
                int y = oy * win.strideH() - win.padTop() + w / win.kw() % win.kh() * win.dilationH();
                int x = ox * win.strideW() - win.padLeft() + w % win.kw() * win.dilationW();
                if (y >= 0 && y < g.h() && x >= 0 && x < g.w()) {
                    tap.visit(((n * g.c() + c) * g.h() + y) * g.w() + x, k * g.c() * win.kh() * win.kw() + w, out);
                }
            }
        }
    }

    private static void gemm(Gemm g, Map<String, Values> values) {
        Values a = values.get("a");
        Values b = values.get("b");
        Values c = values.get("c");
        for (int m = 0; m < g.m(); m++) {
            for (int n = 0; n < g.n(); n++) {
                double sum = 0;
                for (int k = 0; k < g.k(); k++) {
                    sum += a.get(g.transA() ? k * g.lda() + m : m * g.lda() + k)
                            * b.get(g.transB() ? n * g.ldb() + k : k * g.ldb() + n);
                }
                double result = g.alpha() * sum
                        + (g.beta() == 0 ? 0 : g.beta() * c.get(m * g.ldc() + n))
                        + (g.bias() ? values.get("bias").get(n) : 0);
                c.set(
                        m * g.ldc() + n,
                        switch (g.epilogue()) {
                            case NONE -> result;
                            case RELU -> Math.max(result, 0);
                            case TANH -> Math.tanh(result);
                        });
            }
        }
    }

    private static void activation(Problem problem, Map<String, Values> values) {
        Activation g = (Activation) problem.geometry();
        Values output = values.get("output");
        for (int i = 0; i < g.n() * g.features(); i++) {
            if (problem.direction().equals("forward")) {
                double x = values.get("input").get(i);
                output.set(
                        i,
                        switch (g.kind()) {
                            case TANH -> Math.tanh(x);
                            case SIGMOID -> 1 / (1 + Math.exp(-x));
                            case RELU -> Math.max(x, 0);
                            case LEAKY_RELU -> x > 0 ? x : g.slope() * x;
                        });
            } else {
                double y = output.get(i);
                double slope = switch (g.kind()) {
                    case TANH -> 1 - y * y;
                    case SIGMOID -> y * (1 - y);
                    case RELU -> y > 0 ? 1 : 0;
                    case LEAKY_RELU -> y > 0 ? 1 : g.slope();
                };
                values.get("gradInput").set(i, slope * values.get("gradOutput").get(i));
            }
        }
    }
}
