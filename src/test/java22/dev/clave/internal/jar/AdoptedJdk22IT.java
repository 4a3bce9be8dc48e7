package dev.clave.internal.jar;

import org.junit.jupiter.api.Test;

/** An adopted context in a JVM of its own, with no library preloaded. */
class AdoptedJdk22IT {
    @Test
    void divisionsByZeroThrowOnceTheContextIsAdopted() throws Exception {
        ChildJvm.needsFfm();
        new ChildJvm()
                .nativeAccess()
                .classPath(ChildJvm.TEST_CLASSES, ChildJvm.JAR.toString())
                .run(AdoptedProgram.class.getName())
                .succeeds()
                .says("lost at first 0")
                .says("lost after adoption 0")
                .says("lost after opening 0")
                .says("sum 5.0");
    }
}
