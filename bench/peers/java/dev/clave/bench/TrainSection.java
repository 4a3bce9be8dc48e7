package dev.clave.bench;

import dev.clave.Device;
import dev.clave.bench.Rounds.Opening;
import dev.clave.data.ImageDataset;
import dev.clave.nn.BenchPlan;
import dev.clave.nn.Network;
import java.util.List;
import java.util.Map;

/** Training steps of both LeNets, batch 64, Adam. */
final class TrainSection {
    static final int BATCH = 64;

    /** Time for all rounds of a network: the section's time is not much more than twice this. */
    private static final long ENOUGH_SECONDS = 85;

    /** Epochs of a sample of ours: about a second, as one epoch of a peer, so that the machine's whims meet all alike. */
    private static final int EPOCHS = 8;

    private TrainSection() {}

    static void run(Rounds rounds, Settings settings) throws Exception {
        int steps = settings.quick() ? 10 : 150;
        ImageDataset data = Clave.images(BATCH * steps);
        try (Device device = Device.open(settings.device());
                Device cpu = Device.cpu()) {
            rounds.peak(device);
            rounds.peak(cpu);
            for (String network : List.of("relu", "tanh")) {
                double flops;
                try (BenchPlan plan = new BenchPlan(device, Network.of(network), BATCH, BenchPlan.Form.CHAINED)) {
                    flops = plan.flops();
                    rounds.note("train " + network + ": " + plan.launches());
                }
                contend(rounds, settings, network, flops, steps, data, device, cpu);
                rounds.peak(device);
                rounds.peak(cpu);
            }
        }
    }

    private static void contend(
            Rounds rounds,
            Settings settings,
            String network,
            double flops,
            int steps,
            ImageDataset data,
            Device device,
            Device cpu)
            throws Exception {
        try (PyTorch python = new PyTorch(settings, rounds)) {
            Map<String, Opening> contenders = Rounds.contenders();
            contenders.put("Clave", () -> new Clave.Training(device, network, BATCH, data, EPOCHS));
            contenders.put("Clave CPU", () -> new Clave.Training(cpu, network, BATCH, data, 1));
            for (boolean documented : new boolean[] {false, true}) {
                contenders.put(
                        documented ? "DJL, EasyTrain.fit" : "DJL",
                        () -> new Djl.Training(
                                documented,
                                network,
                                BATCH,
                                network.equals("tanh") ? 32 : 28,
                                Clave.values(network, data),
                                data.labels()));
            }
            python.join(contenders, "train " + network + " " + BATCH + " " + steps, true);
            rounds.run("train " + network, "us", flops, ENOUGH_SECONDS, contenders);
        }
    }
}
