package dev.clave.internal.opencl;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.clave.Device;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * JOCL is known to the binding's two classes and to the public class whose parameters are JOCL's objects; java.lang.foreign to the
 * other binding and to what transfers know of memory segments, none of them in the Java 17 tree.
 */
class SeamRulesTest {
    @Test
    void bindingsStayBehindTheSeam() throws URISyntaxException {
        Path place = Path.of(
                Device.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        JavaClasses classes = new ClassFileImporter().importPath(place);
        assertTrue(
                classes.get(JoclOpenCl.class).getDirectDependenciesFromSelf().stream()
                        .anyMatch(d -> d.getTargetClass().getPackageName().equals("org.jocl")),
                "the importer sees dependencies on JOCL");
        noClasses()
                .that()
                .haveNameNotMatching(
                        "dev\\.clave\\.(internal\\.opencl\\.Jocl(OpenCl|Transfers)|interop\\.JoclInterop)(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.jocl..")
                .check(classes);
        noClasses()
                .that()
                .haveNameNotMatching("dev\\.clave\\.internal\\.(opencl\\.Ffm.*|HostSegments)")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.foreign..")
                .check(classes);
    }
}
