package dev.clave.op;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
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
                        Activation.Kind.valueOf(metadata.get("kind").toUpperCase(java.util.Locale.ROOT)),
                        1,
                        number("n"),
                        Double.parseDouble(metadata.get("slope")));
            default -> throw new IllegalArgumentException("golden data of " + operator);
        };
    }
}
