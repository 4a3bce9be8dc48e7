package dev.clave.nn.callback;

import java.util.Map;
import java.util.Properties;

/**
 * What is known about where the output goes.
 *
 * @param present whether it is a terminal, where a line can be redrawn
 * @param columns its width in characters
 */
public record Terminal(boolean present, int columns) {
    private static final int USUAL = 80;
    private static final int LEAST = 20;

    /**
     * As the launcher found it: the properties clave.terminal and clave.columns, else COLUMNS.
     *
     * @return what was found
     */
    public static Terminal detect() {
        return of(System.getProperties(), System.getenv());
    }

    static Terminal of(Properties properties, Map<String, String> environment) {
        boolean present = Boolean.parseBoolean(properties.getProperty("clave.terminal"));
        String columns = properties.getProperty("clave.columns", environment.getOrDefault("COLUMNS", ""));
        return new Terminal(
                present, columns.matches("[1-9][0-9]{0,4}") ? Math.max(LEAST, Integer.parseInt(columns)) : USUAL);
    }
}
