#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "estimator_internal.h"

#define MOST_LOST 1e4 /* between-chain over within-chain squares: 4 of 16 digits */

double pbl_mean_of(const double *x, size_t n) {
  return pbl_offset_mean(x, n, 0.0);
}

bool pbl_is_constant(const double *x, size_t n) {
  for (size_t t = 1; t < n; ++t) {
    if (x[t] != x[0]) return false;
  }
  return true;
}

pbl_status pbl_own_lags(pbl_lags *lags, const double *x, size_t n_chains, size_t n_draws,
                        size_t max_lag, pbl_error *err) {
  const pbl_rows rows = {x, n_chains, n_draws, n_draws};
  return pbl_lags_of_rows(lags, &rows, max_lag, true, err);
}

void pbl_own_gamma(double *gamma, const pbl_lags *own) {
  const size_t width = own->max_lag + 1;
  for (size_t k = 0; k < width; ++k) {
    double sum = 0.0;
    for (size_t c = 0; c < own->n_chains; ++c) sum += own->products[c * width + k];
    gamma[k] = sum / (double)(own->n_chains * own->n_draws);
  }
}

void pbl_pooled_gamma(double *gamma, const pbl_lags *pooled) {
  const size_t width = pooled->max_lag + 1, last = pooled->n_chains;
  const double chains = (double)pooled->n_chains;
  const double m = pooled->sums[last] / (chains * (double)pooled->n_draws);
  for (size_t k = 0; k < width; ++k) {
    gamma[k] = (pooled->products[last * width + k] - m * pooled->edges[last * width + k]) /
                   (chains * (double)(pooled->n_draws - k)) +
               m * m;
  }
}

pbl_status pbl_acf(double *gamma, size_t max_lag, const double *x, size_t n_chains, size_t n_draws,
                   pbl_centre centre, pbl_error *err) {
  pbl_status status = pbl_series_check(x, n_chains, n_draws, err);
  if (status != PBL_OK) return status;
  if (gamma == NULL || max_lag >= n_draws) {
    return pbl_fail(err, PBL_INVALID, "autocovariance to lag %zu needs more than %zu draws",
                    max_lag, n_draws);
  }
  pbl_lags lags;
  if (centre == PBL_CENTRE_CHAIN) {
    status = pbl_own_lags(&lags, x, n_chains, n_draws, max_lag, err);
  } else {
    status = pbl_lags_create(&lags, x, n_chains, n_draws, max_lag, err);
  }
  if (status != PBL_OK) return status;
  if (centre == PBL_CENTRE_CHAIN) {
    pbl_own_gamma(gamma, &lags);
  } else {
    pbl_pooled_gamma(gamma, &lags);
  }
  pbl_lags_free(&lags);
  return PBL_OK;
}

pbl_geyer_sums pbl_geyer(const double *gamma, size_t max_lag) {
  pbl_geyer_sums out = {.positive = NAN, .monotone = NAN, .convex = NAN};
  if (max_lag == 0 || !(gamma[0] > 0.0)) return out;
  double positive = 0.0, monotone = 0.0, least = INFINITY;
  for (size_t m = 0; 2 * m + 1 <= max_lag; ++m) {
    const double pair = gamma[2 * m] + gamma[2 * m + 1];
    if (!(pair > 0.0)) break;
    positive += pair;
    least = fmin(least, pair);
    monotone += least;
  }
  out.positive = fmax(0.0, 2.0 * positive - gamma[0]);
  out.monotone = fmax(0.0, 2.0 * monotone - gamma[0]);
  out.convex = pbl_initial_convex(gamma, max_lag, &out.window);
  return out;
}

/* One attempt with lags up to `reach`: about each chain's mean, or the corrected pooled one. */
static pbl_status geyer_to(pbl_geyer_sums *out, double *variance, bool *closed, const double *x,
                           size_t n_chains, size_t n_draws, size_t reach, pbl_centre centre,
                           pbl_error *err) {
  const pbl_rows rows = {x, n_chains, n_draws, n_draws};
  pbl_lags lags;
  const pbl_status status = pbl_lags_of_rows(&lags, &rows, reach, centre == PBL_CENTRE_CHAIN, err);
  if (status != PBL_OK) return status;
  double *gamma = malloc((reach + 1) * sizeof *gamma);
  if (gamma == NULL) {
    pbl_lags_free(&lags);
    return pbl_fail(err, PBL_NO_MEMORY, "autocovariance of %zu lags: out of memory", reach + 1);
  }
  *closed = true;
  if (centre == PBL_CENTRE_CHAIN) {
    pbl_own_gamma(gamma, &lags);
  } else {
    (void)pbl_lags_gamma(gamma, NULL, closed, &lags, PBL_LAGS_ALL);
  }
  *out = pbl_geyer(gamma, reach);
  *closed = *closed && pbl_sequence_closed(out->window, reach);
  *variance = gamma[0];
  free(gamma);
  pbl_lags_free(&lags);
  return PBL_OK;
}

/* gamma about the chains' means; false where a chain's mean is so far from the others' that its own
 * variance is lost in the difference. */
static bool own_gamma_of_pooled(double *gamma, const pbl_lags *pooled) {
  const size_t width = pooled->max_lag + 1;
  const double n = (double)pooled->n_draws, scale = 1.0 / ((double)pooled->n_chains * n);
  memset(gamma, 0, width * sizeof *gamma);
  for (size_t c = 0; c < pooled->n_chains; ++c) {
    const double *products = pooled->products + c * width, *edges = pooled->edges + c * width;
    const double mean = pooled->sums[c] / n, far = mean * mean * n;
    if (!(far < MOST_LOST * (products[0] - mean * edges[0] + far))) return false;
    for (size_t k = 0; k < width; ++k)
      gamma[k] += scale * (products[k] - mean * edges[k] + (n - (double)k) * mean * mean);
  }
  return true;
}

pbl_status pbl_geyer_own(pbl_geyer_sums *out, double *variance, bool *done, const pbl_lags *pooled,
                         pbl_error *err) {
  *done = false;
  if (pooled->products == NULL) return PBL_OK;
  double *gamma = malloc((pooled->max_lag + 1) * sizeof *gamma);
  if (gamma == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "autocovariance of %zu lags: out of memory",
                    pooled->max_lag + 1);
  }
  if (own_gamma_of_pooled(gamma, pooled)) {
    *out = pbl_geyer(gamma, pooled->max_lag);
    *variance = gamma[0];
    *done = pbl_sequence_closed(out->window, pooled->max_lag);
  }
  free(gamma);
  return PBL_OK;
}

pbl_status pbl_geyer_of(pbl_geyer_sums *out, double *variance, const double *x, size_t n_chains,
                        size_t n_draws, size_t most, pbl_centre centre, pbl_error *err) {
  for (size_t reach = pbl_first_reach(most);; reach = pbl_next_reach(reach, most)) {
    bool closed = true;
    const pbl_status status =
        geyer_to(out, variance, &closed, x, n_chains, n_draws, reach, centre, err);
    if (status != PBL_OK || closed || reach == most) return status;
  }
}
