/* Two-block solver: exact tau and window variances of large models without a sum over the lags.
 *
 * A block step forgets its block, so every power of a two-block scan acts through one small matrix
 * M on functions of the SMALLER side: M = BA restricted to functions of h (AB to functions of v
 * when V < H). With m = 2^min(V,H) <= 4096 the Poisson equation is one m x m solve, whatever tau
 * is:
 *
 *     cyclic AB, palindromic ABA   (I - M) x = r
 *     coin (AB + BA)/2             (I - M)(I - M/4) x = r
 *     random block (A + B)/2       (I - M) x = 2 r
 *
 * since the eigenvalues c^2 of M become c^2, c(c +- 1)/2 and (1 +- c)/2. The solver takes the
 * conditional tables and the law from an oracle. For the ideal law all four scans come from one
 * solver; the law of an image belongs to its own scan, others are INVALID. Other scans: INVALID
 * (pbl_krylov.h has the random site). Memory: 2^N + 3 m^2 doubles besides the oracle's, once more
 * 2^N while it is created. Uses OpenBLAS with the number of threads it is set to. Thread rule:
 * read-only after creation. */
#ifndef PBL_BLOCKS_H
#define PBL_BLOCKS_H

#include <stdbool.h>

#include "pbl_oracle_scan.h"

typedef struct pbl_blocks pbl_blocks;

/* The oracle must outlive the solver. INVALID for the oracle of a graph; NO_MEMORY; NUMERIC when
 * the kernel has no unique law; INTERRUPTED. progress may be NULL. 20 p-bits .1 s, 22 p-bits 1 s,
 * 24 p-bits 10 s. */
pbl_status pbl_blocks_create(pbl_blocks **out, const pbl_oracle *o, pbl_progress *progress,
                             pbl_error *err);
void pbl_blocks_destroy(pbl_blocks *b);

/* Whether `scan` can be answered: one of the four for the ideal law; the oracle's own, cyclic or
 * palindromic, for the law of an image. */
bool pbl_blocks_knows(const pbl_blocks *b, pbl_scan scan);

/* The stationary law of the own side's chain under M: pbl_blocks_own_side values, sum 1; rounding
 * may leave values down to -1e-16. */
void pbl_blocks_stationary(double *law, const pbl_blocks *b);
size_t pbl_blocks_own_side(const pbl_blocks *b, bool *is_hidden);

/* What is left of an observable on the smaller side; enough for every scan and any lag. */
typedef struct {
  double mean, variance;
  double cross;   /* <other projection, other weights>, see pbl_blocks.c */
  double *vector; /* 4 x m, one allocation, owned */
} pbl_reduced;

/* f: 2^N values. A constant has variance 0. NO_MEMORY. Free with pbl_reduced_release. */
pbl_status pbl_blocks_reduce(pbl_reduced *out, const pbl_blocks *b, const double *f,
                             pbl_error *err);
void pbl_reduced_release(pbl_reduced *r);

/* tau: half-Sokal, in steps of the scan; NaN for a constant. error (may be NULL): size of the last
 * correction of one iterative refinement, an estimate of the error of tau. NUMERIC when it exceeds
 * 1e-9 of tau: the kernel is too close to having two laws. */
pbl_status pbl_blocks_tau(double *tau, double *error, const pbl_blocks *b, pbl_scan scan,
                          const pbl_reduced *f, pbl_error *err);

/* Variances of the mean of `window` >= 1 stationary steps, for n observables at once: variance[k]
 * of f[k]. Lag by lag (two m x m x n products each), ending early once |gamma| of every later lag
 * is below 1e-12 gamma_0 by the contraction of the kernel. INTERRUPTED within a few lags. */
pbl_status pbl_blocks_window_variance(double *variance, const pbl_blocks *b, pbl_scan scan,
                                      const pbl_reduced *f, size_t n, size_t window,
                                      pbl_progress *progress, pbl_error *err);

/* Gradient components of an RBM, V*H + V + H of them in the order of pbl_oracle_qop. */
size_t pbl_gradient_count(const pbl_oracle *o);
/* f <- values of component a over all states: a product of one or two spins. */
void pbl_gradient_values(double *f, const pbl_oracle *o, size_t a);
double pbl_gradient_data_moment(const pbl_oracle *o, const pbl_rbm *data, size_t a);

/* All components reduced: an array to be released with pbl_gradient_release. INTERRUPTED. */
pbl_status pbl_gradient_reduce(pbl_reduced **out, const pbl_blocks *b, pbl_progress *progress,
                               pbl_error *err);
void pbl_gradient_release(pbl_reduced *components, const pbl_blocks *b);

/* As pbl_oracle_qop for any scan the solver knows, from components reduced once. used: one flag a
 * component, or NULL for all (a lattice has no weight to train where it has no edge). */
pbl_status pbl_blocks_qop(double *q, double *signal, double *noise, const pbl_blocks *b,
                          pbl_scan scan, const pbl_reduced *components, const pbl_rbm *data,
                          const bool *used, size_t window, pbl_progress *progress, pbl_error *err);

#endif
