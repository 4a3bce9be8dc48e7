// conv2d, packed: weight gradient as a matrix product over places, for devices with large caches.
//
//   gradWeight[k,c,kh,kw] = sum over b, oy, ox, lane of gradOutput[b,k,oy,ox,lane] * planes[c, place + offset(kh,kw)]
//
// Vectors lie across output channels, so no sum across lanes is needed: gradOutput is turned round into panels first. planes
// are the input's, made by conv2d_planes of packed.cl, or the input itself. With SWAPPED 1, for 1x1 windows that read planes in
// place, the two change places, so that the smaller one is turned: c and k then stand for output and input channels.
//
// Tensors as in conv2d.cl. turned [GROUPS, tiles of NR channels, B*OH*OW*LANES, NR] in the workspace, 0 beyond the last channel.
// partial [SPLIT, K, CG, KH, KW]: sums over a part of the blocks; without a split they are gradWeight.
//
// Macros: LANES; W; a register tile is CT channels by all KW columns of one kernel row by NT vectors; IB such tiles of one
// work-item; RB rows of gradOutput whose panel stays in the first-level cache; SPLIT parts of the batch; window, GROUPS as in
// conv2d.cl; PHASES_H, PHASES_W, IN_PLACE as in packed.cl; SWAPPED.
// Numerics: fma over blocks, rows, columns, lanes in order within RB rows, which are added in order, then parts in order.

#ifndef W
#define W 8
#define CT 2
#define NT 2
#define IB 3
#define RB 4
#define SPLIT 1
#define SWAPPED 0
#define LANES 1
#define GROUPS 1
#define IN_PLACE 0
#define KH 3
#define KW 3
#define PHASES_H 1
#define PHASES_W 1
#define STRIDE_H 1
#define STRIDE_W 1
#define PAD_TOP 1
#define PAD_LEFT 1
#define DILATION_H 1
#define DILATION_W 1
#endif
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
typedef JOIN(float, W) V;
#define LOAD(p) JOIN(vload, W)(0, p)
#define NR (NT * W)
#define TILES(a, t) (((a) + (t)-1) / (t))
#define CHUNK 16

// One work-item: one panel of channels of one block of samples.
__kernel void conv2d_turn_output(__global const float *restrict source, __global float *restrict turned, int blocks, int k_all,
                                 int size) {
  const int kg = k_all / GROUPS, tiles = TILES(kg, NR);
  int id = (int)get_global_id(0);
  const int b = id % blocks;
  id /= blocks;
  const int k0 = id % tiles * NR, group = id / tiles;
  if (group >= GROUPS)
    return;
  __global const float *from = source + ((long)b * k_all + group * kg + k0) * size;
  __global float *to = turned + ((long)id * blocks + b) * size * NR;
  const int live = min(NR, kg - k0);
  int q0 = 0;
  // A line of each channel at a time, so that it is read once.
  for (; q0 + CHUNK <= size; q0 += CHUNK, to += CHUNK * NR)
    for (int k = 0; k < NR; k++) {
      if (k < live) {
#pragma unroll
        for (int q = 0; q < CHUNK; q++)
          to[q * NR + k] = from[(long)k * size + q0 + q];
      } else {
#pragma unroll
        for (int q = 0; q < CHUNK; q++)
          to[q * NR + k] = 0;
      }
    }
  for (; q0 < size; q0++, to += NR)
    for (int k = 0; k < NR; k++)
      to[k] = k < live ? from[(long)k * size + q0] : 0;
}

// One work-item: IB tiles of rows (channels, kernel row fastest) by one panel of output channels over one part of the blocks.
__kernel void conv2d_backward_weight_packed(__global const float *restrict planes, __global const float *restrict turned,
                                            __global float *restrict partial, int blocks, int c_all, int k_all, int ph, int pw,
                                            int oh, int ow) {
  const int cg = c_all / GROUPS, kg = k_all / GROUPS, jtiles = TILES(kg, NR), itiles = TILES(cg, CT) * KH;
  const int iblocks = TILES(itiles, IB), each = TILES(blocks, SPLIT);
  int id = (int)get_global_id(0);
  const int it0 = id % iblocks * IB;
  id /= iblocks;
  const int jt = id % jtiles;
  id /= jtiles;
  const int group = id % GROUPS, part = id / GROUPS;
  if (part >= SPLIT)
    return;
  const int it1 = min(itiles, it0 + IB), b0 = part * each, b1 = min(blocks, b0 + each), line = pw * LANES;
  const long plane = IN_PLACE ? (long)ph * line : (long)blocks * ph * line, channel = plane * PHASES_H * PHASES_W;
  const long image = IN_PLACE ? c_all * plane : (long)ph * line, size = (long)oh * ow * LANES;
  V kept[IB * CT * KW * NT];
#pragma unroll
  for (int i = 0; i < IB * CT * KW * NT; i++)
    kept[i] = (V)(0);
  for (int b = b0; b < b1; b++)
    for (int y0 = 0; y0 < oh; y0 += RB) {
      for (int it = it0; it < it1; it++) {
        V *keep = kept + (it - it0) * CT * KW * NT;
        V acc[CT][KW][NT];
#pragma unroll
        for (int c = 0; c < CT; c++)
#pragma unroll
          for (int kw = 0; kw < KW; kw++)
#pragma unroll
            for (int j = 0; j < NT; j++)
              acc[c][kw][j] = keep[(c * KW + kw) * NT + j];
        const int c0 = it / KH * CT, y = it % KH * DILATION_H;
        __global const float *from = planes + b * image + y % STRIDE_H * PHASES_W * plane + y / STRIDE_H * line;
        __global const float *g = turned + (((long)(group * jtiles + jt) * blocks + b) * size + (long)y0 * ow * LANES) * NR;
        for (int oy = y0; oy < min(oh, y0 + RB); oy++) {
          __global const float *x[CT];
#pragma unroll
          for (int c = 0; c < CT; c++)
            x[c] = from + (group * cg + min(c0 + c, cg - 1)) * channel + oy * line;
          for (int q = 0; q < ow * LANES; q++, g += NR) {
            V v[NT];
#pragma unroll
            for (int j = 0; j < NT; j++)
              v[j] = LOAD(g + j * W);
#pragma unroll
            for (int c = 0; c < CT; c++)
#pragma unroll
              for (int kw = 0; kw < KW; kw++) {
                const V value = (V)(x[c][q + kw * DILATION_W % STRIDE_W * plane + kw * DILATION_W / STRIDE_W * LANES]);
#pragma unroll
                for (int j = 0; j < NT; j++)
                  acc[c][kw][j] = fma(value, v[j], acc[c][kw][j]);
              }
          }
        }
#pragma unroll
        for (int c = 0; c < CT; c++)
#pragma unroll
          for (int kw = 0; kw < KW; kw++)
#pragma unroll
            for (int j = 0; j < NT; j++)
              keep[(c * KW + kw) * NT + j] = acc[c][kw][j];
      }
    }
  const int live = min(NR, kg - jt * NR);
#if SWAPPED
  __global float *to = partial + ((long)part * GROUPS + group) * cg * kg + jt * NR;
  for (int c = it0 * CT; c < min(cg, it1 * CT); c++)
    for (int k = 0; k < live; k++)
      to[(long)c * kg + k] = ((const float *)kept)[(c - it0 * CT) * NR + k];
#else
  __global float *to = partial + (((long)part * GROUPS + group) * kg + jt * NR) * cg * KH * KW;
  for (int k = 0; k < live; k++, to += (long)cg * KH * KW)
    for (int it = it0; it < it1; it++)
      for (int c = 0; c < min(CT, cg - it / KH * CT); c++)
        for (int kw = 0; kw < KW; kw++)
          to[((it / KH * CT + c) * KH + it % KH) * KW + kw] = ((const float *)kept)[(((it - it0) * CT + c) * KW + kw) * NR + k];
#endif
}

// One work-item: one weight; the parts in order.
__kernel void conv2d_sum_parts(__global const float *restrict partial, __global float *restrict grad_weight, int count) {
  const int i = (int)get_global_id(0);
  if (i >= count)
    return;
  float sum = partial[i];
  for (int s = 1; s < SPLIT; s++)
    sum += partial[(long)s * count + i];
  grad_weight[i] = sum;
}
