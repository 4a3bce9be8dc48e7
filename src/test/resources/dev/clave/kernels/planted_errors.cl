// planted_errors: kernels with one error each, which a memory and race checker must find. For its negative control only.
//
// Tensors: values [64]; one work-group of 64.

__kernel void planted_race(__global float *restrict values) {
  __local float shared[64];
  const int id = (int)get_local_id(0);
  shared[id] = (float)id;
  // No barrier: the neighbour may not have written yet.
  values[id] = shared[(id + 1) % 64];
}

__kernel void planted_out_of_bounds(__global float *restrict values) { values[get_global_id(0) + 1] = 1; }

__kernel void planted_divergence(__global float *restrict values) {
  const int id = (int)get_local_id(0);
  if (id < 32)
    barrier(CLK_LOCAL_MEM_FENCE);
  values[id] = (float)id;
}

__kernel void planted_uninitialised(__global float *restrict values) {
  __local float shared[64];
  const int id = (int)get_local_id(0);
  if (id > 0)
    shared[id] = 1;
  barrier(CLK_LOCAL_MEM_FENCE);
  values[id] = shared[id] > 0 ? 1 : 2;
}

// No error: Oclgrind 21.10, without optimisation, takes some of sixteen lanes for uninitialised.
__kernel void planted_sixteen(__global float16 *restrict values) {
  float16 all = (float16)(0);
  for (int i = 0; i < 4; i++)
    all += values[i];
  const float8 eight = all.lo + all.hi;
  const float4 four = eight.lo + eight.hi;
  ((__global float *)values)[get_global_id(0)] = (four.s0 + four.s2) + (four.s1 + four.s3);
}
