/* Window estimators: Sokal's as emcee applies it, Wolff's Gamma method with and without tail. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "estimator_internal.h"

#define DRAWS_PER_FULL_TAU 50.0
#define ALL_LAGS 4096 /* up to here d rho sums over every lag there is */

/* Averages each chain's own autocorrelation; false if a chain has none. */
static bool average_autocorrelation(double *rho, const pbl_lags *own) {
  const size_t width = own->max_lag + 1;
  for (size_t k = 0; k < width; ++k) rho[k] = 0.0;
  for (size_t c = 0; c < own->n_chains; ++c) {
    const double *products = own->products + c * width;
    if (!(products[0] > 0.0)) return false;
    for (size_t k = 0; k < width; ++k) rho[k] += products[k] / products[0];
  }
  for (size_t k = 0; k < width; ++k) rho[k] /= (double)own->n_chains;
  return true;
}

/* false: the window is not closed with the lags there are */
static bool sokal_window(pbl_sokal_report *out, const double *rho, size_t max_lag, size_t n_chains,
                         size_t n_draws, double c) {
  double full = 1.0;
  size_t window = 0;
  while (window < max_lag && (double)window < c * full) full += 2.0 * rho[++window];
  out->tau = 0.5 * full;
  out->window = window;
  out->relative_error = sqrt(2.0 * (2.0 * (double)window + 1.0) / (double)(n_chains * n_draws));
  out->long_enough = (double)n_draws >= DRAWS_PER_FULL_TAU * full;
  return (double)window >= c * full;
}

static pbl_status sokal_to(pbl_sokal_report *out, bool *closed, const double *x, size_t n_chains,
                           size_t n_draws, double c, size_t reach, pbl_error *err) {
  pbl_lags own;
  pbl_status status = pbl_own_lags(&own, x, n_chains, n_draws, reach, err);
  if (status != PBL_OK) return status;
  double *rho = malloc((reach + 1) * sizeof *rho);
  *closed = true;
  if (rho == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "autocorrelation of %zu lags: out of memory", reach + 1);
  } else if (average_autocorrelation(rho, &own)) {
    *closed = sokal_window(out, rho, reach, n_chains, n_draws, c);
  }
  free(rho);
  pbl_lags_free(&own);
  return status;
}

pbl_status pbl_sokal(pbl_sokal_report *out, const double *x, size_t n_chains, size_t n_draws,
                     double c, pbl_error *err) {
  if (out == NULL || !(c > 0.0)) {
    return pbl_fail(err, PBL_INVALID, "Sokal window: c = %g, give a positive factor", c);
  }
  *out = (pbl_sokal_report){.tau = NAN, .relative_error = NAN};
  pbl_status status = pbl_series_check(x, n_chains, n_draws, err);
  if (status != PBL_OK) return status;
  const size_t most = n_draws - 1;
  bool closed = false;
  for (size_t reach = pbl_first_reach(most);; reach = pbl_next_reach(reach, most)) {
    status = sokal_to(out, &closed, x, n_chains, n_draws, c, reach, err);
    if (status != PBL_OK || closed || reach == most) return status;
  }
}

/* Variance of rho_k (hep-lat/0409106, appendix E). */
static double rho_variance(const double *gamma, size_t k, size_t max_lag, size_t reach,
                           double n_total) {
  const double g0 = gamma[0], rho_k = gamma[k] / g0;
  double sum = 0.0;
  for (size_t l = 1; l <= reach && k + l < max_lag; ++l) {
    const double back = gamma[k > l ? k - l : l - k];
    const double term = (gamma[k + l] + back - 2.0 * rho_k * gamma[l]) / g0;
    sum += term * term;
  }
  return sum / n_total;
}

static size_t lags_of_error(size_t k, size_t max_lag) {
  return max_lag <= ALL_LAGS ? max_lag : ALL_LAGS + 8 * k;
}

/* No d rho_k exceeds this one, squares being the sum of rho^2 over all lags: (a + b - c)^2 is at
 * most 3 (a^2 + b^2 + c^2). */
static double most_error(double rho, double squares, double n_total) {
  return sqrt(3.0 * (3.0 + 4.0 * rho * rho) * squares / n_total);
}

pbl_tail pbl_find_tail(const double *gamma, size_t n_lags, size_t max_lag, double n_total,
                       double n_sigma) {
  pbl_tail out = {.tau = 0.5, .closed = true};
  double squares = 0.0;
  size_t k = 0, next = 1;
  for (size_t l = 0; l <= n_lags; ++l) squares += gamma[l] / gamma[0] * (gamma[l] / gamma[0]);
  while (k + 2 < max_lag && !out.complete) {
    out.tau += gamma[++k] / gamma[0];
    const double rho = gamma[k] / gamma[0];
    const size_t reach = lags_of_error(k, max_lag);
    if (n_lags < max_lag && k + 1 + reach >= n_lags) {
      out.closed = false;
      break;
    }
    if (k < next) continue;
    next = k + 1 + (k > ALL_LAGS ? k / 256 : 0);
    if (rho >= n_sigma * most_error(rho, squares, n_total)) continue;
    out.complete = rho < n_sigma * sqrt(rho_variance(gamma, k, max_lag, reach, n_total));
  }
  out.window = k;
  if (out.closed) {
    out.rho_error = sqrt(rho_variance(gamma, k + 1, max_lag, lags_of_error(k, max_lag), n_total));
  }
  return out;
}

double pbl_attach_tail(const double *gamma, size_t window, double tau_exp) {
  double sum = 0.5 * gamma[0];
  for (size_t k = 1; k <= window; ++k) sum += gamma[k];
  return (sum + tau_exp * gamma[window + 1]) / gamma[0];
}

pbl_wolff_options pbl_wolff_default(void) {
  return (pbl_wolff_options){.s = 1.5, .tau_exp = 0.0, .n_sigma = 1.0};
}

/* First window at which the truncation error falls below the statistical one. */
static double automatic_window(pbl_wolff_report *out, const double *gamma, size_t max_lag,
                               double n_total, double s) {
  double sum = 0.5, tau = 0.5 + DBL_EPSILON;
  out->complete = s == 0.0;
  if (s == 0.0) return 0.5;
  for (size_t w = 1; w < max_lag && !out->complete; ++w) {
    sum += gamma[w] / gamma[0];
    tau = fmax(sum, 0.5 + DBL_EPSILON);
    const double tau_w = s / log((2.0 * tau + 1.0) / (2.0 * tau - 1.0)), at = (double)w;
    out->window = w;
    out->complete = exp(-at / tau_w) - tau_w / sqrt(at * n_total) < 0.0;
  }
  return tau;
}

static double chain_means_chi2(const double *x, size_t n_chains, size_t n_draws) {
  const double mean = pbl_offset_mean(x, n_chains * n_draws, x[0]);
  double sum = 0.0;
  for (size_t c = 0; c < n_chains; ++c) {
    const double d = pbl_offset_mean(x + c * n_draws, n_draws, x[0]) - mean;
    sum += d * d;
  }
  return sum * (double)n_draws;
}

/* false: more than n_lags of the max_lag that may be used are needed */
static bool fill_wolff(pbl_wolff_report *out, const double *gamma, size_t n_lags, size_t max_lag,
                       double n_total, const pbl_wolff_options *options) {
  double tail = 0.0, rho_error = 0.0, tau;
  bool closed;
  if (options->tau_exp > 0.0) {
    const pbl_tail t = pbl_find_tail(gamma, n_lags, max_lag, n_total, options->n_sigma);
    if (!t.closed) return false;
    closed = true;
    out->window = t.window;
    out->complete = t.complete;
    rho_error = t.rho_error;
    tau = fmax(t.tau, 0.5 + DBL_EPSILON);
    tail = options->tau_exp * fabs(gamma[out->window + 1] / gamma[0]);
  } else {
    tau = automatic_window(out, gamma, n_lags, n_total, options->s);
    closed = out->complete;
  }
  const double w = (double)out->window;
  const double statistical = 2.0 * tau * sqrt(fmax(0.0, w + 0.5 - tau) / n_total);
  out->tau = tau * (1.0 + (2.0 * w + 1.0) / n_total) / (1.0 + 1.0 / n_total) + tail;
  out->tau_error = hypot(statistical, options->tau_exp * rho_error);
  if (out->window == 0) {
    out->error = sqrt(gamma[0] / (n_total - 1.0));
  } else {
    out->error = sqrt(2.0 * out->tau * gamma[0] * (1.0 + 1.0 / n_total) / n_total);
  }
  out->error_error = out->error * sqrt((w + 0.5) / n_total);
  return closed;
}

pbl_status pbl_wolff(pbl_wolff_report *out, const double *x, size_t n_chains, size_t n_draws,
                     const pbl_wolff_options *options, pbl_error *err) {
  const pbl_wolff_options o = options != NULL ? *options : pbl_wolff_default();
  if (out == NULL || !(o.s >= 0.0) || !(o.tau_exp >= 0.0) || !(o.n_sigma >= 0.0)) {
    return pbl_fail(err, PBL_INVALID,
                    "Gamma method: s %g, tau_exp %g, n_sigma %g must not be negative", o.s,
                    o.tau_exp, o.n_sigma);
  }
  *out = (pbl_wolff_report){.tau = NAN,
                            .tau_error = NAN,
                            .mean = NAN,
                            .error = NAN,
                            .error_error = NAN,
                            .replica_p = NAN};
  pbl_status status = pbl_series_check(x, n_chains, n_draws, err);
  if (status != PBL_OK) return status;
  const size_t max_lag = n_draws / 2;
  const double n_total = (double)(n_chains * n_draws);
  out->mean = pbl_mean_of(x, n_chains * n_draws);
  if (max_lag < 3 || pbl_is_constant(x, n_chains * n_draws)) return PBL_OK;
  bool closed = false;
  size_t reach = o.tau_exp > 0.0 ? pbl_first_tail_reach(max_lag) : pbl_first_reach(max_lag);
  for (;; reach = pbl_next_reach(reach, max_lag)) {
    double *gamma = malloc((reach + 1) * sizeof *gamma);
    if (gamma == NULL) {
      return pbl_fail(err, PBL_NO_MEMORY, "autocovariance of %zu lags: out of memory", reach + 1);
    }
    status = pbl_acf(gamma, reach, x, n_chains, n_draws, PBL_CENTRE_POOLED, err);
    if (status == PBL_OK) closed = fill_wolff(out, gamma, reach, max_lag, n_total, &o);
    free(gamma);
    if (status != PBL_OK) return status;
    if (closed || reach == max_lag) break;
  }
  if (n_chains > 1) {
    const double sigma2 = out->error * out->error * n_total;
    out->replica_p =
        pbl_chi2_upper_p(chain_means_chi2(x, n_chains, n_draws) / sigma2, (double)(n_chains - 1));
  }
  return PBL_OK;
}
