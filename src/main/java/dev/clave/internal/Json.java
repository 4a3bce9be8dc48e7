package dev.clave.internal;

import dev.clave.FormatException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON (RFC 8259) to and from Map, List, String, Double, Boolean and null. Strict: no duplicate keys, no bytes behind the
 * value, depth at most 64.
 */
public final class Json {
    private static final int DEPTH = 64;

    private final String source;
    private final String text;
    private int at;

    private Json(String source, String text) {
        this.source = source;
        this.text = text;
    }

    /**
     * Parses a text; numbers become Double.
     *
     * @param source name for messages
     * @param text what is parsed or quoted
     * @return a Map, List, String, Double, Boolean or null
     * @throws FormatException with the character offset when a rule is broken
     */
    public static @Nullable Object parse(String source, String text) {
        Json json = new Json(source, text);
        Object value = json.value(0);
        json.space();
        if (json.at < text.length()) {
            throw json.broken("text behind the value");
        }
        return value;
    }

    /**
     * {@return a string with quotes and escapes}
     *
     * @param text what is parsed or quoted
     */
    public static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    private FormatException broken(String rule) {
        return new FormatException(source, at, "JSON: " + rule);
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char next() {
        if (at >= text.length()) {
            throw broken("the text ends too early");
        }
        return text.charAt(at++);
    }

    private boolean take(char wanted) {
        space();
        if (at < text.length() && text.charAt(at) == wanted) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char wanted) {
        if (!take(wanted)) {
            throw broken("'" + wanted + "' expected");
        }
    }

    private @Nullable Object value(int depth) {
        if (depth > DEPTH) {
            throw broken("deeper than " + DEPTH);
        }
        if (take('{')) {
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            if (take('}')) {
                return map;
            }
            do {
                expect('"');
                String key = string();
                expect(':');
                if (map.containsKey(key)) {
                    throw broken("key " + quoted(key) + " stands twice");
                }
                map.put(key, value(depth + 1));
            } while (take(','));
            expect('}');
            return map;
        }
        if (take('[')) {
            List<@Nullable Object> list = new ArrayList<>();
            if (take(']')) {
                return list;
            }
            do {
                list.add(value(depth + 1));
            } while (take(','));
            expect(']');
            return list;
        }
        if (take('"')) {
            return string();
        }
        return literal();
    }

    private @Nullable Object literal() {
        int begin = at;
        while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String word = text.substring(begin, at);
        switch (word) {
            case "true" -> {
                return true;
            }
            case "false" -> {
                return false;
            }
            case "null" -> {
                return null;
            }
            default -> {
                if (!word.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
                    at = begin;
                    throw broken("a value expected");
                }
                return Double.valueOf(word);
            }
        }
    }

    private String string() {
        StringBuilder value = new StringBuilder();
        while (true) {
            char c = next();
            if (c == '"') {
                return value.toString();
            }
            if (c < ' ') {
                throw broken("a control character in a string");
            }
            value.append(c == '\\' ? escape() : c);
        }
    }

    private char escape() {
        char c = next();
        int plain = "\"\\/bfnrt".indexOf(c);
        if (plain >= 0) {
            return "\"\\/\b\f\n\r\t".charAt(plain);
        }
        if (c != 'u' || at + 4 > text.length() || !text.substring(at, at + 4).matches("[0-9a-fA-F]{4}")) {
            throw broken("an unknown escape");
        }
        at += 4;
        return (char) Integer.parseInt(text.substring(at - 4, at), 16);
    }
}
