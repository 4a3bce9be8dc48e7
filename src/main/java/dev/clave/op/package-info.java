/**
 * Operators. A geometry such as {@link dev.clave.op.Conv2d} says what is computed, {@link dev.clave.op.Operators} is the
 * catalogue of who computes it: per operator the pure-Java twin and the OpenCL candidates.
 */
@NullMarked
package dev.clave.op;

import org.jspecify.annotations.NullMarked;
