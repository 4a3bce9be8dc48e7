package dev.clave;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Imports go down only: cli, onnx, nn, then data and io, op, and the core with what is internal to it. */
class LayeringTest {
    private static final List<List<String>> LAYERS = List.of(
            List.of("dev.clave.cli.."),
            List.of("dev.clave.onnx.."),
            List.of("dev.clave.nn.."),
            List.of("dev.clave.data..", "dev.clave.io..", "dev.clave.check.."),
            List.of("dev.clave.op..", "dev.clave.interop.."),
            List.of("dev.clave", "dev.clave.internal.."));

    private static JavaClasses classes() throws URISyntaxException {
        return new ClassFileImporter()
                .importPath(Path.of(Device.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI()));
    }

    @Test
    void importsGoDown() throws URISyntaxException {
        JavaClasses classes = classes();
        for (int layer = 1; layer < LAYERS.size(); layer++) {
            List<String> above = new ArrayList<>();
            LAYERS.subList(0, layer).forEach(above::addAll);
            noClasses()
                    .that()
                    .resideInAnyPackage(LAYERS.get(layer).toArray(String[]::new))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(above.toArray(String[]::new))
                    .check(classes);
        }
    }

    /** The rule must see something: the layers do use each other downwards. */
    @Test
    void aRuleThatIsBrokenIsSeen() throws URISyntaxException {
        assertTrue(noClasses()
                .that()
                .resideInAPackage("dev.clave.nn..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.clave.op..")
                .evaluate(classes())
                .hasViolation());
    }

    /** The command line's library is optional: nothing below the commands may need it. */
    @Test
    void onlyTheCommandLineNeedsPicocli() throws URISyntaxException {
        assertFalse(noClasses()
                .that()
                .resideOutsideOfPackage("dev.clave.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("picocli..")
                .evaluate(classes())
                .hasViolation());
    }
}
