/* Shared by the files of this room. */
#ifndef PBL_LAW_INTERNAL_H
#define PBL_LAW_INTERNAL_H

#include "pbl_law.h"

/* Cells of the exact law, with everything that frequency tests need. */
typedef struct {
  size_t n_states, n_cells;
  size_t *cell;       /* n_states */
  double *law;        /* n_cells */
  double *covariance; /* n_cells x n_cells, per draw */
  double scale, dof;  /* X^2 * scale is chi-square on dof */
} law_cells;

/* min_mass as in pbl_law_cells; the covariance is that of chains of n_draws. */
pbl_status law_cells_create(law_cells *c, const pbl_dense *d, double min_mass, size_t n_draws,
                            pbl_error *err);
/* Masses of c->cell's cells and the rest from a covariance that is filled already. */
void law_cells_match(law_cells *c);
void law_cells_free(law_cells *c);

/* P(sum weight_i chi2_1 > x), weights >= 0 (not all 0), by the saddlepoint approximation. */
double law_weighted_chi2_p(double x, const double *weight, size_t n);

/* State of one draw as an index; n_pbits at most 24. */
size_t law_state(const pbl_chains *chains, size_t chain, size_t draw);
/* INVALID when chains and kernel differ in size or nothing was recorded. */
pbl_status law_check(const pbl_chains *chains, size_t n_states, size_t min_draws, pbl_error *err);
/* Frequencies of cells in one chain, or in all for SIZE_MAX. */
pbl_status law_frequencies(double *freq, const pbl_chains *chains, size_t chain, const law_cells *c,
                           pbl_error *err);
/* Unscaled X^2 = n sum (freq - law)^2 / law; *worst: the cell furthest out. */
double law_x2(size_t *worst, const double *freq, const law_cells *c, double n);

pbl_status law_no_memory(pbl_error *err);

#endif
