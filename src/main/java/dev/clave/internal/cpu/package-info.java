/** The CPU as a device: tensors are Java arrays. */
@NullMarked
package dev.clave.internal.cpu;

import org.jspecify.annotations.NullMarked;
