/* The restricted Boltzmann machine in real numbers: life cycle, random models and energies. */
#include "pbl_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_rng.h"

pbl_status pbl_rbm_create(pbl_rbm **out, int n_visible, int n_hidden, pbl_error *err) {
  *out = NULL;
  if (n_visible < 1 || n_hidden < 1 || n_visible > PBL_RBM_MAX_UNITS ||
      n_hidden > PBL_RBM_MAX_UNITS) {
    return pbl_fail(err, PBL_INVALID, "an RBM of %d x %d units: both sizes must be in 1..%d",
                    n_visible, n_hidden, PBL_RBM_MAX_UNITS);
  }
  const size_t n_v = (size_t)n_visible, n_h = (size_t)n_hidden;
  pbl_rbm *m = calloc(1, sizeof *m);
  if (!m) return pbl_fail(err, PBL_NO_MEMORY, "no memory for an RBM");
  m->n_visible = n_visible;
  m->n_hidden = n_hidden;
  m->beta = 1.0;
  m->w = calloc(n_v * n_h, sizeof *m->w);
  m->b = calloc(n_v, sizeof *m->b);
  m->c = calloc(n_h, sizeof *m->c);
  if (!m->w || !m->b || !m->c) {
    pbl_rbm_destroy(m);
    return pbl_fail(err, PBL_NO_MEMORY, "no memory for an RBM of %d x %d units", n_visible,
                    n_hidden);
  }
  *out = m;
  return PBL_OK;
}

void pbl_rbm_destroy(pbl_rbm *m) {
  if (!m) return;
  free(m->w);
  free(m->b);
  free(m->c);
  free(m->data_vh);
  free(m->data_v);
  free(m->data_h);
  free(m);
}

static float *clone_floats(const float *from, size_t n) {
  float *to = malloc(n * sizeof *to);
  if (to) memcpy(to, from, n * sizeof *to);
  return to;
}

pbl_status pbl_rbm_copy(pbl_rbm **out, const pbl_rbm *m, pbl_error *err) {
  pbl_rbm *copy;
  const pbl_status status = pbl_rbm_create(&copy, m->n_visible, m->n_hidden, err);
  *out = NULL;
  if (status != PBL_OK) return status;
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  memcpy(copy->w, m->w, n_v * n_h * sizeof *m->w);
  memcpy(copy->b, m->b, n_v * sizeof *m->b);
  memcpy(copy->c, m->c, n_h * sizeof *m->c);
  copy->beta = m->beta;
  copy->image_rows = m->image_rows;
  copy->image_cols = m->image_cols;
  memcpy(copy->name, m->name, sizeof m->name);
  memcpy(copy->provenance, m->provenance, sizeof m->provenance);
  if (m->data_vh && m->data_v && m->data_h) {
    copy->data_vh = clone_floats(m->data_vh, n_v * n_h);
    copy->data_v = clone_floats(m->data_v, n_v);
    copy->data_h = clone_floats(m->data_h, n_h);
    if (!copy->data_vh || !copy->data_v || !copy->data_h) {
      pbl_rbm_destroy(copy);
      return pbl_fail(err, PBL_NO_MEMORY, "no memory for the data moments of %d x %d units",
                      m->n_visible, m->n_hidden);
    }
  }
  *out = copy;
  return PBL_OK;
}

static void fill_normal(float *x, size_t n, double scale, pbl_xoshiro *g) {
  for (size_t k = 0; k < n; k++) x[k] = (float)(scale * pbl_xoshiro_normal(g));
}

pbl_status pbl_rbm_random(pbl_rbm **out, int n_visible, int n_hidden, double scale,
                          double bias_scale, uint64_t seed, pbl_error *err) {
  *out = NULL;
  if (!(scale >= 0 && scale <= 1e6) || !(bias_scale >= 0 && bias_scale <= 1e6)) {
    return pbl_fail(err, PBL_INVALID, "random RBM: scale %g and bias_scale %g must be in 0..1e6",
                    scale, bias_scale);
  }
  const pbl_status status = pbl_rbm_create(out, n_visible, n_hidden, err);
  if (status != PBL_OK) return status;
  pbl_rbm *m = *out;
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, seed);
  fill_normal(m->w, (size_t)n_visible * (size_t)n_hidden, scale, &g);
  fill_normal(m->b, (size_t)n_visible, bias_scale, &g);
  fill_normal(m->c, (size_t)n_hidden, bias_scale, &g);
  return PBL_OK;
}

double pbl_rbm_energy(const pbl_rbm *m, const signed char *v, const signed char *h) {
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  double sum = 0;
  for (size_t i = 0; i < n_v; i++) {
    double field = (double)m->b[i];
    for (size_t j = 0; j < n_h; j++) field += (double)m->w[i * n_h + j] * h[j];
    sum += field * v[i];
  }
  for (size_t j = 0; j < n_h; j++) sum += (double)m->c[j] * h[j];
  return -sum;
}

/* ln 2cosh(x) without overflow. */
static double log_two_cosh(double x) {
  const double a = fabs(x);
  return a + log1p(exp(-2 * a));
}

double pbl_rbm_free_energy(const pbl_rbm *m, const signed char *v) {
  enum { BLOCK = 64 }; /* hidden units at a time: rows of w are read in order, nothing allocated */
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  double linear = 0, logs = 0;
  for (size_t i = 0; i < n_v; i++) linear += (double)m->b[i] * v[i];
  for (size_t first = 0; first < n_h; first += BLOCK) {
    const size_t n = n_h - first < BLOCK ? n_h - first : BLOCK;
    double field[BLOCK];
    for (size_t j = 0; j < n; j++) field[j] = (double)m->c[first + j];
    for (size_t i = 0; i < n_v; i++) {
      const float *row = m->w + i * n_h + first;
      for (size_t j = 0; j < n; j++) field[j] += (double)row[j] * v[i];
    }
    for (size_t j = 0; j < n; j++) logs += log_two_cosh(m->beta * field[j]);
  }
  return -linear - logs / m->beta;
}
