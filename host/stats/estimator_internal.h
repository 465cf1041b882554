/* Shared by the estimators of pbl_estimators.h, private to this room. */
#ifndef ESTIMATOR_INTERNAL_H
#define ESTIMATOR_INTERNAL_H

#include "pbl_estimators.h"
#include "pbl_lags.h"

/* Neumaier-compensated mean of n >= 1 values. */
double pbl_mean_of(const double *x, size_t n);
bool pbl_is_constant(const double *x, size_t n);
/* Lag products of chains about their own means; input as of pbl_lags_create. Exactly zero for
 * constant chains. */
pbl_status pbl_own_lags(pbl_lags *lags, const double *x, size_t n_chains, size_t n_draws,
                        size_t max_lag, pbl_error *err);
/* Mean over chains of those products, divisor n; or the pooled-mean autocovariance. */
void pbl_own_gamma(double *gamma, const pbl_lags *own);
void pbl_pooled_gamma(double *gamma, const pbl_lags *pooled);

/* Window up to the first lag with rho < n_sigma d rho, rho = gamma/gamma[0], and the half tau of
 * that window (no tail yet). rho_error receives d rho of the lag behind the window. d rho^2 is
 * 1/N sum_l (rho_{k+l} + rho_{|k-l|} - 2 rho_k rho_l)^2 over lags below max_lag, as pyerrors does;
 * beyond 4096 lags, over eight windows' worth. */
double pbl_tail_window(size_t *window, double *rho_error, bool *complete, const double *gamma,
                       size_t max_lag, double n_total, double n_sigma);
/* Half tau of lags 0..window plus tau_exp rho_{window+1}. */
double pbl_attach_tail(const double *gamma, size_t window, double tau_exp);

/* Average ranks of all n values to normal scores, Blom's offsets. */
pbl_status pbl_normal_scores(double *z, const double *x, size_t n, pbl_error *err);
/* R's quantile of type 7, for a sorted array. */
double pbl_sorted_quantile(const double *sorted, size_t n, double p);
pbl_status pbl_sorted_copy(double **sorted, const double *x, size_t n, pbl_error *err);

#endif
