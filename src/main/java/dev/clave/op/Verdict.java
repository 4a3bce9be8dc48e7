package dev.clave.op;

import dev.clave.DType;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a device computed wrongly in its self-test.
 *
 * @param failures reasons by operator, direction and candidate, such as {@code conv2d forward tiled}; {@code double} behind it means
 *     double precision alone
 */
record Verdict(Map<String, String> failures) {
    /** Key of the kernel with barriers. */
    static final String BARRIER = "barrier";

    /** Key of the kernel that runs several launches. */
    static final String CHAIN = "chain";

    static final Verdict GOOD = new Verdict(Map.of());

    /** Takes a copy, in order. */
    Verdict {
        failures = java.util.Collections.unmodifiableMap(new TreeMap<>(failures));
    }

    static String key(Problem problem, String candidate) {
        return problem + " " + candidate + (problem.format().real() == DType.F64 ? " double" : "");
    }

    /** Why a candidate is set aside, null when it is not. */
    @Nullable
    String against(Problem problem, OpenClCandidate candidate) {
        String reason = failures.get(key(problem, candidate.name()));
        if (reason == null && candidate.usesBarriers()) {
            reason = failures.get(BARRIER);
        }
        return reason == null ? null : "set aside by the device's self-test: " + reason;
    }

    /** One line per failure, for {@link #parse}. */
    String text() {
        return failures.entrySet().stream()
                .map(e -> e.getKey() + "\t" + e.getValue().replaceAll("\\s+", " ") + "\n")
                .collect(Collectors.joining());
    }

    /** The verdict that {@link #text} wrote, null when the text is something else. */
    static @Nullable Verdict parse(String text) {
        Map<String, String> failures = new TreeMap<>();
        for (String line : text.lines().toList()) {
            String[] parts = line.split("\t", -1);
            if (parts.length != 2 || parts[0].isBlank() || parts[1].isBlank()) {
                return null;
            }
            failures.put(parts[0], parts[1]);
        }
        return new Verdict(failures);
    }
}
