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
        try (Lazy python = new Lazy(() -> LineServer.pytorch(settings));
                Device device = Device.open(settings.device());
                Lazy clblast = new Lazy(
                        () -> LineServer.clblast(settings, device.info().name()))) {
            for (int size : new int[] {256, 512, 1024, 2048}) {
                rounds.peak(device);
                Geometry geometry = BenchMain.entry("gemm", "square" + size).geometry();
                Map<String, Opening> contenders = Rounds.contenders();
                contenders.put(
                        "Clave", () -> OperatorContender.open(settings, device, "gemm", "square" + size, "forward"));
                contenders.put("PyTorch", () -> python.get().contender("gemm " + size));
                if (settings.quick() && size > 512) {
                    rounds.note("gemm " + size + ": no CLBlast in a quick run, a product may take it many seconds");
                } else {
                    contenders.put("CLBlast", () -> clblast.get().contender("gemm " + size));
                }
                rounds.run(
                        "gemm " + size,
                        "us",
                        geometry.problem("forward", Format.NCHW).flops(),
                        contenders);
            }
        }
    }
}
