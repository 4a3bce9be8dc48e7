// add: sum of two tensors, element by element.
//
//   forward: output[i] = a[i] + b[i];   accumulate: sum[i] += input[i]
//
// Tensors: all [total], in any layout. No pointer is restrict: output may be a or b.
// Macros: REAL float|double. One work-item computes one element; any local size, the tail is guarded.
// Numerics: one rounding, so the same bits on every device; NaN passes through.

#ifndef REAL
#define REAL float
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

__kernel void add_forward_reference(__global const REAL *a, __global const REAL *b, __global REAL *output, int total) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  output[id] = a[id] + b[id];
}

__kernel void add_accumulate_reference(__global const REAL *input, __global REAL *sum, int total) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  sum[id] += input[id];
}
