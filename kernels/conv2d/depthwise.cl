// conv2d, depthwise: groups == channels, each output channel reads one input channel. For devices with caches and vectors.
//
//   output[k] = bias[k] + sum over taps of weight[k,tap] * input[k / M] shifted by the tap;  M = K / C
//
// There is one multiply-add per load and tap, so the work is to touch memory once: a tile of the source is copied into a private
// array with zeros where the image ends, in the first-level cache, and every tap is a shift of the vectors read there. For
// stride s the columns of the copy are split modulo s, so that neighbours lie side by side again. An input gradient of stride s
// writes the columns of each remainder modulo s on their own, with the taps that reach them.
//
// Tensors as in conv2d.cl, weight [K,1,KH,KW]. partial [SPLIT,K,KH,KW]: sums over a part of the blocks; without a split they
// are gradWeight.
//
// Macros: LANES, HAS_BIAS and the window as in conv2d.cl; W lanes of a vector; a tile is OT rows by OC columns of what is
// written (of gradOutput for a weight gradient); RT rows of sums at a time, a divisor of OT; KS rows of the window at a time
// (weight gradient); SPLIT parts of the batch; GRADIENT 1: input gradient, M is 1, RT is a multiple of STRIDE_H, OC of STRIDE_W
// unless it is the whole row.
// One work-item: the tiles of one index of `planes` images of channels, one part of the batch of one channel for a weight gradient.
// Numerics: fma over kh, from the last on for an input gradient, then kw; weight gradient over blocks, tiles, rows and vectors in order, then over the lanes of a vector
// by halves, then parts in order.

#ifndef KH
#define LANES 1
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
#ifndef W
#define W 8
#define OT 8
#define OC 16
#define RT 4
#define KS KH
#define SPLIT 1
#define GRADIENT 0
#endif
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
typedef JOIN(float, W) V;
#define LOAD(p) JOIN(vload, W)(0, p)
#define STORE(v, p) JOIN(vstore, W)(v, 0, p)
// Named number by number: checkers of memory do not follow vectors that are joined from halves.
#if W == 16
#define EVEN(a, b)                                                                                                          \
  (V)((a).s0, (a).s2, (a).s4, (a).s6, (a).s8, (a).sa, (a).sc, (a).se,                                                       \
      (b).s0, (b).s2, (b).s4, (b).s6, (b).s8, (b).sa, (b).sc, (b).se)
#define LOW(a, b)                                                                                                           \
  (V)((a).s0, (b).s0, (a).s1, (b).s1, (a).s2, (b).s2, (a).s3, (b).s3,                                                       \
      (a).s4, (b).s4, (a).s5, (b).s5, (a).s6, (b).s6, (a).s7, (b).s7)
#define HIGH(a, b)                                                                                                          \
  (V)((a).s8, (b).s8, (a).s9, (b).s9, (a).sa, (b).sa, (a).sb, (b).sb,                                                       \
      (a).sc, (b).sc, (a).sd, (b).sd, (a).se, (b).se, (a).sf, (b).sf)
#elif W == 8
#define EVEN(a, b) (V)((a).s0, (a).s2, (a).s4, (a).s6, (b).s0, (b).s2, (b).s4, (b).s6)
#define LOW(a, b) (V)((a).s0, (b).s0, (a).s1, (b).s1, (a).s2, (b).s2, (a).s3, (b).s3)
#define HIGH(a, b) (V)((a).s4, (b).s4, (a).s5, (b).s5, (a).s6, (b).s6, (a).s7, (b).s7)
#else
#define EVEN(a, b) (V)((a).s0, (a).s2, (b).s0, (b).s2)
#define LOW(a, b) (V)((a).s0, (b).s0, (a).s1, (b).s1)
#define HIGH(a, b) (V)((a).s2, (b).s2, (a).s3, (b).s3)
#endif
#define TILES(a, t) (((a) + (t)-1) / (t))
// Rounded down, for negative numbers too.
#define DOWN(a, b) ((a) >= 0 ? (a) / (b) : -((-(a) + (b)-1) / (b)))
#define DIVIDES(a, b) (DOWN(a, b) * (b) == (a))

#if GRADIENT
// Rows and columns of gradOutput, from the first that a tap of the tile's first row or column reads.
#define TOP DOWN(PAD_TOP - (KH - 1) * DILATION_H, STRIDE_H)
#define LEFT DOWN(PAD_LEFT - (KW - 1) * DILATION_W, STRIDE_W)
#define PHASES 1
#define STEP 1
#define ACROSS TILES(OC, STRIDE_W)
#define ROWS (DOWN(OT - 1 + PAD_TOP, STRIDE_H) - TOP + 1)
#define REACH (DOWN(STRIDE_W - 1 + PAD_LEFT, STRIDE_W) - LEFT)
#else
#define PHASES (STRIDE_W < (KW - 1) * DILATION_W + 1 ? STRIDE_W : (KW - 1) * DILATION_W + 1)
#define STEP STRIDE_W
#define ACROSS OC
#define ROWS ((OT - 1) * STRIDE_H + (KH - 1) * DILATION_H + 1)
#define REACH ((KW - 1) * DILATION_W / STRIDE_W)
#endif
// Columns of a phase; floats of it and of a row, with what the last vectors read beyond the last column.
#define COLUMNS (ACROSS + REACH)
#define PITCH ((TILES(ACROSS * LANES, W) + TILES(REACH * LANES, W)) * W)
#define ROW (PHASES * PITCH)

// Copies the tile whose first row is y0 and whose first column is x0. `floats` from the plane on there are some to read.
static inline void copy_tile(float *tile, __global const float *plane, const long floats, const int y0, const int x0, const int h,
                             const int w) {
  for (int r = 0; r < ROWS; r++) {
    float *line = tile + r * ROW;
    const int y = y0 + r;
    if (y < 0 || y >= h) {
      for (int f = 0; f < ROW; f += W)
        STORE((V)(0), line + f);
      continue;
    }
#pragma unroll
    for (int p = 0; p < PHASES; p++, line += PITCH) {
      const int x = x0 + p;
      const int first = clamp(TILES(max(0, -x), STEP), 0, COLUMNS), last = clamp(TILES(max(0, w - x), STEP), first, COLUMNS);
      const long at = ((long)y * w + x) * LANES;
      // What a vector writes too much is written over: values after the zeros before them, the next row after this.
      for (int f = 0; f < first * LANES; f += W)
        STORE((V)(0), line + f);
#if STEP == 1
      int f = first * LANES;
      for (; f < last * LANES && at + f + W <= floats; f += W)
        STORE(LOAD(plane + at + f), line + f);
      for (; f < last * LANES; f++)
        line[f] = plane[at + f];
#elif LANES % W == 0
      for (int t = first; t < last; t++)
#pragma unroll
        for (int f = 0; f < LANES; f += W)
          STORE(LOAD(plane + at + t * STEP * LANES + f), line + t * LANES + f);
#else
      int t = first;
#if STEP == 2 && LANES == 1
      for (; t < last && at + 2 * t + 2 * W <= floats; t += W) {
        const V a = LOAD(plane + at + 2 * t), b = LOAD(plane + at + 2 * t + W);
        STORE(EVEN(a, b), line + t);
      }
#endif
      for (; t < last; t++)
        for (int lane = 0; lane < LANES; lane++)
          line[t * LANES + lane] = plane[at + t * STEP * LANES + lane];
#endif
      for (int f = last * LANES; f < PITCH; f += W)
        STORE((V)(0), line + f);
    }
  }
}

// Whether a distance in rows is one from the first row of the window to another.
#define IS_TAP(row) ((row) >= 0 && (row) % DILATION_H == 0 && (row) / DILATION_H < KH)

static inline void store(__global float *to, const V value, const int live) {
  if (live >= W) {
    STORE(value, to);
  } else {
    float part[W];
    STORE(value, part);
    for (int f = 0; f < live; f++)
      to[f] = part[f];
  }
}

#if !GRADIENT
// Global size: ceil(C / planes) * B * tiles, tiles fastest. Rows of one vector are written whole: the next row mends what lies beyond.
__kernel void conv2d_forward_depthwise(__global const float *restrict input, __global const float *restrict weight,
#if HAS_BIAS
                                       __global const float *restrict bias,
#endif
                                       __global float *restrict output, int blocks, int c_all, int h, int w, int k_all, int oh,
                                       int ow, int planes) {
  const int across = TILES(ow, OC), down = TILES(oh, OT), m_all = k_all / c_all, chunks = TILES(c_all, planes);
  int id = (int)get_global_id(0);
  const int ox0 = id % across * OC;
  id /= across;
  const int oy0 = id % down * OT;
  id /= down;
  const int c0 = id % chunks * planes, b = id / chunks;
  if (b >= blocks)
    return;
  const int rows = min(OT, oh - oy0), live = min(OC, ow - ox0) * LANES, whole = live == ow * LANES;
  const long plane = (long)h * w * LANES, target = (long)oh * ow * LANES;
  float tile[ROWS * ROW + W];
  for (int c = c0; c < min(c_all, c0 + planes); c++) {
    const long source = (long)b * c_all + c;
    copy_tile(tile, input + source * plane, ((long)blocks * c_all - source) * plane, oy0 * STRIDE_H - PAD_TOP,
              ox0 * STRIDE_W - PAD_LEFT, h, w);
    for (int k = c * m_all; k < (c + 1) * m_all; k++) {
      V taps[KH * KW];
#pragma unroll
      for (int t = 0; t < KH * KW; t++)
        taps[t] = (V)(weight[k * KH * KW + t]);
#if HAS_BIAS
      const V start = (V)(bias[k]);
#else
      const V start = (V)(0);
#endif
      __global float *to = output + ((long)b * k_all + k) * target + ((long)oy0 * ow + ox0) * LANES;
      for (int r = 0; r < rows; r += RT)
        for (int f0 = 0; f0 < live; f0 += W) {
          // The last vector ends with the row.
          const int f = live < W ? 0 : min(f0, live - W);
          const float *from = tile + r * STRIDE_H * ROW + f;
          V acc[RT];
#pragma unroll
          for (int i = 0; i < RT; i++)
            acc[i] = start;
          // Each row of the copy is read once, for all sums that it is a tap of.
#pragma unroll
          for (int s = 0; s < (RT - 1) * STRIDE_H + (KH - 1) * DILATION_H + 1; s++)
#pragma unroll
            for (int kw = 0; kw < KW; kw++) {
              const V x = LOAD(from + s * ROW + kw * DILATION_W % STRIDE_W * PITCH + kw * DILATION_W / STRIDE_W * LANES);
#pragma unroll
              for (int i = 0; i < RT; i++)
                if (IS_TAP(s - i * STRIDE_H))
                  acc[i] = fma(taps[(s - i * STRIDE_H) / DILATION_H * KW + kw], x, acc[i]);
            }
#pragma unroll
          for (int i = 0; i < RT; i++)
            if (r + i < rows) {
              const int beyond = whole ? (rows - r - i) * live : live;
              store(to + (long)(r + i) * ow * LANES + f, acc[i], beyond - f >= W ? W : live - f);
            }
        }
    }
  }
}

// One work-item: one part of the batch of one output channel. Global size K * SPLIT.
__kernel void conv2d_backward_weight_depthwise(__global const float *restrict input, __global const float *restrict grad_output,
                                               __global float *restrict partial, int blocks, int c_all, int h, int w, int k_all,
                                               int oh, int ow) {
  const int id = (int)get_global_id(0), k = id % k_all, part = id / k_all, each = TILES(blocks, SPLIT);
  if (part >= SPLIT)
    return;
  const int c = k / (k_all / c_all);
  const long plane = (long)h * w * LANES, size = (long)oh * ow * LANES;
  float tile[ROWS * ROW + W];
  V kept[KH * KW];
#pragma unroll
  for (int t = 0; t < KH * KW; t++)
    kept[t] = (V)(0);
  float counted[W];
#pragma unroll
  for (int f = 0; f < W; f++)
    counted[f] = (float)f;
  const V index = LOAD(counted);
  for (int b = part * each; b < min(blocks, (part + 1) * each); b++) {
    const long source = (long)b * c_all + c, image = (long)b * k_all + k;
    for (int oy0 = 0; oy0 < oh; oy0 += OT)
      for (int ox0 = 0; ox0 < ow; ox0 += OC) {
        const int rows = min(OT, oh - oy0), live = min(OC, ow - ox0) * LANES;
        copy_tile(tile, input + source * plane, ((long)blocks * c_all - source) * plane, oy0 * STRIDE_H - PAD_TOP,
                  ox0 * STRIDE_W - PAD_LEFT, h, w);
        __global const float *gradient = grad_output + image * size + ((long)oy0 * ow + ox0) * LANES;
        const long floats = ((long)blocks * k_all - image) * size - ((long)oy0 * ow + ox0) * LANES;
        const int tail = live % W;
        const V inside = (V)((float)tail);
#pragma unroll
        for (int kh0 = 0; kh0 < KH; kh0 += KS) {
          V acc[KS * KW];
#pragma unroll
          for (int t = 0; t < KS * KW; t++)
            acc[t] = kh0 + t / KW < KH ? kept[min(kh0 * KW + t, KH * KW - 1)] : (V)(0);
          for (int r = 0; r < rows; r++) {
            const float *line = tile + (r * STRIDE_H + kh0 * DILATION_H) * ROW;
            __global const float *g = gradient + (long)r * ow * LANES;
            int f = 0;
            for (; f + W <= live; f += W) {
              const V value = LOAD(g + f);
#pragma unroll
              for (int t = 0; t < KS * KW; t++)
                if (kh0 + t / KW < KH)
                  acc[t] = fma(value,
                               LOAD(line + t / KW * DILATION_H * ROW + t % KW * DILATION_W % STRIDE_W * PITCH +
                                    t % KW * DILATION_W / STRIDE_W * LANES + f),
                               acc[t]);
            }
            if (tail > 0) {
              V value;
              if ((long)r * ow * LANES + f + W <= floats) {
                value = index < inside ? LOAD(g + f) : (V)(0);
              } else {
                float rest[W];
                STORE((V)(0), rest);
                for (int i = 0; i < tail; i++)
                  rest[i] = g[f + i];
                value = LOAD(rest);
              }
              // A product that is none would be no number where the input is infinite.
#pragma unroll
              for (int t = 0; t < KS * KW; t++)
                if (kh0 + t / KW < KH) {
                  const V x = LOAD(line + t / KW * DILATION_H * ROW + t % KW * DILATION_W % STRIDE_W * PITCH +
                                   t % KW * DILATION_W / STRIDE_W * LANES + f);
                  acc[t] = fma(value, index < inside ? x : (V)(0), acc[t]);
                }
            }
          }
#pragma unroll
          for (int t = 0; t < KS * KW; t++)
            if (kh0 + t / KW < KH)
              kept[kh0 * KW + t] = acc[t];
        }
      }
  }
  __global float *to = partial + (long)id * KH * KW;
#pragma unroll
  for (int t = 0; t < KH * KW; t++) {
    float sums[W];
    STORE(kept[t], sums);
#pragma unroll
    for (int half_w = W / 2; half_w > 0; half_w /= 2)
#pragma unroll
      for (int f = 0; f < half_w; f++)
        sums[f] += sums[f + half_w];
    to[t] = sums[0];
  }
}

// One work-item: one weight; the parts in order.
__kernel void conv2d_sum_depthwise(__global const float *restrict partial, __global float *restrict grad_weight, int count) {
  const int i = (int)get_global_id(0);
  if (i >= count)
    return;
  float sum = partial[i];
  for (int s = 1; s < SPLIT; s++)
    sum += partial[(long)s * count + i];
  grad_weight[i] = sum;
}
#else
// How many columns of the copy further on the first column of remainder p is read by a tap.
#define SHIFT(p, kw) (DOWN((p) + PAD_LEFT - (kw)*DILATION_W, STRIDE_W) - LEFT)
// Rows of the copy that RT rows read.
#define HEIGHT (DOWN(RT - 1 + PAD_TOP, STRIDE_H) - TOP + 1)

// Writes columns j.. of remainders 0..STRIDE_W-1, the first at float f of those of one remainder; `live` columns are left of the row.
static inline void spread(__global float *row, const V *acc, const int f, const int live) {
#if LANES % W == 0
#pragma unroll
  for (int p = 0; p < STRIDE_W; p++) {
    const int x = f / LANES * STRIDE_W + p;
    if (x < live)
      STORE(acc[p], row + (long)x * LANES + f % LANES);
  }
#else
#if STRIDE_W == 2 && LANES == 1
  if (2 * (f + W) <= live) {
    const V a = acc[0], b = acc[1];
    STORE(LOW(a, b), row + 2 * f);
    STORE(HIGH(a, b), row + 2 * f + W);
    return;
  }
#endif
  float part[STRIDE_W * W];
#pragma unroll
  for (int p = 0; p < STRIDE_W; p++)
    STORE(acc[p], part + p * W);
  for (int i = 0; i < W; i++)
    for (int p = 0; p < STRIDE_W; p++) {
      const int x = (f + i) / LANES * STRIDE_W + p;
      if (x < live)
        row[x * LANES + (f + i) % LANES] = part[p * W + i];
    }
#endif
}

// As forward, with the places of input and output changed.
__kernel void conv2d_backward_input_depthwise(__global const float *restrict grad_output, __global const float *restrict weight,
                                              __global float *restrict grad_input, int blocks, int c_all, int h, int w, int oh,
                                              int ow, int planes) {
  const int across = TILES(w, OC), down = TILES(h, OT), chunks = TILES(c_all, planes);
  int id = (int)get_global_id(0);
  const int ix0 = id % across * OC;
  id /= across;
  const int iy0 = id % down * OT;
  id /= down;
  const int c0 = id % chunks * planes, b = id / chunks;
  if (b >= blocks)
    return;
  const int rows = min(OT, h - iy0), columns = min(OC, w - ix0), live = TILES(columns, STRIDE_W) * LANES, whole = columns == w;
  const long plane = (long)oh * ow * LANES, target = (long)h * w * LANES;
  float tile[ROWS * ROW + W];
  for (int c = c0; c < min(c_all, c0 + planes); c++) {
    const long source = (long)b * c_all + c;
    copy_tile(tile, grad_output + source * plane, ((long)blocks * c_all - source) * plane, iy0 / STRIDE_H + TOP,
              ix0 / STRIDE_W + LEFT, oh, ow);
    V taps[KH * KW];
#pragma unroll
    for (int t = 0; t < KH * KW; t++)
      taps[t] = (V)(weight[c * KH * KW + t]);
    __global float *to = grad_input + source * target + ((long)iy0 * w + ix0) * LANES;
    for (int r = 0; r < rows; r += RT)
      for (int f0 = 0; f0 < live; f0 += W) {
        const int f = live < W ? 0 : min(f0, live - W);
        const float *from = tile + r / STRIDE_H * ROW + f;
        V acc[RT][STRIDE_W];
#pragma unroll
        for (int i = 0; i < RT; i++)
#pragma unroll
          for (int p = 0; p < STRIDE_W; p++)
            acc[i][p] = (V)(0);
#pragma unroll
        for (int s = 0; s < HEIGHT; s++)
#pragma unroll
          for (int kw = 0; kw < KW; kw++)
#pragma unroll
            for (int p = 0; p < STRIDE_W; p++)
              if (DIVIDES(p + PAD_LEFT - kw * DILATION_W, STRIDE_W)) {
                const V x = LOAD(from + s * ROW + SHIFT(p, kw) * LANES);
#pragma unroll
                for (int i = 0; i < RT; i++)
                  if (IS_TAP(i + PAD_TOP - (s + TOP) * STRIDE_H))
                    acc[i][p] = fma(taps[(i + PAD_TOP - (s + TOP) * STRIDE_H) / DILATION_H * KW + kw], x, acc[i][p]);
              }
#pragma unroll
        for (int i = 0; i < RT; i++)
          if (r + i < rows) {
            __global float *row = to + (long)(r + i) * w * LANES;
#if STRIDE_W == 1
            const int beyond = whole ? (rows - r - i) * live : live;
            store(row + f, acc[i][0], beyond - f >= W ? W : live - f);
#else
            spread(row, acc[i], f, columns);
#endif
          }
      }
  }
}
#endif
