/**
 * The core: {@link dev.clave.Device} opens an OpenCL device or the CPU, {@link dev.clave.Tensor} holds values on it.
 *
 * <pre>
 *   Device.open("auto") --allocate--> Tensor --bind--> Invocation --run--> Tensor.readFloats
 *        |                                                                     |
 *        +---------------------------- close ----------------------------------+
 * </pre>
 *
 * Operators live in {@code dev.clave.op}, networks in {@code dev.clave.nn}.
 */
@NullMarked
package dev.clave;

import org.jspecify.annotations.NullMarked;
