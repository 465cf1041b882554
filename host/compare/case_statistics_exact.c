/* The device's statistics unit in a case: against the exact law of the image. */
#include <math.h>
#include <stdlib.h>

#include "compare_internal.h"

/* f <- projection m in all 2^N states; bit p of a state is p-bit p. */
static void projection_values(double *f, const case_work *w, size_t m) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw);
  const signed char *c = w->counted->unit.projections + m * n;
  size_t plus = 0, minus = 0;
  for (size_t p = 0; p < n; p++) {
    if (c[p] > 0) plus |= (size_t)1 << p;
    if (c[p] < 0) minus |= (size_t)1 << p;
  }
  const double offset = (double)__builtin_popcountll(plus) - (double)__builtin_popcountll(minus);
  for (size_t x = 0; x < (size_t)1 << n; x++)
    f[x] = 2 * (double)__builtin_popcountll(x & plus) -
           2 * (double)__builtin_popcountll(x & minus) - offset;
}

static pbl_status exact_series(pbl_unit_series *o, const case_work *w, size_t s, double *f,
                               pbl_error *err) {
  double variance = 0, tau = NAN;
  pbl_status st = PBL_OK;
  if (s == 0) {
    st = case_state_values(f, w, 0, err);
  } else {
    projection_values(f, w, s - 1);
  }
  if (!st)
    st = case_exact_tau(w, f, f + pbl_oracle_states(w->law), &o->exact_mean, &variance, &tau, err);
  if (w->result->unit.every == w->cc->every) o->exact_tau = tau;
  return st;
}

/* Largest deviations of p-bit means and pair moments; no test: the draws have theirs. */
static void exact_counts(case_work *w) {
  pbl_unit_report *r = &w->result->unit;
  const case_counted *k = w->counted;
  const double *law = pbl_oracle_law(w->law);
  const size_t states = pbl_oracle_states(w->law);
  const double all = (double)(k->all->n_samples * k->all->n_replicas);
  double worst = 0;
  for (size_t p = 0; p < k->all->n_pbits; p++) {
    double mean = 0;
    for (size_t x = 0; x < states; x++) mean += law[x] * (x >> p & 1 ? 1 : -1);
    worst = fmax(worst, fabs(2 * (double)k->all->ones[p] / all - 1 - mean));
  }
  r->means_exact = worst;
  if (k->all->n_pairs == 0) return;
  worst = 0;
  for (size_t e = 0; e < k->all->n_pairs; e++) {
    const uint32_t i = k->unit.pairs[e][0], j = k->unit.pairs[e][1];
    double moment = 0;
    for (size_t x = 0; x < states; x++) moment += law[x] * ((x >> i ^ x >> j) & 1 ? -1 : 1);
    worst = fmax(worst, fabs(2 * (double)k->all->equal[e] / all - 1 - moment));
  }
  r->pairs_exact = worst;
}

/* Means of the series, each by its own error of all samples. */
static void gate_means(case_work *w) {
  const pbl_unit_report *r = &w->result->unit;
  const double dof = (double)case_chains(w) - 1;
  const pbl_unit_series *worst = NULL;
  double worst_t = 0, coarsest = 0;
  size_t n = 0;
  for (size_t s = 0; s < r->n_series; s++) {
    const pbl_unit_series *o = &r->series[s];
    if (o->unit.resolution != PBL_RESOLVED) continue;
    const double t = (o->unit.mean - o->exact_mean) / o->unit.mcse;
    n++;
    coarsest = fmax(coarsest, o->unit.mcse / sqrt(o->unit.variance));
    if (!worst || fabs(t) > fabs(worst_t)) {
      worst = o;
      worst_t = t;
    }
  }
  if (!worst) return;
  const pbl_gate gate = {
      .name = "means of the statistics unit",
      .statistic = worst_t,
      .threshold = case_gate_threshold(w, (double)n, dof),
      .p_value = fmin(1, (double)n * pbl_student_t_two_sided_p(worst_t, dof)),
      .needs_mixing = true,
      .would_see = coarsest * case_gate_reach(w, (double)n, dof),
      .would_see_of = "any one mean, in standard deviations",
  };
  case_gate(w, &gate, "worst of %zu: %s %.5g +- %.2g, exactly %.5g", n, worst->name,
            worst->unit.mean, worst->unit.mcse, worst->exact_mean);
}

pbl_status case_statistics_exact(case_work *w, pbl_error *err) {
  pbl_unit_report *r = &w->result->unit;
  if (!w->law) return PBL_OK;
  double *f = malloc(2 * pbl_oracle_states(w->law) * sizeof *f); /* values and scratch */
  if (!f) return pbl_fail(err, PBL_NO_MEMORY, "exact law: out of memory");
  pbl_status st = PBL_OK;
  for (size_t s = 0; !st && s < r->n_series; s++) st = exact_series(&r->series[s], w, s, f, err);
  free(f);
  if (st) return st;
  exact_counts(w);
  gate_means(w);
  return PBL_OK;
}
