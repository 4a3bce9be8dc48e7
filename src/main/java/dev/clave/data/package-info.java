/** Datasets, and random changes of their images: {@link dev.clave.data.Transforms}. */
@NullMarked
package dev.clave.data;

import org.jspecify.annotations.NullMarked;
