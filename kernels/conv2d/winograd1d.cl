// conv2d, Winograd along rows: forward and both gradients of windows of stride 1 whose columns are two or more, dense, two
// columns of the output at a time, for the layouts whose vectors lie across samples.
//
// A window's columns are cut into threes and twos. A three, w, makes its part of two outputs from the inputs d0 ... d3 by
// F(2,3), in four multiply-adds in place of six, a two by F(2,2), in three in place of four:
//   p = (d0 - d2) w0        q = (d1 + d2) (w0 + w1 + w2)/2        r = (d2 - d1) (w0 - w1 + w2)/2        s = (d3 - d1) w2
//   p = (d0 - d1) w0        q = d1 (w0 + w1)                                                            s = (d2 - d1) w1
//   y0 = p + q + r          y1 = q - r + s
// p, q, r, s are summed over parts, rows of the window and channels first. A row of five is seven multiply-adds in place of
// ten.
// S. Winograd, Arithmetic complexity of computations (SIAM, 1980); A. Lavin and S. Gray (arXiv:1509.09308), section 4. The
// gradients are the same form transposed: g0, g0 + g1, g0 - g1 and g1 stand where p, q, r and s stood.
//
// Tensors as in conv2d.cl, GROUPS 1. turned: the numbers beside d0 - d2 and so on, PRODUCTS for a row of the window,
// [C,KH,K,PRODUCTS] for forward, [K,KH,C,PRODUCTS] for an input gradient (GRADIENT 1).
//
// Macros: LANES; the window, STRIDE_W and DILATION_W 1; HAS_BIAS; GRADIENT; tile sizes KT (output channels of forward and of a
// weight gradient), CT (input channels of an input gradient), WT (columns of the output, even, of forward).
// Numerics: fma in the order of conv2d.cl, two columns for one, weight gradients for each half of the blocks; one owner per
// element. Exact for whole numbers as long as three times the sum of products' sizes is below 2^23.

#ifndef LANES
#define LANES 8
#define KH 3
#define KW 3
#define STRIDE_H 1
#define PAD_TOP 0
#define PAD_LEFT 0
#define DILATION_H 1
#define HAS_BIAS 0
#define GRADIENT 0
#define KT 1
#define CT 1
#define WT 2
#endif
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#if LANES == 1
typedef float V;
#define SUM(v) (v)
#else
typedef JOIN(float, LANES) V;
#if LANES == 2
#define SUM(v) ((v).s0 + (v).s1)
#elif LANES == 4
#define SUM(v) (((v).s0 + (v).s2) + ((v).s1 + (v).s3))
#else
inline float sum4(float4 v) { return (v.s0 + v.s2) + (v.s1 + v.s3); }
#if LANES == 8
#define SUM(v) sum4((v).lo + (v).hi)
#else
inline float sum8(float8 v) { return sum4(v.lo + v.hi); }
#define SUM(v) sum8((v).lo + (v).hi)
#endif
#endif
#endif
#define TILES(a, t) (((a) + (t)-1) / (t))

// Parts of a row of the window: THREES of three, then twos.
#if KW % 3 == 1
#define THREES ((KW - 4) / 3)
#else
#define THREES (KW / 3)
#endif
#define TWOS ((KW - 3 * THREES) / 2)
#define PRODUCTS (4 * THREES + 3 * TWOS)

// One work-item per channel that is summed.
__kernel void conv2d_winograd1d_weight(__global const float *restrict weight, __global float *restrict turned, int c_all,
                                       int k_all) {
  const int id = (int)get_global_id(0), rows = GRADIENT ? c_all : k_all;
  if (id >= (GRADIENT ? k_all : c_all))
    return;
  for (int kh = 0; kh < KH; kh++)
    for (int i = 0; i < rows; i++) {
      __global const float *from = weight + ((GRADIENT ? id * c_all + i : i * c_all + id) * KH + kh) * KW;
      __global float *to = turned + ((id * KH + kh) * rows + i) * PRODUCTS;
      for (int t = 0; t < THREES; t++, from += 3, to += 4) {
        to[0] = from[0];
        to[1] = ((from[0] + from[2]) + from[1]) * 0.5f;
        to[2] = ((from[0] + from[2]) - from[1]) * 0.5f;
        to[3] = from[2];
      }
      for (int t = 0; t < TWOS; t++, from += 2, to += 3) {
        to[0] = from[0];
        to[1] = from[0] + from[1];
        to[2] = from[1];
      }
    }
}

// d[0 ... KW]: inputs of columns x0 ... x0 + KW of a row, 0 beside it.
#define LOAD_ROW(d, row, x0, w)                                                                                          \
  if ((x0) >= 0 && (x0) + KW < (w)) {                                                                                    \
    _Pragma("unroll") for (int j = 0; j <= KW; j++) d[j] = (row)[(x0) + j];                                              \
  } else {                                                                                                               \
    _Pragma("unroll") for (int j = 0; j <= KW; j++) d[j] = (x0) + j >= 0 && (x0) + j < (w) ? (row)[(x0) + j] : (V)(0.0f); \
  }

// One work-item: KT output channels, WT columns of one output row.
__kernel void conv2d_winograd1d_forward(__global const V *restrict input, __global const float *restrict turned,
#if HAS_BIAS
                                        __global const float *restrict bias,
#endif
                                        __global V *restrict output, int blocks, int c_all, int h, int w, int k_all, int oh,
                                        int ow) {
  const int ktiles = TILES(k_all, KT), wtiles = TILES(ow, WT);
  int id = (int)get_global_id(0);
  if (id >= blocks * ktiles * oh * wtiles)
    return;
  const int left = id % wtiles * WT;
  id /= wtiles;
  const int oy = id % oh;
  id /= oh;
  const int k0 = id % ktiles * KT, b = id / ktiles;
  for (int ox = left; ox < min(left + WT, ow); ox += 2) {
    V p[KT], q[KT], r[KT], s[KT];
#pragma unroll
    for (int i = 0; i < KT; i++) {
      p[i] = r[i] = s[i] = (V)(0.0f);
#if HAS_BIAS
      q[i] = (V)(bias[min(k0 + i, k_all - 1)]);
#else
      q[i] = (V)(0.0f);
#endif
    }
    const int x0 = ox - PAD_LEFT;
    for (int c = 0; c < c_all; c++)
      for (int kh = 0; kh < KH; kh++) {
        const int y = oy * STRIDE_H - PAD_TOP + kh * DILATION_H;
        if (y < 0 || y >= h)
          continue;
        __global const V *row = input + ((b * c_all + c) * h + y) * w;
        V d[KW + 1];
        LOAD_ROW(d, row, x0, w)
        __global const float *rows = turned + (c * KH + kh) * k_all * PRODUCTS;
#pragma unroll
        for (int t = 0; t < THREES; t++) {
          const V a0 = d[3 * t] - d[3 * t + 2], a1 = d[3 * t + 1] + d[3 * t + 2], a2 = d[3 * t + 2] - d[3 * t + 1],
                  a3 = d[3 * t + 3] - d[3 * t + 1];
#pragma unroll
          for (int i = 0; i < KT; i++) {
            __global const float *u = rows + min(k0 + i, k_all - 1) * PRODUCTS + 4 * t;
            p[i] = fma((V)(u[0]), a0, p[i]);
            q[i] = fma((V)(u[1]), a1, q[i]);
            r[i] = fma((V)(u[2]), a2, r[i]);
            s[i] = fma((V)(u[3]), a3, s[i]);
          }
        }
#pragma unroll
        for (int t = 0; t < TWOS; t++) {
          const int at = 3 * THREES + 2 * t;
          const V a0 = d[at] - d[at + 1], a2 = d[at + 2] - d[at + 1];
#pragma unroll
          for (int i = 0; i < KT; i++) {
            __global const float *u = rows + min(k0 + i, k_all - 1) * PRODUCTS + 4 * THREES + 3 * t;
            p[i] = fma((V)(u[0]), a0, p[i]);
            q[i] = fma((V)(u[1]), d[at + 1], q[i]);
            s[i] = fma((V)(u[2]), a2, s[i]);
          }
        }
      }
#pragma unroll
    for (int i = 0; i < KT; i++)
      if (k0 + i < k_all) {
        __global V *to = output + ((b * k_all + k0 + i) * oh + oy) * ow + ox;
        to[0] = (p[i] + q[i]) + r[i];
        if (ox + 1 < ow)
          to[1] = (q[i] - r[i]) + s[i];
      }
  }
}

// One work-item: CT input channels, one input row. Pairs of the output's columns go from left to right; the last KW - 1 of the
// KW + 1 columns that a pair adds to wait for the next.
__kernel void conv2d_winograd1d_backward_input(__global const V *restrict grad_output, __global const float *restrict turned,
                                               __global V *restrict grad_input, int blocks, int c_all, int h, int w,
                                               int k_all, int oh, int ow) {
  const int ctiles = TILES(c_all, CT);
  int id = (int)get_global_id(0);
  if (id >= blocks * ctiles * h)
    return;
  const int iy = id % h;
  id /= h;
  const int c0 = id % ctiles * CT, b = id / ctiles;
  // The first row of the window whose row of the output is there.
  const int last = (oh - 1) * STRIDE_H, first = max(0, TILES(iy + PAD_TOP - last, DILATION_H));
  V wait[CT][KW + 1];
#pragma unroll
  for (int i = 0; i < CT; i++)
#pragma unroll
    for (int j = 0; j <= KW; j++)
      wait[i][j] = (V)(0.0f);
  for (int ox = 0; ox < ow; ox += 2) {
    V sum[CT][PRODUCTS];
#pragma unroll
    for (int i = 0; i < CT; i++)
#pragma unroll
      for (int j = 0; j < PRODUCTS; j++)
        sum[i][j] = (V)(0.0f);
    for (int k = 0; k < k_all; k++)
      for (int kh = first; kh < KH && kh * DILATION_H <= iy + PAD_TOP; kh++) {
        const int t = iy + PAD_TOP - kh * DILATION_H;
        if (t % STRIDE_H != 0)
          continue;
        __global const V *at = grad_output + ((b * k_all + k) * oh + t / STRIDE_H) * ow + ox;
        const V g0 = at[0], g1 = ox + 1 < ow ? at[1] : (V)(0.0f), plus = g0 + g1, minus = g0 - g1;
        __global const float *rows = turned + (k * KH + kh) * c_all * PRODUCTS;
#pragma unroll
        for (int i = 0; i < CT; i++) {
          __global const float *u = rows + min(c0 + i, c_all - 1) * PRODUCTS;
#pragma unroll
          for (int j = 0; j < 4 * THREES; j += 4) {
            sum[i][j] = fma((V)(u[j]), g0, sum[i][j]);
            sum[i][j + 1] = fma((V)(u[j + 1]), plus, sum[i][j + 1]);
            sum[i][j + 2] = fma((V)(u[j + 2]), minus, sum[i][j + 2]);
            sum[i][j + 3] = fma((V)(u[j + 3]), g1, sum[i][j + 3]);
          }
#pragma unroll
          for (int j = 4 * THREES; j < PRODUCTS; j += 3) {
            sum[i][j] = fma((V)(u[j]), g0, sum[i][j]);
            sum[i][j + 1] = fma((V)(u[j + 1]), plus, sum[i][j + 1]);
            sum[i][j + 2] = fma((V)(u[j + 2]), g1, sum[i][j + 2]);
          }
        }
      }
#pragma unroll
    for (int i = 0; i < CT; i++) {
#pragma unroll
      for (int t = 0; t < THREES; t++) {
        const V *m = sum[i] + 4 * t;
        V *to = wait[i] + 3 * t;
        to[0] += m[0];
        to[1] += (m[1] - m[2]) - m[3];
        to[2] += (m[1] + m[2]) - m[0];
        to[3] += m[3];
      }
#pragma unroll
      for (int t = 0; t < TWOS; t++) {
        const V *m = sum[i] + 4 * THREES + 3 * t;
        V *to = wait[i] + 3 * THREES + 2 * t;
        to[0] += m[0];
        to[1] += (m[1] - m[0]) - m[2];
        to[2] += m[2];
      }
      if (c0 + i < c_all) {
        __global V *row = grad_input + ((b * c_all + c0 + i) * h + iy) * w;
        // Behind the last pair the columns that waited are complete as well.
        const int ready = ox + 2 < ow ? 2 : KW + 1;
        for (int j = 0; j < ready; j++) {
          const int x = ox + j - PAD_LEFT;
          if (x >= 0 && x < w)
            row[x] = wait[i][j];
        }
      }
#pragma unroll
      for (int j = 0; j <= KW; j++)
        wait[i][j] = j + 2 <= KW ? wait[i][j + 2] : (V)(0.0f);
    }
  }
}

// One work-item: KT output channels, one input channel, one row of the window, of one half of the blocks where there are two
// or more. The sums of the second half lie behind those of the first.
__kernel void conv2d_winograd1d_backward_weight(__global const V *restrict input, __global const V *restrict grad_output,
                                                __global float *restrict grad_weight, int blocks, int c_all, int h, int w,
                                                int k_all, int oh, int ow) {
  const int ktiles = TILES(k_all, KT), middle = (blocks + 1) / 2;
  int id = (int)get_global_id(0);
  if (id >= (blocks > 1 ? 2 : 1) * ktiles * c_all * KH)
    return;
  const int kh = id % KH;
  id /= KH;
  const int c = id % c_all;
  id /= c_all;
  const int k0 = id % ktiles * KT, part = id / ktiles, end = part ? blocks : middle;
  V sum[KT][PRODUCTS];
#pragma unroll
  for (int i = 0; i < KT; i++)
#pragma unroll
    for (int j = 0; j < PRODUCTS; j++)
      sum[i][j] = (V)(0.0f);
  for (int b = part * middle; b < end; b++)
    for (int oy = 0; oy < oh; oy++) {
      const int y = oy * STRIDE_H - PAD_TOP + kh * DILATION_H;
      if (y < 0 || y >= h)
        continue;
      __global const V *row = input + ((b * c_all + c) * h + y) * w;
      for (int ox = 0; ox < ow; ox += 2) {
        V g0[KT], g1[KT], plus[KT], minus[KT], d[KW + 1];
#pragma unroll
        for (int i = 0; i < KT; i++) {
          __global const V *at = grad_output + ((b * k_all + min(k0 + i, k_all - 1)) * oh + oy) * ow + ox;
          g0[i] = at[0];
          g1[i] = ox + 1 < ow ? at[1] : (V)(0.0f);
          plus[i] = g0[i] + g1[i];
          minus[i] = g0[i] - g1[i];
        }
        const int x0 = ox - PAD_LEFT;
        LOAD_ROW(d, row, x0, w)
#pragma unroll
        for (int t = 0; t < THREES; t++) {
          const V a0 = d[3 * t] - d[3 * t + 2], a1 = d[3 * t + 1] + d[3 * t + 2], a2 = d[3 * t + 2] - d[3 * t + 1],
                  a3 = d[3 * t + 3] - d[3 * t + 1];
#pragma unroll
          for (int i = 0; i < KT; i++) {
            V *m = sum[i] + 4 * t;
            m[0] = fma(a0, g0[i], m[0]);
            m[1] = fma(a1, plus[i], m[1]);
            m[2] = fma(a2, minus[i], m[2]);
            m[3] = fma(a3, g1[i], m[3]);
          }
        }
#pragma unroll
        for (int t = 0; t < TWOS; t++) {
          const int at = 3 * THREES + 2 * t;
          const V a0 = d[at] - d[at + 1], a2 = d[at + 2] - d[at + 1];
#pragma unroll
          for (int i = 0; i < KT; i++) {
            V *m = sum[i] + 4 * THREES + 3 * t;
            m[0] = fma(a0, g0[i], m[0]);
            m[1] = fma(d[at + 1], plus[i], m[1]);
            m[2] = fma(a2, g1[i], m[2]);
          }
        }
      }
    }
#pragma unroll
  for (int i = 0; i < KT; i++)
    if (k0 + i < k_all) {
      __global float *to = grad_weight + (((part * k_all + k0 + i) * c_all + c) * KH + kh) * KW;
#pragma unroll
      for (int t = 0; t < THREES; t++) {
        const V *m = sum[i] + 4 * t;
        const float plus = SUM(m[1]), minus = SUM(m[2]);
        to[3 * t] = SUM(m[0]) + (plus + minus) * 0.5f;
        to[3 * t + 1] = (plus - minus) * 0.5f;
        to[3 * t + 2] = (plus + minus) * 0.5f + SUM(m[3]);
      }
#pragma unroll
      for (int t = 0; t < TWOS; t++) {
        const V *m = sum[i] + 4 * THREES + 3 * t;
        const float plus = SUM(m[1]);
        to[3 * THREES + 2 * t] = SUM(m[0]) + plus;
        to[3 * THREES + 2 * t + 1] = plus + SUM(m[2]);
      }
    }
}

// The sum of two parts.
__kernel void conv2d_winograd1d_sum(__global const float *restrict sums, __global float *restrict grad_weight, int total) {
  const int id = (int)get_global_id(0);
  if (id < total)
    grad_weight[id] = sums[id] + sums[total + id];
}
