// batch_norm_inference: normalisation of each channel by given statistics.
//
//   output[n,c,p] = (input[n,c,p] - mean[c]) * (scale[c] / sqrt(variance[c] + epsilon)) + bias[c]
//
// Tensors: input, output [B,C,P,LANES]; scale, bias, mean, variance [C].
// Macros: REAL float|double, LANES. One work-item computes one element; any local size, the tail is guarded.
// Numerics: the factor is rounded before the product, product and sum are one fma.

#ifndef REAL
#define REAL float
#endif
#ifndef LANES
#define LANES 1
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

__kernel void batch_norm_inference_forward_reference(__global const REAL *restrict input,
                                                     __global const REAL *restrict scale,
                                                     __global const REAL *restrict bias,
                                                     __global const REAL *restrict mean,
                                                     __global const REAL *restrict variance,
                                                     __global REAL *restrict output, int total, int channels,
                                                     int positions, REAL epsilon) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const int c = id / LANES / positions % channels;
  output[id] = fma(input[id] - mean[c], scale[c] / sqrt(variance[c] + epsilon), bias[c]);
}
