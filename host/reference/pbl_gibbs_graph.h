/* An Ising model on any graph for the Gibbs kernel (pbl_gibbs.h): p-bits in the order of their
 * blocks, so that a block is one stretch of a state. */
#ifndef PBL_GIBBS_GRAPH_H
#define PBL_GIBBS_GRAPH_H

#include <stdbool.h>

#include "pbl_colouring.h"
#include "pbl_gibbs.h"
#include "pbl_graph.h"

typedef struct {
  size_t n, n_blocks;
  size_t *start;          /* n_blocks + 1: places of a block */
  uint32_t *place;        /* n: of each p-bit; within a block by number */
  pbl_sparse_half *block; /* n_blocks: couplings by target; sources are places */
  float *bias;            /* n, by place */
} pbl_gibbs_graph;

/* Couplings and fields are rounded to float32. INVALID when blocks is no colouring of the graph,
 * NO_MEMORY. */
pbl_status pbl_gibbs_graph_create(pbl_gibbs_graph **out, const pbl_graph *graph,
                                  const pbl_colouring *blocks, pbl_error *err);
void pbl_gibbs_graph_destroy(pbl_gibbs_graph *g); /* NULL is legal */
/* One sweep of the 16 chains whose states stand in b->v by place: blocks 0, 1, .. B-1, and back to
 * 0 when palindromic (B-1 once). clamp: n by place, 1 = keep; or NULL. */
void pbl_gibbs_graph_sweep(pbl_gibbs_block *b, const pbl_gibbs_graph *g, const uint8_t *clamp,
                           float two_beta, bool palindromic);
/* Blocks B-1, .. 0. */
void pbl_gibbs_graph_back(pbl_gibbs_block *b, const pbl_gibbs_graph *g, const uint8_t *clamp,
                          float two_beta);
/* The one p-bit at a place, in all 16 chains. */
void pbl_gibbs_graph_site(pbl_gibbs_block *b, const pbl_gibbs_graph *g, size_t place,
                          const uint8_t *clamp, float two_beta);

#endif
