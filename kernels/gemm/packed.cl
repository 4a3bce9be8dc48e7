// gemm, packed: C = act(alpha * op(A) op(B) + beta * C + bias) for devices with large caches and wide vectors.
//
// Tensors as in gemm.cl. Packed A: panels of MT rows, packed_a[(panel*K + p)*MT + i]; packed B: panels of NR = NT*W columns,
// packed_b[(panel*K + p)*NR + j]; what lies beyond M or N is 0. Both lie one after the other in the tensor workspace, each
// from a multiple of 16 elements.
//
// Macros: REAL, WIDE; W lanes of a vector 2|4|8|16; MT rows and NT vectors of a register tile, MT*NT sums; MB by NB register
// tiles of one work-item; KC steps of K whose panel of B (KC*NR numbers) stays in the first-level cache, KC*MT*MB of A in the
// second; PACK_A, PACK_B 0: the matrix is read where it lies (A has MT rows and more then, B is not transposed and has NR
// columns and more);
// TRANS_A, TRANS_B, HAS_BIAS, HAS_BETA, ACTIVATION as in gemm.cl.
// gemm_pack_a, gemm_pack_b: one work-item packs KP steps of a panel, global size panels * ceil(K/KP). gemm_forward_packed: one
// work-item computes MB*MT rows and NB*NR columns, local size 1, global size the number of such blocks.
// Numerics: fma over k in order within KC steps, which are added in order; then alpha, beta, bias, activation.

#ifndef REAL
#define REAL float
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
#ifndef W
#define W 8
#define MT 6
#define NT 2
#define MB 8
#define NB 4
#define KC 256
#define KP 64
#endif
#ifndef PACK_A
#define PACK_A 1
#define PACK_B 1
#endif
#ifndef TRANS_A
#define TRANS_A 0
#define TRANS_B 0
#define HAS_BIAS 0
#define HAS_BETA 0
#define ACTIVATION 0
#endif
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
typedef JOIN(REAL, W) V;
#define LOAD(p) JOIN(vload, W)(0, p)
#define STORE(v, p) JOIN(vstore, W)(v, 0, p)
#define NR (NT * W)
#define TILES(a, t) (((a) + (t)-1) / (t))

__kernel void gemm_pack_a(__global const REAL *restrict a, __global REAL *restrict workspace, int m, int k, int lda) {
  const int id = (int)get_global_id(0), steps = TILES(k, KP), panel = id / steps, first = id % steps * KP;
  if (panel >= TILES(m, MT))
    return;
  const int last = min(k, first + KP), i0 = panel * MT;
  __global REAL *to = workspace + ((long)panel * k + first) * MT;
  if (i0 + MT <= m) {
#if TRANS_A
    for (int p = first; p < last; p++, to += MT)
#pragma unroll
      for (int i = 0; i < MT; i++)
        to[i] = a[(long)p * lda + i0 + i];
#else
    __global const REAL *from = a + (long)i0 * lda;
    for (int p = first; p < last; p++, to += MT)
#pragma unroll
      for (int i = 0; i < MT; i++)
        to[i] = from[(long)i * lda + p];
#endif
  } else {
    for (int p = first; p < last; p++, to += MT)
      for (int i = 0; i < MT; i++)
        to[i] = i0 + i >= m ? 0 : TRANS_A ? a[(long)p * lda + i0 + i] : a[(long)(i0 + i) * lda + p];
  }
}

__kernel void gemm_pack_b(__global const REAL *restrict b, __global REAL *restrict workspace, int m, int n, int k,
                          int ldb) {
  const int id = (int)get_global_id(0), steps = TILES(k, KP), panel = id / steps, first = id % steps * KP;
  if (panel >= TILES(n, NR))
    return;
  const int last = min(k, first + KP), j0 = panel * NR;
  const long after = PACK_A ? ((long)TILES(m, MT) * MT * k + 15) / 16 * 16 : 0;
  __global REAL *to = workspace + after + ((long)panel * k + first) * NR;
  if (j0 + NR <= n) {
#if TRANS_B
    // A block of W steps of W columns at a time: a line of the source is read whole while it is in the cache.
    for (int p0 = first; p0 < last; p0 += W)
      for (int j = 0; j < NR; j++)
        for (int p = p0; p < min(last, p0 + W); p++)
          to[(p - first) * NR + j] = b[(long)(j0 + j) * ldb + p];
#else
    for (int p = first; p < last; p++, to += NR)
#pragma unroll
      for (int j = 0; j < NT; j++)
        STORE(LOAD(b + (long)p * ldb + j0 + j * W), to + j * W);
#endif
  } else {
    for (int p = first; p < last; p++, to += NR)
      for (int j = 0; j < NR; j++)
        to[j] = j0 + j >= n ? 0 : TRANS_B ? b[(long)(j0 + j) * ldb + p] : b[(long)p * ldb + j0 + j];
  }
}

inline REAL finish(REAL value, int j, __global const REAL *bias, __global const REAL *c, REAL alpha, REAL beta) {
  value *= alpha;
#if HAS_BETA
  value = fma(beta, *c, value);
#endif
#if HAS_BIAS
  value += bias[j];
#endif
#if ACTIVATION == 1
  value = value <= 0 ? (REAL)0 : value;
#elif ACTIVATION == 2
  value = tanh(value);
#endif
  return value;
}

__kernel void gemm_forward_packed(__global const REAL *restrict a, __global const REAL *restrict b,
#if HAS_BIAS
                                  __global const REAL *restrict bias,
#endif
                                  __global REAL *restrict c, __global const REAL *restrict workspace, int m, int n, int k,
                                  int lda, int ldb, int ldc, REAL alpha, REAL beta) {
  const int id = (int)get_global_id(0), mtiles = TILES(m, MT), ntiles = TILES(n, NR), nblocks = TILES(ntiles, NB);
  const int it0 = id / nblocks * MB, jt0 = id % nblocks * NB;
  if (it0 >= mtiles)
    return;
  const int it1 = min(mtiles, it0 + MB), jt1 = min(ntiles, jt0 + NB);
#if !HAS_BIAS
  __global const REAL *bias = c;
#endif
#if PACK_A
  __global const REAL *packed_a = workspace;
  __global const REAL *packed_b = workspace + ((long)mtiles * MT * k + 15) / 16 * 16;
#else
  __global const REAL *packed_b = workspace;
#endif
  V sums[MB * NB * MT * NT];
  for (int k0 = 0; k0 < k; k0 += KC) {
    const int steps = min(KC, k - k0);
    for (int jt = jt0; jt < jt1; jt++) {
#if PACK_B
      __global const REAL *bp = packed_b + ((long)jt * k + k0) * NR;
#define B_STEP NR
#else
      __global const REAL *bp = b + (long)k0 * ldb + min(jt * NR, n - NR);
#define B_STEP ldb
#endif
      for (int it = it0; it < it1; it++) {
        V *kept = sums + ((jt - jt0) * MB + it - it0) * MT * NT;
        V acc[MT][NT];
        if (k0 == 0) {
#pragma unroll
          for (int i = 0; i < MT; i++)
#pragma unroll
            for (int j = 0; j < NT; j++)
              acc[i][j] = (V)(0);
        } else {
#pragma unroll
          for (int i = 0; i < MT; i++)
#pragma unroll
            for (int j = 0; j < NT; j++)
              acc[i][j] = kept[i * NT + j];
        }
#if PACK_A
        __global const REAL *ap = packed_a + ((long)it * k + k0) * MT;
#define A_AT(p, i) ap[(p)*MT + (i)]
#elif TRANS_A
        __global const REAL *ap = a + (long)k0 * lda + min(it * MT, m - MT);
#define A_AT(p, i) ap[(p)*lda + (i)]
#else
        __global const REAL *ap = a + (long)min(it * MT, m - MT) * lda + k0;
#define A_AT(p, i) ap[(i)*lda + (p)]
#endif
        __global const REAL *bq = bp;
        for (int p = 0; p < steps; p++) {
          V y[NT];
#pragma unroll
          for (int j = 0; j < NT; j++)
            y[j] = LOAD(bq + j * W);
          bq += B_STEP;
#pragma unroll
          for (int i = 0; i < MT; i++) {
            const V x = (V)(A_AT(p, i));
#pragma unroll
            for (int j = 0; j < NT; j++)
              acc[i][j] = fma(x, y[j], acc[i][j]);
          }
        }
        if (k0 + KC < k) {
#pragma unroll
          for (int i = 0; i < MT; i++)
#pragma unroll
            for (int j = 0; j < NT; j++)
              kept[i * NT + j] = acc[i][j];
        } else {
#pragma unroll
          for (int i = 0; i < MT; i++)
#pragma unroll
            for (int j = 0; j < NT; j++)
              kept[i * NT + j] = acc[i][j];
          // A tile read in place at an edge is moved inwards, so that it never reads beyond: some of it comes twice.
          const int i0 = PACK_A ? it * MT : min(it * MT, m - MT), j0 = PACK_B ? jt * NR : min(jt * NR, n - NR);
          const int rows = min(MT, m - i0), columns = min(NR, n - j0);
          const REAL *value = (const REAL *)kept;
          for (int i = it * MT - i0; i < rows; i++) {
            __global REAL *to = c + (long)(i0 + i) * ldc + j0;
            for (int j = jt * NR - j0; j < columns; j++)
              to[j] = finish(value[i * NR + j], j0 + j, bias, to + j, alpha, beta);
          }
        }
      }
    }
  }
}
