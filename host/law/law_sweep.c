/* State frequencies against the exact law without a dense kernel: covariances lag by lag, and the
 * tail of the weighted sum of chi-squares itself. */
#include <cblas.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "law_internal.h"
#include "pbl_stats.h"

/* LAPACK inside OpenBLAS; its header is not part of the package. */
extern void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda,
                   double *w, double *work, const int *lwork, int *info, size_t jobz_length,
                   size_t uplo_length);

#define SETTLED 1e-7
#define NEWTON_STEPS 200

/* Cumulant function of the sum at s and its first two derivatives. */
typedef struct {
  double k, k1, k2;
} cumulants;

static cumulants cumulants_at(double s, const double *weight, size_t n) {
  cumulants c = {0.0, 0.0, 0.0};
  for (size_t i = 0; i < n; i++) {
    const double r = weight[i] / (1.0 - 2.0 * s * weight[i]);
    c.k -= 0.5 * log1p(-2.0 * s * weight[i]);
    c.k1 += r;
    c.k2 += 2.0 * r * r;
  }
  return c;
}

double law_weighted_chi2_p(double x, const double *weight, size_t n) {
  double largest = 0.0, mean = 0.0, square = 0.0;
  for (size_t i = 0; i < n; i++) {
    largest = fmax(largest, weight[i]);
    mean += weight[i];
    square += weight[i] * weight[i];
  }
  if (!(x > 0.0)) return 1.0;
  /* around the mean the saddlepoint formula is 0/0, and Satterthwaite's law is good */
  if (fabs(x - mean) < 0.05 * sqrt(2.0 * square)) {
    return pbl_chi2_upper_p(x * mean / square, mean * mean / square);
  }
  /* k1 grows from 0 at -infinity to infinity at 1/(2 largest): bisection, safe and cheap */
  double high = 0.5 / largest, low = x > mean ? 0.0 : -0.5 * (double)n / x;
  for (int step = 0; step < NEWTON_STEPS; step++) {
    const double middle = 0.5 * (low + high);
    if (cumulants_at(middle, weight, n).k1 > x) {
      high = middle;
    } else {
      low = middle;
    }
  }
  const double s = 0.5 * (low + high);
  const cumulants c = cumulants_at(s, weight, n);
  const double w = copysign(sqrt(fmax(2.0 * (s * x - c.k), 0.0)), s), v = s * sqrt(c.k2);
  return 0.5 * erfc((w + log(v / w) / w) / sqrt(2.0));
}

/* A sweep of two blocks forgets one of them: g then repeats with a period, a power of two, and what
 * a cell gets of it is a short product. weight: n_cells x period, mass of a cell by x mod period.
 */
typedef struct {
  size_t period; /* 0: not looked for yet; n_states: there is none */
  double *weight;
} fold;

static bool repeats(const double *g, size_t n, size_t period) {
  return memcmp(g, g + period, (n - period) * sizeof *g) == 0;
}

/* Whether g may be read through the fold; the first g that is offered decides on the period. */
static bool fold_fits(fold *f, const law_cells *c, const double *law, const double *g) {
  const size_t n = c->n_states;
  if (f->period == 0) {
    f->period = 1;
    while (f->period < n && !repeats(g, n, f->period)) f->period *= 2;
    if (f->period > n / 2) f->period = n;
    if (f->period < n) f->weight = calloc(c->n_cells * f->period, sizeof *f->weight);
    for (size_t x = 0; x < n && f->weight != NULL; x++)
      f->weight[c->cell[x] * f->period + x % f->period] += law[x];
  }
  return f->weight != NULL && repeats(g, n, f->period);
}

static void share_cells(double *share, const law_cells *c, const double *law, const double *g,
                        const fold *f) {
  for (size_t a = 0; a < c->n_cells; a++) share[a] = 0.0;
  if (f == NULL) {
    for (size_t x = 0; x < c->n_states; x++) share[c->cell[x]] += law[x] * g[x];
    return;
  }
  for (size_t a = 0; a < c->n_cells; a++)
    share[a] = cblas_ddot((int)f->period, f->weight + a * f->period, 1, g, 1);
}

/* Column b of sum_k (1 - k/n) Cov(cell a at 0, cell b at k), k >= 1. g: scratch of n_states, and
 * n_cells behind them. */
static bool lagged_column(double *column, const law_cells *c, fold *f, const pbl_oracle *o,
                          size_t every, size_t b, size_t n_draws, double *g) {
  const double *law = pbl_oracle_law(o);
  const fold *used = NULL;
  double *at_lag = g + c->n_states;
  for (size_t x = 0; x < c->n_states; x++) g[x] = (c->cell[x] == b ? 1.0 : 0.0) - c->law[b];
  for (size_t a = 0; a < c->n_cells; a++) column[a] = 0.0;
  for (size_t k = 1; k < n_draws; k++) {
    const double weight = 1.0 - (double)k / (double)n_draws;
    double most = 0.0;
    for (size_t s = 0; s < every; s++) pbl_oracle_backward(o, g);
    if (k == 1 && fold_fits(f, c, law, g)) used = f;
    share_cells(at_lag, c, law, g, used);
    for (size_t a = 0; a < c->n_cells; a++) {
      column[a] += weight * at_lag[a];
      most = fmax(most, fabs(at_lag[a]));
    }
    if (most < SETTLED * c->law[b]) return true;
  }
  return n_draws < 2;
}

static pbl_status fill_covariance(law_cells *c, const pbl_oracle *o, size_t every, size_t n_draws,
                                  pbl_error *err) {
  const size_t n = c->n_cells;
  double *lagged = malloc((n * n + c->n_states + n) * sizeof *lagged);
  if (lagged == NULL) return law_no_memory(err);
  fold f = {0, NULL};
  bool settled = true;
  for (size_t b = 0; b < n && settled; b++)
    settled = lagged_column(lagged + b * n, c, &f, o, every, b, n_draws, lagged + n * n);
  for (size_t a = 0; a < n; a++) {
    for (size_t b = 0; b < n; b++)
      c->covariance[a * n + b] = (a == b ? c->law[a] : 0.0) - c->law[a] * c->law[b] +
                                 lagged[b * n + a] + lagged[a * n + b];
  }
  free(f.weight);
  free(lagged);
  if (settled) return PBL_OK;
  return pbl_fail(err, PBL_NUMERIC,
                  "chi-square: correlations outlast %zu draws; record longer chains", n_draws);
}

static pbl_status create_cells(law_cells *c, const pbl_oracle *o, size_t every, double min_mass,
                               size_t n_draws, pbl_error *err) {
  *c = (law_cells){.n_states = pbl_oracle_states(o)};
  const double *law = pbl_oracle_law(o);
  c->cell = malloc(c->n_states * sizeof *c->cell);
  if (c->cell == NULL) return law_no_memory(err);
  pbl_status status = pbl_law_cells(c->cell, &c->n_cells, law, c->n_states, min_mass, err);
  if (status == PBL_OK && c->n_cells < 2)
    status = pbl_fail(err, PBL_INVALID, "chi-square: fewer than two cells of mass %g", min_mass);
  if (status == PBL_OK) {
    c->law = calloc(c->n_cells, sizeof *c->law);
    c->covariance = malloc(c->n_cells * c->n_cells * sizeof *c->covariance);
    if (c->law == NULL || c->covariance == NULL) status = law_no_memory(err);
  }
  for (size_t x = 0; x < c->n_states && status == PBL_OK; x++) c->law[c->cell[x]] += law[x];
  if (status == PBL_OK) status = fill_covariance(c, o, every, n_draws, err);
  if (status == PBL_OK) {
    law_cells_match(c);
  } else {
    law_cells_free(c);
  }
  return status;
}

/* Eigenvalues of D^-1/2 V D^-1/2; rounding below zero is cut off. */
static pbl_status spectrum(double *weight, const law_cells *c, pbl_error *err) {
  const int n = (int)c->n_cells, room = 34 * n;
  int info = 0;
  double *m = malloc((c->n_cells * c->n_cells + (size_t)room) * sizeof *m);
  if (m == NULL) return law_no_memory(err);
  for (size_t a = 0; a < c->n_cells; a++) {
    for (size_t b = 0; b < c->n_cells; b++)
      m[a * c->n_cells + b] = c->covariance[a * c->n_cells + b] / sqrt(c->law[a] * c->law[b]);
  }
  dsyev_("N", "U", &n, m, &n, weight, m + c->n_cells * c->n_cells, &room, &info, 1, 1);
  for (size_t a = 0; a < c->n_cells; a++) weight[a] = fmax(weight[a], 0.0);
  free(m);
  if (info == 0) return PBL_OK;
  return pbl_fail(err, PBL_NUMERIC, "chi-square: eigenvalues did not converge (dsyev %d)", info);
}

pbl_status pbl_law_chi2_sweep(pbl_law_test *out, const pbl_chains *chains, const pbl_oracle *o,
                              size_t every, double min_mass, pbl_error *err) {
  law_cells c;
  if (every < 1) return pbl_fail(err, PBL_INVALID, "chi-square: every must be at least 1");
  pbl_status status = law_check(chains, pbl_oracle_states(o), 1, err);
  if (status == PBL_OK) status = create_cells(&c, o, every, min_mass, chains->n_recorded, err);
  if (status != PBL_OK) return status;
  double *freq = malloc(2 * c.n_cells * sizeof *freq);
  if (freq == NULL) {
    status = law_no_memory(err);
  } else {
    status = law_frequencies(freq, chains, SIZE_MAX, &c, err);
  }
  if (status == PBL_OK) status = spectrum(freq + c.n_cells, &c, err);
  if (status == PBL_OK) {
    const double n = (double)(chains->n_chains * chains->n_recorded);
    *out = (pbl_law_test){.n_tests = c.n_cells, .dof = c.dof};
    const double x2 = law_x2(&out->worst, freq, &c, n);
    out->statistic = x2 * c.scale;
    out->p_value = law_weighted_chi2_p(x2, freq + c.n_cells, c.n_cells);
  }
  free(freq);
  law_cells_free(&c);
  return status;
}
