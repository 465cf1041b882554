#include <math.h>

#include "pbl_law.h"
#include "pbl_rng.h"

#define SUSPECT 1e-3
#define CERTAIN 1e-6
#define LONGER 4u

static pbl_status run_once(double *p, pbl_law_experiment run, void *context, unsigned multiple,
                           uint64_t seed, pbl_error *err) {
  *p = NAN;
  const pbl_status status = run(p, context, multiple, seed, err);
  if (status == PBL_OK && !(*p >= 0.0 && *p <= 1.0))
    return pbl_fail(err, PBL_NUMERIC, "sequential test: the experiment's p-value is %g", *p);
  return status;
}

pbl_status pbl_law_sequential(pbl_law_sequence *out, pbl_law_experiment run, void *context,
                              uint64_t seed, pbl_error *err) {
  const uint64_t first = pbl_splitmix64(&seed), second = pbl_splitmix64(&seed);
  *out = (pbl_law_sequence){.second_p = NAN};
  pbl_status status = run_once(&out->first_p, run, context, 1, first, err);
  if (status != PBL_OK) return status;
  out->passed = out->first_p >= SUSPECT;
  out->repeated = !out->passed && out->first_p > CERTAIN;
  if (!out->repeated) return PBL_OK;
  status = run_once(&out->second_p, run, context, LONGER, second, err);
  out->passed = out->second_p >= SUSPECT;
  return status;
}
