// max_pool2d: maximum of each window and where it was found.
//
// Tensors: input [P,H,W,LANES], output and argmax [P,OH,OW,LANES]; P = blocks * channels. argmax is the offset y*W + x in
// the input plane. The first maximum in row-major order wins, any NaN wins over numbers (the first NaN is kept); a window
// wholly in padding gives -INFINITY and -1, and no gradient.
//
// Macros: REAL float|double, LANES, the window. One work-item computes one element; any local size, the tail is guarded.
// Numerics: forward exact; backward adds the gradients of the windows that chose an element in row-major order of windows
// from the last to the first. One owner per element, no atomics.

#ifndef REAL
#define REAL float
#endif
#ifndef LANES
#define LANES 1
#endif
#ifndef KH
#define KH 2
#define KW 2
#define STRIDE_H 2
#define STRIDE_W 2
#define PAD_TOP 0
#define PAD_LEFT 0
#define DILATION_H 1
#define DILATION_W 1
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

__kernel void max_pool2d_forward_reference(__global const REAL *restrict input, __global REAL *restrict output,
                                           __global int *restrict argmax, int total, int h, int w, int oh, int ow) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const int lane = id % LANES, ox = id / LANES % ow, oy = id / LANES / ow % oh, plane = id / LANES / ow / oh;
  __global const REAL *x = input + (long)plane * h * w * LANES + lane;
  REAL best = -INFINITY;
  int where = -1;
  for (int kh = 0; kh < KH; kh++) {
    const int y = oy * STRIDE_H - PAD_TOP + kh * DILATION_H;
    if (y < 0 || y >= h)
      continue;
    for (int kw = 0; kw < KW; kw++) {
      const int c = ox * STRIDE_W - PAD_LEFT + kw * DILATION_W;
      if (c < 0 || c >= w)
        continue;
      const REAL value = x[(y * w + c) * LANES];
      if (where < 0 || value > best || (isnan(value) && !isnan(best))) {
        best = value;
        where = y * w + c;
      }
    }
  }
  output[id] = best;
  argmax[id] = where;
}

__kernel void max_pool2d_backward_input_reference(__global const REAL *restrict grad_output,
                                                  __global const int *restrict argmax,
                                                  __global REAL *restrict grad_input, int total, int h, int w, int oh,
                                                  int ow) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const int lane = id % LANES, x = id / LANES % w, y = id / LANES / w % h, plane = id / LANES / w / h;
  const int first = plane * oh * ow;
  REAL sum = 0;
  for (int kh = 0; kh < KH; kh++) {
    const int t = y + PAD_TOP - kh * DILATION_H;
    if (t < 0 || t % STRIDE_H != 0 || t / STRIDE_H >= oh)
      continue;
    for (int kw = 0; kw < KW; kw++) {
      const int s = x + PAD_LEFT - kw * DILATION_W;
      if (s < 0 || s % STRIDE_W != 0 || s / STRIDE_W >= ow)
        continue;
      const int o = (first + t / STRIDE_H * ow + s / STRIDE_W) * LANES + lane;
      if (argmax[o] == y * w + x)
        sum += grad_output[o];
    }
  }
  grad_input[id] = sum;
}
