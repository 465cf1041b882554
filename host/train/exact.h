/* Likelihood and spectral gap of a model that is small enough to be enumerated. Internal to
 * training. */
#ifndef PBL_TRAIN_EXACT_H
#define PBL_TRAIN_EXACT_H

#include "pbl_train.h"

/* V + H up to which the gap is computed: tens of milliseconds at 18 p-bits, a second at 20. */
#define PBL_TRAIN_GAP_PBITS 20

/* Whether the smaller side has at most `side` p-bits. */
bool pbl_train_enumerable(const pbl_rbm *m, int side);
/* ln Z of the model at its beta by enumeration of the smaller side; the report says so: an interval
 * of width 0, passed, and no log weights (NaN). Likelihoods are NaN. INVALID, NO_MEMORY,
 * INTERRUPTED. */
pbl_status pbl_train_exact(pbl_ais_report *out, const pbl_rbm *m, int threads,
                           pbl_progress *progress, pbl_error *err);
/* 1 - lambda_2 of the sweep h, v at the model's beta, rounded to 1e-13, which is what the solver is
 * good for (the same bytes whoever asked it before). NaN when the model has more than
 * PBL_TRAIN_GAP_PBITS p-bits, fewer than three on either side, or the solver finds no answer.
 * NO_MEMORY. One thread at a time (ARPACK). */
pbl_status pbl_train_gap(double *gap, const pbl_rbm *m, pbl_error *err);

#endif
