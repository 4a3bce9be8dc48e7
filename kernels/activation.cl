// activation: tanh, sigmoid, relu, leaky relu, element by element.
//
// Tensors: input, output, gradients [total]. KIND 0 tanh, 1 sigmoid, 2 relu, 3 leaky relu with SLOPE for x <= 0.
// backward takes the output: tanh' = 1 - y*y, sigmoid' = y*(1 - y), relu' = y > 0, leaky' = y > 0 ? 1 : SLOPE (0 and NaN take SLOPE, as in PyTorch).
// One work-item computes one element; any local size, the tail is guarded.
// Numerics: NaN passes through (x <= 0 ? 0 : x, not fmax). Sigmoid in its stable form: exp of a negative number only.

#ifndef REAL
#define REAL float
#endif
#ifndef KIND
#define KIND 2
#endif
#ifndef SLOPE
#define SLOPE 0.01
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

__kernel void activation_forward_reference(__global const REAL *restrict input, __global REAL *restrict output, int total) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const REAL x = input[id];
#if KIND == 0
  output[id] = tanh(x);
#elif KIND == 1
  const REAL e = exp(-fabs(x));
  output[id] = (x < 0 ? e : (REAL)1) / (1 + e);
#elif KIND == 2
  output[id] = x <= 0 ? (REAL)0 : x;
#else
  output[id] = x <= 0 ? (REAL)(SLOPE)*x : x;
#endif
}

__kernel void activation_backward_input_reference(__global const REAL *restrict output,
                                                  __global const REAL *restrict grad_output,
                                                  __global REAL *restrict grad_input, int total) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const REAL y = output[id], g = grad_output[id];
#if KIND == 0
  grad_input[id] = g * (1 - y * y);
#elif KIND == 1
  grad_input[id] = g * (y * (1 - y));
#elif KIND == 2
  grad_input[id] = y <= 0 ? (REAL)0 : g;
#else
  grad_input[id] = y > 0 ? g : (REAL)(SLOPE)*g;
#endif
}
