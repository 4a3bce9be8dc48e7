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

#if KIND == 0 && !defined(WIDE)
// tanh as a rational function, numerator and denominator in x*x, fitted to the least relative error (0.35 ULP before
// rounding) on [0, 9.02]; at most 5.2 ULP off, exact at 0, NaN and beyond. The same text as in conv2d_pool2d.cl.
__kernel void activation_forward_rational(__global const float *restrict input, __global float *restrict output,
                                          int total) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const float x = input[id], c = clamp(x, -9.02f, 9.02f), u = c * c;
  float p = fma(u, 1.3319050751192663e-08f, 2.0583465811796486e-05f);
  p = fma(p, u, 0.0034940335899591446f);
  p = fma(p, u, 0.13379716873168945f);
  p = fma(p, u, 1.0f);
  float q = fma(u, 7.762010341139103e-07f, 0.00032830910640768707f);
  q = fma(q, u, 0.025871070101857185f);
  q = fma(q, u, 0.4671303331851959f);
  q = fma(q, u, 1.0f);
  const float y = clamp(c * p / q, -1.0f, 1.0f);
  output[id] = isnan(x) ? x : y;
}
#endif
