/* What exchange is worth: autocorrelation times of rung 0 beside those of chains without it, on the
 * same device at the same beta. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tempering_internal.h"

#define WARM_UP 10 /* the chains alone burn in for a tenth of their draws */

pbl_status tempering_alone(case_work *w, pbl_driver *d, pbl_error *err) {
  case_rungs *t = w->tempering;
  const size_t draws = (size_t)w->cc->ladder.alone_draws, every = (size_t)w->cc->ladder.alone_every;
  signed char *starts = NULL;
  if (draws == 0) return PBL_OK;
  pbl_status st = case_leave_ladder(d, w, err);
  if (!st) st = case_starts(&starts, w, STREAM_DEVICE_START, err);
  if (!st) st = pbl_driver_set_state(d, starts, err);
  if (!st) st = pbl_driver_set_beta(d, t->words.beta[0], err);
  if (!st)
    st =
        pbl_chains_create(&t->alone, t->rungs * t->lanes, draws, (size_t)pbl_hw_pbits(&w->hw), err);
  if (!st) st = pbl_driver_run(d, NULL, draws / WARM_UP + 1, every, w->progress, err);
  if (!st) st = pbl_driver_run(d, t->alone, draws, every, w->progress, err);
  free(starts);
  return st;
}

/* Energy and sums of the two sides in every draw, n_chains x n_recorded each. */
static pbl_status series_of(double *x[PBL_EXCHANGE_FACTORS], const case_work *w, pbl_error *err) {
  const pbl_chains *c = w->tempering->alone;
  const size_t n = c->n_chains * c->n_recorded, nv = (size_t)w->hw.n_visible;
  int64_t *energy = NULL;
  pbl_status st = tempering_energies(&energy, w, c, err);
  for (size_t j = 0; j < PBL_EXCHANGE_FACTORS; j++) {
    x[j] = calloc(n, sizeof **x);
    if (!x[j] && !st) st = pbl_fail(err, PBL_NO_MEMORY, "chains without exchange: out of memory");
  }
  for (size_t i = 0; !st && i < n; i++) {
    const uint8_t *row = pbl_chains_row(c, i / c->n_recorded, i % c->n_recorded);
    x[0][i] = ldexp((double)energy[i], -w->hw.weight_frac);
    for (size_t p = 0; p < c->n_pbits; p++)
      x[p < nv ? 1 : 2][i] += 2 * ((row[p >> 3] >> (p & 7)) & 1) - 1;
  }
  free(energy);
  return st;
}

/* Of observable j of the case, where the solver or the joint chain knows it. */
static void fill_exact(pbl_exchange_factor *f, const case_rungs *t, size_t j, size_t every) {
  f->exact_ladder = f->exact_alone = NAN;
  for (size_t k = 0; k < t->with.n; k++) {
    if (tempering_place(t, k) != j) continue;
    if (every == 1) f->exact_ladder = t->with.tau[k];
    f->exact_alone = t->without.tau[k];
  }
}

static pbl_status one_factor(case_work *w, size_t j, const double *x, pbl_error *err) {
  const case_rungs *t = w->tempering;
  pbl_exchange_report *r = &w->result->exchange;
  pbl_exchange_factor *f = &r->factor[j];
  const pbl_observable *o = &w->result->observables[j];
  snprintf(f->name, sizeof f->name, "%s", o->name);
  f->ladder = o->device.tau.tau;
  f->resolution = o->device.tau.resolution;
  f->alone = f->factor = (pbl_estimate){NAN, NAN, NAN};
  f->alone_resolution = PBL_SHORT;
  fill_exact(f, t, j, (size_t)w->cc->every);
  if (!x) return PBL_OK;
  pbl_tau_report report;
  const double every = w->cc->ladder.alone_every;
  const pbl_status st = pbl_tau(&report, x, t->alone->n_chains, t->alone->n_recorded, err);
  if (st) return st;
  f->alone =
      (pbl_estimate){every * report.tau.value, every * report.tau.low, every * report.tau.high};
  f->alone_resolution = report.resolution;
  f->factor = case_ratio(&f->alone, &f->ladder);
  return PBL_OK;
}

pbl_status tempering_factors(case_work *w, pbl_error *err) {
  const case_rungs *t = w->tempering;
  pbl_exchange_report *r = &w->result->exchange;
  double *x[PBL_EXCHANGE_FACTORS] = {NULL};
  pbl_status st = PBL_OK;
  if (!t->alone && t->with.n == 0) return PBL_OK;
  if (t->alone) st = series_of(x, w, err);
  r->n_factors = case_fixed_observables(w);
  for (size_t j = 0; !st && j < r->n_factors; j++) st = one_factor(w, j, x[j], err);
  if (t->alone) r->alone_sweeps = (double)t->alone->n_recorded * w->cc->ladder.alone_every;
  for (size_t j = 0; j < PBL_EXCHANGE_FACTORS; j++) free(x[j]);
  return st;
}
