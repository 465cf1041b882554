#include "pbl_exchange_decisions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_exchange.h"
#include "pbl_stats.h"

#define LEAST_VARIANCE 10.0 /* worth of decisions below which a pair is not tested */

/* Sums of one pair: outcome minus probability, plain and times b D. */
typedef struct {
  double r, v, gain_r, gain_v;
} sums;

typedef struct {
  const pbl_decisions_input *in;
  sums pair[PBL_DECISION_RUNGS];
  double seen;
  uint64_t impossible;
} tests;

/* Which pairs changed places in a lane; false when no pass does what the labels did. */
static bool outcomes(int8_t *accepted, const pbl_decisions_input *in, const uint8_t *before,
                     const uint8_t *after, size_t lane) {
  uint8_t to[PBL_DECISION_RUNGS];
  for (size_t c = 0; c < in->rungs; c++)
    to[before[c * in->lanes + lane]] = after[c * in->lanes + lane];
  memset(accepted, 0, in->rungs);
  for (size_t k = 0; k < in->rungs;) {
    if (to[k] == k) {
      k++;
    } else if (k + 1 < in->rungs && to[k] == k + 1 && to[k + 1] == k) {
      accepted[k] = 1;
      k += 2;
    } else {
      return false;
    }
  }
  return true;
}

/* One pair in all lanes of one pass that tried it for certain, or by a coin of all lanes. */
static void add_pair(tests *x, size_t k, size_t draw, const int8_t *accepted) {
  const pbl_decisions_input *in = x->in;
  const size_t n = in->chains->n_recorded;
  const int32_t slope = (int32_t)in->beta[k] - (int32_t)in->beta[k + 1];
  const int fraction = in->weight_frac + in->beta_frac;
  const double half = in->random ? 0.5 : 1.0;
  sums *s = &x->pair[k];
  double mean = 0, gain = 0;
  for (size_t l = 0; l < in->lanes; l++) {
    const int64_t *e = in->energy + (k * in->lanes + l) * n + draw;
    const int64_t difference = e[0] - e[in->lanes * n];
    const double p = pbl_exchange_probability(difference, slope, fraction);
    const double a = ldexp((double)difference * slope, -fraction);
    const bool done = accepted[l * in->rungs + k];
    const double r = done - half * p, v = half * p * (1 - p);
    x->impossible += (done && p == 0) || (!done && p == 1 && !in->random);
    x->seen++;
    s->r += r;
    s->v += v;
    s->gain_r += a * r;
    s->gain_v += a * a * v;
    mean += p;
    gain += a * p;
  }
  if (in->random) { /* the coin moves all lanes together */
    s->v += 0.25 * mean * mean;
    s->gain_v += 0.25 * gain * gain;
  }
}

/* The pass between a draw and the next; parity 0, 1, or 2 by a coin. */
static void add_pass(tests *x, size_t draw, unsigned parity, int8_t *accepted) {
  const pbl_decisions_input *in = x->in;
  bool met[2] = {false, false};
  for (size_t l = 0; l < in->lanes; l++) {
    if (!outcomes(accepted + l * in->rungs, in, pbl_chains_labels(in->chains, draw),
                  pbl_chains_labels(in->chains, draw + 1), l)) {
      x->impossible++;
      return;
    }
    for (size_t k = 0; k + 1 < in->rungs; k++) met[k % 2] |= accepted[l * in->rungs + k] == 1;
  }
  if ((met[0] && met[1]) || (parity < 2 && met[1 - parity])) x->impossible++;
  for (size_t k = 0; k + 1 < in->rungs; k++)
    if (parity == 2 || k % 2 == parity) add_pair(x, k, draw, accepted);
}

static void worst_of(pbl_decisions_report *out, size_t k, double z, const char *family) {
  if (isnan(z)) return;
  out->n_tests++;
  if (out->n_tests > 1 && fabs(z) <= fabs(out->worst_z)) return;
  out->worst = k;
  out->worst_z = z;
  out->family = family;
}

static void judge(pbl_decisions_report *out, const tests *x) {
  *out = (pbl_decisions_report){.seen = x->seen, .impossible = x->impossible, .family = "none"};
  for (size_t k = 0; k + 1 < x->in->rungs; k++) {
    const sums *s = &x->pair[k];
    const bool enough = s->v > LEAST_VARIANCE;
    out->z[k] = enough ? s->r / sqrt(s->v) : NAN;
    out->gain_z[k] = enough && s->gain_v > 0 ? s->gain_r / sqrt(s->gain_v) : NAN;
    worst_of(out, k, out->z[k], "rate");
    worst_of(out, k, out->gain_z[k], "dependence on energy");
  }
  out->p_value = fmin(1, (double)out->n_tests * pbl_normal_two_sided_p(out->worst_z));
  if (out->n_tests == 0) out->p_value = 1;
  if (out->impossible > 0) out->p_value = 0;
}

static pbl_status check(const pbl_decisions_input *in, pbl_error *err) {
  if (in->rungs < 2 || in->rungs > PBL_DECISION_RUNGS || in->lanes < 1 ||
      in->chains->n_chains != in->rungs * in->lanes || in->chains->label == NULL)
    return pbl_fail(err, PBL_INVALID, "exchange decisions: %zu chains with labels of %zu x %zu",
                    in->chains->n_chains, in->rungs, in->lanes);
  if (in->every < 1 || in->distance < 1 || in->every > in->distance)
    return pbl_fail(err, PBL_INVALID,
                    "exchange decisions: a draw every %llu sweeps does not show each pass, every "
                    "%llu",
                    (unsigned long long)in->every, (unsigned long long)in->distance);
  return PBL_OK;
}

pbl_status pbl_exchange_decisions(pbl_decisions_report *out, const pbl_decisions_input *in,
                                  pbl_error *err) {
  const pbl_status status = check(in, err);
  if (status != PBL_OK) return status;
  tests x = {.in = in};
  int8_t *accepted = malloc(in->lanes * in->rungs);
  if (accepted == NULL) return pbl_fail(err, PBL_NO_MEMORY, "exchange decisions: out of memory");
  for (size_t draw = 0; draw + 1 < in->chains->n_recorded; draw++) {
    const uint64_t done = in->before + (draw + 1) * in->every, next = done + in->every;
    const uint64_t passes = (next - 1) / in->distance - (done - 1) / in->distance;
    const uint8_t *labels = pbl_chains_labels(in->chains, draw);
    if (done % in->distance == 0) { /* after this draw, and every <= distance: no other */
      add_pass(&x, draw, in->random ? 2 : (unsigned)((done / in->distance - 1) % 2), accepted);
    } else if (passes == 0) {
      x.impossible += memcmp(labels, labels + in->chains->n_chains, in->chains->n_chains) != 0;
    }
  }
  free(accepted);
  judge(out, &x);
  return PBL_OK;
}
