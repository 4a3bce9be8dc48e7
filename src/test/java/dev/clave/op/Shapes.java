package dev.clave.op;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Awkward sizes from ../shared/conformance, the batch cut to 2 unless -Dclave.shapes.full=true; -Dclave.shapes=named leaves
 * them out.
 */
final class Shapes {
    static final boolean FULL = Boolean.getBoolean("clave.shapes.full");
    /** Whether the lists are walked at all: one JDK and binding takes the grid, the others the named shapes. */
    private static final String WALK = System.getProperty("clave.shapes", "grid");

    private static final Path FOLDER = Path.of("../shared/conformance");

    private Shapes() {}

    /** A geometry and what it is called. */
    record Named(String name, Geometry geometry) {}

    /** Why there are none; null when there are. */
    static String missing() {
        if (!List.of("grid", "named").contains(WALK)) {
            throw new AssertionError("unknown value '" + WALK + "' of -Dclave.shapes; there are: grid, named");
        }
        if (WALK.equals("named")) {
            return "-Dclave.shapes=named: the conformance lists are walked elsewhere";
        }
        return Files.isDirectory(FOLDER) ? null : FOLDER + " is absent: its shapes are not tested here";
    }

    static List<Named> convolutions() throws IOException {
        List<Named> all = new ArrayList<>();
        for (Row row : rows("conv-shapes.csv")) {
            Conv2d g = new Conv2d(
                    row.batch(),
                    row.number("c"),
                    row.number("h"),
                    row.number("w"),
                    row.number("k"),
                    row.window(),
                    row.number("groups"),
                    all.size() % 2 == 0);
            row.expect(g.oh(), g.ow());
            all.add(new Named(row.text("name"), g));
        }
        return all;
    }

    /** Max and average pooling in turn over the same list; averages with and without counted padding in turn. */
    static List<Named> poolings() throws IOException {
        List<Named> all = new ArrayList<>();
        for (Row row : rows("pool-shapes.csv")) {
            int c = row.number("c");
            MaxPool2d max = new MaxPool2d(row.batch(), c, row.number("h"), row.number("w"), row.window(), false);
            row.expect(max.oh(), max.ow());
            all.add(new Named(row.text("name"), max));
            all.add(new Named(
                    row.text("name"),
                    new AvgPool2d(max.n(), c, max.h(), max.w(), max.window(), false, all.size() % 4 == 1)));
        }
        return all;
    }

    private static List<Row> rows(String file) throws IOException {
        List<String> lines = Files.readAllLines(FOLDER.resolve(file));
        List<String> header = List.of(lines.get(0).split(",", -1));
        return lines.stream()
                .skip(1)
                .filter(line -> !line.isBlank())
                .map(line -> new Row(header, List.of(line.split(",", -1))))
                .toList();
    }

    private record Row(List<String> header, List<String> cells) {
        String text(String column) {
            return cells.get(header.indexOf(column));
        }

        int number(String column) {
            return Integer.parseInt(text(column));
        }

        int batch() {
            return FULL ? number("n") : Math.min(2, number("n"));
        }

        Window window() {
            return new Window(
                    number("kh"),
                    number("kw"),
                    number("stride_h"),
                    number("stride_w"),
                    number("pad_top"),
                    number("pad_left"),
                    number("pad_bottom"),
                    number("pad_right"),
                    number("dilation_h"),
                    number("dilation_w"));
        }

        void expect(int oh, int ow) {
            if (oh != number("oh") || ow != number("ow")) {
                throw new AssertionError(text("name") + ": output " + oh + "x" + ow + ", the list has " + number("oh")
                        + "x" + number("ow"));
            }
        }
    }
}
