#include "pbl_fft.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "pbl_clones.h"

/* roots + 2 * half: those of the pass that joins transforms of `half` points, exp(-i pi k/half). */
static void fill_roots(double *roots, size_t half) {
  const double angle = -3.14159265358979323846 / (double)half;
  for (size_t k = 0; k < half; ++k) {
    roots[2 * (half + k)] = cos(angle * (double)k);
    roots[2 * (half + k) + 1] = sin(angle * (double)k);
  }
}

pbl_status pbl_fft_create(pbl_fft *f, size_t n_min, pbl_error *err) {
  *f = (pbl_fft){.n = 2};
  while (f->n < n_min && f->n < SIZE_MAX / 64) f->n *= 2;
  f->roots = malloc(2 * f->n * sizeof *f->roots);
  if (f->roots == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "FFT of %zu points: out of memory", f->n);
  }
  fill_roots(f->roots, f->n / 2);
  for (size_t half = f->n / 4; half > 0; half /= 2) { /* every other one of the next pass */
    for (size_t k = half; k < 2 * half; ++k) {
      f->roots[2 * k] = f->roots[4 * k];
      f->roots[2 * k + 1] = f->roots[4 * k + 1];
    }
  }
  return PBL_OK;
}

void pbl_fft_free(pbl_fft *f) {
  free(f->roots);
  *f = (pbl_fft){0};
}

/* Pairs of neighbouring points: the first pass of a join, the last of a split. */
static void add_and_subtract(double *data, size_t n) {
  for (size_t k = 0; k < 2 * n; k += 4) {
    const double re = data[k + 2], im = data[k + 3];
    data[k + 2] = data[k] - re;
    data[k + 3] = data[k + 1] - im;
    data[k] += re;
    data[k + 1] += im;
  }
}

/* Two passes in one visit to memory: transforms of `half` points at a, b, c, d become one of
 * 4 half. one, two: roots of the two passes. */
static inline void join_four(double *restrict a, double *restrict b, double *restrict c,
                             double *restrict d, const double *restrict one,
                             const double *restrict two, size_t half) {
  for (size_t k = 0; k < 2 * half; k += 2) {
    const double ur = one[k], ui = one[k + 1], vr = two[k], vi = two[k + 1];
    const double br = b[k] * ur - b[k + 1] * ui, bi = b[k] * ui + b[k + 1] * ur;
    const double dr = d[k] * ur - d[k + 1] * ui, di = d[k] * ui + d[k + 1] * ur;
    const double y0r = a[k] + br, y0i = a[k + 1] + bi, y1r = a[k] - br, y1i = a[k + 1] - bi;
    const double y2r = c[k] + dr, y2i = c[k + 1] + di, y3r = c[k] - dr, y3i = c[k + 1] - di;
    const double er = y2r * vr - y2i * vi, ei = y2r * vi + y2i * vr;
    const double fr = y3r * vi + y3i * vr, fi = y3i * vi - y3r * vr; /* times -i */
    a[k] = y0r + er;
    a[k + 1] = y0i + ei;
    c[k] = y0r - er;
    c[k + 1] = y0i - ei;
    b[k] = y1r + fr;
    b[k + 1] = y1i + fi;
    d[k] = y1r - fr;
    d[k + 1] = y1i - fi;
  }
}

/* The transpose of join_four. */
static inline void split_four(double *restrict a, double *restrict b, double *restrict c,
                              double *restrict d, const double *restrict one,
                              const double *restrict two, size_t half) {
  for (size_t k = 0; k < 2 * half; k += 2) {
    const double ur = one[k], ui = one[k + 1], vr = two[k], vi = two[k + 1];
    const double y0r = a[k] + c[k], y0i = a[k + 1] + c[k + 1];
    const double y1r = b[k] + d[k], y1i = b[k + 1] + d[k + 1];
    const double er = a[k] - c[k], ei = a[k + 1] - c[k + 1];
    const double fr = b[k + 1] - d[k + 1], fi = d[k] - b[k]; /* times -i */
    const double y2r = er * vr - ei * vi, y2i = er * vi + ei * vr;
    const double y3r = fr * vr - fi * vi, y3i = fr * vi + fi * vr;
    const double gr = y0r - y1r, gi = y0i - y1i, hr = y2r - y3r, hi = y2i - y3i;
    a[k] = y0r + y1r;
    a[k + 1] = y0i + y1i;
    b[k] = gr * ur - gi * ui;
    b[k + 1] = gr * ui + gi * ur;
    c[k] = y2r + y3r;
    c[k + 1] = y2i + y3i;
    d[k] = hr * ur - hi * ui;
    d[k + 1] = hr * ui + hi * ur;
  }
}

/* One pass over all blocks of four transforms of `half` points. */
PBL_CLONES static void join_pass(const pbl_fft *f, double *data, size_t half) {
  const double *one = f->roots + 2 * half, *two = f->roots + 4 * half;
  for (double *a = data; a < data + 2 * f->n; a += 8 * half)
    join_four(a, a + 2 * half, a + 4 * half, a + 6 * half, one, two, half);
}

PBL_CLONES static void split_pass(const pbl_fft *f, double *data, size_t half) {
  const double *one = f->roots + 2 * half, *two = f->roots + 4 * half;
  for (double *a = data; a < data + 2 * f->n; a += 8 * half)
    split_four(a, a + 2 * half, a + 4 * half, a + 6 * half, one, two, half);
}

static bool odd_passes(size_t n) {
  bool odd = false;
  for (; n > 1; n /= 2) odd = !odd;
  return odd;
}

void pbl_fft_from_reversed(const pbl_fft *f, double *data) {
  const bool odd = odd_passes(f->n);
  if (odd) add_and_subtract(data, f->n);
  for (size_t half = odd ? 2 : 1; half < f->n; half *= 4) join_pass(f, data, half);
}

void pbl_fft_to_reversed(const pbl_fft *f, double *data) {
  for (size_t half = f->n / 4; half > 0; half /= 4) split_pass(f, data, half);
  if (odd_passes(f->n)) add_and_subtract(data, f->n);
}
