package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.opencl.ClKernel;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A problem prepared on a device: bind its tensors, set its scalars, run it any number of times. Running enqueues on an
 * OpenCL device and computes on the CPU. Used by one thread at a time.
 */
public final class Invocation implements AutoCloseable {
    private final Device device;
    private final Problem problem;
    private final String candidate;
    private final @Nullable CpuKernel cpu;
    private final List<Launch> launches;
    private final List<ClKernel> kernels = new ArrayList<>();
    private final Map<String, Tensor> workspaces = new HashMap<>();
    private final Map<String, Tensor> tensors = new HashMap<>();
    private final Map<String, Double> scalars = new HashMap<>();

    private Invocation(
            Device device, Problem problem, String candidate, @Nullable CpuKernel cpu, List<Launch> launches) {
        this.device = device;
        this.problem = problem;
        this.candidate = candidate;
        this.cpu = cpu;
        this.launches = launches;
    }

    static Invocation cpu(Device device, Problem problem, String candidate, CpuKernel kernel) {
        return new Invocation(device, problem, candidate, kernel, List.of());
    }

    static Invocation openCl(OpenClDevice device, Problem problem, OpenClCandidate candidate) {
        List<Launch> launches = candidate.launches(problem, device);
        Invocation invocation = new Invocation(device, problem, candidate.name(), null, launches);
        boolean ready = false;
        try {
            for (Launch launch : launches) {
                invocation.add(device, launch);
            }
            ready = true;
        } finally {
            if (!ready) {
                invocation.close();
            }
        }
        return invocation;
    }

    /** Makes the kernel of a launch and sets what holds for every run. */
    private void add(OpenClDevice device, Launch launch) {
        ClKernel kernel = device.kernel(launch.file, launch.kernel, launch.defines);
        kernels.add(kernel);
        for (int i = 0; i < launch.arguments.size(); i++) {
            if (launch.arguments.get(i) instanceof Launch.Int fixed) {
                kernel.setInt(i, fixed.value());
            } else if (launch.arguments.get(i) instanceof Launch.Real fixed) {
                kernel.setReal(i, fixed.value(), problem.format().real() == DType.F64);
            } else if (launch.arguments.get(i) instanceof Launch.Workspace memory) {
                kernel.setBuffer(i, workspace(memory).storage());
            }
        }
    }

    private Tensor workspace(Launch.Workspace wanted) {
        Tensor tensor = workspaces.computeIfAbsent(
                wanted.name(),
                name -> device.allocate(DType.F32, Shape.of(Math.max(1, Math.toIntExact(wanted.elements())))));
        if (tensor.shape().elements() < wanted.elements()) {
            throw new IllegalStateException(problem + ": workspace '" + wanted.name() + "' has "
                    + tensor.shape().elements() + " elements, a launch needs " + wanted.elements());
        }
        return tensor;
    }

    /** Name of the candidate in use. */
    public String candidate() {
        return candidate;
    }

    /** The problem this was prepared for. */
    public Problem problem() {
        return problem;
    }

    /**
     * Binds a tensor to a slot.
     *
     * @throws IllegalArgumentException when there is no such slot or dtype, element count or device differ
     */
    public Invocation bind(String name, Tensor tensor) {
        Slot slot = problem.slot(name);
        if (tensor.device() != device) {
            throw new IllegalArgumentException(problem + ": tensor '" + name + "' lives on another device");
        }
        if (tensor.dtype() != slot.dtype()
                || tensor.shape().elements() != slot.shape().elements()) {
            throw new IllegalArgumentException(problem + ": tensor '" + name + "' is " + slot.dtype() + slot.shape()
                    + ", got " + tensor.dtype() + tensor.shape());
        }
        tensors.put(name, tensor);
        for (int l = 0; l < launches.size(); l++) {
            List<Launch.Argument> arguments = launches.get(l).arguments;
            for (int i = 0; i < arguments.size(); i++) {
                if (arguments.get(i) instanceof Launch.Buffer buffer
                        && buffer.slot().equals(name)) {
                    kernels.get(l).setBuffer(i, tensor.storage());
                }
            }
        }
        return this;
    }

    /** Sets a scalar of the problem; it holds until it is set again. */
    public Invocation set(String name, double value) {
        if (!problem.scalars().contains(name)) {
            throw new IllegalArgumentException(problem + " has no scalar '" + name + "', it has " + problem.scalars());
        }
        Double before = scalars.put(name, value);
        if (before != null && before == value) {
            return this;
        }
        for (int l = 0; l < launches.size(); l++) {
            List<Launch.Argument> arguments = launches.get(l).arguments;
            for (int i = 0; i < arguments.size(); i++) {
                if (arguments.get(i) instanceof Launch.Late late
                        && late.scalar().equals(name)) {
                    if (late.whole()) {
                        kernels.get(l).setInt(i, (int) (long) value);
                    } else {
                        kernels.get(l).setReal(i, value, problem.format().real() == DType.F64);
                    }
                }
            }
        }
        return this;
    }

    /** Runs once. */
    public void run() {
        if (tensors.size() < problem.slots().size()) {
            for (Slot slot : problem.slots()) {
                if (!tensors.containsKey(slot.name())) {
                    throw new IllegalStateException(problem + ": tensor '" + slot.name() + "' is not bound");
                }
            }
        }
        if (scalars.size() < problem.scalars().size()) {
            throw new IllegalStateException(
                    problem + ": scalars " + problem.scalars() + " are needed, set are " + scalars.keySet());
        }
        if (problem.isEmpty()) {
            clear();
            return;
        }
        if (cpu != null) {
            cpu.run(problem, new CpuArguments(tensors, scalars));
            return;
        }
        for (int l = 0; l < kernels.size(); l++) {
            kernels.get(l).enqueue(launches.get(l).global, launches.get(l).local);
        }
    }

    /** A batch of 0: the results that are not empty, such as the gradient of a weight, become zeros; nothing is launched. */
    private void clear() {
        for (Slot slot : problem.slots()) {
            Tensor tensor = tensors.get(slot.name());
            if (tensor != null && slot.role() == Slot.Role.OUT && slot.dtype().isReal()) {
                tensor.write(new double[slot.shape().elements()]);
            }
        }
    }

    /** Releases the kernels and their workspace; the bound tensors stay. */
    @Override
    public void close() {
        kernels.forEach(ClKernel::close);
        workspaces.values().forEach(Tensor::close);
    }
}
