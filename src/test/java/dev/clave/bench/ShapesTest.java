package dev.clave.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.op.Operators;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Every operator of the catalogue is benched. The bench is compiled under its own profile only, so its text is read. */
class ShapesTest {
    private static final Pattern ENTRY = Pattern.compile("\\badd\\(\\s*\"(\\w+)\",");

    @Test
    void everyOperatorHasAShapeAndNothingElseHas() throws IOException {
        Set<String> found = new TreeSet<>();
        Matcher entries = ENTRY.matcher(Files.readString(Path.of("bench/java/dev/clave/bench/Shapes.java")));
        while (entries.find()) {
            found.add(entries.group(1));
        }
        assertEquals(new TreeSet<>(Operators.names()), found);
    }

    @Test
    void anEntryIsRecognisedByItsOperator() {
        assertTrue(ENTRY.matcher("add(\n    \"conv2d\", \"lenet1\", 64,").find());
    }
}
