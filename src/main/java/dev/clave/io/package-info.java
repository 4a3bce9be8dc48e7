/** Files other programs read and write. */
@NullMarked
package dev.clave.io;

import org.jspecify.annotations.NullMarked;
