// self_test: does a device keep what work-items wrote to local memory before a barrier visible after it? Belongs to no
// operator: SelfTest runs it once on a device it does not know.
//
//   output[i] = sum over the work-group of input, plus ROUNDS rotations of input[i] by one place within the work-group
//
// Tensors: input, output [groups * SIZE]. Macros: SIZE work-items of a work-group (a power of two), ROUNDS rotations.
// One work-item computes one element; global size is a multiple of SIZE, local size is SIZE: no tail, so every work-item
// reaches every barrier.
// Numerics: sums by halves in a fixed order; whole numbers are exact.

#ifndef SIZE
#define SIZE 64
#endif
#ifndef ROUNDS
#define ROUNDS 3
#endif

__kernel void self_test_barrier(__global const float *restrict input, __global float *restrict output) {
  __local float values[SIZE];
  __local float sums[SIZE];
  const int id = (int)get_local_id(0);
  float mine = input[get_global_id(0)];
  sums[id] = mine;
  for (int half_size = SIZE / 2; half_size > 0; half_size /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (id < half_size)
      sums[id] += sums[id + half_size];
  }
  for (int round = 0; round < ROUNDS; round++) {
    values[id] = mine;
    barrier(CLK_LOCAL_MEM_FENCE);
    mine = values[(id + 1) % SIZE];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  output[get_global_id(0)] = sums[0] + mine;
}
