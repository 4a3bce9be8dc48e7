// adam: one step of Adam (Kingma and Ba, 2015) or AdamW (Loshchilov and Hutter, 2019; DECOUPLED 1), as PyTorch defines them.
//
//   g' = g + WEIGHT_DECAY*p            (Adam)      p -= learning_rate*WEIGHT_DECAY*p   (AdamW)
//   m = m + (1-BETA1)*(g'-m);  v = BETA2*v + (1-BETA2)*g'*g'
//   p -= learning_rate/correction1 * m / (sqrt(v)/sqrt(correction2) + EPSILON),  correction = 1 - beta^step
//
// Tensors: parameter, gradient, first, second [total]. step_size = learning_rate/correction1 and root = 1/sqrt(correction2)
// are computed on the host in double. One work-item updates one element; any local size, the tail is guarded.

#ifndef REAL
#define REAL float
#endif
#ifndef BETA1
#define BETA1 0.9
#define BETA2 0.999
#define EPSILON 1e-8
#define WEIGHT_DECAY 0.0
#define DECOUPLED 0
#define ONE_MINUS_BETA1 0.1
#define ONE_MINUS_BETA2 0.001
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
#define R(x) ((REAL)(x))

__kernel void adam_forward_reference(__global REAL *restrict parameter, __global const REAL *restrict gradient,
                                     __global REAL *restrict first, __global REAL *restrict second, int total,
                                     REAL learning_rate, REAL step_size, REAL root) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  REAL p = parameter[id], g = gradient[id];
#if DECOUPLED
  p = p - learning_rate * R(WEIGHT_DECAY) * p;
#else
  g = fma(R(WEIGHT_DECAY), p, g);
#endif
  const REAL m = fma(R(ONE_MINUS_BETA1), g - first[id], first[id]);
  const REAL v = fma(R(ONE_MINUS_BETA2) * g, g, R(BETA2) * second[id]);
  first[id] = m;
  second[id] = v;
  parameter[id] = p - step_size * (m / fma(sqrt(v), root, R(EPSILON)));
}
