package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.Event;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.CountsRuns;
import dev.clave.internal.DoneEvent;
import dev.clave.internal.Resource;
import dev.clave.internal.RunCount;
import dev.clave.internal.opencl.ClKernel;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.opencl.Waits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A problem prepared on a device: bind its tensors, set its scalars, run it any number of times. Running enqueues on an
 * OpenCL device and computes on the CPU. It holds kernel objects, so one thread at a time uses it; threads that share a device
 * prepare their own. Setting and running take no Java heap, {@link #runAsync} that of its event. Close it before its device.
 */
public final class Invocation implements Prepared {
    private final Device device;
    private final Problem problem;
    private final String candidate;
    private final String note;
    private final @Nullable CpuKernel cpu;
    /** What a backend of another library prepared. */
    private final @Nullable Prepared foreign;

    private final Resource resource;
    private final @Nullable Tensor[] tensors;
    private final double[] scalars;
    private final boolean[] isSet;
    private final List<Enqueued> prepared = new ArrayList<>();
    private boolean barriers;
    private final Map<String, Tensor> workspaces = new HashMap<>();
    private final CpuArguments arguments;
    private final boolean empty;
    private boolean complete;

    private Invocation(Device device, Problem problem, String candidate, String note, @Nullable CpuKernel cpu) {
        this(device, problem, candidate, note, cpu, null);
    }

    private Invocation(
            Device device,
            Problem problem,
            String candidate,
            String note,
            @Nullable CpuKernel cpu,
            @Nullable Prepared foreign) {
        this.device = device;
        this.problem = problem;
        this.candidate = candidate;
        this.note = note;
        this.cpu = cpu;
        this.foreign = foreign;
        this.tensors = new Tensor[problem.slots().size()];
        this.scalars = new double[problem.scalars().size()];
        this.isSet = new boolean[scalars.length];
        this.empty = problem.isEmpty();
        this.arguments = new CpuArguments(problem.scalars(), scalars);
        this.resource = device.ledger().add("invocation " + problem, true).open(1, closing(foreign));
        resource.ownedBy(this);
    }

    /** It must not hold the invocation, which may be forgotten. */
    private static LongConsumer closing(@Nullable Prepared foreign) {
        return foreign == null ? handle -> {} : handle -> foreign.close();
    }

    /** What a candidate prepares; that of another library in our checks. */
    @SuppressWarnings(
            "ReferenceEquality") // ours keep the very problem; comparing values costs a start tens of milliseconds
    static Invocation of(Device device, Problem problem, Candidate candidate) {
        Prepared prepared = candidate.prepare();
        if (prepared instanceof Invocation own && own.device == device && own.problem == problem) {
            return own;
        }
        try {
            return new Invocation(device, problem, candidate.name(), "", null, prepared);
        } catch (RuntimeException e) {
            prepared.close();
            throw e;
        }
    }

    static Invocation cpu(Device device, Problem problem, String candidate, CpuKernel kernel) {
        return new Invocation(device, problem, candidate, "", kernel);
    }

    static Invocation openCl(OpenClDevice device, Problem problem, OpenClCandidate candidate) {
        List<Launch> launches = candidate.launches(problem, device);
        boolean later = !candidate.usesBarriers() && !candidate.mayFail() && Chain.isSupported(device);
        Invocation invocation = new Invocation(device, problem, candidate.name(), candidate.note(), null);
        invocation.barriers = candidate.usesBarriers();
        try {
            for (Launch launch : launches) {
                invocation.prepared.add(new Enqueued(
                        launch, problem, () -> kernel(device, launch, invocation.barriers), invocation::workspace));
            }
        } catch (RuntimeException e) {
            invocation.close();
            throw e;
        }
        if (!later) {
            invocation.build();
        }
        return invocation;
    }

    /** Builds the kernels that are not yet, which a chain does without; closes this when one does not build. */
    void build() {
        try {
            prepared.forEach(Enqueued::kernel);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Most plans run in chains: where there are any, a kernel that never refuses is built when it runs by itself. */
    private static ClKernel kernel(OpenClDevice device, Launch launch, boolean barriers) {
        ClKernel kernel = device.kernel(launch.file, launch.kernel, launch.defines);
        try {
            if (device.isGpu() && !barriers) {
                launch.spread();
            }
            launch.fit(Math.min(device.maxWorkGroup(), kernel.maxWorkGroup()), barriers);
            return kernel;
        } catch (RuntimeException e) {
            kernel.close();
            throw e;
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

    Device device() {
        return device;
    }

    /** Whether its launches may run in the kernel of a chain. */
    boolean canBeChained() {
        return !prepared.isEmpty() && !empty && !barriers;
    }

    List<Enqueued> launches() {
        return prepared;
    }

    /** Throws unless it could run. */
    void checkReady() {
        resource.handle();
        if (!complete) {
            checkComplete();
        }
    }

    /** {@return name of the candidate in use} */
    public String candidate() {
        return candidate;
    }

    /** {@return where the candidate's settings come from when that is not its model: {@code tuned, MT 6, NT 4}, else empty} */
    public String note() {
        return note;
    }

    /** {@return the problem this was prepared for} */
    public Problem problem() {
        return problem;
    }

    /**
     * Binds a tensor to a slot.
     *
     * @param name name of the slot or scalar
     * @param tensor holds the values
     * @return this
     * @throws IllegalArgumentException when there is no such slot or dtype, element count or device differ
     * @throws IllegalStateException when the tensor or this is closed
     */
    @Override
    public Invocation bind(String name, Tensor tensor) {
        resource.handle();
        Slot slot = problem.slot(name);
        if (tensor.device() != device) {
            throw new IllegalArgumentException(problem + ": tensor '" + name + "' lives on another device ("
                    + tensor.device().name() + "), this was prepared on " + device.name());
        }
        if (tensor.dtype() != slot.dtype()
                || tensor.shape().elements() != slot.shape().elements()) {
            throw new IllegalArgumentException(problem + ": tensor '" + name + "' is " + slot.dtype() + slot.shape()
                    + ", got " + tensor.dtype() + tensor.shape());
        }
        tensor.storage().checkOpen();
        for (Enqueued launch : prepared) {
            launch.bind(name, tensor.storage());
        }
        if (foreign != null) {
            foreign.bind(name, tensor);
        }
        tensors[problem.slots().indexOf(slot)] = tensor;
        if (cpu != null) {
            arguments.bind(name, tensor);
        }
        return this;
    }

    /**
     * {@return a new tensor for a slot, of its type and shape and with undefined values, bound to it} The caller closes
     * it.
     *
     * @param name name of the slot or scalar
     * @throws IllegalArgumentException when there is no such slot
     */
    public Tensor allocate(String name) {
        resource.handle();
        Slot slot = problem.slot(name);
        Tensor tensor = device.allocate(slot.dtype(), slot.shape());
        try {
            bind(name, tensor);
            return tensor;
        } catch (RuntimeException e) {
            tensor.close();
            throw e;
        }
    }

    /**
     * Sets a scalar of the problem; it holds until it is set again.
     *
     * @param name name of the slot or scalar
     * @param value the value
     * @return this
     */
    @Override
    public Invocation set(String name, double value) {
        int index = problem.scalars().indexOf(name);
        if (index < 0) {
            throw new IllegalArgumentException(problem + " has no scalar '" + name + "', it has " + problem.scalars());
        }
        if (isSet[index] && scalars[index] == value) {
            return this;
        }
        resource.handle();
        for (int i = 0; i < prepared.size(); i++) {
            prepared.get(i).set(index, value);
        }
        if (foreign != null) {
            foreign.set(name, value);
        }
        scalars[index] = value;
        isSet[index] = true;
        return this;
    }

    /**
     * Runs once: computes on the CPU, enqueues on an OpenCL device and returns. Whatever comes later on the device, reads among
     * it, sees the results.
     *
     * @throws IllegalStateException when something is not bound or not set, or this or a tensor is closed
     */
    @Override
    public void run() {
        checkReady();
        if (empty) {
            clear();
            return;
        }
        if (cpu != null || foreign != null) {
            compute();
            return;
        }
        for (int i = 0; i < prepared.size(); i++) {
            prepared.get(i).enqueue();
        }
    }

    /**
     * Begins a run, once {@code after} are done, and returns; the values are there when the event is done. It may be used again at
     * once: on one device runs follow each other in the order of the calls.
     *
     * @param after events of any device; those that do not share this one's OpenCL context are waited for here
     * @return its completion, which the caller closes
     * @throws IllegalStateException as {@link #run}
     * @throws DeviceException when the device refuses, or an event waited for here failed; what fails later comes from the event
     */
    public Event runAsync(Event... after) {
        checkReady();
        if (!empty && cpu == null && device instanceof OpenClDevice openCl) {
            try (Waits waits = Waits.of(openCl, after)) {
                int last = prepared.size() - 1;
                for (int i = 0; i < last; i++) {
                    prepared.get(i).enqueue(waits);
                }
                return prepared.get(last).signal(waits);
            }
        }
        for (Event event : after) {
            event.await();
        }
        run();
        device.finish();
        return new DoneEvent(device.ledger());
    }

    /** In this thread, or by a backend that enqueues: the device's close waits for the call. */
    private void compute() {
        RunCount runs = ((CountsRuns) device).runs();
        runs.begin();
        try {
            for (Tensor tensor : tensors) {
                if (tensor != null) {
                    tensor.storage().checkOpen();
                }
            }
            if (cpu != null) {
                try {
                    cpu.run(problem, arguments);
                } finally {
                    arguments.written(problem.slots());
                }
            } else if (foreign != null) {
                foreign.run();
            }
        } finally {
            runs.end();
        }
    }

    private void checkComplete() {
        for (int i = 0; i < tensors.length; i++) {
            if (tensors[i] == null) {
                throw new IllegalStateException(
                        problem + ": tensor '" + problem.slots().get(i).name() + "' is not bound");
            }
        }
        for (int i = 0; i < isSet.length; i++) {
            if (!isSet[i]) {
                throw new IllegalStateException(problem + ": scalar '"
                        + problem.scalars().get(i) + "' is not set; it needs " + problem.scalars());
            }
        }
        complete = true;
    }

    /** A batch of 0: the results that are not empty, such as the gradient of a weight, become zeros; nothing is launched. */
    private void clear() {
        for (int i = 0; i < tensors.length; i++) {
            Slot slot = problem.slots().get(i);
            Tensor tensor = tensors[i];
            if (tensor != null && slot.role() == Slot.Role.OUT && slot.dtype().isReal()) {
                tensor.write(new double[slot.shape().elements()]);
            }
        }
    }

    /** Releases the kernels and their workspace, once what was enqueued is done; the tensors stay. A second close does nothing. */
    @Override
    public void close() {
        prepared.forEach(Enqueued::close);
        workspaces.values().forEach(Tensor::close);
        resource.close();
    }
}
