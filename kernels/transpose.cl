// transpose: axes in another order.
//
//   output[i0,..,i5] = input[sum_k ik*sk]
//
// Tensors: output [e0,..,e5] in row-major order (batch in front, lanes last), input at strides s0..s5 in elements.
// Macros: REAL float|double. One work-item copies one element; any local size, the tail is guarded. Exact.
//
// interleave: samples one after the other to samples side by side, output[n,f,r] = input[n,r,f] for r < LANES (2, 4, 8 or 16);
// one work-item moves LANES features of LANES samples in registers.

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

#if defined(LANES) && LANES > 1
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
typedef JOIN(float, LANES) V;
#define LOAD JOIN(vload, LANES)
#define STORE JOIN(vstore, LANES)

__kernel void transpose_forward_interleave(__global const float *restrict input, __global float *restrict output,
                                           int blocks, int features) {
  const int tiles = (features + LANES - 1) / LANES, id = (int)get_global_id(0);
  if (id >= blocks * tiles)
    return;
  const int first = id % tiles * LANES, block = id / tiles;
  __global const float *from = input + (long)block * LANES * features + first;
  __global float *to = output + ((long)block * features + first) * LANES;
  if (first + LANES > features) {
    for (int f = 0; f < features - first; f++)
      for (int r = 0; r < LANES; r++)
        to[f * LANES + r] = from[r * features + f];
    return;
  }
  V rows[LANES];
#pragma unroll
  for (int r = 0; r < LANES; r++)
    rows[r] = LOAD(0, from + r * features);
  // Each round riffles the rows of the upper half between those of the lower one; log2(LANES) rounds transpose.
#pragma unroll
  for (int round = 1; round < LANES; round *= 2) {
    V mixed[LANES];
#pragma unroll
    for (int r = 0; r < LANES / 2; r++) {
      const V a = rows[r], b = rows[r + LANES / 2];
      mixed[2 * r].even = a.lo;
      mixed[2 * r].odd = b.lo;
      mixed[2 * r + 1].even = a.hi;
      mixed[2 * r + 1].odd = b.hi;
    }
#pragma unroll
    for (int r = 0; r < LANES; r++)
      rows[r] = mixed[r];
  }
#pragma unroll
  for (int f = 0; f < LANES; f++)
    STORE(rows[f], 0, to + f * LANES);
}
#endif
