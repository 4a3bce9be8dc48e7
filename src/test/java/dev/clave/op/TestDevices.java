package dev.clave.op;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
    private final Map<String, int[]> coverage = new TreeMap<>();

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

    /**
     * Every device, candidate and, on OpenCL, each of the layouts in single precision. Convolutions leave out a device that
     * takes minutes to compile a register tile: TinyCasesTest has small ones for it.
     */
    void forEach(Geometry geometry, String direction, int[] layouts, Body body) {
        boolean tiled = geometry instanceof Conv2d || geometry instanceof Conv2dPool2d;
        for (Device device : devices) {
            if (tiled && TinyCases.isSlowToCompile(device)) {
                continue;
            }
            if (PlantedTuning.leavesOut(geometry + direction, 3)) {
                continue;
            }
            forEach(device, geometry, direction, PlantedTuning.layouts(geometry + direction, layouts), body);
        }
    }

    /** As above on one device. */
    void forEach(Device device, Geometry geometry, String direction, int[] layouts, Body body) {
        for (int lanes : device.isOpenCl() ? layouts : new int[] {1}) {
            Problem problem = geometry.problem(direction, new Format(DType.F32, lanes));
            List<String> candidates = Operators.candidates(device, problem);
            assertTrue(
                    candidates.contains("reference"),
                    () -> "the reference refuses:\n" + Operators.explain(device, problem));
            for (String candidate : PlantedTuning.candidates(device, problem)) {
                body.accept(new Place(device, problem, candidate));
                count(device, problem.operator());
            }
            row(device, problem.operator())[1] += (int) Operators.explain(device, problem)
                    .lines()
                    .filter(line -> line.contains(" refuses, ") && !line.endsWith("there is none"))
                    .count();
        }
    }

    /** One check that passed; failures end the test before they get here. */
    void count(Device device, String operator) {
        counts.merge(device.name() + "|" + device.info().binding(), 1, Integer::sum);
        row(device, operator)[0]++;
    }

    /** Runs and refusals of an operator on a device. */
    private int[] row(Device device, String operator) {
        String key = operator + "\t" + device.name() + "\t" + device.info().binding();
        return coverage.computeIfAbsent(key, k -> new int[2]);
    }

    @Override
    public void close() {
        try {
            devices.forEach(Device::close);
            Path folder =
                    Files.createDirectories(Path.of(System.getProperty("clave.tests.folder", "target/clave-tests")));
            Files.writeString(
                    folder.resolve("operators.properties"),
                    counts.entrySet().stream()
                            .map(e -> e.getKey() + "=" + e.getValue() + "\n")
                            .collect(Collectors.joining()));
            Files.writeString(
                    folder.resolve("tuned.properties"),
                    Tuned.RUNS.entrySet().stream()
                            .map(e -> e.getKey() + " with tuned settings=" + e.getValue() + "\n")
                            .collect(Collectors.joining()));
            Files.writeString(
                    folder.resolve("coverage.tsv"),
                    coverage.entrySet().stream()
                            .map(e -> e.getKey() + "\t" + e.getValue()[0] + "\t" + e.getValue()[1] + "\n")
                            .collect(Collectors.joining()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
