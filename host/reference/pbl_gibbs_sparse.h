/* Weight matrix with few non-zero words, for the fields of the Gibbs kernel (pbl_gibbs.h). */
#ifndef PBL_GIBBS_SPARSE_H
#define PBL_GIBBS_SPARSE_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"

/* Entries of target t: first[t] <= e < first[t+1], sources ascending. */
typedef struct {
  size_t n_targets;
  size_t *first;    /* n_targets + 1 */
  uint32_t *source; /* p-bit of the other block */
  float *weight;
} pbl_sparse_half;

typedef struct {
  pbl_sparse_half hidden, visible; /* by target */
} pbl_gibbs_sparse;

/* *out stays NULL when a share of `most` (0..1) or more of the n_visible x n_hidden weights is not
 * 0. NO_MEMORY. */
pbl_status pbl_gibbs_sparse_create(pbl_gibbs_sparse **out, const float *w, size_t n_visible,
                                   size_t n_hidden, double most, pbl_error *err);
void pbl_gibbs_sparse_destroy(pbl_gibbs_sparse *s); /* NULL is legal */
/* field = the sums over the entries, n_targets x 16; source states as in pbl_gibbs_block. Added in
 * the order of the sources: the same bits as a matrix product wherever the sums are exact. */
void pbl_gibbs_sparse_field(float *field, const pbl_sparse_half *s, const float *states);

#endif
