/**
 * Networks: {@link dev.clave.nn.Layer} says what, {@link dev.clave.nn.Plan} compiles a list of layers for a device and
 * batch, {@link dev.clave.nn.Trainer} trains and evaluates. Layers hold no arithmetic.
 */
@NullMarked
package dev.clave.nn;

import org.jspecify.annotations.NullMarked;
