package dev.clave.cli;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceOutOfMemoryException;
import dev.clave.nn.InputSpec;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import dev.clave.onnx.OnnxModel;
import dev.clave.onnx.OnnxNetwork;
import dev.clave.op.Problem;
import dev.clave.op.Tuner;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Tries candidates and their settings and keeps what is faster. */
@Command(
        name = "tune",
        description = {
            "Time kernels with other settings on this device and keep the faster ones for later runs.",
            "Each is held against the plain kernel first. What is found is kept after every problem, so Ctrl-C loses one."
        },
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class TuneCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private DeviceOptions device;

    @Option(names = "--network", defaultValue = "relu", description = "relu or tanh: a training step and inference")
    private String network;

    @Option(names = "--batch", defaultValue = "64", description = "images of a step")
    private int batch;

    @Option(names = "--model", description = "inference of an ONNX model instead: FILE.onnx")
    private @Nullable Path model;

    @Option(names = "--operator", description = "conv2d or gemm on --shape instead")
    private @Nullable String operator;

    @Option(
            names = "--shape",
            description =
                    "such as n=8,c=64,h=28,w=28,k=64,kh=3,pad=1 (also kw, stride, dilation, groups, bias, lanes), or"
                            + " m=256,n=256,k=256 (also ta, tb)")
    private @Nullable String shape;

    @Option(names = "--seconds", defaultValue = "300", description = "no new candidate is tried after so long")
    private double seconds;

    @Option(names = "--out", description = "write here instead of the user's file; for -Dclave.tuning=FILE")
    private @Nullable Path out;

    @Option(names = "--dry-run", description = "write nothing")
    private boolean dryRun;

    @Override
    public void run() {
        if (batch < 1) {
            throw new IllegalArgumentException("--batch is at least 1, got " + batch);
        }
        if (!(seconds > 0)) {
            throw new IllegalArgumentException("--seconds is above 0, got " + seconds);
        }
        if ((operator == null) != (shape == null)) {
            throw new IllegalArgumentException("--operator and --shape go together");
        }
        OutputFile.checkRegular("--out", out);
        Path file = out == null ? Tuner.userFile() : out;
        if (file == null && !dryRun) {
            throw new IllegalArgumentException("there is no home directory for the result; name a file with --out");
        }
        try (Device opened = device.open()) {
            tune(opened, dryRun ? null : file);
        }
    }

    private void tune(Device opened, @Nullable Path file) {
        PrintWriter print = spec.commandLine().getOut();
        Tuner tuner = new Tuner(opened);
        List<Problem> problems = tuner.choices(problems(opened));
        print.println(problems.size() + (problems.size() == 1 ? " problem" : " problems") + " with a choice, on "
                + opened.name());
        print.flush();
        long begin = System.nanoTime();
        int done = 0;
        int written = 0;
        for (Problem problem : problems) {
            if (isOver(begin)) {
                break;
            }
            done++;
            Tuner.Result result;
            try {
                result = tuner.tune(problem, () -> !isOver(begin));
            } catch (DeviceOutOfMemoryException e) {
                print.println(problem + " " + shape(problem) + ": its tensors do not fit the device, not tried");
                continue;
            }
            print.println(line(result));
            result.rejected().forEach(reason -> print.println("    rejected: " + reason));
            print.flush();
            written += file == null ? 0 : tuner.save(file);
        }
        if (done < problems.size()) {
            print.println("time is up, " + (problems.size() - done) + " were not tried; --seconds gives more");
        }
        print.println(file == null ? "nothing written (--dry-run)" : written + " written to " + file);
    }

    private boolean isOver(long begin) {
        return System.nanoTime() - begin > seconds * 1e9;
    }

    private List<Problem> problems(Device opened) {
        if (operator != null && shape != null) {
            return TuneShape.problems(operator, shape);
        }
        if (model != null) {
            OnnxNetwork read = OnnxNetwork.of(OnnxModel.read(model));
            int[] extents = new int[read.inputShape().length + 1];
            extents[0] = -1;
            System.arraycopy(read.inputShape(), 0, extents, 1, extents.length - 1);
            try (Model made = new Model(opened, read.layer(), InputSpec.of("input", DType.F32, extents))) {
                return made.problems(batch, false);
            }
        }
        try (Model made = new Model(opened, Network.of(network))) {
            List<Problem> all = new ArrayList<>(made.problems(batch, true));
            all.addAll(made.problems(batch, false));
            return all;
        }
    }

    /** The geometry without what is usual. */
    private static String shape(Problem problem) {
        return problem.geometry()
                .toString()
                .replaceAll(
                        ", (pad\\w+=0|(stride|dilation)[HW]=1|groups=1|trans[AB]=false|ceil=false|inner=null|outer=null)",
                        "");
    }

    private static String line(Tuner.Result result) {
        String gain = result.isFaster()
                ? String.format(
                        Locale.ROOT,
                        "%s %.1f us, %.0f %% less",
                        result.best(),
                        result.bestMicros(),
                        100 * (1 - result.bestMicros() / result.usualMicros()))
                : "nothing is faster";
        return String.format(
                Locale.ROOT,
                "%s %s: %s %.1f us; %s; %d tried",
                result.problem(),
                shape(result.problem()),
                result.usual(),
                result.usualMicros(),
                gain,
                result.tried());
    }
}
