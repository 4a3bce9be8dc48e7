package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The catalogue: one row per operator. The name is the key to kernel file, golden data, tests and benchmark. */
public final class Operators {
    private Operators() {}

    private static final String REFERENCE = "reference";

    private record Row(String name, CpuKernel cpu, @Nullable CpuFast fast, List<OpenClCandidate> candidates) {
        Row(String name, CpuKernel cpu, List<OpenClCandidate> candidates) {
            this(name, cpu, null, candidates);
        }

        /** Why the fast path of the CPU does not take the problem, null when it does. */
        @Nullable
        String fastRefuses(Problem problem) {
            if (fast == null) {
                return "there is none";
            }
            return problem.format().real() == DType.F32 ? fast.refuses(problem) : "single precision only";
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

    /** Names of all operators. */
    public static List<String> names() {
        return ROWS.stream().map(Row::name).toList();
    }

    private static Row row(String operator) {
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

    /** The candidates of a problem on a device, fastest first: what was measured there comes before what the list says. */
    private static List<OpenClCandidate> ordered(OpenClDevice device, Problem problem) {
        return Tuning.of(device).order(problem, row(problem.operator()).candidates());
    }

    /** Why a candidate does not take the problem: its own reason, the device's limits or its self-test; else null. */
    static @Nullable String refusal(OpenClCandidate candidate, Problem problem, OpenClDevice device) {
        String reason = candidate.refuses(problem, device);
        if (reason == null
                && problem.format().real() == DType.F64
                && !device.info().fp64()) {
            reason = "the device has no fp64";
        }
        return reason == null ? SelfTest.of(device).against(problem, candidate) : reason;
    }

    /** Names of the candidates that take the problem on the device, fastest first; the plain one is {@code reference}. */
    public static List<String> candidates(Device device, Problem problem) {
        if (!(device instanceof OpenClDevice openCl)) {
            if (problem.format().lanes() != 1) {
                return List.of();
            }
            return row(problem.operator()).fastRefuses(problem) == null
                    ? List.of(CpuFast.NAME, REFERENCE)
                    : List.of(REFERENCE);
        }
        List<String> names = new ArrayList<>();
        for (OpenClCandidate candidate : ordered(openCl, problem)) {
            if (refusal(candidate, problem, openCl) == null) {
                names.add(candidate.name());
            }
        }
        return names;
    }

    /** Each candidate with what it says to the problem, one line each. */
    public static String explain(Device device, Problem problem) {
        if (!(device instanceof OpenClDevice openCl)) {
            if (problem.format().lanes() != 1) {
                return problem + ": the CPU computes lanes 1, got "
                        + problem.format().lanes() + "\n";
            }
            String reason = row(problem.operator()).fastRefuses(problem);
            return problem + ": " + CpuFast.NAME + (reason == null ? " takes it\n" : " refuses, " + reason + "\n")
                    + problem + ": " + REFERENCE + " takes it\n";
        }
        StringBuilder text = new StringBuilder();
        for (OpenClCandidate candidate : ordered(openCl, problem)) {
            String reason = refusal(candidate, problem, openCl);
            text.append(problem).append(": ").append(candidate.name());
            text.append(reason == null ? " takes it" : " refuses, " + reason).append('\n');
        }
        return text.toString();
    }

    /** The fastest candidate that takes the problem. */
    public static Invocation prepare(Device device, Problem problem) {
        return prepare(device, problem, null);
    }

    /**
     * A named candidate.
     *
     * @throws IllegalArgumentException when the candidate is unknown or refuses; the message says why
     * @throws DeviceException when none is named and the device takes none, such as one that computes wrongly
     */
    public static Invocation prepare(Device device, Problem problem, @Nullable String wanted) {
        Row row = row(problem.operator());
        if (!(device instanceof OpenClDevice openCl)) {
            for (String name : candidates(device, problem)) {
                if (wanted == null || wanted.equals(name)) {
                    CpuKernel kernel = name.equals(REFERENCE) || row.fast() == null ? row.cpu() : row.fast();
                    return Invocation.cpu(device, problem, name, kernel);
                }
            }
            throw new IllegalArgumentException("no candidate " + wanted + ":\n" + explain(device, problem));
        }
        for (OpenClCandidate candidate : ordered(openCl, problem)) {
            if ((wanted == null || wanted.equals(candidate.name())) && refusal(candidate, problem, openCl) == null) {
                return Invocation.openCl(openCl, problem, candidate);
            }
        }
        if (wanted == null) {
            throw new DeviceException(
                    "device " + device.name() + " takes no candidate of:\n" + explain(device, problem));
        }
        throw new IllegalArgumentException("no candidate " + wanted + ":\n" + explain(device, problem));
    }
}
