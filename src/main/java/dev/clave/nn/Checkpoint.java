package dev.clave.nn;

import dev.clave.FormatException;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.io.Safetensors;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.State;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * The file that continues training bit for bit: weights under their names as in a weights file, everything else under
 * names that begin with {@link ParameterSet#STATE} and in the metadata. State is kept per parameter, so that a file made on
 * one device goes on on another.
 */
final class Checkpoint {
    private static final String FORMAT = "clave checkpoint 1";
    private static final String OPTIMIZER = ParameterSet.STATE + "optimizer.";
    private static final String SUM = ParameterSet.STATE + "accumulated.";
    private static final String LOSSES = ParameterSet.STATE + "epoch.losses";
    private static final String HITS = ParameterSet.STATE + "epoch.hits";
    private static final String OPTION = "option.";

    private Checkpoint() {}

    /**
     * Writes the file, whole or not at all.
     *
     * @throws FormatException when it cannot be written, or weights are no finite numbers
     */
    static void write(TrainState state, String network, Path path) {
        state.sync.run();
        Safetensors file = new Safetensors();
        Map<String, String> text = file.metadata();
        text.put("format", FORMAT);
        text.put("network", network);
        text.put("kernels", state.kernels);
        text.put("candidates", state.candidates);
        state.fixed.forEach((name, value) -> text.put(OPTION + name, value));
        Cursor cursor = state.cursor;
        text.put("epoch", Integer.toString(cursor.epoch));
        text.put("step", Integer.toString(cursor.step));
        text.put("shuffles", Integer.toString(cursor.shuffles));
        text.put("batches", Long.toString(cursor.batches));
        text.put("updates", Long.toString(cursor.updates));
        text.put("gathered", Integer.toString(cursor.gathered));
        text.put("rate", Double.toString(cursor.rate));
        text.put("rateScale", Double.toString(cursor.rateScale));
        ParameterSet parameters = state.core.parameters();
        parameters.save(path.toString(), file);
        state.update.state().forEach((name, flat) -> split(file, parameters, OPTIMIZER + name + ".", flat));
        if (cursor.gathered > 0) {
            split(file, parameters, SUM, state.accumulator().sum());
        }
        Tally tally = state.tally;
        if (tally != null && cursor.step > 0) {
            file.put(LOSSES, Shape.of(tally.known()), tally.losses());
            file.put(HITS, Shape.of(tally.known()), tally.hits());
        }
        forEachState(state, (prefix, saver) -> put(file, prefix, saver.save()));
        WeightsFile.write(file, path);
    }

    private interface Saver {
        State save();

        void restore(State state);
    }

    private static void forEachState(TrainState state, BiConsumer<String, Saver> action) {
        Map<String, Callback> named = new LinkedHashMap<>();
        for (Callback callback : state.callbacks) {
            String name = callback.name();
            for (int again = 2; named.putIfAbsent(name, callback) != null; again++) {
                name = callback.name() + "-" + again;
            }
        }
        named.forEach((name, callback) -> action.accept("callback." + name + ".", new Saver() {
            @Override
            public State save() {
                State kept = new State();
                callback.save(kept);
                return kept;
            }

            @Override
            public void restore(State kept) {
                callback.restore(kept);
            }
        }));
        for (int i = 0; i < state.metrics.size(); i++) {
            Metric metric = state.metrics.get(i);
            action.accept("metric." + i + ".", new Saver() {
                @Override
                public State save() {
                    State kept = new State();
                    metric.save(kept);
                    return kept;
                }

                @Override
                public void restore(State kept) {
                    metric.restore(kept);
                }
            });
        }
    }

    private static void put(Safetensors file, String prefix, State kept) {
        kept.texts().forEach((key, value) -> file.metadata().put(prefix + key, value));
        kept.floats()
                .forEach((key, values) -> file.put(ParameterSet.STATE + prefix + key, Shape.of(values.length), values));
    }

    private static void split(Safetensors file, ParameterSet parameters, String prefix, Tensor flat) {
        parameters
                .split(flat)
                .forEach((name, values) ->
                        file.put(prefix + name, parameters.tensor(name).shape(), values));
    }

    /**
     * Takes everything from a file; checks it before anything is changed.
     *
     * @throws FormatException when the file is broken, no checkpoint or of another network
     * @throws IllegalArgumentException when it was made with other options
     */
    static void read(TrainState state, Path path) {
        Reader reader = new Reader(state, path);
        reader.check();
        reader.apply();
    }

    /** Reading, with the file's name for messages. */
    private static final class Reader {
        private final TrainState state;
        private final String source;
        private final Safetensors file;
        private final ParameterSet parameters;

        private Reader(TrainState state, Path path) {
            this.state = state;
            this.source = path.toString();
            this.file = WeightsFile.read(path);
            this.parameters = state.core.parameters();
        }

        private FormatException broken(String what) {
            return new FormatException(source, -1, what);
        }

        private void check() {
            String format = file.metadata().get("format");
            if (!FORMAT.equals(format)) {
                throw broken(
                        format == null
                                ? "holds no training state; training goes on from checkpoints, weights are loaded"
                                : "is '" + format + "', expected '" + FORMAT + "'");
            }
            if (!file.metadata().containsKey(WeightsFile.CHECKSUM)) {
                throw broken("the checksum is missing");
            }
            join(""); // another network is named as such, not by its options
            state.fixed.forEach((name, value) -> {
                String made = file.metadata().get(OPTION + name);
                if (!value.equals(made)) {
                    throw new IllegalArgumentException(source + " was made with " + name + " " + made
                            + ", this run has " + value + "; resume with the same options");
                }
            });
            for (String name : state.update.state().keySet()) {
                join(OPTIMIZER + name + ".");
            }
            if (whole("gathered") > 0) {
                join(SUM);
            }
            if (whole("step") > 0) {
                need(LOSSES, file.names().contains(LOSSES));
                need(HITS, file.names().contains(HITS));
            }
            number("rate");
            number("rateScale");
            for (String key : new String[] {"epoch", "shuffles", "batches", "updates"}) {
                whole(key);
            }
        }

        private void need(String name, boolean there) {
            if (!there) {
                throw broken("tensor '" + name + "' is missing");
            }
        }

        private long whole(String key) {
            String text = file.metadata().getOrDefault(key, "");
            if (!text.matches("[0-9]{1,18}")) {
                throw broken("'" + key + "' is '" + text + "', expected a whole number");
            }
            return Long.parseLong(text);
        }

        private double number(String key) {
            String text = file.metadata().getOrDefault(key, "");
            try {
                return Double.parseDouble(text);
            } catch (NumberFormatException e) {
                throw broken("'" + key + "' is '" + text + "', expected a number");
            }
        }

        private Map<String, float[]> join(String prefix) {
            Map<String, float[]> parts = new LinkedHashMap<>();
            for (ParameterSet.Entry entry : parameters.entries()) {
                if (entry.parameter().trainable()) {
                    String name = prefix + entry.name();
                    need(name, file.names().contains(name));
                    if (!file.shape(name).equals(entry.shape())) {
                        throw broken("tensor '" + name + "' is " + file.shape(name) + ", expected " + entry.shape());
                    }
                    parts.put(entry.name(), file.floats(name));
                }
            }
            return parts;
        }

        private void apply() {
            parameters.load(source, file, false);
            state.update.state().forEach((name, flat) -> parameters.join(join(OPTIMIZER + name + "."), flat));
            Cursor cursor = state.cursor;
            cursor.epoch = (int) whole("epoch");
            cursor.step = (int) whole("step");
            cursor.shuffles = (int) whole("shuffles");
            cursor.batches = whole("batches");
            cursor.updates = whole("updates");
            cursor.gathered = (int) whole("gathered");
            cursor.rate = number("rate");
            cursor.rateScale = number("rateScale");
            if (cursor.gathered > 0) {
                parameters.join(join(SUM), state.accumulator().sum());
            }
            state.tally = cursor.step > 0 ? tally() : null;
            state.resumedKernels = file.metadata().getOrDefault("kernels", "");
            state.resumedCandidates = file.metadata().getOrDefault("candidates", "");
            forEachState(state, (prefix, saver) -> saver.restore(kept(prefix)));
        }

        private Tally tally() {
            float[] losses = file.floats(LOSSES);
            float[] hits = file.floats(HITS);
            int batch = Integer.parseInt(state.fixed.getOrDefault("batchSize", "1"));
            Tally tally = new Tally(Integer.parseInt(state.fixed.getOrDefault("samples", "0")));
            int[] whole = new int[hits.length];
            for (int i = 0; i < whole.length; i++) {
                whole[i] = (int) hits[i];
            }
            for (int from = 0; from < losses.length; from += batch) {
                tally.add(losses, whole, from, Math.min(batch, losses.length - from));
            }
            return tally;
        }

        private State kept(String prefix) {
            State kept = new State();
            file.metadata().forEach((key, value) -> {
                if (key.startsWith(prefix)) {
                    kept.put(key.substring(prefix.length()), value);
                }
            });
            List<String> names = new ArrayList<>(file.names());
            for (String name : names) {
                if (name.startsWith(ParameterSet.STATE + prefix)) {
                    kept.put(name.substring(ParameterSet.STATE.length() + prefix.length()), file.floats(name));
                }
            }
            return kept;
        }
    }
}
