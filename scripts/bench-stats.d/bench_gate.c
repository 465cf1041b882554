/* How often a run that cannot know its law is called converged: the eight-spin machine at beta 1.2,
 * tau of the energy 1769 draws (of the slowest spin 7517), started from the exact law. */
#include <stdlib.h>

#include "bench_stats.h"
#include "pbl_estimators.h"

const double bench_frozen_tau = 1769.00705931;
const char *const bench_rules[N_RULES] = {"ours, energy", "ours, 4 obs.", "emcee",   "Wolff",
                                          "pooled IMS",   "R-hat<1.01",   "clause c"};
const char *const bench_rule_keys[N_RULES] = {"ours_energy", "ours_four",  "emcee",   "wolff",
                                              "pooled_ims",  "split_rhat", "clause_c"};

static const gate_row cases[GATE_ROWS] = {
    {.n_chains = 16, .n = 500},
    {.n_chains = 16, .n = 1000},
    {.n_chains = 16, .n = 2000},
    {.n_chains = 4, .n = 2000},
};

static pbl_status judge(gate_row *row, const double *const *x, pbl_error *err) {
  pbl_resolve_report one, all[EIGHT_OBSERVABLES];
  pbl_estimates e;
  const size_t r = row->n_chains, n = row->n;
  pbl_status s = pbl_resolve(&one, x, 1, r, n, NULL, err);
  if (s == PBL_OK) s = pbl_resolve(all, x, EIGHT_OBSERVABLES, r, n, NULL, err);
  if (s == PBL_OK) s = pbl_estimate_all(&e, x[0], r, n, err);
  if (s != PBL_OK) return s;
  bool every = true;
  for (size_t k = 0; k < EIGHT_OBSERVABLES; ++k) every &= all[k].resolution == PBL_RESOLVED;
  const double longest = (double)n / 100.0; /* half-Sokal */
  const double ims = e.geyer_pooled.monotone / (2.0 * one.base.variance);
  row->passed[RULE_ENERGY] += one.resolution == PBL_RESOLVED;
  row->passed[RULE_OBSERVABLES] += every;
  row->passed[RULE_EMCEE] += e.sokal.tau <= longest;
  row->passed[RULE_WOLFF] += e.wolff_15.tau <= longest;
  row->passed[RULE_POOLED_IMS] += ims <= longest;
  row->passed[RULE_RHAT] += e.stan.rhat < 1.01;
  row->passed[RULE_SPREAD] += one.spread_ratio <= one.spread_bound;
  return PBL_OK;
}

static pbl_status measure(gate_row *row, size_t index, const eight_spins *m,
                          const bench_options *opt, pbl_error *err) {
  double *x[EIGHT_OBSERVABLES] = {NULL};
  pbl_status s = PBL_OK;
  for (size_t k = 0; k < EIGHT_OBSERVABLES; ++k) {
    x[k] = malloc(row->n_chains * row->n * sizeof *x[k]);
    if (x[k] == NULL) s = pbl_fail(err, PBL_NO_MEMORY, "chains: out of memory");
  }
  for (size_t i = 0; s == PBL_OK && i < row->repetitions; ++i) {
    eight_spins_sample(x, m, row->n_chains, row->n, bench_seed(opt, PART_GATE, index, i));
    s = judge(row, (const double *const *)x, err);
    pbl_progress_report(opt->progress, "frozen chain", i + 1, row->repetitions);
  }
  for (size_t k = 0; k < EIGHT_OBSERVABLES; ++k) free(x[k]);
  return s;
}

pbl_status bench_gate(gate_row rows[GATE_ROWS], const bench_options *opt, pbl_error *err) {
  eight_spins m;
  eight_spins_create(&m, 1.2);
  pbl_status s = PBL_OK;
  for (size_t i = 0; s == PBL_OK && i < GATE_ROWS; ++i) {
    rows[i] = cases[i];
    rows[i].repetitions = bench_repetitions(opt, 1000, 10);
    s = measure(&rows[i], i, &m, opt, err);
  }
  return s;
}
