package dev.clave.cli;

import dev.clave.nn.Schedule;
import dev.clave.nn.callback.Callback;
import dev.clave.nn.callback.Monitor;
import dev.clave.nn.callback.ReduceOnPlateau;
import java.util.ArrayList;
import java.util.List;

/** The value of {@code --schedule}. */
record ScheduleOption(Schedule schedule, List<Callback> callbacks) {
    private static final String USAGE = "--schedule: constant, step:EPOCHS:GAMMA, cosine or cosine:LEAST, warmup:STEPS,"
            + " plateau:FACTOR:PATIENCE, joined by commas; got '";

    /**
     * Reads the option.
     *
     * @param epochs over which a cosine falls
     */
    static ScheduleOption parse(String text, int epochs) {
        Schedule schedule = Schedule.constant();
        int warmUp = 0;
        List<Callback> callbacks = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            String[] fields = part.strip().split(":", -1);
            try {
                switch (fields[0] + "/" + (fields.length - 1)) {
                    case "constant/0" -> schedule = Schedule.constant();
                    case "step/2" ->
                        schedule = Schedule.step(Integer.parseInt(fields[1]), Double.parseDouble(fields[2]));
                    case "cosine/0" -> schedule = Schedule.cosine(epochs, 0);
                    case "cosine/1" -> schedule = Schedule.cosine(epochs, Double.parseDouble(fields[1]));
                    case "warmup/1" -> warmUp = Integer.parseInt(fields[1]);
                    case "plateau/2" ->
                        callbacks.add(new ReduceOnPlateau(
                                "evalLoss",
                                Monitor.Mode.MIN,
                                Double.parseDouble(fields[1]),
                                Integer.parseInt(fields[2]),
                                0,
                                0));
                    default -> throw new IllegalArgumentException(USAGE + text + "'");
                }
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(USAGE + text + "'", e);
            }
        }
        if (warmUp < 0) {
            throw new IllegalArgumentException(USAGE + text + "'");
        }
        return new ScheduleOption(warmUp == 0 ? schedule : Schedule.warmUp(warmUp, 0, schedule), callbacks);
    }
}
