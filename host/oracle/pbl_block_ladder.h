/* Exact ladders of temperatures whose sweep begins by forgetting a block: the chain of R rungs then
 * lives on m^R states, m those of the visible side, and passes are products over pairs of rungs.
 * Autocorrelation times of rung 0 come from one linear system over all phases of the passes, also
 * under the device's even_odd, which has no single kernel a sweep.
 *
 * Two kinds: a small bipartite model on its states, n = 2^(V+H) and m = 2^V; and a planted barrier,
 * a bipartite ferromagnet with one weight and one bias a side, whose law and sweeps depend on the
 * counts (a, h) of +1 alone, n = (V+1)(H+1) and m = V+1 (kernel coin: n):
 *
 *   E(a, h) = -(w m_v m_h + b m_v + c m_h),   m_v = 2 a - V,   m_h = 2 h - H
 *
 * Time is counted in sweeps; the chain is looked at after every sweep and before the pass that may
 * follow, as the device does. Nothing is sampled. Read-only after creation. */
#ifndef PBL_BLOCK_LADDER_H
#define PBL_BLOCK_LADDER_H

#include <stdbool.h>
#include <stddef.h>

#include "pbl_image.h"
#include "pbl_oracle_scan.h"
#include "pbl_progress.h"

#define PBL_BARRIER_MAX_SIDE 15
#define PBL_BLOCK_LADDER_RUNGS 16
#define PBL_BLOCK_LADDER_PBITS 12 /* of a model on its states */

typedef struct pbl_block_ladder pbl_block_ladder;

/* Planted barrier; exact sigmoid and min(1, exp) at beta[0..rungs-1]. scan: cyclic, palindromic or
 * coin. INVALID for sizes, NO_MEMORY. */
pbl_status pbl_block_ladder_barrier(pbl_block_ladder **out, int n_visible, int n_hidden,
                                    double weight, double visible_bias, double hidden_bias,
                                    const double *beta, size_t rungs, pbl_scan scan,
                                    pbl_error *err);
/* The same in the device's integers: thresholds of the image and decisions about exchanges at beta
 * words. INVALID unless all weights of the (dense) image are one word, all visible biases one, all
 * hidden ones one, and nothing is clamped: pbl_block_ladder_fits_barrier. */
pbl_status pbl_block_ladder_barrier_image(pbl_block_ladder **out, const pbl_image *image,
                                          const uint32_t *beta, size_t rungs, pbl_scan scan,
                                          pbl_error *err);
bool pbl_block_ladder_fits_barrier(const pbl_image *image);

/* A model in the layout of pbl_oracle_create_weights, likewise; an image, dense or lattice with
 * nothing clamped. scan: cyclic or palindromic. INVALID unless pbl_block_ladder_reaches. */
pbl_status pbl_block_ladder_model(pbl_block_ladder **out, int n_visible, int n_hidden,
                                  const double *weights, const double *beta, size_t rungs,
                                  pbl_scan scan, pbl_error *err);
pbl_status pbl_block_ladder_image(pbl_block_ladder **out, const pbl_image *image,
                                  const uint32_t *beta, size_t rungs, pbl_scan scan,
                                  pbl_error *err);
/* Work that takes seconds: 2^V to the power of rungs + 2 and 2^(4V + 2H) at most 2^26. */
bool pbl_block_ladder_reaches(int n_visible, int n_hidden, size_t rungs);
void pbl_block_ladder_destroy(pbl_block_ladder *b);

/* Observables: sums of visible and of hidden p-bits, energy; then, on states, each p-bit, visible
 * ones first. */
enum {
  PBL_LADDER_VISIBLE,
  PBL_LADDER_HIDDEN,
  PBL_LADDER_ENERGY,
  PBL_LADDER_PBIT,
  PBL_LADDER_OBSERVABLES = PBL_LADDER_PBIT + PBL_BLOCK_LADDER_PBITS
};

typedef struct {
  size_t n; /* observables, at rung 0 */
  double mean[PBL_LADDER_OBSERVABLES], variance[PBL_LADDER_OBSERVABLES];
  double tau[PBL_LADDER_OBSERVABLES];            /* half-Sokal, sweeps; NaN for a constant */
  double acceptance[PBL_BLOCK_LADDER_RUNGS - 1]; /* mean of a try of pair k; NaN without */
  size_t steps;                                  /* of the linear solver, all observables */
} pbl_block_ladder_exact;

typedef enum {
  PBL_PASSES_NONE,
  PBL_PASSES_EVEN_ODD, /* a pass of even pairs, then of odd ones */
  PBL_PASSES_RANDOM    /* by a fair coin */
} pbl_ladder_passes;

/* every >= 1: sweeps from pass to pass. The linear equations are solved to a residual of 1e-11.
 * Memory: some 25 (beyond 2^20: 13) vectors of (states of the chain) x 2 every doubles; INVALID
 * beyond 2^24 of them. NUMERIC, NO_MEMORY, INTERRUPTED. progress may be NULL. */
pbl_status pbl_block_ladder_solve(pbl_block_ladder_exact *out, const pbl_block_ladder *b,
                                  pbl_ladder_passes passes, size_t every, pbl_progress *progress,
                                  pbl_error *err);
/* The same of one observable alone: those of the others are NaN. */
pbl_status pbl_block_ladder_solve_one(pbl_block_ladder_exact *out, const pbl_block_ladder *b,
                                      size_t observable, pbl_ladder_passes passes, size_t every,
                                      pbl_progress *progress, pbl_error *err);

/* The acceptance alone, rungs - 1 values. */
pbl_status pbl_block_ladder_acceptance(double *acceptance, const pbl_block_ladder *b,
                                       pbl_ladder_passes passes, size_t every,
                                       pbl_progress *progress, pbl_error *err);

/* law (rungs x n): probability of every state, or of every (a, h) at a + (V+1) h, at each rung as
 * seen after a sweep: mean over the passes' phases. Errors as pbl_block_ladder_solve. */
size_t pbl_block_ladder_states(const pbl_block_ladder *b); /* n */
pbl_status pbl_block_ladder_laws(double *law, const pbl_block_ladder *b, pbl_ladder_passes passes,
                                 size_t every, pbl_progress *progress, pbl_error *err);

#endif
