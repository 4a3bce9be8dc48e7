package dev.clave.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.clave.Device;
import dev.clave.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The node tests of ONNX (onnx/backend/test/data/node), on the CPU and every OpenCL device. */
class OnnxNodeTest {
    private static final Path CASES = Path.of("../shared/conformance/onnx-node");
    private static final double RELATIVE = 1e-3;
    private static final double ABSOLUTE = 1e-7;

    /** What may be refused, and what the message must say. */
    private enum Refusal {
        WHOLE_NUMBERS("has element type"),
        RANDOM_MASK("training mode draws a random mask"),
        BATCH_STATISTICS("training mode (statistics of the batch)"),
        THREE_DIMENSIONS("3-D is not supported");

        private final String message;

        Refusal(String message) {
            this.message = message;
        }
    }

    private static final Map<Refusal, Integer> MOST = Map.of(
            Refusal.WHOLE_NUMBERS, 23,
            Refusal.RANDOM_MASK, 4,
            Refusal.BATCH_STATISTICS, 2,
            Refusal.THREE_DIMENSIONS, 11);

    @Test
    void nodeCases() throws IOException {
        if (!Files.isDirectory(CASES)) {
            System.out.println("skipped: no ONNX node cases at " + CASES);
            abort("no ONNX node cases at " + CASES);
        }
        List<Path> cases;
        try (Stream<Path> folders = Files.list(CASES)) {
            cases = folders.filter(Files::isDirectory).sorted().toList();
        }
        List<Device> devices = new ArrayList<>();
        devices.add(Device.cpu());
        for (int i = 0; i < Device.list().size(); i++) {
            devices.add(Device.open(String.valueOf(i)));
        }
        for (Device device : devices) {
            try (device) {
                run(device, cases);
            }
        }
    }

    private static void run(Device device, List<Path> cases) throws IOException {
        int passed = 0;
        Map<Refusal, Integer> refused = new TreeMap<>();
        List<String> failures = new ArrayList<>();
        for (Path folder : cases) {
            String name = folder.getFileName().toString();
            try {
                check(device, folder);
                passed++;
            } catch (FormatException e) {
                String message = String.valueOf(e.getMessage());
                Refusal refusal = Stream.of(Refusal.values())
                        .filter(r -> message.contains(r.message))
                        .findFirst()
                        .orElse(null);
                if (refusal == null) {
                    failures.add(name + ": " + message);
                } else {
                    refused.merge(refusal, 1, Integer::sum);
                }
            } catch (RuntimeException | AssertionError e) {
                failures.add(name + ": " + e);
            }
        }
        int refusals = refused.values().stream().mapToInt(Integer::intValue).sum();
        System.out.println("ONNX node cases on " + device.name() + ": " + passed + " passed, " + refusals + " refused "
                + refused + ", " + failures.size() + " failed of " + cases.size());
        failures.forEach(System.out::println);
        assertTrue(failures.isEmpty(), device.name() + ": " + failures);
        refused.forEach((refusal, count) ->
                assertTrue(count <= Objects.requireNonNull(MOST.get(refusal)), refusal + " refused " + count));
        assertTrue(cases.size() < 205 || passed >= 165, "passed " + passed + " of " + cases.size());
    }

    private static void check(Device device, Path folder) throws IOException {
        OnnxModel model = OnnxModel.read(folder.resolve("model.onnx"));
        List<Path> sets;
        try (Stream<Path> folders = Files.list(folder)) {
            sets = folders.filter(Files::isDirectory).sorted().toList();
        }
        assertTrue(!sets.isEmpty(), "no test data");
        try (OnnxSession session = new OnnxSession(device, model)) {
            for (Path set : sets) {
                Map<String, OnnxTensor> inputs = new HashMap<>();
                List<OnnxModel.Port> ports = model.givenInputs();
                for (int i = 0; i < ports.size(); i++) {
                    inputs.put(ports.get(i).name(), OnnxTensor.read(set.resolve("input_" + i + ".pb")));
                }
                Map<String, OnnxTensor> outputs = session.run(inputs);
                for (int i = 0; i < model.outputs().size(); i++) {
                    String name = model.outputs().get(i).name();
                    same(name, OnnxTensor.read(set.resolve("output_" + i + ".pb")), outputs.get(name));
                }
            }
        }
    }

    private static void same(String name, OnnxTensor expected, OnnxTensor got) {
        assertEquals(expected.type(), got.type(), name);
        assertEquals(expected.shape(), got.shape(), name);
        if (expected.wholes() != null) {
            org.junit.jupiter.api.Assertions.assertArrayEquals(expected.wholes(), got.wholes(), name);
            return;
        }
        float[] e = Objects.requireNonNull(expected.floats());
        float[] g = Objects.requireNonNull(got.floats());
        for (int i = 0; i < e.length; i++) {
            boolean equal = Float.compare(e[i], g[i]) == 0
                    || Math.abs((double) e[i] - g[i]) <= ABSOLUTE + RELATIVE * Math.abs((double) e[i]);
            assertTrue(equal, name + "[" + i + "]: expected " + e[i] + ", got " + g[i]);
        }
    }
}
