package dev.clave.check;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Tensor;
import dev.clave.op.Activation;
import dev.clave.op.Add;
import dev.clave.op.AvgPool2d;
import dev.clave.op.BiasAdd;
import dev.clave.op.Format;
import dev.clave.op.Gemm;
import dev.clave.op.Geometry;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;
import dev.clave.op.Problem;
import dev.clave.op.Slot;
import dev.clave.op.SoftmaxCrossEntropy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * An operator of this library as a {@link Differentiable}, in double precision and lanes 1: input, weight and bias are what
 * is differentiated; what an operator only looks up (labels, reciprocals) is filled in. The gradients are those of the
 * operator's backward directions, of {@link Gemm#gradientA} and {@link Gemm#gradientB} for a product.
 *
 * <pre>{@code
 * try (OperatorCheck operator = OperatorCheck.of(device, geometry)) {
 *     GradientCheck.of(operator).check(operator.randomInputs(1)).assertPassed();
 * }
 * }</pre>
 */
public final class OperatorCheck implements Differentiable, AutoCloseable {
    private static final Format WIDE = new Format(DType.F64, 1);

    private final Device device;
    private final Geometry geometry;
    private final Problem problem;
    private final List<Slot> inputs;
    private final Slot output;
    private final Invocation forward;
    private final Map<String, Invocation> gradients = new LinkedHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    private OperatorCheck(Device device, Geometry geometry) {
        this.device = device;
        this.geometry = geometry;
        this.problem = geometry.problem("forward", WIDE);
        this.inputs = problem.slots().stream()
                .filter(slot -> slot.role() == Slot.Role.IN
                        && slot.dtype().isReal()
                        && !slot.name().equals("reciprocal"))
                .toList();
        this.output = problem.slots().stream()
                .filter(slot -> slot.role() != Slot.Role.IN && slot.dtype().isReal())
                .findFirst()
                .orElseThrow();
        this.forward = prepare(problem, Map.of());
    }

    /**
     * Prepares an operator.
     *
     * @param device where it runs
     * @param geometry operator and sizes
     * @return the operator; close it
     * @throws IllegalArgumentException when the device has no fp64 or the operator has no gradient
     */
    public static OperatorCheck of(Device device, Geometry geometry) {
        OperatorCheck check = new OperatorCheck(device, geometry);
        try {
            check.prepareGradients();
        } catch (RuntimeException e) {
            check.close();
            throw e;
        }
        return check;
    }

    private void prepareGradients() {
        if (geometry instanceof Gemm gemm) {
            prepareGradients(gemm);
        }
        for (String direction : geometry.directions()) {
            if (direction.startsWith("backward")) {
                String target = direction.equals("backwardInput")
                        ? inputs.get(0).name()
                        : lowerFirst(direction.substring("backward".length()));
                gradients.put(target, prepare(geometry.problem(direction, WIDE), Map.of()));
            }
        }
        for (Slot input : inputs) {
            if (!gradients.containsKey(input.name()) && !passesThrough(input)) {
                throw new IllegalArgumentException(problem + " has no gradient of '" + input.name() + "'");
            }
        }
    }

    private void prepareGradients(Gemm gemm) {
        if (gemm.epilogue() != Gemm.Epilogue.NONE || (gemm.bias() && gemm.ldc() != gemm.n())) {
            throw new IllegalArgumentException(
                    "gemm: gradients are those before the epilogue, with a bias for dense rows of c; got " + gemm);
        }
        for (String name : new String[] {"a", "b"}) {
            Gemm.Gradient gradient = name.equals("a") ? gemm.gradientA() : gemm.gradientB();
            Map<String, String> names =
                    Map.of("a", gradient.a(), "b", gradient.b(), "c", name.equals("a") ? "gradA" : "gradB");
            gradients.put(name, prepare(gradient.gemm().problem("forward", WIDE), names));
        }
        if (gemm.bias()) {
            Problem bias = new BiasAdd(gemm.m(), gemm.n(), 1).problem("backwardBias", WIDE);
            gradients.put("bias", prepare(bias, Map.of()));
        }
    }

    private static String lowerFirst(String text) {
        return Character.toLowerCase(text.charAt(0)) + text.substring(1);
    }

    /** Whether the gradient of the input is gradOutput itself. */
    private boolean passesThrough(Slot input) {
        return geometry instanceof Add
                || (geometry instanceof BiasAdd && input.name().equals("input"));
    }

    /** Prepares a problem on tensors shared by name; names translates slots first. */
    private Invocation prepare(Problem wanted, Map<String, String> names) {
        Invocation invocation = Operators.prepare(device, wanted);
        for (Slot slot : wanted.slots()) {
            String name = names.getOrDefault(slot.name(), slot.name());
            Tensor tensor = tensors.get(name);
            if (tensor == null) {
                tensor = constant(slot, device.allocate(slot.dtype(), slot.shape()));
                tensors.put(name, tensor);
            }
            invocation.bind(slot.name(), tensor);
        }
        wanted.scalars().forEach(scalar -> invocation.set(scalar, 0));
        return invocation;
    }

    private Tensor constant(Slot slot, Tensor tensor) {
        if (slot.name().equals("reciprocal") && geometry instanceof AvgPool2d pool) {
            return tensor.write(pool.reciprocals());
        }
        if (slot.dtype() == DType.I32) {
            int[] values = new int[slot.shape().elements()];
            int classes = geometry instanceof SoftmaxCrossEntropy loss ? loss.classes() : 1;
            for (int i = 0; i < values.length; i++) {
                values[i] = i % classes;
            }
            return tensor.write(values);
        }
        return tensor.write(new double[slot.shape().elements()]);
    }

    /**
     * Inputs of the right lengths, uniform in [-1, 1).
     *
     * @param seed decides what is drawn; the same seed draws the same
     * @return one array for each input
     */
    public List<double[]> randomInputs(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<double[]> values = new ArrayList<>();
        for (Slot input : inputs) {
            values.add(random.doubles(input.shape().elements(), -1, 1).toArray());
        }
        return values;
    }

    @Override
    public String inputName(int input) {
        return problem.operator() + " " + inputs.get(input).name();
    }

    private Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalStateException(problem + " uses no tensor '" + name + "'");
        }
        return tensor;
    }

    @Override
    public double[] forward(List<double[]> values) {
        for (int i = 0; i < inputs.size(); i++) {
            tensor(inputs.get(i).name()).write(values.get(i));
        }
        if (output.role() == Slot.Role.INOUT) {
            tensor(output.name()).write(new double[output.shape().elements()]);
        }
        forward.run();
        double[] result = tensor(output.name()).readDoubles();
        if (!(geometry instanceof SoftmaxCrossEntropy)) {
            return result;
        }
        double sum = 0;
        for (double loss : result) {
            sum += loss;
        }
        // Its backward takes one scale for all samples, so that the function checked is the sum.
        return new double[] {sum};
    }

    @Override
    public List<double[]> backward(List<double[]> values, double[] gradOutput) {
        forward(values);
        if (tensors.containsKey("gradOutput")) {
            tensor("gradOutput").write(gradOutput);
        }
        List<double[]> results = new ArrayList<>();
        for (Slot input : inputs) {
            Invocation gradient = gradients.get(input.name());
            if (gradient == null) {
                results.add(gradOutput.clone());
                continue;
            }
            if (gradient.problem().scalars().contains("scale")) {
                gradient.set("scale", gradOutput[0]);
            }
            gradient.run();
            results.add(tensor(gradientName(input)).readDoubles());
        }
        return results;
    }

    private static String gradientName(Slot input) {
        String name = input.name().equals("logits") ? "input" : input.name();
        return "grad" + Character.toUpperCase(name.charAt(0)) + name.substring(1);
    }

    @Override
    public int[] pattern(List<double[]> values) {
        if (tensors.containsKey("argmax")) {
            forward(values);
            return tensor("argmax").readInts();
        }
        if (geometry instanceof Activation activation
                && (activation.kind() == Activation.Kind.RELU || activation.kind() == Activation.Kind.LEAKY_RELU)) {
            double[] input = values.get(0);
            int[] signs = new int[input.length];
            for (int i = 0; i < signs.length; i++) {
                signs[i] = input[i] > 0 ? 1 : 0;
            }
            return signs;
        }
        return new int[0];
    }

    /** Releases kernels and tensors. */
    @Override
    public void close() {
        forward.close();
        gradients.values().forEach(Invocation::close);
        tensors.values().forEach(Tensor::close);
    }
}
