/* Exact sums over all states of one model: log Z, moments, energy.
 *
 * Results do not depend on the number of threads: the states are cut into fixed chunks whose sums
 * are added in order. Sums run relative to the largest weight met. Errors: INVALID for shapes,
 * values that are not finite, beta < 0; NO_MEMORY; INTERRUPTED (outputs then unset). `threads` 0:
 * all cores. progress may be NULL. */
#ifndef PBL_ENUMERATE_H
#define PBL_ENUMERATE_H

#include <stdbool.h>
#include <stddef.h>

#include "pbl_error.h"
#include "pbl_progress.h"

#define PBL_ENUMERATE_MAX_SPINS 36     /* any couplings: 7e10 states, minutes */
#define PBL_ENUMERATE_MAX_SIDE 28      /* bipartite: smaller side */
#define PBL_LATTICE_MAX_WIDTH 20       /* open ends */
#define PBL_LATTICE_MAX_TORUS_WIDTH 16 /* periodic in length: costs 2^width times as much */

typedef struct {
  double log_z;
  double energy, energy_variance; /* <E> and Var E */
} pbl_energy_sums;

/* E = - 1/2 s'Js - h's over n spins +-1, pi ~ exp(-beta E). J: n x n, row-major, symmetric, its
 * diagonal is not read; h: n or NULL (zeros); first: n means <s_i>, or NULL. A Gray code walks
 * through the upper spins with updated fields, tables run over the lowest ten; one exponential a
 * state. ground (may be NULL): lowest energy. */
pbl_status pbl_ising_enumerate(pbl_energy_sums *out, double *first, double *ground, size_t n,
                               const double *J, const double *h, double beta, int threads,
                               pbl_progress *progress, pbl_error *err);

/* Bipartite model in the layout of pbl_oracle_create_weights, (V+1) x (H+1): the smaller side
 * (<= PBL_ENUMERATE_MAX_SIDE) is enumerated, the other, of any size, is summed in closed form,
 * sum_j ln 2cosh(beta f_j); moments follow from its derivatives. first: V+H means, visible first;
 * edges: V x H, E[v_i h_j]; both NULL: only log Z and energies, at a third of the cost. */
pbl_status pbl_bipartite_enumerate(pbl_energy_sums *out, double *first, double *edges,
                                   size_t n_visible, size_t n_hidden, const double *weights,
                                   double beta, int threads, pbl_progress *progress,
                                   pbl_error *err);

/* Grid of `width` columns and `length` rows with its own coupling on every bond, E = - sum J s s'
 * - sum h s. right[r*width + c] couples (r,c) to (r,c+1), down[r*width + c] couples it to (r+1,c);
 * the last column (row) couples to the first where that direction is periodic and is not read
 * otherwise. A periodic direction of size 1 or 2 is INVALID (double bonds). field: length x width
 * or NULL. */
typedef struct {
  size_t width, length;
  bool periodic_width, periodic_length;
  const double *right, *down, *field;
} pbl_lattice;

/* log Z by transfer matrices, site by site: 2^width * width * length operations, and
 * 2^width times that when periodic_length. Width at most 20, 16 with periodic_length. */
pbl_status pbl_lattice_log_z(double *log_z, const pbl_lattice *lattice, double beta, int threads,
                             pbl_progress *progress, pbl_error *err);

#endif
