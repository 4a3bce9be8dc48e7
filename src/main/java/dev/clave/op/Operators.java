package dev.clave.op;

import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.spi.BackendDevice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The catalogue: one row per operator. The name is the key to kernel file, golden data, tests and benchmark. Who computes an
 * operator on a device is what the device's backend says, see {@link OperatorBackend}. Any thread may call any
 * method.
 */
public final class Operators {
    private Operators() {}

    static final String REFERENCE = "reference";

    /** The plain twin on a device of another library whose memory is a Java array. */
    static final String JAVA = "java";

    record Row(String name, CpuKernel cpu, @Nullable CpuFast fast, List<OpenClCandidate> candidates) {
        Row(String name, CpuKernel cpu, List<OpenClCandidate> candidates) {
            this(name, cpu, null, candidates);
        }
    }

    private static final List<Row> ROWS = List.of(
            new Row("conv2d", new Conv2dCpu(), new Conv2dCpuFast(), Conv2dOpenCl.candidates()),
            new Row("conv2d_pool2d", new Conv2dPool2dCpu(), Conv2dPool2dOpenCl.candidates()),
            new Row("max_pool2d", new MaxPool2dCpu(), new MaxPool2dCpuFast(), MaxPool2dOpenCl.candidates()),
            new Row("avg_pool2d", new AvgPool2dCpu(), new AvgPool2dCpuFast(), AvgPool2dOpenCl.candidates()),
            new Row("activation", new ActivationCpu(), new ActivationCpuFast(), ActivationOpenCl.candidates()),
            new Row("softmax_cross_entropy", new SoftmaxCrossEntropyCpu(), SoftmaxCrossEntropyOpenCl.candidates()),
            new Row("adam", new AdamCpu(), new AdamCpuFast(), AdamOpenCl.candidates()),
            new Row("sgd", new SgdCpu(), new SgdCpuFast(), SgdOpenCl.candidates()),
            new Row("dropout", new DropoutCpu(), new DropoutCpuFast(), DropoutOpenCl.candidates()),
            new Row("gemm", new GemmCpu(), new GemmCpuFast(), GemmOpenCl.candidates()),
            new Row("softmax", new SoftmaxCpu(false), SoftmaxOpenCl.candidates()),
            new Row("log_softmax", new SoftmaxCpu(true), SoftmaxOpenCl.candidates()),
            new Row("add", new AddCpu(), AddOpenCl.candidates()),
            new Row("bias_add", new BiasAddCpu(), BiasAddOpenCl.candidates()),
            new Row("philox", new PhiloxCpu(), PhiloxOpenCl.candidates()),
            new Row("broadcast", new BroadcastCpu(), BroadcastOpenCl.candidates()),
            new Row("transpose", new TransposeCpu(), TransposeOpenCl.candidates()),
            new Row("concat", new ConcatCpu(), ConcatOpenCl.candidates()),
            new Row("matmul", new MatMulCpu(), MatMulOpenCl.candidates()),
            new Row("elementwise", new ElementwiseCpu(), ElementwiseOpenCl.candidates()),
            new Row("batch_norm_inference", new BatchNormInferenceCpu(), BatchNormInferenceOpenCl.candidates()),
            new Row("max_unpool2d", new MaxUnpool2dCpu(), MaxUnpool2dOpenCl.candidates()),
            new Row(
                    "gather_images",
                    new GatherImagesCpu(),
                    new GatherImagesCpuFast(),
                    GatherImagesOpenCl.candidates()));

    /** {@return names of all operators} */
    public static List<String> names() {
        return ROWS.stream().map(Row::name).toList();
    }

    static Row row(String operator) {
        for (Row row : ROWS) {
            if (row.name().equals(operator)) {
                return row;
            }
        }
        throw new IllegalArgumentException("unknown operator '" + operator + "', there are " + names());
    }

    /** The OpenCL candidates by operator, fastest first. */
    static Map<String, List<OpenClCandidate>> rows() {
        Map<String, List<OpenClCandidate>> rows = new LinkedHashMap<>();
        ROWS.forEach(row -> rows.put(row.name(), row.candidates()));
        return rows;
    }

    private static OperatorBackend backend(Device device, Problem problem) {
        if (device.backend() instanceof OperatorBackend computing) {
            return computing;
        }
        throw new DeviceException("backend " + device.backend().name() + " of device " + device.name()
                + " computes nothing, so not " + problem + " either: it is no " + OperatorBackend.class.getName());
    }

    /** All candidates, those that refuse too. */
    private static List<Candidate> all(OperatorBackend backend, Device device, Problem problem) {
        Row row = row(problem.operator());
        if (!(device instanceof BackendDevice foreign)) {
            return backend.candidates(device, problem);
        }
        List<Candidate> all;
        try {
            all = List.copyOf(backend.candidates(device, problem));
        } catch (RuntimeException | LinkageError e) {
            throw new DeviceException(
                    "backend " + backend.name() + " fails at candidates for " + problem + ": " + e, e);
        }
        if (!foreign.hostVisible()) {
            return all;
        }
        List<Candidate> more = new ArrayList<>(all);
        more.add(new CpuBackend.Twin(device, problem, JAVA, row.cpu()));
        return more;
    }

    private static List<Candidate> all(Device device, Problem problem) {
        return all(backend(device, problem), device, problem);
    }

    /**
     * {@return names of the candidates that take the problem on the device, fastest first; the plain one is {@code
     * reference}}
     *
     * @param device where it is to run
     * @param problem operator, sizes and direction
     */
    public static List<String> candidates(Device device, Problem problem) {
        return all(device, problem).stream()
                .filter(candidate -> candidate.refuses() == null)
                .map(Candidate::name)
                // What was measured stands in front of the same candidate as it is.
                .distinct()
                .toList();
    }

    /**
     * {@return each candidate with what it says to the problem, one line each}
     *
     * @param device where it is to run
     * @param problem operator, sizes and direction
     */
    public static String explain(Device device, Problem problem) {
        return explain(device, problem, all(device, problem));
    }

    private static String explain(Device device, Problem problem, List<Candidate> candidates) {
        if (candidates.isEmpty()) {
            return problem + ": the backend of device " + device.name() + " has no candidate for operator "
                    + problem.operator() + "\n";
        }
        Set<String> lines = new LinkedHashSet<>();
        for (Candidate candidate : candidates) {
            String reason = candidate.refuses();
            lines.add(
                    problem + ": " + candidate.name() + (reason == null ? " takes it" : " refuses, " + reason) + "\n");
        }
        return String.join("", lines);
    }

    /**
     * {@return the fastest candidate that takes the problem}
     *
     * @param device where it is to run
     * @param problem operator, sizes and direction
     */
    public static Invocation prepare(Device device, Problem problem) {
        return prepare(device, problem, null);
    }

    /**
     * {@return a named candidate}
     *
     * @param device where it is to run
     * @param problem operator, sizes and direction
     * @param wanted the name of the candidate, null for the fastest
     * @throws IllegalArgumentException when the candidate is unknown or refuses, or several lanes are asked of a device that is
     *     not OpenCL's; the message says why
     * @throws DeviceException when none is named and the device takes none, such as one that computes wrongly or one whose
     *     backend does not compute the operator
     */
    public static Invocation prepare(Device device, Problem problem, @Nullable String wanted) {
        return prepare(backend(device, problem), device, problem, wanted);
    }

    /** As above, with the backend named. */
    static Invocation prepare(OperatorBackend backend, Device device, Problem problem, @Nullable String wanted) {
        return prepare(backend, device, problem, wanted, false);
    }

    /** The fastest candidate, whose kernels may be built when they are needed. */
    static Invocation prepareForChain(Device device, Problem problem) {
        return prepare(backend(device, problem), device, problem, null, true);
    }

    private static Invocation prepare(
            OperatorBackend backend, Device device, Problem problem, @Nullable String wanted, boolean later) {
        List<Candidate> candidates = all(backend, device, problem);
        List<String> late = new ArrayList<>();
        for (Candidate candidate : candidates) {
            if ((wanted == null || wanted.equals(candidate.name())) && candidate.refuses() == null) {
                try {
                    Invocation invocation = Invocation.of(device, problem, candidate);
                    if (!later) {
                        invocation.build();
                    }
                    return invocation;
                } catch (RefusedException e) {
                    late.add(problem + ": " + candidate.name() + " refuses at last, " + e.getMessage() + "\n");
                }
            }
        }
        String said = explain(device, problem, candidates) + String.join("", late);
        String none = wanted == null
                ? "device " + device.name() + " of backend " + backend.name() + " takes no candidate of " + problem
                        + (candidates.isEmpty()
                                ? ": the backend has none for operator " + problem.operator()
                                : ":\n" + said)
                : "no candidate " + wanted + ":\n" + said;
        // Samples side by side are for OpenCL devices: elsewhere that is the caller's mistake, not the device's.
        boolean mistaken =
                wanted != null || (!device.isOpenCl() && problem.format().lanes() != 1);
        throw mistaken ? new IllegalArgumentException(none) : new DeviceException(none);
    }
}
