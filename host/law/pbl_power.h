/* Power calculator: how long must a device run until an error of given size shows?
 *
 * Two-sided test at level alpha, error found with probability `power`. The score test of an error e
 * with information I per unit has z = e sqrt(n I), so that
 *   n = (z_{1 - alpha/(2 m)} + z_power)^2 / (e^2 I)
 * for one of m members tested together (Bonferroni). Normal approximation; source:
 * docs/right-law.md. Thread rule: pure functions. */
#ifndef PBL_POWER_H
#define PBL_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_model.h"
#include "pbl_progress.h"

/* Units (updates, sweeps, independent draws) needed. error != 0, information > 0, 0 < alpha < 1,
 * alpha/2 < power < 1, n_members >= 1; else INVALID. */
pbl_status pbl_power_needed(double *n, double error, double information, double alpha, double power,
                            size_t n_members, pbl_error *err);

typedef struct {
  bool exact; /* enumerated; else from a reference run of the sizes below */
  size_t n_pbits, n_edges;
  size_t n_chains, n_draws; /* of the reference run; 0 when exact */
  /* Relative error of beta: E[(beta f)^2 sech^2(beta f)] per update, and its standard error. */
  double information, information_error;
  /* Absolute error of one weight: beta^2 (E sech^2 at one end + E sech^2 at the other) per sweep,
   * of the edge that shows it least and on average. */
  double weight_information_least, weight_information_mean;
  /* Error of one first moment: 2 tau Var per sweep of the p-bit that needs longest (half-Sokal tau,
   * cyclic kernel). NaN when moments were not asked for. */
  double moment_sigma2, moment_tau;
  bool moment_resolved; /* false: tau is a lower bound, the chains are too short */
  bool moment_exact;
  size_t moment_pbit;
} pbl_power_model;

/* Exact up to PBL_POWER_EXACT_PBITS p-bits (moments: up to PBL_POWER_EXACT_TAU_PBITS), else from 64
 * reference chains of 2000 sweeps after 500, of which every tenth is used for the information and
 * at most 64 evenly spaced p-bits for tau. beta > 0. Errors: INVALID, NO_MEMORY, INTERRUPTED,
 * NUMERIC. */
#define PBL_POWER_EXACT_PBITS 20
#define PBL_POWER_EXACT_TAU_PBITS 12
pbl_status pbl_power_measure(pbl_power_model *out, const pbl_rbm *m, double beta, bool moments,
                             uint64_t seed, int threads, pbl_progress *progress, pbl_error *err);

#endif
