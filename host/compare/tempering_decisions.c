/* Decisions about exchanges, one by one: given the energies after a sweep a decision is a coin of
 * known probability, whatever the law, the mixing or the start. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tempering_internal.h"

#define LEAST_VARIANCE 10.0 /* worth of decisions below which a pair is not tested */

/* Sums of one pair: outcome minus probability, plain and times b D. */
typedef struct {
  double r, v, gain_r, gain_v;
} sums;

typedef struct {
  const case_work *w;
  sums pair[PBL_EXCHANGE_RUNGS];
  double seen;
  uint64_t impossible; /* outcomes of probability zero, and changes that no pass can make */
} tests;

/* Labels before and after the pass: -1 a pair that was not tried, else 0 or 1. */
static bool outcomes(int8_t *accepted, const case_rungs *t, const uint8_t *before,
                     const uint8_t *after, size_t lane) {
  uint8_t to[PBL_EXCHANGE_RUNGS];
  for (size_t c = 0; c < t->rungs; c++) to[before[c * t->lanes + lane]] = after[c * t->lanes + lane];
  for (size_t k = 0; k < t->rungs; k++) accepted[k] = 0;
  for (size_t k = 0; k < t->rungs;) {
    if (to[k] == k) {
      k++;
    } else if (k + 1 < t->rungs && to[k] == k + 1 && to[k + 1] == k) {
      accepted[k] = 1;
      k += 2;
    } else {
      return false;
    }
  }
  return true;
}

/* One pair in all lanes of one pass that tried it for certain, or by a coin of all lanes. */
static void add_pair(tests *x, size_t k, size_t draw, const int8_t *accepted, bool coin) {
  const case_rungs *t = x->w->tempering;
  const size_t n = t->device->n_recorded;
  sums *s = &x->pair[k];
  double mean = 0, gain = 0;
  for (size_t l = 0; l < t->lanes; l++) {
    const int64_t ex = t->energy[0][(k * t->lanes + l) * n + draw];
    const int64_t ey = t->energy[0][((k + 1) * t->lanes + l) * n + draw];
    const double p = tempering_accept(x->w, k, ex, ey), half = coin ? 0.5 : 1.0;
    const double a = ldexp((double)(ex - ey), -x->w->hw.weight_frac) * (t->beta[k] - t->beta[k + 1]);
    const double r = accepted[l * t->rungs + k] - half * p, v = half * p * (1 - p);
    const bool done = accepted[l * t->rungs + k];
    x->impossible += (done && p == 0) || (!done && p == 1 && !coin);
    x->seen++;
    s->r += r;
    s->v += v;
    s->gain_r += a * r;
    s->gain_v += a * a * v;
    mean += p;
    gain += a * p;
  }
  if (coin) { /* the coin moves all lanes together */
    s->v += 0.25 * mean * mean;
    s->gain_v += 0.25 * gain * gain;
  }
}

/* The pass between a draw and the next; parity: 0, 1, or 2 by a coin. */
static void add_pass(tests *x, size_t draw, unsigned parity, int8_t *accepted) {
  const case_rungs *t = x->w->tempering;
  bool met[2] = {false, false};
  for (size_t l = 0; l < t->lanes; l++) {
    if (!outcomes(accepted + l * t->rungs, t, pbl_chains_labels(t->device, draw),
                  pbl_chains_labels(t->device, draw + 1), l)) {
      x->impossible++;
      return;
    }
    for (size_t k = 0; k + 1 < t->rungs; k++) met[k % 2] |= accepted[l * t->rungs + k] == 1;
  }
  if ((met[0] && met[1]) || (parity < 2 && met[1 - parity])) x->impossible++;
  for (size_t k = 0; k + 1 < t->rungs; k++)
    if (parity == 2 || k % 2 == parity) add_pair(x, k, draw, accepted, parity == 2);
}

static double z_of(double r, double v) {
  return v > LEAST_VARIANCE ? r / sqrt(v) : NAN;
}

static void gate(case_work *w, const tests *x) {
  const size_t pairs = w->tempering->rungs - 1;
  double worst = 0;
  size_t n = 0, at = 0;
  const char *family = "rate";
  for (size_t k = 0; k < pairs; k++) {
    const double z = z_of(x->pair[k].r, x->pair[k].v);
    const double scale = x->pair[k].v > 0 ? x->pair[k].gain_v / x->pair[k].v : 1;
    const double gain = z_of(x->pair[k].gain_r / sqrt(scale), x->pair[k].gain_v / scale);
    w->result->exchange.pair[k].decision_z = z;
    n += isfinite(z) ? 2 : 0;
    if (fabs(z) > fabs(worst)) worst = z, at = k, family = "rate";
    if (fabs(gain) > fabs(worst)) worst = gain, at = k, family = "dependence on energy";
  }
  const double p = fmin(1, (double)n * pbl_normal_two_sided_p(worst));
  const pbl_gate gate = {.name = "exchange decisions",
                         .statistic = worst,
                         .threshold = n > 0 ? case_gate_threshold(w, (double)n, INFINITY) : NAN,
                         .p_value = x->impossible > 0 ? 0 : n > 0 ? p : 1,
                         .would_see = NAN};
  case_gate(w, &gate,
            "%.3g decisions against their own probabilities, worst pair %zu (%s): z = %.2f; %llu "
            "impossible",
            x->seen, at, family, worst, (unsigned long long)x->impossible);
}

pbl_status tempering_decisions(case_work *w, pbl_error *err) {
  const case_rungs *t = w->tempering;
  const uint64_t every = (uint64_t)w->cc->every, distance = t->words.every;
  tests x = {.w = w};
  if (distance == 0 || every > distance) {
    pbl_progress_note(w->progress,
                      "decisions about exchanges not tested: passes between draws cannot be told "
                      "apart (every %llu sweeps, a pass every %llu)",
                      (unsigned long long)every, (unsigned long long)distance);
    return PBL_OK;
  }
  int8_t *accepted = malloc(t->lanes * t->rungs);
  if (!accepted) return pbl_fail(err, PBL_NO_MEMORY, "decisions: out of memory");
  for (size_t draw = 0; draw + 1 < t->device->n_recorded; draw++) {
    const uint64_t done = t->burn_in + (draw + 1) * every, next = done + every;
    const uint64_t passes = (next - 1) / distance - (done - 1) / distance;
    const bool here = done % distance == 0;
    if (here && passes == 1)
      add_pass(&x, draw, t->words.random ? 2 : (unsigned)((done / distance - 1) % 2), accepted);
    if (passes == 0 && memcmp(pbl_chains_labels(t->device, draw),
                              pbl_chains_labels(t->device, draw + 1), t->device->n_chains) != 0)
      x.impossible++;
  }
  free(accepted);
  w->result->exchange.decisions = x.seen;
  gate(w, &x);
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
