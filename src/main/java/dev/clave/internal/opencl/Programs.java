package dev.clave.internal.opencl;

import dev.clave.Device;
import dev.clave.KernelBuildException;
import dev.clave.internal.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** The programs of a device: each is compiled once, or taken from the cache on disk. Used under the device's monitor. */
final class Programs {
    private static final System.Logger LOGGER = System.getLogger("dev.clave");
    private static final int ATTEMPTS = 3;
    private static final long PAUSE_NANOS = 50_000_000;

    private final OpenCl cl;
    private final long context;
    private final long device;
    private final Device.Info info;
    private final String platform;
    private final String version;
    private final ProgramCache cache;
    private final Map<String, Long> built = new HashMap<>();

    Programs(OpenCl cl, long context, long platform, long device, Device.Info info, ProgramCache cache) {
        this.cl = cl;
        this.context = context;
        this.device = device;
        this.info = info;
        this.cache = cache;
        this.platform = info.platform() + " " + cl.platformString(platform, OpenCl.PLATFORM_VERSION);
        this.version = cl.deviceString(device, OpenCl.DEVICE_VERSION);
    }

    /** The program of a kernel file with these options. */
    long get(String file, String options) {
        String key = file + " " + options;
        Long program = built.get(key);
        if (program == null) {
            program = make("kernels/" + file + ".cl", source(file), options);
            built.put(key, program);
        }
        return program;
    }

    /** The program of a text that was made. */
    long get(String what, String source, String options) {
        String key = options + "\n" + source;
        Long program = built.get(key);
        if (program == null) {
            program = make(what, source, options);
            built.put(key, program);
        }
        return program;
    }

    private long make(String what, String source, String options) {
        ProgramKey key = new ProgramKey(
                Sha256.hex(source),
                options,
                platform,
                info.name() + " " + version,
                info.driver(),
                String.valueOf(Programs.class.getPackage().getImplementationVersion()));
        byte[] cached = cache.read(key);
        if (cached != null) {
            try {
                return cl.loadProgram(context, device, cached, options);
            } catch (OpenCl.BuildFailure e) {
                cache.remove(key);
            }
        }
        long program = compile(what, source, options);
        if (cache.unusable() == null) {
            cache.write(key, cl.programBinary(program));
        }
        return program;
    }

    /**
     * PoCL 3.1 was seen to refuse a right program when 18 processes filled its empty cache at once, so that a refusal counts
     * when it is repeated.
     */
    private long compile(String what, String source, String options) {
        for (int attempt = 1; ; attempt++) {
            try {
                return cl.buildProgram(context, device, source, options);
            } catch (OpenCl.BuildFailure e) {
                if (attempt == ATTEMPTS) {
                    throw refused(what, source, options, e);
                }
                LOGGER.log(System.Logger.Level.DEBUG, "{0}, attempt {1}: {2}", what, attempt, e.getMessage());
                LockSupport.parkNanos(attempt * PAUSE_NANOS);
            }
        }
    }

    private KernelBuildException refused(String what, String source, String options, OpenCl.BuildFailure failure) {
        StringBuilder report = new StringBuilder(what + " does not compile on " + info.platform() + " " + info.name()
                + " with " + options + "\n" + failure.getMessage() + "\n");
        int number = 1;
        for (String line : source.lines().toList()) {
            report.append(String.format(Locale.ROOT, "%4d  %s%n", number++, line));
        }
        return new KernelBuildException(report.toString());
    }

    /** The text of a kernel file. */
    static String source(String file) {
        try (InputStream in = Programs.class.getResourceAsStream("/dev/clave/kernels/" + file + ".cl")) {
            if (in == null) {
                throw new IllegalStateException("kernels/" + file + ".cl is not in the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void release() {
        built.values().forEach(cl::releaseProgram);
        built.clear();
    }
}
