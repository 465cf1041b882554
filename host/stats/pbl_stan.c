/* Stan's effective sample sizes and R-hats, in the steps of Vehtari et al. 2021 and with the lag
 * limits of posterior 1.4. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "estimator_internal.h"

static double variance_of(const double *x, size_t n) {
  const double mean = pbl_mean_of(x, n);
  double sum = 0.0;
  for (size_t i = 0; i < n; ++i) sum += (x[i] - mean) * (x[i] - mean);
  return sum / (double)(n - 1);
}

static double variance_of_chain_means(const double *x, size_t n_chains, size_t n) {
  double mean = 0.0, squares = 0.0;
  for (size_t c = 0; c < n_chains; ++c) {
    const double value = pbl_mean_of(x + c * n, n), delta = value - mean;
    mean += delta / (double)(c + 1);
    squares += delta * (value - mean);
  }
  return squares / (double)(n_chains - 1);
}

static double rhat_of(const double *x, size_t n_chains, size_t n) {
  if (n < 2 || n_chains < 2 || pbl_is_constant(x, n_chains * n)) return NAN;
  double within = 0.0;
  for (size_t c = 0; c < n_chains; ++c) within += variance_of(x + c * n, n);
  within /= (double)n_chains;
  const double between = (double)n * variance_of_chain_means(x, n_chains, n);
  return sqrt((between / within + (double)n - 1.0) / (double)n);
}

/* Sum of autocorrelations by pairs: positive, monotone, half weight on the last even lag. On entry
 * rho[t] is filled for all t < n; it is overwritten. Full tau. */
static double truncated_tau(double *rho, size_t n) {
  double even = rho[0], odd = rho[1];
  size_t t = 0;
  while (t + 5 < n && even + odd > 0.0) {
    t += 2;
    even = rho[t];
    odd = rho[t + 1];
    if (!(even + odd >= 0.0)) rho[t] = rho[t + 1] = 0.0;
  }
  if (even > 0.0) rho[t] = even;
  for (size_t m = 2; m + 2 <= t; m += 2) {
    const double before = rho[m - 2] + rho[m - 1];
    if (rho[m] + rho[m + 1] > before) rho[m] = rho[m + 1] = 0.5 * before;
  }
  /* no pair at all: posterior counts lag 0, which Stan's formula leaves to the half weight */
  double sum = t == 0 ? rho[0] : 0.0;
  for (size_t k = 0; k < t; ++k) sum += rho[k];
  return -1.0 + 2.0 * sum + rho[t];
}

static pbl_status ess_of(double *ess, const double *x, size_t n_chains, size_t n, pbl_error *err) {
  *ess = NAN;
  if (n < 3 || pbl_is_constant(x, n_chains * n)) return PBL_OK;
  pbl_lags own;
  pbl_status status = pbl_own_lags(&own, x, n_chains, n, n - 1, err);
  if (status != PBL_OK) return status;
  double *rho = malloc(n * sizeof *rho);
  if (rho == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "autocorrelation of %zu lags: out of memory", n);
  } else {
    pbl_own_gamma(rho, &own);
    const double total = (double)(n_chains * n), plus = rho[0];
    const double within = plus * (double)n / ((double)n - 1.0);
    const double between = n_chains > 1 ? variance_of_chain_means(x, n_chains, n) : 0.0;
    rho[0] = 1.0;
    for (size_t t = 1; t < n; ++t) rho[t] = 1.0 - (within - rho[t]) / (plus + between);
    *ess = total / fmax(truncated_tau(rho, n), 1.0 / log10(total));
  }
  free(rho);
  pbl_lags_free(&own);
  return status;
}

/* Halves as chains of their own; the middle draw of an odd number is left out. */
static void split(double *halves, const double *x, size_t n_chains, size_t n_draws) {
  const size_t half = n_draws / 2;
  for (size_t c = 0; c < n_chains; ++c) {
    const double *chain = x + c * n_draws;
    memcpy(halves + 2 * c * half, chain, half * sizeof *halves);
    memcpy(halves + (2 * c + 1) * half, chain + n_draws - half, half * sizeof *halves);
  }
}

typedef struct {
  const double *x;
  size_t n_chains, n_draws, n_halves, half;
  double mean, median, q05, q95;
  double *changed; /* n_chains x n_draws */
  double *halves;  /* n_halves x half */
  double *scores;  /* the same */
} stan_work;

typedef enum { BY_VALUE, BY_DEVIATION, BY_FOLD, BELOW_05, BELOW_95 } change;

static const double *split_changed(stan_work *w, change how) {
  for (size_t i = 0; i < w->n_chains * w->n_draws; ++i) {
    const double v = w->x[i], d = v - w->mean;
    switch (how) {
      case BY_DEVIATION:
        w->changed[i] = fabs(d);
        break;
      case BY_FOLD:
        w->changed[i] = fabs(v - w->median);
        break;
      case BELOW_05:
        w->changed[i] = v <= w->q05;
        break;
      case BELOW_95:
        w->changed[i] = v <= w->q95;
        break;
      default:
        w->changed[i] = v;
    }
  }
  split(w->halves, w->changed, w->n_chains, w->n_draws);
  return w->halves;
}

static pbl_status split_ess(double *ess, stan_work *w, change how, pbl_error *err) {
  return ess_of(ess, split_changed(w, how), w->n_halves, w->half, err);
}

/* A minimum that is undefined when either is. */
static double least(double a, double b) {
  return isnan(a) || isnan(b) ? NAN : fmin(a, b);
}

static pbl_status fill_ranked(pbl_stan_report *out, stan_work *w, pbl_error *err) {
  const size_t n = w->n_halves * w->half;
  pbl_status status = pbl_normal_scores(w->scores, split_changed(w, BY_VALUE), n, err);
  if (status != PBL_OK) return status;
  status = ess_of(&out->ess_bulk, w->scores, w->n_halves, w->half, err);
  if (status != PBL_OK) return status;
  const double bulk = rhat_of(w->scores, w->n_halves, w->half);
  status = pbl_normal_scores(w->scores, split_changed(w, BY_FOLD), n, err);
  if (status != PBL_OK) return status;
  const double folded = rhat_of(w->scores, w->n_halves, w->half);
  out->rhat_rank = isnan(bulk) || isnan(folded) ? NAN : fmax(bulk, folded);
  double low, high;
  status = split_ess(&low, w, BELOW_05, err);
  if (status == PBL_OK) status = split_ess(&high, w, BELOW_95, err);
  if (status == PBL_OK) out->ess_tail = least(low, high);
  return status;
}

static pbl_status fill_stan(pbl_stan_report *out, stan_work *w, pbl_error *err) {
  const size_t n = w->n_chains * w->n_draws;
  pbl_status status = split_ess(&out->ess_basic, w, BY_VALUE, err);
  out->rhat = rhat_of(w->halves, w->n_halves, w->half);
  if (status == PBL_OK) status = split_ess(&out->ess_sd, w, BY_DEVIATION, err);
  if (status != PBL_OK) return status;
  double second = 0.0, fourth = 0.0;
  for (size_t i = 0; i < n; ++i) {
    const double d = w->x[i] - w->mean;
    second += d * d;
    fourth += d * d * d * d;
  }
  second /= (double)n;
  fourth /= (double)n;
  out->mcse_mean = sqrt(second * (double)n / ((double)n - 1.0) / out->ess_basic);
  out->mcse_sd = sqrt(fmax(0.0, fourth - second * second) / out->ess_sd / (4.0 * second));
  return fill_ranked(out, w, err);
}

pbl_status pbl_stan(pbl_stan_report *out, const double *x, size_t n_chains, size_t n_draws,
                    pbl_error *err) {
  if (out == NULL) return pbl_fail(err, PBL_INVALID, "pbl_stan: no report to fill");
  *out = (pbl_stan_report){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  pbl_status status = pbl_series_check(x, n_chains, n_draws, err);
  const size_t n = n_chains * n_draws;
  if (status != PBL_OK || n_draws < 4 || pbl_is_constant(x, n)) return status;
  out->rhat_unsplit = rhat_of(x, n_chains, n_draws);
  status = ess_of(&out->ess_basic_unsplit, x, n_chains, n_draws, err);
  if (status != PBL_OK) return status;
  double *sorted = NULL;
  stan_work w = {.x = x,
                 .n_chains = n_chains,
                 .n_draws = n_draws,
                 .n_halves = 2 * n_chains,
                 .half = n_draws / 2,
                 .mean = pbl_mean_of(x, n),
                 .changed = malloc(n * sizeof(double)),
                 .halves = malloc(n * sizeof(double)),
                 .scores = malloc(n * sizeof(double))};
  if (w.changed == NULL || w.halves == NULL || w.scores == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "split chains of %zu draws: out of memory", n);
  } else {
    status = pbl_sorted_copy(&sorted, x, n, err);
  }
  if (status == PBL_OK) {
    w.median = pbl_sorted_quantile(sorted, n, 0.5);
    w.q05 = pbl_sorted_quantile(sorted, n, 0.05);
    w.q95 = pbl_sorted_quantile(sorted, n, 0.95);
    status = fill_stan(out, &w, err);
  }
  free(sorted);
  free(w.changed);
  free(w.halves);
  free(w.scores);
  return status;
}
