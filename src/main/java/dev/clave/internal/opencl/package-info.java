/**
 * OpenCL reduced to the calls we need ({@link dev.clave.internal.opencl.OpenCl}), one class per binding, and the device
 * built on it.
 */
@NullMarked
package dev.clave.internal.opencl;

import org.jspecify.annotations.NullMarked;
