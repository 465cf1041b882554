#include "fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_rng.h"

#define ROWS 8
#define COLS 8
#define HIDDEN 12

static pbl_estimate around(double value, double relative) {
  return (pbl_estimate){value, value * (1 - relative), value * (1 + relative)};
}

/* AR(1) with the tau wanted: half-Sokal tau = (1 + a)/(2 (1 - a)). */
static void fill_side(pbl_side *s, double tau, double mean, pbl_xoshiro *g) {
  const double a = (2 * tau - 1) / (2 * tau + 1), n = 64 * 2000;
  s->tau = (pbl_tau_report){.resolution = PBL_RESOLVED,
                            .gate = "all gates passed",
                            .mean = mean,
                            .variance = 1,
                            .tau = around(tau, 0.07),
                            .ess = around(n / (2 * tau), 0.07),
                            .mcse = sqrt(2 * tau / n),
                            .tau_chain_means = 1.02 * tau,
                            .chain_means_ratio = 1.02,
                            .chain_means_bound = 1.45,
                            .split_rhat = 1.001,
                            .tau_lower_bound = NAN,
                            .window = 64,
                            .n_chains = 64,
                            .n_draws = 2000};
  s->ess_per_second = n / (2 * tau) / 1.7;
  s->ess_per_cycle = NAN;
  s->n_acf = 120;
  for (size_t k = 0; k < s->n_acf; k++) {
    s->acf_lag[k] = (double)k;
    s->acf_error[k] = k ? 0.02 : 0;
    s->acf[k] = pow(a, (double)k) + s->acf_error[k] * 0.3 * pbl_xoshiro_normal(g);
  }
  s->n_trace = PBL_TRACE_POINTS;
  for (int c = 0; c < 2; c++) {
    double x = mean;
    for (size_t t = 0; t < s->n_trace; t++) {
      x = mean + a * (x - mean) + sqrt(1 - a * a) * pbl_xoshiro_normal(g);
      s->trace_sweep[t] = (double)(4 * t);
      s->trace[c][t] = x;
    }
  }
}

static void fill_innovation(pbl_innovation_report *r, double beta_error, pbl_xoshiro *g) {
  static const char *const names[PBL_TEST_COUNT] = {"bias",  "gain",    "gain_each", "serial",
                                                    "cross", "replica", "edge",      "bins"};
  r->n_updates = 9728000;
  r->p_value = 0.37;
  r->implied_beta_error = beta_error;
  r->implied_beta_error_low = beta_error - 9e-4;
  r->implied_beta_error_high = beta_error + 9e-4;
  for (int i = 0; i < PBL_TEST_COUNT; i++)
    r->family[i] = (pbl_innovation_result){.name = names[i],
                                           .n_tests = 76,
                                           .max_abs_z = 2.4,
                                           .z = 2.4,
                                           .p_value = 0.7,
                                           .worst_a = 5,
                                           .worst_b = SIZE_MAX};
  r->n_bins = PBL_INNOVATION_BINS;
  for (int b = 0; b < PBL_INNOVATION_BINS; b++) {
    r->bin_x[b] = -3.1 + 0.2 * b;
    r->bin_expected[b] = tanh(r->bin_x[b]);
    r->bin_z[b] = pbl_xoshiro_normal(g);
    r->bin_observed[b] = r->bin_expected[b] + 0.002 * r->bin_z[b];
    r->bin_count[b] = 304000;
  }
}

static bool fill_scatter(pbl_scatter *s, size_t n, bool exact, pbl_xoshiro *g) {
  s->n = n;
  s->device = malloc(n * sizeof(double));
  s->reference = malloc(n * sizeof(double));
  s->exact = exact ? malloc(n * sizeof(double)) : NULL;
  if (!s->device || !s->reference || (exact && !s->exact)) return false;
  for (size_t i = 0; i < n; i++) {
    const double m = 1.8 * pbl_xoshiro_double(g) - 0.9;
    s->device[i] = m + 0.01 * pbl_xoshiro_normal(g);
    s->reference[i] = m + 0.01 * pbl_xoshiro_normal(g);
    if (exact) s->exact[i] = m;
  }
  return true;
}

static bool fill_images(pbl_case_result *c, pbl_xoshiro *g) {
  c->n_images = 16;
  c->device_images = malloc(c->n_images * ROWS * COLS);
  c->reference_images = malloc(c->n_images * ROWS * COLS);
  if (!c->device_images || !c->reference_images) return false;
  for (size_t i = 0; i < c->n_images * ROWS * COLS; i++) {
    const int row = (int)(i / COLS % ROWS), col = (int)(i % COLS);
    const double ring = hypot(row - 3.5, col - 3.5) - 2.6;
    const double p = 1 / (1 + exp(4 * (fabs(ring) - 0.8)));
    c->device_images[i] = pbl_xoshiro_double(g) < p ? 1 : -1;
    c->reference_images[i] = pbl_xoshiro_double(g) < p ? 1 : -1;
  }
  return true;
}

static void add_gate(pbl_case_result *c, const char *name, double p, bool passed,
                     const char *detail) {
  pbl_gate *g = &c->gates[c->n_gates++];
  *g = (pbl_gate){.name = name,
                  .statistic = 1.84,
                  .threshold = NAN,
                  .p_value = p,
                  .alpha = 1.1e-5,
                  .status = passed ? PBL_GATE_PASSED : PBL_GATE_FAILED,
                  .would_see = NAN};
  snprintf(g->detail, sizeof g->detail, "%s", detail);
}

static bool fill_case(pbl_case_result *c, const pbl_case_config *config, bool sound,
                      pbl_xoshiro *g) {
  static const char *const names[4] = {"energy", "free_energy", "magnetisation_visible", "v_3"};
  static const double taus[4] = {12.4, 9.31, 30.7, 4.18};
  c->config = config;
  snprintf(c->name, sizeof c->name, "%s", config->name);
  c->verdict = sound ? PBL_AGREES : PBL_DIFFERS;
  c->n_visible = ROWS * COLS;
  c->n_hidden = HIDDEN;
  c->image_rows = ROWS;
  c->image_cols = COLS;
  c->quantisation = (pbl_quantisation){.n_parameters = 844,
                                       .n_saturated = 3,
                                       .n_zeroed = 5,
                                       .max_abs_error = 0.0078,
                                       .rms_error = 0.0044,
                                       .max_abs_weight = 1.93,
                                       .beta_error = -1.2e-5,
                                       .worst_row = 3,
                                       .worst_col = 7};
  c->image_hash = 0xdeadbeef;
  c->beta_word = 4096;
  c->tv_quantised_ideal = sound ? 0.0021 : NAN;
  c->n_observables = 4;
  c->observables = calloc(c->n_observables, sizeof *c->observables);
  if (!c->observables) return false;
  for (size_t i = 0; i < c->n_observables; i++) {
    pbl_observable *o = &c->observables[i];
    snprintf(o->name, sizeof o->name, "%s", sound ? names[i] : HOSTILE_NAME);
    fill_side(&o->device, taus[i], -12 + 4 * (double)i, g);
    fill_side(&o->reference, taus[i] * 1.02, -12 + 4 * (double)i, g);
    o->device.ess_per_cycle = 1.3e-5;
    o->tau_ratio = around(0.98, 0.1);
    o->mean_z = 0.8;
    o->mean_p = 0.42;
    o->exact_mean = o->exact_tau = sound ? taus[i] : NAN;
  }
  c->q_op.device = (pbl_qop_report){.q = around(0.134, 0.2),
                                    .signal = 0.21,
                                    .noise = 1.57,
                                    .n_chains = 64,
                                    .n_components = 768,
                                    .window = 10};
  c->q_op.reference = (pbl_qop_report){.q = around(0.129, 0.2),
                                       .signal = 0.2,
                                       .noise = 1.55,
                                       .n_chains = 64,
                                       .n_components = 768,
                                       .window = 10};
  c->q_op.ratio = around(1.04, 0.3);
  c->q_op.exact = sound ? 0.131 : NAN;
  c->q_op.exact_signal = c->q_op.exact_noise = NAN;
  fill_innovation(&c->innovation_device, sound ? 2e-4 : 1.1e-2, g);
  fill_innovation(&c->innovation_reference, -1e-4, g);
  c->counters = (pbl_driver_counters){.sweeps = 128000,
                                      .flips = 4100000,
                                      .saturations = 12,
                                      .samples = 128000,
                                      .busy_cycles = 51200000,
                                      .stall_cycles = 77,
                                      .beta_active = 4096};
  c->device_seconds = 21.4;
  c->reference_seconds = 1.71;
  c->device_updates_per_second = 4.5e5;
  c->reference_updates_per_second = 5.7e6;
  c->device_cycles = 51200412;
  return fill_scatter(&c->first_moments, ROWS * COLS + HIDDEN, sound, g) &&
         fill_scatter(&c->second_moments, ROWS * COLS * HIDDEN, sound, g);
}

static void spoil(pbl_case_result *c) {
  c->observables[1].device.tau.resolution = PBL_UNRESOLVED;
  c->observables[1].device.tau.tau_lower_bound = 812.5;
  c->observables[1].device.tau.gate = "n >= 50 tau";
  c->observables[2].reference.tau.resolution = PBL_FROZEN;
  c->observables[2].reference.tau.tau = (pbl_estimate){NAN, NAN, NAN};
  c->observables[2].reference.n_acf = 0;
  c->observables[2].tau_ratio = (pbl_estimate){NAN, NAN, NAN};
  c->observables[3].device.trace[0][5] = NAN;
  c->innovation_reference = (pbl_innovation_report){0};
  c->image_rows = c->image_cols = 0;
}

static void fill_config(pbl_compare_config *k) {
  snprintf(k->path, sizeof k->path, "configs/fixture.yaml");
  snprintf(k->name, sizeof k->name, "fixture");
  k->seed = 42;
  k->device = PBL_DEVICE_TWIN;
  k->alpha = 1e-4;
  k->clock_hz = 1e8;
  k->n_cases = 2;
  k->lockstep_throttle_permille = 1000;
  for (int i = 0; i < k->n_cases; i++) {
    pbl_case_config *c = &k->cases[i];
    *c = (pbl_case_config){.random_visible = ROWS * COLS,
                           .random_hidden = HIDDEN,
                           .random_scale = 0.3,
                           .beta = 1,
                           .hw = pbl_hw_default(),
                           .chains = 64,
                           .burn_in = 500,
                           .draws = 2000,
                           .every = 1,
                           .q_window = 10};
    c->faults.beta_gain = 1;
    c->faults.stale_row = -1;
    c->hw.n_visible = c->hw.n_hidden = 0;
    c->hw.replicas = 64;
    snprintf(c->name, sizeof c->name, "%s", i ? HOSTILE_NAME : "rings 8x8");
  }
}

fixture *fixture_create(void) {
  fixture *x = calloc(1, sizeof *x);
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 2024);
  if (!x) return NULL;
  fill_config(&x->config);
  pbl_result *r = &x->result;
  r->config = &x->config;
  r->verdict = PBL_DIFFERS;
  r->seconds = 24.6;
  snprintf(r->started, sizeof r->started, "2026-01-05T10:11:12Z");
  snprintf(r->backend, sizeof r->backend, "twin");
  snprintf(r->versions, sizeof r->versions, "pbitloop 0.1.0; verilator 5.006; openblas 0.3.21");
  r->cases = calloc(2, sizeof *r->cases);
  r->n_cases = r->cases ? 2 : 0;
  bool ok = r->cases != NULL;
  for (size_t i = 0; ok && i < r->n_cases; i++)
    ok = fill_case(&r->cases[i], &x->config.cases[i], i == 0, &g);
  ok = ok && fill_images(&r->cases[0], &g);
  if (!ok) {
    fixture_destroy(x);
    return NULL;
  }
  add_gate(&r->cases[0], "device innovations", 0.37, true, "worst: serial, p-bit 5, z = 2.4");
  add_gate(&r->cases[0], "first moments against reference", 0.51, true, "worst: p-bit 70");
  add_gate(&r->cases[1], "device innovations", 3e-19, false,
           "worst: gain, z = 9.1; implied beta error +1.1 %, expected 0 within 0.09 %; a device "
           "at the right temperature passes this gate with probability 1 - 1.1e-5");
  add_gate(&r->cases[1], "autocorrelation times", NAN, true, HOSTILE_NAME);
  snprintf(r->cases[1].gate, sizeof r->cases[1].gate, "device innovations: gain, z = 9.1");
  spoil(&r->cases[1]);
  return x;
}

void fixture_destroy(fixture *x) {
  if (!x) return;
  pbl_result_free(&x->result);
  free(x);
}
