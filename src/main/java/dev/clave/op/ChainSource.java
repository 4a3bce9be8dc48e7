package dev.clave.op;

import dev.clave.internal.Storage;
import dev.clave.internal.opencl.OpenClDevice;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text of a program that runs several launches in one kernel, see {@code kernels/chain.cl}: each kernel becomes a function
 * whose first parameter is the work-item's number, and whatever its file defines is renamed or taken back behind it.
 */
final class ChainSource {
    static final String FILE = "chain";
    static final String KERNEL = "chain_run";
    /** Without generic pointers of another meaning: the atomics alone are needed. */
    static final String OPTIONS = "-cl-std=CL3.0 -w";

    /** Elements between two counters of the state, so that processors do not share a line of their caches. */
    static final int APART = 32;

    /** Tiles of a launch, at least and for each processor: enough to share evenly, few enough that taking one costs nothing. */
    private static final int LEAST_TILES = 32;

    private static final int TILES_EACH = 4;
    /** Processors that share a cache take from one share; a group that has done its own looks into all others. */
    private static final int MOST_SHARES = 8;
    /** About a millisecond: longer than any tile of a launch that is worth it, and than most interruptions of a processor. */
    static final int PATIENCE = 1_000_000;

    private static final Pattern MACRO = Pattern.compile("^\\s*#\\s*define\\s+(\\w+)", Pattern.MULTILINE);
    private static final Pattern TYPE = Pattern.compile("^typedef\\b.*?(\\w+);", Pattern.MULTILINE);
    private static final Pattern FUNCTION =
            Pattern.compile("^(?:static\\s+)?inline\\s+[^\\n;{]*?(\\w+)\\(", Pattern.MULTILINE);
    private static final Pattern KERNEL_NAME = Pattern.compile("^__kernel\\s+void\\s+(\\w+)\\(", Pattern.MULTILINE);
    private static final Pattern COMMENT = Pattern.compile("^\\s*//.*\\n", Pattern.MULTILINE);

    /** Where an argument of the program comes from; a scalar of one run is an argument apart from that of the next. */
    record Source(int launch, int argument, int turn) {}

    private final Map<String, Integer> functions = new LinkedHashMap<>();
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder parameters = new StringBuilder();
    private final StringBuilder cases = new StringBuilder();
    private final StringBuilder tiles = new StringBuilder();
    private final StringBuilder needs = new StringBuilder();
    private final StringBuilder scalars = new StringBuilder();
    private final List<BitSet> before = new ArrayList<>();
    private final List<Source> arguments = new ArrayList<>();
    private final IdentityHashMap<Storage, Integer> buffers = new IdentityHashMap<>();
    private final int patience;
    private final int turns;
    private final int shares;
    private final int tilesOfLaunch;

    /**
     * Writes the text.
     *
     * @param turns runs that it can do at once
     * @param processors of the device; results do not depend on it, since a tile is work-items and nothing more
     */
    ChainSource(List<Enqueued> launches, int patience, int turns, int processors) {
        this.patience = patience;
        this.turns = turns;
        this.shares = shares(processors);
        this.tilesOfLaunch = Math.max(LEAST_TILES, TILES_EACH * processors);
        for (int i = 0; i < launches.size(); i++) {
            add(i, launches.get(i));
            need(launches, i);
        }
    }

    /** The launches that must be over when launch {@code index} begins, but for those that these wait for themselves. */
    private void need(List<Enqueued> launches, int index) {
        BitSet all = new BitSet();
        for (int i = index - 1; i >= 0; i--) {
            if (!all.get(i) && launches.get(index).conflicts(launches.get(i))) {
                all.set(i);
                all.or(before.get(i));
                needs.append(i).append(", ");
            }
        }
        before.add(all);
        needs.append("-1, ");
    }

    /** The launches that no later one waits for. */
    private String ends() {
        BitSet ends = new BitSet();
        ends.set(0, before.size());
        before.forEach(ends::andNot);
        return ends.toString().replaceAll("[{}]", "") + ", -1";
    }

    /** Arguments in order; how many runs and the state come behind them. */
    List<Source> arguments() {
        return arguments;
    }

    private static int shares(int processors) {
        return Math.min(processors, MOST_SHARES);
    }

    /** Elements of the state of so many launches, for so many processors. */
    static int state(int launches, int processors) {
        return APART * (1 + launches * (1 + shares(processors)));
    }

    String text() {
        return text
                + define("ARGUMENTS", parameters)
                + define("COUNT", before.size())
                + define("TILES", tiles)
                + define("NEEDS", needs)
                + define("ENDS", ends())
                + define("SCALARS", scalars)
                + define("SHARES", shares)
                + define("APART", APART)
                + define("PATIENCE", patience)
                + define("LAUNCHES", cases)
                + bare(FILE);
    }

    private static String define(String name, Object value) {
        return "#define CHAIN_" + name + " " + value + "\n";
    }

    private static String bare(String file) {
        return COMMENT.matcher(OpenClDevice.source(file)).replaceAll("");
    }

    private void add(int index, Enqueued enqueued) {
        Launch launch = enqueued.launch();
        String key = launch.file + " " + launch.kernel + " " + new TreeMap<>(launch.defines);
        Integer known = functions.get(key);
        if (known == null) {
            known = functions.size();
            functions.put(key, known);
            function(known, launch);
        }
        long items = launch.global[0];
        long chunk = (items + tilesOfLaunch - 1) / tilesOfLaunch;
        if (launch.local[0] > 1) {
            chunk = (chunk + 15) / 16 * 16; // whole vectors
        }
        tiles.append(tiles.isEmpty() ? "" : ", ").append((items + chunk - 1) / chunk);
        cases.append("case ")
                .append(index)
                .append(": { const int first = tile * ")
                .append(chunk)
                .append("; const int last = min(first + ")
                .append(chunk)
                .append(", ")
                .append(items)
                .append("); ")
                .append(launch.local[0] > 1 ? "_Pragma(\"clang loop vectorize(assume_safety)\") " : "")
                .append("for (int i = first; i < last; i++) chain_")
                .append(known)
                .append("(i");
        for (int i = 0; i < enqueued.arguments(); i++) {
            cases.append(", ").append(argument(index, i, enqueued));
        }
        cases.append("); } break; ");
    }

    /** The name or the number that a launch passes. */
    private String argument(int launch, int argument, Enqueued enqueued) {
        Storage storage = enqueued.storage(argument);
        if (storage == null && !enqueued.isScalar(argument)) {
            return enqueued.literal(argument);
        }
        if (storage == null) {
            return scalar(launch, argument, enqueued);
        }
        Integer known = buffers.get(storage);
        if (known == null) {
            known = arguments.size();
            arguments.add(new Source(launch, argument, 0));
            buffers.put(storage, known);
            parameters.append("__global void *a").append(known).append(", ");
        }
        return "a" + known;
    }

    private String scalar(int launch, int argument, Enqueued enqueued) {
        String type = enqueued.scalarType(argument);
        String name = "s" + arguments.size();
        scalars.append("const ").append(type).append(' ').append(name).append(" = ");
        for (int turn = 0; turn < turns; turn++) {
            String parameter = "a" + arguments.size();
            arguments.add(new Source(launch, argument, turn));
            parameters.append(type).append(' ').append(parameter).append(", ");
            scalars.append(turn < turns - 1 ? "turn == " + turn + " ? " + parameter + " : " : parameter);
        }
        scalars.append("; ");
        return name;
    }

    /** The kernel's file with the launch's macros, everything in it renamed. */
    private void function(int number, Launch launch) {
        String source = bare(launch.file);
        Set<String> defined = new TreeSet<>(launch.defines.keySet());
        all(MACRO, source, defined);
        Set<String> names = new TreeSet<>();
        all(TYPE, source, names);
        all(FUNCTION, source, names);
        Set<String> kernels = new TreeSet<>();
        all(KERNEL_NAME, source, kernels);
        new TreeMap<>(launch.defines)
                .forEach((name, value) -> text.append("#define ")
                        .append(name)
                        .append(' ')
                        .append(value)
                        .append('\n'));
        for (String name : names) {
            text.append("#define ")
                    .append(name)
                    .append(' ')
                    .append(name)
                    .append('_')
                    .append(number)
                    .append('\n');
        }
        for (String name : kernels) {
            text.append("#define ").append(name).append("(...) ");
            text.append(name.equals(launch.kernel) ? "chain" : name).append('_').append(number);
            text.append("(const int chain_item, __VA_ARGS__)\n");
        }
        text.append("#define get_global_id(dimension) chain_item\n#define __kernel static inline\n");
        text.append(source);
        defined.addAll(names);
        defined.addAll(kernels);
        defined.add("get_global_id");
        defined.add("__kernel");
        defined.forEach(name -> text.append("#undef ").append(name).append('\n'));
    }

    private static void all(Pattern pattern, String source, Set<String> into) {
        Matcher matcher = pattern.matcher(source);
        while (matcher.find()) {
            into.add(matcher.group(1));
        }
    }
}
