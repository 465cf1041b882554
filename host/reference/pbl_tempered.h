/* Reference sampler of replica exchange: independent ladders of temperatures in float32, each rung
 * a plain reference sampler (pbl_reference.h), exchanged as the device does it: after every M-th
 * sweep, and after the draw that may show it, a pass over even, then odd pairs of rungs, or over
 * those of a coin. Decisions by min(1, exp) of energies in double precision.
 *
 * Deterministic for any number of threads. One thread per object. */
#ifndef PBL_TEMPERED_H
#define PBL_TEMPERED_H

#include <stdbool.h>

#include "pbl_reference.h"

#define PBL_TEMPERED_MAX_RUNGS 64

typedef struct pbl_tempered pbl_tempered;

typedef struct {
  size_t n_ladders;   /* L >= 1, independent of each other */
  size_t n_rungs;     /* 1..PBL_TEMPERED_MAX_RUNGS */
  const double *beta; /* n_rungs, rung 0 first; copied */
  size_t every;       /* M, sweeps from pass to pass; 0: none */
  bool random;        /* parity of a pass by a coin of each ladder; else even, odd, even, .. */
  uint64_t seed;      /* rung k samples with the seed of splitmix64(seed + k) */
  int threads;        /* 0: all cores */
  pbl_kernel kernel;
} pbl_tempered_options;

/* Copies the model; random starting states. INVALID, NO_MEMORY. */
pbl_status pbl_tempered_create(pbl_tempered **out, const pbl_rbm *model,
                               const pbl_tempered_options *opt, pbl_error *err);
/* graph and blocks must outlive the sampler. */
pbl_status pbl_tempered_create_graph(pbl_tempered **out, const pbl_graph *graph,
                                     const pbl_colouring *blocks, const pbl_tempered_options *opt,
                                     pbl_error *err);
void pbl_tempered_destroy(pbl_tempered *t);
/* States n_rungs x n_ladders x (V+H), +-1. */
pbl_status pbl_tempered_set_state(pbl_tempered *t, const signed char *states, pbl_error *err);
/* V+H bytes, 1 = keep: all ladders must have the same value there. */
pbl_status pbl_tempered_set_clamp(pbl_tempered *t, const uint8_t *clamp, pbl_error *err);
/* n_draws draws of `every` sweeps, appended to out, whose chain k L + l is rung k of ladder l;
 * NULL: burn-in. out->label, where it was created, receives the rungs of all replicas: replica k L
 * + l is the one that started at rung k of ladder l. Errors as pbl_reference_run. */
pbl_status pbl_tempered_run(pbl_tempered *t, pbl_chains *out, size_t n_draws, size_t every,
                            pbl_progress *progress, pbl_error *err);
/* Tries and exchanges of pair k so far, all ladders. */
void pbl_tempered_counts(const pbl_tempered *t, size_t k, uint64_t *tries, uint64_t *accepts);

#endif
