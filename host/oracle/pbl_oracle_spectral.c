/* Autocovariances of the exact chain, and what follows from them. All functions here iterate
 * y_k = P y_(k-1) on a centred observable: gamma_k = E_pi[y_0 y_k] (statistics as in Sokal 1997).
 *
 * Stopping: P contracts the pi-norm, so |gamma_m| <= ||y_0|| ||y_k|| for every m >= k. The bound is
 * blind to the sign of gamma_k and to lags where it happens to vanish. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_internal.h"
#include "pbl_blocks.h"
#include "pbl_rng.h"

#define TAIL 1e-12
#define MAX_LAGS 1000000
#define CHECK_EVERY 8
#define CONSTANT 1e-24 /* variance / E[f^2] that is rounding of a constant */
#define RESIDUAL 1e-10

static double centre(const pbl_oracle *o, double *f) {
  const double mean = pbl_oracle_mean(o, f);
  for (size_t x = 0; x < pbl_oracle_count(o); x++) f[x] -= mean;
  return mean;
}

/* What one pass over the lags of an observable yields. */
typedef struct {
  double mean, variance;
  double tau;    /* half-Sokal; NaN for a constant */
  double window; /* variance of the mean of K sweeps, when K > 0 */
} lag_sums;

/* f <- centred f, mean and variance set; false for a constant. */
static bool start_lags(const pbl_oracle *o, double *f, lag_sums *out) {
  const double power = pbl_oracle_inner(o, f, f);
  out->mean = centre(o, f);
  out->variance = pbl_oracle_inner(o, f, f);
  out->tau = NAN;
  out->window = 0.0;
  if (out->variance > CONSTANT * power) return true;
  out->variance = 0.0;
  return false;
}

/* K > 0: window variance over lags < K; K = 0: tau over all lags. y0 holds the observable and is
 * centred; y is scratch, followed by a second one. */
static pbl_status sum_lags(const pbl_oracle *o, double *y0, double *y, size_t K, lag_sums *out,
                           pbl_error *err) {
  if (!start_lags(o, y0, out)) return PBL_OK;
  const double floor2 = TAIL * TAIL * out->variance;
  const size_t n_lags = K > 0 ? K - 1 : MAX_LAGS;
  double rho_sum = 0.0, weighted = 0.0;
  bool negligible = false;
  memcpy(y, y0, pbl_oracle_count(o) * sizeof *y);
  for (size_t lag = 1; lag <= n_lags && !negligible; lag++) {
    pbl_oracle_backward_in(o, y, y + pbl_oracle_count(o));
    const double rho = pbl_oracle_inner(o, y0, y) / out->variance;
    rho_sum += rho;
    if (K > 0) weighted += (double)(K - lag) * rho;
    if (lag % CHECK_EVERY == 0) {
      (void)centre(o, y); /* rounding feeds the constant, which never decays */
      negligible = pbl_oracle_inner(o, y, y) < floor2;
    }
  }
  if (K > 0) {
    const double k = (double)K;
    out->window = out->variance * (k + 2.0 * weighted) / (k * k);
    return PBL_OK;
  }
  if (!negligible) {
    return pbl_fail(err, PBL_NUMERIC,
                    "exact oracle: autocovariance not negligible after %d lags; lower beta",
                    MAX_LAGS);
  }
  out->tau = 0.5 + rho_sum;
  return PBL_OK;
}

static pbl_status no_memory(const pbl_oracle *o, pbl_error *err) {
  return pbl_fail(err, PBL_NO_MEMORY, "exact oracle: no memory for %zu states",
                  pbl_oracle_count(o));
}

pbl_status pbl_oracle_tau(const pbl_oracle *o, const double *f, double *mean, double *variance,
                          double *tau, pbl_error *err) {
  const size_t n = pbl_oracle_count(o);
  double *y = malloc((2 * n + pbl_oracle_scratch(o)) * sizeof *y);
  if (y == NULL) return no_memory(o, err);
  lag_sums sums;
  pbl_status status = PBL_OK;
  memcpy(y, f, n * sizeof *y);
  if (tau != NULL) {
    status = sum_lags(o, y, y + n, 0, &sums, err);
  } else {
    (void)start_lags(o, y, &sums);
  }
  if (status == PBL_OK) {
    if (mean != NULL) *mean = sums.mean;
    if (variance != NULL) *variance = sums.variance;
    if (tau != NULL) *tau = sums.tau;
  }
  free(y);
  return status;
}

pbl_status pbl_oracle_window_variance(const pbl_oracle *o, const double *f, size_t K,
                                      double *variance, pbl_error *err) {
  if (K == 0) return pbl_fail(err, PBL_INVALID, "exact oracle: a window of 0 sweeps has no mean");
  const size_t n = pbl_oracle_count(o);
  double *y = malloc((2 * n + pbl_oracle_scratch(o)) * sizeof *y);
  if (y == NULL) return no_memory(o, err);
  lag_sums sums;
  memcpy(y, f, n * sizeof *y);
  pbl_status status = sum_lags(o, y, y + n, K, &sums, err);
  if (status == PBL_OK) *variance = sums.window;
  free(y);
  return status;
}

pbl_status pbl_gradient_check(const pbl_oracle *o, const pbl_rbm *data, size_t K, pbl_error *err) {
  if (data->n_visible != o->V || data->n_hidden != o->H) {
    return pbl_fail(err, PBL_INVALID, "exact Q_op: model is %d x %d, the oracle %d x %d",
                    data->n_visible, data->n_hidden, o->V, o->H);
  }
  if (data->data_vh == NULL || data->data_v == NULL || data->data_h == NULL)
    return pbl_fail(err, PBL_INVALID, "exact Q_op: model '%s' has no data moments", data->name);
  if (K == 0) return pbl_fail(err, PBL_INVALID, "exact Q_op: a window of 0 sweeps has no mean");
  return PBL_OK;
}

/* Lag by lag on whole vectors, for scans that are no two-block scans. */
static pbl_status qop_by_lags(const pbl_oracle *o, const pbl_rbm *data, size_t K, double *signal,
                              double *noise, pbl_error *err) {
  const size_t n = pbl_oracle_count(o);
  double *y = malloc((2 * n + pbl_oracle_scratch(o)) * sizeof *y);
  if (y == NULL) return no_memory(o, err);
  pbl_status status = PBL_OK;
  *signal = *noise = 0.0;
  for (size_t a = 0; a < pbl_gradient_count(o) && status == PBL_OK; a++) {
    lag_sums sums;
    pbl_gradient_values(y, o, a);
    status = sum_lags(o, y, y + n, K, &sums, err);
    if (status != PBL_OK) break;
    const double g = pbl_gradient_data_moment(o, data, a) - sums.mean;
    *signal += g * g;
    *noise += sums.window;
  }
  free(y);
  return status;
}

static pbl_status qop_by_blocks(const pbl_oracle *o, const pbl_rbm *data, size_t K, double *signal,
                                double *noise, pbl_error *err) {
  pbl_blocks *b = NULL;
  pbl_reduced *components = NULL;
  pbl_status status = pbl_blocks_create(&b, o, NULL, err);
  if (status == PBL_OK && !pbl_blocks_knows(b, o->scan)) status = PBL_NUMERIC;
  if (status == PBL_OK) status = pbl_gradient_reduce(&components, b, NULL, err);
  if (status == PBL_OK)
    status = pbl_blocks_qop(NULL, signal, noise, b, o->scan, components, data, NULL, K, NULL, err);
  if (b != NULL) pbl_gradient_release(components, b);
  pbl_blocks_destroy(b);
  return status;
}

pbl_status pbl_oracle_qop(const pbl_oracle *o, const pbl_rbm *data, size_t K, double *q,
                          double *signal, double *noise, pbl_error *err) {
  pbl_status status = pbl_gradient_check(o, data, K, err);
  if (status != PBL_OK) return status;
  double g2 = NAN, trace = NAN;
  status = qop_by_blocks(o, data, K, &g2, &trace, NULL);
  if (status == PBL_NUMERIC) status = qop_by_lags(o, data, K, &g2, &trace, err);
  if (status == PBL_NO_MEMORY) return no_memory(o, err);
  if (status != PBL_OK) return status;
  if (q != NULL) *q = g2 / trace;
  if (signal != NULL) *signal = g2;
  if (noise != NULL) *noise = trace;
  return PBL_OK;
}

/* y <- y / ||y||; false when y is rounding noise of a vector of norm 1. */
static bool normalise(const pbl_oracle *o, double *y) {
  const double norm = sqrt(pbl_oracle_inner(o, y, y));
  if (norm < 1e-13) return false;
  for (size_t x = 0; x < pbl_oracle_count(o); x++) y[x] /= norm;
  return true;
}

pbl_status pbl_oracle_slowest(const pbl_oracle *o, double *lambda2, pbl_error *err) {
  const size_t n = pbl_oracle_count(o);
  double *y = malloc((2 * n + pbl_oracle_scratch(o)) * sizeof *y);
  if (y == NULL) return no_memory(o, err);
  double *image = y + n;
  pbl_xoshiro rng;
  pbl_xoshiro_seed(&rng, 1); /* any start with weight on the slowest mode will do */
  for (size_t x = 0; x < n; x++) y[x] = pbl_xoshiro_double(&rng) - 0.5;
  (void)centre(o, y);
  pbl_status status = PBL_OK;
  double rayleigh = 0.0, residual = INFINITY;
  bool alive = normalise(o, y);
  for (int k = 0; k < MAX_LAGS && alive && residual > RESIDUAL; k++) {
    memcpy(image, y, n * sizeof *y);
    pbl_oracle_backward_in(o, image, image + n);
    (void)centre(o, image);
    rayleigh = pbl_oracle_inner(o, y, image);
    residual = 0.0;
    for (size_t x = 0; x < n; x++) {
      const double r = image[x] - rayleigh * y[x];
      residual += o->law[x] * r * r;
    }
    residual = sqrt(residual);
    memcpy(y, image, n * sizeof *y);
    alive = normalise(o, y);
  }
  if (!alive) rayleigh = 0.0; /* the kernel forgets everything within these sweeps */
  if (alive && residual > RESIDUAL) {
    status = pbl_fail(err, PBL_NUMERIC,
                      "exact oracle: power iteration has residual %.3g after %d sweeps", residual,
                      MAX_LAGS);
  } else {
    *lambda2 = fabs(rayleigh);
  }
  free(y);
  return status;
}
