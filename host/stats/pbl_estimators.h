/* The estimators that other programs use, side by side, and the full RESOLVED rule.
 *
 * Every x is n_chains x n_draws, row-major, finite, owned by the caller. tau is half-Sokal in draws
 * (1/2 + sum of autocorrelations, white noise 1/2) whatever the convention of the estimator's
 * origin; sigma2 = lim N Var(mean) = 2 tau v. All functions are pure and thread-safe. Errors:
 * INVALID for shapes and options, NUMERIC (naming chain and draw) for NaN or infinity, NO_MEMORY.
 * Where a quantity is not defined (constant or too short chains) it is NaN and the status is OK.
 * Formulas, edge cases, sources: docs/statistics.md. */
#ifndef PBL_ESTIMATORS_H
#define PBL_ESTIMATORS_H

#include "pbl_stats.h"

/* About which mean. CHAIN: each chain's own, divisor n, averaged over chains; biased by -sigma2/n.
 * POOLED: that of all chains, divisor n_chains (n - k), no correction; pbl_autocovariance is the
 * same with its bias of -sigma2/N taken out. */
typedef enum { PBL_CENTRE_CHAIN, PBL_CENTRE_POOLED } pbl_centre;
/* gamma[0..max_lag], max_lag < n_draws. */
pbl_status pbl_acf(double *gamma, size_t max_lag, const double *x, size_t n_chains, size_t n_draws,
                   pbl_centre centre, pbl_error *err);

/* Initial sequence sums, each a sigma2 >= 0 (Geyer 1992; r-cran-mcmc initseq). */
typedef struct {
  double positive, monotone, convex;
  size_t window; /* last lag of the positive sequence */
} pbl_geyer_sums;
/* NaN when max_lag is 0 or gamma[0] is not positive. */
pbl_geyer_sums pbl_geyer(const double *gamma, size_t max_lag);

/* Sokal's self-consistent window as emcee 3.1 applies it: autocorrelations of each chain about its
 * own mean with its own variance, averaged; first window >= c times the full tau. */
typedef struct {
  double tau;
  double relative_error; /* sqrt(2 (2 window + 1)/N) */
  size_t window;
  bool long_enough; /* n >= 50 full tau: emcee's own gate, no evidence of convergence */
} pbl_sokal_report;
/* c > 0, customary 5. Antithetic chains: tau near or below zero, as published. NaN when any chain
 * is constant. */
pbl_status pbl_sokal(pbl_sokal_report *out, const double *x, size_t n_chains, size_t n_draws,
                     double c, pbl_error *err);

/* Wolff's Gamma method (hep-lat/0306017), pooled mean, chains as replicas. */
typedef struct {
  double s;       /* window parameter: 1.5 (UWerr), 2.0 (pyerrors); 0: no autocorrelation */
  double tau_exp; /* draws; > 0: the window ends where rho < n_sigma d rho, a tail is attached */
  double n_sigma;
} pbl_wolff_options;
pbl_wolff_options pbl_wolff_default(void); /* s 1.5, no tail, n_sigma 1 */
typedef struct {
  size_t window;
  double tau, tau_error;           /* never below 1/2: not for antithetic chains */
  double mean, error, error_error; /* of the mean, its standard error, and the error of that */
  double replica_p;                /* chi-squared p-value of equal chain means; NaN for one chain */
  bool complete; /* false: no window up to n/2 fulfilled the rule, the last one was taken */
} pbl_wolff_report;
pbl_status pbl_wolff(pbl_wolff_report *out, const double *x, size_t n_chains, size_t n_draws,
                     const pbl_wolff_options *options, pbl_error *err);

/* Effective sample sizes and R-hats of Stan (Vehtari et al. 2021), with the lag limits and the
 * short-chain behaviour of posterior 1.4. NaN: n < 4 (split halves: n < 6), all draws equal, and
 * ess_tail where a quantile's indicator is constant (most two-valued observables). Constant single
 * chains are counted as they stand, so that R-hat is infinite when all chains are stuck apart: a
 * verdict is pbl_resolve's business. */
typedef struct {
  double ess_basic;         /* of split chains */
  double ess_basic_unsplit; /* of whole chains */
  double ess_bulk, ess_tail, ess_sd;
  double rhat, rhat_unsplit; /* basic */
  double rhat_rank;          /* larger of bulk and folded, rank-normalised, split */
  double mcse_mean;
  double mcse_sd; /* Stan's, from ess_sd; posterior 1.4 takes the ESS of squares */
} pbl_stan_report;
pbl_status pbl_stan(pbl_stan_report *out, const double *x, size_t n_chains, size_t n_draws,
                    pbl_error *err);

/* Nested R-hat, sqrt(1 + B/W): B the variance of superchain means, W the mean over superchains of
 * the variance between their chains plus that within chains (Margossian et al. 2022). Superchain k
 * is chains k n_chains/n_superchains and following, which share their start. INVALID unless
 * n_superchains >= 2 divides n_chains. */
pbl_status pbl_nested_rhat(double *rhat, const double *x, size_t n_chains, size_t n_draws,
                           size_t n_superchains, pbl_error *err);

/* Replicated batch means: batches of all chains about the pooled mean. */
typedef struct {
  size_t batch;   /* draws per batch */
  double plain;   /* sigma2 */
  double lugsail; /* 2 BM(b) - BM(b/3): bias of the other sign */
} pbl_batch_report;
/* batch 0: the optimum of a first-order autoregression, at most n/10. Draws that do not fill a
 * batch are left out. NaN with fewer than two batches; lugsail NaN for b < 3. */
pbl_status pbl_batch_means(pbl_batch_report *out, const double *x, size_t n_chains, size_t n_draws,
                           size_t batch, pbl_error *err);

/* S_n: n times the variance of the chain means; E S_n = n Var(window mean) with no model and no
 * window. NaN for one chain. */
pbl_status pbl_chain_means(double *s_n, const double *x, size_t n_chains, size_t n_draws,
                           pbl_error *err);

/* Everything above for one observable. */
typedef struct {
  pbl_geyer_sums geyer_chain, geyer_pooled; /* pooled: with the bias correction */
  pbl_sokal_report sokal;                   /* c = 5 */
  pbl_wolff_report wolff_15, wolff_20;
  pbl_stan_report stan;
  pbl_batch_report batch;
  double s_n;
} pbl_estimates;
pbl_status pbl_estimate_all(pbl_estimates *out, const double *x, size_t n_chains, size_t n_draws,
                            pbl_error *err);

typedef struct {
  size_t n_superchains; /* 0: every chain has its own start; else for nested R-hat */
  double tau_exp;       /* slowest time known from elsewhere, draws; 0: none */
  int threads;          /* 0: one per core; the result does not depend on it */
  size_t
      n_tests; /* observables that share the levels of (c) and (e); 0: n_observables of the call */
} pbl_resolve_options;
pbl_resolve_options pbl_resolve_default(void); /* 0, 0, 1, 0 */

typedef struct {
  pbl_resolution resolution;
  char clause;         /* 'a'..'f' when unresolved, else 0 */
  const char *gate;    /* which clause failed, in words; static string */
  pbl_tau_report base; /* ICS, moments, chain means; its own verdict is that of the shorter rule */
  pbl_estimate tau;    /* the value to report: windowed sum with attached tail where lag 1 stands
                          out of the noise by 3 sigma, else (white, antithetic) the ICS of base;
                          95 % interval from the delete-one-chain jackknife of its logarithm */
  pbl_estimate ess;
  double mcse;
  double tau_tail;    /* the same with |rho| in the tail, for any lag 1: the upper value */
  double tau_exp;     /* of this observable, draws */
  double tau_exp_max; /* of all observables and options: what the tail decays with */
  size_t tail_window; /* last lag summed before the tail, draws; 0: no tail is attached */
  double spread_ratio, spread_bound;      /* (c): S_n over the per-chain-mean IMS; limit */
  double nested_rhat;                     /* NaN without superchains */
  double doubling_change, doubling_error; /* (e): sigma2(n) - sigma2(n/2), combined error */
  double doubling_bound;                  /* (e): limit of the change in units of that error */
  double agreement;                       /* (f): ln(ICS/tail) */
  double one_switch_ratio; /* per-chain-mean tau (IPS) / n; 1/6 for one switch in mid-chain */
  bool one_switch;         /* that ratio in .15 to .18: tau measures the chain, not the law */
} pbl_resolve_report;

/* The RESOLVED rule over n_observables series of the same chains, x[k] each n_chains x n_draws.
 *   SHORT    n < 16                       FROZEN  every chain constant
 *   PARTIAL  some chains constant         SHORT   fewer than 4 chains
 *   RESOLVED when all hold, UNRESOLVED otherwise, clause and gate naming the first that fails:
 *   (a) n >= 50 full tau_tail              (b) n >= 20 tau_exp_max
 *   (c) spread_ratio <= chi2_{R-1, 1 - .01/n_tests}/(R-1)
 *   (d) split R-hat or nested R-hat < 1.01 (e) |doubling_change| <= doubling_bound
 *       doubling_error or a tenth of sigma2, doubling_bound = max(2, t_{R-1, 1 - .005/n_tests} /
 * sqrt 3) (f) |agreement| < ln 1.25 base.tau_lower_bound is what remains to be said about tau of
 * unresolved chains. The rule takes over-dispersed starts for granted, and R >= 16 for its
 * published error rates. */
pbl_status pbl_resolve(pbl_resolve_report *out, const double *const *x, size_t n_observables,
                       size_t n_chains, size_t n_draws, const pbl_resolve_options *options,
                       pbl_error *err);

#endif
