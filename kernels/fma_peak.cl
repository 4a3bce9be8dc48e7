// fma_peak: the most fused multiply-adds a device does, for the percentages of bench and profile. No operator.
//
// Each work-item keeps CHAINS vectors of WIDTH numbers in registers and puts each through rounds fused multiply-adds; the
// chains are independent, so latency hides. x = 0.5 x + 0.1 stays near 0.2. output [work-items, WIDTH]: the sums, so that nothing
// can be left out. Global size any, local size 1.

#ifndef WIDTH
#define WIDTH 16
#endif
#define GLUE(a, b) a##b
#define VECTOR(w) GLUE(float, w)
#define V VECTOR(WIDTH)
#define STORE(w) GLUE(vstore, w)

__kernel void fma_peak(__global float *restrict output, int rounds) {
  const V a = (V)(0.5f), b = (V)(0.1f);
  V x0 = (V)(get_global_id(0)), x1 = x0 + 1, x2 = x0 + 2, x3 = x0 + 3, x4 = x0 + 4, x5 = x0 + 5;
  V x6 = x0 + 6, x7 = x0 + 7, x8 = x0 + 8, x9 = x0 + 9, x10 = x0 + 10, x11 = x0 + 11;
  for (int i = 0; i < rounds; i++) {
    x0 = fma(x0, a, b), x1 = fma(x1, a, b), x2 = fma(x2, a, b), x3 = fma(x3, a, b);
    x4 = fma(x4, a, b), x5 = fma(x5, a, b), x6 = fma(x6, a, b), x7 = fma(x7, a, b);
    x8 = fma(x8, a, b), x9 = fma(x9, a, b), x10 = fma(x10, a, b), x11 = fma(x11, a, b);
  }
  const V sum = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11;
  STORE(WIDTH)(sum, get_global_id(0), output);
}
