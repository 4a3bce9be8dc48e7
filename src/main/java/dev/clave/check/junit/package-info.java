/**
 * Gradient checks in JUnit: annotate a method with {@link dev.clave.check.junit.GradientChecked} and give it a {@link
 * dev.clave.check.junit.Gradients}; it runs once on every device of the machine. Needs {@code
 * org.junit.jupiter:junit-jupiter-api} 5.13 or newer (6 too) on the class path; nothing else of the library does.
 */
@NullMarked
package dev.clave.check.junit;

import org.jspecify.annotations.NullMarked;
