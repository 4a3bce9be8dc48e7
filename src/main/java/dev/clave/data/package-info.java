/** Datasets. */
@NullMarked
package dev.clave.data;

import org.jspecify.annotations.NullMarked;
