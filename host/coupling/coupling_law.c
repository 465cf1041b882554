#include "coupling_law.h"

#include <math.h>
#include <stdlib.h>

static pbl_status allocate(pbl_coupling_law **out, int n_visible, int n_hidden, pbl_kernel kernel,
                           pbl_error *err) {
  *out = NULL;
  if (n_visible < 1 || n_hidden < 1)
    return pbl_fail(err, PBL_INVALID, "coupling: %d visible and %d hidden p-bits; both need >= 1",
                    n_visible, n_hidden);
  if (kernel != PBL_KERNEL_CYCLIC && kernel != PBL_KERNEL_PALINDROMIC)
    return pbl_fail(err, PBL_INVALID, "coupling: unknown kernel %d", (int)kernel);
  pbl_coupling_law *law = calloc(1, sizeof *law);
  if (!law) return pbl_fail(err, PBL_NO_MEMORY, "coupling: out of memory");
  law->n_visible = (size_t)n_visible;
  law->n_hidden = (size_t)n_hidden;
  law->kernel = kernel;
  *out = law;
  return PBL_OK;
}

pbl_status pbl_coupling_law_weights(pbl_coupling_law **out, int n_visible, int n_hidden,
                                    const double *weights, double beta, pbl_kernel kernel,
                                    pbl_error *err) {
  pbl_coupling_law *law;
  pbl_status st = allocate(&law, n_visible, n_hidden, kernel, err);
  *out = NULL;
  if (st) return st;
  const size_t n = (law->n_visible + 1) * (law->n_hidden + 1);
  law->two_beta = 2.0 * beta;
  law->weights = malloc(n * sizeof *law->weights);
  if (!law->weights) st = pbl_fail(err, PBL_NO_MEMORY, "coupling: out of memory");
  for (size_t k = 0; !st && k < n; k++) {
    law->weights[k] = weights[k];
    if (!isfinite(beta * weights[k]))
      st = pbl_fail(err, PBL_INVALID, "coupling: beta times weight (row %zu, column %zu) is %g",
                    k / (law->n_hidden + 1), k % (law->n_hidden + 1), beta * weights[k]);
  }
  if (st) {
    pbl_coupling_law_destroy(law);
  } else {
    *out = law;
  }
  return st;
}

pbl_status pbl_coupling_law_model(pbl_coupling_law **out, const pbl_rbm *m, double beta,
                                  pbl_kernel kernel, pbl_error *err) {
  *out = NULL;
  const size_t nv = (size_t)m->n_visible, nh = (size_t)m->n_hidden, stride = nh + 1;
  double *w = calloc((nv + 1) * stride, sizeof *w);
  if (!w) return pbl_fail(err, PBL_NO_MEMORY, "coupling: out of memory");
  for (size_t i = 0; i < nv; i++) {
    for (size_t j = 0; j < nh; j++) w[i * stride + j] = (double)m->w[i * nh + j];
    w[i * stride + nh] = (double)m->b[i];
  }
  for (size_t j = 0; j < nh; j++) w[nv * stride + j] = (double)m->c[j];
  const pbl_status st =
      pbl_coupling_law_weights(out, m->n_visible, m->n_hidden, w, beta, kernel, err);
  free(w);
  return st;
}

pbl_status pbl_coupling_law_image(pbl_coupling_law **out, const pbl_image *im, uint32_t beta,
                                  pbl_kernel kernel, pbl_error *err) {
  *out = NULL;
  for (int p = 0; p < pbl_hw_pbits(&im->hw); p++)
    if (im->clamp[p])
      return pbl_fail(err, PBL_INVALID,
                      "coupling: p-bit %d is clamped, so that chains with different starts never "
                      "meet; clear the clamps",
                      p);
  const pbl_status st = allocate(out, im->hw.n_visible, im->hw.n_hidden, kernel, err);
  if (st) return st;
  (*out)->image = im;
  (*out)->beta = beta;
  return PBL_OK;
}

void pbl_coupling_law_destroy(pbl_coupling_law *law) {
  if (!law) return;
  free(law->weights);
  free(law);
}

/* Where p-bit p's bias and weights lie: bias at `first`, weight of the k-th p-bit of the other
 * block at start + k * step. */
typedef struct {
  size_t bias, start, step, n;
  size_t other; /* first p-bit of the other block */
} wiring;

static wiring wiring_of(const pbl_coupling_law *law, size_t p) {
  const size_t nv = law->n_visible, nh = law->n_hidden, stride = nh + 1;
  if (p < nv) return (wiring){p * stride + nh, p * stride, 1, nh, nv};
  return (wiring){nv * stride + (p - nv), p - nv, stride, nv, 0};
}

/* P(s_p = +1) in units of 2^-32 for the image, where it is exact (thresholds have at most 32 bits);
 * else as a real number. */
static uint64_t image_threshold(const pbl_coupling_law *law, const wiring *at,
                                const signed char *s) {
  const int32_t *w = pbl_image_law(law->image);
  int64_t field = w[at->bias];
  for (size_t k = 0; k < at->n; k++)
    field += (int64_t)w[at->start + k * at->step] * s[at->other + k];
  return pbl_image_threshold(law->image, field, law->beta) << (32 - law->image->hw.threshold_bits);
}

static double probability(const pbl_coupling_law *law, const wiring *at, const signed char *s) {
  double field = law->weights[at->bias];
  for (size_t k = 0; k < at->n; k++)
    field += law->weights[at->start + k * at->step] * s[at->other + k];
  return 1.0 / (1.0 + exp(-law->two_beta * field));
}

static void update(const pbl_coupling_law *law, size_t p, signed char *x, signed char *y,
                   pbl_xoshiro *g) {
  const wiring at = wiring_of(law, p);
  if (law->image) {
    const uint64_t u = pbl_xoshiro_next(g);
    x[p] = u < image_threshold(law, &at, x) ? 1 : -1;
    if (y) y[p] = u < image_threshold(law, &at, y) ? 1 : -1;
  } else {
    const double u = pbl_xoshiro_double(g);
    x[p] = u < probability(law, &at, x) ? 1 : -1;
    if (y) y[p] = u < probability(law, &at, y) ? 1 : -1;
  }
}

void coupling_sweep(const pbl_coupling_law *law, signed char *x, signed char *y, pbl_xoshiro *g) {
  const size_t nv = law->n_visible, n = nv + law->n_hidden;
  for (size_t p = nv; p < n; p++) update(law, p, x, y, g);
  for (size_t p = 0; p < nv; p++) update(law, p, x, y, g);
  if (law->kernel == PBL_KERNEL_PALINDROMIC)
    for (size_t p = nv; p < n; p++) update(law, p, x, y, g);
}
