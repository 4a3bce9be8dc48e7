// sgd: one step of stochastic gradient descent with momentum and weight decay, as PyTorch defines it.
//
//   g' = g + WEIGHT_DECAY*p;  v = MOMENTUM*v + g';  p -= learning_rate * (NESTEROV ? g' + MOMENTUM*v : v)
//
// The velocity starts at 0, which makes the first step v = g' as in PyTorch (dampening 0).
// Tensors: parameter, gradient, velocity [total]. One work-item updates one element; the tail is guarded.

#ifndef REAL
#define REAL float
#endif
#ifndef MOMENTUM
#define MOMENTUM 0.0
#define WEIGHT_DECAY 0.0
#define NESTEROV 0
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
#define R(x) ((REAL)(x))

__kernel void sgd_forward_reference(__global REAL *restrict parameter, __global const REAL *restrict gradient,
                                    __global REAL *restrict velocity, int total, REAL learning_rate) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const REAL g = fma(R(WEIGHT_DECAY), parameter[id], gradient[id]);
  const REAL v = fma(R(MOMENTUM), velocity[id], g);
  velocity[id] = v;
  parameter[id] = fma(-learning_rate, NESTEROV ? fma(R(MOMENTUM), v, g) : v, parameter[id]);
}
