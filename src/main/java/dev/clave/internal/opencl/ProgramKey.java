package dev.clave.internal.opencl;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * All that decides what a compiler makes: programs with equal keys are the same program.
 *
 * @param source SHA-256 of the kernel file
 * @param options of the compiler, macros included
 * @param platform name and version
 * @param device name and OpenCL version
 * @param driver version
 * @param library version of Clave
 */
record ProgramKey(String source, String options, String platform, String device, String driver, String library) {
    /** The key as text, the same for equal keys only. */
    String text() {
        StringBuilder text = new StringBuilder();
        for (String part : List.of(source, options, platform, device, driver, library)) {
            text.append(part.length()).append(' ').append(part).append('\n');
        }
        return text.toString();
    }

    /** Name of the entry's file. */
    String fileName() {
        return hash(text().getBytes(StandardCharsets.UTF_8)) + ".clbin";
    }

    static String hash(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
