/* A ladder whose betas move before the burn-in, until rejections are even: rounds of doubling
 * length, the last as long as the burn-in, each from the device's own counts of tries and accepts.
 */
#include <math.h>

#include "pbl_ladder.h"
#include "tempering_internal.h"

#define LEAST_TRIES 50.0 /* of a pair in a round; with fewer the ladder stays as it is */

/* Rejections of a round into reject; whether every pair was tried often enough. */
static bool rejections(double *reject, const pbl_exchange_state *before,
                       const pbl_exchange_state *after, size_t pairs) {
  for (size_t k = 0; k < pairs; k++) {
    const double tries = (double)(after->tries[k] - before->tries[k]);
    if (tries < LEAST_TRIES) return false;
    reject[k] = 1 - (double)(after->accepts[k] - before->accepts[k]) / tries;
  }
  return true;
}

/* Keeps every beta apart from the next by a word at least. */
static bool quantise(pbl_ladder_words *words, const double *beta, const case_work *w) {
  const size_t n = w->tempering->rungs;
  for (size_t k = 1; k + 1 < n; k++)
    words->beta[k] = (uint32_t)lround(ldexp(beta[k], w->hw.beta_frac));
  const bool falling = words->beta[0] > words->beta[n - 1];
  for (size_t k = 0; k + 1 < n; k++) {
    if (words->beta[k] == words->beta[k + 1] || (words->beta[k] > words->beta[k + 1]) != falling)
      return false;
  }
  return true;
}

static pbl_status one_round(case_work *w, pbl_driver *d, uint64_t sweeps, pbl_error *err) {
  case_rungs *t = w->tempering;
  pbl_exchange_state before, after;
  double beta[PBL_EXCHANGE_RUNGS], reject[PBL_EXCHANGE_RUNGS];
  pbl_ladder_words words = t->words;
  pbl_status st = pbl_driver_exchange_read(d, &before, err);
  if (!st) st = pbl_driver_run(d, NULL, (size_t)sweeps, 1, w->progress, err);
  if (!st) st = pbl_driver_exchange_read(d, &after, err);
  if (st) return st;
  t->burn_in += sweeps;
  if (!rejections(reject, &before, &after, t->rungs - 1)) return PBL_OK;
  for (size_t k = 0; k < t->rungs; k++) beta[k] = t->beta[k];
  pbl_ladder_adapt(beta, reject, (int)t->rungs);
  if (!quantise(&words, beta, w)) return PBL_OK;
  tempering_hold(w, &words);
  w->result->exchange.adapted++;
  return case_write_ladder(d, w, &words, err);
}

pbl_status case_tempering_adapt(case_work *w, pbl_driver *d, pbl_error *err) {
  const int rounds = w->cc->ladder.adapt;
  pbl_status st = PBL_OK;
  for (int k = 0; !st && k < rounds; k++) {
    const uint64_t sweeps = (uint64_t)w->cc->burn_in >> (rounds - 1 - k);
    if (sweeps > 0) st = one_round(w, d, sweeps, err);
  }
  return st;
}
