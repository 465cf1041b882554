/* timing.csv of a training run: epoch, seconds of training, seconds of evaluation (log row, AIS,
 * tau, report). The last line, without seconds of training, is the evaluation at the end. Internal
 * to training. */
#ifndef PBL_TIMING_H
#define PBL_TIMING_H

#include <stdio.h>

#include "pbl_error.h"

typedef struct {
  FILE *file;
  const char *path; /* borrowed */
} pbl_timing;

/* Goes on behind the lines of the first `epoch` epochs, or begins anew. A damaged or missing line
 * is no error: times belong to the process that took them. IO. */
pbl_status pbl_timing_open(pbl_timing *t, const char *path, int epoch, pbl_error *err);
/* NaN is an empty field. IO. */
pbl_status pbl_timing_add(pbl_timing *t, int epoch, double training, double evaluation,
                          pbl_error *err);
void pbl_timing_close(pbl_timing *t);
/* Seconds of a clock that only goes forward. */
double pbl_timing_now(void);

#endif
