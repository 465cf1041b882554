/* How good the model is and how well it mixes, at its present, held temperature. Internal to
 * training. */
#ifndef PBL_TRAIN_EVALUATE_H
#define PBL_TRAIN_EVALUATE_H

#include "pcd.h"

/* Fills the evaluation columns of *row and *ais (NaN where the options skip them): reconstruction
 * of the test images, log-likelihoods, exact or by AIS from base_bias (V) with its gates, the exact
 * gap, and tau of the free energy F(v)/T in chains from random starts. test may be NULL.
 * INTERRUPTED, NO_MEMORY. */
pbl_status pbl_train_evaluate(pbl_train_log *row, pbl_ais_report *ais, pbl_pcd *t,
                              const float *base_bias, const signed char *test, size_t n_test,
                              pbl_progress *progress, pbl_error *err);

#endif
