// broadcast: a function of two tensors element by element, axes of extent 1 repeated.
//
//   output[i0,..,i5] = a[sum_k ik*ak] op b[sum_k ik*bk]
//
// Tensors: output [e0,..,e5] in row-major order (lanes are an axis like any other); a and b at strides a0..a5 and b0..b5 in
// elements, 0 where an axis is repeated. The host merges axes, so small ranks cost no more divisions than these six.
// Macros: REAL float|double; KIND 0 add, 1 subtract, 2 multiply, 3 minimum, 4 maximum. One work-item computes one element;
// any local size, the tail is guarded.
// Numerics: one rounding; a NaN operand gives NaN.

#ifndef REAL
#define REAL float
#endif
#ifndef KIND
#define KIND 0
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

// Axes 1..5 of the output; axis 0 takes what remains.
#define DECODE                                                                                                         \
  const int i5 = id % e5, i4 = id / e5 % e4, i3 = id / e5 / e4 % e3, i2 = id / e5 / e4 / e3 % e2,                      \
            i1 = id / e5 / e4 / e3 / e2 % e1, i0 = id / e5 / e4 / e3 / e2 / e1;
#define PLACE(s) (i0 * s##0 + i1 * s##1 + i2 * s##2 + i3 * s##3 + i4 * s##4 + i5 * s##5)
#define STRIDES(s) int s##0, int s##1, int s##2, int s##3, int s##4, int s##5
#define EXTENTS int e1, int e2, int e3, int e4, int e5

__kernel void broadcast_forward_reference(__global const REAL *a, __global const REAL *b, __global REAL *restrict output,
                                          int total, EXTENTS, STRIDES(a_), STRIDES(b_)) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  DECODE
  const REAL x = a[PLACE(a_)], y = b[PLACE(b_)];
#if KIND == 0
  output[id] = x + y;
#elif KIND == 1
  output[id] = x - y;
#elif KIND == 2
  output[id] = x * y;
#elif KIND == 3
  output[id] = x < y || isnan(x) ? x : y;
#else
  output[id] = x > y || isnan(x) ? x : y;
#endif
}
