// Times of CLBlast's single-precision GEMM on an OpenCL device, for `clave bench --peers`, which builds and runs this:
//
//   cc -O2 -o clblast_gemm bench/clblast_gemm.c -lclblast -lOpenCL
//   clblast_gemm DEVICE-NAME SLICE-SECONDS
//
// Each line `gemm N` on standard input is answered by one JSON line with the microseconds of one row-major NxN product:
// a call and a clFinish, repeated for about SLICE-SECONDS. The first line for an N warms up and checks the product.

#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <clblast_c.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static cl_context context;
static cl_command_queue queue;

static void check(int status, const char *what) {
  if (status != 0) {
    fprintf(stderr, "%s failed with %d\n", what, status);
    exit(1);
  }
}

static void open_device(const char *name) {
  cl_platform_id platforms[8];
  cl_uint platform_count = 0;
  check(clGetPlatformIDs(8, platforms, &platform_count), "clGetPlatformIDs");
  for (cl_uint p = 0; p < platform_count && p < 8; p++) {
    cl_device_id devices[8];
    cl_uint device_count = 0;
    if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, 8, devices, &device_count) != CL_SUCCESS) continue;
    for (cl_uint d = 0; d < device_count && d < 8; d++) {
      char found[1024] = "";
      clGetDeviceInfo(devices[d], CL_DEVICE_NAME, sizeof found - 1, found, NULL);
      if (strcmp(found, name) != 0) continue;
      cl_int status;
      context = clCreateContext(NULL, 1, &devices[d], NULL, NULL, &status);
      check(status, "clCreateContext");
      queue = clCreateCommandQueue(context, devices[d], 0, &status);
      check(status, "clCreateCommandQueue");
      return;
    }
  }
  fprintf(stderr, "no OpenCL device is named '%s'\n", name);
  exit(2);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

static cl_mem matrix(size_t n, unsigned seed) {
  float *values = malloc(n * n * sizeof *values);
  for (size_t i = 0; i < n * n; i++) {
    seed = seed * 1664525u + 1013904223u;
    values[i] = (float)(seed >> 8) / (1 << 24) - 0.5f;
  }
  cl_int status;
  cl_mem memory = clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, n * n * sizeof *values, values, &status);
  check(status, "clCreateBuffer");
  free(values);
  return memory;
}

static void multiply(size_t n, cl_mem a, cl_mem b, cl_mem c) {
  check(CLBlastSgemm(CLBlastLayoutRowMajor, CLBlastTransposeNo, CLBlastTransposeNo, n, n, n, 1, a, 0, n, b, 0, n, 0, c, 0, n,
                     &queue, NULL), "CLBlastSgemm");
  check(clFinish(queue), "clFinish");
}

// Some elements of the product against sums in double.
static void verify(size_t n, cl_mem a, cl_mem b, cl_mem c) {
  float *host[3];
  cl_mem memory[3] = {a, b, c};
  for (int i = 0; i < 3; i++) {
    host[i] = malloc(n * n * sizeof(float));
    check(clEnqueueReadBuffer(queue, memory[i], CL_TRUE, 0, n * n * sizeof(float), host[i], 0, NULL, NULL), "read");
  }
  for (size_t i = 0; i < n; i += 37) {
    size_t row = i, column = (i * 31) % n;
    double sum = 0;
    for (size_t k = 0; k < n; k++) sum += (double)host[0][row * n + k] * host[1][k * n + column];
    if (!(fabs(sum - host[2][row * n + column]) <= 1e-3)) {
      fprintf(stderr, "wrong product of size %zu: expected %g, got %g\n", n, sum, host[2][row * n + column]);
      exit(1);
    }
  }
  for (int i = 0; i < 3; i++) free(host[i]);
}

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "usage: clblast_gemm DEVICE-NAME SLICE-SECONDS\n");
    return 2;
  }
  open_device(arguments[1]);
  double slice = atof(arguments[2]);
  printf("{\"clblast\": true}\n");
  fflush(stdout);
  char line[128];
  size_t prepared = 0;
  cl_mem a = NULL, b = NULL, c = NULL;
  while (fgets(line, sizeof line, stdin)) {
    size_t n = 0;
    if (sscanf(line, "gemm %zu", &n) != 1 || n == 0) {
      fprintf(stderr, "expected 'gemm N', got %s", line);
      return 2;
    }
    if (n != prepared) {
      if (prepared) clReleaseMemObject(a), clReleaseMemObject(b), clReleaseMemObject(c);
      a = matrix(n, 1), b = matrix(n, 2), c = matrix(n, 3);
      multiply(n, a, b, c);
      verify(n, a, b, c);
      prepared = n;
    }
    double begin = now(), seconds;
    long runs = 0;
    do {
      multiply(n, a, b, c);
      runs++;
      seconds = now() - begin;
    } while (seconds < slice);
    printf("{\"micros\": %.3f}\n", 1e6 * seconds / runs);
    fflush(stdout);
  }
  return 0;
}
