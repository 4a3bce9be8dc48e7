// elementwise: a function of each element with two parameters.
//
//   KIND 0 elu: x < 0 ? p*(exp(x) - 1) : x;  1 softplus: max(x, 0) + log1p(exp(-|x|));  2 clip: at least p, then at most q;
//   3 affine: p*x + q
//
// Tensors: input, output [total], in any layout. Macros: REAL float|double, KIND. One work-item computes one element; any
// local size, the tail is guarded.
// Numerics: NaN passes through; affine is one fma. exp, expm1 and log1p as the device's library rounds them.

#ifndef REAL
#define REAL float
#endif
#ifndef KIND
#define KIND 0
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

__kernel void elementwise_forward_reference(__global const REAL *restrict input, __global REAL *restrict output, int total,
                                          REAL p, REAL q) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const REAL x = input[id];
#if KIND == 0
  output[id] = x < 0 ? p * expm1(x) : x;
#elif KIND == 1
  output[id] = (x > 0 ? x : (REAL)0) + log1p(exp(-fabs(x)));
#elif KIND == 2
  const REAL raised = x < p ? p : x;
  output[id] = raised > q ? q : raised;
#else
  output[id] = fma(p, x, q);
#endif
}
