/* Exact ladder of a planted barrier: a bipartite ferromagnet of V x H p-bits with one weight and
 * one bias on each side. The law and every sweep depend on the counts of +1 alone, so that the
 * chain lumps: a rung has (V+1)(H+1) states, and because a sweep begins by forgetting the hidden
 * side, the chain of R rungs lives on (V+1)^R (kernel coin: all counts). Passes are products over
 * pairs of rungs.
 *
 *   E(a, h) = -(w m_v m_h + b m_v + c m_h),   m_v = 2 a - V,   m_h = 2 h - H
 *
 * Time is counted in sweeps, the chain is looked at after every sweep and before the pass that may
 * follow, as the device does. Nothing here is sampled. */
#ifndef PBL_BARRIER_H
#define PBL_BARRIER_H

#include <stdbool.h>
#include <stddef.h>

#include "pbl_image.h"
#include "pbl_oracle_scan.h"
#include "pbl_progress.h"

#define PBL_BARRIER_MAX_SIDE 15
#define PBL_BARRIER_MAX_RUNGS 16

typedef struct pbl_barrier pbl_barrier;

/* Exact sigmoid and min(1, exp) at beta[0..rungs-1]. scan: cyclic, palindromic or coin. INVALID for
 * sizes, NO_MEMORY. */
pbl_status pbl_barrier_create(pbl_barrier **out, int n_visible, int n_hidden, double weight,
                              double visible_bias, double hidden_bias, const double *beta,
                              size_t rungs, pbl_scan scan, pbl_error *err);
/* The device's integers: thresholds of the image and decisions about exchanges at beta words.
 * INVALID unless all weights of the (dense) image are one word, all visible biases one, all hidden
 * ones one, and nothing is clamped: pbl_barrier_fits. */
pbl_status pbl_barrier_create_image(pbl_barrier **out, const pbl_image *image, const uint32_t *beta,
                                    size_t rungs, pbl_scan scan, pbl_error *err);
bool pbl_barrier_fits(const pbl_image *image);
void pbl_barrier_destroy(pbl_barrier *b);

enum { PBL_BARRIER_VISIBLE, PBL_BARRIER_HIDDEN, PBL_BARRIER_ENERGY, PBL_BARRIER_OBSERVABLES };

typedef struct {
  /* of the sums of visible and of hidden p-bits and of the energy at rung 0 */
  double mean[PBL_BARRIER_OBSERVABLES], variance[PBL_BARRIER_OBSERVABLES];
  double tau[PBL_BARRIER_OBSERVABLES];          /* half-Sokal, sweeps */
  double acceptance[PBL_BARRIER_MAX_RUNGS - 1]; /* mean of a try of pair k */
  size_t steps;                                 /* of the linear solver, all observables */
} pbl_barrier_exact;

typedef enum {
  PBL_BARRIER_ALONE,    /* no passes */
  PBL_BARRIER_EVEN_ODD, /* a pass of even pairs, then of odd ones */
  PBL_BARRIER_RANDOM    /* by a fair coin */
} pbl_barrier_passes;

/* every >= 1: sweeps from pass to pass. The linear equations are solved to a residual of 1e-11.
 * Memory: some 25 (beyond 2^20: 13) vectors of (states of the chain) x 2 every doubles; INVALID
 * beyond 2^24 of them. NUMERIC, NO_MEMORY, INTERRUPTED. progress may be NULL. */
pbl_status pbl_barrier_solve(pbl_barrier_exact *out, const pbl_barrier *b,
                             pbl_barrier_passes passes, size_t every, pbl_progress *progress,
                             pbl_error *err);

/* law (rungs x n): probability of every (a, h), index a + (V+1) h, at each rung, as seen after a
 * sweep: mean over the passes' phases. Errors as pbl_barrier_solve. */
size_t pbl_barrier_states(const pbl_barrier *b); /* n */
pbl_status pbl_barrier_laws(double *law, const pbl_barrier *b, pbl_barrier_passes passes,
                            size_t every, pbl_progress *progress, pbl_error *err);

#endif
