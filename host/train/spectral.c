#include "spectral.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>

#define HIDDEN_VARIANCE_FLOOR 0.05

/* LAPACK lives in the OpenBLAS library, without a header. The last two are the Fortran lengths of
 * the strings. Eigenvalues ascend; column-major. */
extern void dsyev_(const char *job, const char *triangle, const int *n, double *a, const int *lda,
                   double *values, double *work, const int *n_work, int *info, size_t, size_t);

static double variance(double mean) {
  return fmax(1.0 - mean * mean, 0.0);
}

typedef struct {
  double *j;      /* V x H: J, later the change of W */
  double *q;      /* H x H: J'J, later eigenvectors by row (dsyev is column-major) */
  double *shrink; /* H x H */
  double *values, *root_h, *work;
  int n_work;
} scratch;

static void release(scratch *s) {
  free(s->j);
  free(s->q);
  free(s->shrink);
  free(s->values);
  free(s->root_h);
  free(s->work);
}

static pbl_status allocate(scratch *s, size_t n_v, size_t n_h, pbl_error *err) {
  s->n_work = (int)(34 * n_h);
  s->j = malloc(n_v * n_h * sizeof(double));
  s->q = malloc(n_h * n_h * sizeof(double));
  s->shrink = calloc(n_h * n_h, sizeof(double));
  s->values = malloc(n_h * sizeof(double));
  s->root_h = malloc(n_h * sizeof(double));
  s->work = malloc((size_t)s->n_work * sizeof(double));
  if (s->j && s->q && s->shrink && s->values && s->root_h && s->work) return PBL_OK;
  return pbl_fail(err, PBL_NO_MEMORY, "no memory for a spectrum of %zu x %zu", n_v, n_h);
}

static pbl_status decompose(scratch *s, const pbl_rbm *m, const float *mean_v, const float *mean_h,
                            pbl_error *err) {
  const int n_v = m->n_visible, n_h = m->n_hidden;
  const size_t h = (size_t)n_h;
  for (size_t k = 0; k < h; k++)
    s->root_h[k] = sqrt(fmax(variance((double)mean_h[k]), HIDDEN_VARIANCE_FLOOR));
  for (size_t i = 0; i < (size_t)n_v; i++) {
    const double root_v = m->beta * sqrt(variance((double)mean_v[i]));
    for (size_t k = 0; k < h; k++)
      s->j[i * h + k] = root_v * (double)m->w[i * h + k] * s->root_h[k];
  }
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n_h, n_h, n_v, 1.0, s->j, n_h, s->j, n_h,
              0.0, s->q, n_h);
  int info = 0;
  dsyev_("V", "L", &n_h, s->q, &n_h, s->values, s->work, &s->n_work, &info, 1, 1);
  if (info != 0)
    return pbl_fail(err, PBL_NUMERIC, "training: the spectrum of the weights failed (dsyev %d)",
                    info);
  return PBL_OK;
}

/* shrink = D_h^1/2 Q diag(1 - limit/s_k, or 0) Q' D_h^-1/2, and the change is W shrink. */
static void shrink_matrix(scratch *s, size_t h, double limit) {
  for (size_t k = 0; k < h; k++) {
    const double value = sqrt(fmax(s->values[k], 0.0));
    if (value <= limit) continue;
    const double *q = s->q + k * h;
    for (size_t a = 0; a < h; a++)
      for (size_t b = 0; b < h; b++)
        s->shrink[a * h + b] += (1.0 - limit / value) * s->root_h[a] * q[a] * q[b] / s->root_h[b];
  }
}

static void apply(pbl_rbm *m, scratch *s, const float *mean_v, const float *mean_h) {
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  double *change = s->j;
  for (size_t i = 0; i < n_v; i++) {
    double sum = 0.0, *d = change + i * n_h;
    for (size_t k = 0; k < n_h; k++) d[k] = 0.0;
    for (size_t a = 0; a < n_h; a++)
      for (size_t k = 0; k < n_h; k++) d[k] += (double)m->w[i * n_h + a] * s->shrink[a * n_h + k];
    for (size_t k = 0; k < n_h; k++) sum += d[k] * (double)mean_h[k];
    m->b[i] += (float)sum;
  }
  for (size_t k = 0; k < n_h; k++) {
    double sum = 0.0;
    for (size_t i = 0; i < n_v; i++) sum += change[i * n_h + k] * (double)mean_v[i];
    m->c[k] += (float)sum;
  }
  for (size_t k = 0; k < n_v * n_h; k++) m->w[k] = (float)((double)m->w[k] - change[k]);
}

pbl_status pbl_spectral_clip(pbl_rbm *m, const float *mean_v, const float *mean_h, double limit,
                             double *largest, pbl_error *err) {
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  scratch s = {0};
  pbl_status status = allocate(&s, n_v, n_h, err);
  if (!status) status = decompose(&s, m, mean_v, mean_h, err);
  if (status) goto done;
  const double top = sqrt(fmax(s.values[n_h - 1], 0.0));
  if (largest) *largest = top;
  if (top > limit) {
    shrink_matrix(&s, n_h, limit);
    apply(m, &s, mean_v, mean_h);
  }
done:
  release(&s);
  return status;
}
