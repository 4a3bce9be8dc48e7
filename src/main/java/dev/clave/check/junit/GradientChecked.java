package dev.clave.check.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test of gradients, run once on every device: the CPU, then each OpenCL device. The method takes a {@link Gradients}, and
 * a {@link dev.clave.Device} if it wants one:
 *
 * <pre>{@code
 * @GradientChecked
 * void gradientsAreRight(Gradients gradients) {
 *     gradients.check(new Swish(), 0.5, -1.2, 2.0);             // an operator of one's own
 *     gradients.check(new Conv2d(1, 2, 5, 5, 3, Window.of(3, 3), 1, true));  // one of the library, in double precision
 * }
 * }</pre>
 *
 * <p>A check that fails prints every element that is wrong and fails the test with counts and the worst of them. A method
 * that checks nothing fails. Devices are opened once for all tests of a run and closed at its end.
 */
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@TestTemplate
@ExtendWith(GradientCheckExtension.class)
public @interface GradientChecked {
    /**
     * {@return the devices by the selectors of {@link dev.clave.Device#open(String)}; empty for all there are} One that
     * is not there fails the test.
     */
    String[] devices() default {};
}
