package dev.clave.op;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.DeviceLostException;
import dev.clave.internal.opencl.OpenClDevice;
import dev.clave.internal.opencl.OpenClDevices;
import dev.clave.internal.opencl.OverBinding;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The OpenCL devices of this machine; found by {@link java.util.ServiceLoader}. */
public final class OpenClBackend implements OperatorBackend, OverBinding {
    private static final System.Logger LOGGER = System.getLogger("dev.clave");

    private final String binding;
    private final Function<String, List<OpenClCandidate>> catalogue;
    private @Nullable OpenClDevices found;

    /** For the loader of services; the binding is the one that {@code -Dclave.binding} names. */
    public OpenClBackend() {
        this(OpenClDevices.defaultBinding(), operator -> Operators.row(operator).candidates());
    }

    OpenClBackend(String binding, Function<String, List<OpenClCandidate>> catalogue) {
        this.binding = binding;
        this.catalogue = catalogue;
    }

    @Override
    public OpenClBackend over(String wanted) {
        return new OpenClBackend(wanted, catalogue);
    }

    /** One look is enough; the first device takes its binding. */
    private OpenClDevices found() {
        OpenClDevices known = found;
        if (known == null) {
            known = OpenClDevices.find(binding);
            found = known;
        }
        return known;
    }

    @Override
    public String name() {
        return "opencl";
    }

    @Override
    public int priority() {
        return OPENCL_PRIORITY;
    }

    @Override
    public Availability availability() {
        return new Availability(!found().infos().isEmpty(), found().reason());
    }

    @Override
    public List<Description> devices() {
        List<Description> devices = new ArrayList<>();
        for (int i = 0; i < found().infos().size(); i++) {
            devices.add(new Description(found().infos().get(i), found().limits().get(i)));
        }
        return devices;
    }

    @Override
    public String bindingReport() {
        return found().bindingReport();
    }

    @Override
    public Device open(int index) {
        OpenClDevices look = found();
        found = null; // a binding belongs to one device
        return look.open(index);
    }

    @Override
    public List<Candidate> candidates(Device device, Problem problem) {
        OpenClDevice own = (OpenClDevice) device;
        List<Candidate> candidates = new ArrayList<>();
        // What was measured there comes before what the list says.
        for (OpenClCandidate one : Tuning.of(own).order(problem, catalogue.apply(problem.operator()))) {
            candidates.add(new OnDevice(own, problem, one));
        }
        return candidates;
    }

    /** Why a candidate does not take the problem: its own reason, the device's limits or its self-test; else null. */
    static @Nullable String refusal(OpenClCandidate candidate, Problem problem, OpenClDevice device) {
        String reason = candidate.declines(problem, device);
        return reason == null ? limit(candidate, problem, device) : reason;
    }

    /** The same of a candidate whose doubts do not count. */
    static @Nullable String limit(OpenClCandidate candidate, Problem problem, OpenClDevice device) {
        String reason = candidate.refuses(problem, device);
        if (reason == null
                && problem.format().real() == DType.F64
                && !device.info().fp64()) {
            reason = "the device has no fp64";
        }
        return reason == null ? SelfTest.of(device).against(problem, candidate) : reason;
    }

    /** What was refused while it was prepared: it stays refused on this device. */
    private record Refusals(Map<Key, String> reasons) {
        /** A candidate with settings that were measured is another than the one without. */
        record Key(Problem problem, String candidate, String note) {}

        static Refusals of(OpenClDevice device) {
            return device.once(Refusals.class, () -> new Refusals(new ConcurrentHashMap<>()));
        }

        /** Nearly always there are none, and a key of records takes long to hash for the first time. */
        static @Nullable String reason(OnDevice candidate) {
            Map<Key, String> reasons = of(candidate.device).reasons;
            return reasons.isEmpty() ? null : reasons.get(candidate.key());
        }
    }

    /** A candidate with the problem and the device. */
    private record OnDevice(OpenClDevice device, Problem problem, OpenClCandidate candidate) implements Candidate {
        @Override
        public String name() {
            return candidate.name();
        }

        /** Its own reason, the device's limits, its self-test or what its kernels were found to need; else null. */
        @Override
        public @Nullable String refuses() {
            String reason = refusal(candidate, problem, device);
            return reason == null ? Refusals.reason(this) : reason;
        }

        private Refusals.Key key() {
            return new Refusals.Key(problem, candidate.name(), candidate.note());
        }

        @Override
        public Invocation prepare() {
            try {
                return Invocation.openCl(device, problem, candidate);
            } catch (DeviceLostException e) {
                throw e;
            } catch (RefusedException e) {
                refused(e);
                throw e;
            } catch (DeviceException e) {
                if (!(candidate instanceof TunedCandidate)) {
                    throw e;
                }
                // What was measured elsewhere, or with another compiler, is no reason to fail: others take the problem.
                RefusedException refusal = new RefusedException(
                        String.valueOf(e.getMessage()).lines().findFirst().orElse("fails"));
                refusal.initCause(e);
                refused(refusal);
                throw refusal;
            }
        }

        private void refused(RefusedException e) {
            String reason = String.valueOf(e.getMessage());
            if (Refusals.of(device).reasons().put(key(), reason) != null) {
                return;
            }
            if (candidate instanceof TunedCandidate tuned) {
                Tuning.of(device).unusable(problem, tuned, reason);
            } else {
                LOGGER.log(
                        Level.WARNING,
                        "{0} does without {1} {2}: {3}",
                        device.name(),
                        problem,
                        candidate.name(),
                        reason);
            }
        }
    }
}
