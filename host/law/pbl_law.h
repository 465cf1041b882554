/* Right-law tests: do recorded chains follow a given law? (docs/right-law.md)
 *
 * Chains are independent; draws of one chain are correlated, and every p-value here accounts for
 * that: by the exact kernel's covariance, by conditioning on the state before, or by treating whole
 * chains as the unit. Only the first n_recorded draws count. Chains must have settled (or started)
 * in the law on trial, except for the one-sweep kernel test, which needs no mixing. Errors: INVALID
 * for shapes, NO_MEMORY. Thread rule: pure functions. */
#ifndef PBL_LAW_H
#define PBL_LAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_chains.h"
#include "pbl_dense.h"
#include "pbl_model.h"
#include "pbl_oracle.h"

typedef struct {
  double statistic; /* what is compared with the null law named at the function */
  double dof;       /* chi-square or t degrees of freedom; permutations: their number */
  double p_value;   /* of the whole test */
  size_t n_tests;   /* members (cells, moments, source states) */
  size_t worst;     /* index of the most deviant member; SIZE_MAX where meaningless */
} pbl_law_test;

/* Cells: states by decreasing law, collected until a cell holds min_mass; what is left joins the
 * last one. cell: n values 0..*n_cells-1. min_mass in (0, 1]. */
pbl_status pbl_law_cells(size_t *cell, size_t *n_cells, const double *law, size_t n,
                         double min_mass, pbl_error *err);
/* Histogram of the recorded states, index as in pbl_oracle.h: counts[x], 2^n_pbits values. At most
 * PBL_ORACLE_SCAN_MAX_PBITS p-bits. chain SIZE_MAX: all chains. */
pbl_status pbl_law_counts(double *counts, const pbl_chains *chains, size_t chain, pbl_error *err);

/* X^2 = n sum_a (freq_a - pi_a)^2 / pi_a over cells of at least min_mass, as a weighted sum of
 * chi-squares with the eigenvalues l of D^-1/2 V D^-1/2, V the exact covariance of the frequencies:
 * X^2 sum l / sum l^2 on (sum l)^2 / sum l^2 degrees of freedom (Satterthwaite 1946; Rao and Scott
 * 1981). statistic: the scaled X^2. d is the kernel of one DRAW (thinning included). */
pbl_status pbl_law_chi2(pbl_law_test *out, const pbl_chains *chains, const pbl_dense *d,
                        double min_mass, pbl_error *err);

/* The same from one sweep `o` and `every` sweeps per draw, up to PBL_ORACLE_MAX_PBITS p-bits: the
 * covariance is a sum over lags of backward steps of every cell (to 1e-7 of its first term). The
 * p-value is the tail of the weighted sum itself by its saddlepoint approximation (Kuonen 1999):
 * Satterthwaite's chi-square is too light in the far tail that a small level asks for. NUMERIC when
 * the sum does not settle within n_recorded lags. */
pbl_status pbl_law_chi2_sweep(pbl_law_test *out, const pbl_chains *chains, const pbl_oracle *o,
                              size_t every, double min_mass, pbl_error *err);

typedef struct {
  double value, null_mean; /* plug-in, and its expectation under the law on trial */
  double excess;           /* value - null_mean */
  double error;            /* delete-one-chain jackknife of value; NaN for one chain */
} pbl_law_distance;

typedef struct {
  pbl_law_distance kl, tv, hellinger2; /* nats; Hellinger^2 = 1 - sum sqrt(p q) */
  double p_value;   /* of 2 n KL, by the same weighted chi-square as pbl_law_chi2 */
  size_t n_cells;   /* merged until every cell is worth 5 independent draws */
  double deff_mean; /* mean design effect V_aa / (pi_a (1 - pi_a)) of the cells */
} pbl_law_divergences;
pbl_status pbl_law_divergence(pbl_law_divergences *out, const pbl_chains *chains,
                              const pbl_dense *d, pbl_error *err);

/* Transitions of consecutive draws against the rows of d: chi-square per source state over target
 * cells merged to an expected count of 20, summed. No autocorrelation, no mixing, no law enters.
 * worst: source state with the largest excess. INVALID when no source state was left often enough.
 */
pbl_status pbl_law_kernel_chi2(pbl_law_test *out, const pbl_chains *chains, const pbl_dense *d,
                               pbl_error *err);

/* The same; rows are the law `every` sweeps of `o` after each source state that is met. */
pbl_status pbl_law_kernel_chi2_sweep(pbl_law_test *out, const pbl_chains *chains,
                                     const pbl_oracle *o, size_t every, pbl_error *err);

/* Moments m of the chains (N first moments, then V x H edges), one mean per chain: t_{R-1} against
 * exact values, or Welch's t against the chain means of other chains. p_value is Simes' combination
 * min_k m p_(k)/k: below q exactly when Benjamini-Hochberg at level q rejects anything. worst:
 * index of the moment (edges from N on). statistic: its t. n_rejected (may be NULL): rejections of
 * Benjamini-Hochberg at q. Moments that never vary are judged by equality with the exact value to
 * 1e-12 (p 0 or 1). INVALID for fewer than 2 chains. */
pbl_status pbl_law_moments(pbl_law_test *out, size_t *n_rejected, double q,
                           const pbl_chains *chains, size_t n_visible, const double *first,
                           const double *edges, pbl_error *err);
pbl_status pbl_law_moments_between(pbl_law_test *out, size_t *n_rejected, double q,
                                   const pbl_chains *a, const pbl_chains *b, size_t n_visible,
                                   pbl_error *err);
/* Simes' combination of m p-values; sorts a copy. NaN entries are left out; none left: 1. */
pbl_status pbl_law_simes(double *p_value, size_t *n_rejected, double q, const double *p, size_t m,
                         pbl_error *err);

/* Energies of all recorded draws, n_chains x n_recorded. */
pbl_status pbl_law_energies(double *energies, const pbl_chains *chains, const pbl_rbm *m,
                            pbl_error *err);

/* ln[h_a(E)/h_b(E)] is linear in E with slope beta_b - beta_a whatever the density of states. The
 * slope is fitted without bins, as logistic regression of the sample's label on E (Ferrenberg and
 * Swendsen 1988 for the identity); its error takes whole chains as units. statistic: t of slope
 * against expectation on R_a + R_b - 2 degrees of freedom. */
typedef struct {
  pbl_law_test test;
  double slope, expected, error;
  double difference_error; /* relative error of beta_a - beta_b implied by the slope */
} pbl_law_slope;
/* energies: n_chains x n_draws, row-major, each. With beta_a == beta_b the expected slope is 0 and
 * difference_error NaN; -slope / beta_a is then the relative error of a's temperature against b's.
 * INVALID for < 2 chains; NUMERIC when the energies do not overlap or never vary. */
pbl_status pbl_law_energy_slope(pbl_law_slope *out, const double *energy_a, size_t chains_a,
                                size_t draws_a, double beta_a, const double *energy_b,
                                size_t chains_b, size_t draws_b, double beta_b, pbl_error *err);

typedef enum {
  PBL_LAW_ENERGY_DISTANCE, /* Euclidean distance between vectors of chain means of all p-bits */
  PBL_LAW_MMD              /* kernel exp(-Hamming/N) between draws, averaged over pairs of draws */
} pbl_law_summary;

/* Do two sets of chains have the same law (and the same mixing)? The unit is the chain: labels of
 * chains are permuted, never draws. Both sets need the same number of draws and an equivalent
 * start. `keep` (>= 1): the MMD uses that many equally spaced draws of each chain, the last
 * included. n_permutations >= 99; p = (1 + #{permuted >= observed}) / (n_permutations + 1).
 * Sources: Szekely and Rizzo 2013; Gretton et al. 2012. */
pbl_status pbl_law_two_sample(pbl_law_test *out, const pbl_chains *a, const pbl_chains *b,
                              pbl_law_summary summary, size_t keep, size_t n_permutations,
                              uint64_t seed, pbl_error *err);

/* The energy distance between any summaries of whole chains, chains_a x n_values and chains_b x
 * n_values (say, mean energy and mean overlap of every chain): each value is divided by its
 * standard deviation over all chains, which permutations leave alone. NUMERIC for NaN or infinity.
 */
pbl_status pbl_law_summary_test(pbl_law_test *out, const double *a, size_t chains_a,
                                const double *b, size_t chains_b, size_t n_values,
                                size_t n_permutations, uint64_t seed, pbl_error *err);

/* Sequential rule: p >= 1e-3 passes, p <= 1e-6 fails, in between once more with four times the
 * data and a fresh seed, failing only at p < 1e-3 again: false alarms about 2e-6 per test. */
typedef struct {
  bool passed, repeated;
  double first_p, second_p; /* second NaN when not repeated */
} pbl_law_sequence;
/* One experiment: data times `multiple`, own seed, p-value in *p. */
typedef pbl_status (*pbl_law_experiment)(double *p, void *context, unsigned multiple, uint64_t seed,
                                         pbl_error *err);
/* Seeds of both runs are derived from `seed` by splitmix64. NUMERIC when p is NaN or outside [0,1].
 */
pbl_status pbl_law_sequential(pbl_law_sequence *out, pbl_law_experiment run, void *context,
                              uint64_t seed, pbl_error *err);

#endif
