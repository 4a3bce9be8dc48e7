/** What was measured on devices: records, one JSON line each, and the files that hold them. The tuner is in {@code op}. */
@NullMarked
package dev.clave.internal.tune;

import org.jspecify.annotations.NullMarked;
