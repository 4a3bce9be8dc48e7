package dev.clave.nn.callback;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a callback or a metric keeps in a checkpoint: text and numbers by key. Keys have no dots. */
public final class State {
    private final Map<String, String> texts = new LinkedHashMap<>();
    private final Map<String, float[]> floats = new LinkedHashMap<>();

    /** Puts a text. */
    public void put(String key, String value) {
        texts.put(checked(key), value);
    }

    /** Puts a number; it comes back with the same bits. */
    public void put(String key, double value) {
        texts.put(checked(key), Double.toString(value));
    }

    /** Puts values. */
    public void put(String key, float[] values) {
        floats.put(checked(key), values);
    }

    private static String checked(String key) {
        if (key.isEmpty() || key.contains(".")) {
            throw new IllegalArgumentException("state: '" + key + "' is no key, it has letters and no dots");
        }
        return key;
    }

    /** A text, null when there is none. */
    public @Nullable String text(String key) {
        return texts.get(key);
    }

    /** A number, the other one when there is none. */
    public double number(String key, double other) {
        String text = texts.get(key);
        return text == null ? other : Double.parseDouble(text);
    }

    /** Values, null when there are none. */
    public float @Nullable [] floats(String key) {
        return floats.get(key);
    }

    /** All texts, in the order in which they were put: files of the same state are the same bytes. */
    public Map<String, String> texts() {
        return Collections.unmodifiableMap(texts);
    }

    /** All values, in the order in which they were put. */
    public Map<String, float[]> floats() {
        return Collections.unmodifiableMap(floats);
    }
}
