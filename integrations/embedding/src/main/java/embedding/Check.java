package embedding;

import dev.clave.Device;
import dev.clave.op.Conv2d;
import dev.clave.op.Window;

/** Compares with plain loops; anything too far off ends the program. */
final class Check {
    final Conv2d conv = new Conv2d(4, 3, 20, 18, 8, Window.of(5, 3));
    final Values values = Values.random(conv);
    private final Results expected = Reference.run(conv, values);

    void arrays(String selector, String binding) {
        try (Device device = Device.open(selector, binding)) {
            same("float arrays on " + device.name() + " over " + device.info().binding(),
                    FromArrays.run(conv, device, values));
        }
    }

    void same(String what, Results got) {
        double difference = expected.difference(got);
        if (!(difference < 1e-3)) {
            throw new IllegalStateException(what + ": off by " + difference);
        }
        System.out.println(what + ": conv2d forward and backward, within " + (float) difference);
    }
}
