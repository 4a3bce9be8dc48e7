/**
 * What another library implements to add devices. {@link dev.clave.spi.Backend} names itself, says whether it can be used
 * here and opens devices; a device extends {@link dev.clave.spi.BackendDevice} and hands out {@link dev.clave.spi.Memory},
 * which for devices that compute in Java is {@link dev.clave.spi.HostMemory} as it stands. Who also computes implements
 * {@link dev.clave.op.OperatorBackend}, which gives its candidates for an operator.
 *
 * <pre>
 * META-INF/services/dev.clave.spi.Backend     the class of the backend, public with a public constructor
 *
 * Device.open("acme")        Backend.open        BackendDevice ---- Memory           a tensor's values
 * Operators.prepare(...)     OperatorBackend.candidates ---- Candidate.prepare ---- Prepared  bind, set, run, close
 * </pre>
 *
 * The library keeps what is the same for all: memory limit, ledger, reports of leaks, refusal of closed tensors and of
 * tensors of other devices, checks of every binding. Its own CPU and OpenCL devices come through the same door.
 */
@NullMarked
package dev.clave.spi;

import org.jspecify.annotations.NullMarked;
