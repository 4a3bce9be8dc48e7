package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertNull;

import dev.clave.DType;
import dev.clave.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * The devices of this machine, opened once for all tests of a run so that every kernel is compiled once, and how many checks
 * ran on each; the launcher sums the counts.
 */
final class TestDevices implements AutoCloseable {
    /** Where a check runs. */
    interface Body {
        void accept(Place place);
    }

    /** A device, layout and candidate. */
    record Place(Device device, Problem problem, String candidate) {
        int lanes() {
            return problem.format().lanes();
        }

        @Override
        public String toString() {
            return problem + " " + candidate + " lanes " + lanes() + " on " + device.name() + ", " + problem.geometry();
        }
    }

    /** Gives the devices to constructors of test classes. */
    static final class Parameter implements ParameterResolver {
        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == TestDevices.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return context.getRoot()
                    .getStore(ExtensionContext.Namespace.create(TestDevices.class))
                    .computeIfAbsent(TestDevices.class, key -> new TestDevices(), TestDevices.class);
        }
    }

    private final List<Device> devices = new ArrayList<>();
    private final Map<String, Integer> counts = new TreeMap<>();

    TestDevices() {
        devices.add(Device.cpu());
        for (int i = 0; i < Device.list().size(); i++) {
            devices.add(Device.open(String.valueOf(i)));
        }
        if (devices.size() == 1) {
            System.out.println("no OpenCL device, kernels are not tested here: " + Device.listReason());
            assertNull(System.getenv("CLAVE_REQUIRE_OPENCL"), "an OpenCL device was required");
        }
    }

    List<Device> all() {
        return devices;
    }

    Device cpu() {
        return devices.get(0);
    }

    List<Device> openCl() {
        return devices.subList(1, devices.size());
    }

    /** Every device, candidate and, on OpenCL, each of the layouts in single precision. */
    void forEach(Geometry geometry, String direction, int[] layouts, Body body) {
        for (Device device : devices) {
            for (int lanes : device.isOpenCl() ? layouts : new int[] {1}) {
                Problem problem = geometry.problem(direction, new Format(DType.F32, lanes));
                for (String candidate : Operators.candidates(device, problem)) {
                    body.accept(new Place(device, problem, candidate));
                    count(device);
                }
            }
        }
    }

    void count(Device device) {
        counts.merge(device.name() + "|" + device.info().binding(), 1, Integer::sum);
    }

    @Override
    public void close() {
        try {
            devices.forEach(Device::close);
            Path folder = Files.createDirectories(Path.of("target/clave-tests"));
            Files.writeString(
                    folder.resolve("operators.properties"),
                    counts.entrySet().stream()
                            .map(e -> e.getKey() + "=" + e.getValue() + "\n")
                            .collect(Collectors.joining()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
