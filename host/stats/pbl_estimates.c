#include "estimator_internal.h"

pbl_status pbl_estimate_all(pbl_estimates *out, const double *x, size_t n_chains, size_t n_draws,
                            pbl_error *err) {
  if (out == NULL) return pbl_fail(err, PBL_INVALID, "pbl_estimate_all: no report to fill");
  pbl_wolff_options wolff = pbl_wolff_default();
  double variance;
  pbl_status status = pbl_sokal(&out->sokal, x, n_chains, n_draws, 5.0, err);
  if (status == PBL_OK) status = pbl_wolff(&out->wolff_15, x, n_chains, n_draws, &wolff, err);
  wolff.s = 2.0;
  if (status == PBL_OK) status = pbl_wolff(&out->wolff_20, x, n_chains, n_draws, &wolff, err);
  if (status == PBL_OK) status = pbl_stan(&out->stan, x, n_chains, n_draws, err);
  if (status == PBL_OK) status = pbl_batch_means(&out->batch, x, n_chains, n_draws, 0, err);
  if (status == PBL_OK) status = pbl_chain_means(&out->s_n, x, n_chains, n_draws, err);
  if (status == PBL_OK) {
    status = pbl_geyer_of(&out->geyer_chain, &variance, x, n_chains, n_draws, n_draws - 1,
                          PBL_CENTRE_CHAIN, err);
  }
  if (status == PBL_OK) {
    status = pbl_geyer_of(&out->geyer_pooled, &variance, x, n_chains, n_draws, n_draws / 2,
                          PBL_CENTRE_POOLED, err);
  }
  return status;
}
