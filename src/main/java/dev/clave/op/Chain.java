package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.Event;
import dev.clave.KernelBuildException;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.Storage;
import dev.clave.internal.opencl.ClKernel;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.opencl.Waits;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Several invocations of one device, run one after the other in as few launches as the device allows: on a CPU device a launch
 * that waits for the one before it costs some ten microseconds, in which its threads fall asleep and wake again. The numbers are
 * those of the invocations run one by one, to the last bit. Bind and set the invocations as ever; running takes no Java heap.
 * Close it before its invocations, which stay. One thread at a time uses it.
 */
public final class Chain implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("dev.clave");

    /** System property: {@code auto} or {@code off}, which runs the invocations one by one. */
    static final String PROPERTY = "clave.chain";

    /** With more work a launch, what there is to gain is below a hundredth. */
    private static final double MOST_FLOPS = 40e6;
    /** Programs of larger networks take long to compile. */
    private static final int MOST_LAUNCHES = 64;
    /** Runs of one launch: what lies between two launches, some forty microseconds, is then little a run. */
    private static final int MOST_TURNS = 8;

    private final List<Invocation> invocations;
    private final Predicate<List<Invocation>> pays;
    private final int patience;
    private final List<Part> parts = new ArrayList<>();

    private Chain(List<Invocation> invocations, Predicate<List<Invocation>> pays, int patience) {
        this.invocations = List.copyOf(invocations);
        this.pays = pays;
        this.patience = patience;
    }

    /**
     * {@return a problem prepared as by {@link Operators#prepare(Device, Problem)}, whose own kernels are built when it first
     * runs by itself} In a chain it needs none, and a start is shorter without.
     *
     * @param device where it is to run
     * @param problem operator, sizes and direction
     */
    public static Invocation prepare(Device device, Problem problem) {
        return Operators.prepareForChain(device, problem);
    }

    /**
     * {@return a chain of these, in this order}
     *
     * @param invocations prepared on one device; they need not be bound yet
     * @throws IllegalArgumentException when they belong to several devices
     */
    public static Chain of(List<Invocation> invocations) {
        return of(invocations, true);
    }

    /**
     * {@return a chain of these, in this order}
     *
     * @param invocations prepared on one device; they need not be bound yet
     * @param together false runs one by one what otherwise shares a launch, for comparisons
     * @throws IllegalArgumentException when they belong to several devices
     */
    public static Chain of(List<Invocation> invocations, boolean together) {
        return of(invocations, Chain::pays, together ? ChainSource.PATIENCE : 0);
    }

    /**
     * As above.
     *
     * @param pays whether invocations that could share a launch are worth it
     * @param patience looks at a launch that is not yet over, 0 for no chain
     */
    static Chain of(List<Invocation> invocations, Predicate<List<Invocation>> pays, int patience) {
        Chain chain = new Chain(invocations, pays, patience);
        try {
            chain.split();
            return chain;
        } catch (RuntimeException e) {
            chain.close();
            throw e;
        }
    }

    private void split() {
        List<Invocation> run = new ArrayList<>();
        long most =
                invocations.isEmpty() ? 0 : parameterBytes(invocations.get(0).device());
        for (Invocation invocation : invocations) {
            List<Invocation> more = new ArrayList<>(run);
            more.add(invocation);
            if (invocation.device() != invocations.get(0).device()) {
                throw new IllegalArgumentException("a chain runs on one device, not on "
                        + invocations.get(0).device().name() + " and "
                        + invocation.device().name());
            }
            if (!invocation.canBeChained()
                    || launches(more) > MOST_LAUNCHES
                    || parameterBytes(more, false) + parameterBytes(more, true) > most) {
                add(run);
                run = new ArrayList<>();
            }
            if (invocation.canBeChained()) {
                run.add(invocation);
            } else {
                parts.add(new Part(List.of(invocation), 0));
            }
        }
        add(run);
    }

    /** Of the kernel that runs them all, without how many runs and the state. */
    private static long parameterBytes(Device device) {
        return device instanceof OpenClDevice openCl ? openCl.parameterBytes() - 2 * Long.BYTES : 0;
    }

    private static int launches(List<Invocation> invocations) {
        return invocations.stream().mapToInt(one -> one.launches().size()).sum();
    }

    /** What the tensors, or the scalars, of the kernel that runs them all take; what they share is passed once. */
    private static long parameterBytes(List<Invocation> run, boolean scalars) {
        Set<Storage> storages = Collections.newSetFromMap(new IdentityHashMap<>());
        long bytes = 0;
        for (Invocation invocation : run) {
            for (Enqueued launch : invocation.launches()) {
                for (int i = 0; i < launch.arguments(); i++) {
                    Storage storage = launch.storage(i);
                    boolean isNew = storage == null ? !launch.isFixed(i) : storages.add(storage);
                    bytes += isNew && launch.isScalar(i) == scalars ? Long.BYTES : 0;
                }
            }
        }
        return bytes;
    }

    private void add(List<Invocation> run) {
        if (run.isEmpty()) {
            return;
        }
        boolean chained = patience > 0 && isSupported(run.get(0).device()) && pays.test(run);
        parts.add(new Part(run, chained ? patience : 0));
    }

    private static boolean pays(List<Invocation> run) {
        double flops = run.stream().mapToDouble(one -> one.problem().flops()).sum();
        return launches(run) > 1
                && flops <= MOST_FLOPS * launches(run)
                && !SelfTest.of((OpenClDevice) run.get(0).device()).failures().containsKey(Verdict.CHAIN);
    }

    /** Whether a device runs chains: a CPU with the atomics that they need. */
    static boolean isSupported(Device device) {
        String wanted = System.getProperty(PROPERTY, "auto");
        if (!wanted.equals("auto") && !wanted.equals("off")) {
            throw new IllegalArgumentException("-D" + PROPERTY + " is auto or off, got '" + wanted + "'");
        }
        return wanted.equals("auto")
                && device instanceof OpenClDevice openCl
                && !openCl.isGpu()
                && openCl.hasDeviceAtomics();
    }

    /**
     * Runs them all, as {@link Invocation#run} does.
     *
     * @throws IllegalStateException when something is not bound or not set, or one of them or a tensor is closed
     */
    public void run() {
        for (int i = 0; i < parts.size(); i++) {
            parts.get(i).run();
        }
    }

    /**
     * Runs them all, as {@link #run} does, but may put that off, to begin several runs at once: until the next ones, or until
     * anything else is asked of the device. What is bound and set counts as it is now. Until then no tensor may be closed.
     *
     * @throws IllegalStateException as {@link #run}
     */
    public void runLater() {
        if (parts.size() == 1) {
            parts.get(0).runLater();
        } else {
            run();
        }
    }

    /**
     * Begins a run, once {@code after} are done, and returns, as {@link Invocation#runAsync} does.
     *
     * @param after events of any device; those that do not share this one's OpenCL context are waited for here
     * @return the completion of the last invocation, which the caller closes
     * @throws IllegalStateException as {@link #run}, and when there is nothing to run
     */
    public Event runAsync(Event... after) {
        if (parts.isEmpty()) {
            throw new IllegalStateException("a chain of no invocations has no completion");
        }
        Event done = parts.get(0).runAsync(after);
        for (int i = 1; i < parts.size(); i++) {
            done.close(); // the device runs in order
            done = parts.get(i).runAsync();
        }
        return done;
    }

    /** {@return launches of a run} */
    public int launches() {
        int launches = 0;
        for (Part part : parts) {
            launches += part.patience > 0 ? 1 : alone(part.invocations);
        }
        return launches;
    }

    private static int alone(List<Invocation> invocations) {
        return invocations.stream()
                .mapToInt(one -> Math.max(1, one.launches().size()))
                .sum();
    }

    @Override
    public void close() {
        parts.forEach(Part::close);
    }

    /** A compiler that takes the kernels but not the chain is no reason to fail. */
    private static void warn(Device device, KernelBuildException e) {
        LOGGER.log(
                Level.WARNING,
                "{0} runs launches one by one: {1}",
                device.name(),
                String.valueOf(e.getMessage()).lines().limit(2).collect(Collectors.joining(" ")));
    }

    /** Invocations that run in one launch, with patience; without, one by one. */
    private static final class Part {
        private final List<Invocation> invocations;
        private int patience;
        private final List<Enqueued> launches = new ArrayList<>();
        private final int[] bindings;
        private final long[] global = {1};
        private final long[] local = {1};
        private List<ChainSource.Source> arguments = List.of();
        private @Nullable ClKernel kernel;
        private final @Nullable Tensor counters;
        /** Runs of a launch, at most. */
        private int turns;
        /** Runs whose scalars the kernel has and that are not begun, under the device's monitor. */
        private int waiting;
        /** Runs that make a launch: few when the device has nothing to do, since it would wait for them. */
        private int enough = 1;

        private final Runnable beginning = this::beginEarly;

        Part(List<Invocation> invocations, int patience) {
            this.invocations = List.copyOf(invocations);
            this.patience = patience;
            invocations.forEach(one -> launches.addAll(one.launches()));
            this.bindings = new int[launches.size()];
            this.counters = patience == 0
                    ? null
                    : counters((OpenClDevice) invocations.get(0).device());
        }

        private Tensor counters(OpenClDevice device) {
            int count = ChainSource.state(launches.size(), device.computeUnits());
            return device.allocate(DType.I32, Shape.of(count)).write(new int[count]);
        }

        void run() {
            if (patience == 0) {
                for (int i = 0; i < invocations.size(); i++) {
                    invocations.get(i).run();
                }
                return;
            }
            ClKernel built = ready();
            if (built == null) {
                run();
                return;
            }
            synchronized (device().monitor()) {
                add(built);
                begin();
            }
        }

        void runLater() {
            ClKernel built = patience == 0 ? null : ready();
            if (built == null) {
                run();
                return;
            }
            synchronized (device().monitor()) {
                add(built);
                int wanted = enough;
                if (waiting >= wanted || !device().putOff(beginning)) {
                    begin();
                    enough = Math.min(turns, 2 * wanted);
                    device().putOff(beginning); // to hear of it when somebody waits
                }
            }
        }

        Event runAsync(Event... after) {
            ClKernel built = patience == 0 ? null : ready();
            if (built != null) {
                try (Waits waits = Waits.of(device(), after)) {
                    synchronized (device().monitor()) {
                        begin();
                        add(built);
                        take(built);
                        return built.signal(global, local, waits);
                    }
                }
            }
            Event done = invocations.get(0).runAsync(after);
            for (int i = 1; i < invocations.size(); i++) {
                done.close();
                done = invocations.get(i).runAsync();
            }
            return done;
        }

        private OpenClDevice device() {
            return (OpenClDevice) invocations.get(0).device();
        }

        /** One more run, with the scalars that are set now. */
        private void add(ClKernel built) {
            for (int i = 0; i < arguments.size(); i++) {
                ChainSource.Source source = arguments.get(i);
                Enqueued launch = launches.get(source.launch());
                if (source.turn() == waiting && launch.isScalar(source.argument())) {
                    launch.copy(source.argument(), built, i);
                }
            }
            waiting++;
        }

        /** Somebody asks for the results. */
        private void beginEarly() {
            enough = 1;
            begin();
        }

        /** Enqueues what waits. */
        private void begin() {
            if (waiting > 0) {
                ClKernel built = Objects.requireNonNull(kernel);
                take(built);
                built.enqueue(global, local);
            }
        }

        /** What waits is the next launch of the kernel. */
        private void take(ClKernel built) {
            int runs = waiting;
            waiting = 0; // also when the device refuses: they are not tried again
            built.setInt(arguments.size(), runs);
        }

        /** The kernel with what was bound last; null when it cannot be built. */
        private @Nullable ClKernel ready() {
            for (int i = 0; i < invocations.size(); i++) {
                invocations.get(i).checkReady();
            }
            return kernel == null || isRebound() ? tryToBuild() : kernel;
        }

        private @Nullable ClKernel tryToBuild() {
            try {
                return build();
            } catch (KernelBuildException e) {
                warn(invocations.get(0).device(), e);
                patience = 0;
                return null;
            }
        }

        private boolean isRebound() {
            for (int i = 0; i < bindings.length; i++) {
                if (bindings[i] != launches.get(i).bindings()) {
                    return true;
                }
            }
            return false;
        }

        /** Which launches share memory is part of the text, so that new memory may be another program. */
        private ClKernel build() {
            release();
            OpenClDevice device = device();
            long room = parameterBytes(device) - parameterBytes(invocations, false);
            turns = (int) Math.max(1, Math.min(MOST_TURNS, room / Math.max(1, parameterBytes(invocations, true))));
            enough = 1;
            ChainSource source = new ChainSource(launches, patience, turns, device.computeUnits());
            ClKernel built = device.kernel(
                    "chain of " + launches.size() + " launches",
                    source.text(),
                    ChainSource.KERNEL,
                    ChainSource.OPTIONS);
            try {
                fill(built, source.arguments());
            } catch (RuntimeException e) {
                built.close();
                throw e;
            }
            global[0] = device.computeUnits();
            kernel = built;
            return built;
        }

        private void fill(ClKernel built, List<ChainSource.Source> sources) {
            arguments = sources;
            for (int i = 0; i < arguments.size(); i++) {
                ChainSource.Source from = arguments.get(i);
                Enqueued launch = launches.get(from.launch());
                Storage storage = launch.storage(from.argument());
                if (storage == null) {
                    launch.copy(from.argument(), built, i);
                } else {
                    built.setBuffer(i, storage);
                }
            }
            built.setInt(arguments.size(), 1);
            built.setBuffer(
                    arguments.size() + 1, Objects.requireNonNull(counters).storage());
            for (int i = 0; i < bindings.length; i++) {
                bindings[i] = launches.get(i).bindings();
            }
        }

        private void release() {
            if (kernel == null) {
                return;
            }
            try {
                synchronized (device().monitor()) {
                    device().forget(beginning);
                    begin();
                }
            } finally {
                kernel.close();
                kernel = null;
            }
        }

        void close() {
            try {
                release();
            } finally {
                if (counters != null) {
                    counters.close();
                }
            }
        }
    }
}
