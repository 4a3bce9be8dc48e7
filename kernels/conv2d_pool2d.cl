// conv2d_pool2d: convolution, activation, pooling and activation in one, for a training step that moves less memory.
//
//   hidden = inner(bias + conv(input, weight));   output = outer(pool(hidden))
//
// Tensors as in conv2d.cl and the pooling files: input [B,C,H,W,LANES], weight [K,CG,KH,KW], bias [K], reciprocal
// [PH,PW] (average), hidden [B,K,OH,OW,LANES] (when KEEP_HIDDEN), output [B,K,PH,PW,LANES], argmax like output (maximum, when
// KEEP_ARGMAX).
// backward_conv: gradient of the output to that of the convolution's result, [B,K,OH,OW,LANES]. backward_parameters: to those
// of weight and bias, where nobody asks for the input's; the convolution's result is not written.
//
// Macros: LANES; the convolution's window (KH ... DILATION_W), GROUPS, HAS_BIAS; the pooling window (POOL_KH ...
// POOL_DILATION_W); MAX 1 maximum, 0 average; INNER and OUTER -1 none, 0 tanh, 1 sigmoid, 2 relu; KEEP_HIDDEN 0|1 and
// KEEP_ARGMAX 0|1, for a backward pass, which needs the first where INNER is not -1 and the second of a maximum; tile sizes
// KT (output channels) and PT (columns of the output) of one work-item, KR (rows of the kernel) of one in
// backward_parameters_tiled; WINOGRAD 1: forward_tiled takes conv2d/winograd1d.cl's `turned` as its weight and adds as that
// does, two columns at a time, GROUPS 1, CT_W even.
//
// Numerics: the convolution and the gradients of its parameters as in conv2d.cl, with WINOGRAD as in conv2d/winograd1d.cl, bit
// for bit where windows lie side by side; argmax, ties, NaN as in max_pool2d.cl; averages as in avg_pool2d.cl. tanh is a
// rational function of our own, at most 5.2 ULP off, exact at 0, NaN and beyond 9.02.

#ifndef LANES
#define LANES 1
#endif
#ifndef KH
#define KH 3
#define KW 3
#define STRIDE_H 1
#define STRIDE_W 1
#define PAD_TOP 0
#define PAD_LEFT 0
#define DILATION_H 1
#define DILATION_W 1
#endif
#ifndef POOL_KH
#define POOL_KH 2
#define POOL_KW 2
#define POOL_STRIDE_H 2
#define POOL_STRIDE_W 2
#define POOL_PAD_TOP 0
#define POOL_PAD_LEFT 0
#define POOL_DILATION_H 1
#define POOL_DILATION_W 1
#endif
#ifndef GROUPS
#define GROUPS 1
#endif
#ifndef HAS_BIAS
#define HAS_BIAS 1
#endif
#ifndef MAX
#define MAX 1
#endif
#ifndef INNER
#define INNER -1
#define OUTER 2
#endif
#ifndef KEEP_HIDDEN
#define KEEP_HIDDEN 0
#endif
#ifndef KEEP_ARGMAX
#define KEEP_ARGMAX MAX
#endif
#ifndef KT
#define KT 1
#define PT 1
#endif
#ifndef KR
#define KR 1
#endif
#ifndef WINOGRAD
#define WINOGRAD 0
#endif

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#if LANES == 1
typedef float V;
typedef int I;
#define CHOOSE(no, yes, c) ((c) ? (yes) : (no))
#define AND_NOT(a, b) ((a) && !(b))
#define SUM(v) (v)
#else
typedef JOIN(float, LANES) V;
typedef JOIN(int, LANES) I;
#define CHOOSE(no, yes, c) select(no, yes, c)
#define AND_NOT(a, b) ((a) & ~(b))
#if LANES == 2
#define SUM(v) ((v).s0 + (v).s1)
#elif LANES == 4
#define SUM(v) (((v).s0 + (v).s2) + ((v).s1 + (v).s3))
#else
inline float sum4(float4 v) { return (v.s0 + v.s2) + (v.s1 + v.s3); }
#if LANES == 8
#define SUM(v) sum4((v).lo + (v).hi)
#else
inline float sum8(float8 v) { return sum4(v.lo + v.hi); }
#define SUM(v) sum8((v).lo + (v).hi)
#endif
#endif
#endif
// Whether a comes after b in a maximum that a NaN wins, for b that is none.
#define NAN_OR_ABOVE(a, b) !((a) <= (b))
#define TILES(a, t) (((a) + (t)-1) / (t))
// As in conv2d/winograd1d.cl.
#if KW % 3 == 1
#define THREES ((KW - 4) / 3)
#else
#define THREES (KW / 3)
#endif
#define TWOS ((KW - 3 * THREES) / 2)
#define PRODUCTS (4 * THREES + 3 * TWOS)

// Numerator and denominator in x*x, fitted to the least relative error (0.35 ULP before rounding) on [0, 9.02].
inline V tanh_rational(V x) {
  const V c = clamp(x, (V)(-9.02f), (V)(9.02f)), u = c * c;
  V p = fma(u, (V)(1.3319050751192663e-08f), (V)(2.0583465811796486e-05f));
  p = fma(p, u, (V)(0.0034940335899591446f));
  p = fma(p, u, (V)(0.13379716873168945f));
  p = fma(p, u, (V)(1.0f));
  V q = fma(u, (V)(7.762010341139103e-07f), (V)(0.00032830910640768707f));
  q = fma(q, u, (V)(0.025871070101857185f));
  q = fma(q, u, (V)(0.4671303331851959f));
  q = fma(q, u, (V)(1.0f));
  const V y = clamp(c * p / q, (V)(-1.0f), (V)(1.0f));
  return CHOOSE(y, x, isnan(x)); // clamp of NaN is undefined
}

inline V activate(V x, int kind) {
  if (kind == 0)
    return tanh_rational(x);
  if (kind == 1) {
    const V e = exp(-fabs(x));
    return CHOOSE((V)(1.0f), e, x < 0) / (1 + e);
  }
  if (kind == 2)
    return CHOOSE(x, (V)(0.0f), x <= 0);
  return x;
}

// g times the derivative, from the result y.
inline V derivative(V y, V g, int kind) {
  if (kind == 0)
    return g * (1 - y * y);
  if (kind == 1)
    return g * (y * (1 - y));
  if (kind == 2)
    return CHOOSE(g, (V)(0.0f), y <= 0);
  return g;
}

// Folds the next value of a window into the best one so far.
#define FOLD_MAX(best, where, value, at, first)                                                                          \
  {                                                                                                                      \
    const V folded = value;                                                                                              \
    if (first) {                                                                                                         \
      best = folded;                                                                                                     \
      where = (I)(at);                                                                                                   \
    } else {                                                                                                             \
      const I take = AND_NOT(NAN_OR_ABOVE(folded, best), isnan(best));                                                   \
      best = CHOOSE(best, folded, take);                                                                                 \
      where = CHOOSE(where, (I)(at), take);                                                                              \
    }                                                                                                                    \
  }

// One value of hidden, by the definition.
inline V hidden_value(__global const V *restrict input, __global const float *restrict weight,
#if HAS_BIAS
                      __global const float *restrict bias,
#endif
                      int b, int k, int oy, int ox, int c_all, int h, int w, int k_all) {
  const int cg = c_all / GROUPS, kg = k_all / GROUPS, group = k / kg;
#if HAS_BIAS
  V acc = (V)(bias[k]);
#else
  V acc = (V)(0.0f);
#endif
  for (int c = 0; c < cg; c++)
    for (int kh = 0; kh < KH; kh++) {
      const int y = oy * STRIDE_H - PAD_TOP + kh * DILATION_H;
      if (y < 0 || y >= h)
        continue;
      for (int kw = 0; kw < KW; kw++) {
        const int x = ox * STRIDE_W - PAD_LEFT + kw * DILATION_W;
        if (x >= 0 && x < w)
          acc = fma((V)(weight[((k * cg + c) * KH + kh) * KW + kw]), input[((b * c_all + group * cg + c) * h + y) * w + x],
                    acc);
      }
    }
  return activate(acc, INNER);
}

// hidden alone; one work-item per value.
__kernel void conv2d_pool2d_hidden_reference(__global const V *restrict input, __global const float *restrict weight,
#if HAS_BIAS
                                             __global const float *restrict bias,
#endif
                                             __global V *restrict hidden, int total, int c_all, int h, int w, int k_all,
                                             int oh, int ow) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  hidden[id] = hidden_value(input, weight,
#if HAS_BIAS
                            bias,
#endif
                            id / ow / oh / k_all, id / ow / oh % k_all, id / ow % oh, id % ow, c_all, h, w, k_all);
}

#if KEEP_ARGMAX
#define POOL_ARGUMENTS __global V *restrict output, __global I *restrict argmax
#elif MAX
#define POOL_ARGUMENTS __global V *restrict output
#else
#define POOL_ARGUMENTS __global const float *restrict reciprocal, __global V *restrict output
#endif

// One work-item per output; reads hidden where it is kept, else computes what a window needs.
__kernel void conv2d_pool2d_forward_reference(__global const V *restrict input, __global const float *restrict weight,
#if HAS_BIAS
                                              __global const float *restrict bias,
#endif
#if KEEP_HIDDEN
                                              __global const V *restrict hidden,
#endif
                                              POOL_ARGUMENTS, int total, int c_all, int h, int w, int k_all, int oh,
                                              int ow, int ph, int pw) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const int px = id % pw, py = id / pw % ph, k = id / pw / ph % k_all, b = id / pw / ph / k_all;
  V best = (V)(MAX ? -INFINITY : 0.0f);
  I where = (I)(-1);
  bool first = true;
  for (int i = 0; i < POOL_KH; i++) {
    const int y = py * POOL_STRIDE_H - POOL_PAD_TOP + i * POOL_DILATION_H;
    for (int j = 0; j < POOL_KW; j++) {
      const int x = px * POOL_STRIDE_W - POOL_PAD_LEFT + j * POOL_DILATION_W;
      if (y < 0 || y >= oh || x < 0 || x >= ow)
        continue;
#if KEEP_HIDDEN
      const V value = hidden[((b * k_all + k) * oh + y) * ow + x];
#else
      const V value = hidden_value(input, weight,
#if HAS_BIAS
                                   bias,
#endif
                                   b, k, y, x, c_all, h, w, k_all);
#endif
#if MAX
      FOLD_MAX(best, where, value, y * ow + x, first);
#else
      best += value;
#endif
      first = false;
    }
  }
#if KEEP_ARGMAX
  argmax[id] = where;
#elif !MAX
  best *= (V)(reciprocal[py * pw + px]);
#endif
  output[id] = activate(best, OUTER);
}

// One work-item: KT output channels of one group, one row of pooled results, PT columns of it. The pooling windows lie side by
// side without padding: stride equals kernel, dilation 1, so each value of the convolution has one owner.
#define CT_W (PT * POOL_KW)
#define SEGMENT ((CT_W - 1) * STRIDE_W + (KW - 1) * DILATION_W + 1)
__kernel void conv2d_pool2d_forward_tiled(__global const V *restrict input, __global const float *restrict weight,
#if HAS_BIAS
                                          __global const float *restrict bias,
#endif
#if KEEP_HIDDEN
                                          __global V *restrict hidden,
#endif
                                          POOL_ARGUMENTS, int blocks, int c_all, int h, int w, int k_all, int oh, int ow,
                                          int ph, int pw) {
  const int cg = c_all / GROUPS, kg = k_all / GROUPS;
  const int ktiles = TILES(kg, KT), ptiles = TILES(pw, PT);
  int id = (int)get_global_id(0);
  if (id >= blocks * GROUPS * ktiles * ph * ptiles)
    return;
  const int px0 = id % ptiles * PT;
  id /= ptiles;
  const int py = id % ph;
  id /= ph;
  const int k0 = id % ktiles * KT;
  id /= ktiles;
  const int group = id % GROUPS, b = id / GROUPS;
  const int oy0 = py * POOL_KH, ox0 = px0 * POOL_KW;

  V acc[POOL_KH][KT][CT_W];
#if WINOGRAD
  for (int at = 0; at < POOL_KH * CT_W; at += 2) {
    const int r = at / CT_W, j = at % CT_W, x0 = ox0 + j - PAD_LEFT;
    const bool inside = x0 >= 0 && x0 + KW < w;
    V p[KT], q[KT], m[KT], s[KT];
#pragma unroll
    for (int i = 0; i < KT; i++) {
      p[i] = m[i] = s[i] = (V)(0.0f);
#if HAS_BIAS
      q[i] = (V)(bias[min(k0 + i, kg - 1)]);
#else
      q[i] = (V)(0.0f);
#endif
    }
    for (int c = 0; c < cg; c++)
      for (int kh = 0; kh < KH; kh++) {
        const int y = (oy0 + r) * STRIDE_H - PAD_TOP + kh * DILATION_H;
        if (y < 0 || y >= h)
          continue;
        __global const V *row = input + ((b * c_all + c) * h + y) * w;
        V d[KW + 1];
        if (inside) {
#pragma unroll
          for (int x = 0; x <= KW; x++)
            d[x] = row[x0 + x];
        } else {
#pragma unroll
          for (int x = 0; x <= KW; x++)
            d[x] = x0 + x >= 0 && x0 + x < w ? row[x0 + x] : (V)(0.0f);
        }
        __global const float *rows = weight + (c * KH + kh) * k_all * PRODUCTS;
#pragma unroll
        for (int t = 0; t < THREES; t++) {
          const V a0 = d[3 * t] - d[3 * t + 2], a1 = d[3 * t + 1] + d[3 * t + 2], a2 = d[3 * t + 2] - d[3 * t + 1],
                  a3 = d[3 * t + 3] - d[3 * t + 1];
#pragma unroll
          for (int i = 0; i < KT; i++) {
            __global const float *u = rows + min(k0 + i, kg - 1) * PRODUCTS + 4 * t;
            p[i] = fma((V)(u[0]), a0, p[i]);
            q[i] = fma((V)(u[1]), a1, q[i]);
            m[i] = fma((V)(u[2]), a2, m[i]);
            s[i] = fma((V)(u[3]), a3, s[i]);
          }
        }
#pragma unroll
        for (int t = 0; t < TWOS; t++) {
          const int two = 3 * THREES + 2 * t;
          const V a0 = d[two] - d[two + 1], a2 = d[two + 2] - d[two + 1];
#pragma unroll
          for (int i = 0; i < KT; i++) {
            __global const float *u = rows + min(k0 + i, kg - 1) * PRODUCTS + 4 * THREES + 3 * t;
            p[i] = fma((V)(u[0]), a0, p[i]);
            q[i] = fma((V)(u[1]), d[two + 1], q[i]);
            s[i] = fma((V)(u[2]), a2, s[i]);
          }
        }
      }
#pragma unroll
    for (int i = 0; i < KT; i++) {
      acc[r][i][j] = (p[i] + q[i]) + m[i];
      acc[r][i][j + 1] = (q[i] - m[i]) + s[i];
    }
  }
#else
#pragma unroll
  for (int i = 0; i < KT; i++) {
#if HAS_BIAS
    const float start = bias[group * kg + min(k0 + i, kg - 1)];
#else
    const float start = 0;
#endif
#pragma unroll
    for (int r = 0; r < POOL_KH; r++)
#pragma unroll
      for (int j = 0; j < CT_W; j++)
        acc[r][i][j] = (V)(start);
  }
  const int x0 = ox0 * STRIDE_W - PAD_LEFT;
  const bool inside = x0 >= 0 && x0 + SEGMENT <= w;
  for (int c = 0; c < cg; c++) {
    __global const V *plane = input + (b * c_all + group * cg + c) * h * w;
    for (int kh = 0; kh < KH; kh++) {
#pragma unroll
      for (int r = 0; r < POOL_KH; r++) {
        const int y = (oy0 + r) * STRIDE_H - PAD_TOP + kh * DILATION_H;
        if (y < 0 || y >= h)
          continue;
        V x[SEGMENT];
        if (inside) {
#pragma unroll
          for (int j = 0; j < SEGMENT; j++)
            x[j] = plane[y * w + x0 + j];
        } else {
#pragma unroll
          for (int j = 0; j < SEGMENT; j++)
            x[j] = x0 + j >= 0 && x0 + j < w ? plane[y * w + x0 + j] : (V)(0.0f);
        }
#pragma unroll
        for (int i = 0; i < KT; i++) {
          __global const float *row = weight + (((group * kg + min(k0 + i, kg - 1)) * cg + c) * KH + kh) * KW;
#pragma unroll
          for (int kw = 0; kw < KW; kw++) {
            const V value = (V)(row[kw]);
#pragma unroll
            for (int j = 0; j < CT_W; j++)
              acc[r][i][j] = fma(value, x[j * STRIDE_W + kw * DILATION_W], acc[r][i][j]);
          }
        }
      }
    }
  }
#endif
#pragma unroll
  for (int i = 0; i < KT; i++) {
    if (k0 + i >= kg)
      continue;
    const int plane = b * k_all + group * kg + k0 + i;
#pragma unroll
    for (int r = 0; r < POOL_KH; r++)
#pragma unroll
      for (int j = 0; j < CT_W; j++) {
        acc[r][i][j] = activate(acc[r][i][j], INNER);
#if KEEP_HIDDEN
        if (oy0 + r < oh && ox0 + j < ow)
          hidden[(plane * oh + oy0 + r) * ow + ox0 + j] = acc[r][i][j];
#endif
      }
#pragma unroll
    for (int p = 0; p < PT; p++) {
      if (px0 + p >= pw)
        continue;
      V best = (V)(0.0f);
      I where = (I)(-1);
#pragma unroll
      for (int r = 0; r < POOL_KH; r++)
#pragma unroll
        for (int j = 0; j < POOL_KW; j++) {
#if MAX
          FOLD_MAX(best, where, acc[r][i][p * POOL_KW + j], (oy0 + r) * ow + ox0 + p * POOL_KW + j, r == 0 && j == 0);
#else
          best += acc[r][i][p * POOL_KW + j];
#endif
        }
      const int to = (plane * ph + py) * pw + px0 + p;
#if KEEP_ARGMAX
      argmax[to] = where;
#elif !MAX
      best *= (V)(reciprocal[py * pw + px0 + p]);
#endif
      output[to] = activate(best, OUTER);
    }
  }
}

#if KEEP_HIDDEN
#define HIDDEN_ARGUMENT __global const V *restrict hidden,
#define HIDDEN hidden,
#else
#define HIDDEN_ARGUMENT
#define HIDDEN
#endif
#if MAX
#define BACK_ARGUMENTS __global const V *restrict output, HIDDEN_ARGUMENT __global const I *restrict argmax
#define BACK output, HIDDEN argmax
#else
#define BACK_ARGUMENTS __global const V *restrict output, HIDDEN_ARGUMENT __global const float *restrict reciprocal
#define BACK output, HIDDEN reciprocal
#endif

// The gradient of one value of the convolution's result. Windows may overlap; they are added from the last to the first, as in
// max_pool2d.cl.
inline V conv_gradient(BACK_ARGUMENTS, __global const V *restrict grad_output, int plane, int y, int x, int oh, int ow, int ph,
                       int pw) {
  V sum = (V)(0.0f);
#pragma unroll
  for (int i = 0; i < POOL_KH; i++) {
    const int t = y + POOL_PAD_TOP - i * POOL_DILATION_H;
    if (t < 0 || t % POOL_STRIDE_H != 0 || t / POOL_STRIDE_H >= ph)
      continue;
#pragma unroll
    for (int j = 0; j < POOL_KW; j++) {
      const int s = x + POOL_PAD_LEFT - j * POOL_DILATION_W;
      if (s < 0 || s % POOL_STRIDE_W != 0 || s / POOL_STRIDE_W >= pw)
        continue;
      const int window = t / POOL_STRIDE_H * pw + s / POOL_STRIDE_W, o = plane * ph * pw + window;
      const V g = derivative(output[o], grad_output[o], OUTER);
#if MAX
      sum += CHOOSE((V)(0.0f), g, argmax[o] == y * ow + x);
#else
      sum = fma(g, (V)(reciprocal[window]), sum);
#endif
    }
  }
#if KEEP_HIDDEN
  sum = derivative(hidden[(plane * oh + y) * ow + x], sum, INNER);
#endif
  return sum;
}

// Rows of the convolution's result for all samples of a block; `rows` is how many rows one work-item takes.
__kernel void conv2d_pool2d_backward_conv_reference(BACK_ARGUMENTS, __global const V *restrict grad_output,
                                                    __global V *restrict grad_conv, int planes, int rows, int oh, int ow,
                                                    int ph, int pw) {
  const int chunks = (oh + rows - 1) / rows;
  const int plane = (int)get_global_id(0) / chunks, top = (int)get_global_id(0) % chunks * rows;
  if (plane >= planes)
    return;
  for (int y = top; y < min(top + rows, oh); y++)
    for (int x = 0; x < ow; x++)
      grad_conv[(plane * oh + y) * ow + x] = conv_gradient(BACK, grad_output, plane, y, x, oh, ow, ph, pw);
}

// As above for windows that lie side by side and cover everything: what a window needs is read once. A work-item takes `rows`
// rows of windows.
__kernel void conv2d_pool2d_backward_conv_tiled(BACK_ARGUMENTS, __global const V *restrict grad_output,
                                                __global V *restrict grad_conv, int planes, int rows, int oh, int ow, int ph,
                                                int pw) {
  const int chunks = TILES(ph, rows);
  const int plane = (int)get_global_id(0) / chunks, top = (int)get_global_id(0) % chunks * rows;
  if (plane >= planes)
    return;
  for (int py = top; py < min(top + rows, ph); py++)
    for (int px = 0; px < pw; px++) {
      const int window = py * pw + px, o = plane * ph * pw + window;
      const V g = derivative(output[o], grad_output[o], OUTER);
#pragma unroll
      for (int i = 0; i < POOL_KH; i++)
#pragma unroll
        for (int j = 0; j < POOL_KW; j++) {
          const int at = (py * POOL_KH + i) * ow + px * POOL_KW + j;
          // From 0 on, as in the sum over windows: no negative zeros.
#if MAX
          V sum = (V)(0.0f) + CHOOSE((V)(0.0f), g, argmax[o] == at);
#else
          V sum = fma(g, (V)(reciprocal[window]), (V)(0.0f));
#endif
#if KEEP_HIDDEN
          sum = derivative(hidden[plane * oh * ow + at], sum, INNER);
#endif
          grad_conv[plane * oh * ow + at] = sum;
        }
    }
}

#if HAS_BIAS
#define GRADIENTS __global float *restrict grad_weight, __global float *restrict grad_bias
#else
#define GRADIENTS __global float *restrict grad_weight
#endif

// One work-item per element of the weight's gradient, then one per element of the bias's.
__kernel void conv2d_pool2d_backward_parameters_reference(__global const V *restrict input, BACK_ARGUMENTS,
                                                          __global const V *restrict grad_output, GRADIENTS, int weights,
                                                          int total, int blocks, int c_all, int h, int w, int k_all,
                                                          int oh, int ow, int ph, int pw) {
  const int id = (int)get_global_id(0), cg = c_all / GROUPS, kg = k_all / GROUPS;
  if (id >= total)
    return;
  const bool is_weight = id < weights;
  const int kw = id % KW, kh = id / KW % KH, c = id / KW / KH % cg, k = is_weight ? id / KW / KH / cg : id - weights;
  V acc = (V)(0.0f);
  for (int b = 0; b < blocks; b++)
    for (int oy = 0; oy < oh; oy++)
      for (int ox = 0; ox < ow; ox++) {
        const V g = conv_gradient(BACK, grad_output, b * k_all + k, oy, ox, oh, ow, ph, pw);
        const int y = oy * STRIDE_H - PAD_TOP + kh * DILATION_H, x = ox * STRIDE_W - PAD_LEFT + kw * DILATION_W;
        if (!is_weight)
          acc += g;
        else if (y >= 0 && y < h && x >= 0 && x < w)
          acc = fma(g, input[((b * c_all + k / kg * cg + c) * h + y) * w + x], acc);
      }
  if (is_weight)
    grad_weight[id] = SUM(acc);
#if HAS_BIAS
  else
    grad_bias[k] = SUM(acc);
#endif
}

// One work-item: one output channel, one input channel, KR rows of the kernel; the first of a channel adds up the bias's
// gradient too. Windows as in forward_tiled. Values are added in the order of rows and columns of the convolution's result, of
// one half of the blocks where there are two or more; the sums of the second half lie behind those of the first.
#define SPAN ((POOL_KW - 1) * STRIDE_W + (KW - 1) * DILATION_W + 1)
__kernel void conv2d_pool2d_backward_parameters_tiled(__global const V *restrict input, BACK_ARGUMENTS,
                                                      __global const V *restrict grad_output, GRADIENTS, int blocks,
                                                      int c_all, int h, int w, int k_all, int oh, int ow, int ph, int pw) {
  const int cg = c_all / GROUPS, kg = k_all / GROUPS, parts = TILES(KH, KR), middle = (blocks + 1) / 2;
  int id = (int)get_global_id(0);
  if (id >= (blocks > 1 ? 2 : 1) * k_all * cg * parts)
    return;
  const int kh0 = id % parts * KR;
  id /= parts;
  const int c = id % cg;
  id /= cg;
  const int k = id % k_all, second = id / k_all, end = second ? blocks : middle;
  V acc[KR][KW], sum = (V)(0.0f);
#pragma unroll
  for (int r = 0; r < KR; r++)
#pragma unroll
    for (int kw = 0; kw < KW; kw++)
      acc[r][kw] = (V)(0.0f);
  for (int b = second * middle; b < end; b++) {
    __global const V *from = input + (b * c_all + k / kg * cg + c) * h * w;
    const int plane = b * k_all + k;
    for (int oy = 0; oy < ph * POOL_KH; oy++) {
      const int y0 = oy * STRIDE_H - PAD_TOP + kh0 * DILATION_H, py = oy / POOL_KH;
      const bool rows = y0 >= 0 && y0 + (KR - 1) * DILATION_H < h && kh0 + KR <= KH;
      for (int px = 0; px < pw; px++) {
        const int o = (plane * ph + py) * pw + px, x0 = px * POOL_KW * STRIDE_W - PAD_LEFT;
        const V g = derivative(output[o], grad_output[o], OUTER);
        V v[POOL_KW];
#pragma unroll
        for (int j = 0; j < POOL_KW; j++) {
#if MAX
          v[j] = CHOOSE((V)(0.0f), g, argmax[o] == oy * ow + px * POOL_KW + j);
#else
          v[j] = g * (V)(reciprocal[py * pw + px]);
#endif
#if KEEP_HIDDEN
          v[j] = derivative(hidden[(plane * oh + oy) * ow + px * POOL_KW + j], v[j], INNER);
#endif
          sum += v[j];
        }
        if (rows && x0 >= 0 && x0 + SPAN <= w) {
#pragma unroll
          for (int r = 0; r < KR; r++)
#pragma unroll
            for (int j = 0; j < POOL_KW; j++)
#pragma unroll
              for (int kw = 0; kw < KW; kw++)
                acc[r][kw] =
                    fma(v[j], from[(y0 + r * DILATION_H) * w + x0 + j * STRIDE_W + kw * DILATION_W], acc[r][kw]);
        } else {
#pragma unroll
          for (int r = 0; r < KR; r++) {
            const int y = y0 + r * DILATION_H;
#pragma unroll
            for (int j = 0; j < POOL_KW; j++)
#pragma unroll
              for (int kw = 0; kw < KW; kw++) {
                const int x = x0 + j * STRIDE_W + kw * DILATION_W;
                if (y >= 0 && y < h && x >= 0 && x < w)
                  acc[r][kw] = fma(v[j], from[y * w + x], acc[r][kw]);
              }
          }
        }
      }
    }
  }
#pragma unroll
  for (int r = 0; r < KR; r++)
#pragma unroll
    for (int kw = 0; kw < KW; kw++)
      if (kh0 + r < KH)
        grad_weight[(((second * k_all + k) * cg + c) * KH + kh0 + r) * KW + kw] = SUM(acc[r][kw]);
#if HAS_BIAS
  if (c == 0 && kh0 == 0)
    grad_bias[second * k_all + k] = SUM(sum);
#endif
}

// The sums of two parts.
__kernel void conv2d_pool2d_sum(__global const float *restrict sums, __global float *restrict gradient, int total) {
  const int id = (int)get_global_id(0);
  if (id < total)
    gradient[id] = sums[id] + sums[total + id];
}
