#include <math.h>
#include <stdlib.h>

#include "pbl_lags.h"
#include "pbl_stats.h"

#define PAIRS_ON_STACK 256

bool pbl_sequence_closed(size_t window, size_t max_lag) {
  return (window == 0 ? 1 : window + 2) <= max_lag;
}

double pbl_lags_gamma(double *gamma, size_t *window, bool *closed, const pbl_lags *lags,
                      size_t omitted) {
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
  double added = 0.0, sigma2 = 0.0;
  for (int turn = 0; turn < 3; ++turn) {
    size_t end;
    sigma2 = pbl_initial_convex(gamma, lags->max_lag, &end);
    if (closed != NULL && !pbl_sequence_closed(end, lags->max_lag)) *closed = false;
    if (window != NULL) *window = end;
    if (turn == 2) break;
    const double correction = sigma2 / n_total;
    for (size_t k = 0; k < width; ++k) gamma[k] += correction - added;
    added = correction;
  }
  return sigma2;
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
  (void)pbl_lags_gamma(gamma, NULL, NULL, &lags, PBL_LAGS_ALL);
  pbl_lags_free(&lags);
  return PBL_OK;
}

typedef struct {
  double at, value;
} corner;

/* Greatest convex minorant of the running minimum of n pair sums and the zero that ends them,
 * summed over all points. Corners that a new point lies below the line of are taken back, so that
 * each point comes and goes once. corners: room for n + 1. */
static double convex_minorant_sum(const double *gamma, size_t n, corner *corners) {
  double running = INFINITY, total = 0.0;
  size_t count = 0;
  for (size_t j = 0; j <= n; ++j) {
    running = j < n ? fmin(running, gamma[2 * j] + gamma[2 * j + 1]) : 0.0;
    const corner next = {(double)j, running};
    while (count >= 2) {
      const corner *a = &corners[count - 2], *b = &corners[count - 1];
      if ((b->value - a->value) * (next.at - a->at) < (next.value - a->value) * (b->at - a->at)) {
        break;
      }
      --count;
    }
    corners[count++] = next;
  }
  /* the trapezoid between two corners, without the point at its left */
  total = corners[0].value;
  for (size_t i = 0; i + 1 < count; ++i) {
    const corner *a = &corners[i], *b = &corners[i + 1];
    const double steps = b->at - a->at, slope = (b->value - a->value) / steps;
    total += steps * a->value + slope * 0.5 * steps * (steps + 1.0);
  }
  return total;
}

double pbl_initial_convex(const double *gamma, size_t max_lag, size_t *window) {
  corner on_stack[PAIRS_ON_STACK + 1], *corners = on_stack;
  if (window != NULL) *window = 0;
  size_t pairs = 0;
  while (2 * pairs + 1 <= max_lag && gamma[2 * pairs] + gamma[2 * pairs + 1] > 0.0) ++pairs;
  if (pairs == 0) {
    /* max_lag 0: nothing is known but the variance; else the first pair cancels: antithetic */
    return max_lag == 0 ? fmax(gamma[0], 0.0) : 0.0;
  }
  if (window != NULL) *window = 2 * pairs - 1;
  if (pairs > PAIRS_ON_STACK) corners = malloc((pairs + 1) * sizeof *corners);
  if (corners == NULL) return NAN;
  const double total = convex_minorant_sum(gamma, pairs, corners);
  if (corners != on_stack) free(corners);
  return fmax(0.0, -gamma[0] + 2.0 * total);
}
