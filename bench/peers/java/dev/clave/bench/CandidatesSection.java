package dev.clave.bench;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.bench.Rounds.Opening;
import dev.clave.op.Format;
import dev.clave.op.Operators;
import dev.clave.op.Problem;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Each fast candidate against the plain kernel on one of the bench's shapes that it takes: the work of every row is the same. */
final class CandidatesSection {
    private static final String REFERENCE = "reference";
    /** Operations beyond which the plain kernel takes too long, and below which a launch is all there is. */
    private static final double MOST = 4e8;

    private CandidatesSection() {}

    /** A problem in the layout of a bench and the candidate to compare. */
    private record Case(Shapes.Entry entry, Problem problem, String candidate) {
        String label() {
            return "candidate " + problem + " " + entry.shape()
                    + (problem.format().lanes() > 1 ? ", " + problem.format().lanes() + " samples side by side" : "");
        }
    }

    static void run(Rounds rounds, Settings settings) throws Exception {
        try (Device device = Device.open(settings.device())) {
            Set<String> seen = new HashSet<>();
            for (Shapes.Entry entry : new Shapes().all()) {
                // Again and again: one that falls into a slow spell says nothing.
                rounds.peak(device);
                for (String direction : entry.geometry().directions()) {
                    for (int lanes : new TreeSet<>(List.of(
                            1, Check.format(device, entry, entry.batch()).lanes()))) {
                        Problem problem = entry.geometry().problem(direction, new Format(DType.F32, lanes));
                        List<String> takes = Operators.candidates(device, problem);
                        for (String candidate : takes) {
                            String key = problem + " " + candidate;
                            if (!candidate.equals(REFERENCE)
                                    && takes.contains(REFERENCE)
                                    && problem.flops() <= MOST
                                    && seen.add(key)) {
                                contend(rounds, settings, device, new Case(entry, problem, candidate));
                            }
                        }
                    }
                }
            }
        }
    }

    private static void contend(Rounds rounds, Settings settings, Device device, Case one) throws Exception {
        Map<String, Opening> contenders = Rounds.contenders();
        for (String candidate : List.of(one.candidate(), REFERENCE)) {
            contenders.put(candidate, () -> {
                Inputs inputs = new Inputs(device, one.problem(), candidate, false);
                return Contender.repeating(
                        settings.sliceSeconds() / 2,
                        () -> {
                            inputs.run();
                            device.finish();
                        },
                        inputs);
            });
        }
        rounds.run(one.label(), "us", one.problem().flops(), contenders);
    }
}
