/* Exact laws of the rungs of a ladder, and exact autocorrelation times where the model lumps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_oracle_ladder.h"
#include "tempering_internal.h"

#define JOINT_PBITS 10
#define JOINT_STATES ((double)(1 << 20))
#define TAU_STATES ((double)(1 << 16)) /* a second for each observable */

static size_t state_count(const case_work *w) {
  return (size_t)1 << pbl_hw_pbits(&w->hw);
}

static pbl_scan scan_of(const case_work *w) {
  return w->cc->kernel == PBL_KERNEL_PALINDROMIC ? PBL_SCAN_PALINDROMIC : PBL_SCAN_CYCLIC;
}

static double choose(int n, int k) {
  return exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0));
}

/* Laws over counts, rungs x n, become laws over states. */
static void spread_counts(case_work *w, const double *counts) {
  case_rungs *t = w->tempering;
  const int V = w->hw.n_visible, H = w->hw.n_hidden;
  const size_t states = state_count(w), visible = ((size_t)1 << V) - 1;
  for (size_t x = 0; x < states; x++) {
    const int a = __builtin_popcountll(x & visible), h = __builtin_popcountll(x >> V);
    for (size_t k = 0; k < t->rungs; k++)
      t->law[k * states + x] = counts[k * (size_t)((V + 1) * (H + 1)) + (size_t)(a + (V + 1) * h)] /
                               (choose(V, a) * choose(H, h));
  }
}

/* The whole ladder and rung 0 alone, on counts or on states. */
static pbl_status create_ladders(pbl_block_ladder **ladder, pbl_block_ladder **alone,
                                 const case_work *w, bool counts, pbl_error *err) {
  const case_rungs *t = w->tempering;
  pbl_status (*const create)(pbl_block_ladder **, const pbl_image *, const uint32_t *, size_t,
                             pbl_scan, pbl_error *) =
      counts ? pbl_block_ladder_barrier_image : pbl_block_ladder_image;
  const pbl_status st = create(ladder, w->image, t->words.beta, t->rungs, scan_of(w), err);
  return st ? st : create(alone, w->image, t->words.beta, 1, scan_of(w), err);
}

static pbl_status solved(case_work *w, bool counts, pbl_error *err) {
  case_rungs *t = w->tempering;
  const pbl_ladder_passes passes = t->words.every == 0 ? PBL_PASSES_NONE
                                   : t->words.random   ? PBL_PASSES_RANDOM
                                                       : PBL_PASSES_EVEN_ODD;
  const size_t every = t->words.every > 0 ? t->words.every : 1;
  pbl_block_ladder *ladder = NULL, *alone = NULL;
  double *law = NULL;
  pbl_status st = create_ladders(&ladder, &alone, w, counts, err);
  if (!st) {
    law = malloc(t->rungs * pbl_block_ladder_states(ladder) * sizeof *law);
    if (!law) st = pbl_fail(err, PBL_NO_MEMORY, "exact ladder: out of memory");
  }
  if (!st) st = pbl_block_ladder_laws(law, ladder, passes, every, w->progress, err);
  if (!st && counts) spread_counts(w, law);
  if (!st && !counts) memcpy(t->law, law, t->rungs * state_count(w) * sizeof *law);
  if (!st) st = pbl_block_ladder_solve(&t->with, ladder, passes, every, w->progress, err);
  if (!st) st = pbl_block_ladder_solve(&t->without, alone, PBL_PASSES_NONE, 1, w->progress, err);
  t->solved = t->joint = !st;
  free(law);
  pbl_block_ladder_destroy(ladder);
  pbl_block_ladder_destroy(alone);
  return st;
}

static pbl_status rung_oracle(pbl_oracle **out, const case_work *w, size_t k, pbl_error *err) {
  const uint32_t beta = w->tempering->words.beta[k];
  if (w->graph) return case_graph_law_at(out, w, beta, err);
  return pbl_oracle_create_image_watched(out, w->image, beta, w->cc->kernel, w->progress, err);
}

/* The chain of all rungs, any model; t->law: those of the rungs alone. */
static pbl_status create_joint(pbl_oracle_ladder **out, case_work *w, pbl_error *err) {
  case_rungs *t = w->tempering;
  const size_t states = state_count(w);
  pbl_oracle *rung[PBL_SCHEDULE_ENTRIES] = {NULL};
  int64_t *energy = malloc(states * sizeof *energy);
  pbl_status st = energy ? PBL_OK : pbl_fail(err, PBL_NO_MEMORY, "exact ladder: out of memory");
  if (!st) pbl_image_state_energies(energy, w->image);
  for (size_t k = 0; !st && k < t->rungs; k++) {
    st = rung_oracle(&rung[k], w, k, err);
    if (!st) memcpy(t->law + k * states, pbl_oracle_law(rung[k]), states * sizeof *t->law);
  }
  if (!st)
    st = pbl_oracle_ladder_oracles(out, (const pbl_oracle *const *)rung, t->rungs, energy,
                                   t->words.beta, w->hw.weight_frac + w->hw.beta_frac, err);
  for (size_t k = 0; k < t->rungs; k++) pbl_oracle_destroy(rung[k]);
  free(energy);
  return st;
}

/* tau of rung 0 in all observables, in their order: with exchange, and without. f: all states. */
static pbl_status joint_taus(case_work *w, const pbl_oracle_ladder *l, const double *law, double *f,
                             pbl_error *err) {
  static const char *const random[] = {"SL"}, *const even_odd[] = {"EL", "OL"};
  case_rungs *t = w->tempering;
  const bool coin = t->words.random;
  pbl_oracle *alone = NULL;
  pbl_status st = rung_oracle(&alone, w, 0, err);
  const size_t n = w->result->n_observables;
  for (size_t j = 0; !st && j < n && j < PBL_LADDER_OBSERVABLES; j++) {
    if (!pbl_progress_report(w->progress, "exact ladder", j, n))
      st = pbl_fail(err, PBL_INTERRUPTED, "interrupted");
    if (!st) st = case_state_values(f, w, j, err);
    if (!st)
      st = pbl_oracle_ladder_tau_in_turn(&t->with.mean[j], NULL, &t->with.tau[j], l,
                                         coin ? random : even_odd, coin ? 1 : 2, law, f, 0, err);
    if (!st) st = pbl_oracle_tau(alone, f, &t->without.mean[j], NULL, &t->without.tau[j], err);
    if (!st) t->with.n = t->without.n = j + 1;
  }
  pbl_oracle_destroy(alone);
  return st;
}

/* After the sweeps of a cycle of passes: laws of the rungs, mean over the phases, and tau. */
static pbl_status joint(case_work *w, pbl_error *err) {
  case_rungs *t = w->tempering;
  pbl_oracle_ladder *l = NULL;
  const size_t states = state_count(w), phases = t->words.random ? 1 : 2;
  pbl_status st = create_joint(&l, w, err);
  const size_t all = st ? 0 : pbl_oracle_ladder_states(l);
  double *law = st ? NULL : malloc((phases * all + states) * sizeof *law);
  if (!st && !law) st = pbl_fail(err, PBL_NO_MEMORY, "exact ladder: out of memory");
  if (!st) {
    pbl_oracle_ladder_product(law, l, t->law);
    st = pbl_oracle_ladder_settle(l, t->words.random ? "SL" : "ELOL", law, err);
  }
  if (!st && phases == 2) {
    memcpy(law + all, law, all * sizeof *law);
    st = pbl_oracle_ladder_forward(l, "EL", law + all, err);
  }
  double *one = law + phases * all;
  for (size_t k = 0; !st && k < t->rungs; k++) {
    memset(t->law + k * states, 0, states * sizeof *t->law);
    for (size_t p = 0; p < phases; p++) {
      pbl_oracle_ladder_marginal(one, l, law + p * all, k);
      for (size_t x = 0; x < states; x++) t->law[k * states + x] += one[x] / (double)phases;
    }
  }
  if (!st && (double)all <= TAU_STATES) st = joint_taus(w, l, law, one, err);
  t->joint = !st;
  free(law);
  pbl_oracle_ladder_destroy(l);
  return st;
}

/* Each rung as if it were alone. */
static pbl_status apart(case_work *w, pbl_error *err) {
  case_rungs *t = w->tempering;
  const size_t states = state_count(w);
  pbl_status st = PBL_OK;
  for (size_t k = 0; !st && k < t->rungs; k++) {
    pbl_oracle *o = NULL;
    st = rung_oracle(&o, w, k, err);
    if (!st) memcpy(t->law + k * states, pbl_oracle_law(o), states * sizeof *t->law);
    pbl_oracle_destroy(o);
  }
  return st;
}

size_t tempering_place(const case_rungs *t, size_t j) {
  static const size_t place[PBL_LADDER_PBIT] = {1, 2, 0};
  return t->solved && j < PBL_LADDER_PBIT ? place[j] : j;
}

static pbl_status tau_gate(case_work *w, pbl_error *err) {
  const case_rungs *t = w->tempering;
  double worst_p = 1, worst_z = 0, coarsest = 0;
  size_t worst = 0, tests = 0;
  (void)err;
  for (size_t j = 0; j < t->with.n; j++) {
    pbl_observable *o = &w->result->observables[tempering_place(t, j)];
    double z, se;
    o->exact_mean = t->with.mean[j];
    if (w->cc->every != 1) continue;
    o->exact_tau = t->with.tau[j];
    if (o->device.tau.resolution != PBL_RESOLVED || isnan(o->exact_tau)) continue;
    const double p =
        case_log_scale_p(&o->device.tau.tau, o->exact_tau, o->device.tau.n_chains, &z, &se);
    tests++;
    coarsest = fmax(coarsest, se);
    if (p < worst_p) worst_p = p, worst_z = z, worst = tempering_place(t, j);
  }
  if (tests == 0) return PBL_OK;
  const pbl_observable *o = &w->result->observables[worst];
  const double dof = (double)t->lanes - 1;
  const pbl_gate gate = {
      .name = "tau against exact ladder",
      .statistic = worst_z,
      .threshold = case_gate_threshold(w, (double)tests, dof),
      .p_value = fmin(1, worst_p * (double)tests),
      .needs_mixing = true,
      .would_see = expm1(coarsest * case_gate_reach(w, (double)tests, dof)),
      .would_see_of = "any one tau, relative",
  };
  case_gate(w, &gate, "worst %s: %.4g [%.4g, %.4g] against %.4g sweeps, family p = %.3g", o->name,
            o->device.tau.tau.value, o->device.tau.tau.low, o->device.tau.tau.high, o->exact_tau,
            gate.p_value);
  return PBL_OK;
}

pbl_status tempering_exact(case_work *w, pbl_error *err) {
  case_rungs *t = w->tempering;
  const int pbits = pbl_hw_pbits(&w->hw);
  if (!w->cc->exact) return PBL_OK;
  t->law = malloc(t->rungs * state_count(w) * sizeof *t->law);
  if (!t->law) return pbl_fail(err, PBL_NO_MEMORY, "exact ladder: out of memory");
  const bool counts = pbl_block_ladder_fits_barrier(w->image);
  const bool reached = !w->graph && t->rungs <= PBL_BLOCK_LADDER_RUNGS &&
                       pbl_block_ladder_reaches(w->hw.n_visible, w->hw.n_hidden, t->rungs);
  if (counts || reached) {
    const pbl_status st = solved(w, counts, err);
    return st ? st : tau_gate(w, err);
  }
  const bool small =
      pbits <= JOINT_PBITS && pow((double)state_count(w), (double)t->rungs) <= JOINT_STATES;
  if (!small || t->words.every != 1) return apart(w, err);
  const pbl_status st = joint(w, err);
  return st ? st : tau_gate(w, err);
}
