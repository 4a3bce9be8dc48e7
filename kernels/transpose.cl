// transpose: axes in another order.
//
//   output[i0,..,i5] = input[sum_k ik*sk]
//
// Tensors: output [e0,..,e5] in row-major order (batch in front, lanes last), input at strides s0..s5 in elements.
// Macros: REAL float|double. One work-item copies one element; any local size, the tail is guarded. Exact.

#ifndef REAL
#define REAL float
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

__kernel void transpose_forward_reference(__global const REAL *restrict input, __global REAL *restrict output, int total,
                                          EXTENTS, STRIDES(s_)) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  DECODE
  output[id] = input[PLACE(s_)];
}
