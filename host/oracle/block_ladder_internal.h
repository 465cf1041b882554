/* Private to host/oracle: what every kind of ladder with a forgotten block fills in. */
#ifndef PBL_BLOCK_LADDER_INTERNAL_H
#define PBL_BLOCK_LADDER_INTERNAL_H

#include "pbl_block_ladder.h"

struct pbl_block_ladder {
  size_t rungs;
  size_t n;       /* states of one rung */
  size_t m;       /* what a sweep remembers of them: state mod m */
  size_t chain;   /* m^rungs */
  size_t values;  /* observables */
  double *value;  /* values x n */
  double *start;  /* rungs x m: a law of what is remembered to start from */
  double *sweep;  /* rungs x m x n: from what is remembered to states */
  double *accept; /* (rungs - 1) x n x n */
  double *alone;  /* rungs x m x m: sweep, forgotten again */
  double *pair;   /* (rungs - 1) x m^2 x m^2: sweeps of rungs k and k+1, exchange; index a + m b */
};

/* Nothing filled. INVALID for rungs or a chain that is too long. */
pbl_status pbl_block_ladder_allocate(pbl_block_ladder **out, size_t n, size_t m, size_t values,
                                     size_t rungs, pbl_error *err);
/* alone and pair, from sweep and accept. */
void pbl_block_ladder_finish(pbl_block_ladder *b);

#endif
