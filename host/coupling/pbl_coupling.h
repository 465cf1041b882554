/* Unbiased expectations and rigorous distances from coupled chains (Jacob, O'Leary and Atchade
 * 2020; Biswas, Jacob and Vanetti 2019).
 *
 * Two chains of one kernel run on shared random words, X leading Y by L sweeps. A p-bit becomes +1
 * when its word is below its probability, so that one word for both is the maximal coupling of
 * every single update. T is the first sweep with X_T = Y_(T-L); from there on they stay equal.
 *
 *   H_(k:m) = 1/(m-k+1) sum_(l=k..m) [ f(X_l) + sum_(j>=1) ( f(X_(l+jL)) - f(Y_(l+(j-1)L)) ) ]
 *   E H = pi(f);      d_TV(law of X_t, pi) <= E max(0, ceil((T - L - t)/L)).
 *
 * Both chains of a pair start from independent uniform states: the statements hold for that start.
 * Every pair has streams of its own, and pairs are independent of each other.
 * Thread rule: a law is read-only after creation; results do not depend on the number of threads.
 */
#ifndef PBL_COUPLING_H
#define PBL_COUPLING_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_image.h"
#include "pbl_model.h"
#include "pbl_progress.h"

typedef struct pbl_coupling_law pbl_coupling_law;

/* Exact sigmoid. weights: (V+1) x (H+1) in the device image's layout (pbl_oracle.h): row i < V
 * holds w_i0..w_i(H-1), b_i; row V holds c_0..c_(H-1) and one unused number. Copied. INVALID. */
pbl_status pbl_coupling_law_weights(pbl_coupling_law **out, int n_visible, int n_hidden,
                                    const double *weights, double beta, pbl_kernel kernel,
                                    pbl_error *err);
pbl_status pbl_coupling_law_model(pbl_coupling_law **out, const pbl_rbm *m, double beta,
                                  pbl_kernel kernel, pbl_error *err);
/* The device's own kernel: integer fields, the image's exact thresholds. The image is borrowed.
 * Clamped p-bits: INVALID. */
pbl_status pbl_coupling_law_image(pbl_coupling_law **out, const pbl_image *im, uint32_t beta,
                                  pbl_kernel kernel, pbl_error *err);
void pbl_coupling_law_destroy(pbl_coupling_law *law);

typedef struct {
  size_t n_pairs; /* >= 2 */
  uint64_t lag;   /* L >= 1, sweeps */
  uint64_t k, m;  /* 0 <= k <= m; k about the 95 % quantile of T - L, m about 10 k, L about k */
  uint64_t max_sweeps; /* X gives up here when it has not met Y; > lag */
  uint64_t seed;       /* pair p: xoshiro128++ seeded by `seed`, p long jumps ahead */
  int threads;         /* 0: all cores */
} pbl_coupling_options;

#define PBL_COUPLING_NOT_MET UINT64_MAX

typedef struct {
  size_t n_pairs, n_moments, n_met;
  uint64_t lag;
  uint64_t *meeting; /* n_pairs: T, or PBL_COUPLING_NOT_MET */
  double *h;         /* n_pairs x n_moments, row-major: H_(k:m); NaN for a pair that did not meet */
  double sweeps_per_pair; /* cost: sweeps of X and Y together until both T and m are reached */
} pbl_coupling_result;

/* Moments: V+H single p-bits (visible first), then the V x H products v_i h_j, row-major. Free with
 * pbl_coupling_result_free. INVALID, NO_MEMORY; INTERRUPTED gives nothing. */
pbl_status pbl_coupling_run(pbl_coupling_result *out, const pbl_coupling_law *law,
                            const pbl_coupling_options *opt, pbl_progress *progress,
                            pbl_error *err);
void pbl_coupling_result_free(pbl_coupling_result *r);

/* Sweeps from the start of Y to the meeting, T - L: mean, and quantile q by order statistics. A
 * pair that has not met counts as infinitely late. */
double pbl_coupling_meeting_mean(const pbl_coupling_result *r);
double pbl_coupling_meeting_quantile(const pbl_coupling_result *r, double q);
/* Estimate of E max(0, ceil((T-L-t)/L)) and, in *upper (may be NULL), its one-sided 99 % limit: the
 * larger of the normal law of the mean and, below 30 late pairs, Poisson's limit of their number
 * times their mean term; INFINITY when a pair has not met. A value above 1 says nothing. */
double pbl_coupling_tv_bound(double *upper, const pbl_coupling_result *r, uint64_t t);
/* Mean of moment `moment` over the pairs and its standard error. NaN when a pair has not met:
 * leaving it out would bias the rest. */
double pbl_coupling_mean(double *error, const pbl_coupling_result *r, size_t moment);

#endif
