/* Keeps a model in the regime in which block Gibbs mixes. Internal to training and its tests. */
#ifndef PBL_SPECTRAL_H
#define PBL_SPECTRAL_H

#include <stddef.h>

#include "pbl_error.h"
#include "pbl_model.h"

/* Clip the singular values of J = beta D_v^1/2 W D_h^1/2 at `limit`, D = diag(1 - mean^2) with
 * means mean_v (V) and mean_h (H) of the p-bits (D_h is floored at 0.05). To first order in the
 * fluctuations about these means a sweep multiplies mode k by s_k^2, so the mode's half-Sokal tau
 * is (1 + s^2) / (2 - 2 s^2). The biases absorb the change at the means: W v + c and W h + b stay
 * there. *largest (may be NULL) is the largest singular value before. NO_MEMORY, NUMERIC. */
pbl_status pbl_spectral_clip(pbl_rbm *m, const float *mean_v, const float *mean_h, double limit,
                             double *largest, pbl_error *err);

#endif
