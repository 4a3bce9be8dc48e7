// gather_images: a batch from a dataset on the device: pick, normalise, pad and lay out.
//
//   output[n,c,y,x] = (images[order[first+n],c,y-PAD,x-PAD] - 127.5) / 127.5, and -1 in the padding.
//
// Tensors: images u8 [count,C,H,W], labels [count], order [count], output [B,C,H+2PAD,W+2PAD,LANES], batch_labels [B*LANES].
// Samples at or beyond `live` become all zeros with the label IGNORE, so that a short last batch needs no other plan.
// Macros: REAL, LANES, PAD, IGNORE. One work-item writes one element; the tail is guarded.

#ifndef REAL
#define REAL float
#endif
#ifndef LANES
#define LANES 1
#endif
#ifndef PAD
#define PAD 0
#endif
#ifndef IGNORE
#define IGNORE -100
#endif
#ifdef WIDE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

__kernel void gather_images_forward_reference(__global const uchar *restrict images, __global const int *restrict labels,
                                              __global const int *restrict order, __global REAL *restrict output,
                                              __global int *restrict batch_labels, int total, int c, int h, int w,
                                              int first, int live) {
  const int id = (int)get_global_id(0);
  if (id >= total)
    return;
  const int oh = h + 2 * PAD, ow = w + 2 * PAD;
  const int lane = id % LANES, inner = id / LANES % (c * oh * ow), b = id / LANES / (c * oh * ow);
  const int n = b * LANES + lane;
  const int x = inner % ow - PAD, y = inner / ow % oh - PAD, channel = inner / ow / oh;
  REAL value = 0;
  int label = IGNORE;
  if (n < live) {
    const int source = order[first + n];
    const bool inside = x >= 0 && x < w && y >= 0 && y < h;
    value = inside ? ((REAL)images[(source * c + channel) * h * w + y * w + x] - (REAL)127.5) * (REAL)(1 / 127.5) : (REAL)-1;
    label = labels[source];
  }
  output[id] = value;
  if (inner == 0)
    batch_labels[n] = label;
}

// One work-item per row of one block of LANES samples: global size = blocks * channels * output rows.
#if LANES > 1
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
typedef JOIN(uchar, LANES) Pixels;
typedef JOIN(REAL, LANES) V;
#define TO_V JOIN(JOIN(convert_, REAL), LANES)

__kernel void gather_images_forward_rows(__global const uchar *restrict images, __global const int *restrict labels,
                                         __global const int *restrict order, __global REAL *restrict output,
                                         __global int *restrict batch_labels, int total, int c, int h, int w, int first,
                                         int live) {
  const int oh = h + 2 * PAD, ow = w + 2 * PAD, id = (int)get_global_id(0);
  if (id >= total)
    return;
  const int y = id % oh - PAD, channel = id / oh % c, b = id / oh / c;
  const bool inside = y >= 0 && y < h, whole = (b + 1) * LANES <= live && w >= LANES;
  const long start = ((long)channel * h + (inside ? y : 0)) * w, image = (long)c * h * w;
  __global REAL *row = output + (long)id * ow * LANES;
  for (int lane = 0; lane < LANES; lane++) {
    const int n = b * LANES + lane;
    const bool real = n < live;
    const int source = real ? order[first + n] : 0;
    if (id == b * c * oh)
      batch_labels[n] = real ? labels[source] : IGNORE;
    if (whole)
      continue;
    __global const uchar *from = images + source * image + start;
    for (int x = 0; x < ow; x++) {
      const bool pixel = inside && x >= PAD && x < w + PAD;
      const REAL value = pixel ? ((REAL)from[x - PAD] - (REAL)127.5) * (REAL)(1 / 127.5) : (REAL)-1;
      row[x * LANES + lane] = real ? value : (REAL)0;
    }
  }
  if (!whole)
    return;
  __global V *to = (__global V *)row;
  for (int x = 0; x < ow; x++)
    if (!inside || x < PAD || x >= w + PAD)
      to[x] = (V)((REAL)-1);
  // LANES pixels of LANES samples at a time; the last tile starts earlier where the width is no multiple, and writes the same
  // values again.
  for (int tile = 0; inside && tile < w; tile += LANES) {
    const int x = min(tile, w - LANES);
    Pixels pixels[LANES];
#pragma unroll
    for (int lane = 0; lane < LANES; lane++)
      pixels[lane] = JOIN(vload, LANES)(0, images + order[first + b * LANES + lane] * image + start + x);
    // Each round riffles the upper half between the lower one, as in transpose.cl.
#pragma unroll
    for (int round = 1; round < LANES; round *= 2) {
      Pixels mixed[LANES];
#pragma unroll
      for (int i = 0; i < LANES / 2; i++) {
        const Pixels low = pixels[i], high = pixels[i + LANES / 2];
        mixed[2 * i].even = low.lo;
        mixed[2 * i].odd = high.lo;
        mixed[2 * i + 1].even = low.hi;
        mixed[2 * i + 1].odd = high.hi;
      }
#pragma unroll
      for (int i = 0; i < LANES; i++)
        pixels[i] = mixed[i];
    }
#pragma unroll
    for (int i = 0; i < LANES; i++)
      to[PAD + x + i] = (TO_V(pixels[i]) - (V)((REAL)127.5)) * (V)((REAL)(1 / 127.5));
  }
}
#endif
