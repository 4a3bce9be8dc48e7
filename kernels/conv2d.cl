// conv2d: 2-D cross-correlation and its gradients.
//
//   output[n,k,oy,ox] = bias[k] + sum_{c,kh,kw} input[n,c,oy*STRIDE_H-PAD_TOP+kh*DILATION_H,
//                                                         ox*STRIDE_W-PAD_LEFT+kw*DILATION_W] * weight[k,c,kh,kw]
//
// Tensors: input [B,C,H,W,LANES], output [B,K,OH,OW,LANES], weight [K,CG,KH,KW], bias [K]; B = blocks of LANES samples,
// element (b,f,lane) of a plane p lies at ((b*F + f)*P + p)*LANES + lane. LANES 1 is NCHW. CG = C/GROUPS, KG = K/GROUPS.
//
// Macros: REAL float|double; LANES 1,2,4,8,16; the window; GROUPS; HAS_BIAS 0|1; tile sizes KT (output channels), CT
// (input channels), WT (columns) of one work-item; WHOLE_ROW, defined only for an input gradient of stride 1 whose tile is a
// whole row, is the output's width. One work-item computes one tile for LANES samples; global size = number
// of tiles, any local size (the index is flat and guarded). KT = CT = WT = 1 is the reference form.
//
// Numerics: fma in REAL, summed over c, then kh, then kw (forward), k, kh, kw (input gradient), block, oy, ox per lane and
// then over lanes by halves, for each half of the blocks (weight and bias gradients). One owner per output element, no
// atomics: the same bits always.

#ifndef REAL
#define REAL float
#endif
#ifndef LANES
#define LANES 1
#endif
#ifndef GROUPS
#define GROUPS 1
#endif
#ifndef HAS_BIAS
#define HAS_BIAS 1
#endif
#ifndef KH
#define KH 3
#define KW 3
#define STRIDE_H 1
#define STRIDE_W 1
#define PAD_TOP 0
#define PAD_LEFT 0
#define DILATION_H 1
#define DILATION_W 1
#endif
#ifndef KT
#define KT 1
#endif
#ifndef CT
#define CT 1
#endif
#ifndef WT
#define WT 1
#endif
#ifndef KL
#define KL 1
#define KL_DIVIDES 1
#endif

#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#if LANES == 1
typedef REAL V;
#define SUM(v) (v)
#else
typedef JOIN(REAL, LANES) V;
#if LANES == 2
#define SUM(v) ((v).s0 + (v).s1)
#elif LANES == 4
#define SUM(v) (((v).s0 + (v).s2) + ((v).s1 + (v).s3))
#else
inline REAL sum4(JOIN(REAL, 4) v) { return (v.s0 + v.s2) + (v.s1 + v.s3); }
#if LANES == 8
#define SUM(v) sum4((v).lo + (v).hi)
#else
inline REAL sum8(JOIN(REAL, 8) v) { return sum4(v.lo + v.hi); }
#define SUM(v) sum8((v).lo + (v).hi)
#endif
#endif
#endif

// With a kernel of one point there is so little to do for a channel that stepping from one to the next counts.
#if KH == 1 && KW == 1
#define UNROLL_POINTS _Pragma("unroll 4")
#else
#define UNROLL_POINTS
#endif

#define TILES(a, t) (((a) + (t) - 1) / (t))

// Gradients of parameters are the sum of those of two halves of the blocks: other forms compute the halves apart.
#define HALVES(second, middle, blocks)                                                                                     \
  const int middle = ((blocks) + 1) / 2;                                                                                 \
  for (int second = 0; second < ((blocks) > 1 ? 2 : 1); second++)

// Columns of one row that a tile of WT outputs touches.
#define SEGMENT ((WT - 1) * STRIDE_W + (KW - 1) * DILATION_W + 1)

// One work-item: KT output channels of one group, WT columns of one output row.
__kernel void conv2d_forward(__global const V *restrict input, __global const REAL *restrict weight,
#if HAS_BIAS
                             __global const REAL *restrict bias,
#endif
                             __global V *restrict output, int blocks, int c_all, int h, int w, int k_all, int oh, int ow) {
  const int cg = c_all / GROUPS, kg = k_all / GROUPS;
  const int ktiles = TILES(kg, KT), wtiles = TILES(ow, WT);
  int id = (int)get_global_id(0);
  if (id >= blocks * GROUPS * ktiles * oh * wtiles)
    return;
  const int ox0 = id % wtiles * WT;
  id /= wtiles;
  const int oy = id % oh;
  id /= oh;
  const int k0 = id % ktiles * KT;
  id /= ktiles;
  const int group = id % GROUPS, b = id / GROUPS;

  V acc[KT][WT];
#pragma unroll
  for (int i = 0; i < KT; i++) {
#if HAS_BIAS
    const REAL start = bias[group * kg + min(k0 + i, kg - 1)];
#else
    const REAL start = 0;
#endif
#pragma unroll
    for (int j = 0; j < WT; j++)
      acc[i][j] = (V)(start);
  }
  const int x0 = ox0 * STRIDE_W - PAD_LEFT;
  const bool inside = x0 >= 0 && x0 + SEGMENT <= w;
  UNROLL_POINTS
  for (int c = 0; c < cg; c++) {
    __global const V *plane = input + (b * c_all + group * cg + c) * h * w;
    for (int kh = 0; kh < KH; kh++) {
      const int y = oy * STRIDE_H - PAD_TOP + kh * DILATION_H;
      if (y < 0 || y >= h)
        continue;
      V x[SEGMENT];
      if (inside) {
#pragma unroll
        for (int j = 0; j < SEGMENT; j++)
          x[j] = plane[y * w + x0 + j];
      } else {
#pragma unroll
        for (int j = 0; j < SEGMENT; j++)
          x[j] = x0 + j >= 0 && x0 + j < w ? plane[y * w + x0 + j] : (V)(0);
      }
#pragma unroll
      for (int i = 0; i < KT; i++) {
        __global const REAL *row = weight + (((group * kg + min(k0 + i, kg - 1)) * cg + c) * KH + kh) * KW;
#pragma unroll
        for (int kw = 0; kw < KW; kw++) {
          const V value = (V)(row[kw]);
#pragma unroll
          for (int j = 0; j < WT; j++)
            acc[i][j] = fma(value, x[j * STRIDE_W + kw * DILATION_W], acc[i][j]);
        }
      }
    }
  }
#pragma unroll
  for (int i = 0; i < KT; i++) {
    if (k0 + i < kg) {
      __global V *row = output + ((b * k_all + group * kg + k0 + i) * oh + oy) * ow;
#pragma unroll
      for (int j = 0; j < WT; j++)
        if (ox0 + j < ow)
          row[ox0 + j] = acc[i][j];
    }
  }
}

// One work-item: CT input channels of one group, WT columns of one input row.
__kernel void conv2d_backward_input(__global const V *restrict grad_output, __global const REAL *restrict weight,
                                    __global V *restrict grad_input, int blocks, int c_all, int h, int w, int k_all,
                                    int oh, int ow) {
  const int cg = c_all / GROUPS, kg = k_all / GROUPS;
  const int ctiles = TILES(cg, CT), wtiles = TILES(w, WT);
  int id = (int)get_global_id(0);
  if (id >= blocks * GROUPS * ctiles * h * wtiles)
    return;
  const int ix0 = id % wtiles * WT;
  id /= wtiles;
  const int iy = id % h;
  id /= h;
  const int c0 = id % ctiles * CT;
  id /= ctiles;
  const int group = id % GROUPS, b = id / GROUPS;

  V acc[CT][WT];
#pragma unroll
  for (int i = 0; i < CT; i++)
#pragma unroll
    for (int j = 0; j < WT; j++)
      acc[i][j] = (V)(0);
  UNROLL_POINTS
  for (int k = 0; k < kg; k++) {
    __global const V *plane = grad_output + (b * k_all + group * kg + k) * oh * ow;
    for (int kh = 0; kh < KH; kh++) {
      const int t = iy + PAD_TOP - kh * DILATION_H;
      if (t < 0 || t % STRIDE_H != 0 || t / STRIDE_H >= oh)
        continue;
      __global const V *row = plane + t / STRIDE_H * ow;
#if STRIDE_W == 1
      // Output columns ix + PAD_LEFT - kw*DILATION_W; the leftmost one belongs to the last kw.
      V g[SEGMENT];
#ifdef WHOLE_ROW
      // The tile is the whole row: what lies beyond the WHOLE_ROW columns of the output is known here and costs nothing.
      const int x0 = PAD_LEFT - (KW - 1) * DILATION_W;
#pragma unroll
      for (int j = 0; j < SEGMENT; j++)
        if (x0 + j >= 0 && x0 + j < WHOLE_ROW)
          g[j] = row[x0 + j];
#else
      const int x0 = ix0 + PAD_LEFT - (KW - 1) * DILATION_W;
      if (x0 >= 0 && x0 + SEGMENT <= ow) {
#pragma unroll
        for (int j = 0; j < SEGMENT; j++)
          g[j] = row[x0 + j];
      } else {
#pragma unroll
        for (int j = 0; j < SEGMENT; j++)
          g[j] = x0 + j >= 0 && x0 + j < ow ? row[x0 + j] : (V)(0);
      }
#endif
#endif
#pragma unroll
      for (int i = 0; i < CT; i++) {
        __global const REAL *wrow = weight + (((group * kg + k) * cg + min(c0 + i, cg - 1)) * KH + kh) * KW;
#pragma unroll
        for (int kw = 0; kw < KW; kw++) {
          const V value = (V)(wrow[kw]);
#pragma unroll
          for (int j = 0; j < WT; j++) {
#if defined(WHOLE_ROW)
            const int at = j + (KW - 1 - kw) * DILATION_W;
            if (x0 + at >= 0 && x0 + at < WHOLE_ROW)
              acc[i][j] = fma(value, g[at], acc[i][j]);
#elif STRIDE_W == 1
            acc[i][j] = fma(value, g[j + (KW - 1 - kw) * DILATION_W], acc[i][j]);
#else
            const int s = ix0 + j + PAD_LEFT - kw * DILATION_W;
            if (s >= 0 && s % STRIDE_W == 0 && s / STRIDE_W < ow)
              acc[i][j] = fma(value, row[s / STRIDE_W], acc[i][j]);
#endif
          }
        }
      }
    }
  }
#pragma unroll
  for (int i = 0; i < CT; i++) {
    if (c0 + i < cg) {
      __global V *row = grad_input + ((b * c_all + group * cg + c0 + i) * h + iy) * w;
#pragma unroll
      for (int j = 0; j < WT; j++)
        if (ix0 + j < w)
          row[ix0 + j] = acc[i][j];
    }
  }
}

// One work-item: KT output channels x CT input channels x one kernel row, all kernel columns.
__kernel void conv2d_backward_weight(__global const V *restrict input, __global const V *restrict grad_output,
                                     __global REAL *restrict grad_weight, int blocks, int c_all, int h, int w,
                                     int k_all, int oh, int ow) {
  const int cg = c_all / GROUPS, kg = k_all / GROUPS;
  const int ktiles = TILES(kg, KT), ctiles = TILES(cg, CT);
  int id = (int)get_global_id(0);
  if (id >= GROUPS * ktiles * ctiles * KH)
    return;
  const int kh = id % KH;
  id /= KH;
  const int c0 = id % ctiles * CT;
  id /= ctiles;
  const int k0 = id % ktiles * KT, group = id / ktiles;

  HALVES(second, middle, blocks) {
    V acc[KT][CT][KW];
#pragma unroll
    for (int i = 0; i < KT; i++)
#pragma unroll
      for (int c = 0; c < CT; c++)
#pragma unroll
        for (int kw = 0; kw < KW; kw++)
          acc[i][c][kw] = (V)(0);
    for (int b = second ? middle : 0; b < (second ? blocks : middle); b++) {
      for (int oy = 0; oy < oh; oy++) {
        const int y = oy * STRIDE_H - PAD_TOP + kh * DILATION_H;
        if (y < 0 || y >= h)
          continue;
        for (int ox = 0; ox < ow; ox++) {
          V g[KT];
#pragma unroll
          for (int i = 0; i < KT; i++)
            g[i] = grad_output[((b * k_all + group * kg + min(k0 + i, kg - 1)) * oh + oy) * ow + ox];
#pragma unroll
          for (int c = 0; c < CT; c++) {
            __global const V *row = input + ((b * c_all + group * cg + min(c0 + c, cg - 1)) * h + y) * w;
#pragma unroll
            for (int kw = 0; kw < KW; kw++) {
              const int x = ox * STRIDE_W - PAD_LEFT + kw * DILATION_W;
              const V value = x >= 0 && x < w ? row[x] : (V)(0);
#pragma unroll
              for (int i = 0; i < KT; i++)
                acc[i][c][kw] = fma(g[i], value, acc[i][c][kw]);
            }
          }
        }
      }
    }
#pragma unroll
    for (int i = 0; i < KT; i++)
#pragma unroll
      for (int c = 0; c < CT; c++)
        if (k0 + i < kg && c0 + c < cg)
#pragma unroll
          for (int kw = 0; kw < KW; kw++) {
            __global REAL *to = grad_weight + (((group * kg + k0 + i) * cg + c0 + c) * KH + kh) * KW + kw;
            *to = second ? *to + SUM(acc[i][c][kw]) : SUM(acc[i][c][kw]);
          }
  }
}

// One work-item: one output channel; with two parts, of the first or the second half of the blocks.
__kernel void conv2d_backward_bias(__global const V *restrict grad_output, __global REAL *restrict grad_bias, int blocks,
                                   int k_all, int positions, int parts) {
  const int id = (int)get_global_id(0), k = id % k_all;
  if (id >= parts * k_all)
    return;
  HALVES(second, middle, blocks) {
    if (parts == 2 && second != id / k_all)
      continue;
    V acc = (V)(0);
    for (int b = second ? middle : 0; b < (second ? blocks : middle); b++)
      for (int p = 0; p < positions; p++)
        acc += grad_output[(b * k_all + k) * positions + p];
    grad_bias[id] = second && parts == 1 ? grad_bias[id] + SUM(acc) : SUM(acc);
  }
}

// The sum of two parts.
__kernel void conv2d_sum(__global const REAL *restrict sums, __global REAL *restrict gradient, int total) {
  const int id = (int)get_global_id(0);
  if (id < total)
    gradient[id] = sums[id] + sums[total + id];
}

// Weight gradient of a linear layer, a 1x1 convolution of images of one pixel: a matrix product over samples. Vectors lie
// across input channels here: samples are turned round in registers, LANES channels of a chunk at a time, so that no sum
// across lanes is needed. One work-item: LANES input channels of one group, KL output channels at a time (KL_DIVIDES: without
// a rest) for all of the group. Summed over blocks, then lanes in order, chunk by chunk.
#if LANES > 1 && KH == 1 && KW == 1
#define CHUNK 4
#if KL_DIVIDES
#define ROW(k0, i, kg) ((k0) + (i))
#else
#define ROW(k0, i, kg) min((k0) + (i), (kg)-1)
#endif

__kernel void conv2d_backward_weight_linear(__global const V *restrict input, __global const V *restrict grad_output,
                                            __global REAL *restrict grad_weight, int blocks, int c_all, int k_all) {
  const int cg = c_all / GROUPS, kg = k_all / GROUPS, ctiles = TILES(cg, LANES);
  const int id = (int)get_global_id(0);
  if (id >= GROUPS * ctiles)
    return;
  const int c0 = id % ctiles * LANES, group = id / ctiles, live = min(LANES, cg - c0);
  REAL turned[CHUNK * LANES][LANES] __attribute__((aligned(64)));
  for (int q0 = 0; q0 < blocks; q0 += CHUNK) {
    const int chunk = min(CHUNK, blocks - q0);
    for (int q = 0; q < chunk; q++) {
      for (int c = 0; c < LANES; c++) {
        const int channel = group * cg + c0 + min(c, live - 1);
        __global const REAL *x = (__global const REAL *)(input + (long)(q0 + q) * c_all + channel);
        for (int lane = 0; lane < LANES; lane++)
          turned[q * LANES + lane][c] = x[lane];
      }
    }
    for (int k0 = 0; k0 < kg; k0 += KL) {
      V acc[KL];
#pragma unroll
      for (int i = 0; i < KL; i++)
        acc[i] = (V)(0);
      for (int q = 0; q < chunk; q++) {
        __global const REAL *g = (__global const REAL *)(grad_output + (long)(q0 + q) * k_all + group * kg);
        for (int lane = 0; lane < LANES; lane++) {
          const V x = *(const V *)turned[q * LANES + lane];
#pragma unroll
          for (int i = 0; i < KL; i++)
            acc[i] = fma((V)(g[ROW(k0, i, kg) * LANES + lane]), x, acc[i]);
        }
      }
      for (int i = 0; i < KL && k0 + i < kg; i++) {
        __global REAL *to = grad_weight + (long)(group * kg + k0 + i) * cg + c0;
        if (live == LANES) {
          JOIN(vstore, LANES)(q0 == 0 ? acc[i] : JOIN(vload, LANES)(0, to) + acc[i], 0, to);
        } else {
          REAL sums[LANES] __attribute__((aligned(64)));
          *(V *)sums = acc[i];
          for (int c = 0; c < live; c++)
            to[c] = q0 == 0 ? sums[c] : to[c] + sums[c];
        }
      }
    }
  }
}
#endif
