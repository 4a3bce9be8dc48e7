package dev.clave.internal.tune;

import dev.clave.FormatException;
import dev.clave.internal.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The fastest candidate found for a problem: one line of a tuning file.
 *
 * @param library version of Clave that measured
 * @param source SHA-256 of the kernel files that the candidate uses
 * @param candidate its name
 * @param parameters its settings by macro, empty when it has none
 * @param micros microseconds of one run, the median
 * @param gflops operations per nanosecond
 */
public record TuningRecord(
        TuningKey key,
        String library,
        String source,
        String candidate,
        SortedMap<String, Integer> parameters,
        double micros,
        double gflops) {
    static final int SCHEMA = 1;
    /** How messages call a line. */
    private static final String WHAT = "tuning record";

    private static final int MOST_PARAMETERS = 32;
    /** Characters of a line; a longer one is none of ours. */
    private static final int MOST_LENGTH = 1 << 16;

    /** Takes a copy of the parameters. */
    public TuningRecord {
        parameters = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
    }

    /** A JSON object without a line break, for {@link #parse}. */
    public String line() {
        StringJoiner line = new StringJoiner(", ", "{", "}");
        line.add("\"schema\": " + SCHEMA);
        texts().forEach((name, value) -> line.add(Json.quoted(name) + ": " + Json.quoted(value)));
        StringJoiner settings = new StringJoiner(", ", "{", "}");
        parameters.forEach((name, value) -> settings.add(Json.quoted(name) + ": " + value));
        line.add("\"parameters\": " + settings);
        line.add(String.format(Locale.ROOT, "\"us\": %.3f", micros));
        line.add(String.format(Locale.ROOT, "\"gflops\": %.3f", gflops));
        return line.toString();
    }

    private Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("library", library);
        texts.put("source", source);
        texts.put("platform", key.platform());
        texts.put("device", key.device());
        texts.put("driver", key.driver());
        texts.put("operator", key.operator());
        texts.put("direction", key.direction());
        texts.put("shape", key.shape());
        texts.put("layout", key.layout());
        texts.put("candidate", candidate);
        return texts;
    }

    /** The record of a line, null when the line is not beyond doubt: cut, of another schema, with a field too few. */
    public static @Nullable TuningRecord parse(String line) {
        try {
            return read(line);
        } catch (FormatException e) {
            return null; // any doubt about a line is a miss
        }
    }

    /** A line of a file that another version of Clave may have written by other rules: none of ours, and nothing is wrong. */
    static boolean isForeign(String line) {
        try {
            return line.length() <= MOST_LENGTH
                    && Json.parse(WHAT, line) instanceof Map<?, ?> fields
                    && fields.get("schema") instanceof Double schema
                    && schema > SCHEMA;
        } catch (FormatException e) {
            return false;
        }
    }

    /**
     * The record of a line.
     *
     * @throws FormatException that says why it is none
     */
    static TuningRecord read(String line) {
        if (line.length() > MOST_LENGTH) {
            throw none("longer than " + MOST_LENGTH + " characters");
        }
        if (!(Json.parse(WHAT, line) instanceof Map<?, ?> fields)) {
            throw none("no JSON object");
        }
        if (!Double.valueOf(SCHEMA).equals(fields.get("schema"))) {
            throw none("schema is " + fields.get("schema") + " instead of " + SCHEMA);
        }
        List<String> names = List.of(
                "platform",
                "device",
                "driver",
                "operator",
                "direction",
                "shape",
                "layout",
                "library",
                "source",
                "candidate");
        String[] texts = new String[names.size()];
        for (int i = 0; i < texts.length; i++) {
            if (!(fields.get(names.get(i)) instanceof String text) || text.isEmpty()) {
                throw none("no text '" + names.get(i) + "'");
            }
            texts[i] = text;
        }
        SortedMap<String, Integer> parameters = parameters(fields.get("parameters"));
        if (parameters == null) {
            throw none("'parameters' are not at most " + MOST_PARAMETERS + " whole numbers by name");
        }
        if (!isSize(fields.get("us")) || !isSize(fields.get("gflops"))) {
            throw none("'us' and 'gflops' are not numbers from 0 on");
        }
        return new TuningRecord(
                new TuningKey(texts[0], texts[1], texts[2], texts[3], texts[4], texts[5], texts[6]),
                texts[7],
                texts[8],
                texts[9],
                parameters,
                number(fields.get("us")),
                number(fields.get("gflops")));
    }

    private static FormatException none(String why) {
        return new FormatException(WHAT, -1, why);
    }

    private static boolean isSize(@Nullable Object value) {
        double number = number(value);
        return number >= 0 && number < Double.POSITIVE_INFINITY;
    }

    private static double number(@Nullable Object value) {
        return value instanceof Double number ? number : Double.NaN;
    }

    private static @Nullable SortedMap<String, Integer> parameters(@Nullable Object value) {
        if (!(value instanceof Map<?, ?> map) || map.size() > MOST_PARAMETERS) {
            return null;
        }
        SortedMap<String, Integer> parameters = new TreeMap<>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            double number = number(entry.getValue());
            if (number != Math.rint(number) || Math.abs(number) > Integer.MAX_VALUE) {
                return null;
            }
            parameters.put(String.valueOf(entry.getKey()), (int) number);
        }
        return parameters;
    }
}
