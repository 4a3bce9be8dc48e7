package dev.clave.bench;

import dev.clave.Device;
import dev.clave.op.Problem;

/** One launch of an operator and a wait, as in {@link OperatorBench}. */
final class OperatorContender {
    private OperatorContender() {}

    static Contender open(Settings settings, Device device, String operator, String shape, String direction) {
        return open(settings, device, BenchMain.entry(operator, shape), direction);
    }

    /** Checks the result, then prepares. */
    static Contender open(Settings settings, Device device, Shapes.Entry entry, String direction) {
        Check.run(device, entry, direction, "", settings.quick() ? 1e7 : 1e8);
        Problem problem = entry.geometry().problem(direction, Check.format(device, entry, entry.batch()));
        Inputs inputs = new Inputs(device, problem, "", false);
        return Contender.repeating(
                settings.sliceSeconds(),
                () -> {
                    inputs.run();
                    device.finish();
                },
                inputs);
    }
}
