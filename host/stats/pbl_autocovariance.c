#include <math.h>
#include <stdlib.h>

#include "pbl_fft.h"
#include "pbl_lags.h"
#include "pbl_stats.h"

pbl_status pbl_series_check(const double *x, size_t n_chains, size_t n_draws, pbl_error *err) {
  if (x == NULL || n_chains == 0 || n_draws == 0 || n_draws > SIZE_MAX / 64 / n_chains) {
    return pbl_fail(err, PBL_INVALID,
                    "series of %zu chains x %zu draws: give at least one draw of one chain",
                    n_chains, n_draws);
  }
  for (size_t i = 0; i < n_chains * n_draws; ++i) {
    if (!isfinite(x[i])) {
      return pbl_fail(err, PBL_NUMERIC, "chain %zu, draw %zu is %g: estimators need finite values",
                      i / n_draws, i % n_draws, x[i]);
    }
  }
  return PBL_OK;
}

void pbl_lags_free(pbl_lags *lags) {
  free(lags->products);
  free(lags->edges);
  free(lags->sums);
  *lags = (pbl_lags){0};
}

static void fill_edges(double *edges, const double *x, const pbl_lags *lags, double total) {
  double head = total, tail = total; /* sums of y over t < n-k and over t >= k */
  for (size_t k = 0; k <= lags->max_lag; ++k) {
    edges[k] = head + tail;
    head -= x[lags->n_draws - 1 - k] - lags->shift;
    tail -= x[k] - lags->shift;
  }
}

/* Lag products of two chains by two transforms: the pair enters as one complex series, and the two
 * power spectra, both real and even, come back as real and imaginary part. */
static void fill_products(pbl_lags *lags, const pbl_fft *fft, double *work, const double *x,
                          size_t chain) {
  const size_t n = lags->n_draws, width = lags->max_lag + 1, size = fft->n;
  const bool two = chain + 1 < lags->n_chains;
  for (size_t t = 0; t < size; ++t) {
    work[2 * t] = t < n ? x[chain * n + t] - lags->shift : 0.0;
    work[2 * t + 1] = t < n && two ? x[(chain + 1) * n + t] - lags->shift : 0.0;
  }
  pbl_fft_forward(fft, work);
  for (size_t k = 0; k <= size / 2; ++k) {
    const size_t mirror = (size - k) & (size - 1);
    double *a = work + 2 * k, *b = work + 2 * mirror;
    const double sum_re = a[0] + b[0], dif_re = a[0] - b[0];
    const double sum_im = a[1] + b[1], dif_im = a[1] - b[1];
    const double first = 0.25 * (sum_re * sum_re + dif_im * dif_im);
    const double second = 0.25 * (sum_im * sum_im + dif_re * dif_re);
    a[0] = b[0] = first;
    a[1] = b[1] = second;
  }
  pbl_fft_forward(fft, work);
  const double scale = 1.0 / (double)size;
  for (size_t k = 0; k < width; ++k) {
    lags->products[chain * width + k] = work[2 * k] * scale;
    if (two) lags->products[(chain + 1) * width + k] = work[2 * k + 1] * scale;
  }
}

static void fill_totals(pbl_lags *lags) {
  const size_t width = lags->max_lag + 1, last = lags->n_chains;
  for (size_t c = 0; c < lags->n_chains; ++c) {
    lags->sums[last] += lags->sums[c];
    for (size_t k = 0; k < width; ++k) {
      lags->products[last * width + k] += lags->products[c * width + k];
      lags->edges[last * width + k] += lags->edges[c * width + k];
    }
  }
}

pbl_status pbl_lags_create(pbl_lags *lags, const double *x, size_t n_chains, size_t n_draws,
                           size_t max_lag, pbl_error *err) {
  *lags = (pbl_lags){.n_chains = n_chains, .n_draws = n_draws, .max_lag = max_lag};
  pbl_fft fft = {0};
  const size_t width = max_lag + 1;
  lags->products = calloc((n_chains + 1) * width, sizeof *lags->products);
  lags->edges = calloc((n_chains + 1) * width, sizeof *lags->edges);
  lags->sums = calloc(n_chains + 1, sizeof *lags->sums);
  pbl_status status = pbl_fft_create(&fft, n_draws + max_lag + 1, err);
  double *work = status == PBL_OK ? malloc(2 * fft.n * sizeof *work) : NULL;
  if (status == PBL_OK &&
      (lags->products == NULL || lags->edges == NULL || lags->sums == NULL || work == NULL)) {
    status = pbl_fail(err, PBL_NO_MEMORY, "autocovariance of %zu chains x %zu lags: out of memory",
                      n_chains, width);
  }
  if (status != PBL_OK) goto done;

  for (size_t i = 0; i < n_chains * n_draws; ++i) lags->shift += x[i];
  lags->shift /= (double)(n_chains * n_draws);
  for (size_t c = 0; c < n_chains; ++c) {
    for (size_t t = 0; t < n_draws; ++t) lags->sums[c] += x[c * n_draws + t] - lags->shift;
    fill_edges(lags->edges + c * width, x + c * n_draws, lags, lags->sums[c]);
  }
  for (size_t c = 0; c < n_chains; c += 2) fill_products(lags, &fft, work, x, c);
  fill_totals(lags);
done:
  free(work);
  pbl_fft_free(&fft);
  if (status != PBL_OK) pbl_lags_free(lags);
  return status;
}

double pbl_lags_gamma(double *gamma, size_t *window, const pbl_lags *lags, size_t omitted) {
  const size_t width = lags->max_lag + 1, n = lags->n_draws, last = lags->n_chains;
  const bool all = omitted >= lags->n_chains;
  const double chains = (double)(all ? lags->n_chains : lags->n_chains - 1);
  const double n_total = chains * (double)n;
  const double m = (lags->sums[last] - (all ? 0.0 : lags->sums[omitted])) / n_total;
  for (size_t k = 0; k < width; ++k) {
    double product = lags->products[last * width + k], edge = lags->edges[last * width + k];
    if (!all) {
      product -= lags->products[omitted * width + k];
      edge -= lags->edges[omitted * width + k];
    }
    gamma[k] = (product - m * edge) / (chains * (double)(n - k)) + m * m;
  }
  /* Centring on the estimated mean lowers every lag by sigma2/N; the second turn uses a sigma2 that
   * already knows about the first. */
  double added = 0.0;
  for (int turn = 0; turn < 2; ++turn) {
    const double correction = pbl_initial_convex(gamma, lags->max_lag, NULL) / n_total;
    for (size_t k = 0; k < width; ++k) gamma[k] += correction - added;
    added = correction;
  }
  return pbl_initial_convex(gamma, lags->max_lag, window);
}

pbl_status pbl_autocovariance(double *gamma, size_t max_lag, const double *x, size_t n_chains,
                              size_t n_draws, pbl_error *err) {
  pbl_status status = pbl_series_check(x, n_chains, n_draws, err);
  if (status != PBL_OK) return status;
  if (gamma == NULL || max_lag >= n_draws) {
    return pbl_fail(err, PBL_INVALID, "autocovariance to lag %zu needs more than %zu draws",
                    max_lag, n_draws);
  }
  pbl_lags lags;
  status = pbl_lags_create(&lags, x, n_chains, n_draws, max_lag, err);
  if (status != PBL_OK) return status;
  (void)pbl_lags_gamma(gamma, NULL, &lags, PBL_LAGS_ALL);
  pbl_lags_free(&lags);
  return PBL_OK;
}

/* Greatest convex minorant of the running minimum of n pair sums and the zero that ends them,
 * summed over all points. From a
 * corner the next corner is the point of least slope (the farthest of several). Corners are few
 * in noisy data, and no scratch memory is needed. */
static double convex_minorant_sum(const double *gamma, size_t n) {
  double at = gamma[0] + gamma[1], total = at;
  for (size_t i = 0; i < n;) {
    double running = at, best_slope = INFINITY, best_value = at;
    size_t best = i + 1;
    for (size_t j = i + 1; j <= n; ++j) {
      running = j < n ? fmin(running, gamma[2 * j] + gamma[2 * j + 1]) : 0.0;
      const double slope = (running - at) / (double)(j - i);
      if (slope <= best_slope) {
        best_slope = slope;
        best_value = running;
        best = j;
      }
    }
    const double steps = (double)(best - i);
    total += steps * at + best_slope * 0.5 * steps * (steps + 1.0);
    at = best_value;
    i = best;
  }
  return total;
}

double pbl_initial_convex(const double *gamma, size_t max_lag, size_t *window) {
  if (window != NULL) *window = 0;
  size_t pairs = 0;
  while (2 * pairs + 1 <= max_lag && gamma[2 * pairs] + gamma[2 * pairs + 1] > 0.0) ++pairs;
  if (pairs == 0) {
    /* max_lag 0: nothing is known but the variance; else the first pair cancels: antithetic */
    return max_lag == 0 ? fmax(gamma[0], 0.0) : 0.0;
  }
  if (window != NULL) *window = 2 * pairs - 1;
  return fmax(0.0, -gamma[0] + 2.0 * convex_minorant_sum(gamma, pairs));
}
