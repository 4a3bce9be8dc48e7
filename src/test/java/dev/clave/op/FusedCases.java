package dev.clave.op;

import dev.clave.Device;
import dev.clave.internal.rng.Philox;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Cases of conv2d_pool2d: small whole numbers make every sum exact; what backward reads comes from the twin's forward. */
final class FusedCases {
    static final Window HALF = Window.of(2, 2).stride(2, 2);

    private FusedCases() {}

    static Conv2dPool2d of(Conv2d conv, Activation.Kind inner, boolean max, Window window, Activation.Kind outer) {
        Geometry pool = max
                ? new MaxPool2d(conv.n(), conv.k(), conv.oh(), conv.ow(), window, false)
                : new AvgPool2d(conv.n(), conv.k(), conv.oh(), conv.ow(), window, false, true);
        return new Conv2dPool2d(conv, inner, pool, outer);
    }

    static List<Conv2dPool2d> geometries() {
        List<Conv2dPool2d> all = new ArrayList<>();
        Activation.Kind relu = Activation.Kind.RELU;
        for (boolean max : new boolean[] {true, false}) {
            for (Activation.Kind inner : new Activation.Kind[] {null, relu}) {
                all.add(of(new Conv2d(3, 1, 8, 8, 6, Window.of(3, 3).pad(1)), inner, max, HALF, relu));
                all.add(of(new Conv2d(17, 3, 9, 7, 5, Window.of(2, 3)), inner, max, HALF, null));
                all.add(of(
                        new Conv2d(2, 4, 11, 10, 6, Window.of(3, 3).stride(2, 1), 2, false), inner, max, HALF, relu));
                all.add(of(
                        new Conv2d(2, 2, 9, 9, 3, Window.of(1, 1)),
                        inner,
                        max,
                        Window.of(3, 3).stride(2, 2).pad(1),
                        relu));
                all.add(of(
                        new Conv2d(1, 2, 6, 9, 4, Window.of(3, 2).dilation(2, 1)),
                        inner,
                        max,
                        Window.of(2, 4).stride(2, 4),
                        null));
            }
        }
        return all;
    }

    /** A geometry in both directions. */
    static List<OpCase> cases(Device cpu, Conv2dPool2d g) {
        Map<String, Object> host = new LinkedHashMap<>();
        Philox random = new Philox(3, 1);
        // A tanh bends near 0 only; elsewhere numbers divisible by what windows divide by.
        float scale = g.outer() == Activation.Kind.TANH ? 1 / 256f : 72;
        for (String direction : g.directions()) {
            for (Slot slot : g.problem(direction, Format.NCHW).slots()) {
                if (slot.role() == Slot.Role.IN && slot.dtype().isReal() && !host.containsKey(slot.name())) {
                    float[] values = new float[slot.shape().elements()];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = (random.nextInt(7) - 3) * (slot.name().equals("weight") ? 1 : scale);
                    }
                    host.put(slot.name(), values);
                }
            }
        }
        if (!g.isMax()) {
            // Powers of two divide without rounding; other divisors are replaced, both sides alike.
            float[] reciprocals = new float[g.ph() * g.pw()];
            java.util.Arrays.fill(reciprocals, 0.25f);
            host.put("reciprocal", reciprocals);
        }
        List<OpCase> cases = new ArrayList<>();
        for (String direction : g.directions()) {
            OpCase op = new OpCase(g.toString(), g, direction, new LinkedHashMap<>(host), Map.of(), Map.of());
            Map<String, Object> expected = Harness.run(new TestDevices.Place(cpu, op.plain(), "reference"), op);
            cases.add(new OpCase(op.name(), g, direction, op.inputs(), Map.of(), expected));
            host.putAll(expected);
        }
        return cases;
    }
}
