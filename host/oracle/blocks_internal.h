/* Private to the two-block solver. */
#ifndef PBL_BLOCKS_INTERNAL_H
#define PBL_BLOCKS_INTERNAL_H

#include <cblas.h>

#include "oracle_internal.h"
#include "pbl_blocks.h"

struct pbl_blocks {
  const pbl_oracle *o;
  bool on_hidden;      /* the own, smaller side is h */
  size_t m;            /* states of the own side */
  double *other_table; /* 2^H x 2^V: P(h|v) for own = h, else P(v|h) */
  double *matrix;      /* m x m, row-major: M; lu and quarter_lu behind it */
  double *lu;          /* of I - M + 1 w' */
  double *quarter_lu;  /* of I - M/4 */
  int *pivot, *quarter_pivot;
  double *weight; /* m: the law's marginal on the own side, w */
};

/* INVALID when the solver does not know the scan. */
pbl_status pbl_blocks_check(const pbl_blocks *b, pbl_scan scan, pbl_error *err);
/* Rows of out (n x m) = M times rows of x. */
void pbl_blocks_multiply(double *out, const pbl_blocks *b, const double *x, size_t n);

#endif
