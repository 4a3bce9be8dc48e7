// bias_add: a number per channel added to every position, and its gradient.
//
//   forward: output[n,c,p] = input[n,c,p] + bias[c];   backward: grad_bias[c] = sum_{n,p} grad_output[n,c,p]
//
// Tensors: input, output, grad_output [B,C,P,LANES], element (n,c,p) at ((n/LANES*C + c)*P + p)*LANES + n%LANES; bias [C].
// output may be input: they are not restrict.
// Macros: REAL float|double, LANES. Forward: one work-item computes one element; backward: one work-item computes one
// channel. Any local size, the tail is guarded.
// Numerics: forward rounds once. Backward sums samples in order, positions in order within a sample; lanes beyond n are not
// read. One owner per channel, no atomics.

#ifndef REAL
#define REAL float
#endif
#ifndef LANES
#define LANES 1
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

__kernel void bias_add_forward_reference(__global const REAL *input, __global const REAL *restrict bias,
                                         __global REAL *output, int total, int channels, int positions) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  output[id] = input[id] + bias[id / LANES / positions % channels];
}

__kernel void bias_add_backward_bias_reference(__global const REAL *restrict grad_output, __global REAL *restrict grad_bias,
                                               int n, int channels, int positions) {
  const int c = (int)get_global_id(0);
  if (c >= channels)
    return;
  REAL sum = 0;
  for (int i = 0; i < n; i++) {
    __global const REAL *g = grad_output + (i / LANES * channels + c) * positions * LANES + i % LANES;
    for (int p = 0; p < positions; p++)
      sum += g[p * LANES];
  }
  grad_bias[c] = sum;
}
