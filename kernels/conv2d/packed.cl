// conv2d, packed: forward and input gradient as a matrix product over shifted planes, for devices with large caches.
//
//   output[k, e] = bias[k] + sum over c, taps of weight[k,c,tap] * planes[c, e + offset(tap)]
//
// The source (input, or gradOutput) is copied into planes with zeros around each image, so that a tap is a shift of the whole plane and
// vectors run over rows and images without a break. Images share their padding: what a row reads beyond its end is the zeros
// before the next one. Places e that are no output are computed and dropped. For stride s the planes are split by row and
// column modulo s: a tap is again a shift, in one of them. An input gradient of stride s is s*s such products, one for each
// remainder of the row and column it writes; each takes every s-th tap.
//
// Tensors as in conv2d.cl. planes [C, phases, B, PH, PW, LANES] in the workspace, element e counts B, PH, PW, LANES together,
// and zeros behind. packed weight [GROUPS, tiles of MT rows, channels, TH, TW, MT], 0 beyond the last row.
//
// Macros: LANES; W lanes of a vector; MT rows and NT vectors of a register tile; MB by NB tiles of one work-item; CB channels whose
// taps stay in the first-level cache; window, GROUPS, HAS_BIAS as in conv2d.cl; GRADIENT 1: input gradient; TH, TW taps of
// this launch, from tap FIRST_H, FIRST_W on, every STRIDE-th one for a gradient, all otherwise; PHASES_H, PHASES_W; IN_PLACE 1: the
// source is read where it lies, a 1x1 window of stride 1 without padding, tiles do not cross images.
// Numerics: fma over channels, then taps in order, in chunks of CB channels, which are added in order.

#ifndef KH
#define LANES 1
#define GROUPS 1
#define GRADIENT 0
#define IN_PLACE 0
#define PHASES_H 1
#define PHASES_W 1
#define KH 3
#define KW 3
#define STRIDE_H 1
#define STRIDE_W 1
#define PAD_TOP 1
#define PAD_LEFT 1
#define DILATION_H 1
#define DILATION_W 1
#endif
#ifndef W
#define W 8
#define MT 6
#define NT 2
#define MB 8
#define NB 4
#define CB 16
#define HAS_BIAS 0
#define TH KH
#define TW KW
#define FIRST_H 0
#define FIRST_W 0
#endif
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
typedef JOIN(float, W) V;
#define LOAD(p) JOIN(vload, W)(0, p)
// Named number by number: checkers of memory do not follow vectors that are joined from halves.
#if W == 16
#define EVEN(a, b)                                                                                                          \
  (V)((a).s0, (a).s2, (a).s4, (a).s6, (a).s8, (a).sa, (a).sc, (a).se,                                                       \
      (b).s0, (b).s2, (b).s4, (b).s6, (b).s8, (b).sa, (b).sc, (b).se)
#elif W == 8
#define EVEN(a, b) (V)((a).s0, (a).s2, (a).s4, (a).s6, (b).s0, (b).s2, (b).s4, (b).s6)
#else
#define EVEN(a, b) (V)((a).s0, (a).s2, (b).s0, (b).s2)
#endif
#define NR (NT * W)
#define TILES(a, t) (((a) + (t)-1) / (t))
#define PHASES (PHASES_H * PHASES_W)

// One work-item: one phase of one channel of images b0.. ; global size C * PHASES * ceil(blocks / images). Row t of a phase is
// row t*step + phase - top of the image.
__kernel void conv2d_planes(__global const float *restrict source, __global float *restrict planes, int blocks, int images,
                            int channels, int h, int w, int ph, int pw, int extra_top, int extra_left, int slack) {
  const int chunks = TILES(blocks, images), id = (int)get_global_id(0);
  if (id >= channels * PHASES * chunks)
    return;
  const int b0 = id % chunks * images, phase = id / chunks % PHASES, c = id / chunks / PHASES;
  // A gradient needs zeros before the first row instead of the padding.
  const int step_h = GRADIENT ? 1 : STRIDE_H, step_w = GRADIENT ? 1 : STRIDE_W;
  const int y0 = phase / PHASES_W - (GRADIENT ? extra_top : PAD_TOP), x0 = phase % PHASES_W - (GRADIENT ? extra_left : PAD_LEFT);
  const int first = clamp(x0 >= 0 ? 0 : (-x0 + step_w - 1) / step_w, 0, pw);
  const int last = clamp(w - x0 <= 0 ? 0 : (w - x0 + step_w - 1) / step_w, first, pw);
  __global float *to = planes + (((long)c * PHASES + phase) * blocks + b0) * ph * pw * LANES;
  for (int b = b0; b < min(blocks, b0 + images); b++)
    for (int t = 0; t < ph; t++, to += pw * LANES) {
      const int y = t * step_h + y0;
      if (y < 0 || y >= h) {
        for (int x = 0; x < pw * LANES; x++)
          to[x] = 0;
        continue;
      }
      __global const float *row = source + (((long)b * channels + c) * h + y) * w * LANES + x0 * LANES;
      for (int x = 0; x < first * LANES; x++)
        to[x] = 0;
      if (step_w == 1) {
        for (int x = first * LANES; x < last * LANES; x++)
          to[x] = row[x];
      } else {
        int x = first;
#if !GRADIENT && STRIDE_W == 2 && LANES == 1
        // Every other number of a row, as long as vectors end with it.
        for (; x + W <= last && x0 + 2 * (x + W) <= w; x += W) {
          const V a = LOAD(row + 2 * x), b = LOAD(row + 2 * x + W);
          JOIN(vstore, W)(EVEN(a, b), 0, to + x);
        }
#endif
        for (; x < last; x++)
          for (int lane = 0; lane < LANES; lane++)
            to[x * LANES + lane] = row[x * step_w * LANES + lane];
      }
      for (int x = last * LANES; x < pw * LANES; x++)
        to[x] = 0;
    }
  if (id == channels * PHASES * chunks - 1)
    for (int x = 0; x < slack; x++)
      to[x] = 0;
}

// One work-item: one tile of MT rows of one group: output channels, or input channels for a gradient.
__kernel void conv2d_pack_weight(__global const float *restrict weight, __global float *restrict packed, int c_all, int k_all) {
  const int cg = c_all / GROUPS, kg = k_all / GROUPS, rows = GRADIENT ? cg : kg, sums = GRADIENT ? kg : cg;
  const int tiles = TILES(rows, MT), id = (int)get_global_id(0), group = id / tiles, r0 = id % tiles * MT;
  if (group >= GROUPS)
    return;
  __global float *to = packed + (long)id * sums * TH * TW * MT;
  const long row = (GRADIENT ? 1 : cg) * KH * KW;
  for (int s = 0; s < sums; s++) {
    const long at = GRADIENT ? (long)(group * kg + s) * cg + r0 : (long)(group * kg + r0) * cg + s;
    for (int th = 0; th < TH; th++)
      for (int tw = 0; tw < TW; tw++, to += MT) {
        const int tap = (FIRST_H + th * (GRADIENT ? STRIDE_H : 1)) * KW + FIRST_W + tw * (GRADIENT ? STRIDE_W : 1);
        __global const float *from = weight + at * KH * KW + tap;
        if (r0 + MT <= rows) {
#pragma unroll
          for (int i = 0; i < MT; i++)
            to[i] = from[i * row];
        } else {
          for (int i = 0; i < MT; i++)
            to[i] = r0 + i < rows ? from[i * row] : 0;
        }
      }
  }
}

// One work-item: MB tiles of rows by NB tiles of places. oh, ow: rows and columns of this launch's results; they go to every
// STRIDE-th row and column of the target for a gradient, from row and column first_row, first_column on.
__kernel void conv2d_forward_packed(__global const float *restrict planes, __global const float *restrict packed,
#if HAS_BIAS
                                    __global const float *restrict bias,
#endif
                                    __global float *restrict output, int blocks, int sums, int rows, int ph, int pw, int oh,
                                    int ow, int target_h, int target_w, int first_row, int first_column, int extra_top,
                                    int extra_left) {
  const int places = (IN_PLACE ? 1 : blocks) * ph * pw * LANES;
  const int jtiles = TILES(places, NR), itiles = TILES(rows, MT), jblocks = TILES(jtiles, NB), iblocks = TILES(itiles, MB);
  int id = (int)get_global_id(0);
  const int it0 = id % iblocks * MB;
  id /= iblocks;
  const int jt0 = id % jblocks * NB;
  id /= jblocks;
  const int group = id % GROUPS, image = id / GROUPS;
  if (image >= (IN_PLACE ? blocks : 1))
    return;
  const int it1 = min(itiles, it0 + MB), jt1 = min(jtiles, jt0 + NB);
  const long plane = (long)places, channel = plane * PHASES;
  __global const float *base = planes + ((long)image * GROUPS + group) * sums * channel;
#if GRADIENT
  // Row of gradOutput that the first tap of the first row reads, counted from the zeros before it.
  const int top = (first_row + PAD_TOP - FIRST_H * DILATION_H) / STRIDE_H + extra_top;
  const int left = (first_column + PAD_LEFT - FIRST_W * DILATION_W) / STRIDE_W + extra_left;
#endif
  V kept[MB * NB * MT * NT];
  for (int c0 = 0; c0 < sums; c0 += CB) {
    const int c1 = min(sums, c0 + CB);
    for (int jt = jt0; jt < jt1; jt++) {
      const int e = IN_PLACE ? min(jt * NR, places - NR) : jt * NR;
      for (int it = it0; it < it1; it++) {
        V *keep = kept + ((jt - jt0) * MB + it - it0) * MT * NT;
        V acc[MT][NT];
        if (c0 == 0) {
#pragma unroll
          for (int i = 0; i < MT; i++) {
#if HAS_BIAS
            const V start = (V)(bias[group * rows + min(it * MT + i, rows - 1)]);
#else
            const V start = (V)(0);
#endif
#pragma unroll
            for (int j = 0; j < NT; j++)
              acc[i][j] = start;
          }
        } else {
#pragma unroll
          for (int i = 0; i < MT; i++)
#pragma unroll
            for (int j = 0; j < NT; j++)
              acc[i][j] = keep[i * NT + j];
        }
        __global const float *wp = packed + (((long)group * itiles + it) * sums + c0) * TH * TW * MT;
        __global const float *from = base + c0 * channel + e;
        for (int c = c0; c < c1; c++, from += channel) {
          for (int th = 0; th < TH; th++) {
#if GRADIENT
            __global const float *row = from + ((top - th * DILATION_H) * pw + left) * LANES;
#else
            const int y = th * DILATION_H;
            __global const float *row = from + y % STRIDE_H * PHASES_W * plane + y / STRIDE_H * pw * LANES;
#endif
#pragma unroll
            for (int tw = 0; tw < TW; tw++) {
#if GRADIENT
              __global const float *at = row - tw * DILATION_W * LANES;
#else
              __global const float *at = row + (tw * DILATION_W) % STRIDE_W * plane + (tw * DILATION_W) / STRIDE_W * LANES;
#endif
              V x[NT];
#pragma unroll
              for (int j = 0; j < NT; j++)
                x[j] = LOAD(at + j * W);
#pragma unroll
              for (int i = 0; i < MT; i++) {
                const V value = (V)(wp[i]);
#pragma unroll
                for (int j = 0; j < NT; j++)
                  acc[i][j] = fma(value, x[j], acc[i][j]);
              }
              wp += MT;
            }
          }
        }
#pragma unroll
        for (int i = 0; i < MT; i++)
#pragma unroll
          for (int j = 0; j < NT; j++)
            keep[i * NT + j] = acc[i][j];
        if (c1 < sums)
          continue;
        // Runs of places that are outputs: parts of rows.
        const int live = min(MT, rows - it * MT), width = pw * LANES, stop = min(e + NR, places);
        int s = jt * NR;
        while (s < stop) {
          const int line = s / width, x = s - line * width, y = line % ph, b = IN_PLACE ? image : line / ph;
          const int run = y < oh ? min(ow * LANES - x, stop - s) : 0;
          if (run > 0) {
            const float *value = (const float *)keep + (s - e);
            __global float *to = output + ((((long)b * GROUPS + group) * rows + it * MT) * target_h * target_w) * LANES;
#if GRADIENT && (STRIDE_H > 1 || STRIDE_W > 1)
            to += ((long)(y * STRIDE_H + first_row) * target_w + first_column) * LANES;
            for (int i = 0; i < live; i++, to += (long)target_h * target_w * LANES, value += NR)
              for (int r = 0; r < run; r++)
                to[(x + r) / LANES * STRIDE_W * LANES + (x + r) % LANES] = value[r];
#else
            to += (long)y * target_w * LANES + x;
            for (int i = 0; i < live; i++, to += (long)target_h * target_w * LANES, value += NR)
              for (int r = 0; r < run; r++)
                to[r] = value[r];
#endif
          }
          s += width - x;
        }
      }
    }
  }
}
