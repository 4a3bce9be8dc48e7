// avg_pool2d: mean of each window.
//
// Tensors: input [P,H,W,LANES], output [P,OH,OW,LANES], reciprocal [OH,OW]; P = blocks * channels. reciprocal holds one
// over the divisor of each window, made on the host: positions in the input, or in input and padding when padding counts,
// and 0 for a window that has none.
//
// Macros: REAL float|double, LANES, the window. One work-item computes one element; any local size, the tail is guarded.
// Numerics: forward sums a window in row-major order, then multiplies; backward adds gradient times reciprocal, kernel
// positions in row-major order, with fma.

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

__kernel void avg_pool2d_forward_reference(__global const REAL *restrict input, __global const REAL *restrict reciprocal,
                                           __global REAL *restrict output, int total, int h, int w, int oh, int ow) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const int lane = id % LANES, ox = id / LANES % ow, oy = id / LANES / ow % oh, plane = id / LANES / ow / oh;
  __global const REAL *x = input + (long)plane * h * w * LANES + lane;
  REAL sum = 0;
  for (int kh = 0; kh < KH; kh++) {
    const int y = oy * STRIDE_H - PAD_TOP + kh * DILATION_H;
    if (y < 0 || y >= h)
      continue;
    for (int kw = 0; kw < KW; kw++) {
      const int c = ox * STRIDE_W - PAD_LEFT + kw * DILATION_W;
      if (c >= 0 && c < w)
        sum += x[(y * w + c) * LANES];
    }
  }
  output[id] = sum * reciprocal[oy * ow + ox];
}

__kernel void avg_pool2d_backward_input_reference(__global const REAL *restrict grad_output,
                                                  __global const REAL *restrict reciprocal,
                                                  __global REAL *restrict grad_input, int total, int h, int w, int oh,
                                                  int ow) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const int lane = id % LANES, x = id / LANES % w, y = id / LANES / w % h, plane = id / LANES / w / h;
  REAL sum = 0;
  for (int kh = 0; kh < KH; kh++) {
    const int t = y + PAD_TOP - kh * DILATION_H;
    if (t < 0 || t % STRIDE_H != 0 || t / STRIDE_H >= oh)
      continue;
    for (int kw = 0; kw < KW; kw++) {
      const int s = x + PAD_LEFT - kw * DILATION_W;
      if (s < 0 || s % STRIDE_W != 0 || s / STRIDE_W >= ow)
        continue;
      const int o = t / STRIDE_H * ow + s / STRIDE_W;
      sum = fma(grad_output[(plane * oh * ow + o) * LANES + lane], reciprocal[o], sum);
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

__kernel void avg_pool2d_forward_rows(__global const V *restrict input, __global const float *restrict reciprocal,
                                      __global V *restrict output, int planes, int rows, int h, int w, int oh, int ow) {
  const int chunks = (oh + rows - 1) / rows;
  const int plane = (int)get_global_id(0) / chunks, first = (int)get_global_id(0) % chunks * rows;
  if (plane >= planes)
    return;
  __global const V *x = input + (long)plane * h * w;
  for (int oy = first; oy < min(first + rows, oh); oy++) {
    for (int ox = 0; ox < ow; ox++) {
      V sum = (V)(0);
#pragma unroll
      for (int kh = 0; kh < KH; kh++) {
        const int y = oy * STRIDE_H - PAD_TOP + kh * DILATION_H;
#pragma unroll
        for (int kw = 0; kw < KW; kw++) {
          const int c = ox * STRIDE_W - PAD_LEFT + kw * DILATION_W;
          if (y >= 0 && y < h && c >= 0 && c < w)
            sum += x[y * w + c];
        }
      }
      output[((long)plane * oh + oy) * ow + ox] = sum * (V)(reciprocal[oy * ow + ox]);
    }
  }
}

__kernel void avg_pool2d_backward_input_rows(__global const V *restrict grad_output,
                                             __global const float *restrict reciprocal, __global V *restrict grad_input,
                                             int planes, int rows, int h, int w, int oh, int ow) {
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
          const int o = t / STRIDE_H * ow + s / STRIDE_W;
          sum = fma(grad_output[first + o], (V)(reciprocal[o]), sum);
        }
      }
      grad_input[((long)plane * h + y) * w + x] = sum;
    }
  }
}
#endif
