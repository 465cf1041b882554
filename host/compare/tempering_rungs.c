/* All rungs of a ladder: innovations at the beta of each, mean energies and magnetisations, and the
 * acceptance of every pair. Lanes are the independent units. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_law.h"
#include "pbl_oracle_ladder.h"
#include "tempering_internal.h"

#define MOST_OBSERVABLES 3

/* Replica c's draws in the order in which it made them. */
static pbl_status by_replica(pbl_chains **out, const case_rungs *t, pbl_error *err) {
  const pbl_chains *c = t->device;
  pbl_status st = pbl_chains_create(out, c->n_chains, c->n_recorded, c->n_pbits, err);
  if (!st) st = pbl_chains_create_order(*out, 1, err);
  if (st) return st;
  for (size_t d = 0; d < c->n_recorded; d++) {
    const uint8_t *label = pbl_chains_labels(c, d);
    for (size_t r = 0; r < c->n_chains; r++)
      memcpy(pbl_chains_row(*out, r, d), pbl_chains_row(c, label[r] * t->lanes + r % t->lanes, d),
             c->row_bytes);
  }
  (*out)->n_recorded = c->n_recorded;
  return PBL_OK;
}

static void select_rung(pbl_chains *replicas, const case_rungs *t, size_t k) {
  for (size_t d = 0; d < replicas->n_recorded; d++) {
    const uint8_t *label = pbl_chains_labels(t->device, d);
    for (size_t r = 0; r < replicas->n_chains; r++)
      pbl_chains_order(replicas, r)[d] = label[r] != k;
  }
}

/* The report of a rung is that of rung 0 or of the worst one; p over all rungs. */
pbl_status tempering_innovations(case_work *w, pbl_error *err) {
  const case_rungs *t = w->tempering;
  pbl_exchange_report *r = &w->result->exchange;
  pbl_chains *replicas = NULL;
  double least = 1;
  size_t worst = 0;
  pbl_status st = by_replica(&replicas, t, err);
  for (size_t k = 0; !st && k < t->rungs; k++) {
    pbl_innovation_report report;
    select_rung(replicas, t, k);
    st = pbl_innovation_test_selected(&report, replicas, w->image, t->words.beta[k], w->cc->kernel,
                                      (size_t)w->cc->every, w->config->threads, w->progress, err);
    if (st) break;
    const pbl_innovation_result *family = pbl_innovation_worst(&report);
    r->rung[k].innovation_p = report.p_value;
    r->rung[k].innovation_z = family->z;
    r->rung[k].innovation_family = family->name;
    if (k == 0) w->result->innovation_device = report;
    if (report.p_value < least) least = report.p_value, worst = k;
  }
  pbl_chains_destroy(replicas);
  if (st) return st;
  const pbl_exchange_rung *rung = &r->rung[worst];
  const pbl_gate gate = {.name = "rung innovations",
                         .statistic = rung->innovation_z,
                         .threshold = NAN,
                         .p_value = fmin(1, least * (double)t->rungs),
                         .would_see = NAN};
  case_gate(w, &gate, "%zu rungs, each at its own beta%s; worst rung %zu, family %s: |z| = %.2f",
            t->rungs,
            w->cc->every == 1 && w->cc->kernel == PBL_KERNEL_CYCLIC
                ? ""
                : ", updates of the last block alone",
            worst, rung->innovation_family, rung->innovation_z);
  return PBL_OK;
}

/* Chain means of the first observables of one side: chains x MOST_OBSERVABLES; variance of a draw,
 * rungs x MOST_OBSERVABLES. */
static void chain_means(double *mean, double *variance, const case_work *w, int side) {
  const case_rungs *t = w->tempering;
  const pbl_chains *c = side ? t->reference : t->device;
  const size_t nv = (size_t)w->hw.n_visible, n = c->n_recorded;
  const double unit = ldexp(1.0, -w->hw.weight_frac);
  memset(variance, 0, t->rungs * MOST_OBSERVABLES * sizeof *variance);
  for (size_t chain = 0; chain < c->n_chains; chain++) {
    double sum[MOST_OBSERVABLES] = {0}, square[MOST_OBSERVABLES] = {0};
    for (size_t d = 0; d < n; d++) {
      const uint8_t *row = pbl_chains_row(c, chain, d);
      double x[MOST_OBSERVABLES] = {unit * (double)t->energy[side][chain * n + d]};
      for (size_t p = 0; p < c->n_pbits; p++)
        x[p < nv ? 1 : 2] += 2 * ((row[p >> 3] >> (p & 7)) & 1) - 1;
      for (size_t j = 0; j < MOST_OBSERVABLES; j++) {
        sum[j] += x[j];
        square[j] += x[j] * x[j];
      }
    }
    for (size_t j = 0; j < MOST_OBSERVABLES; j++) {
      mean[chain * MOST_OBSERVABLES + j] = sum[j] /= (double)n;
      variance[chain / t->lanes * MOST_OBSERVABLES + j] +=
          (square[j] / (double)n - sum[j] * sum[j]) / (double)t->lanes;
    }
  }
}

/* Mean of n values `stride` apart and the variance of that mean, at least `least`. */
static double mean_of(double *error2, const double *x, size_t n, size_t stride, double least) {
  double mean = 0, square = 0;
  for (size_t i = 0; i < n; i++) mean += x[i * stride] / (double)n;
  for (size_t i = 0; i < n; i++) square += (x[i * stride] - mean) * (x[i * stride] - mean);
  *error2 = fmax(square / (double)(n - 1), least) / (double)n;
  return mean;
}

/* p of a difference between two means over n lanes; expected_error2 0: an exact one. NaN where
 * nothing varies. */
static double difference_p(double *t, double mean, double error2, double expected,
                           double expected_error2, size_t n) {
  const double sum = error2 + expected_error2, dof = (double)n - 1;
  *t = (mean - expected) / sqrt(sum);
  if (!(sum > 0)) return NAN;
  const double welch = sum * sum * dof / (error2 * error2 + expected_error2 * expected_error2);
  return pbl_student_t_two_sided_p(*t, welch);
}

typedef struct {
  size_t n;
  double *p, *t;
} family;

static pbl_status simes_gate(case_work *w, const char *name, const family *f, const char *what,
                             size_t per, pbl_error *err) {
  double p = 1;
  size_t worst = 0, tests = 0;
  for (size_t k = 0; k < f->n; k++) {
    if (isnan(f->p[k])) continue;
    if (tests++ == 0 || f->p[k] < f->p[worst]) worst = k;
  }
  if (tests == 0) return PBL_OK;
  const pbl_status st = pbl_law_simes(&p, NULL, case_gate_alpha(w), f->p, f->n, err);
  if (st) return st;
  static const char *const observable[] = {"energy", "visible sum", "hidden sum"};
  const pbl_gate gate = {.name = name,
                         .statistic = f->t[worst],
                         .threshold = NAN,
                         .p_value = p,
                         .needs_mixing = true,
                         .would_see = NAN};
  case_gate(w, &gate, "%zu means, worst %s %zu%s%s: t = %.2f, family p = %.3g", tests, what,
            worst / per, per > 1 ? ", " : "", per > 1 ? observable[worst % per] : "", f->t[worst],
            p);
  return PBL_OK;
}

/* Exact means of energy and magnetisations at every rung. */
static pbl_status exact_means(double *out, const case_work *w, pbl_error *err) {
  const case_rungs *t = w->tempering;
  const size_t states = (size_t)1 << pbl_hw_pbits(&w->hw), n = case_fixed_observables(w);
  double *f = malloc(states * sizeof *f);
  if (!f) return pbl_fail(err, PBL_NO_MEMORY, "exact ladder: out of memory");
  pbl_status st = PBL_OK;
  for (size_t j = 0; !st && j < MOST_OBSERVABLES; j++) {
    if (j < n) st = case_state_values(f, w, j, err);
    for (size_t k = 0; !st && k < t->rungs; k++) {
      double *sum = &out[k * MOST_OBSERVABLES + j];
      *sum = 0;
      for (size_t x = 0; j < n && x < states; x++) *sum += t->law[k * states + x] * f[x];
    }
  }
  free(f);
  return st;
}

static pbl_status rung_means(case_work *w, pbl_error *err) {
  const case_rungs *t = w->tempering;
  const size_t chains = t->rungs * t->lanes, all = t->rungs * MOST_OBSERVABLES;
  const double draws = (double)t->device->n_recorded;
  double *mean[2], *variance[2];
  double *memory = malloc((2 * chains * MOST_OBSERVABLES + 5 * all) * sizeof *memory);
  if (!memory) return pbl_fail(err, PBL_NO_MEMORY, "ladder: out of memory");
  for (int side = 0; side < 2; side++) {
    mean[side] = memory + (size_t)side * chains * MOST_OBSERVABLES;
    variance[side] = memory + 2 * chains * MOST_OBSERVABLES + (size_t)side * all;
    chain_means(mean[side], variance[side], w, side);
  }
  double *exact = variance[1] + all;
  family f = {all, exact + all, exact + 2 * all};
  pbl_status st = t->law ? exact_means(exact, w, err) : PBL_OK;
  for (size_t i = 0; !st && i < all; i++) {
    const size_t k = i / MOST_OBSERVABLES, j = i % MOST_OBSERVABLES;
    const size_t first = k * t->lanes * MOST_OBSERVABLES + j;
    double error2, expected_error2 = 0, expected = t->law ? exact[i] : 0;
    const double value =
        mean_of(&error2, mean[0] + first, t->lanes, MOST_OBSERVABLES, variance[0][i] / draws);
    if (!t->law)
      expected = mean_of(&expected_error2, mean[1] + first, t->lanes, MOST_OBSERVABLES,
                         variance[1][i] / draws);
    f.p[i] = difference_p(&f.t[i], value, error2, expected, expected_error2, t->lanes);
    if (j > 0) continue;
    pbl_exchange_rung *r = &w->result->exchange.rung[k];
    r->energy = value;
    r->energy_error = sqrt(error2);
    r->expected = expected;
    r->expected_error = sqrt(expected_error2);
  }
  if (!st)
    st = simes_gate(w, t->law ? "rungs against exact law" : "rungs against reference", &f, "rung",
                    MOST_OBSERVABLES, err);
  free(memory);
  return st;
}

/* Mean acceptance of pair k in each lane, and the variance of a draw. */
static double pair_means(double *mean, const case_work *w, int side, size_t k) {
  const case_rungs *t = w->tempering;
  const size_t n = (side ? t->reference : t->device)->n_recorded;
  double variance = 0;
  for (size_t l = 0; l < t->lanes; l++) {
    const int64_t *x = t->energy[side] + (k * t->lanes + l) * n, *y = x + t->lanes * n;
    double sum = 0, square = 0;
    for (size_t d = 0; d < n; d++) {
      const double p = tempering_accept(w, k, x[d], y[d]);
      sum += p / (double)n;
      square += p * p / (double)n;
    }
    mean[l] = sum;
    variance += (square - sum * sum) / (double)t->lanes;
  }
  return variance;
}

/* From laws of the two rungs; NaN where that is too much work or not what the ladder has. */
static pbl_status exact_acceptance(double *out, const case_work *w, size_t k, pbl_error *err) {
  const case_rungs *t = w->tempering;
  *out = t->solved ? t->with.acceptance[k] : NAN;
  if (t->solved || !t->law || pbl_hw_pbits(&w->hw) > 12) return PBL_OK;
  const size_t states = (size_t)1 << pbl_hw_pbits(&w->hw);
  int64_t *energy = malloc(states * sizeof *energy);
  if (!energy) return pbl_fail(err, PBL_NO_MEMORY, "exact ladder: out of memory");
  pbl_image_state_energies(energy, w->image);
  *out = 0;
  for (size_t x = 0; x < states; x++) {
    double sum = 0;
    for (size_t y = 0; y < states; y++)
      sum += t->law[(k + 1) * states + y] *
             fmin(1, exp(ldexp((double)(energy[x] - energy[y]), -w->hw.weight_frac) *
                         (t->beta[k] - t->beta[k + 1])));
    *out += t->law[k * states + x] * sum;
  }
  free(energy);
  return PBL_OK;
}

static pbl_status acceptance(case_work *w, pbl_error *err) {
  const case_rungs *t = w->tempering;
  pbl_exchange_report *r = &w->result->exchange;
  const double draws = (double)t->device->n_recorded;
  double mean[32], p[PBL_EXCHANGE_RUNGS], score[PBL_EXCHANGE_RUNGS];
  pbl_status st = PBL_OK;
  r->barrier = 0;
  for (size_t k = 0; !st && k + 1 < t->rungs; k++) {
    double error2, expected_error2 = 0, expected;
    const double variance = pair_means(mean, w, 0, k);
    const double value = mean_of(&error2, mean, t->lanes, 1, variance / draws);
    st = exact_acceptance(&expected, w, k, err);
    if (isnan(expected)) {
      const double other = pair_means(mean, w, 1, k);
      expected = mean_of(&expected_error2, mean, t->lanes, 1, other / draws);
    }
    p[k] = difference_p(&score[k], value, error2, expected, expected_error2, t->lanes);
    r->pair[k].mean = value;
    r->pair[k].error = sqrt(error2);
    r->pair[k].expected = expected;
    r->pair[k].expected_error = sqrt(expected_error2);
    r->barrier += 1 - value;
  }
  const family f = {t->rungs - 1, p, score};
  return st ? st : simes_gate(w, "acceptance of pairs", &f, "pair", 1, err);
}

pbl_status tempering_means(case_work *w, pbl_error *err) {
  const pbl_status st = rung_means(w, err);
  return st ? st : acceptance(w, err);
}
