/* Gates of the exchanges themselves: every decision that the draws show, and round trips. */
#include <math.h>

#include "pbl_exchange_decisions.h"
#include "tempering_internal.h"

pbl_status tempering_decisions(case_work *w, pbl_error *err) {
  const case_rungs *t = w->tempering;
  pbl_exchange_report *r = &w->result->exchange;
  const pbl_decisions_input in = {.chains = t->device,
                                  .energy = t->energy[0],
                                  .rungs = t->rungs,
                                  .lanes = t->lanes,
                                  .beta = t->words.beta,
                                  .weight_frac = w->hw.weight_frac,
                                  .beta_frac = w->hw.beta_frac,
                                  .before = t->burn_in,
                                  .every = (uint64_t)w->cc->every,
                                  .distance = t->words.every,
                                  .random = t->words.random};
  pbl_decisions_report d;
  if (in.distance == 0 || in.every > in.distance) {
    pbl_progress_note(w->progress,
                      "decisions about exchanges not tested: draws every %llu sweeps "
                      "do not show each pass",
                      (unsigned long long)in.every);
    return PBL_OK;
  }
  const pbl_status st = pbl_exchange_decisions(&d, &in, err);
  if (st) return st;
  r->decisions = d.seen;
  for (size_t k = 0; k + 1 < t->rungs; k++) r->pair[k].decision_z = d.z[k];
  const pbl_gate gate = {
      .name = "exchange decisions",
      .statistic = d.worst_z,
      .threshold = d.n_tests ? case_gate_threshold(w, (double)d.n_tests, INFINITY) : NAN,
      .p_value = d.p_value,
      .would_see = NAN};
  case_gate(w, &gate,
            "%.3g decisions against their own probabilities, worst pair %zu (%s): z = %.2f; %llu "
            "impossible",
            d.seen, d.worst, d.family, d.worst_z, (unsigned long long)d.impossible);
  return PBL_OK;
}

void tempering_round_trips(case_work *w) {
  const case_rungs *t = w->tempering;
  pbl_exchange_report *r = &w->result->exchange;
  double total = 0, least = INFINITY;
  for (size_t c = 0; c < t->rungs * t->lanes; c++) {
    double trips = 0;
    int stage = 0; /* 0 not yet at rung 0, 1 on its way to the last, 2 on its way back */
    for (size_t d = 0; d < t->device->n_recorded; d++) {
      const size_t k = pbl_chains_labels(t->device, d)[c];
      if (k == 0) {
        trips += stage == 2;
        stage = 1;
      } else if (k == t->rungs - 1 && stage == 1) {
        stage = 2;
      }
    }
    total += trips;
    least = fmin(least, trips);
  }
  r->round_trips = total / (double)(t->rungs * t->lanes);
  r->round_trips_least = least;
  const bool enough = r->round_trips >= CASE_ROUND_TRIPS;
  const pbl_gate gate = {.name = CASE_ROUND_TRIP_GATE,
                         .statistic = r->round_trips,
                         .threshold = CASE_ROUND_TRIPS,
                         .p_value = NAN,
                         .status = enough ? PBL_GATE_PASSED : PBL_GATE_FAILED,
                         .would_see = NAN};
  case_plain_gate(w, &gate, "%.4g round trips a replica, at least %.0f needed; %.0f of the slowest",
                  r->round_trips, CASE_ROUND_TRIPS, least);
}
