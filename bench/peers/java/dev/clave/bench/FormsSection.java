package dev.clave.bench;

import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.bench.Rounds.Opening;
import dev.clave.data.ImageDataset;
import dev.clave.nn.BenchPlan;
import dev.clave.nn.Network;
import java.util.List;
import java.util.Map;

/** Ours against ours: fused or operator by operator, one binding or the other, OpenCL or pure Java. */
final class FormsSection {
    private static final int STEPS = 20;

    private FormsSection() {}

    static void run(Rounds rounds, Settings settings) throws Exception {
        for (String network : List.of("relu", "tanh")) {
            try (Device device = Device.open(settings.device())) {
                rounds.peak(device);
                rounds.run("fusion " + network, "us", 0, fusion(rounds, settings, network, device));
            }
            devices(rounds, settings, network);
        }
    }

    private static Map<String, Opening> fusion(Rounds rounds, Settings settings, String network, Device device) {
        Map<String, Opening> contenders = Rounds.contenders();
        for (BenchPlan.Form form : BenchPlan.Form.values()) {
            contenders.put(form.toString(), () -> {
                BenchPlan plan = new BenchPlan(device, Network.of(network), TrainSection.BATCH, form);
                plan.run(1);
                double first = plan.loss();
                plan.run(STEPS);
                if (!(plan.loss() < first)) {
                    throw new IllegalStateException("the loss did not fall: " + first + ", then " + plan.loss());
                }
                rounds.note(network + " " + form + ": " + plan.launches());
                Contender steps = Contender.repeating(settings.sliceSeconds(), () -> plan.run(STEPS), plan);
                return scaled(steps, 1.0 / STEPS);
            });
        }
        return contenders;
    }

    private static Contender scaled(Contender contender, double factor) {
        return new Contender() {
            @Override
            public double sample() throws Exception {
                return contender.sample() * factor;
            }

            @Override
            public void close() throws Exception {
                contender.close();
            }
        };
    }

    private static void devices(Rounds rounds, Settings settings, String network) throws Exception {
        ImageDataset data = Clave.images(TrainSection.BATCH * (settings.quick() ? 10 : 100));
        Map<String, Opening> contenders = Rounds.contenders();
        for (String binding : List.of("ffm", "jocl")) {
            contenders.put("OpenCL, " + binding, () -> owning(opened(settings, binding), network, data));
        }
        contenders.put("CPU device", () -> owning(Device.cpu(), network, data));
        rounds.run("device " + network, "us", 0, contenders);
    }

    private static Device opened(Settings settings, String binding) {
        Device device = Device.open(settings.device(), binding);
        if (!device.isOpenCl()) {
            device.close();
            throw new DeviceException("no OpenCL device");
        }
        return device;
    }

    private static Contender owning(Device device, String network, ImageDataset data) {
        Clave.Training training = new Clave.Training(device, network, TrainSection.BATCH, data, 1);
        return new Contender() {
            @Override
            public double sample() {
                return training.sample();
            }

            @Override
            public void close() {
                training.close();
                device.close();
            }
        };
    }
}
