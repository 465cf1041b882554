/* Stan's effective sample sizes and R-hats, in the steps of Vehtari et al. 2021 and with the lag
 * limits of posterior 1.4. */
#include <math.h>
#include <stdlib.h>

#include "estimator_internal.h"

static double variance_of(const double *x, size_t n) {
  const double mean = pbl_offset_mean(x, n, x[0]);
  double sum = 0.0;
  for (size_t i = 0; i < n; ++i) {
    const double d = (x[i] - x[0]) - mean;
    sum += d * d;
  }
  return sum / (double)(n - 1);
}

static double variance_of_chain_means(const double *x, size_t n_chains, size_t n) {
  double mean = 0.0, squares = 0.0;
  for (size_t c = 0; c < n_chains; ++c) {
    const double value = pbl_offset_mean(x + c * n, n, x[0]), delta = value - mean;
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
 * rho[t] is filled for t <= n_lags; it is overwritten. Full tau of chains of n draws; *closed: the
 * pairs ended within n_lags. */
static double truncated_tau(bool *closed, double *rho, size_t n_lags, size_t n) {
  double even = rho[0], odd = rho[1];
  size_t t = 0;
  while (t + 5 < n && t + 3 <= n_lags && even + odd > 0.0) {
    t += 2;
    even = rho[t];
    odd = rho[t + 1];
    if (!(even + odd >= 0.0)) rho[t] = rho[t + 1] = 0.0;
  }
  *closed = !(even + odd > 0.0);
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

static pbl_status ess_to(double *ess, bool *closed, const double *x, size_t n_chains, size_t n,
                         size_t reach, pbl_error *err) {
  pbl_lags own;
  pbl_status status = pbl_own_lags(&own, x, n_chains, n, reach, err);
  if (status != PBL_OK) return status;
  double *rho = malloc((reach + 1) * sizeof *rho);
  if (rho == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "autocorrelation of %zu lags: out of memory", reach + 1);
  } else {
    pbl_own_gamma(rho, &own);
    const double total = (double)(n_chains * n), plus = rho[0];
    const double within = plus * (double)n / ((double)n - 1.0);
    const double between = n_chains > 1 ? variance_of_chain_means(x, n_chains, n) : 0.0;
    rho[0] = 1.0;
    for (size_t t = 1; t <= reach; ++t) rho[t] = 1.0 - (within - rho[t]) / (plus + between);
    *ess = total / fmax(truncated_tau(closed, rho, reach, n), 1.0 / log10(total));
  }
  free(rho);
  pbl_lags_free(&own);
  return status;
}

static pbl_status ess_of(double *ess, const double *x, size_t n_chains, size_t n, pbl_error *err) {
  *ess = NAN;
  if (n < 3 || pbl_is_constant(x, n_chains * n)) return PBL_OK;
  for (size_t reach = pbl_first_reach(n - 1);; reach = pbl_next_reach(reach, n - 1)) {
    bool closed = true;
    const pbl_status status = ess_to(ess, &closed, x, n_chains, n, reach, err);
    if (status != PBL_OK || closed || reach == n - 1) return status;
  }
}

typedef struct {
  const double *x;
  size_t n_chains, n_draws, n_halves, half;
  double mean; /* about the first draw */
  double median, q05, q95;
  double *halves; /* n_halves x half: as chains of their own */
} stan_work;

typedef enum { BY_VALUE, BY_DEVIATION, BY_FOLD, BELOW_05, BELOW_95 } change;

static double changed(const stan_work *w, double v, change how) {
  switch (how) {
    case BY_DEVIATION:
      return fabs((v - w->x[0]) - w->mean);
    case BY_FOLD:
      return fabs(v - w->median);
    case BELOW_05:
      return v <= w->q05;
    case BELOW_95:
      return v <= w->q95;
    default:
      return v;
  }
}

/* Halves of every chain; the middle draw of an odd number is left out. */
static double *split_changed(stan_work *w, change how) {
  for (size_t part = 0; part < w->n_halves; ++part) {
    const double *from = w->x + (part / 2) * w->n_draws + (part % 2) * (w->n_draws - w->half);
    double *to = w->halves + part * w->half;
    for (size_t t = 0; t < w->half; ++t) to[t] = changed(w, from[t], how);
  }
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
  pbl_status status = pbl_normal_scores(split_changed(w, BY_VALUE), n, err);
  if (status != PBL_OK) return status;
  status = ess_of(&out->ess_bulk, w->halves, w->n_halves, w->half, err);
  if (status != PBL_OK) return status;
  const double bulk = rhat_of(w->halves, w->n_halves, w->half);
  status = pbl_normal_scores(split_changed(w, BY_FOLD), n, err);
  if (status != PBL_OK) return status;
  const double folded = rhat_of(w->halves, w->n_halves, w->half);
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
    const double d = (w->x[i] - w->x[0]) - w->mean;
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
  stan_work w = {.x = x,
                 .n_chains = n_chains,
                 .n_draws = n_draws,
                 .n_halves = 2 * n_chains,
                 .half = n_draws / 2,
                 .mean = pbl_offset_mean(x, n, x[0])};
  double quantile[3];
  status = pbl_quantiles(quantile, (const double[]){0.05, 0.5, 0.95}, 3, x, n, err);
  if (status != PBL_OK) return status;
  w.q05 = quantile[0];
  w.median = quantile[1];
  w.q95 = quantile[2];
  w.halves = malloc(n * sizeof *w.halves);
  if (w.halves == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "split chains of %zu draws: out of memory", n);
  }
  status = fill_stan(out, &w, err);
  free(w.halves);
  return status;
}
