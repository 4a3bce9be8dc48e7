package com.example.plain;

import dev.clave.Device;
import dev.clave.op.Candidate;
import dev.clave.op.OperatorBackend;
import dev.clave.op.Problem;
import java.util.List;

/**
 * A backend as another library would write it, outside this library's packages and with what is public alone. Its first device
 * keeps values in memory outside the Java heap and computes conv2d, gemm and activation; the second keeps them in Java arrays,
 * so that the library's twins compute the rest.
 */
public final class PlainBackend implements OperatorBackend {
    private static final List<String> NAMES = List.of("Plain direct memory", "Plain arrays");

    @Override
    public String name() {
        return "plain";
    }

    @Override
    public int priority() {
        return 50;
    }

    @Override
    public Availability availability() {
        return Availability.yes();
    }

    private static Device.Info info(String name) {
        return new Device.Info("plain", "com.example", name, "1.2", "loops", true, 1);
    }

    @Override
    public List<Description> devices() {
        return NAMES.stream().map(name -> new Description(info(name))).toList();
    }

    @Override
    public Device open(int index) {
        return new PlainDevice(this, info(NAMES.get(index)), index == 1);
    }

    @Override
    public List<Candidate> candidates(Device device, Problem problem) {
        return PlainOperators.candidates(problem);
    }
}
