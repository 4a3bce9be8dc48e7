package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.internal.cpu.CpuDevice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The CPU in pure Java; found by {@link java.util.ServiceLoader}. {@link Device#cpu} opens it. */
public final class CpuBackend implements OperatorBackend {
    /** For the loader of services. */
    public CpuBackend() {}

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public int priority() {
        return CPU_PRIORITY;
    }

    @Override
    public Availability availability() {
        return Availability.yes();
    }

    @Override
    public List<Description> devices() {
        return List.of(new Description(CpuDevice.describe()));
    }

    @Override
    public Device open(int index) {
        return Device.cpu();
    }

    @Override
    public List<Candidate> candidates(Device device, Problem problem) {
        Operators.Row row = Operators.row(problem.operator());
        return List.of(
                new Twin(device, problem, CpuFast.NAME, row.fast()),
                new Twin(device, problem, Operators.REFERENCE, row.cpu()));
    }

    /**
     * A twin on a device whose memory is a Java array.
     *
     * @param kernel null when the operator has none of that kind
     */
    record Twin(
            Device device,
            Problem problem,
            String name,
            @Nullable CpuKernel kernel) implements Candidate {
        @Override
        public @Nullable String refuses() {
            if (kernel == null) {
                return "there is none";
            }
            if (problem.format().lanes() != 1) {
                return "the CPU computes lanes 1, got " + problem.format().lanes();
            }
            if (kernel instanceof CpuFast fast) {
                return problem.format().real() == DType.F32 || fast.isWide()
                        ? fast.refuses(problem)
                        : "single precision only";
            }
            return null;
        }

        @Override
        public Invocation prepare() {
            if (kernel == null) {
                throw new IllegalStateException("refused before: there is none");
            }
            return Invocation.cpu(device, problem, name, kernel);
        }
    }
}
