// matmul: products of stacks of matrices.
//
//   output[i0,..,i5] = sum_k a[sum_j ij*aj + k*step_a] * b[sum_j ij*bj + k*step_b]
//
// Tensors: output [e0,..,e5] in row-major order: batch, stack, row, column and lane, merged by the host; a and b at strides
// a0..a5 and b0..b5 in elements, 0 along axes they lack.
// Macros: REAL float|double. One work-item computes one element; any local size, the tail is guarded.
// Numerics: fma in REAL over k in order.

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

__kernel void matmul_forward_reference(__global const REAL *restrict a, __global const REAL *restrict b,
                                       __global REAL *restrict output, int total, int inner, int step_a, int step_b,
                                       EXTENTS, STRIDES(a_), STRIDES(b_)) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  DECODE
  __global const REAL *x = a + PLACE(a_), *y = b + PLACE(b_);
  REAL sum = 0;
  for (int k = 0; k < inner; k++)
    sum = fma(x[k * step_a], y[k * step_b], sum);
  output[id] = sum;
}
