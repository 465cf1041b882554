#include <cblas.h>
#include <math.h>
#include <stdlib.h>

#include "pbl_gibbs.h"
#include "pbl_rng.h"
#include "pbl_train.h"

/* Hidden fields are computed for this many images at a time. */
#define ROWS 64

static double log_cosh2(double x) {
  return fabs(x) + log1p(exp(-2.0 * fabs(x)));
} /* ln 2cosh x */

/* ln P(v_i | all other visible) = ln sigma(beta (F(flip i) - F(v))); field = c + W'v. */
static double log_conditional(const pbl_rbm *m, const signed char *v, const float *field,
                              size_t i) {
  const size_t n_h = (size_t)m->n_hidden;
  const double spin = v[i];
  double rise = 2.0 * m->beta * (double)m->b[i] * spin; /* beta (F(flip i) - F(v)) */
  for (size_t j = 0; j < n_h; j++) {
    const double f = field[j], flipped = f - 2.0 * spin * (double)m->w[i * n_h + j];
    rise += log_cosh2(m->beta * f) - log_cosh2(m->beta * flipped);
  }
  return rise > 0.0 ? -log1p(exp(-rise)) : rise - log1p(exp(rise));
}

static void fields(float *field, float *states, const pbl_rbm *m, const signed char *images,
                   size_t n) {
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  for (size_t k = 0; k < n * n_v; k++) states[k] = (float)images[k];
  for (size_t k = 0; k < n; k++)
    for (size_t j = 0; j < n_h; j++) field[k * n_h + j] = m->c[j];
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, (int)n_h, (int)n_v, 1.0f, states,
              (int)n_v, m->w, (int)n_h, 1.0f, field, (int)n_h);
}

/* Mean over images of V ln P for one random pixel each, or of the sum over all pixels. */
static pbl_status pseudo_likelihood(double *pl, const pbl_rbm *m, const signed char *images,
                                    size_t n, pbl_xoshiro *random, pbl_error *err) {
  if (n < 1) return pbl_fail(err, PBL_INVALID, "pseudo-likelihood: no images");
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  float *states = malloc(ROWS * n_v * sizeof *states);
  float *field = malloc(ROWS * n_h * sizeof *field);
  pbl_status status = PBL_OK;
  if (!states || !field) {
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory for the pseudo-likelihood");
    goto done;
  }
  openblas_set_num_threads(1);
  double sum = 0.0;
  for (size_t first = 0; first < n; first += ROWS) {
    const size_t rows = n - first < ROWS ? n - first : ROWS;
    fields(field, states, m, images + first * n_v, rows);
    for (size_t k = 0; k < rows; k++) {
      const signed char *v = images + (first + k) * n_v;
      if (random) {
        const size_t i = (size_t)(pbl_xoshiro_double(random) * (double)n_v);
        sum += (double)n_v * log_conditional(m, v, field + k * n_h, i);
      } else {
        for (size_t i = 0; i < n_v; i++) sum += log_conditional(m, v, field + k * n_h, i);
      }
    }
  }
  *pl = sum / (double)n;
done:
  free(states);
  free(field);
  return status;
}

pbl_status pbl_pseudo_likelihood(double *pl, const pbl_rbm *m, const signed char *images, size_t n,
                                 uint64_t seed, pbl_error *err) {
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, seed);
  return pseudo_likelihood(pl, m, images, n, &g, err);
}

pbl_status pbl_pseudo_likelihood_exact(double *pl, const pbl_rbm *m, const signed char *images,
                                       size_t n, pbl_error *err) {
  return pseudo_likelihood(pl, m, images, n, NULL, err);
}
