/**
 * What happens besides training: {@link dev.clave.nn.callback.Callback} is called at the begin and end of everything,
 * with a {@link dev.clave.nn.callback.Context} that says where the run is.
 */
@NullMarked
package dev.clave.nn.callback;

import org.jspecify.annotations.NullMarked;
