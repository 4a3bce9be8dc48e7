/**
 * Works with an application's own OpenCL: {@link dev.clave.interop.FfmInterop} takes and gives OpenCL's pointers as longs (JDK 22
 * and newer), {@link dev.clave.interop.JoclInterop} objects of JOCL's.
 *
 * <pre>
 *   host                                       Clave
 *   cl_context, cl_device_id, cl_command_queue --adopt--> Device -----+
 *   cl_mem -------------------------------------adopt--> Tensor ------+--> Invocation.runAsync --> Event
 *   cl_event -----------------------------------adopt--> Event -------+                             |
 *   clWaitForEvents, wait lists &lt;-----------------------event-------------------------------------+
 *   clEnqueue... on buffers of ours &lt;----memory, context, queue, device---- Tensor, Device
 * </pre>
 *
 * <p><b>Ownership.</b> What is adopted is retained (clRetain...), and released by the close of the Device, Tensor or Event; the host
 * releases its own reference whenever it likes. What is handed out is not retained: it lives as long as the Device, Tensor or
 * Event it came from, and who needs it longer retains it. Nothing of the host's is ever finished, reset or changed but the
 * contents of adopted buffers; {@code Device.close}, {@code Device.finish} and blocking transfers wait for what the queue
 * holds, and that is the host's work too.
 *
 * <p><b>Order.</b> Our work and the host's on one queue run in the order of the calls. Work on different queues is ordered by
 * events: the host passes one of ours in a wait list, and one of the host's goes to {@code runAsync}. The queue behind a host's
 * event has to be flushed by the host (clFlush), or nobody's wait for it ends; ours are flushed. A driver that works in the caller's
 * thread, such as PoCL's {@code basic} device, waits for events within the call that enqueues.
 *
 * <p><b>Second queue.</b> A device adopted on another's context, with no queue given, has a queue of its own beside it; buffers are
 * shared by adopting {@code memory(tensor)}.
 *
 * <p><b>Errors.</b> Handles are checked as far as OpenCL lets us: an object of the wrong kind, of another context or device, too
 * small or out of order is an {@link java.lang.IllegalArgumentException}. A pointer to no object at all can crash the process, as
 * everywhere in OpenCL.
 *
 * <p><b>Signals.</b> PoCL 3.1 replaces the JVM's SIGFPE handler when the host first asks for devices, and then Java's integer
 * divisions by zero throw nothing. Over {@code ffm} on Linux x86-64 an adoption puts the JVM's handler back, before it only a
 * host that preloads libjsig.so is safe; over {@code jocl} that is the one cure, and a warning says so. With the JVM's handler a
 * kernel of the host's that divides integers by zero ends the process: OpenCL leaves that undefined.
 */
@NullMarked
package dev.clave.interop;

import org.jspecify.annotations.NullMarked;
