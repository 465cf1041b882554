/* Shared by the estimators of pbl_estimators.h, private to this room. */
#ifndef ESTIMATOR_INTERNAL_H
#define ESTIMATOR_INTERNAL_H

#include "pbl_estimators.h"
#include "pbl_lags.h"

/* pbl_offset_mean about 0. Differences of means are taken about a common origin instead. */
double pbl_mean_of(const double *x, size_t n);
bool pbl_is_constant(const double *x, size_t n);
/* Lag products of chains about their own means; input as of pbl_lags_create. Exactly zero for
 * constant chains. */
pbl_status pbl_own_lags(pbl_lags *lags, const double *x, size_t n_chains, size_t n_draws,
                        size_t max_lag, pbl_error *err);
/* Mean over chains of those products, divisor n; or the pooled-mean autocovariance. */
void pbl_own_gamma(double *gamma, const pbl_lags *own);
void pbl_pooled_gamma(double *gamma, const pbl_lags *pooled);

/* pbl_tau_among that leaves its lag products in *lags (pbl_lags_at; may be NULL), none where tau is
 * undefined. */
pbl_status pbl_tau_sharing(pbl_tau_report *out, pbl_lags *lags, const double *x, size_t n_chains,
                           size_t n_draws, size_t n_tests, pbl_error *err);

/* Geyer's sums about each chain's own mean from products about the pooled one, without transforms.
 * *done false: more lags are needed, or chains lie so far apart that digits were lost; use
 * pbl_geyer_of. */
pbl_status pbl_geyer_own(pbl_geyer_sums *out, double *variance, bool *done, const pbl_lags *pooled,
                         pbl_error *err);
/* Geyer's sums of the chains' autocovariance up to lag `most`, from as many lags as they need;
 * variance receives lag 0. */
pbl_status pbl_geyer_of(pbl_geyer_sums *out, double *variance, const double *x, size_t n_chains,
                        size_t n_draws, size_t most, pbl_centre centre, pbl_error *err);

/* Where the tail begins: the first lag with rho < n_sigma d rho, rho = gamma/gamma[0]. d rho^2 is
 * 1/N sum_l (rho_{k+l} + rho_{|k-l|} - 2 rho_k rho_l)^2 over lags below max_lag, as pyerrors does;
 * beyond 4096 lags, over 4096 + 8 k. Windows beyond 4096 lags are looked for in steps of k/256. */
typedef struct {
  size_t window;
  double tau;       /* half, up to the window; no tail yet */
  double rho_error; /* d rho of the lag behind the window */
  bool complete;    /* false: no lag below max_lag fulfilled the rule */
  bool closed;      /* false: the n_lags at hand did not reach far enough to tell */
} pbl_tail;
/* gamma[0..n_lags]; n_lags <= max_lag is how many there are of the max_lag that may be used. */
pbl_tail pbl_find_tail(const double *gamma, size_t n_lags, size_t max_lag, double n_total,
                       double n_sigma);
/* Half tau of lags 0..window plus tau_exp rho_{window+1}. */
double pbl_attach_tail(const double *gamma, size_t window, double tau_exp);

/* Half tau at which ESS = N log10 N: an antithetic chain's ESS beyond that is a claim that the data
 * cannot carry, and no tau is reported below. */
double pbl_least_tau(double n_total);
/* tau for logarithms of intervals: bounded only far below the cap, as jackknife values that all sit
 * on the cap would show no scatter. */
double pbl_bounded_tau(double tau, double n_total);
/* value = max(measured, least), interval of the measured tau exp(+-reach) stretched to hold the
 * value; ESS from them, never above N log10 N. reach NaN: no interval. */
void pbl_fill_interval(pbl_estimate *tau, pbl_estimate *ess, double measured, double reach,
                       double n_total);

/* Replaces n <= 2^32 - 1 values by normal scores of their average ranks, Blom's offsets. Equal keys
 * of the sort are equal values: nothing of x but its order enters. Takes 24 bytes a value. */
pbl_status pbl_normal_scores(double *x, size_t n, pbl_error *err);
/* R's quantiles of type 7. Takes 16 bytes a value. */
pbl_status pbl_quantiles(double *out, const double *p, size_t n_p, const double *x, size_t n,
                         pbl_error *err);

#endif
