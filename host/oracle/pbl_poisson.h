/* Exact tau of reversible scans that are no two-block scans: the Poisson equation by conjugate
 * gradients on whole vectors, a few square roots of 1/gap steps instead of a few 1/gap. */
#ifndef PBL_POISSON_H
#define PBL_POISSON_H

#include "pbl_oracle_scan.h"

/* As pbl_oracle_tau, for a scan that pbl_oracle_reversible accepts (others: INVALID). The partial
 * sums rise to sum_k gamma_k; they end once the last ten increments, together, are below
 * `tolerance` of it (1e-12 to .1), and error (may be NULL) is that share of tau. steps (may be
 * NULL): steps of the scan taken. NO_MEMORY (4 vectors), INTERRUPTED (asked before every step),
 * NUMERIC after 1e5 steps. Source: Hestenes and Stiefel 1952. */
pbl_status pbl_oracle_tau_reversible(double *tau, double *error, size_t *steps, const pbl_oracle *o,
                                     const double *f, double tolerance, pbl_progress *progress,
                                     pbl_error *err);

#endif
