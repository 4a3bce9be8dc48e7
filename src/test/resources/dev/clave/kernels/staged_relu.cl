// staged_relu: relu through local memory, for tests of what a device does with kernels that count on their work-group.
//
//   output[i] = input[i] > 0 ? input[i] : 0
//
// Tensors: input, output [total]. One work-group of 64 writes its elements to local memory in reverse and reads them back
// after the barrier. Local size is 64, global a multiple of it; the tail reaches the barrier too.

__kernel void staged_relu(__global const float *restrict input, __global float *restrict output, const int total) {
  __local float values[64];
  const int id = (int)get_local_id(0);
  const int i = (int)get_global_id(0);
  const int mirrored = i - id + 63 - id;
  values[63 - id] = i < total ? input[i] : 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (i < total)
    output[i] = values[63 - id] > 0 ? values[63 - id] : 0;
  // What a neighbour wrote, so that the barrier matters.
  if (mirrored < total && values[id] > 0)
    output[mirrored] = values[id];
}
