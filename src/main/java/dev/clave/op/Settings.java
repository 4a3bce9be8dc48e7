package dev.clave.op;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Settings of a candidate in place of what its model chooses: whole numbers by the macro they become. */
record Settings(SortedMap<String, Integer> values) {
    static final Settings NONE = new Settings(new TreeMap<>());

    /**
     * Checks the names.
     *
     * @throws IllegalArgumentException when one is none of those the candidate knows
     */
    static Settings of(String candidate, Map<String, Integer> values, String... known) {
        for (String name : values.keySet()) {
            if (!List.of(known).contains(name)) {
                throw new IllegalArgumentException(
                        "candidate " + candidate + " has no setting '" + name + "', it has " + List.of(known));
            }
        }
        return new Settings(java.util.Collections.unmodifiableSortedMap(new TreeMap<>(values)));
    }

    boolean isEmpty() {
        return values.isEmpty();
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /** The value of a setting, or the model's. */
    int get(String name, int model) {
        Integer value = values.get(name);
        return value == null ? model : value;
    }

    /** Why a setting is out of its range, null when it is not or is the model's. */
    @Nullable
    String outside(String name, int least, int most) {
        Integer value = values.get(name);
        return value == null || (value >= least && value <= most)
                ? null
                : name + " is " + least + " to " + most + " here, got " + value;
    }

    /** The first reason there is. */
    static @Nullable String first(@Nullable String... reasons) {
        for (String reason : reasons) {
            if (reason != null) {
                return reason;
            }
        }
        return null;
    }

    /** For people: {@code MT 6, NT 4}. */
    static String text(Map<String, Integer> values) {
        List<String> parts = new ArrayList<>();
        new TreeMap<>(values).forEach((name, value) -> parts.add(name + " " + value));
        return String.join(", ", parts);
    }

    /** A list of settings in the making: no one stands in it twice. */
    static final class Space {
        private final Map<String, Integer> first;
        private final Set<Map<String, Integer>> all = new LinkedHashSet<>();

        /** Begins with the candidate's own choice. */
        Space(Map<String, Integer> first) {
            this.first = first;
            all.add(first);
        }

        /** The candidate's own choice with one setting changed, unless that is what the model takes. */
        Space but(String name, int model, int value) {
            if (value == model) {
                return this;
            }
            Map<String, Integer> changed = new TreeMap<>(first);
            changed.put(name, value);
            return add(changed);
        }

        Space add(Map<String, Integer> settings) {
            all.add(settings);
            return this;
        }

        /** Those that a test passes; the first one always. */
        List<Map<String, Integer>> where(java.util.function.Predicate<Map<String, Integer>> legal) {
            return all.stream()
                    .filter(settings -> settings.equals(first) || legal.test(settings))
                    .toList();
        }
    }
}
