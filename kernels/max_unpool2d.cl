// max_unpool2d: each value to the place its maximum came from, zeros elsewhere.
//
// Tensors: input, argmax [P,H*W,LANES], output [P,OH,OW,LANES]; P = blocks * channels. argmax modulo plane_h*plane_w is the
// offset in a plane that lies in the upper left corner of the output; a negative one is skipped.
// Macros: REAL float|double, LANES. One work-item writes one plane of one lane, in row-major order, so that of several
// values for one place the last stays; any local size, the tail is guarded. Exact.

#ifndef REAL
#define REAL float
#endif
#ifndef LANES
#define LANES 1
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

__kernel void max_unpool2d_forward_reference(__global const REAL *restrict input, __global const int *restrict argmax,
                                             __global REAL *restrict output, int planes, int pixels, int plane_h,
                                             int plane_w, int oh, int ow) {
  const int id = (int)get_global_id(0);
  if (id >= planes)
    return;
  const int lane = id % LANES, plane = id / LANES;
  __global REAL *y = output + (long)plane * oh * ow * LANES + lane;
  for (int i = 0; i < oh * ow; i++)
    y[i * LANES] = 0;
  for (int i = 0; i < pixels; i++) {
    const int at = (plane * pixels + i) * LANES + lane, where = argmax[at];
    if (where >= 0) {
      const int place = where % (plane_h * plane_w);
      y[(place / plane_w * ow + place % plane_w) * LANES] = input[at];
    }
  }
}
