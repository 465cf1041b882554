#include "pbl_fft.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

pbl_status pbl_fft_create(pbl_fft *f, size_t n_min, pbl_error *err) {
  *f = (pbl_fft){.n = 2};
  while (f->n < n_min && f->n < SIZE_MAX / 64) f->n *= 2;
  f->roots = malloc(f->n * sizeof *f->roots);
  if (f->roots == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "FFT of %zu points: out of memory", f->n);
  }
  const double angle = -6.28318530717958647693 / (double)f->n;
  for (size_t k = 0; k < f->n / 2; ++k) {
    f->roots[2 * k] = cos(angle * (double)k);
    f->roots[2 * k + 1] = sin(angle * (double)k);
  }
  return PBL_OK;
}

void pbl_fft_free(pbl_fft *f) {
  free(f->roots);
  *f = (pbl_fft){0};
}

static void swap_complex(double *a, double *b) {
  for (int part = 0; part < 2; ++part) {
    const double keep = a[part];
    a[part] = b[part];
    b[part] = keep;
  }
}

static void bit_reverse(double *data, size_t n) {
  for (size_t i = 1, j = 0; i < n; ++i) {
    size_t bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) swap_complex(data + 2 * i, data + 2 * j);
  }
}

void pbl_fft_forward(const pbl_fft *f, double *data) {
  bit_reverse(data, f->n);
  for (size_t half = 1; half < f->n; half *= 2) {
    const size_t stride = f->n / (2 * half);
    for (size_t start = 0; start < f->n; start += 2 * half) {
      double *a = data + 2 * start, *b = a + 2 * half;
      for (size_t k = 0; k < half; ++k) {
        const double wr = f->roots[2 * k * stride], wi = f->roots[2 * k * stride + 1];
        const double re = b[2 * k] * wr - b[2 * k + 1] * wi;
        const double im = b[2 * k] * wi + b[2 * k + 1] * wr;
        b[2 * k] = a[2 * k] - re;
        b[2 * k + 1] = a[2 * k + 1] - im;
        a[2 * k] += re;
        a[2 * k + 1] += im;
      }
    }
  }
}
