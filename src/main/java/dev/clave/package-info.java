/**
 * The core: {@link dev.clave.Device} opens an OpenCL device or the CPU, {@link dev.clave.Tensor} holds values on it,
 * {@link dev.clave.Event} tells when work is done.
 *
 * <pre>
 *   Device.open("auto") ........................................................... close
 *      |                                                                              ^
 *      +--allocate--> Tensor .............................................. close ----+
 *      |                |  write, writeAsync: float[], FloatBuffer, MemorySegment     |
 *      |                v                                                             |
 *      +--prepare---> Invocation (dev.clave.op) ........................... close ----+
 *                       |  bind tensors, set scalars, then any number of times:       |
 *                       |  run: enqueues and returns                                  |
 *                       |  runAsync: the same, and gives an                           |
 *                       +---> Event ....................................... close ----+
 *                       |       await, or an argument of the next ...Async
 *                       v
 *                     Tensor.read, readAsync, readFloats: the values on the host
 * </pre>
 *
 * What is opened is closed by whoever opened it, tensors, invocations and events before their device. Wrong arguments are an
 * {@link java.lang.IllegalArgumentException}, closed things an {@link java.lang.IllegalStateException}, whatever a device does wrong a
 * {@link dev.clave.DeviceException}.
 *
 * <p><b>Threads.</b> Any number share a device; a tensor and an invocation are used by one at a time, an event by any.
 *
 * <p>Operators live in {@code dev.clave.op}, networks in {@code dev.clave.nn}; {@code dev.clave.interop} works with an
 * application's own OpenCL.
 */
@NullMarked
package dev.clave;

import org.jspecify.annotations.NullMarked;
