package dev.clave.op;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A golden case of reference-data: metadata and tensors. Reads what generate.py writes, nothing more. */
record Golden(String name, Map<String, String> metadata, Map<String, Object> tensors) {
    private static final Path ROOT = Path.of("reference-data");
    private static final Pattern PAIR = Pattern.compile("\"([^\"]+)\":\"([^\"]*)\"");
    private static final Pattern TENSOR = Pattern.compile(
            "\"([^\"]+)\":\\{\"dtype\":\"(\\w+)\",\"shape\":\\[[^]]*],\"data_offsets\":\\[(\\d+),(\\d+)]}");

    static List<Golden> of(String operator) throws IOException {
        try (Stream<Path> files = Files.list(ROOT.resolve(operator))) {
            return files.sorted().map(Golden::read).toList();
        }
    }

    private static Golden read(Path file) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int length = (int) data.getLong();
        String header = new String(bytes, 8, length, StandardCharsets.UTF_8);
        int end = header.indexOf('}');
        Map<String, String> metadata = new HashMap<>();
        Matcher pair = PAIR.matcher(header.substring(0, end));
        while (pair.find()) {
            metadata.put(pair.group(1), pair.group(2));
        }
        Map<String, Object> tensors = new HashMap<>();
        Matcher tensor = TENSOR.matcher(header);
        while (tensor.find()) {
            int from = Integer.parseInt(tensor.group(3));
            int count = Integer.parseInt(tensor.group(4)) - from;
            ByteBuffer part = data.slice(8 + length + from, count).order(ByteOrder.LITTLE_ENDIAN);
            tensors.put(
                    tensor.group(1),
                    switch (tensor.group(2)) {
                        case "F32" -> {
                            float[] values = new float[count / 4];
                            part.asFloatBuffer().get(values);
                            yield values;
                        }
                        case "I32" -> {
                            int[] values = new int[count / 4];
                            part.asIntBuffer().get(values);
                            yield values;
                        }
                        default -> {
                            byte[] values = new byte[count];
                            part.get(values);
                            yield values;
                        }
                    });
        }
        return new Golden(file.getFileName().toString().replace(".safetensors", ""), metadata, tensors);
    }

    int number(String key) {
        return Integer.parseInt(metadata.get(key));
    }

    Window window() {
        return new Window(
                number("kh"),
                number("kw"),
                number("stride_h"),
                number("stride_w"),
                number("pad_top"),
                number("pad_left"),
                number("pad_bottom"),
                number("pad_right"),
                number("dilation_h"),
                number("dilation_w"));
    }

    /** The geometry this case describes. */
    Geometry geometry(String operator) {
        return switch (operator) {
            case "conv2d" ->
                new Conv2d(
                        number("n"),
                        number("c"),
                        number("h"),
                        number("w"),
                        number("k"),
                        window(),
                        number("groups"),
                        number("bias") == 1);
            case "max_pool2d" ->
                new MaxPool2d(number("n"), number("c"), number("h"), number("w"), window(), number("ceil_mode") == 1);
            case "avg_pool2d" ->
                new AvgPool2d(
                        number("n"),
                        number("c"),
                        number("h"),
                        number("w"),
                        window(),
                        number("ceil_mode") == 1,
                        number("count_include_pad") == 1);
            case "activation" ->
                new Activation(
                        Activation.Kind.valueOf(metadata.get("kind").toUpperCase(Locale.ROOT)),
                        1,
                        number("n"),
                        Double.parseDouble(metadata.get("slope")));
            case "softmax" -> new Softmax(number("n"), number("c"));
            case "log_softmax" -> new LogSoftmax(number("n"), number("c"));
            case "add" -> new Add(number("n"), number("f"));
            case "bias_add" -> new BiasAdd(number("n"), number("c"), number("positions"));
            case "philox" ->
                new Philox(
                        number("count"),
                        Philox.Distribution.valueOf(text("distribution").toUpperCase(Locale.ROOT)),
                        Long.parseUnsignedLong(text("seed")),
                        number("stream"));
            case "dropout" ->
                new Dropout(number("n"), number("f"), real("p"), Long.parseUnsignedLong(text("seed")), number("layer"));
            case "softmax_cross_entropy" ->
                new SoftmaxCrossEntropy(number("n"), number("c"), number("ignore_index"), number("n") + 16);
            case "gemm" -> gemm();
            default -> throw new IllegalArgumentException("golden data of " + operator);
        };
    }

    private Gemm gemm() {
        return new Gemm(
                number("m"),
                number("n"),
                number("k"),
                number("trans_a") == 1,
                number("trans_b") == 1,
                real("alpha"),
                real("beta"),
                number("lda"),
                number("ldb"),
                number("ldc"),
                number("bias") == 1,
                Gemm.Epilogue.valueOf(text("activation").toUpperCase(Locale.ROOT)));
    }

    String text(String key) {
        String value = metadata.get(key);
        if (value == null) {
            throw new IllegalArgumentException(name + " has no '" + key + "', it has " + metadata.keySet());
        }
        return value;
    }

    double real(String key) {
        return Double.parseDouble(text(key));
    }

    /** Every golden case of an operator in every direction; the optimizers have tests of their own. */
    static List<OpCase> cases(String operator) throws IOException {
        List<OpCase> cases = new ArrayList<>();
        for (Golden golden : of(operator)) {
            Geometry geometry = golden.geometry(operator);
            for (String direction : geometry.directions()) {
                cases.add(golden.op(geometry, direction));
            }
        }
        return cases;
    }

    private OpCase op(Geometry geometry, String direction) {
        Map<String, Object> values = new HashMap<>(tensors);
        Map<String, Double> scalars = new HashMap<>();
        if (geometry instanceof AvgPool2d pool) {
            values.put("reciprocal", Values.floats(pool.reciprocals()));
        } else if (geometry instanceof Add && direction.equals("accumulate")) {
            values.put("input", values.get("a"));
            values.put("sum", values.get("b"));
        } else if (geometry instanceof Dropout) {
            scalars.put("step", real("step"));
            scalars.put("first_sample", real("first_sample"));
        } else if (geometry instanceof SoftmaxCrossEntropy loss) {
            values.remove("loss");
            scalars.put("row", 0.0);
            scalars.put("scale", text("reduction").equals("mean") ? 1.0 / live(loss.ignoreIndex()) : 1);
        }
        Map<String, Object> expected = new HashMap<>();
        for (Slot slot : geometry.problem(direction, Format.NCHW).slots()) {
            if (slot.role() != Slot.Role.IN) {
                expected.put(slot.name(), tensors.get(goldenName(geometry, slot.name())));
            }
        }
        if (geometry instanceof SoftmaxCrossEntropy loss && direction.equals("forward")) {
            expected.put("correct", correct(loss));
        }
        return new OpCase(name, geometry, direction, values, scalars, expected);
    }

    private static String goldenName(Geometry geometry, String slot) {
        if (geometry instanceof SoftmaxCrossEntropy && slot.equals("gradInput")) {
            return "gradLogits";
        }
        return geometry instanceof Gemm || slot.equals("sum") ? "output" : slot;
    }

    private int live(int ignored) {
        int live = 0;
        for (int label : (int[]) tensors.get("labels")) {
            live += label == ignored ? 0 : 1;
        }
        return live;
    }

    /** 1 where the label has the first largest logit; ignored labels are never correct. */
    private int[] correct(SoftmaxCrossEntropy loss) {
        int[] labels = (int[]) tensors.get("labels");
        float[] logits = (float[]) tensors.get("logits");
        int[] correct = new int[labels.length];
        for (int n = 0; n < labels.length; n++) {
            int best = 0;
            for (int c = 0; c < loss.classes(); c++) {
                best = logits[n * loss.classes() + c] > logits[n * loss.classes() + best] ? c : best;
            }
            correct[n] = labels[n] != loss.ignoreIndex() && labels[n] == best ? 1 : 0;
        }
        return correct;
    }
}
