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
void law_cells_free(law_cells *c);

/* State of one draw as an index; n_pbits at most 24. */
size_t law_state(const pbl_chains *chains, size_t chain, size_t draw);
/* INVALID when chains and kernel differ in size or nothing was recorded. */
pbl_status law_check(const pbl_chains *chains, const pbl_dense *d, size_t min_draws,
                     pbl_error *err);

pbl_status law_no_memory(pbl_error *err);

#endif
