/** Commands a person types. */
@NullMarked
package dev.clave.cli;

import org.jspecify.annotations.NullMarked;
