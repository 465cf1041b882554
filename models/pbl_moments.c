/* Positive-phase moments of a data set under an RBM, by batched matrix products. */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>

#include "pbl_model.h"

/* Images per matrix product: float sums stay this short, everything longer is summed in double. */
#define BATCH 256

typedef struct {
  float *v, *h, *vh; /* BATCH x V, BATCH x H, V x H */
  double *sum_vh, *sum_v, *sum_h;
  float *mean_vh, *mean_v, *mean_h; /* results, handed over to the model */
} moment_work;

static void work_free(moment_work *k) {
  free(k->v);
  free(k->h);
  free(k->vh);
  free(k->sum_vh);
  free(k->sum_v);
  free(k->sum_h);
  free(k->mean_vh);
  free(k->mean_v);
  free(k->mean_h);
}

static pbl_status work_alloc(moment_work *k, size_t n_v, size_t n_h, pbl_error *err) {
  *k = (moment_work){
      .v = calloc(BATCH * n_v, sizeof(float)),
      .h = calloc(BATCH * n_h, sizeof(float)),
      .vh = calloc(n_v * n_h, sizeof(float)),
      .sum_vh = calloc(n_v * n_h, sizeof(double)),
      .sum_v = calloc(n_v, sizeof(double)),
      .sum_h = calloc(n_h, sizeof(double)),
      .mean_vh = calloc(n_v * n_h, sizeof(float)),
      .mean_v = calloc(n_v, sizeof(float)),
      .mean_h = calloc(n_h, sizeof(float)),
  };
  if (k->v && k->h && k->vh && k->sum_vh && k->sum_v && k->sum_h && k->mean_vh && k->mean_v &&
      k->mean_h) {
    return PBL_OK;
  }
  work_free(k);
  return pbl_fail(err, PBL_NO_MEMORY, "no memory for the data moments of %zu x %zu units", n_v,
                  n_h);
}

static void add_batch(moment_work *k, const pbl_rbm *m, const signed char *images, size_t n) {
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  const int rows = (int)n, cols_v = m->n_visible, cols_h = m->n_hidden;
  for (size_t x = 0; x < n * n_v; x++) {
    k->v[x] = (float)images[x];
    k->sum_v[x % n_v] += images[x];
  }
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, cols_h, cols_v, 1.0f, k->v, cols_v,
              m->w, cols_h, 0.0f, k->h, cols_h);
  for (size_t x = 0; x < n * n_h; x++) {
    const size_t j = x % n_h;
    const double mean = tanh(m->beta * ((double)k->h[x] + (double)m->c[j]));
    k->h[x] = (float)mean;
    k->sum_h[j] += mean;
  }
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, cols_v, cols_h, rows, 1.0f, k->v, cols_v,
              k->h, cols_h, 0.0f, k->vh, cols_h);
  for (size_t x = 0; x < n_v * n_h; x++) k->sum_vh[x] += (double)k->vh[x];
}

static void scale_to_float(float *out, const double *sum, size_t n, double scale) {
  for (size_t x = 0; x < n; x++) out[x] = (float)(sum[x] * scale);
}

static void move_floats(float **to, float **from) {
  free(*to);
  *to = *from;
  *from = NULL;
}

pbl_status pbl_rbm_set_data_moments(pbl_rbm *m, const signed char *images, size_t n,
                                    pbl_error *err) {
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  if (n == 0) return pbl_fail(err, PBL_INVALID, "data moments need at least one image");
  for (size_t x = 0; x < n * n_v; x++) {
    if (images[x] != 1 && images[x] != -1) {
      return pbl_fail(err, PBL_INVALID, "image %zu, pixel %zu is %d: must be -1 or +1", x / n_v,
                      x % n_v, images[x]);
    }
  }
  moment_work k;
  const pbl_status status = work_alloc(&k, n_v, n_h, err);
  if (status != PBL_OK) return status;
  for (size_t first = 0; first < n; first += BATCH) {
    add_batch(&k, m, images + first * n_v, n - first < BATCH ? n - first : BATCH);
  }
  const double scale = 1.0 / (double)n;
  scale_to_float(k.mean_vh, k.sum_vh, n_v * n_h, scale);
  scale_to_float(k.mean_v, k.sum_v, n_v, scale);
  scale_to_float(k.mean_h, k.sum_h, n_h, scale);
  move_floats(&m->data_vh, &k.mean_vh);
  move_floats(&m->data_v, &k.mean_v);
  move_floats(&m->data_h, &k.mean_h);
  work_free(&k);
  return PBL_OK;
}
