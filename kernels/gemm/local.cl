// gemm, local: C = act(alpha * op(A) op(B) + beta * C + bias) by tiles in local memory, for GPUs.
//
// Tensors, arguments and macros TRANS_A, TRANS_B, HAS_BIAS, HAS_BETA, ACTIVATION as in gemm.cl.
// A work-group of (BM/TM) * (BN/TN) work-items computes BM rows by BN columns; BK steps of both operands at a time lie in local
// memory, zeros beyond the matrices. A work-item holds TM by TN sums, BM/TM rows and BN/TN columns apart, so that neighbours
// read neighbouring columns and broadcast rows. Tiles of local memory are one column longer than they need be: reading along
// the other side then meets different banks. Local size is the work-group; global size it times the number of tiles.
// The idea: Volkov, Demmel, Benchmarking GPUs to tune dense linear algebra, 2008.
// Numerics: fma over k in order, then alpha, beta, bias, activation.

#ifndef TRANS_A
#define TRANS_A 0
#define TRANS_B 0
#define HAS_BIAS 0
#define HAS_BETA 0
#define ACTIVATION 0
#endif
#ifndef BM
#define BM 64
#define BN 64
#define BK 16
#define TM 4
#define TN 4
#endif
#define GROUP ((BM / TM) * (BN / TN))
#define TILES(a, t) (((a) + (t)-1) / (t))

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
gemm_forward_local(__global const float *restrict a, __global const float *restrict b,
#if HAS_BIAS
                   __global const float *restrict bias,
#endif
                   __global float *restrict c, int m, int n, int k, int lda, int ldb, int ldc, float alpha, float beta) {
  __local float at[BK * (BM + 1)], bt[BK * (BN + 1)];
  const int own = (int)get_local_id(0), tile = (int)get_group_id(0), ntiles = TILES(n, BN);
  const int i0 = tile / ntiles * BM, j0 = tile % ntiles * BN;
  const int row = own / (BN / TN), column = own % (BN / TN);
  float acc[TM][TN];
#pragma unroll
  for (int i = 0; i < TM; i++)
#pragma unroll
    for (int j = 0; j < TN; j++)
      acc[i][j] = 0;
  for (int p0 = 0; p0 < k; p0 += BK) {
    // Neighbouring work-items read neighbouring numbers of memory: along k, or across it when transposed.
    for (int q = own; q < BM * BK; q += GROUP) {
      const int i = TRANS_A ? q % BM : q / BK, p = TRANS_A ? q / BM : q % BK;
      const int ai = i0 + i, ap = p0 + p;
      at[p * (BM + 1) + i] = ai < m && ap < k ? (TRANS_A ? a[(long)ap * lda + ai] : a[(long)ai * lda + ap]) : 0;
    }
    for (int q = own; q < BN * BK; q += GROUP) {
      const int j = TRANS_B ? q / BK : q % BN, p = TRANS_B ? q % BK : q / BN;
      const int bj = j0 + j, bp = p0 + p;
      bt[p * (BN + 1) + j] = bj < n && bp < k ? (TRANS_B ? b[(long)bj * ldb + bp] : b[(long)bp * ldb + bj]) : 0;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int p = 0; p < BK; p++) {
      float x[TM], y[TN];
#pragma unroll
      for (int i = 0; i < TM; i++)
        x[i] = at[p * (BM + 1) + row + i * (BM / TM)];
#pragma unroll
      for (int j = 0; j < TN; j++)
        y[j] = bt[p * (BN + 1) + column + j * (BN / TN)];
#pragma unroll
      for (int i = 0; i < TM; i++)
#pragma unroll
        for (int j = 0; j < TN; j++)
          acc[i][j] = fma(x[i], y[j], acc[i][j]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
#pragma unroll
  for (int i = 0; i < TM; i++)
#pragma unroll
    for (int j = 0; j < TN; j++) {
      const int ci = i0 + row + i * (BM / TM), cj = j0 + column + j * (BN / TN);
      if (ci < m && cj < n) {
        float value = alpha * acc[i][j];
#if HAS_BETA
        value = fma(beta, c[(long)ci * ldc + cj], value);
#endif
#if HAS_BIAS
        value += bias[cj];
#endif
#if ACTIVATION == 1
        value = value <= 0 ? 0 : value;
#elif ACTIVATION == 2
        value = tanh(value);
#endif
        c[(long)ci * ldc + cj] = value;
      }
    }
}
