/** Memory behind tensors. Not for users. */
@NullMarked
package dev.clave.internal;

import org.jspecify.annotations.NullMarked;
