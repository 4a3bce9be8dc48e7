// softmax_cross_entropy: loss of each sample from logits and int labels, and the gradient of the scaled sum.
//
//   loss = log(sum_c exp(x_c - max)) - (x_label - max);   grad x_c = scale * (softmax_c - [c == label])
//
// Tensors: logits and gradients [B,C,LANES], labels [B*LANES], loss and correct [rows*B*LANES] of which this run writes
// B*LANES entries from `row`. An ignored sample (label == IGNORE) has loss 0, correct 0 and gradient 0. A label outside
// [0, C) is never used as an index: loss NaN, correct -1, gradient 0; the host reports it.
// correct is 1 when the first maximum is the label's class.
//
// Macros: REAL float|double, LANES, IGNORE. One work-item computes one sample, or in the form `lanes` the LANES samples of a
// block; any local size, the tail is guarded.
// Numerics: maximum subtracted; sums in class order.

#ifndef REAL
#define REAL float
#endif
#ifndef LANES
#define LANES 1
#endif
#ifndef IGNORE
#define IGNORE -100
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

__kernel void softmax_cross_entropy_forward_reference(__global const REAL *restrict logits,
                                                      __global const int *restrict labels, __global REAL *restrict loss,
                                                      __global int *restrict correct, int samples, int classes, int row) {
  const int n = (int)get_global_id(0);
  if (n >= samples)
    return;
  __global const REAL *x = logits + n / LANES * classes * LANES + n % LANES;
  const int label = labels[n];
  REAL most = x[0];
  int best = 0;
  for (int c = 1; c < classes; c++) {
    const REAL value = x[c * LANES];
    if (value > most || (isnan(value) && !isnan(most))) {
      most = value;
      best = c;
    }
  }
  REAL sum = 0;
  for (int c = 0; c < classes; c++)
    sum += exp(x[c * LANES] - most);
  if (label == IGNORE) {
    loss[row + n] = 0;
    correct[row + n] = 0;
  } else if (label < 0 || label >= classes) {
    loss[row + n] = NAN;
    correct[row + n] = -1;
  } else {
    loss[row + n] = log(sum) - (x[label * LANES] - most);
    correct[row + n] = best == label;
  }
}

__kernel void softmax_cross_entropy_backward_input_reference(__global const REAL *restrict logits,
                                                             __global const int *restrict labels,
                                                             __global REAL *restrict grad_logits, int samples,
                                                             int classes, REAL scale) {
  const int n = (int)get_global_id(0);
  if (n >= samples)
    return;
  const int first = n / LANES * classes * LANES + n % LANES;
  __global const REAL *x = logits + first;
  const int label = labels[n];
  const bool counts = label != IGNORE && label >= 0 && label < classes;
  REAL most = x[0];
  for (int c = 1; c < classes; c++)
    most = x[c * LANES] > most ? x[c * LANES] : most;
  REAL sum = 0;
  for (int c = 0; c < classes; c++)
    sum += exp(x[c * LANES] - most);
  for (int c = 0; c < classes; c++)
    grad_logits[first + c * LANES] = counts ? scale * (exp(x[c * LANES] - most) / sum - (c == label ? 1 : 0)) : (REAL)0;
}

#if LANES > 1 && !defined(WIDE)
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
typedef JOIN(float, LANES) V;
typedef JOIN(int, LANES) I;

__kernel void softmax_cross_entropy_forward_lanes(__global const V *restrict logits, __global const I *restrict labels,
                                                  __global float *restrict loss, __global int *restrict correct, int blocks,
                                                  int classes, int row) {
  const int b = (int)get_global_id(0);
  if (b >= blocks)
    return;
  __global const V *x = logits + b * classes;
  const I label = labels[b];
  V most = x[0];
  I best = (I)(0);
  for (int c = 1; c < classes; c++) {
    const I take = (x[c] > most) | (isnan(x[c]) & ~isnan(most));
    most = select(most, x[c], take);
    best = select(best, (I)(c), take);
  }
  V sum = (V)(0.0f), at = (V)(0.0f);
  for (int c = 0; c < classes; c++) {
    const V above = x[c] - most;
    sum += exp(above);
    at = select(at, above, label == c);
  }
  const I ignored = label == IGNORE, wrong = (label < 0) | (label >= classes);
  const V value = select(select(log(sum) - at, (V)(NAN), wrong), (V)(0.0f), ignored);
  const I hit = select(select((best == label) & 1, (I)(-1), wrong), (I)(0), ignored);
  JOIN(vstore, LANES)(value, b, loss + row);
  JOIN(vstore, LANES)(hit, b, correct + row);
}

__kernel void softmax_cross_entropy_backward_input_lanes(__global const V *restrict logits,
                                                         __global const I *restrict labels,
                                                         __global V *restrict grad_logits, int blocks, int classes,
                                                         float scale) {
  const int b = (int)get_global_id(0);
  if (b >= blocks)
    return;
  __global const V *x = logits + b * classes;
  __global V *to = grad_logits + b * classes;
  const I label = labels[b], counts = (label != IGNORE) & (label >= 0) & (label < classes);
  V most = x[0], sum = (V)(0.0f);
  for (int c = 1; c < classes; c++)
    most = select(most, x[c], x[c] > most);
  for (int c = 0; c < classes; c++) {
    const V power = exp(x[c] - most);
    to[c] = power;
    sum += power;
  }
  for (int c = 0; c < classes; c++) {
    const V one = select((V)(0.0f), (V)(1.0f), label == c);
    to[c] = select((V)(0.0f), scale * (to[c] / sum - one), counts);
  }
}
#endif
