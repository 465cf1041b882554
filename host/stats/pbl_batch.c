/* Estimators from means: batch means, nested R-hat, chain means. */
#include <math.h>

#include "estimator_internal.h"

/* Batches of b draws of every chain about the pooled mean of what the batches hold. */
static double replicated_batch_means(const double *x, size_t n_chains, size_t n_draws, size_t b) {
  const size_t per_chain = b > 0 ? n_draws / b : 0, n_batches = per_chain * n_chains;
  if (n_batches < 2) return NAN;
  double mean = 0.0, squares = 0.0;
  size_t count = 0;
  for (size_t c = 0; c < n_chains; ++c) {
    for (size_t k = 0; k < per_chain; ++k) {
      const double value = pbl_offset_mean(x + c * n_draws + k * b, b, x[0]), delta = value - mean;
      mean += delta / (double)++count;
      squares += delta * (value - mean);
    }
  }
  return (double)b * squares / (double)(n_batches - 1);
}

/* Bias^2 + variance is least at (Gamma^2 n / Sigma^2)^(1/3), Gamma = 2 sum k gamma_k and Sigma =
 * sigma2 (Liu, Vats, Flegal 2022); for a first-order autoregression Gamma/Sigma = 2 phi/(1 -
 * phi^2). */
static size_t optimal_batch(const double *x, size_t n_chains, size_t n_draws) {
  double lag0 = 0.0, lag1 = 0.0;
  for (size_t c = 0; c < n_chains; ++c) {
    const double *chain = x + c * n_draws, mean = pbl_offset_mean(chain, n_draws, chain[0]);
    double before = 0.0;
    for (size_t t = 0; t < n_draws; ++t) {
      const double d = (chain[t] - chain[0]) - mean;
      lag0 += d * d;
      lag1 += d * before;
      before = d;
    }
  }
  const double phi = lag0 > 0.0 ? fmin(0.999999, fmax(-0.999999, lag1 / lag0)) : 0.0;
  const double ratio = 2.0 * phi / (1.0 - phi * phi);
  const double best = cbrt(ratio * ratio * (double)n_draws), most = floor((double)n_draws / 10.0);
  return (size_t)fmax(1.0, floor(fmin(best, most)));
}

pbl_status pbl_batch_means(pbl_batch_report *out, const double *x, size_t n_chains, size_t n_draws,
                           size_t batch, pbl_error *err) {
  if (out == NULL) return pbl_fail(err, PBL_INVALID, "pbl_batch_means: no report to fill");
  *out = (pbl_batch_report){.batch = batch, .plain = NAN, .lugsail = NAN};
  const pbl_status status = pbl_series_check(x, n_chains, n_draws, err);
  if (status != PBL_OK) return status;
  if (batch > n_draws) {
    return pbl_fail(err, PBL_INVALID, "batches of %zu draws: the chains have %zu", batch, n_draws);
  }
  if (batch == 0) out->batch = optimal_batch(x, n_chains, n_draws);
  out->plain = replicated_batch_means(x, n_chains, n_draws, out->batch);
  if (out->batch >= 3) {
    out->lugsail = 2.0 * out->plain - replicated_batch_means(x, n_chains, n_draws, out->batch / 3);
  }
  return PBL_OK;
}

/* Sample variance of the means of `n` consecutive pieces of `length` values. */
static double variance_of_means(const double *x, size_t n, size_t length) {
  double mean = 0.0, squares = 0.0;
  for (size_t i = 0; i < n; ++i) {
    const double value = pbl_offset_mean(x + i * length, length, x[0]), delta = value - mean;
    mean += delta / (double)(i + 1);
    squares += delta * (value - mean);
  }
  return n > 1 ? squares / (double)(n - 1) : 0.0;
}

pbl_status pbl_nested_rhat(double *rhat, const double *x, size_t n_chains, size_t n_draws,
                           size_t n_superchains, pbl_error *err) {
  const pbl_status status = pbl_series_check(x, n_chains, n_draws, err);
  if (status != PBL_OK) return status;
  if (rhat == NULL || n_superchains < 2 || n_chains % n_superchains != 0) {
    return pbl_fail(err, PBL_INVALID,
                    "%zu superchains of %zu chains: give at least 2, and a divisor", n_superchains,
                    n_chains);
  }
  const size_t per = n_chains / n_superchains;
  const double between = variance_of_means(x, n_superchains, per * n_draws);
  double within = 0.0;
  for (size_t k = 0; k < n_superchains; ++k) {
    const double *super = x + k * per * n_draws;
    within += variance_of_means(super, per, n_draws);
    for (size_t c = 0; c < per; ++c) {
      within += variance_of_means(super + c * n_draws, n_draws, 1) / (double)per;
    }
  }
  within /= (double)n_superchains;
  *rhat = pbl_is_constant(x, n_chains * n_draws) ? NAN : sqrt(1.0 + between / within);
  return PBL_OK;
}

pbl_status pbl_chain_means(double *s_n, const double *x, size_t n_chains, size_t n_draws,
                           pbl_error *err) {
  if (s_n == NULL) return pbl_fail(err, PBL_INVALID, "pbl_chain_means: nowhere to put the result");
  *s_n = NAN;
  const pbl_status status = pbl_series_check(x, n_chains, n_draws, err);
  if (status != PBL_OK || n_chains < 2) return status;
  *s_n = (double)n_draws * variance_of_means(x, n_chains, n_draws);
  return PBL_OK;
}
