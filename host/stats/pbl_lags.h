/* Per-chain lag products, private to this room. With y = x - shift they give the autocovariance
 * about any mean, of all chains or of all but one, without a second transform:
 *   sum_t (y_t - m)(y_t+k - m) = products[k] - m * edges[k] + (n-k) m^2,
 *   edges[k] = sum_{t<n-k} y_t + sum_{t>=k} y_t.
 *
 * Lags are taken as far as a sum needs them, not as far as there are draws: callers begin with
 * pbl_first_reach and go on to pbl_next_reach until what they look for has ended. */
#ifndef PBL_LAGS_H
#define PBL_LAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"

#define PBL_LAGS_ALL SIZE_MAX

typedef struct {
  size_t n_chains, n_draws, max_lag;
  double *products; /* (n_chains + 1) x (max_lag + 1); the last row is the total */
  double *edges;    /* same shape */
  double *sums;     /* n_chains + 1: sum of y */
} pbl_lags;

/* The first n_draws of every row; rows lie `stride` >= n_draws apart. */
typedef struct {
  const double *x;
  size_t n_chains, n_draws, stride;
} pbl_rows;

/* Lags to compute first, and next, of at most `most`. next(most) is most. The error of rho sums
 * over thousands of lags, and what needs it begins with more. */
size_t pbl_first_reach(size_t most);
size_t pbl_first_tail_reach(size_t most);
size_t pbl_next_reach(size_t reach, size_t most);

/* INVALID for shapes; NUMERIC for NaN or infinity (naming chain and draw) and for draws whose
 * spread is not 0 and outside 1e-70..1e70, where fourth powers leave the range of a double. */
pbl_status pbl_series_check(const double *x, size_t n_chains, size_t n_draws, pbl_error *err);
/* Mean of x - origin, compensated: keeps its digits however large a common offset is. */
double pbl_offset_mean(const double *x, size_t n, double origin);

/* y about the pooled mean. Input must have passed pbl_series_check; max_lag < n_draws. */
pbl_status pbl_lags_create(pbl_lags *lags, const double *x, size_t n_chains, size_t n_draws,
                           size_t max_lag, pbl_error *err);
/* The same of rows, about the pooled mean or about each row's own (then exactly zero for a
 * constant row). Time n log(max_lag) a chain, memory of the order of max_lag a chain. */
pbl_status pbl_lags_of_rows(pbl_lags *lags, const pbl_rows *rows, size_t max_lag, bool own_mean,
                            pbl_error *err);
/* As pbl_lags_create; lags must be zero or filled from the same x, and are kept where they reach as
 * far as asked already. */
pbl_status pbl_lags_at(pbl_lags *lags, const double *x, size_t n_chains, size_t n_draws,
                       size_t max_lag, pbl_error *err);
void pbl_lags_free(pbl_lags *lags);
/* Corrected pooled-mean autocovariance without chain `omitted` (PBL_LAGS_ALL: none). Returns the
 * initial-convex sigma2 of the result; *window its last lag. *closed (may be NULL) is set to false,
 * never to true, when a sequence ran into max_lag: more lags could change the result. */
double pbl_lags_gamma(double *gamma, size_t *window, bool *closed, const pbl_lags *lags,
                      size_t omitted);
/* True when the initial sequence ending at `window` ended before max_lag. */
bool pbl_sequence_closed(size_t window, size_t max_lag);

#endif
