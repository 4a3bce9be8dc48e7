// conv2d, implicit: all directions as matrix products whose operands are gathered into local memory tile by tile, for GPUs.
//
//   forward         output[k, e]      = bias[k] + sum over (c, tap) of weight[k, (c,tap)] * input[c, e at tap]
//   input gradient  gradInput[c, e]   = sum over (k, tap) of weight[k, (c,tap)] * gradOutput[k, place that e reaches by tap]
//   weight gradient gradWeight[k, (c,tap)] = sum over places e of gradOutput[k, e] * input[c, e at tap]
//
// Tensors as in conv2d.cl; an element e counts blocks, rows, columns and lanes together, lanes fastest. partial [SPLIT, K, CG, KH,
// KW]: weight gradients over a part of the places; without a split they are gradWeight.
// A work-group of (BM/TM) * (BN/TN) work-items computes BM rows by BN columns of one group's product, BK steps at a time, as in
// gemm/local.cl: zeros stand for what lies in the padding or beyond the operands, so that an infinite weight meets zeros there
// and gives NaN, as in any product over patches. Local size is the work-group; global size it times tiles, groups and parts.
//
// Macros: LANES, window, GROUPS, HAS_BIAS as in conv2d.cl; BM, BN, BK, TM, TN; SPLIT parts of the places.
// Numerics: fma over channels then taps (forward, input gradient) or places (weight gradient) in order, parts in order.

#ifndef KH
#define LANES 1
#define GROUPS 1
#define HAS_BIAS 0
#define KH 3
#define KW 3
#define STRIDE_H 1
#define STRIDE_W 1
#define PAD_TOP 1
#define PAD_LEFT 1
#define DILATION_H 1
#define DILATION_W 1
#endif
#ifndef BM
#define BM 64
#define BN 64
#define BK 16
#define TM 4
#define TN 4
#define SPLIT 1
#endif
#define GROUP ((BM / TM) * (BN / TN))
#define TAPS (KH * KW)
#define TILES(a, t) (((a) + (t)-1) / (t))

// What every direction does with its two tiles; at [BK][BM+1], bt [BK][BN+1].
#define ROW_OF(own) ((own) / (BN / TN))
#define COLUMN_OF(own) ((own) % (BN / TN))
#define CLEAR(acc)                                                                                                             \
  for (int i = 0; i < TM; i++)                                                                                                 \
    for (int j = 0; j < TN; j++)                                                                                               \
      acc[i][j] = 0;
// The bounds are constants, so compilers unroll what lies within p.
#define MULTIPLY(acc, at, bt, row, column)                                                                                     \
  for (int p = 0; p < BK; p++) {                                                                                               \
    float x[TM], y[TN];                                                                                                        \
    for (int i = 0; i < TM; i++)                                                                                               \
      x[i] = at[p * (BM + 1) + row + i * (BM / TM)];                                                                           \
    for (int j = 0; j < TN; j++)                                                                                               \
      y[j] = bt[p * (BN + 1) + column + j * (BN / TN)];                                                                        \
    for (int i = 0; i < TM; i++)                                                                                               \
      for (int j = 0; j < TN; j++)                                                                                             \
        acc[i][j] = fma(x[i], y[j], acc[i][j]);                                                                                \
  }

// What element e of the output meets in a channel of the input by a tap; 0 in the padding.
inline float at_tap(__global const float *restrict input, int e, int plane, int c_all, int channel, int tap, int h, int w, int ow) {
  const int b = e / plane, place = e % plane, lane = place % LANES, x = place / LANES % ow, y = place / LANES / ow;
  const int iy = y * STRIDE_H - PAD_TOP + tap / KW * DILATION_H, ix = x * STRIDE_W - PAD_LEFT + tap % KW * DILATION_W;
  return iy >= 0 && iy < h && ix >= 0 && ix < w ? input[((((long)b * c_all + channel) * h + iy) * w + ix) * LANES + lane] : 0;
}

// Rows: output channels of a group. Columns: elements of the output.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
conv2d_forward_implicit(__global const float *restrict input, __global const float *restrict weight,
#if HAS_BIAS
                        __global const float *restrict bias,
#endif
                        __global float *restrict output, int blocks, int c_all, int h, int w, int k_all, int oh, int ow) {
  __local float at[BK * (BM + 1)], bt[BK * (BN + 1)];
  const int cg = c_all / GROUPS, kg = k_all / GROUPS, plane = oh * ow * LANES, columns = blocks * plane, steps = cg * TAPS;
  const int ntiles = TILES(columns, BN), mtiles = TILES(kg, BM), own = (int)get_local_id(0);
  int tile = (int)get_group_id(0);
  const int j0 = tile % ntiles * BN;
  tile /= ntiles;
  const int i0 = tile % mtiles * BM, group = tile / mtiles;
  const int row = ROW_OF(own), column = COLUMN_OF(own);
  float acc[TM][TN];
  CLEAR(acc)
  for (int p0 = 0; p0 < steps; p0 += BK) {
    for (int q = own; q < BM * BK; q += GROUP) {
      const int i = q / BK, p = q % BK;
      at[p * (BM + 1) + i] = i0 + i < kg && p0 + p < steps ? weight[(long)(group * kg + i0 + i) * steps + p0 + p] : 0;
    }
    for (int q = own; q < BN * BK; q += GROUP) {
      const int j = q % BN, p = q / BN, e = j0 + j, step = p0 + p;
      bt[p * (BN + 1) + j] =
          e < columns && step < steps ? at_tap(input, e, plane, c_all, group * cg + step / TAPS, step % TAPS, h, w, ow) : 0;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    MULTIPLY(acc, at, bt, row, column)
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  for (int j = 0; j < TN; j++) {
    const int e = j0 + column + j * (BN / TN);
    for (int i = 0; i < TM; i++) {
      const int k = i0 + row + i * (BM / TM);
      if (e < columns && k < kg) {
#if HAS_BIAS
        const float value = acc[i][j] + bias[group * kg + k];
#else
        const float value = acc[i][j];
#endif
        output[((long)(e / plane) * k_all + group * kg + k) * plane + e % plane] = value;
      }
    }
  }
}

// Rows: input channels of a group. Columns: elements of the input.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
conv2d_backward_input_implicit(__global const float *restrict grad_output, __global const float *restrict weight,
                               __global float *restrict grad_input, int blocks, int c_all, int h, int w, int k_all, int oh,
                               int ow) {
  __local float at[BK * (BM + 1)], bt[BK * (BN + 1)];
  const int cg = c_all / GROUPS, kg = k_all / GROUPS, plane = h * w * LANES, columns = blocks * plane, steps = kg * TAPS;
  const int ntiles = TILES(columns, BN), mtiles = TILES(cg, BM), own = (int)get_local_id(0);
  int tile = (int)get_group_id(0);
  const int j0 = tile % ntiles * BN;
  tile /= ntiles;
  const int i0 = tile % mtiles * BM, group = tile / mtiles;
  const int row = ROW_OF(own), column = COLUMN_OF(own);
  float acc[TM][TN];
  CLEAR(acc)
  for (int p0 = 0; p0 < steps; p0 += BK) {
    for (int q = own; q < BM * BK; q += GROUP) {
      // Taps of a channel lie together, so steps do for one input channel.
      const int i = q / BK, p = q % BK, k = (p0 + p) / TAPS, tap = (p0 + p) % TAPS;
      at[p * (BM + 1) + i] =
          i0 + i < cg && p0 + p < steps ? weight[((long)(group * kg + k) * cg + i0 + i) * TAPS + tap] : 0;
    }
    for (int q = own; q < BN * BK; q += GROUP) {
      const int j = q % BN, p = q / BN, e = j0 + j, step = p0 + p;
      float value = 0;
      if (e < columns && step < steps) {
        const int b = e / plane, place = e % plane, lane = place % LANES, x = place / LANES % w, y = place / LANES / w;
        const int k = step / TAPS, tap = step % TAPS;
        const int sy = y + PAD_TOP - tap / KW * DILATION_H, sx = x + PAD_LEFT - tap % KW * DILATION_W;
        const int oy = sy / STRIDE_H, ox = sx / STRIDE_W;
        if (sy >= 0 && sx >= 0 && sy % STRIDE_H == 0 && sx % STRIDE_W == 0 && oy < oh && ox < ow)
          value = grad_output[((((long)b * k_all + group * kg + k) * oh + oy) * ow + ox) * LANES + lane];
      }
      bt[p * (BN + 1) + j] = value;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    MULTIPLY(acc, at, bt, row, column)
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  for (int j = 0; j < TN; j++) {
    const int e = j0 + column + j * (BN / TN);
    for (int i = 0; i < TM; i++) {
      const int c = i0 + row + i * (BM / TM);
      if (e < columns && c < cg)
        grad_input[((long)(e / plane) * c_all + group * cg + c) * plane + e % plane] = acc[i][j];
    }
  }
}

// Rows: output channels of a group. Columns: its input channels and taps. Steps: elements of the output, a part of them.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
conv2d_backward_weight_implicit(__global const float *restrict input, __global const float *restrict grad_output,
                                __global float *restrict partial, int blocks, int c_all, int h, int w, int k_all, int oh,
                                int ow) {
  __local float at[BK * (BM + 1)], bt[BK * (BN + 1)];
  const int cg = c_all / GROUPS, kg = k_all / GROUPS, plane = oh * ow * LANES, all = blocks * plane, columns = cg * TAPS;
  const int ntiles = TILES(columns, BN), mtiles = TILES(kg, BM), own = (int)get_local_id(0);
  int tile = (int)get_group_id(0);
  const int j0 = tile % ntiles * BN;
  tile /= ntiles;
  const int i0 = tile % mtiles * BM;
  tile /= mtiles;
  const int group = tile % GROUPS, part = tile / GROUPS, each = TILES(TILES(all, BK), SPLIT) * BK;
  const int first = part * each, last = min(all, first + each);
  const int row = ROW_OF(own), column = COLUMN_OF(own);
  float acc[TM][TN];
  CLEAR(acc)
  for (int p0 = first; p0 < last; p0 += BK) {
    // Both operands lie along the places.
    for (int q = own; q < BM * BK; q += GROUP) {
      const int i = q / BK, p = q % BK, e = p0 + p;
      at[p * (BM + 1) + i] = i0 + i < kg && e < last
                                 ? grad_output[((long)(e / plane) * k_all + group * kg + i0 + i) * plane + e % plane]
                                 : 0;
    }
    for (int q = own; q < BN * BK; q += GROUP) {
      const int j = q / BK, p = q % BK, e = p0 + p;
      bt[p * (BN + 1) + j] = e < last && j0 + j < columns
                                 ? at_tap(input, e, plane, c_all, group * cg + (j0 + j) / TAPS, (j0 + j) % TAPS, h, w, ow)
                                 : 0;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    MULTIPLY(acc, at, bt, row, column)
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  for (int i = 0; i < TM; i++) {
    const int k = i0 + row + i * (BM / TM);
    for (int j = 0; j < TN; j++) {
      const int step = j0 + column + j * (BN / TN);
      if (k < kg && step < columns)
        partial[((long)(part * GROUPS + group) * kg + k) * columns + step] = acc[i][j];
    }
  }
}

// One work-item: one weight; the parts in order.
__kernel void conv2d_sum_weight_parts(__global const float *restrict partial, __global float *restrict grad_weight, int count) {
  const int i = (int)get_global_id(0);
  if (i >= count)
    return;
  float sum = partial[i];
  for (int s = 1; s < SPLIT; s++)
    sum += partial[(long)s * count + i];
  grad_weight[i] = sum;
}

// One work-group of GROUP work-items: one channel. Each adds every GROUP-th element, then the upper half of the sums is added to the lower one.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
conv2d_backward_bias_implicit(__global const float *restrict grad_output, __global float *restrict grad_bias, int blocks,
                              int k_all, int plane) {
  __local float sums[GROUP];
  const int own = (int)get_local_id(0), k = (int)get_group_id(0);
  float sum = 0;
  for (int e = own; e < blocks * plane; e += GROUP)
    sum += grad_output[((long)(e / plane) * k_all + k) * plane + e % plane];
  sums[own] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int apart = GROUP / 2; apart > 0; apart /= 2) {
    if (own < apart)
      sums[own] += sums[own + apart];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (own == 0)
    grad_bias[k] = sums[0];
}
