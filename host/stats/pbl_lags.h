/* Per-chain lag products, private to this room. With y = x - shift they give the autocovariance
 * about any mean, of all chains or of all but one, without a second transform:
 *   sum_t (y_t - m)(y_t+k - m) = products[k] - m * edges[k] + (n-k) m^2,
 *   edges[k] = sum_{t<n-k} y_t + sum_{t>=k} y_t. */
#ifndef PBL_LAGS_H
#define PBL_LAGS_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"

#define PBL_LAGS_ALL SIZE_MAX

typedef struct {
  size_t n_chains, n_draws, max_lag;
  double shift;     /* pooled mean of the input */
  double *products; /* (n_chains + 1) x (max_lag + 1); the last row is the total */
  double *edges;    /* same shape */
  double *sums;     /* n_chains + 1: sum of y */
} pbl_lags;

/* INVALID for shapes, NUMERIC (naming chain and draw) for NaN or infinity. */
pbl_status pbl_series_check(const double *x, size_t n_chains, size_t n_draws, pbl_error *err);
/* Input must have passed pbl_series_check; max_lag < n_draws. */
pbl_status pbl_lags_create(pbl_lags *lags, const double *x, size_t n_chains, size_t n_draws,
                           size_t max_lag, pbl_error *err);
void pbl_lags_free(pbl_lags *lags);
/* Corrected pooled-mean autocovariance without chain `omitted` (PBL_LAGS_ALL: none). Returns the
 * initial-convex sigma2 of the result; *window its last lag. */
double pbl_lags_gamma(double *gamma, size_t *window, const pbl_lags *lags, size_t omitted);

#endif
