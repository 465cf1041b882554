/* Reference sampler: block Gibbs of an RBM (or a graph in blocks) in float32 on OpenBLAS, many
 * chains at once.
 *
 * Deterministic: chains are processed in fixed blocks of PBL_REFERENCE_BLOCK, each block with its
 * own generators and its own single-threaded GEMM calls, so that any number of threads gives the
 * same bytes. One random word per update and chain, never shared. A weight matrix of which less
 * than 5 % is not 0 is summed entry by entry: the same bytes where the fields are exact in float32,
 * as they are for a quantised model. */
#ifndef PBL_REFERENCE_H
#define PBL_REFERENCE_H

#include <stdint.h>

#include "pbl_chains.h"
#include "pbl_colouring.h"
#include "pbl_graph.h"
#include "pbl_hw.h"
#include "pbl_model.h"
#include "pbl_progress.h"

#define PBL_REFERENCE_BLOCK 16

typedef struct pbl_reference pbl_reference;

typedef struct {
  size_t n_chains; /* >= 1 */
  uint64_t seed;   /* chain c's stream: xoshiro128++ seeded by `seed`, c+1 long jumps ahead; the
                    * coins of block b (kernel coin; the picks of random_site): as many blocks'
                    * chains and b long jumps more */
  int threads;     /* 0: all cores */
  pbl_kernel kernel;
  double beta; /* inverse temperature */
} pbl_reference_options;

/* Copies the model. The first state is uniform at random, from a stream that no chain uses.
 * INVALID, NO_MEMORY. Makes OpenBLAS single-threaded for the whole process. One thread per object.
 */
pbl_status pbl_reference_create(pbl_reference **out, const pbl_rbm *model,
                                const pbl_reference_options *opt, pbl_error *err);
/* The same for an Ising model on any graph: block Gibbs over the colours, blocks 0, 1, .. B-1, and
 * back to 0 when palindromic, or B-1, .. 0 instead by a coin; p-bits of a block by number.
 * random_site: n updates of p-bits drawn at random, which the chains of a block share. Copies both.
 * Where the functions below say V+H it is the graph's n. INVALID also when `blocks` is no colouring
 * of `graph`. */
pbl_status pbl_reference_create_graph(pbl_reference **out, const pbl_graph *graph,
                                      const pbl_colouring *blocks, const pbl_reference_options *opt,
                                      pbl_error *err);
void pbl_reference_destroy(pbl_reference *r);
/* States n_chains x (V+H), +-1, visible first. */
pbl_status pbl_reference_set_state(pbl_reference *r, const signed char *states, pbl_error *err);
void pbl_reference_get_state(const pbl_reference *r, signed char *states);
/* `clamp` V+H bytes, 1 = keep; NULL clears. */
pbl_status pbl_reference_set_clamp(pbl_reference *r, const uint8_t *clamp, pbl_error *err);
/* n_draws draws of `every` sweeps each, appended to out after its n_recorded draws (they must fit:
 * INVALID; out may be NULL for burn-in, then n_draws*every sweeps are run). INTERRUPTED keeps the
 * draws made so far; out->n_recorded always says how many there are. Kernel coin: the chains of a
 * block share their coins, which go to out->order where it was created (order_chains of
 * PBL_REFERENCE_BLOCK). */
pbl_status pbl_reference_run(pbl_reference *r, pbl_chains *out, size_t n_draws, size_t every,
                             pbl_progress *progress, pbl_error *err);

#endif
