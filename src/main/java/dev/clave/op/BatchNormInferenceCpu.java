package dev.clave.op;

/** Batch normalisation with given statistics in pure Java. */
final class BatchNormInferenceCpu implements CpuKernel {
    @Override
    public void run(Problem problem, CpuArguments arguments) {
        BatchNormInference g = (BatchNormInference) problem.geometry();
        Reals input = arguments.reals("input");
        Reals output = arguments.reals("output");
        Reals scale = arguments.reals("scale");
        Reals bias = arguments.reals("bias");
        Reals mean = arguments.reals("mean");
        Reals variance = arguments.reals("variance");
        for (int plane = 0; plane < g.n() * g.c(); plane++) {
            int c = plane % g.c();
            double factor = scale.get(c) / Math.sqrt(variance.get(c) + g.epsilon());
            for (int i = plane * g.positions(); i < (plane + 1) * g.positions(); i++) {
                output.set(i, (input.get(i) - mean.get(c)) * factor + bias.get(c));
            }
        }
    }
}
