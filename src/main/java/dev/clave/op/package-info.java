/**
 * Operators, usable by themselves. A geometry such as {@link dev.clave.op.Conv2d} says what is computed on which sizes,
 * {@link dev.clave.op.Operators} is the catalogue of who computes it: per operator the pure-Java twin and the OpenCL candidates.
 *
 * <pre>
 *   new Conv2d(n, c, h, w, k, Window.of(3, 3))           sizes, checked here
 *        |
 *        | .prepare(device, "forward")                   candidate chosen, kernels built, scratch memory taken
 *        v
 *   Invocation --allocate("input")--> Tensor.write(floats)
 *        |     --allocate("output")-> Tensor                  or bind(name, tensor) one that is there
 *        |
 *        | .run() | .runAsync(after...)                  any number of times, nothing allocated by run
 *        v
 *   Tensor.read(floats)                                  waits for the run
 *        |
 *        v
 *   close: tensors, invocations, then the device
 * </pre>
 *
 * <p>Many small runs in a row are a {@link dev.clave.op.Chain}: the same numbers in as few launches as the device allows.
 *
 * <p>This holds for every operator:
 * <ul>
 *   <li>Results go to tensors that the caller binds, and to no other; an output is written completely and need not be cleared.
 *       The geometry's page names the tensors with their shapes, {@link dev.clave.op.Problem#slots} lists them.
 *   <li>Each direction is a problem of its own: {@code forward}, and the gradients {@code backwardInput} and so on that
 *       {@link dev.clave.op.Geometry#directions} lists. A gradient takes what its formula needs, nothing is kept from the forward
 *       run.
 *   <li>Extents, windows, strides and pads are in elements, {@code flops} in floating-point operations; a dilation of 1 is dense.
 *   <li>Wrong sizes are an {@link java.lang.IllegalArgumentException} of the geometry, a tensor that does not fit one of
 *       {@code bind}, something unbound an {@link java.lang.IllegalStateException} of {@code run}; what an OpenCL device does wrong is
 *       a {@link dev.clave.DeviceException}, at the call or, of work that was only begun, at the event or the next read.
 *   <li>Geometries and problems are immutable and may be shared by threads; an invocation is used by one thread at a time, and
 *       threads that share a device prepare their own.
 * </ul>
 */
@NullMarked
package dev.clave.op;

import org.jspecify.annotations.NullMarked;
