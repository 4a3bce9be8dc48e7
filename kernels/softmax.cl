// softmax: probabilities over the classes of each sample, and their gradient.
//
//   forward: y_c = exp(x_c - max) / sum_j exp(x_j - max);   backward: grad_x_c = y_c * (g_c - sum_j g_j y_j)
//
// Tensors: all [B,C,LANES], element (n,c) at (n/LANES*C + c)*LANES + n%LANES. backward takes the output y, not the input.
// Macros: REAL float|double, LANES. One work-item computes one sample; any local size, the tail is guarded.
// Numerics: maximum subtracted; sums in class order, the dot product with fma. NaN or +Inf in a sample makes it NaN, -Inf
// has the probability 0.

#ifndef REAL
#define REAL float
#endif
#ifndef LANES
#define LANES 1
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

__kernel void softmax_forward_reference(__global const REAL *restrict input, __global REAL *restrict output, int samples,
                                        int classes) {
  const int n = (int)get_global_id(0);
  if (n >= samples)
    return;
  const int first = n / LANES * classes * LANES + n % LANES;
  __global const REAL *x = input + first;
  REAL most = x[0];
  for (int c = 1; c < classes; c++)
    most = x[c * LANES] > most ? x[c * LANES] : most;
  REAL sum = 0;
  for (int c = 0; c < classes; c++)
    sum += exp(x[c * LANES] - most);
  for (int c = 0; c < classes; c++)
    output[first + c * LANES] = exp(x[c * LANES] - most) / sum;
}

__kernel void softmax_backward_input_reference(__global const REAL *restrict output,
                                               __global const REAL *restrict grad_output,
                                               __global REAL *restrict grad_input, int samples, int classes) {
  const int n = (int)get_global_id(0);
  if (n >= samples)
    return;
  const int first = n / LANES * classes * LANES + n % LANES;
  __global const REAL *y = output + first, *g = grad_output + first;
  REAL sum = 0;
  for (int c = 0; c < classes; c++)
    sum = fma(g[c * LANES], y[c * LANES], sum);
  for (int c = 0; c < classes; c++)
    grad_input[first + c * LANES] = y[c * LANES] * (g[c * LANES] - sum);
}
