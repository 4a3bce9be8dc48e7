// conv2d, Winograd: forward and input gradient of 3x3 windows of stride 1 as F(2x2,3x3), for devices with large caches.
//
//   Y = A' [ sum over c of (G g_c G') * (B' d_c B) ] A   for each tile of 2x2 outputs, d the 4x4 inputs it reads
//
// A. Lavin and S. Gray, Fast algorithms for convolutional neural networks (arXiv:1509.09308), section 4.1: 16 multiply-adds for
// each channel in place of 36. An input gradient is the same with rows and columns of the window turned round, and input and
// output channels changed.
//
// The source is copied by conv2d_planes of packed.cl into the planes of a 4x4 window of stride 2: what a tile reads at (i, j) is its place
// in phase (i%2, j%2), shifted by (i/2, j/2). The sums over channels are 16 products of [rows, channels] by [channels, places], one
// place for each tile, whose right sides are made for a few places at a time, so that they stay in the second-level cache until
// they are used.
//
// Tensors as in conv2d.cl. planes as in packed.cl. turned [tiles of MT rows, 16, TURNED]: [channels, MT], 0 beyond the last row.
// transformed [work-items, JB, 16, SIZE]: the right sides of one work-item.
//
// Macros: LANES; W lanes of a vector; MT rows and NT vectors of a register tile; NT W divides by LANES; JB such tiles of places
// at a time; SUMS channels that are summed; GRADIENT 1: input gradient; HAS_BIAS.
// Numerics: fma over channels in order; the transforms add in the order written. Exact for whole numbers below
// 2^24 / (324 SUMS) in product.

#ifndef SUMS
#define LANES 1
#define W 8
#define MT 6
#define NT 2
#define JB 2
#define SUMS 16
#define GRADIENT 0
#define HAS_BIAS 0
#endif
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
typedef JOIN(float, W) V;
#define LOAD(p) JOIN(vload, W)(0, p)
#define STORE(v, p) JOIN(vstore, W)(v, 0, p)
// Named number by number: checkers of memory do not follow vectors that are joined from halves.
#if W == 16
#define LOW(a, b)                                                                                                           \
  (V)((a).s0, (b).s0, (a).s1, (b).s1, (a).s2, (b).s2, (a).s3, (b).s3,                                                       \
      (a).s4, (b).s4, (a).s5, (b).s5, (a).s6, (b).s6, (a).s7, (b).s7)
#define HIGH(a, b)                                                                                                          \
  (V)((a).s8, (b).s8, (a).s9, (b).s9, (a).sa, (b).sa, (a).sb, (b).sb,                                                       \
      (a).sc, (b).sc, (a).sd, (b).sd, (a).se, (b).se, (a).sf, (b).sf)
#elif W == 8
#define LOW(a, b) (V)((a).s0, (b).s0, (a).s1, (b).s1, (a).s2, (b).s2, (a).s3, (b).s3)
#define HIGH(a, b) (V)((a).s4, (b).s4, (a).s5, (b).s5, (a).s6, (b).s6, (a).s7, (b).s7)
#else
#define LOW(a, b) (V)((a).s0, (b).s0, (a).s1, (b).s1)
#define HIGH(a, b) (V)((a).s2, (b).s2, (a).s3, (b).s3)
#endif
#define NR (NT * W)
#define CHUNK 8
#define TILES(a, t) (((a) + (t)-1) / (t))
// A line more than the numbers: for what a vector holds beyond its row, and so that the 16 products do not lie a power of two apart,
// where they would share a set of the cache.
#define SIZE (SUMS * NR + 16)
#define TURNED (SUMS * MT + 16)

// G g G' of channel s of one tile of MT rows.
static inline void turn(__global const float *weight, __global float *turned, const int rows, const int it, const int s) {
  const int r0 = it * MT;
  float g[9][MT], t[4][3][MT];
  for (int i = 0; i < MT; i++) {
    const int r = min(r0 + i, rows - 1);
    __global const float *from = weight + (GRADIENT ? (long)s * rows + r : (long)r * SUMS + s) * 9;
#pragma unroll
    for (int tap = 0; tap < 9; tap++)
      g[tap][i] = r0 + i < rows ? from[GRADIENT ? 8 - tap : tap] : 0;
  }
#pragma unroll
  for (int j = 0; j < 3; j++)
    for (int i = 0; i < MT; i++) {
      const float outer = 0.5f * (g[j][i] + g[6 + j][i]), inner = 0.5f * g[3 + j][i];
      t[0][j][i] = g[j][i];
      t[1][j][i] = outer + inner;
      t[2][j][i] = outer - inner;
      t[3][j][i] = g[6 + j][i];
    }
  __global float *to = turned + (long)it * 16 * TURNED + s * MT;
#pragma unroll
  for (int a = 0; a < 4; a++)
    for (int i = 0; i < MT; i++) {
      const float outer = 0.5f * (t[a][0][i] + t[a][2][i]), inner = 0.5f * t[a][1][i];
      to[(4 * a + 0) * TURNED + i] = t[a][0][i];
      to[(4 * a + 1) * TURNED + i] = outer + inner;
      to[(4 * a + 2) * TURNED + i] = outer - inner;
      to[(4 * a + 3) * TURNED + i] = t[a][2][i];
    }
}

// One work-item: CHUNK channels of all rows for a gradient, else all channels of one tile of rows: weights as they lie in memory.
__kernel void conv2d_winograd_weight(__global const float *restrict weight, __global float *restrict turned, int rows) {
  const int id = (int)get_global_id(0), itiles = TILES(rows, MT);
#if GRADIENT
  for (int s = id * CHUNK; s < min(SUMS, (id + 1) * CHUNK); s++)
    for (int it = 0; it < itiles; it++)
      turn(weight, turned, rows, it, s);
#else
  for (int s = 0; s < SUMS && id < itiles; s++)
    turn(weight, turned, rows, id, s);
#endif
}

// The vectors that the tile of places first ... stop - 1 is made of: parts of rows of tiles. from: where one begins in the planes, at:
// in the tile. Returns how many.
static inline int runs(int *from, int *at, const int first, const int stop, const int ph, const int pw, const int th,
                       const int width) {
  int n = 0;
  for (int e = first; e < stop;) {
    const int l = e / width, x = e - l * width, run = min(width - x, stop - e);
    for (int f = 0; f < run; f += W, n++) {
      from[n] = (l / th * ph + l % th) * pw * LANES + x + f;
      at[n] = e - first + f;
    }
    e += run;
  }
  return n;
}

// B' d B of one tile of places, of which `used` are some. A vector's end that is no place of its row is overwritten by the next one, or
// channel, or lies behind the last.
static inline void transform(__global const float *planes, __global float *to, const long plane, const int line,
                             const int *from, const int *at, const int vectors, const int used) {
  for (int s = 0; s < SUMS; s++, planes += 4 * plane, to += NR) {
    for (int i = 0; i < vectors; i++) {
      __global const float *source = planes + from[i];
      __global float *target = to + at[i];
      V d[4][4], t[4][4];
#pragma unroll
      for (int a = 0; a < 4; a++)
#pragma unroll
        for (int b = 0; b < 4; b++)
          d[a][b] = LOAD(source + (a % 2 * 2 + b % 2) * plane + a / 2 * line + b / 2 * LANES);
#pragma unroll
      for (int b = 0; b < 4; b++) {
        t[0][b] = d[0][b] - d[2][b];
        t[1][b] = d[1][b] + d[2][b];
        t[2][b] = d[2][b] - d[1][b];
        t[3][b] = d[1][b] - d[3][b];
      }
#pragma unroll
      for (int a = 0; a < 4; a++) {
        STORE(t[a][0] - t[a][2], target + (4 * a + 0) * SIZE);
        STORE(t[a][1] + t[a][2], target + (4 * a + 1) * SIZE);
        STORE(t[a][2] - t[a][1], target + (4 * a + 2) * SIZE);
        STORE(t[a][1] - t[a][3], target + (4 * a + 3) * SIZE);
      }
    }
    for (int product = 0; used < NR && product < 16; product++)
      for (int f = used; f < NR; f++)
        to[product * SIZE + f] = 0;
  }
}

// A' m A of row i and vector j, with the columns of the tiles side by side again: row y of the tiles is at to + y * 2 * NR.
static inline void back(const V *m, float *to, const V start) {
  V t[2][4], y[2][2];
#pragma unroll
  for (int b = 0; b < 4; b++) {
    const V m0 = m[b * MT * NT], m1 = m[(4 + b) * MT * NT], m2 = m[(8 + b) * MT * NT], m3 = m[(12 + b) * MT * NT];
    t[0][b] = m0 + m1 + m2;
    t[1][b] = m1 - m2 - m3;
  }
#pragma unroll
  for (int a = 0; a < 2; a++) {
    y[a][0] = t[a][0] + t[a][1] + t[a][2] + start;
    y[a][1] = t[a][1] - t[a][2] - t[a][3] + start;
  }
#pragma unroll
  for (int a = 0; a < 2; a++, to += 2 * NR) {
#if LANES == 1
    const V left = y[a][0], right = y[a][1];
    STORE(LOW(left, right), to);
    STORE(HIGH(left, right), to + W);
#elif LANES == W
    STORE(y[a][0], to);
    STORE(y[a][1], to + W);
#else
    float part[2][W];
    STORE(y[a][0], part[0]);
    STORE(y[a][1], part[1]);
#if LANES < W
    for (int f = 0; f < W; f++) {
      to[f / LANES * 2 * LANES + f % LANES] = part[0][f];
      to[f / LANES * 2 * LANES + LANES + f % LANES] = part[1][f];
    }
#else
    for (int f = 0; f < W; f++) {
      to[f] = part[0][f];
      to[LANES + f] = part[1][f];
    }
#endif
#endif
  }
}

// One work-item: JB tiles of places, and every `stride` of them, by row tiles from a part of them. Global size parts * stride.
__kernel void conv2d_winograd(__global const float *restrict planes, __global const float *restrict turned,
#if HAS_BIAS
                              __global const float *restrict bias,
#endif
                              __global float *restrict transformed, __global float *restrict output, int blocks, int rows, int ph,
                              int pw, int oh, int ow, int each, int stride) {
  const int th = TILES(oh, 2), line = TILES(ow, 2) * LANES, places = blocks * th * line;
  const int jtiles = TILES(places, NR), itiles = TILES(rows, MT);
  const int id = (int)get_global_id(0), it0 = id / stride * each, it1 = min(itiles, it0 + each);
  if (it0 >= itiles)
    return;
  const long plane = (long)blocks * ph * pw * LANES;
  __global float *right = transformed + (long)id * JB * 16 * SIZE;
  V m[16 * MT * NT];
  float y[MT * 4 * NR];
  for (int jt0 = id % stride * JB; jt0 < jtiles; jt0 += stride * JB) {
    const int jt1 = min(jtiles, jt0 + JB);
    for (int jt = jt0; jt < jt1; jt++) {
      int from[NR], at[NR];
      const int stop = min(jt * NR + NR, places), vectors = runs(from, at, jt * NR, stop, ph, pw, th, line);
      transform(planes, right + (jt - jt0) * 16 * SIZE, plane, pw * LANES, from, at, vectors, stop - jt * NR);
    }
    for (int it = it0; it < it1; it++)
      for (int jt = jt0; jt < jt1; jt++) {
        for (int product = 0; product < 16; product++) {
          __global const float *wp = turned + ((long)it * 16 + product) * TURNED;
          __global const float *from = right + ((jt - jt0) * 16 + product) * SIZE;
          V acc[MT][NT];
#pragma unroll
          for (int i = 0; i < MT; i++)
#pragma unroll
            for (int j = 0; j < NT; j++)
              acc[i][j] = (V)(0);
          for (int s = 0; s < SUMS; s++, wp += MT, from += NR) {
            V x[NT];
#pragma unroll
            for (int j = 0; j < NT; j++)
              x[j] = LOAD(from + j * W);
#pragma unroll
            for (int i = 0; i < MT; i++) {
              const V value = (V)(wp[i]);
#pragma unroll
              for (int j = 0; j < NT; j++)
                acc[i][j] = fma(value, x[j], acc[i][j]);
            }
          }
#pragma unroll
          for (int i = 0; i < MT; i++)
#pragma unroll
            for (int j = 0; j < NT; j++)
              m[(product * MT + i) * NT + j] = acc[i][j];
        }
        for (int i = 0; i < MT; i++) {
#if HAS_BIAS
          const V start = (V)(bias[min(it * MT + i, rows - 1)]);
#else
          const V start = (V)(0);
#endif
#pragma unroll
          for (int j = 0; j < NT; j++)
            back(m + i * NT + j, y + i * 4 * NR + (j * W / LANES * 2 * LANES + j * W % LANES), start);
        }
        // Runs of places that are tiles: parts of rows.
        const int live = min(MT, rows - it * MT), e = jt * NR, stop = min(e + NR, places);
        int s = e;
        while (s < stop) {
          const int l = s / line, x = s - l * line, ty = l % th, b = l / th, run = min(line - x, stop - s);
          const int floats = min(2 * run, ow * LANES - 2 * x);
          for (int a = 0; a < min(2, oh - 2 * ty); a++) {
            __global float *to = output + ((((long)b * rows + it * MT) * oh + 2 * ty + a) * ow) * LANES + 2 * x;
            const float *value = y + a * 2 * NR + 2 * (s - e);
            for (int i = 0; i < live; i++, to += (long)oh * ow * LANES, value += 4 * NR)
              for (int f = 0; f < floats; f++)
                to[f] = value[f];
          }
          s += run;
        }
      }
  }
}
