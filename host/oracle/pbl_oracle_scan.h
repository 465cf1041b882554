/* Exact oracles under more update orders than the device has, and what only an oracle can do with
 * them: distance to stationarity. A = all hidden p-bits, B = all visible ones; "AB" updates A
 * first. Eigenvalues of the two-block scans follow from the cosines c of the principal angles
 * between the two conditional expectations: AB and ABA c^2, coin c(c+-1)/2, random block (1+-c)/2.
 * Thread rule: as pbl_oracle.h. */
#ifndef PBL_ORACLE_SCAN_H
#define PBL_ORACLE_SCAN_H

#include "pbl_oracle.h"

typedef enum {
  PBL_SCAN_CYCLIC,              /* AB: PBL_KERNEL_CYCLIC */
  PBL_SCAN_PALINDROMIC,         /* ABA: PBL_KERNEL_PALINDROMIC */
  PBL_SCAN_REVERSED,            /* BA */
  PBL_SCAN_REVERSED_PALINDROME, /* BAB */
  PBL_SCAN_COIN,                /* (AB + BA)/2: one fair coin per sweep */
  PBL_SCAN_RANDOM_BLOCK,        /* (A + B)/2: one block per step */
  PBL_SCAN_RANDOM_SITE,         /* one uniformly chosen p-bit per step */
  PBL_SCAN_RANDOM_SWEEP,        /* N independent such choices per step */
  PBL_SCAN_COUNT
} pbl_scan;

/* Sizes of tables and of one vector (2^24 doubles: 128 MB) set this limit. */
#define PBL_ORACLE_SCAN_MAX_PBITS 24

const char *pbl_scan_name(pbl_scan scan); /* "cyclic", ...; "unknown" outside the enumeration */

/* As pbl_oracle_create_weights, _model and _image, with V + H up to PBL_ORACLE_SCAN_MAX_PBITS.
 * "Sweep" in pbl_oracle.h then means one step of the scan. INVALID, NO_MEMORY; the image variant
 * also NUMERIC. pbl_oracle_backward and _forward need temporary memory of up to one vector; without
 * it they fill their argument with NaN. */
pbl_status pbl_oracle_create_weights_scan(pbl_oracle **out, int n_visible, int n_hidden,
                                          const double *weights, double beta, pbl_scan scan,
                                          pbl_error *err);
pbl_status pbl_oracle_create_model_scan(pbl_oracle **out, const pbl_rbm *m, double beta,
                                        pbl_scan scan, pbl_error *err);
pbl_status pbl_oracle_create_image_scan(pbl_oracle **out, const pbl_image *im, uint32_t beta,
                                        pbl_scan scan, pbl_error *err);

int pbl_oracle_pbits(const pbl_oracle *o); /* V + H */

/* Distance to stationarity: tv[t] = 1/2 sum_x |(start P^t)(x) - pi(x)|, t = 0..n_steps (n_steps + 1
 * values). start: 2^N probabilities, or NULL for the uniform law (every p-bit a fair coin).
 * INVALID when start is negative somewhere or does not sum to 1 within 1e-9; NO_MEMORY;
 * INTERRUPTED. progress may be NULL. */
pbl_status pbl_oracle_distance(double *tv, const pbl_oracle *o, const double *start, size_t n_steps,
                               pbl_progress *progress, pbl_error *err);

/* E[(beta f)^2 sech^2(beta f)] of a stationary update, mean over all p-bits: the information of one
 * update about a relative error of beta (r = s - tanh(beta f) has variance sech^2, and d E[s]/d ln
 * beta = beta f sech^2). INVALID for the kernel of an image, whose curve is a table. */
pbl_status pbl_oracle_information(double *information, const pbl_oracle *o, pbl_error *err);
/* E[sech^2(beta f_p)] for every p-bit p (N values): variance of its innovation. */
void pbl_oracle_innovation_variance(double *variance, const pbl_oracle *o);

#endif
