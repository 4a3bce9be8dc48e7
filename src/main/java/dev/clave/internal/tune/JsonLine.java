package dev.clave.internal.tune;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the JSON of tuning files (RFC 8259): an object of strings, numbers and objects, nothing else, depth two. Whatever
 * breaks a rule gives null. The library's own reader lies in a layer above this one.
 */
final class JsonLine {
    private static final int MOST_LENGTH = 1 << 16;

    private final String text;
    private int at;

    private JsonLine(String text) {
        this.text = text;
    }

    /** A rule is broken; it does not leave this class. */
    private static final class Broken extends Exception {
        private static final long serialVersionUID = 1;

        Broken() {
            super(null, null, false, false);
        }
    }

    /** Strings, Doubles and Maps by name, null when the line is anything but one object. */
    static @Nullable Map<String, Object> parse(String line) {
        if (line.length() > MOST_LENGTH) {
            return null;
        }
        try {
            JsonLine json = new JsonLine(line);
            Map<String, Object> object = json.object(2);
            json.space();
            return json.at == line.length() ? object : null;
        } catch (Broken e) {
            return null;
        }
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char next() throws Broken {
        if (at >= text.length()) {
            throw new Broken();
        }
        return text.charAt(at++);
    }

    private boolean take(char wanted) {
        space();
        boolean there = at < text.length() && text.charAt(at) == wanted;
        at += there ? 1 : 0;
        return there;
    }

    private void expect(char wanted) throws Broken {
        if (!take(wanted)) {
            throw new Broken();
        }
    }

    private Map<String, Object> object(int depth) throws Broken {
        expect('{');
        Map<String, Object> object = new LinkedHashMap<>();
        if (depth == 0 || take('}')) {
            return object;
        }
        do {
            expect('"');
            String name = string();
            expect(':');
            if (object.put(name, value(depth)) != null) {
                throw new Broken();
            }
        } while (take(','));
        expect('}');
        return object;
    }

    private Object value(int depth) throws Broken {
        if (take('"')) {
            return string();
        }
        if (at < text.length() && text.charAt(at) == '{') {
            return object(depth - 1);
        }
        int begin = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String word = text.substring(begin, at);
        if (!word.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
            throw new Broken();
        }
        return Double.valueOf(word);
    }

    private String string() throws Broken {
        StringBuilder value = new StringBuilder();
        while (true) {
            char c = next();
            if (c == '"') {
                return value.toString();
            }
            if (c < ' ') {
                throw new Broken();
            }
            value.append(c == '\\' ? escape() : c);
        }
    }

    private char escape() throws Broken {
        char c = next();
        int plain = "\"\\/bfnrt".indexOf(c);
        if (plain >= 0) {
            return "\"\\/\b\f\n\r\t".charAt(plain);
        }
        if (c != 'u' || at + 4 > text.length() || !text.substring(at, at + 4).matches("[0-9a-fA-F]{4}")) {
            throw new Broken();
        }
        at += 4;
        return (char) Integer.parseInt(text.substring(at - 4, at), 16);
    }
}
