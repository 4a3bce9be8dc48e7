// gemm: C = act(alpha * op(A) op(B) + beta * C + bias), row-major.
//
// Tensors: A [M,K] with row length lda, or [K,M] when TRANS_A; B [K,N] with ldb, or [N,K] when TRANS_B; C [M,N] with ldc;
// bias [N], added to every row. ACTIVATION 0 none, 1 relu, 2 tanh. beta 0 never reads C.
// Macros: REAL, TRANS_A, TRANS_B, HAS_BIAS, HAS_BETA, ACTIVATION; MT rows and NT columns of one work-item's tile, MT = NT = 1
// is the reference form. Global size = number of tiles; the index is flat and guarded.
// Numerics: fma over k in order, then alpha, beta, bias, activation.

#ifndef REAL
#define REAL float
#endif
#ifndef TRANS_A
#define TRANS_A 0
#define TRANS_B 0
#define HAS_BIAS 0
#define HAS_BETA 0
#define ACTIVATION 0
#endif
#ifndef MT
#define MT 1
#define NT 1
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
#define TILES(a, t) (((a) + (t) - 1) / (t))

__kernel void gemm_forward(__global const REAL *restrict a, __global const REAL *restrict b,
#if HAS_BIAS
                           __global const REAL *restrict bias,
#endif
                           __global REAL *restrict c, int m, int n, int k, int lda, int ldb, int ldc, REAL alpha,
                           REAL beta) {
  const int id = (int)get_global_id(0), ntiles = TILES(n, NT);
  if (id >= TILES(m, MT) * ntiles)
    return;
  const int i0 = id / ntiles * MT, j0 = id % ntiles * NT;
  REAL acc[MT][NT];
#pragma unroll
  for (int i = 0; i < MT; i++)
#pragma unroll
    for (int j = 0; j < NT; j++)
      acc[i][j] = 0;
  for (int p = 0; p < k; p++) {
    REAL x[MT], y[NT];
#pragma unroll
    for (int i = 0; i < MT; i++) {
      const int row = min(i0 + i, m - 1);
      x[i] = TRANS_A ? a[p * lda + row] : a[row * lda + p];
    }
#pragma unroll
    for (int j = 0; j < NT; j++) {
      const int column = min(j0 + j, n - 1);
      y[j] = TRANS_B ? b[column * ldb + p] : b[p * ldb + column];
    }
#pragma unroll
    for (int i = 0; i < MT; i++)
#pragma unroll
      for (int j = 0; j < NT; j++)
        acc[i][j] = fma(x[i], y[j], acc[i][j]);
  }
#pragma unroll
  for (int i = 0; i < MT; i++)
#pragma unroll
    for (int j = 0; j < NT; j++)
      if (i0 + i < m && j0 + j < n) {
        REAL value = alpha * acc[i][j];
#if HAS_BETA
        value = fma(beta, c[(i0 + i) * ldc + j0 + j], value);
#endif
#if HAS_BIAS
        value += bias[j0 + j];
#endif
#if ACTIVATION == 1
        value = value <= 0 ? (REAL)0 : value;
#elif ACTIVATION == 2
        value = tanh(value);
#endif
        c[(i0 + i) * ldc + j0 + j] = value;
      }
}
