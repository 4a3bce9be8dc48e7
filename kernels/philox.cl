// philox: fills a tensor with random numbers, Philox4x32-10 (Salmon et al., SC 2011).
//
//   block b = philox(counter (b, 0, 0, stream), key (seed0, seed1)); its words w make elements 4b .. 4b+3
//   uniform: t_w = (w >> 8) / 2^24
//   normal (Box and Muller, 1958): words 0, 1 make elements 4b, 4b+1 and words 2, 3 make 4b+2, 4b+3:
//     r = sqrt(-2 ln(t_0 + 2^-24)), r cos(2 pi t_1), r sin(2 pi t_1)
//
// Tensors: output [count].
// Macros: REAL float|double, NORMAL 0|1. One work-item makes one block of four elements; any local size, the tail is guarded.
// Numerics: uniform is exact, the same bits on every device. Normal: t + 2^-24 lies in (0, 1] and is exact, as is the
// argument of cospi and sinpi, so the error is a few ULP of r.

#ifndef REAL
#define REAL float
#endif
#ifndef NORMAL
#define NORMAL 0
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

REAL uniform01(uint word) { return (REAL)(word >> 8) * (REAL)0x1p-24f; }

__kernel void philox_forward_reference(__global REAL *restrict output, int count, int seed0, int seed1, int stream) {
  const int b = (int)get_global_id(0);
  if (b >= (count + 3) / 4)
    return;
  const uint4 bits = philox((uint4)((uint)b, 0u, 0u, (uint)stream), (uint2)((uint)seed0, (uint)seed1));
  REAL values[4] = {uniform01(bits.x), uniform01(bits.y), uniform01(bits.z), uniform01(bits.w)};
#if NORMAL
  for (int i = 0; i < 4; i += 2) {
    const REAL radius = sqrt((REAL)-2 * log(values[i] + (REAL)0x1p-24f)), turn = 2 * values[i + 1];
    values[i] = radius * cospi(turn);
    values[i + 1] = radius * sinpi(turn);
  }
#endif
  for (int i = 0; i < 4; i++)
    if (4 * b + i < count)
      output[4 * b + i] = values[i];
}
