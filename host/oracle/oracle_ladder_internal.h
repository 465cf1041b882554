/* Private to host/oracle: the ladder's steps on vectors. */
#ifndef PBL_ORACLE_LADDER_INTERNAL_H
#define PBL_ORACLE_LADDER_INTERNAL_H

#include <stdbool.h>

#include "pbl_oracle_ladder.h"

struct pbl_oracle_ladder {
  size_t rungs, n, states;
  double *kernel; /* rungs x n x n */
  double *accept; /* (rungs - 1) x n x n, [k][x][y] */
};

/* out = f with the matrix (size x size, row = source) applied along one axis of f, outer x size x
 * inner; backward: out = M f, forward: out = f M. out is not f. */
void pbl_ladder_axis(double *out, const double *f, const double *matrix, size_t size, size_t inner,
                     size_t outer, bool forward);
size_t pbl_ladder_power(size_t n, size_t k); /* n^k */
/* One step of a scheme in place. work: from pbl_ladder_work, which checks the scheme and makes room
 * for four vectors and `vectors` more behind them (free). */
void pbl_ladder_step(const pbl_oracle_ladder *l, const char *scheme, double *f, double *work,
                     bool forward);
pbl_status pbl_ladder_work(double **work, const pbl_oracle_ladder *l, const char *scheme,
                           size_t vectors, pbl_error *err);

#endif
