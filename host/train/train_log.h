/* Rows of log.csv. Internal to training. */
#ifndef PBL_TRAIN_LOG_H
#define PBL_TRAIN_LOG_H

#include "pcd.h"

/* Largest singular value of W (n_rows x n_cols) by power iteration from a fixed start: a lower
 * bound, exact to 1e-4 relative or the best of 200 iterations. NO_MEMORY. */
pbl_status pbl_spectral_norm(double *norm, const float *w, size_t n_rows, size_t n_cols,
                             pbl_error *err);
/* What the run shows after `epoch`; the columns of an evaluation are NaN. */
pbl_status pbl_train_log_row(pbl_train_log *row, pbl_pcd *t, int epoch, pbl_error *err);
/* Replaces the file atomically; NaN is an empty field. IO, NO_MEMORY. */
pbl_status pbl_train_log_write(const pbl_train_log *rows, size_t n, const char *path,
                               pbl_error *err);

#endif
