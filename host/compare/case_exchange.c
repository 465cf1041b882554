/* A case whose device exchanges replicas: its chains are the rungs of a ladder, in every lane. */
#include "compare_internal.h"
#include "pbl_ladder.h"

bool case_has_exchange(const pbl_case_config *cc) {
  return cc->ladder.betas[0] != '\0';
}

pbl_status case_ladder_words(pbl_ladder_words *words, const case_work *w, pbl_error *err) {
  const pbl_case_ladder *c = &w->cc->ladder;
  pbl_ladder ladder;
  const pbl_status st = pbl_ladder_parse(&ladder, c->betas, err);
  if (st) return st;
  return pbl_ladder_quantise(words, &ladder, &w->hw, (uint32_t)c->every,
                             c->scheme == PBL_SCHEME_RANDOM, err);
}

pbl_status case_write_ladder(pbl_driver *d, const case_work *w, const pbl_ladder_words *words,
                             pbl_error *err) {
  pbl_ladder_words given = *words;
  const int k = w->cc->faults.ladder_swap;
  if (k >= 0 && k + 1 < (int)words->n) {
    given.beta[k] = words->beta[k + 1];
    given.beta[k + 1] = words->beta[k];
  }
  return pbl_driver_set_ladder(d, &given, err);
}

pbl_status case_set_exchange(pbl_driver *d, const case_work *w, pbl_error *err) {
  pbl_ladder_words words;
  if (!case_has_exchange(w->cc)) return PBL_OK;
  pbl_status st = case_ladder_words(&words, w, err);
  if (!st) st = case_write_ladder(d, w, &words, err);
  return st ? st : pbl_driver_ladder_clear(d, err);
}
