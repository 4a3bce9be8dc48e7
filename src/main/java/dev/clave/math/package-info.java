/**
 * Matrices of commons-math3 on a device: {@link dev.clave.math.DeviceMatrices} multiplies them and solves systems, above a
 * measured size on the device, below it with commons-math3's own code. Needs {@code org.apache.commons:commons-math3} on the
 * class path; nothing else of the library does.
 */
@NullMarked
package dev.clave.math;

import org.jspecify.annotations.NullMarked;
