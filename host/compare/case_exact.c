/* Comparison with the exact law, where enumeration reaches. Two distances, kept apart: the device
 * against the law of its own quantised kernel, and that law against the ideal model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"
#include "pbl_law.h"
#include "pbl_oracle_graph.h"

/* Frequencies and transitions are tested up to this size: beyond, most states are never met. */
#define STATE_TEST_PBITS 12
#define CELL_MASS 0.01 /* least probability of a cell of the chi-square */
#define MOST_STEPS 1000000

/* energy[h * 2^V + v], by doubling: field_j(v), and from them one hidden p-bit after the other. */
static pbl_status state_energies(double *energy, const pbl_rbm *m, pbl_error *err) {
  const size_t nv = (size_t)m->n_visible, nh = (size_t)m->n_hidden, states = (size_t)1 << nv;
  double *field = malloc((nh + 1) * states * sizeof *field); /* the last: of the visible biases */
  if (!field) return pbl_fail(err, PBL_NO_MEMORY, "energies: out of memory");
  for (size_t j = 0; j <= nh; j++) {
    double *f = field + j * states;
    f[0] = j < nh ? (double)m->c[j] : 0;
    for (size_t i = 0; i < nv; i++) f[0] -= (double)(j < nh ? m->w[i * nh + j] : m->b[i]);
    for (size_t i = 0; i < nv; i++) {
      const double w = (double)(j < nh ? m->w[i * nh + j] : m->b[i]);
      for (size_t v = 0; v < (size_t)1 << i; v++) f[v + ((size_t)1 << i)] = f[v] + 2 * w;
    }
  }
  for (size_t v = 0; v < states; v++) energy[v] = -field[nh * states + v];
  for (size_t j = 0; j < nh; j++) {
    const double *f = field + j * states;
    const size_t half = states << j;
    for (size_t x = 0; x < half; x++) {
      const double up = f[x & (states - 1)];
      energy[half + x] = energy[x] - up;
      energy[x] += up;
    }
  }
  free(field);
  return PBL_OK;
}

pbl_status case_state_values(double *f, const case_work *w, size_t k, pbl_error *err) {
  if (k == 0 && w->held) {
    pbl_graph_state_energies(f, w->held);
    return PBL_OK;
  }
  if (k == 0) return state_energies(f, w->dequantised, err);
  const size_t nv = (size_t)w->hw.n_visible, n = (size_t)pbl_hw_pbits(&w->hw);
  const size_t fixed = case_fixed_observables(w);
  const bool one = k >= fixed; /* p-bit */
  const size_t first = one ? k - fixed : k == 1 ? 0 : nv;
  const size_t last = one ? first + 1 : k == 1 ? nv : n;
  const size_t mask = (((size_t)1 << (last - first)) - 1) << first;
  for (size_t x = 0; x < (size_t)1 << n; x++)
    f[x] = 2 * (double)__builtin_popcountll(x & mask) - (double)(last - first);
  return PBL_OK;
}

/* every * (1/2 + sum of the autocorrelations at multiples of `every`): what a thinned chain
 * estimates. */
static pbl_status thinned_tau(const case_work *w, const double *f, double *g, double mean,
                              double variance, double *tau, pbl_error *err) {
  const double *pi = pbl_oracle_law(w->law);
  const size_t n = pbl_oracle_states(w->law), every = (size_t)w->cc->every,
               most = MOST_STEPS / every;
  double sum = 0.5;
  for (size_t x = 0; x < n; x++) g[x] = f[x] - mean;
  for (size_t lag = 1; lag <= most; lag++) {
    double gamma = 0;
    if (!pbl_progress_report(w->progress, "lags of a thinned chain", lag, most))
      return pbl_fail(err, PBL_INTERRUPTED, "interrupted");
    for (size_t k = 0; k < every; k++) pbl_oracle_backward(w->law, g);
    for (size_t x = 0; x < n; x++) gamma += pi[x] * (f[x] - mean) * g[x];
    sum += gamma / variance;
    if (fabs(gamma) < 1e-12 * variance) break;
  }
  *tau = (double)every * sum;
  return PBL_OK;
}

static pbl_scan scan_of(const case_work *w) {
  if (w->cc->kernel == PBL_KERNEL_COIN) return PBL_SCAN_COIN;
  return w->cc->kernel == PBL_KERNEL_PALINDROMIC ? PBL_SCAN_PALINDROMIC : PBL_SCAN_CYCLIC;
}

pbl_status case_exact_tau(const case_work *w, const double *f, double *g, double *mean,
                          double *variance, double *tau, pbl_error *err) {
  if (w->graph && w->cc->every == 1) return pbl_oracle_tau(w->law, f, mean, variance, tau, err);
  if (w->cc->every == 1 && w->blocks && pbl_blocks_knows(w->blocks, scan_of(w))) {
    pbl_reduced r;
    pbl_status st = pbl_blocks_reduce(&r, w->blocks, f, err);
    if (st) return st;
    *mean = r.mean;
    *variance = r.variance;
    st = pbl_blocks_tau(tau, NULL, w->blocks, scan_of(w), &r, err);
    pbl_reduced_release(&r);
    return st;
  }
  *tau = NAN;
  const pbl_status st = pbl_oracle_tau(w->law, f, mean, variance, NULL, err);
  return st || !(*variance > 0) ? st : thinned_tau(w, f, g, *mean, *variance, tau, err);
}

pbl_status case_exact_qop(double *q, double *signal, double *noise, const case_work *w,
                          size_t window, pbl_error *err) {
  if (w->graph) return case_graph_qop(q, signal, noise, w, window, err);
  pbl_reduced *components = NULL;
  pbl_status st = pbl_gradient_reduce(&components, w->blocks, w->progress, err);
  if (st) return st;
  st = pbl_blocks_qop(q, signal, noise, w->blocks, scan_of(w), components, w->model, NULL, window,
                      w->progress, err);
  pbl_gradient_release(components, w->blocks);
  return st;
}

double case_log_scale_p(const pbl_estimate *e, double exact, size_t n_chains, double *z,
                        double *se) {
  const double dof = (double)n_chains - 1;
  *se = 0.5 * log(e->high / e->low) / pbl_student_t_quantile(0.975, dof);
  *z = log(e->value / exact) / *se;
  return pbl_student_t_two_sided_p(*z, dof);
}

static pbl_status exact_observables(case_work *w, pbl_error *err) {
  pbl_case_result *r = w->result;
  const size_t states = pbl_oracle_states(w->law);
  double *f = malloc(2 * states * sizeof *f); /* values and scratch */
  if (!f) return pbl_fail(err, PBL_NO_MEMORY, "exact law: out of memory");
  pbl_status st = PBL_OK;
  double worst_p = 1, worst_z = 0, coarsest = 0;
  size_t worst = 0, tests = 0;
  for (size_t k = 0; !st && k < r->n_observables; k++) {
    pbl_observable *o = &r->observables[k];
    double variance, z, se;
    if (!pbl_progress_report(w->progress, "exact autocorrelation times", k, r->n_observables)) {
      st = pbl_fail(err, PBL_INTERRUPTED, "interrupted");
      break;
    }
    st = case_state_values(f, w, k, err);
    if (!st) st = case_exact_tau(w, f, f + states, &o->exact_mean, &variance, &o->exact_tau, err);
    if (st || o->device.tau.resolution != PBL_RESOLVED) continue;
    const double p =
        case_log_scale_p(&o->device.tau.tau, o->exact_tau, o->device.tau.n_chains, &z, &se);
    tests++;
    coarsest = fmax(coarsest, se);
    if (p < worst_p) {
      worst_p = p;
      worst_z = z;
      worst = k;
    }
  }
  free(f);
  if (st) return st;
  if (tests == 0) return PBL_OK; /* said by the gate of resolution */
  const double p = fmin(1, worst_p * (double)tests), dof = (double)case_chains(w) - 1;
  const pbl_observable *o = &r->observables[worst];
  const pbl_gate gate = {
      .name = "tau against exact kernel",
      .statistic = worst_z,
      .threshold = case_gate_threshold(w, (double)tests, dof),
      .p_value = p,
      .needs_mixing = true,
      .would_see = expm1(coarsest * case_gate_reach(w, (double)tests, dof)),
      .would_see_of = "any one tau, relative",
  };
  case_gate(w, &gate, "worst %s: %.4g [%.4g, %.4g] against %.4g sweeps, family p = %.3g", o->name,
            o->device.tau.tau.value, o->device.tau.tau.low, o->device.tau.tau.high, o->exact_tau,
            p);
  return PBL_OK;
}

static pbl_status state_frequencies(case_work *w, pbl_error *err) {
  pbl_law_test t;
  pbl_error reason;
  const pbl_status st =
      pbl_law_chi2_sweep(&t, w->device, w->law, (size_t)w->cc->every, CELL_MASS, &reason);
  if (st == PBL_INVALID || st == PBL_NUMERIC) {
    pbl_progress_note(w->progress, "state frequencies not tested: %s", reason.message);
    return PBL_OK;
  }
  if (st) return pbl_fail(err, st, "%s", reason.message);
  const pbl_gate gate = {.name = "state frequencies",
                         .statistic = t.statistic,
                         .threshold = NAN,
                         .p_value = t.p_value,
                         .needs_mixing = true,
                         .would_see = NAN};
  case_gate(w, &gate, "chi-square %.4g on %.3g effective degrees of freedom, %zu cells",
            t.statistic, t.dof, t.n_tests);
  return PBL_OK;
}

static pbl_status transitions(case_work *w, pbl_error *err) {
  pbl_law_test t;
  pbl_error reason;
  if (case_shares_draws(w->cc) && w->hw.lanes > 1) {
    pbl_progress_note(w->progress, "transitions not tested: the %d lanes of a context share %s",
                      w->hw.lanes, w->cc->kernel == PBL_KERNEL_COIN ? "coins" : "picks");
    return PBL_OK;
  }
  const pbl_status st =
      pbl_law_kernel_chi2_sweep(&t, w->device, w->law, (size_t)w->cc->every, &reason);
  if (st == PBL_INVALID) {
    pbl_progress_note(w->progress, "transitions not tested: %s", reason.message);
    return PBL_OK;
  }
  if (st) return pbl_fail(err, st, "%s", reason.message);
  const pbl_gate gate = {.name = "transitions",
                         .statistic = t.statistic,
                         .threshold = pbl_chi2_quantile(1 - case_gate_alpha(w), t.dof),
                         .p_value = t.p_value,
                         .would_see = NAN};
  case_gate(w, &gate, "chi-square %.4g on %.4g degrees of freedom, from %zu states, worst %zu",
            t.statistic, t.dof, t.n_tests, t.worst);
  return PBL_OK;
}

static pbl_status open_model_laws(pbl_oracle **wanted, case_work *w, pbl_error *err) {
  pbl_status st = pbl_oracle_create_image_watched(&w->law, w->image, w->image->beta, w->cc->kernel,
                                                  w->progress, err);
  if (!st) st = pbl_blocks_create(&w->blocks, w->law, w->progress, err);
  if (!st)
    st = pbl_oracle_create_model(&w->ideal, w->dequantised, w->held_beta, w->cc->kernel, err);
  return st ? st : pbl_oracle_create_model(wanted, w->model, w->beta, w->cc->kernel, err);
}

static pbl_status open_laws(case_work *w, pbl_error *err) {
  const int n = pbl_hw_pbits(&w->hw);
  pbl_oracle *wanted = NULL;
  pbl_progress_note(w->progress, "exact law: %zu states", (size_t)1 << n);
  pbl_status st = w->graph ? case_graph_laws(&wanted, w, err) : open_model_laws(&wanted, w, err);
  if (!st) w->result->tv_quantised_ideal = pbl_oracle_total_variation(w->law, wanted);
  pbl_oracle_destroy(wanted);
  return st;
}

pbl_status case_exact_open(case_work *w, pbl_error *err) {
  if (!w->cc->exact) return PBL_OK;
  if (w->cc->clamp[0]) {
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: exact: true and clamp do not go together; drop one of them",
                    w->cc->name);
  }
  const pbl_status st = open_laws(w, err);
  return st ? pbl_wrap(err, st, "case %s: exact law", w->cc->name) : PBL_OK;
}

pbl_status case_exact(case_work *w, pbl_error *err) {
  if (!w->law || w->tempering) return PBL_OK; /* exchange is no part of that kernel */
  pbl_status st = exact_observables(w, err);
  if (!st && pbl_hw_pbits(&w->hw) <= STATE_TEST_PBITS) {
    st = state_frequencies(w, err);
    if (!st) st = transitions(w, err);
  }
  return st ? pbl_wrap(err, st, "case %s: exact law", w->cc->name) : PBL_OK;
}
