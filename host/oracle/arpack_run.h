/* Private to host/oracle: ARPACK on a centred step, in coordinates f sqrt(weight). */
#ifndef PBL_ARPACK_RUN_H
#define PBL_ARPACK_RUN_H

#include <stdbool.h>

#include "pbl_error.h"
#include "pbl_progress.h"

typedef struct {
  /* out = step applied to f; both of length n; context as given below. */
  void (*step)(const void *context, double *out, const double *f);
  const void *context;
  size_t n;
  const double *weight; /* n: the law that the step keeps; its constants are projected out */
  bool symmetric;       /* self-adjoint under `weight` */
  size_t count;         /* 2 count + 3 <= n */
  double tolerance;
  pbl_progress *progress;
} pbl_arpack_task;

/* Leading `count` eigenvalues by modulus, and functions as rows (count x n, or NULL), as
 * pbl_oracle_modes. */
pbl_status pbl_arpack_run(double *re, double *im, double *functions, const pbl_arpack_task *task,
                          pbl_error *err);

#endif
