package dev.clave.cli;

import dev.clave.DType;
import dev.clave.op.Conv2d;
import dev.clave.op.Format;
import dev.clave.op.Gemm;
import dev.clave.op.Geometry;
import dev.clave.op.Problem;
import dev.clave.op.Window;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A shape in words, such as {@code n=8,c=64,h=28,w=28,k=64,kh=3,pad=1}: names and whole numbers, lanes among them. */
final class TuneShape {
    private static final List<String> CONV =
            List.of("n", "c", "h", "w", "k", "kh", "kw", "stride", "pad", "dilation", "groups", "bias", "lanes");
    private static final List<String> GEMM = List.of("m", "n", "k", "ta", "tb", "lanes");

    private final String text;
    private final Map<String, Integer> values = new TreeMap<>();

    private TuneShape(String text, List<String> known) {
        this.text = text;
        for (String part : text.split(",", -1)) {
            String[] pair = part.strip().split("=", -1);
            if (pair.length != 2 || !known.contains(pair[0]) || !pair[1].matches("[0-9]{1,9}")) {
                throw new IllegalArgumentException(
                        "--shape: '" + part + "' is no NAME=NUMBER with a name of " + known + ", in " + text);
            }
            values.put(pair[0], Integer.valueOf(pair[1]));
        }
    }

    private int get(String name) {
        Integer value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("--shape: " + name + " is missing in " + text);
        }
        return value;
    }

    private int get(String name, int usual) {
        return values.getOrDefault(name, usual);
    }

    /**
     * The problems of an operator on a shape, one for each direction.
     *
     * @throws IllegalArgumentException when the operator is not conv2d or gemm, or the shape is none
     */
    static List<Problem> problems(String operator, String text) {
        return switch (operator) {
            case "conv2d" -> {
                TuneShape s = new TuneShape(text, CONV);
                int kh = s.get("kh", 1);
                Window window = Window.of(kh, s.get("kw", kh))
                        .stride(s.get("stride", 1), s.get("stride", 1))
                        .pad(s.get("pad", 0))
                        .dilation(s.get("dilation", 1), s.get("dilation", 1));
                yield s.all(new Conv2d(
                        s.get("n"),
                        s.get("c"),
                        s.get("h"),
                        s.get("w"),
                        s.get("k"),
                        window,
                        s.get("groups", 1),
                        s.get("bias", 1) == 1));
            }
            case "gemm" -> {
                TuneShape s = new TuneShape(text, GEMM);
                int m = s.get("m");
                int n = s.get("n");
                int k = s.get("k");
                boolean ta = s.get("ta", 0) == 1;
                boolean tb = s.get("tb", 0) == 1;
                yield s.all(new Gemm(m, n, k, ta, tb, 1, 0, ta ? m : k, tb ? k : n, n, false, Gemm.Epilogue.NONE));
            }
            default ->
                throw new IllegalArgumentException("--operator: settings have conv2d and gemm, got '" + operator + "'");
        };
    }

    private List<Problem> all(Geometry geometry) {
        Format format = new Format(DType.F32, get("lanes", 1));
        return geometry.directions().stream()
                .map(direction -> geometry.problem(direction, format))
                .toList();
    }
}
