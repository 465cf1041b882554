/* A case whose device exchanges replicas: sampling, on the device and by the tempered reference.
 * The draws of rung 0 become those of the case, so that everything that a comparison does is done
 * for them; the other rungs have tests of their own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_npy.h"
#include "pbl_tempered.h"
#include "tempering_internal.h"

size_t case_chains(const case_work *w) {
  return w->tempering ? w->tempering->lanes : (size_t)w->cc->chains;
}

void tempering_hold(case_work *w, const pbl_ladder_words *words) {
  case_rungs *t = w->tempering;
  t->words = *words;
  for (size_t k = 0; k < t->rungs; k++)
    t->beta[k] = ldexp((double)words->beta[k], -w->hw.beta_frac);
}

static pbl_status check(const case_work *w, const pbl_ladder_words *words, pbl_error *err) {
  const pbl_case_config *cc = w->cc;
  const char *what = case_is_regulated(cc)                  ? "a regulator that moves beta"
                     : cc->schedule[0]                      ? "schedule"
                     : cc->device_pairs > 0                 ? "device_pairs"
                     : cc->kernel == PBL_KERNEL_COIN        ? "kernel coin"
                     : cc->kernel == PBL_KERNEL_RANDOM_SITE ? "kernel random_site"
                     : cc->faults.beta_gain > 0 && cc->faults.beta_gain != 1.0 ? "faults.beta_gain"
                                                                               : NULL;
  if (what != NULL)
    return pbl_fail(err, PBL_CONFIG, "case %s: ladder and %s do not go together in compare",
                    cc->name, what);
  if (words->beta[0] != w->image->beta)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: ladder: its first beta is word %u, the beta of the case %u; rung 0 "
                    "is what is compared, so they must be the same",
                    cc->name, words->beta[0], w->image->beta);
  if (w->hw.lanes < 4)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: %d lanes; a comparison of a ladder needs 4 or more, each a ladder of "
                    "its own",
                    cc->name, w->hw.lanes);
  return PBL_OK;
}

pbl_status case_tempering_open(case_work *w, pbl_error *err) {
  pbl_ladder_words words;
  if (!case_has_exchange(w->cc)) return PBL_OK;
  pbl_status st = case_ladder_words(&words, w, err);
  if (!st) st = check(w, &words, err);
  if (st) return st;
  case_rungs *t = calloc(1, sizeof *t);
  if (!t) return pbl_fail(err, PBL_NO_MEMORY, "ladder: out of memory");
  t->rungs = words.n;
  t->lanes = (size_t)w->hw.lanes;
  w->tempering = t;
  tempering_hold(w, &words);
  return PBL_OK;
}

void case_tempering_release(case_work *w) {
  case_rungs *t = w->tempering;
  w->tempering = NULL;
  if (!t) return;
  pbl_chains_destroy(t->device);
  pbl_chains_destroy(t->reference);
  pbl_chains_destroy(t->alone);
  free(t->energy[0]);
  free(t->energy[1]);
  free(t->law);
  free(t);
}

pbl_status tempering_slice(pbl_chains **out, const pbl_chains *c, size_t first, size_t n,
                           pbl_error *err) {
  const pbl_status st = pbl_chains_create(out, n, c->n_draws, c->n_pbits, err);
  if (st) return st;
  memcpy((*out)->bits, pbl_chains_row(c, first, 0), n * c->n_draws * c->row_bytes);
  (*out)->n_recorded = c->n_recorded;
  return PBL_OK;
}

static pbl_status create_store(pbl_chains **out, const case_work *w, pbl_error *err) {
  const case_rungs *t = w->tempering;
  const pbl_status st = pbl_chains_create(out, t->rungs * t->lanes, (size_t)w->cc->draws,
                                          (size_t)pbl_hw_pbits(&w->hw), err);
  return st ? st : pbl_chains_create_labels(*out, err);
}

static void keep_rates(case_work *w, const pbl_exchange_state *before,
                       const pbl_exchange_state *after) {
  pbl_exchange_report *r = &w->result->exchange;
  for (size_t k = 0; k + 1 < w->tempering->rungs; k++) {
    r->pair[k].tries = (double)(after->tries[k] - before->tries[k]);
    r->pair[k].rate = (double)(after->accepts[k] - before->accepts[k]) / r->pair[k].tries;
  }
}

/* Burn-in has been made. Also what is drawn so far when something failed. */
pbl_status case_tempering_device(case_work *w, pbl_driver *d, pbl_error *err) {
  case_rungs *t = w->tempering;
  pbl_exchange_state before, after;
  pbl_error ignored;
  pbl_status st = create_store(&t->device, w, err);
  if (!st) st = pbl_driver_exchange_read(d, &before, err);
  if (st) return st;
  t->burn_in += (uint64_t)w->cc->burn_in;
  st = pbl_driver_run(d, t->device, (size_t)w->cc->draws, (size_t)w->cc->every, w->progress, err);
  const pbl_status read = pbl_driver_exchange_read(d, &after, st ? &ignored : err);
  if (!read) keep_rates(w, &before, &after);
  if (!st) st = read;
  const pbl_status sliced =
      tempering_slice(&w->device, t->device, 0, t->lanes, st ? &ignored : err);
  return st ? st : sliced;
}

pbl_status case_tempering_reference(case_work *w, pbl_error *err) {
  case_rungs *t = w->tempering;
  const pbl_case_config *cc = w->cc;
  pbl_tempered *s = NULL;
  signed char *starts = NULL;
  const pbl_tempered_options opt = {.n_ladders = t->lanes,
                                    .n_rungs = t->rungs,
                                    .beta = t->beta,
                                    .every = t->words.every,
                                    .random = t->words.random,
                                    .seed = case_seed(w, STREAM_REFERENCE),
                                    .threads = w->config->threads,
                                    .kernel = cc->kernel};
  pbl_status st = w->held ? pbl_tempered_create_graph(&s, w->held, w->colouring, &opt, err)
                          : pbl_tempered_create(&s, w->dequantised, &opt, err);
  if (!st) st = case_starts(&starts, w, STREAM_REFERENCE_START, err);
  if (!st) st = pbl_tempered_set_state(s, starts, err);
  if (!st) st = pbl_tempered_set_clamp(s, w->image->clamp, err);
  if (!st) st = create_store(&t->reference, w, err);
  if (!st && cc->burn_in > 0)
    st = pbl_tempered_run(s, NULL, (size_t)cc->burn_in, 1, w->progress, err);
  if (!st) {
    const double start = case_seconds_now();
    st = pbl_tempered_run(s, t->reference, (size_t)cc->draws, (size_t)cc->every, w->progress, err);
    pbl_case_result *r = w->result;
    r->reference_seconds = case_seconds_now() - start;
    r->reference_updates_per_second = (double)t->reference->n_recorded * (double)cc->every *
                                      (double)(t->rungs * t->lanes) * pbl_hw_pbits(&w->hw) /
                                      r->reference_seconds;
  }
  if (!st) st = tempering_slice(&w->reference, t->reference, 0, t->lanes, err);
  free(starts);
  pbl_tempered_destroy(s);
  return st ? pbl_wrap(err, st, "case %s: reference", cc->name) : PBL_OK;
}

pbl_status case_tempering(case_work *w, pbl_error *err) {
  case_rungs *t = w->tempering;
  if (!t) return PBL_OK;
  pbl_exchange_report *r = &w->result->exchange;
  r->n_rungs = t->rungs;
  r->n_lanes = t->lanes;
  for (size_t k = 0; k < t->rungs; k++) r->rung[k].beta = t->beta[k];
  pbl_status st = tempering_energies(&t->energy[0], w, t->device, err);
  if (!st) st = tempering_energies(&t->energy[1], w, t->reference, err);
  if (!st) st = tempering_exact(w, err);
  if (!st) st = tempering_innovations(w, err);
  if (!st) st = tempering_decisions(w, err);
  if (!st) st = tempering_means(w, err);
  if (!st) st = tempering_factors(w, err);
  if (!st) tempering_round_trips(w);
  return st ? pbl_wrap(err, st, "case %s: ladder", w->cc->name) : PBL_OK;
}

pbl_status case_tempering_write(const char *folder, const case_work *w, pbl_error *err) {
  const pbl_chains *c = w->tempering ? w->tempering->device : NULL;
  char path[1400];
  if (!c || c->n_recorded == 0) return PBL_OK;
  snprintf(path, sizeof path, "%s/%s/rungs.npy", folder, w->cc->name);
  const pbl_status st = pbl_chains_write(c, path, err);
  const size_t shape[2] = {c->n_recorded, c->n_chains};
  snprintf(path, sizeof path, "%s/%s/labels.npy", folder, w->cc->name);
  return st ? st : pbl_npy_write(path, PBL_U8, 2, shape, c->label, err);
}
