#include "plots_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_rng.h"

#define PAIRS 200
#define ENERGY_SD 6.0

/* Gaussian density of states: a relative error e of beta moves the mean by -e beta variance. */
static void fill_energy(pbl_energy_report *e, double beta_error) {
  const double shift = -beta_error * ENERGY_SD * ENERGY_SD;
  *e = (pbl_energy_report){.n_bins = 40,
                           .low = -32,
                           .width = 1,
                           .beta_error = {beta_error, beta_error - 4e-3, beta_error + 4e-3}};
  for (size_t i = 0; i < e->n_bins; i++) {
    const double at = (e->low + 12 + (double)i + 0.5) / ENERGY_SD, moved = at - shift / ENERGY_SD;
    const double scale = 1 / (ENERGY_SD * sqrt(2 * acos(-1)));
    e->reference[i] = e->exact[i] = scale * exp(-0.5 * at * at);
    e->device[i] = scale * exp(-0.5 * moved * moved);
  }
}

static bool fill_ladder(pbl_reference_report *r, pbl_xoshiro *g) {
  *r = (pbl_reference_report){.rung = PBL_REF_COUPLED,
                              .reason = "every pair met",
                              .n_pairs = PAIRS,
                              .n_met = PAIRS,
                              .lag = 60,
                              .meeting_mean = 32,
                              .meeting_q95 = 80,
                              .tv_bound = 0,
                              .tv_bound_upper = 2e-3,
                              .coupled_p = 0.6,
                              .coupled_z = 2.1,
                              .n_compared = 840,
                              .q_change = 0.01};
  r->meeting = malloc(PAIRS * sizeof *r->meeting);
  for (size_t i = 0; r->meeting && i < PAIRS; i++)
    r->meeting[i] = 3 + floor(-28 * log(1 - pbl_xoshiro_double(g)));
  return r->meeting != NULL;
}

static bool fill_device_pairs(pbl_case_result *c, pbl_xoshiro *g) {
  pbl_device_pairs_report *r = &c->device_pairs;
  *r = (pbl_device_pairs_report){.n_pairs = PAIRS,
                                 .n_met = PAIRS,
                                 .lag = 70,
                                 .first = 70,
                                 .last = 700,
                                 .meeting_mean = 33,
                                 .meeting_q95 = 83,
                                 .tv_bound_upper = 3e-3,
                                 .tv_limit = 0.01,
                                 .p_value = 0.4,
                                 .n_compared = 4};
  r->meeting = malloc(PAIRS * sizeof *r->meeting);
  r->means = calloc(c->n_observables, sizeof *r->means);
  if (!r->meeting || !r->means) return false;
  for (size_t i = 0; i < PAIRS; i++)
    r->meeting[i] = 3 + floor(-28 * log(1 - pbl_xoshiro_double(g)));
  for (size_t k = 0; k < c->n_observables; k++)
    r->means[k] = (pbl_unbiased_mean){-41.25, 0.125, -41.5, k == 0 ? 0 : 0.0625, k == 1 ? NAN : 2};
  return true;
}

static void fill_traces(pbl_chain_traces *t, size_t stuck, pbl_xoshiro *g) {
  t->n_chains = 12;
  t->n_points = PBL_TRACE_THIN;
  for (size_t k = 0; k < t->n_chains; k++) {
    t->chain[k] = k == 0 ? stuck : k + 4;
    t->deviation[k] = k == 0 && stuck == 3 ? 0 : ENERGY_SD;
    for (size_t i = 0; i < t->n_points; i++) {
      t->sweep[i] = (double)(12 * i);
      t->x[k][i] = -12 + (t->deviation[k] > 0 ? ENERGY_SD * pbl_xoshiro_normal(g) : 0);
    }
  }
}

static bool fill_z(pbl_scatter *s, pbl_xoshiro *g) {
  s->z = malloc(s->n * sizeof *s->z);
  for (size_t i = 0; s->z && i < s->n; i++) s->z[i] = i % 50 == 7 ? NAN : pbl_xoshiro_normal(g);
  return s->z != NULL;
}

static void add_gate(pbl_case_result *c, const pbl_gate *g) {
  c->gates[c->n_gates++] = *g;
}

bool plots_fill(fixture *x) {
  pbl_case_result *c = &x->result.cases[0];
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 7);
  for (size_t i = 0; i < c->n_observables; i++) {
    pbl_observable *o = &c->observables[i];
    for (int s = 0; s < 2; s++) {
      pbl_side *side = s ? &o->reference : &o->device;
      side->resolve.resolution = PBL_RESOLVED;
      side->resolve.tail_window = 6 + i;
      side->resolve.tau_exp_max = 31;
    }
  }
  pbl_observable *slow = &c->observables[2];
  slow->device.tau.resolution = slow->device.resolve.resolution = PBL_UNRESOLVED;
  slow->device.tau.tau_lower_bound = 55;
  slow->device.resolve.clause = 'c';
  fill_energy(&c->energy, 0.01);
  fill_traces(&c->device_traces, 3, &g);
  fill_traces(&c->reference_traces, 4, &g);
  c->n_gates = 0;
  add_gate(c, &(pbl_gate){.name = "device innovations",
                          .statistic = 2.4,
                          .threshold = 5.1,
                          .p_value = 0.37,
                          .alpha = 1e-5,
                          .would_see = 5e-3,
                          .would_see_of = "beta, relative",
                          .detail = "worst: serial, p-bit 5, z = 2.4"});
  add_gate(c, &(pbl_gate){.name = "energy histogram",
                          .statistic = 5.9,
                          .threshold = 4.4,
                          .p_value = 4e-9,
                          .alpha = 1e-5,
                          .status = PBL_GATE_FAILED,
                          .needs_mixing = true,
                          .would_see = 1.4e-2,
                          .would_see_of = "beta, relative",
                          .detail = "implied beta error +1 %"});
  add_gate(c, &(pbl_gate){.name = "moments",
                          .statistic = 2.9,
                          .threshold = NAN,
                          .p_value = 0.2,
                          .alpha = 1e-5,
                          .status = PBL_GATE_NOT_COUNTED,
                          .would_see = 0.031,
                          .would_see_of = "any one mean",
                          .detail = "worst: p-bit 70"});
  return fill_ladder(&c->reference, &g) && fill_device_pairs(c, &g) &&
         fill_z(&c->first_moments, &g) && fill_z(&c->second_moments, &g);
}

static void empty_side(pbl_side *s) {
  const pbl_estimate unknown = {NAN, NAN, NAN};
  *s = (pbl_side){.tau = {.resolution = PBL_FROZEN,
                          .gate = "every chain is constant",
                          .mean = -3,
                          .tau = unknown,
                          .ess = unknown,
                          .mcse = NAN,
                          .split_rhat = NAN,
                          .tau_lower_bound = NAN,
                          .n_chains = 1,
                          .n_draws = 100},
                  .ess_per_second = NAN,
                  .ess_per_cycle = NAN,
                  .n_trace = 2,
                  .trace_sweep = {0, 1},
                  .trace = {{-3, -3}, {-3, -3}}};
  s->resolve.resolution = PBL_FROZEN;
  s->resolve.tau_tail = s->resolve.tau_exp_max = NAN;
}

static void no_moments(pbl_scatter *s) {
  free(s->device);
  free(s->reference);
  free(s->exact);
  free(s->z);
  *s = (pbl_scatter){0};
}

void plots_empty(fixture *x) {
  pbl_case_result *c = &x->result.cases[0];
  for (size_t i = 0; i < c->n_observables; i++) {
    empty_side(&c->observables[i].device);
    empty_side(&c->observables[i].reference);
    c->observables[i].tau_ratio = (pbl_estimate){NAN, NAN, NAN};
    c->observables[i].exact_tau = c->observables[i].exact_mean = NAN;
  }
  no_moments(&c->first_moments);
  no_moments(&c->second_moments);
  c->innovation_reference = (pbl_innovation_report){0};
  c->innovation_reference.implied_beta_error = NAN;
  pbl_innovation_report *r = &c->innovation_device; /* one bin, never left */
  r->implied_beta_error = r->implied_beta_error_low = r->implied_beta_error_high = NAN;
  for (size_t i = 0; i < r->n_bins; i++) r->bin_count[i] = 0;
  r->bin_count[3] = 100;
  r->bin_x[3] = 0;
  r->bin_expected[3] = r->bin_observed[3] = 1;
  r->bin_z[3] = NAN;
  c->energy = (pbl_energy_report){.n_bins = 1, .low = -3, .width = 1e-12, .device = {1}};
  c->energy.exact[0] = c->energy.beta_error.value = NAN;
  c->device_traces = (pbl_chain_traces){.n_chains = 1, .n_points = 1};
  c->device_traces.x[0][0] = -3;
  c->reference_traces = (pbl_chain_traces){0};
  free(c->reference.meeting);
  free(c->device_pairs.meeting);
  free(c->device_pairs.means);
  c->device_pairs = (pbl_device_pairs_report){0};
  c->reference = (pbl_reference_report){.n_pairs = 2, .lag = 1, .meeting_mean = INFINITY};
  c->reference.meeting = malloc(2 * sizeof(double));
  if (c->reference.meeting) c->reference.meeting[0] = c->reference.meeting[1] = INFINITY;
  c->reference.meeting_q95 = c->reference.tv_bound_upper = INFINITY;
}
