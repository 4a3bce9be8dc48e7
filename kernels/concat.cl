// concat: two tensors one behind the other along an axis.
//
// Tensors: a [O,first,inner,LANES], b [O,second,inner,LANES], output [O,first+second,inner,LANES]; O = blocks * outer.
// Macros: REAL float|double, LANES. One work-item copies one element; any local size, the tail is guarded. Exact.

#ifndef REAL
#define REAL float
#endif
#ifndef LANES
#define LANES 1
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

__kernel void concat_forward_reference(__global const REAL *restrict a, __global const REAL *restrict b,
                                       __global REAL *restrict output, int total, int first, int second, int inner) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const int row = inner * LANES, rest = id % row, place = id / row % (first + second), o = id / row / (first + second);
  output[id] = place < first ? a[(o * first + place) * row + rest] : b[(o * second + place - first) * row + rest];
}
