// dropout: zeroes elements at random and scales the others; the mask is recomputed in backward, never stored.
//
//   output = u32(seed, layer, step, sample, feature) >= THRESHOLD ? input * SCALE : 0
//
// The u32 is word feature % 4 of Philox4x32-10 (Salmon et al., SC 2011) with key (SEED0, SEED1) and counter (feature / 4,
// first_sample + n, step, LAYER); feature counts in NCHW order, so that every layout has the same mask.
// Tensors: input, output [B,F,LANES]. THRESHOLD = round(p * 2^32), compared in 64 bits; SCALE = 1 / (1 - p), 0 for p = 1.
// Backward is the same kernel on the gradient. One work-item per element; the tail is guarded.

#ifndef REAL
#define REAL float
#endif
#ifndef LANES
#define LANES 1
#endif
#ifndef THRESHOLD
#define THRESHOLD 2147483648
#define SCALE 2.0
#define SEED0 1
#define SEED1 0
#define LAYER 0
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

uint4 philox(uint4 c, uint2 k) {
  for (int round = 0; round < 10; round++) {
    const uint h0 = mul_hi(c.x, 0xD2511F53u), l0 = c.x * 0xD2511F53u;
    const uint h1 = mul_hi(c.z, 0xCD9E8D57u), l1 = c.z * 0xCD9E8D57u;
    c = (uint4)(h1 ^ c.y ^ k.x, l1, h0 ^ c.w ^ k.y, l0);
    k += (uint2)(0x9E3779B9u, 0xBB67AE85u);
  }
  return c;
}

__kernel void dropout_reference(__global const REAL *restrict input, __global REAL *restrict output, int total,
                                int features, int step, int first_sample) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const int feature = id / LANES % features, n = id / LANES / features * LANES + id % LANES;
  const uint4 bits = philox((uint4)((uint)feature / 4, (uint)(first_sample + n), (uint)step, (uint)LAYER),
                            (uint2)((uint)SEED0, (uint)SEED1));
  const int word = feature % 4;
  const uint u = word == 0 ? bits.x : word == 1 ? bits.y : word == 2 ? bits.z : bits.w;
  output[id] = (ulong)u >= (ulong)THRESHOLD ? input[id] * (REAL)(SCALE) : (REAL)0;
}
