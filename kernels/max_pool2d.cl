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

// Rows of one plane for LANES samples at once: the form for devices with vectors and few work-items. `rows` is how many
// rows one work-item takes; global size = planes * ceil(all rows / rows).

#if LANES > 1 && !defined(WIDE)
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
typedef JOIN(float, LANES) V;
typedef JOIN(int, LANES) I;

__kernel void max_pool2d_forward_rows(__global const V *restrict input, __global V *restrict output,
                                      __global I *restrict argmax, int planes, int rows, int h, int w, int oh, int ow) {
  const int chunks = (oh + rows - 1) / rows;
  const int plane = (int)get_global_id(0) / chunks, first = (int)get_global_id(0) % chunks * rows;
  if (plane >= planes)
    return;
  __global const V *x = input + (long)plane * h * w;
  for (int oy = first; oy < min(first + rows, oh); oy++) {
    for (int ox = 0; ox < ow; ox++) {
      V best = (V)(-INFINITY);
      I where = (I)(-1);
      bool seen = false;
#pragma unroll
      for (int kh = 0; kh < KH; kh++) {
        const int y = oy * STRIDE_H - PAD_TOP + kh * DILATION_H;
#pragma unroll
        for (int kw = 0; kw < KW; kw++) {
          const int c = ox * STRIDE_W - PAD_LEFT + kw * DILATION_W;
          if (y < 0 || y >= h || c < 0 || c >= w)
            continue;
          const V value = x[y * w + c];
          const I take = seen ? (value > best) | (isnan(value) & ~isnan(best)) : (I)(-1);
          best = select(best, value, take);
          where = select(where, (I)(y * w + c), take);
          seen = true;
        }
      }
      output[((long)plane * oh + oy) * ow + ox] = best;
      argmax[((long)plane * oh + oy) * ow + ox] = where;
    }
  }
}

__kernel void max_pool2d_backward_input_rows(__global const V *restrict grad_output, __global const I *restrict argmax,
                                             __global V *restrict grad_input, int planes, int rows, int h, int w, int oh,
                                             int ow) {
  const int chunks = (h + rows - 1) / rows;
  const int plane = (int)get_global_id(0) / chunks, top = (int)get_global_id(0) % chunks * rows;
  if (plane >= planes)
    return;
  const long first = (long)plane * oh * ow;
  for (int y = top; y < min(top + rows, h); y++) {
    for (int x = 0; x < w; x++) {
      V sum = (V)(0);
#pragma unroll
      for (int kh = 0; kh < KH; kh++) {
        const int t = y + PAD_TOP - kh * DILATION_H;
        if (t < 0 || t % STRIDE_H != 0 || t / STRIDE_H >= oh)
          continue;
#pragma unroll
        for (int kw = 0; kw < KW; kw++) {
          const int s = x + PAD_LEFT - kw * DILATION_W;
          if (s < 0 || s % STRIDE_W != 0 || s / STRIDE_W >= ow)
            continue;
          const long o = first + t / STRIDE_H * ow + s / STRIDE_W;
          sum += select((V)(0), grad_output[o], argmax[o] == y * w + x);
        }
      }
      grad_input[((long)plane * h + y) * w + x] = sum;
    }
  }
}
#endif
