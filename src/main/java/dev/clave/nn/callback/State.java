package dev.clave.nn.callback;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a callback or a metric keeps in a checkpoint: text and numbers by key. Keys have no dots. */
public final class State {
    private final Map<String, String> texts = new LinkedHashMap<>();
    private final Map<String, float[]> floats = new LinkedHashMap<>();

    /** Nothing is kept yet. */
    public State() {}

    /**
     * Puts a text.
     *
     * @param key its name in the file
     * @param value the value
     */
    public void put(String key, String value) {
        texts.put(checked(key), value);
    }

    /**
     * Puts a number; it comes back with the same bits.
     *
     * @param key its name in the file
     * @param value the value
     */
    public void put(String key, double value) {
        texts.put(checked(key), Double.toString(value));
    }

    /**
     * Puts values.
     *
     * @param key its name in the file
     * @param values the numbers
     */
    public void put(String key, float[] values) {
        floats.put(checked(key), values);
    }

    private static String checked(String key) {
        if (key.isEmpty() || key.contains(".")) {
            throw new IllegalArgumentException("state: '" + key + "' is no key, it has letters and no dots");
        }
        return key;
    }

    /**
     * {@return a text, null when there is none}
     *
     * @param key its name in the file
     */
    public @Nullable String text(String key) {
        return texts.get(key);
    }

    /**
     * {@return a number, the other one when there is none}
     *
     * @param key its name in the file
     * @param other what there is when it is missing
     */
    public double number(String key, double other) {
        String text = texts.get(key);
        return text == null ? other : Double.parseDouble(text);
    }

    /**
     * {@return values, null when there are none}
     *
     * @param key its name in the file
     */
    public float @Nullable [] floats(String key) {
        return floats.get(key);
    }

    /** {@return all texts, in the order in which they were put: files of the same state are the same bytes} */
    public Map<String, String> texts() {
        return Collections.unmodifiableMap(texts);
    }

    /** {@return all values, in the order in which they were put} */
    public Map<String, float[]> floats() {
        return Collections.unmodifiableMap(floats);
    }
}
