package dev.clave.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The embedding example of the README is the program that the tests compile and run. */
class ReadmeTest {
    private static final Pattern CODE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    private static String packed(String text) {
        return text.replaceAll("\\s+", "");
    }

    @Test
    void theEmbeddingExampleIsTheOneThatIsTested() throws IOException {
        String program =
                packed(Files.readString(Path.of("src/examples/java/dev/clave/examples/ConvolutionExample.java")));
        Matcher blocks = CODE.matcher(Files.readString(Path.of("README.md")));
        boolean found = false;
        while (blocks.find()) {
            found |= program.contains(packed(blocks.group(1)));
        }
        assertTrue(found, "no code block of README.md is in ConvolutionExample.java");
    }
}
