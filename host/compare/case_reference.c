/* The software reference side of a case: the dequantised model with an exact sigmoid, in float32.
 */
#include <stdlib.h>

#include "compare_internal.h"
#include "pbl_reference.h"

pbl_status case_sample_reference(case_work *w, pbl_error *err) {
  if (w->tempering) return case_tempering_reference(w, err);
  const pbl_case_config *cc = w->cc;
  pbl_reference *ref = NULL;
  signed char *starts = NULL;
  const pbl_reference_options opt = {
      .n_chains = (size_t)cc->chains,
      .seed = case_seed(w, STREAM_REFERENCE),
      .threads = w->config->threads,
      .kernel = cc->kernel,
      .beta = w->held_beta,
  };
  pbl_status st = w->held ? pbl_reference_create_graph(&ref, w->held, w->colouring, &opt, err)
                          : pbl_reference_create(&ref, w->dequantised, &opt, err);
  if (!st) st = case_starts(&starts, w, STREAM_REFERENCE_START, err);
  if (!st) st = pbl_reference_set_state(ref, starts, err);
  if (!st) st = pbl_reference_set_clamp(ref, w->image->clamp, err);
  if (!st) {
    st = pbl_chains_create(&w->reference, (size_t)cc->chains, (size_t)cc->draws,
                           (size_t)pbl_hw_pbits(&w->hw), err);
  }
  if (!st && cc->kernel == PBL_KERNEL_COIN)
    st = pbl_chains_create_order(w->reference, PBL_REFERENCE_BLOCK, err);
  if (!st && cc->burn_in > 0) {
    st = pbl_reference_run(ref, NULL, (size_t)cc->burn_in, 1, w->progress, err);
  }
  if (!st) {
    const double start = case_seconds_now();
    st = pbl_reference_run(ref, w->reference, (size_t)cc->draws, (size_t)cc->every, w->progress,
                           err);
    pbl_case_result *r = w->result;
    r->reference_seconds = case_seconds_now() - start;
    r->reference_updates_per_second = (double)w->reference->n_recorded * (double)cc->every *
                                      (double)cc->chains * pbl_hw_pbits(&w->hw) /
                                      r->reference_seconds;
  }
  free(starts);
  pbl_reference_destroy(ref);
  return st ? pbl_wrap(err, st, "case %s: reference", cc->name) : PBL_OK;
}
