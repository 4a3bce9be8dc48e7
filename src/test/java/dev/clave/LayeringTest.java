package dev.clave;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Imports go down only: cli, onnx, nn, then data and io, op, and the core with what is internal to it. */
class LayeringTest {
    private static final List<List<String>> LAYERS = List.of(
            List.of("dev.clave.cli.."),
            List.of("dev.clave.onnx.."),
            List.of("dev.clave.nn.."),
            List.of("dev.clave.data..", "dev.clave.io..", "dev.clave.check..", "dev.clave.math.."),
            List.of("dev.clave.op..", "dev.clave.interop.."),
            List.of("dev.clave", "dev.clave.spi..", "dev.clave.internal.."));

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

    /** Optional libraries: each is needed in one place, and an embedder does without. */
    @ParameterizedTest
    @CsvSource({
        "picocli.., dev.clave.cli..",
        "org.apache.commons.math3.., dev.clave.math..",
        "org.junit.., dev.clave.check.junit.."
    })
    void optionalLibrariesAreNeededInOnePlace(String library, String place) throws URISyntaxException {
        JavaClasses classes = classes();
        noClasses()
                .that()
                .resideOutsideOfPackage(place)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .check(classes);
        assertTrue(
                noClasses()
                        .that()
                        .resideInAPackage(place)
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage(library)
                        .evaluate(classes)
                        .hasViolation(),
                "the importer sees who uses " + library);
    }

    /** Nor may one of our packages that is for those who have such a library be needed by another. */
    @ParameterizedTest
    @ValueSource(strings = {"dev.clave.math..", "dev.clave.check.junit.."})
    void nobodyNeedsAnAdaptor(String adaptor) throws URISyntaxException {
        noClasses()
                .that()
                .resideOutsideOfPackage(adaptor)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(adaptor)
                .check(classes());
    }
}
