/* What the observer of a run is shown. Internal to training. */
#ifndef PBL_TRAIN_VIEW_H
#define PBL_TRAIN_VIEW_H

#include "pcd.h"

/* Calls the observer, if there is one. Its errors, NO_MEMORY. */
pbl_status pbl_train_show(const pbl_pcd *t, const pbl_train_log *rows, size_t n_rows,
                          const char *identity, const char *telemetry, pbl_error *err);

#endif
