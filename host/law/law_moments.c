/* Moments of whole chains: t tests and their combination. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "law_internal.h"
#include "pbl_stats.h"

#define NEVER_VARIES 1e-12

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

pbl_status pbl_law_simes(double *p_value, size_t *n_rejected, double q, const double *p, size_t m,
                         pbl_error *err) {
  double *sorted = malloc((m > 0 ? m : 1) * sizeof *sorted);
  if (sorted == NULL) return law_no_memory(err);
  size_t n = 0, rejected = 0;
  for (size_t k = 0; k < m; k++) {
    if (!isnan(p[k])) sorted[n++] = p[k];
  }
  qsort(sorted, n, sizeof *sorted, ascending);
  double least = 1.0;
  for (size_t k = 0; k < n; k++) {
    const double scaled = sorted[k] * (double)n / (double)(k + 1);
    least = scaled < least ? scaled : least;
    if (scaled <= q) rejected = k + 1;
  }
  *p_value = least;
  if (n_rejected != NULL) *n_rejected = rejected;
  free(sorted);
  return PBL_OK;
}

/* Mean and variance over chains of every moment of one set. */
typedef struct {
  size_t n_chains, n_moments;
  double *mean, *variance; /* of chain means; unbiased variance */
} chain_moments;

static void add_draw(double *sums, const double *s, size_t V, size_t N) {
  for (size_t p = 0; p < N; p++) sums[p] += s[p];
  for (size_t i = 0; i < V; i++) {
    double *edges = sums + N + i * (N - V);
    for (size_t j = 0; j < N - V; j++) edges[j] += s[i] * s[V + j];
  }
}

/* Welford over chains. */
static pbl_status collect(chain_moments *out, const pbl_chains *c, size_t V, pbl_error *err) {
  const size_t N = c->n_pbits;
  *out = (chain_moments){.n_chains = c->n_chains};
  if (V > N || c->n_chains < 2 || c->n_recorded == 0)
    return pbl_fail(err, PBL_INVALID,
                    "moment test: %zu chains of %zu draws, %zu visible of %zu p-bits; 2 chains "
                    "needed",
                    c->n_chains, c->n_recorded, V, N);
  out->n_moments = N + V * (N - V);
  out->mean = calloc(3 * out->n_moments + N, sizeof *out->mean);
  if (out->mean == NULL) return law_no_memory(err);
  out->variance = out->mean + out->n_moments;
  double *sums = out->variance + out->n_moments, *s = sums + out->n_moments;
  for (size_t r = 0; r < c->n_chains; r++) {
    memset(sums, 0, out->n_moments * sizeof *sums);
    for (size_t t = 0; t < c->n_recorded; t++) {
      for (size_t p = 0; p < N; p++) s[p] = (double)pbl_chains_spin(c, r, t, p);
      add_draw(sums, s, V, N);
    }
    for (size_t k = 0; k < out->n_moments; k++) {
      const double x = sums[k] / (double)c->n_recorded, delta = x - out->mean[k];
      out->mean[k] += delta / (double)(r + 1);
      out->variance[k] += delta * (x - out->mean[k]);
    }
  }
  for (size_t k = 0; k < out->n_moments; k++) out->variance[k] /= (double)(c->n_chains - 1);
  return PBL_OK;
}

/* t and p of one difference with squared error se2. */
static double judge(double *t, double difference, double se2, double dof) {
  if (!(se2 > NEVER_VARIES * NEVER_VARIES)) {
    const bool equal = fabs(difference) <= NEVER_VARIES;
    *t = equal ? 0.0 : copysign(INFINITY, difference);
    return equal ? 1.0 : 0.0;
  }
  *t = difference / sqrt(se2);
  return pbl_student_t_two_sided_p(*t, dof);
}

static pbl_status combine(pbl_law_test *out, size_t *n_rejected, double q, const double *t,
                          const double *p, const double *dof, size_t m, pbl_error *err) {
  *out = (pbl_law_test){.n_tests = m, .worst = SIZE_MAX};
  double least = INFINITY;
  for (size_t k = 0; k < m; k++) {
    if (!(p[k] < least)) continue;
    least = p[k];
    out->worst = k;
    out->statistic = t[k];
    out->dof = dof[k];
  }
  return pbl_law_simes(&out->p_value, n_rejected, q, p, m, err);
}

pbl_status pbl_law_moments(pbl_law_test *out, size_t *n_rejected, double q,
                           const pbl_chains *chains, size_t n_visible, const double *first,
                           const double *edges, pbl_error *err) {
  chain_moments a;
  pbl_status status = collect(&a, chains, n_visible, err);
  if (status != PBL_OK) return status;
  const size_t m = a.n_moments, N = chains->n_pbits;
  double *t = malloc(3 * m * sizeof *t);
  if (t == NULL) status = law_no_memory(err);
  for (size_t k = 0; k < m && status == PBL_OK; k++) {
    const double exact = k < N ? first[k] : edges[k - N], R = (double)a.n_chains;
    t[2 * m + k] = R - 1.0;
    t[m + k] = judge(&t[k], a.mean[k] - exact, a.variance[k] / R, R - 1.0);
  }
  if (status == PBL_OK) status = combine(out, n_rejected, q, t, t + m, t + 2 * m, m, err);
  free(t);
  free(a.mean);
  return status;
}

pbl_status pbl_law_moments_between(pbl_law_test *out, size_t *n_rejected, double q,
                                   const pbl_chains *a, const pbl_chains *b, size_t n_visible,
                                   pbl_error *err) {
  if (a->n_pbits != b->n_pbits)
    return pbl_fail(err, PBL_INVALID, "moment test: %zu against %zu p-bits", a->n_pbits,
                    b->n_pbits);
  chain_moments x, y = {0};
  pbl_status status = collect(&x, a, n_visible, err);
  if (status != PBL_OK) return status;
  status = collect(&y, b, n_visible, err);
  const size_t m = x.n_moments;
  double *t = malloc(3 * m * sizeof *t);
  if (t == NULL && status == PBL_OK) status = law_no_memory(err);
  for (size_t k = 0; k < m && status == PBL_OK; k++) {
    const double ra = (double)x.n_chains, rb = (double)y.n_chains;
    const double va = x.variance[k] / ra, vb = y.variance[k] / rb, v = va + vb;
    const double spread = va * va / (ra - 1.0) + vb * vb / (rb - 1.0);
    t[2 * m + k] = spread > 0.0 ? v * v / spread : ra + rb - 2.0; /* Welch's degrees of freedom */
    t[m + k] = judge(&t[k], x.mean[k] - y.mean[k], v, t[2 * m + k]);
  }
  if (status == PBL_OK) status = combine(out, n_rejected, q, t, t + m, t + 2 * m, m, err);
  free(t);
  free(x.mean);
  free(y.mean);
  return status;
}
