/* Estimators for arrays of chains, n_chains x n_draws doubles, row-major (draws contiguous).
 *
 * Convention: half-Sokal tau = 1/2 + sum_{k>=1} rho_k in draws (white noise: 1/2);
 * ESS = n_chains*n_draws / (2 tau). All functions are pure and thread-safe.
 * Errors: INVALID for shapes, NUMERIC for NaN or infinity in the input (naming chain and draw). */
#ifndef PBL_STATS_H
#define PBL_STATS_H

#include <stdbool.h>
#include <stddef.h>

#include "pbl_error.h"

/* value with an interval; for verdicts low/high are 95 %. NaN where undefined. */
typedef struct {
  double value, low, high;
} pbl_estimate;

typedef enum { PBL_RESOLVED, PBL_UNRESOLVED, PBL_FROZEN, PBL_PARTIAL, PBL_SHORT } pbl_resolution;
const char *pbl_resolution_name(pbl_resolution r);

/* Pooled-mean autocovariance with the sigma2/N correction (applied twice), by FFT of real input.
 * gamma[0..max_lag]; G_k = 1/(N - R k) sum_c sum_t (x_ct - xbar)(x_c,t+k - xbar). */
pbl_status pbl_autocovariance(double *gamma, size_t max_lag, const double *x, size_t n_chains,
                              size_t n_draws, pbl_error *err);
/* Geyer's initial convex sequence on gamma[0..max_lag]: sigma2 = -g0 + 2 sum Gamma_m over pairs
 * (0,1),(2,3)...; returns sigma2 (>= 0). *window receives the last lag used. */
double pbl_initial_convex(const double *gamma, size_t max_lag, size_t *window);

typedef struct {
  pbl_resolution resolution;
  const char *gate; /* which clause failed, or "all gates passed"; static string */
  double mean, variance;
  pbl_estimate tau;         /* half-Sokal, draws: ICS value, delete-one-chain jackknife, log-scale
                               interval with t_{R-1} */
  pbl_estimate ess;         /* from tau */
  double mcse;              /* standard error of the mean, sqrt(2 tau var / N) */
  double tau_chain_means;   /* S_n/(2 v): from the variance of chain means */
  double chain_means_ratio; /* S_n / sigma2 */
  double chain_means_bound; /* chi2_{R-1, 1 - .01/n_tests}/(R-1) */
  double split_rhat;        /* basic split R-hat */
  double tau_lower_bound;   /* one-sided 95 % limit from the chain means; for UNRESOLVED */
  size_t window;
  bool capped; /* antithetic: tau raised so that ESS = N log10 N */
  size_t n_chains, n_draws;
} pbl_tau_report;

/* Gates: SHORT (n < 16 or R < 4), FROZEN (zero variance in all chains), PARTIAL (some constant),
 * n >= 50 tau_full, chain-means ratio <= bound, split R-hat < 1.01; else UNRESOLVED. */
pbl_status pbl_tau(pbl_tau_report *out, const double *x, size_t n_chains, size_t n_draws,
                   pbl_error *err);
/* The same for one of n_tests observables that a verdict needs resolved together: the chain-means
 * gate refuses a sound set with probability .01, not each of its members. pbl_tau: n_tests = 1. */
pbl_status pbl_tau_among(pbl_tau_report *out, const double *x, size_t n_chains, size_t n_draws,
                         size_t n_tests, pbl_error *err);

/* Gradient signal-to-noise. ghat: n_chains x p window means of the gradient estimator (one window
 * per chain, independent chains); g: exact gradient (p) or NULL. Q = U/D, U = |m|^2 - trS/R,
 * D = trS (plus U-statistic of the squared bias when an independent reference is given: ref,
 * n_ref x p, may be NULL). With g known D = mean_c |ghat_c - g|^2 and U = |g|^2.
 * Jackknife over chains; interval on the log scale with t_{R-1}, 95 %. If U <= 0: value 0, low 0,
 * high = upper bound. Source: statistics of U-type estimators, docs/statistics.md. */
typedef struct {
  pbl_estimate q;
  double signal, noise;                  /* U and D */
  size_t n_chains, n_components, window; /* window is filled by the caller */
} pbl_qop_report;
pbl_status pbl_qop(pbl_qop_report *out, const double *ghat, size_t n_chains, size_t n_components,
                   const double *g, const double *ref, size_t n_ref, pbl_error *err);
/* The same from many windows of each chain: U and D are means over windows, and all that they need
 * is the Gram matrix of the chains' vectors, averaged over windows (the jackknife still leaves out
 * whole chains, so windows of one chain may be correlated). add_gram adds scale * ghat ghat' to the
 * lower triangle of gram (n_chains x n_chains, zeroed by the caller); call it once per window with
 * scale = 1/n_windows. */
void pbl_qop_add_gram(double *gram, const double *ghat, size_t n_chains, size_t n_components,
                      double scale);
pbl_status pbl_qop_from_gram(pbl_qop_report *out, const double *gram, size_t n_chains,
                             size_t n_components, pbl_error *err);

/* Distribution helpers, accurate to 1e-10 relative in the bulk. */
double pbl_normal_two_sided_p(double z); /* erfc based, valid far into the tail */
double pbl_normal_quantile(double p);
double pbl_student_t_quantile(double p, double dof);
double pbl_student_t_two_sided_p(double t, double dof);
double pbl_chi2_quantile(double p, double dof);
double pbl_chi2_upper_p(double x, double dof);

#endif
