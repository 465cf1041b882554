/* Sums over states relative to a floating reference, private to this room. */
#ifndef PBL_ENUMERATE_INTERNAL_H
#define PBL_ENUMERATE_INTERNAL_H

#include <stddef.h>

#include "pbl_enumerate.h"

/* Weights exp(log_weight - top); energies about `shift`. values: sums of weight times whatever the
 * owner counts (n_values of them). */
typedef struct {
  double top, shift;
  double total, energy1, energy2, lowest;
  double *values;
} pbl_chunk_sums;

/* n_chunks sums with n_values values each in one allocation; NULL without memory. */
pbl_chunk_sums *pbl_chunks_create(size_t n_chunks, size_t n_values);
void pbl_chunk_clear(pbl_chunk_sums *s, size_t n_values);
/* s += other. Also how a row of states enters a chunk. */
void pbl_chunk_add(pbl_chunk_sums *s, const pbl_chunk_sums *other, size_t n_values);
/* log Z, energy and variance; values become means. */
void pbl_chunk_finish(pbl_energy_sums *out, pbl_chunk_sums *s, size_t n_values);

/* NULL-safe count of finite numbers: index of the first that is not, or n. */
size_t pbl_first_not_finite(const double *x, size_t n);

#endif
