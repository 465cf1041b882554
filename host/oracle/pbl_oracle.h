/* Exact oracles for models of up to 20 p-bits: law, moments, sweep kernel, exact tau and Q_op.
 *
 * A state is an index of V+H bits, bit p set: s_p = +1, visible first. The kernel is the product
 * of single-site conditionals in update order; cyclic: hidden 0..H-1, then visible 0..V-1;
 * palindromic: hidden, visible, hidden. Memory: a few vectors of 2^N doubles. Thread rule: an
 * oracle is read-only after creation; any number of threads may use it. */
#ifndef PBL_ORACLE_H
#define PBL_ORACLE_H

#include <stdint.h>

#include "pbl_image.h"
#include "pbl_model.h"
#include "pbl_progress.h"

typedef struct pbl_oracle pbl_oracle;

#define PBL_ORACLE_MAX_PBITS 20

/* Ideal law pi ~ exp(-beta E) of a real model and its exact-sigmoid kernel. */
pbl_status pbl_oracle_create_model(pbl_oracle **out, const pbl_rbm *m, double beta,
                                   pbl_kernel kernel, pbl_error *err);
/* The same in double precision. weights: (V+1) x (H+1), row-major in the device image's layout:
 * row i < V holds w_i0..w_i(H-1), b_i; row V holds c_0..c_(H-1) and one unused finite number. */
pbl_status pbl_oracle_create_weights(pbl_oracle **out, int n_visible, int n_hidden,
                                     const double *weights, double beta, pbl_kernel kernel,
                                     pbl_error *err);
/* A model in that layout, the unused number 0; malloc'ed, NULL without memory. */
double *pbl_oracle_weights(const pbl_rbm *m);
/* Quantised kernel of the device (integer thresholds); the law is its fixed point: one solve on the
 * smaller side, then the forward operator until the total-variation change per sweep is < 1e-13
 * (NUMERIC after 1e6 sweeps: the kernel is frozen or periodic). Clamped p-bits: INVALID, the law
 * then depends on the starting state. */
pbl_status pbl_oracle_create_image(pbl_oracle **out, const pbl_image *im, uint32_t beta,
                                   pbl_kernel kernel, pbl_error *err);
/* The same with progress (may be NULL) and, within tens of milliseconds at 20 p-bits, INTERRUPTED.
 */
pbl_status pbl_oracle_create_image_watched(pbl_oracle **out, const pbl_image *im, uint32_t beta,
                                           pbl_kernel kernel, pbl_progress *progress,
                                           pbl_error *err);
void pbl_oracle_destroy(pbl_oracle *o);

size_t pbl_oracle_states(const pbl_oracle *o);
const double *pbl_oracle_law(const pbl_oracle *o); /* 2^N probabilities, owned by o */
double pbl_oracle_log_z(const pbl_oracle *o);      /* NaN for a quantised kernel */
/* first: N; second: N x N (diagonal 1). Any may be NULL. */
void pbl_oracle_moments(const pbl_oracle *o, double *first, double *second);
/* NaN when the shapes differ. */
double pbl_oracle_total_variation(const pbl_oracle *a, const pbl_oracle *b);

/* f: 2^N values of an observable. Any output may be NULL. tau: half-Sokal in sweeps, summed until
 * the remaining autocovariance is < 1e-12 of gamma_0 (NUMERIC after 1e6 lags). A constant f has
 * variance 0 and tau NaN. */
pbl_status pbl_oracle_tau(const pbl_oracle *o, const double *f, double *mean, double *variance,
                          double *tau, pbl_error *err);
/* Variance of the mean over a stationary window of K sweeps. */
pbl_status pbl_oracle_window_variance(const pbl_oracle *o, const double *f, size_t K,
                                      double *variance, pbl_error *err);
/* Exact Q_op of the RBM gradient estimator: components are w_ij (v_i h_j), b_i (v_i), c_j (h_j) in
 * that order; g = data moments - model moments of THIS law; noise = sum of window variances at K
 * (stationary start, no bias). V*H+V+H components. INVALID when `data` has no data moments or
 * another shape. */
pbl_status pbl_oracle_qop(const pbl_oracle *o, const pbl_rbm *data, size_t K, double *q,
                          double *signal, double *noise, pbl_error *err);
/* Second-largest eigenvalue modulus of the kernel by power iteration on centred functions;
 * absolute error about 1e-10. */
pbl_status pbl_oracle_slowest(const pbl_oracle *o, double *lambda2, pbl_error *err);
/* One backward step (P f)(x), in place: for tests and golden values. */
void pbl_oracle_backward(const pbl_oracle *o, double *f);
/* One forward step q <- q P, in place. */
void pbl_oracle_forward(const pbl_oracle *o, double *q);

#endif
