/** Random numbers that are the same on every machine. */
@NullMarked
package dev.clave.internal.rng;

import org.jspecify.annotations.NullMarked;
