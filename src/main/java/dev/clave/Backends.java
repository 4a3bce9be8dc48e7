package dev.clave;

import dev.clave.internal.opencl.OpenClDevices;
import dev.clave.internal.opencl.OverBinding;
import dev.clave.spi.Backend;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One look at the backends: the library's own, and those of others, which may fail in any way without a consequence for the
 * rest. What they say is asked for when it is needed and only then, so that the CPU opens without a look at OpenCL.
 */
final class Backends {
    private static final System.Logger LOGGER = System.getLogger("dev.clave");
    /** No lambda: the first costs a start of the program more than all else here. */
    private static final Comparator<Found> BY_PRIORITY = new Comparator<>() {
        @Override
        public int compare(Found one, Found other) {
            return Integer.compare(other.priority, one.priority);
        }
    };

    private static final Set<String> OWN = Set.of("dev.clave.op.OpenClBackend", "dev.clave.op.CpuBackend");
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_-]*");
    /** A file of services may be broken in every line; an end must come nevertheless. */
    private static final int MOST_FAILURES = 100;

    private static final String UNREGISTERED = "the library's own backends are not registered: META-INF/services/"
            + Backend.class.getName()
            + " is missing or was replaced; whoever packs several jars into one must merge the"
            + " files of that name, as Maven's ServicesResourceTransformer does";

    private final List<Found> found = new ArrayList<>();
    private final List<Device.BackendReport> unusable = new ArrayList<>();

    private Backends() {}

    /** A backend that is in use. */
    private static final class Found {
        final Backend backend;
        final String name;
        final int priority;
        final boolean own;
        private @Nullable List<Backend.Description> devices;
        private String reason = "";

        Found(Backend backend, String name, int priority, boolean own) {
            this.backend = backend;
            this.name = name;
            this.priority = priority;
            this.own = own;
        }

        /** Its devices, asked for once; none when it is not available or fails. */
        List<Backend.Description> devices() {
            List<Backend.Description> known = devices;
            if (known == null) {
                known = ask();
                devices = known;
            }
            return known;
        }

        private List<Backend.Description> ask() {
            if (own) {
                reason = backend.availability().reason();
                return List.copyOf(backend.devices());
            }
            try {
                Backend.Availability availability = backend.availability();
                reason = availability.reason();
                if (!availability.available()) {
                    reason = reason.isBlank() ? "it is not available and does not say why" : reason;
                    return List.of();
                }
                List<Backend.Description> all = List.copyOf(backend.devices());
                for (Backend.Description one : all) {
                    if (!one.info().kind().equals(name)) {
                        reason = "device " + one.info().name() + " is of kind '"
                                + one.info().kind() + "', expected '" + name + "'";
                        return List.of();
                    }
                }
                if (all.isEmpty() && reason.isBlank()) {
                    reason = "it has no device";
                }
                return all;
            } catch (RuntimeException | LinkageError | AssertionError e) {
                reason = "it fails: " + e;
                return List.of();
            }
        }

        String reason() {
            devices();
            return reason;
        }

        /** Opens one of {@link #devices}. */
        Device open(int index) {
            if (own) {
                return backend.open(index).openedBy(backend);
            }
            try {
                Device device = backend.open(index);
                String kind = device.info().kind();
                if (kind.equals(name)) {
                    return device;
                }
                device.close();
                throw new DeviceException(
                        "backend " + name + " opened a device of kind '" + kind + "', expected '" + name + "'");
            } catch (DeviceException e) {
                throw e;
            } catch (RuntimeException | LinkageError | AssertionError e) {
                throw new DeviceException("backend " + name + " does not open device " + index + ": " + e, e);
            }
        }

        Device.BackendReport report() {
            return new Device.BackendReport(
                    name, backend.getClass().getName(), priority, devices().size(), reason());
        }
    }

    /** A device that is listed: the place in its backend. */
    private record Place(Found backend, int index) {}

    /**
     * Finds the backends, without a question to them beyond name and priority.
     *
     * @param binding for OpenCL: {@code auto}, {@code jocl} or {@code ffm}
     */
    static Backends load(String binding) {
        OpenClDevices.checkBinding(binding);
        Backends backends = new Backends();
        ClassLoader own = Backend.class.getClassLoader();
        List<Backend> providers = new ArrayList<>();
        backends.collect(ServiceLoader.load(Backend.class, own), providers);
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        if (context != null && context != own) {
            backends.collect(ServiceLoader.load(Backend.class, context), providers);
        }
        // The library's own first: their names are taken then, and of two with the same priority they come first.
        for (boolean ours : new boolean[] {true, false}) {
            for (Backend one : providers) {
                if (isOwn(one) == ours) {
                    backends.add(one, binding);
                }
            }
            if (backends.found.isEmpty()) {
                throw new DeviceException(UNREGISTERED);
            }
        }
        backends.found.sort(BY_PRIORITY);
        return backends;
    }

    /** The library's own backend of a name, for a device that was made without it. */
    static Backend own(String name) {
        for (Backend backend : ServiceLoader.load(Backend.class, Backend.class.getClassLoader())) {
            if (isOwn(backend) && backend.name().equals(name)) {
                return backend;
            }
        }
        throw new DeviceException("no backend '" + name + "': " + UNREGISTERED);
    }

    private static boolean isOwn(Backend backend) {
        return OWN.contains(backend.getClass().getName())
                && backend.getClass().getClassLoader() == Backend.class.getClassLoader();
    }

    /** Whatever can be made of a loader's providers, once each; the rest is reported. */
    private void collect(ServiceLoader<Backend> loader, List<Backend> into) {
        Iterator<Backend> iterator = loader.iterator();
        for (int failures = 0; failures < MOST_FAILURES; ) {
            try {
                if (!iterator.hasNext()) {
                    return;
                }
                Backend next = iterator.next();
                if (!holds(into, next.getClass())) {
                    into.add(next);
                }
            } catch (ServiceConfigurationError | RuntimeException | LinkageError e) {
                failures++;
                String why =
                        e.getCause() == null ? String.valueOf(e.getMessage()) : e.getMessage() + ": " + e.getCause();
                Device.BackendReport report = new Device.BackendReport("", "unknown", 0, 0, "cannot be loaded: " + why);
                if (!unusable.contains(report)) {
                    unusable.add(report);
                }
            }
        }
    }

    private static boolean holds(List<Backend> backends, Class<?> type) {
        for (Backend one : backends) {
            if (one.getClass() == type) {
                return true;
            }
        }
        return false;
    }

    private void add(Backend backend, String binding) {
        String provider = backend.getClass().getName();
        if (isOwn(backend)) {
            Backend bound = backend instanceof OverBinding open ? open.over(binding) : backend;
            found.add(new Found(bound, bound.name(), bound.priority(), true));
            return;
        }
        String name = "";
        int priority = 0;
        String reason;
        try {
            name = String.valueOf(backend.name());
            priority = backend.priority();
            Found other = named(name);
            if (!NAME.matcher(name).matches() || name.equals("auto")) {
                reason = "its name '" + name
                        + "' is not a small letter followed by small letters, digits, _ and -, or is" + " a selector";
            } else if (other != null) {
                reason = "it claims the name '" + name + "', which is that of "
                        + other.backend.getClass().getName();
            } else {
                found.add(new Found(backend, name, priority, false));
                return;
            }
        } catch (RuntimeException | LinkageError | AssertionError e) {
            reason = "it fails: " + e;
        }
        unusable.add(new Device.BackendReport(name, provider, priority, 0, reason));
    }

    private @Nullable Found named(String name) {
        for (Found one : found) {
            if (one.name.equals(name)) {
                return one;
            }
        }
        return null;
    }

    /** As {@link Device#open(String)}. */
    Device open(String selector) {
        String wanted = selector.strip().toLowerCase(Locale.ROOT);
        if (wanted.equals("auto")) {
            return auto();
        }
        Found named = named(wanted);
        if (named != null) {
            return at(named, 0);
        }
        int colon = wanted.lastIndexOf(':');
        Found prefix = colon < 0 ? null : named(wanted.substring(0, colon));
        if (prefix != null) {
            return at(prefix, number(wanted.substring(colon + 1), selector));
        }
        List<Place> places = places();
        int index = Device.index(wanted, infos(places));
        if (index >= 0) {
            return places.get(index).backend().open(places.get(index).index());
        }
        throw unknown(selector, places);
    }

    private Device auto() {
        for (Found one : found) {
            if (one.devices().isEmpty()) {
                continue;
            }
            try {
                return one.open(0);
            } catch (DeviceException e) {
                if (one.own) {
                    throw e;
                }
                LOGGER.log(
                        Level.WARNING,
                        "backend {0} has a device that does not open, the next backend is taken: {1}",
                        one.name,
                        e.getMessage());
            }
        }
        throw new DeviceException("no device: " + skipped());
    }

    private static int number(String text, String selector) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new DeviceException(
                    "device '" + selector + "': after a backend's name and a colon comes an index, got '" + text + "'");
        }
    }

    private static Device at(Found backend, int index) {
        int count = backend.devices().size();
        if (count == 0) {
            throw new DeviceException(
                    backend.name.equals("opencl")
                            ? "no OpenCL device: " + backend.reason() + "; use --device cpu or install one"
                            : "no device of backend " + backend.name + ": " + backend.reason());
        }
        if (index < 0 || index >= count) {
            throw new DeviceException("backend " + backend.name + " has no device " + index + ", it has "
                    + (count == 1 ? "one, 0" : count + ", from 0 to " + (count - 1)));
        }
        return backend.open(index);
    }

    private DeviceException unknown(String selector, List<Place> places) {
        List<String> names = new ArrayList<>(List.of("auto", "cpu"));
        for (Found one : found) {
            if (!one.name.equals("cpu") && !one.devices().isEmpty()) {
                names.add(one.name);
            }
        }
        List<Device.Info> infos = infos(places);
        for (int i = 0; i < infos.size(); i++) {
            names.add(i + " (" + infos.get(i).name() + ")");
        }
        Found openCl = named("opencl");
        String without = openCl == null || !openCl.devices().isEmpty() ? "" : "; no OpenCL device: " + openCl.reason();
        String others = othersSkipped();
        return new DeviceException("unknown device '" + selector + "'; there are: " + String.join(", ", names) + without
                + (others.isEmpty() ? "" : "; " + others));
    }

    /** The devices that have an index: those of OpenCL, then those of others. */
    private List<Place> places() {
        List<Place> places = new ArrayList<>();
        for (boolean own : new boolean[] {true, false}) {
            for (Found one : found) {
                if (one.own == own && !one.name.equals("cpu")) {
                    for (int i = 0; i < one.devices().size(); i++) {
                        places.add(new Place(one, i));
                    }
                }
            }
        }
        return places;
    }

    private static Backend.Description description(Place place) {
        return place.backend().devices().get(place.index());
    }

    private static List<Device.Info> infos(List<Place> places) {
        List<Device.Info> infos = new ArrayList<>();
        for (Place place : places) {
            infos.add(description(place).info());
        }
        return List.copyOf(infos);
    }

    /** What was skipped and why. */
    private String skipped() {
        List<String> reasons = new ArrayList<>();
        for (Found one : found) {
            if (one.own && !one.reason().isEmpty()) {
                reasons.add(one.reason());
            }
        }
        String others = othersSkipped();
        if (!others.isEmpty()) {
            reasons.add(others);
        }
        return String.join("; ", reasons);
    }

    private String othersSkipped() {
        List<String> reasons = new ArrayList<>();
        for (Found one : found) {
            if (!one.own && !one.reason().isEmpty()) {
                reasons.add("backend " + one.name + ": " + one.reason());
            }
        }
        for (Device.BackendReport one : unusable) {
            reasons.add("backend " + (one.name().isEmpty() ? one.provider() : one.name() + " (" + one.provider() + ")")
                    + ": " + one.reason());
        }
        return String.join("; ", reasons);
    }

    /** As {@link Device#survey}. */
    Device.Survey survey() {
        List<Place> places = places();
        List<Device.Limits> limits = new ArrayList<>();
        for (Place place : places) {
            limits.add(description(place).limits());
        }
        List<Device.BackendReport> reports = new ArrayList<>();
        String binding = "";
        for (Found one : found) {
            reports.add(one.report());
            if (one.backend instanceof OverBinding open) {
                binding = open.bindingReport();
            }
        }
        reports.addAll(unusable);
        return new Device.Survey(infos(places), List.copyOf(limits), skipped(), binding, List.copyOf(reports));
    }
}
