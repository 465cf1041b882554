/* Normalisation with a check on itself: annealed importance sampling in both directions (BDMC,
 * Grosse et al. 2015), Bennett's acceptance ratio between the two, and independently Bennett's
 * ratio between neighbouring temperatures of equilibrium chains (Bennett 1976). The forward
 * direction alone is pbl_ais (pbl_train.h). Visible p-bits only: the hidden ones are summed out. */
#ifndef PBL_AIS_H
#define PBL_AIS_H

#include <stdbool.h>

#include "pbl_train.h"

/* log Z from paths that start in samples of the model and end in the base: E ln >= ln Z when the
 * samples are exact. samples: n_samples x V, +-1, one path each. Same temperatures, base and report
 * as pbl_ais. INVALID, NO_MEMORY, INTERRUPTED, NUMERIC. Makes OpenBLAS single-threaded. */
pbl_status pbl_ais_reverse(pbl_ais_report *out, const pbl_rbm *m, const float *base_bias,
                           const signed char *samples, size_t n_samples, int n_temperatures,
                           uint64_t seed, int threads, pbl_progress *progress, pbl_error *err);

typedef struct {
  int n_chains;            /* forward paths, >= 2 */
  int n_temperatures;      /* of both directions, >= 2 */
  int bridge_temperatures; /* of the bridge, evenly spaced, >= 2; 0: no bridge */
  int bridge_chains;       /* rounded up to 16, at least 32: the jackknife leaves one out */
  int bridge_burn_in, bridge_draws; /* sweeps at every temperature */
  double tolerance; /* allowed gap between the directions, and between them and the bridge; nats */
  uint64_t seed;
  int threads;
} pbl_normalisation_options;
/* 2000 chains, 500 temperatures, bridge of 12 x 64 chains x 100 sweeps after 50, tolerance .1. */
pbl_normalisation_options pbl_normalisation_default(void);

typedef struct {
  pbl_ais_report forward, reverse;
  double log_z, log_z_low, log_z_high; /* both directions together by Bennett's ratio, 95 % */
  double gap; /* reverse - forward: >= 0 on average, small when converged */
  double bridge_log_z, bridge_low,
      bridge_high;       /* NaN without a bridge; 95 %, jackknife over chains */
  double bridge_overlap; /* smallest between neighbours, 0 .. 1/2 */
  bool samples_exact; /* as said by the caller; else the upper bound is only as good as they are */
  bool passed;
  const char *gate; /* the first that failed, or "all gates passed"; static text */
} pbl_normalisation;

#define PBL_BRIDGE_MIN_OVERLAP 0.03

/* samples: as in pbl_ais_reverse; exact says whether they are independent exact samples or the end
 * of long chains. base_bias: V or NULL. The result is gated by pbl_normalisation_gate. */
pbl_status pbl_normalise(pbl_normalisation *out, const pbl_rbm *m, const float *base_bias,
                         const signed char *samples, size_t n_samples, bool exact,
                         const pbl_normalisation_options *opt, pbl_progress *progress,
                         pbl_error *err);
/* Sets gap, passed and gate from the other numbers. In this order: forward ESS fraction > .2 and
 * variance of log w < 2, the same in reverse, |gap| < tolerance, bridge overlap >= .03, bridge
 * within tolerance of log_z. */
void pbl_normalisation_gate(pbl_normalisation *n, double tolerance);

#endif
