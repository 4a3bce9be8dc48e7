package dev.clave.cli;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.DeviceException;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.opencl.DivisionProbe;
import dev.clave.internal.opencl.ProgramCache;
import dev.clave.op.Add;
import dev.clave.op.Format;
import dev.clave.op.Invocation;
import dev.clave.op.Operators;
import dev.clave.op.Tuner;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The checks of the doctor, each a line; what is bad is followed by the line that cures it. */
final class Diagnosis {
    private static final String LOADER = "sudo apt-get install ocl-icd-libopencl1";
    private static final String DRIVER = "sudo apt-get install pocl-opencl-icd";
    private static final List<String> LIBRARY_FOLDERS = List.of(
            "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib");

    private final PrintWriter out;
    private final Map<String, String> environment;
    private int findings;
    private boolean pocl;

    Diagnosis(PrintWriter out, Map<String, String> environment) {
        this.out = out;
        this.environment = environment;
    }

    int findings() {
        return findings;
    }

    private void good(String what, String detail) {
        out.println("ok   " + what + ": " + detail);
    }

    void bad(String what, String detail, String cure) {
        findings++;
        out.println("BAD  " + what + ": " + detail);
        out.println("     cure: " + cure);
    }

    void java() {
        good(
                "java",
                System.getProperty("java.vm.name") + " " + Runtime.version() + " in "
                        + System.getProperty("java.home"));
    }

    /** The files by which a loader finds drivers, and whether the libraries they name are there. */
    void drivers() {
        String named = environment.getOrDefault("OCL_ICD_FILENAMES", "");
        if (!named.isEmpty()) {
            good("drivers", "OCL_ICD_FILENAMES names " + named);
            return;
        }
        String folder = environment.getOrDefault(
                "OCL_ICD_VENDORS", environment.getOrDefault("OPENCL_VENDOR_PATH", "/etc/OpenCL/vendors"));
        Path vendors = Path.of(folder);
        List<Path> icds = new ArrayList<>();
        if (Files.isDirectory(vendors)) {
            try (Stream<Path> files = Files.list(vendors)) {
                files.filter(file -> file.toString().endsWith(".icd")).sorted().forEach(icds::add);
            } catch (IOException e) {
                bad("drivers", vendors + " cannot be read: " + e.getMessage(), "sudo chmod a+rx " + vendors);
                return;
            }
        } else if (Files.isRegularFile(vendors)) {
            icds.add(vendors);
        }
        if (icds.isEmpty()) {
            boolean own = environment.containsKey("OCL_ICD_VENDORS") || environment.containsKey("OPENCL_VENDOR_PATH");
            bad("drivers", "no .icd file in " + vendors, own ? "unset OCL_ICD_VENDORS OPENCL_VENDOR_PATH" : DRIVER);
        }
        icds.forEach(this::icd);
    }

    private void icd(Path icd) {
        String library;
        try (Stream<String> lines = Files.lines(icd)) {
            library = lines.findFirst().orElse("").strip();
        } catch (IOException | UncheckedIOException e) {
            bad("driver " + icd, "cannot be read: " + e.getMessage(), "sudo chmod a+r " + icd);
            return;
        }
        pocl |= library.contains("pocl");
        boolean there = library.startsWith("/")
                ? Files.exists(Path.of(library))
                : Stream.concat(
                                Stream.of(environment
                                                .getOrDefault("LD_LIBRARY_PATH", "")
                                                .split(":"))
                                        .filter(part -> !part.isEmpty()),
                                LIBRARY_FOLDERS.stream())
                        .anyMatch(part -> Files.exists(Path.of(part, library)));
        if (library.isEmpty() || (library.startsWith("/") && !there)) {
            bad(
                    "driver " + icd,
                    library.isEmpty() ? "is empty" : "names " + library + ", which is not there",
                    "install the driver again, or: sudo rm " + icd);
        } else {
            good("driver " + icd, library + (there ? "" : " (left to the system's linker)"));
        }
    }

    void directories() {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        writable("temporary directory", temporary, "-Djava.io.tmpdir=DIR with a directory that can be written");
        ProgramCache cache = ProgramCache.ofUser();
        String unusable = cache.unusable();
        if (unusable == null) {
            good("program cache", cache.folder() + ", " + cache.entries() + " entries, " + cache.bytes() + " bytes");
        } else if (unusable.contains("switched off")) {
            good("program cache", unusable);
        } else {
            bad("program cache", unusable, "export XDG_CACHE_HOME=DIR with a directory of yours that can be written");
        }
        if (pocl) {
            String own = environment.get("POCL_CACHE_DIR");
            String base = environment.get("XDG_CACHE_HOME");
            String home = environment.getOrDefault("HOME", "/tmp");
            Path kept = own != null
                    ? Path.of(own)
                    : (base != null ? Path.of(base) : Path.of(home, ".cache")).resolve("pocl");
            writable("PoCL's cache", kept, "export POCL_CACHE_DIR=DIR with a directory that can be written");
        }
    }

    private void writable(String what, Path folder, String cure) {
        try {
            Files.createDirectories(folder);
            Files.delete(Files.createTempFile(folder, "clave", ".probe"));
            good(what, folder.toString());
        } catch (IOException e) {
            bad(what, folder + " cannot be written (" + e.getClass().getSimpleName() + ")", cure);
        }
    }

    void binding(Device.Survey found) {
        String report = found.bindingReport();
        if (report.startsWith("no binding")) {
            boolean denied = report.contains("native access is denied");
            bad("binding", report, denied ? "java --enable-native-access=ALL-UNNAMED ..." : LOADER);
            return;
        }
        if (report.contains("the JVM may warn")) {
            bad("binding", report, "java --enable-native-access=ALL-UNNAMED ...");
        } else {
            good("binding", report);
        }
        if (found.devices().stream().noneMatch(one -> one.kind().equals("opencl"))) {
            boolean cacheOfPocl = found.skipped().contains("POCL_CACHE_DIR");
            bad(
                    "devices",
                    found.skipped(),
                    cacheOfPocl ? "export POCL_CACHE_DIR=DIR with a directory that can be written" : DRIVER);
        } else if (!found.skipped().isEmpty()) {
            out.println("note devices: " + found.skipped());
        }
    }

    /** What other libraries added, and whether it can be used. */
    void backends(Device.Survey found) {
        for (Device.BackendReport one : found.backends()) {
            if (DevicesCommand.isOwn(one)) {
                continue;
            }
            String what = "backend " + one.name() + " (" + one.provider() + ")";
            if (one.devices() > 0) {
                good(what, "devices " + one.devices() + (one.reason().isEmpty() ? "" : "; " + one.reason()));
            } else {
                bad(
                        what,
                        one.reason(),
                        "do as it says, or take its jar from the class path: the others work without it");
            }
        }
    }

    /** Opens a device of another library's; what it computes is its own affair. */
    void opens(int index, Device.Info info, String binding) {
        String what = "device " + index;
        try (Device device = Device.open(String.valueOf(index), binding);
                Tensor tensor = device.allocate(DType.F32, Shape.of(2)).write(1.5f, -2f)) {
            float[] back = tensor.readFloats();
            if (back[0] == 1.5f && back[1] == -2f) {
                good(what, info.name() + " (backend " + info.kind() + ") opens and keeps values");
            } else {
                bad(what, info.name() + " gives other values back", "take another version of backend " + info.kind());
            }
        } catch (RuntimeException e) {
            bad(what, info.name() + " fails: " + e, "take another version of backend " + info.kind());
        }
    }

    /** Opens a device and adds two numbers on it. */
    void device(int index, Device.Info info, String binding) {
        String what = "device " + index;
        try (Device device = Device.open(String.valueOf(index), binding);
                Tensor one = device.allocate(DType.F32, Shape.of(1)).write(1.5f);
                Tensor output = device.allocate(DType.F32, Shape.of(1));
                Invocation add = Operators.prepare(device, new Add(1, 1).problem("forward", Format.NCHW))) {
            add.bind("a", one).bind("b", one).bind("output", output).run();
            float sum = output.readFloats()[0];
            if (sum == 3f) {
                good(what, info.name() + " (" + info.platform() + ") computes");
                good("tuning of " + what, Tuner.entries(device));
            } else {
                bad(what, info.name() + " says 1.5 + 1.5 is " + sum, "install another driver: " + DRIVER);
            }
        } catch (DeviceException e) {
            String line = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            bad(what, info.name() + " fails: " + line, "./clave doctor --debug shows all of it; or use --device cpu");
        }
    }

    /** After OpenCL was used: some drivers break Java's integer division. */
    void divisions() {
        int lost = DivisionProbe.lost();
        Path chaining = Path.of(System.getProperty("java.home"), "lib", "libjsig.so");
        String preload = environment.getOrDefault("LD_PRELOAD", "");
        if (lost > 0) {
            bad(
                    "division by zero",
                    lost + " of " + DivisionProbe.ATTEMPTS + " threw nothing: a driver took the JVM's SIGFPE handler",
                    "export LD_PRELOAD=" + chaining);
        } else {
            good(
                    "division by zero",
                    "throws" + (preload.contains("libjsig") ? ", signals are chained by libjsig" : ""));
        }
    }
}
