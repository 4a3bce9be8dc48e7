/**
 * Gradient checks for anyone's operator. Implement {@link dev.clave.check.Differentiable}, give it to {@link
 * dev.clave.check.GradientCheck}, read the {@link dev.clave.check.GradientReport}. {@link dev.clave.check.OperatorCheck}
 * wraps the operators of this library.
 */
@NullMarked
package dev.clave.check;

import org.jspecify.annotations.NullMarked;
