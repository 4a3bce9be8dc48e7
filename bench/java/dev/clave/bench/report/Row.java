package dev.clave.bench.report;

import java.util.Arrays;
import java.util.List;

/**
 * Samples of one contender at one work. Sample i was taken in round i, next to sample i of the others, so that ratios are
 * taken pair by pair.
 *
 * @param work such as {@code train relu}
 * @param who such as {@code PyTorch}
 * @param unit of the samples: {@code us} or {@code bytes}
 * @param flops operations of one run, 0 when they say nothing
 */
public record Row(String work, String who, String unit, double flops, List<Double> samples) {
    /** Copies the list. */
    public Row {
        samples = List.copyOf(samples);
        if (samples.isEmpty()) {
            throw new IllegalArgumentException(work + " of " + who + " has no samples");
        }
    }

    Spread spread() {
        return Spread.of(samples);
    }

    double gflops() {
        return flops / spread().median() / 1e3;
    }

    /** How many times faster than another this is, by round. */
    Spread fasterThan(Row other) {
        int rounds = Math.min(samples.size(), other.samples.size());
        Double[] ratios = new Double[rounds];
        Arrays.setAll(ratios, i -> other.samples.get(i) / samples.get(i));
        return Spread.of(List.of(ratios));
    }
}
