package dev.clave.bench;

import dev.clave.Device;
import dev.clave.bench.Rounds.Opening;
import dev.clave.op.Format;
import dev.clave.op.Geometry;
import java.util.Map;

/** Square products in single precision. */
final class ProductSection {
    private ProductSection() {}

    static void run(Rounds rounds, Settings settings) throws Exception {
        try (PyTorch python = new PyTorch(settings, rounds);
                Device device = Device.open(settings.device());
                Lazy clblast = new Lazy(
                        () -> LineServer.clblast(settings, device.info().name()))) {
            for (int size : new int[] {256, 512, 1024, 2048}) {
                if (settings.quick() && size > 512) {
                    rounds.note("gemm " + size + ": left out of a quick run");
                    continue;
                }
                rounds.peak(device);
                Geometry geometry = BenchMain.entry("gemm", "square" + size).geometry();
                Map<String, Opening> contenders = Rounds.contenders();
                contenders.put(
                        "Clave", () -> OperatorContender.open(settings, device, "gemm", "square" + size, "forward"));
                python.join(contenders, "gemm " + size, false);
                contenders.put("CLBlast", () -> clblast.get().contender("gemm " + size));
                rounds.run(
                        "gemm " + size,
                        "us",
                        geometry.problem("forward", Format.NCHW).flops(),
                        contenders);
            }
        }
    }
}
