package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.op.Chain;
import dev.clave.op.Format;
import dev.clave.op.Invocation;
import dev.clave.op.Problem;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What all passes of a model share. */
record Core(
        Device device,
        Layer layer,
        ParameterSet parameters,
        @Nullable InputSpec input,
        long seed,
        boolean fusion) {
    int pad() {
        return input == null ? 0 : input.pad();
    }

    /** The network for images of a source, checked against the input specification. */
    Graph graph(BatchSource source) {
        int[] shape = {1, source.height() + 2 * pad(), source.width() + 2 * pad()};
        if (input != null && !Arrays.equals(input.sample(), shape)) {
            throw new IllegalArgumentException(source.name() + ": images are " + source.height() + "x" + source.width()
                    + (pad() == 0 ? "" : " and " + pad() + " pixels of padding on each side") + ", the network takes "
                    + Arrays.toString(input.sample()) + " (" + input.name() + ")");
        }
        Graph graph = Graph.record(layer, shape);
        int[] output = graph.output().shape();
        if (output.length == 1 && source.classes() > output[0]) {
            throw new IllegalArgumentException(source.name() + " has " + source.classes()
                    + " classes, the network's output is " + Arrays.toString(output));
        }
        return graph;
    }

    /** Checks that a loss can be taken of the network's output. */
    static void checkScores(Graph graph) {
        if (graph.output().shape().length != 1) {
            throw new IllegalArgumentException("softmax cross-entropy takes [classes], the network's output is "
                    + Arrays.toString(graph.output().shape()) + "; flatten and add a linear layer");
        }
    }

    /** What the passes of a purpose compute, without memory for it. */
    List<Problem> problems(Graph graph, int batch, Lowering.Purpose purpose) {
        Format format = Inference.isFolding(graph) ? new Format(DType.F32, 1) : Plan.format(device, DType.F32);
        if (purpose != Lowering.Purpose.INFERENCE) {
            parameters.needGradients();
        }
        Lowering lowering = new Lowering(graph, parameters, format, batch, purpose, seed, fusion && device.isOpenCl());
        return Stream.concat(lowering.forward().stream(), lowering.backward().stream())
                .map(Step::problem)
                .toList();
    }

    /** Work that belongs together; operator by operator where fusion is not wanted. */
    Chain chain(List<Invocation> work) {
        return Chain.of(work, fusion);
    }

    Plan plan(Graph graph, int batch, Lowering.Purpose purpose) {
        if (input != null) {
            input.checkBatch(batch);
        }
        return new Plan(device, graph, parameters, Plan.format(device, DType.F32), batch, purpose, seed, fusion);
    }
}
