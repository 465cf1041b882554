#include <stdlib.h>

#include "pbl_estimators.h"

pbl_status pbl_estimate_all(pbl_estimates *out, const double *x, size_t n_chains, size_t n_draws,
                            pbl_error *err) {
  if (out == NULL) return pbl_fail(err, PBL_INVALID, "pbl_estimate_all: no report to fill");
  pbl_wolff_options wolff = pbl_wolff_default();
  double *gamma = NULL;
  pbl_status status = pbl_sokal(&out->sokal, x, n_chains, n_draws, 5.0, err);
  if (status == PBL_OK) status = pbl_wolff(&out->wolff_15, x, n_chains, n_draws, &wolff, err);
  wolff.s = 2.0;
  if (status == PBL_OK) status = pbl_wolff(&out->wolff_20, x, n_chains, n_draws, &wolff, err);
  if (status == PBL_OK) status = pbl_stan(&out->stan, x, n_chains, n_draws, err);
  if (status == PBL_OK) status = pbl_batch_means(&out->batch, x, n_chains, n_draws, 0, err);
  if (status == PBL_OK) status = pbl_chain_means(&out->s_n, x, n_chains, n_draws, err);
  if (status != PBL_OK) return status;
  gamma = malloc(n_draws * sizeof *gamma);
  if (gamma == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "autocovariance of %zu lags: out of memory", n_draws);
  }
  status = pbl_acf(gamma, n_draws - 1, x, n_chains, n_draws, PBL_CENTRE_CHAIN, err);
  if (status == PBL_OK) {
    out->geyer_chain = pbl_geyer(gamma, n_draws - 1);
    status = pbl_autocovariance(gamma, n_draws / 2, x, n_chains, n_draws, err);
  }
  if (status == PBL_OK) out->geyer_pooled = pbl_geyer(gamma, n_draws / 2);
  free(gamma);
  return status;
}
