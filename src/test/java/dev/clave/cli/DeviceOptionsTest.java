package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** {@code --binding} as a person types it. */
class DeviceOptionsTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }

    @Test
    void unknownBindingIsOneLineAndCodeTwo() {
        assertEquals(2, run("devices", "--binding", "cuda"));
        assertEquals(2, run("train", "--data", "digits", "--device", "cpu", "--binding", "cuda"));
        String line = "clave: unknown binding 'cuda'; there are: auto, jocl, ffm";
        assertEquals(line + "\n" + line, err.toString().strip().replace("\r", ""));
    }

    @Test
    void devicesSaysWhichBindingServes() {
        assertEquals(0, run("devices"), err.toString());
        assertTrue(
                out.toString().lines().anyMatch(line -> line.matches("(binding (ffm|jocl) \\(|no binding; ).*")),
                out.toString());
    }
}
