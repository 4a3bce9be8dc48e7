package dev.clave.bench.report;

import dev.clave.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * All sections of a run.
 *
 * @param mode {@code quick} or {@code full}
 * @param environment device, driver, binding, JDK, CPU and so on by name
 */
public record Results(String mode, Map<String, String> environment, List<Section> sections) {
    /** Copies. */
    public Results {
        environment = new LinkedHashMap<>(environment);
        sections = List.copyOf(sections);
    }

    /** A section by its name. */
    public Optional<Section> section(String name) {
        return sections.stream().filter(section -> section.name().equals(name)).findFirst();
    }

    /** Writes JSON. */
    public void write(Path file) throws IOException {
        String pairs = environment.entrySet().stream()
                .map(entry -> "    " + Json.quoted(entry.getKey()) + ": " + Json.quoted(entry.getValue()))
                .collect(Collectors.joining(",\n"));
        String text = "{\n  \"mode\": " + Json.quoted(mode) + ",\n  \"environment\": {\n" + pairs
                + "\n  },\n  \"sections\": [\n"
                + sections.stream().map(Results::json).collect(Collectors.joining(",\n")) + "\n  ]\n}\n";
        Files.writeString(file, text);
    }

    private static String json(Section section) {
        return "    {\"name\": " + Json.quoted(section.name()) + ", \"date\": " + Json.quoted(section.date())
                + ", \"load\": " + Json.quoted(section.load()) + ", \"others\": " + number(section.others())
                + ", \"seconds\": " + number(section.seconds())
                + ", \"peak\": " + number(section.peak()) + ", \"cpuPeak\": " + number(section.cpuPeak())
                + ",\n     \"notes\": ["
                + section.notes().stream().map(Json::quoted).collect(Collectors.joining(", "))
                + "],\n     \"rows\": [\n"
                + section.rows().stream()
                        .map(row -> "       {\"work\": " + Json.quoted(row.work()) + ", \"who\": "
                                + Json.quoted(row.who()) + ", \"unit\": " + Json.quoted(row.unit()) + ", \"flops\": "
                                + number(row.flops()) + ", \"samples\": "
                                + row.samples().stream().map(Results::number).toList() + "}")
                        .collect(Collectors.joining(",\n"))
                + "\n     ]}";
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? String.valueOf((long) value)
                : String.format(Locale.ROOT, "%.3f", value);
    }

    /** Reads what {@link #write} wrote. */
    public static Results read(Path file) throws IOException {
        Map<?, ?> all = map(Json.parse(file.toString(), Files.readString(file)));
        Map<String, String> environment = new LinkedHashMap<>();
        map(all.get("environment")).forEach((name, value) -> environment.put((String) name, (String) value));
        return new Results(
                (String) all.get("mode"),
                environment,
                list(all.get("sections")).stream().map(Results::section).toList());
    }

    private static Section section(Object value) {
        Map<?, ?> map = map(value);
        return new Section(
                (String) map.get("name"),
                (String) map.get("date"),
                (String) map.get("load"),
                (Double) map.get("others"),
                (Double) map.get("seconds"),
                (Double) map.get("peak"),
                (Double) map.get("cpuPeak"),
                list(map.get("notes")).stream().map(String.class::cast).toList(),
                list(map.get("rows")).stream().map(Results::row).toList());
    }

    private static Row row(Object value) {
        Map<?, ?> map = map(value);
        return new Row(
                (String) map.get("work"),
                (String) map.get("who"),
                (String) map.get("unit"),
                (Double) map.get("flops"),
                list(map.get("samples")).stream().map(Double.class::cast).toList());
    }

    private static Map<?, ?> map(Object value) {
        return (Map<?, ?>) value;
    }

    private static List<?> list(Object value) {
        return (List<?>) value;
    }
}
