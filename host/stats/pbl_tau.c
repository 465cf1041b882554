#include <math.h>
#include <stdlib.h>

#include "estimator_internal.h"

#define MIN_DRAWS 16
#define MIN_CHAINS 4
#define DRAWS_PER_FULL_TAU 50.0
#define RHAT_LIMIT 1.01

const char *pbl_resolution_name(pbl_resolution r) {
  switch (r) {
    case PBL_RESOLVED:
      return "resolved";
    case PBL_UNRESOLVED:
      return "unresolved";
    case PBL_FROZEN:
      return "frozen";
    case PBL_PARTIAL:
      return "partial";
    case PBL_SHORT:
      return "short";
    default:
      return "unknown";
  }
}

static size_t count_constant_chains(const double *x, size_t n_chains, size_t n_draws) {
  size_t constant = 0;
  for (size_t c = 0; c < n_chains; ++c) {
    size_t t = 1;
    while (t < n_draws && x[c * n_draws + t] == x[c * n_draws]) ++t;
    if (t >= n_draws) ++constant;
  }
  return constant;
}

static double squares_about(const double *x, size_t n, double origin, double offset) {
  double sum = 0.0;
  for (size_t t = 0; t < n; ++t) {
    const double d = (x[t] - origin) - offset;
    sum += d * d;
  }
  return sum;
}

/* Means are taken relative to the first draw, so that a common offset costs no digits. */
static void fill_moments(pbl_tau_report *out, const double *x, size_t n_chains, size_t n_draws) {
  const size_t n = n_chains * n_draws;
  const double offset = pbl_offset_mean(x, n, x[0]);
  out->mean = x[0] + offset;
  out->variance = squares_about(x, n, x[0], offset) / (double)n;
}

/* S_n: n times the variance of the chain means; its expectation is n Var(window mean) exactly. */
static double chain_means_variance(const double *x, size_t n_chains, size_t n_draws) {
  if (n_chains < 2) return NAN;
  const double mean = pbl_offset_mean(x, n_chains * n_draws, x[0]);
  double sum = 0.0;
  for (size_t c = 0; c < n_chains; ++c) {
    const double d = pbl_offset_mean(x + c * n_draws, n_draws, x[0]) - mean;
    sum += d * d;
  }
  return (double)n_draws * sum / (double)(n_chains - 1);
}

/* Basic split R-hat; an odd number of draws loses the middle one. */
static double split_rhat(const double *x, size_t n_chains, size_t n_draws) {
  const size_t half = n_draws / 2, parts = 2 * n_chains;
  if (half < 2) return NAN;
  double within = 0.0, mean = 0.0, squares = 0.0;
  for (size_t part = 0; part < parts; ++part) {
    const double *segment = x + (part / 2) * n_draws + (part % 2) * (n_draws - half);
    const double m = pbl_offset_mean(segment, half, x[0]), delta = m - mean;
    within += squares_about(segment, half, x[0], m) / (double)(half - 1);
    mean += delta / (double)(part + 1);
    squares += delta * (m - mean);
  }
  within /= (double)parts;
  const double between = (double)half * squares / (double)(parts - 1);
  return sqrt((between / within + (double)half - 1.0) / (double)half);
}

/* Standard error of ln tau by leaving out one chain at a time. */
static double jackknife_log_error(bool *closed, const pbl_lags *lags, double *gamma) {
  const double chains = (double)lags->n_chains, n_total = (chains - 1.0) * (double)lags->n_draws;
  double mean = 0.0, squares = 0.0;
  for (size_t c = 0; c < lags->n_chains; ++c) {
    const double sigma2 = pbl_lags_gamma(gamma, NULL, closed, lags, c);
    const double value = log(pbl_bounded_tau(0.5 * sigma2 / gamma[0], n_total)),
                 delta = value - mean;
    mean += delta / (double)(c + 1);
    squares += delta * (value - mean);
  }
  return sqrt(squares * (chains - 1.0) / chains);
}

double pbl_least_tau(double n_total) {
  return 0.5 / log10(n_total);
}

double pbl_bounded_tau(double tau, double n_total) {
  return fmax(tau, 0.125 * pbl_least_tau(n_total));
}

void pbl_fill_interval(pbl_estimate *tau, pbl_estimate *ess, double measured, double reach,
                       double n_total) {
  const double least = pbl_least_tau(n_total), centre = pbl_bounded_tau(measured, n_total);
  tau->value = fmax(measured, least);
  tau->low = isnan(reach) ? NAN : fmin(centre * exp(-reach), tau->value);
  tau->high = isnan(reach) ? NAN : fmax(centre * exp(reach), tau->value);
  ess->value = n_total / (2.0 * tau->value);
  ess->low = n_total / (2.0 * tau->high);
  ess->high = isnan(reach) ? NAN : n_total / (2.0 * fmax(tau->low, least));
}

/* With lags up to `reach`; *closed: more would change nothing. */
static pbl_status estimate_to(pbl_tau_report *out, bool *closed, pbl_lags *lags, const double *x,
                              size_t reach, pbl_error *err) {
  const double n_total = (double)(out->n_chains * out->n_draws);
  pbl_status status = pbl_lags_at(lags, x, out->n_chains, out->n_draws, reach, err);
  if (status != PBL_OK) return status;
  double *gamma = malloc((reach + 1) * sizeof *gamma);
  if (gamma == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "autocovariance of %zu lags: out of memory", reach + 1);
  }
  *closed = true;
  const double sigma2 = pbl_lags_gamma(gamma, &out->window, closed, lags, PBL_LAGS_ALL);
  out->variance = gamma[0];
  const double tau = 0.5 * sigma2 / out->variance;
  double half_width = NAN;
  if (out->n_chains >= MIN_CHAINS) {
    half_width = jackknife_log_error(closed, lags, gamma) *
                 pbl_student_t_quantile(0.975, (double)(out->n_chains - 1));
  }
  out->capped = !(tau > pbl_least_tau(n_total));
  pbl_fill_interval(&out->tau, &out->ess, tau, half_width, n_total);
  out->mcse = sqrt(2.0 * out->tau.value * out->variance / n_total);
  free(gamma);
  return PBL_OK;
}

/* shared may be NULL. */
static pbl_status estimate(pbl_tau_report *out, const double *x, pbl_lags *shared, pbl_error *err) {
  const size_t most = out->n_draws / 2;
  pbl_lags own = {0}, *lags = shared != NULL ? shared : &own;
  pbl_status status = PBL_OK;
  size_t reach = shared != NULL ? pbl_first_tail_reach(most) : pbl_first_reach(most);
  for (;; reach = pbl_next_reach(reach, most)) {
    bool closed = true;
    status = estimate_to(out, &closed, lags, x, reach, err);
    if (status != PBL_OK || closed || reach == most) break;
  }
  pbl_lags_free(&own);
  return status;
}

static void judge(pbl_tau_report *out) {
  out->resolution = PBL_UNRESOLVED;
  if (!((double)out->n_draws >= DRAWS_PER_FULL_TAU * 2.0 * out->tau.value)) {
    out->gate = "fewer than 50 tau (full) draws per chain";
  } else if (!(out->chain_means_ratio <= out->chain_means_bound)) {
    out->gate = "chain means spread more than tau explains";
  } else if (!(out->split_rhat < RHAT_LIMIT)) {
    out->gate = "split R-hat is not below 1.01";
  } else {
    out->resolution = PBL_RESOLVED;
    out->gate = "all gates passed";
  }
}

/* What the chain means say, whether or not tau could be estimated. */
static void check_chain_means(pbl_tau_report *out, const double *x, double n_tests) {
  const double freedom = (double)out->n_chains - 1.0;
  const double s_n = chain_means_variance(x, out->n_chains, out->n_draws);
  if (!(out->variance > 0.0) || !(freedom > 0.0)) return;
  out->tau_chain_means = s_n / (2.0 * out->variance);
  out->chain_means_ratio = s_n / (2.0 * out->tau.value * out->variance);
  out->chain_means_bound = pbl_chi2_quantile(1.0 - 0.01 / n_tests, freedom) / freedom;
  /* one-sided 95 % limit: S_n / E S_n is chi-squared, and E S_n <= sigma2 for chains without
   * anticorrelation */
  out->tau_lower_bound = out->tau_chain_means * freedom / pbl_chi2_quantile(0.95, freedom);
}

pbl_status pbl_tau(pbl_tau_report *out, const double *x, size_t n_chains, size_t n_draws,
                   pbl_error *err) {
  return pbl_tau_among(out, x, n_chains, n_draws, 1, err);
}

pbl_status pbl_tau_among(pbl_tau_report *out, const double *x, size_t n_chains, size_t n_draws,
                         size_t n_tests, pbl_error *err) {
  return pbl_tau_sharing(out, NULL, x, n_chains, n_draws, n_tests, err);
}

pbl_status pbl_tau_sharing(pbl_tau_report *out, pbl_lags *lags, const double *x, size_t n_chains,
                           size_t n_draws, size_t n_tests, pbl_error *err) {
  if (out == NULL) return pbl_fail(err, PBL_INVALID, "pbl_tau: no report to fill");
  const pbl_estimate none = {NAN, NAN, NAN};
  *out = (pbl_tau_report){.resolution = PBL_SHORT,
                          .gate = "fewer than 16 draws or 4 chains",
                          .mean = NAN,
                          .variance = NAN,
                          .tau = none,
                          .ess = none,
                          .mcse = NAN,
                          .tau_chain_means = NAN,
                          .chain_means_ratio = NAN,
                          .chain_means_bound = NAN,
                          .split_rhat = NAN,
                          .tau_lower_bound = NAN,
                          .n_chains = n_chains,
                          .n_draws = n_draws};
  pbl_status status = pbl_series_check(x, n_chains, n_draws, err);
  if (status != PBL_OK) return status;
  fill_moments(out, x, n_chains, n_draws);
  const size_t constant = count_constant_chains(x, n_chains, n_draws);
  const bool is_short = n_draws < MIN_DRAWS || n_chains < MIN_CHAINS;
  if (constant == 0 && n_draws >= MIN_DRAWS) {
    status = estimate(out, x, lags, err);
    if (status != PBL_OK) return status;
  }
  if (constant < n_chains) out->split_rhat = split_rhat(x, n_chains, n_draws);
  check_chain_means(out, x, n_tests > 0 ? (double)n_tests : 1.0);
  if (is_short) return PBL_OK;
  if (constant == n_chains) {
    out->resolution = PBL_FROZEN;
    out->gate = "every chain is constant";
  } else if (constant > 0) {
    out->resolution = PBL_PARTIAL;
    out->gate = "some chains are constant";
  } else {
    judge(out);
  }
  return PBL_OK;
}
