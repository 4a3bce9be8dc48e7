package dev.clave.nn.callback;

import dev.clave.internal.Json;
import dev.clave.io.NewFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The values of every epoch, and files of them: written after each epoch, so that a run that is cut leaves what it had. A
 * resumed run keeps the epochs before.
 */
public final class History implements Callback {
    private final List<Map<String, Double>> rows = new ArrayList<>();
    private @Nullable Path csv;
    private @Nullable Path json;

    /** Nothing seen yet; writes no file unless it is told to. */
    public History() {}

    /**
     * Writes a table too, with a column per value; an epoch without a value leaves its place empty.
     *
     * @param file where to write
     * @return this
     */
    public History csv(Path file) {
        csv = file;
        return this;
    }

    /**
     * Writes a JSON array of objects too; a value that is no finite number is null.
     *
     * @param file where to write
     * @return this
     */
    public History json(Path file) {
        json = file;
        return this;
    }

    /** {@return one map per epoch: {@code epoch} from 0, then the values of {@link Context#logs}} */
    public List<Map<String, Double>> rows() {
        return List.copyOf(rows);
    }

    @Override
    public void epochEnd(Context context) {
        Map<String, Double> row = new LinkedHashMap<>();
        row.put("epoch", (double) context.epoch());
        row.putAll(new TreeMap<>(context.logs()));
        rows.add(row);
        if (csv != null) {
            NewFile.write(csv, csv());
        }
        if (json != null) {
            NewFile.write(json, json());
        }
    }

    private Set<String> columns() {
        Set<String> columns = new LinkedHashSet<>();
        rows.forEach(row -> columns.addAll(row.keySet()));
        return columns;
    }

    private static String text(String column, @Nullable Double value) {
        if (value == null) {
            return "";
        }
        return column.equals("epoch") ? Integer.toString(value.intValue()) : value.toString();
    }

    /** {@return the table} */
    public String csv() {
        StringBuilder text = new StringBuilder(String.join(",", columns())).append('\n');
        for (Map<String, Double> row : rows) {
            List<String> cells = new ArrayList<>();
            columns().forEach(column -> cells.add(text(column, row.get(column))));
            text.append(String.join(",", cells)).append('\n');
        }
        return text.toString();
    }

    /** {@return the array} */
    public String json() {
        List<String> objects = new ArrayList<>();
        rows.forEach(row -> objects.add("  " + object(row)));
        return "[\n" + String.join(",\n", objects) + "\n]\n";
    }

    private static String object(Map<String, Double> row) {
        List<String> fields = new ArrayList<>();
        row.forEach((name, value) ->
                fields.add(Json.quoted(name) + ": " + (Double.isFinite(value) ? text(name, value) : "null")));
        return "{" + String.join(", ", fields) + "}";
    }

    @Override
    public void save(State state) {
        for (int i = 0; i < rows.size(); i++) {
            state.put("row" + i, object(rows.get(i)));
        }
    }

    @Override
    public void restore(State state) {
        rows.clear();
        for (int i = 0; state.text("row" + i) != null; i++) {
            Map<String, Double> row = new LinkedHashMap<>();
            if (Json.parse("history", String.valueOf(state.text("row" + i))) instanceof Map<?, ?> fields) {
                fields.forEach(
                        (name, value) -> row.put(String.valueOf(name), value instanceof Double d ? d : Double.NaN));
            }
            rows.add(row);
        }
    }
}
