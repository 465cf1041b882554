/* The bridge between neighbouring temperatures. Internal to host/train. */
#ifndef PBL_AIS_BRIDGE_H
#define PBL_AIS_BRIDGE_H

#include "pbl_ais.h"
#include "pbl_ais_path.h"

/* Fills bridge_log_z, its interval and bridge_overlap. INVALID, NO_MEMORY, INTERRUPTED, NUMERIC. */
pbl_status pbl_ais_bridge(pbl_normalisation *out, const pbl_rbm *m, const float *base,
                          const pbl_normalisation_options *opt, uint64_t seed,
                          pbl_progress *progress, pbl_error *err);

#endif
