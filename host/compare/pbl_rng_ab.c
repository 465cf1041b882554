#include "pbl_rng_ab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"
#include "pbl_oracle_graph.h"

#define FEW_STATES 1024
#define NULL_STATES 256 /* of more than those, whose autocorrelation is summed */
#define MOST_LAGS 100000
#define SMALL_RHO 1e-5

static size_t state_of(const pbl_chains *c, size_t chain, size_t draw) {
  const uint8_t *row = pbl_chains_row(c, chain, draw);
  return c->row_bytes == 1 ? row[0] : (size_t)row[0] | (size_t)row[1] << 8;
}

static pbl_status check_case(const pbl_case_config *cc, pbl_error *err) {
  const pbl_faults *f = &cc->faults;
  if (cc->every != 1)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: sweeps_per_draw %d: serial faults show only in chains recorded every "
                    "sweep; set it to 1",
                    cc->name, cc->every);
  if (cc->clamp[0] || f->beta_gain != 1 || f->weight_offset != 0 || f->stale_row >= 0 ||
      f->before_hash)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: clamp and faults do not go with the A/B of random sources; drop them",
                    cc->name);
  if (case_has_exchange(cc) || cc->kernel == PBL_KERNEL_RANDOM_SITE)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: the A/B of random sources knows the kernels cyclic, palindromic and "
                    "coin at one beta; drop %s",
                    cc->name, case_has_exchange(cc) ? "ladder" : "kernel random_site");
  return PBL_OK;
}

static double distance(const double *count, const double *without, const double *law, size_t states,
                       double total) {
  double sum = 0.0;
  for (size_t x = 0; x < states; x++)
    sum += fabs((count[x] - (without ? without[x] : 0.0)) / total - law[x]);
  return 0.5 * sum;
}

/* count: one histogram per chain, n_chains x states; the sum over chains comes last. */
static void total_variation(pbl_rng_ab_row *row, const double *count, size_t n_chains,
                            size_t n_draws, const double *law, size_t states) {
  const double *all = count + n_chains * states, chains = (double)n_chains;
  const double total = chains * (double)n_draws;
  double mean = 0.0, square = 0.0;
  row->tv = distance(all, NULL, law, states, total);
  for (size_t c = 0; c < n_chains; c++) {
    const double d = distance(all, count + c * states, law, states, total - (double)n_draws);
    mean += d / chains;
    square += d * d / chains;
  }
  row->tv_error = sqrt(fmax(square - mean * mean, 0.0) * (chains - 1.0));
}

/* 2 tau of the indicator of state x, whose lag-k autocovariance is p (P^k(x, x) - p): a look at one
 * entry after each backward step of f, which has as many entries as there are states. */
static pbl_status state_deff(double *deff, const pbl_oracle *law, double *f, size_t x,
                             pbl_error *err) {
  const double p = pbl_oracle_law(law)[x];
  double rho = 1.0, before;
  *deff = 1.0;
  memset(f, 0, pbl_oracle_states(law) * sizeof *f);
  f[x] = 1.0;
  for (int lag = 1; lag <= MOST_LAGS; lag++) {
    pbl_oracle_backward(law, f);
    before = rho;
    rho = (f[x] - p) / (1.0 - p);
    *deff += 2.0 * rho;
    if (fabs(rho) < SMALL_RHO && fabs(before) < SMALL_RHO) return PBL_OK;
  }
  return pbl_fail(err, PBL_NUMERIC,
                  "null of the total variation: a state is still there after %d "
                  "sweeps; raise the temperature",
                  MOST_LAGS);
}

/* E TV = sum_x sqrt(p (1-p) deff / (2 pi N)): half the mean absolute values of normal deviates,
 * each no more than p, which a state that is hardly ever met cannot exceed. Of many states
 * NULL_STATES are taken at equal distances along the running sum of sqrt(p), to which the terms are
 * nearly proportional, and stand for all. f is scratch. */
static pbl_status null_variation(double *tv, const pbl_oracle *law, double *f, double n_sweeps,
                                 pbl_error *err) {
  const size_t states = pbl_oracle_states(law);
  const double *p = pbl_oracle_law(law);
  const bool few = states <= FEW_STATES;
  pbl_status st = PBL_OK;
  double deff, whole = 0.0, passed = 0.0;
  *tv = 0.0;
  for (size_t x = 0; x < states; x++) whole += sqrt(p[x]);
  const double step = whole / NULL_STATES;
  for (size_t x = 0; !st && x < states; x++) {
    const double before = passed, share = sqrt(p[x]);
    passed += share;
    /* marks at (k + 1/2) step within this state's piece of the sum */
    const double marks = floor(passed / step + 0.5) - floor(before / step + 0.5);
    if (!(p[x] > 0.0 && p[x] < 1.0) || (!few && marks == 0.0)) continue;
    st = state_deff(&deff, law, f, x, err);
    const double term = fmin(p[x], sqrt(p[x] * (1.0 - p[x]) * deff / (2.0 * M_PI * n_sweeps)));
    *tv += few ? term : term * marks * step / share;
  }
  return st;
}

static pbl_status histogram(const case_work *w, pbl_rng_ab_row *row, const pbl_oracle *law,
                            pbl_error *err) {
  const size_t states = pbl_oracle_states(law), chains = w->device->n_chains;
  double *count = calloc((chains + 2) * states, sizeof *count);
  if (!count) return pbl_fail(err, PBL_NO_MEMORY, "histogram: out of memory");
  double *all = count + chains * states;
  for (size_t c = 0; c < chains; c++) {
    for (size_t t = 0; t < w->device->n_recorded; t++)
      count[c * states + state_of(w->device, c, t)] += 1.0;
    for (size_t x = 0; x < states; x++) all[x] += count[c * states + x];
  }
  total_variation(row, count, chains, w->device->n_recorded, pbl_oracle_law(law), states);
  const pbl_status st = null_variation(&row->tv_null, law, all + states, row->n_sweeps, err);
  free(count);
  return st;
}

/* tau of f(state) in the chains over its exact value; series is scratch, chains x draws. */
static pbl_status tau_shift(pbl_estimate *ratio, double exact, const case_work *w, const double *f,
                            double *series, pbl_error *err) {
  const pbl_chains *c = w->device;
  pbl_tau_report tau;
  for (size_t k = 0; k < c->n_chains; k++)
    for (size_t t = 0; t < c->n_recorded; t++) series[k * c->n_recorded + t] = f[state_of(c, k, t)];
  const pbl_status st = pbl_tau(&tau, series, c->n_chains, c->n_recorded, err);
  *ratio = (pbl_estimate){NAN, NAN, NAN};
  if (!st && tau.resolution == PBL_RESOLVED)
    *ratio = (pbl_estimate){tau.tau.value / exact, tau.tau.low / exact, tau.tau.high / exact};
  return st;
}

static pbl_status tau_shifts(const case_work *w, pbl_rng_ab_row *row, const pbl_oracle *law,
                             pbl_error *err) {
  const size_t states = pbl_oracle_states(law), n = (size_t)pbl_hw_pbits(&w->hw);
  double *f = malloc(2 * states * sizeof *f), *spin = f ? f + states : NULL;
  double *series = malloc(w->device->n_chains * w->device->n_recorded * sizeof *series);
  pbl_status st = PBL_OK;
  double slowest = 0.0, mean, variance, tau;
  if (!f || !series) st = pbl_fail(err, PBL_NO_MEMORY, "tau: out of memory");
  for (size_t p = 0; !st && p < n; p++) {
    for (size_t x = 0; x < states; x++) f[x] = (x >> p) & 1 ? 1.0 : -1.0;
    st = pbl_oracle_tau(law, f, &mean, &variance, &tau, err);
    if (!st && tau > slowest) {
      slowest = row->exact_tau_slowest = tau;
      row->slowest = (int)p;
      memcpy(spin, f, states * sizeof *f);
    }
  }
  if (!st && slowest > 0.0)
    st = tau_shift(&row->tau_slowest, row->exact_tau_slowest, w, spin, series, err);
  for (size_t x = 0; !st && x < states; x++) {
    signed char s[PBL_RNG_AB_MAX_PBITS];
    for (size_t p = 0; p < n; p++) s[p] = (x >> p) & 1 ? 1 : -1;
    f[x] = case_observable_value(w, 0, s);
  }
  if (!st) st = pbl_oracle_tau(law, f, &mean, &variance, &row->exact_tau_energy, err);
  if (!st) st = tau_shift(&row->tau_energy, row->exact_tau_energy, w, f, series, err);
  free(f);
  free(series);
  return st;
}

static pbl_status innovations(case_work *w, pbl_rng_ab_row *row, pbl_error *err) {
  pbl_innovation_report r;
  const int threads = w->config->threads;
  pbl_status st = pbl_innovation_test(&r, w->device, w->image, w->image->beta, w->cc->kernel, 1,
                                      true, threads, w->progress, err);
  row->beta_error_ideal =
      (pbl_estimate){r.implied_beta_error, r.implied_beta_error_low, r.implied_beta_error_high};
  if (!st)
    st = pbl_innovation_test(&r, w->device, w->image, w->image->beta, w->cc->kernel, 1, false,
                             threads, w->progress, err);
  if (st) return st;
  row->beta_error =
      (pbl_estimate){r.implied_beta_error, r.implied_beta_error_low, r.implied_beta_error_high};
  row->innovation_p = r.p_value;
  for (int k = 0; k < PBL_TEST_COUNT; k++) row->worst[k] = r.family[k].z;
  row->fault = pbl_innovation_name_fault(&r, w->config->alpha);
  pbl_innovation_fault_text(row->fault_text, sizeof row->fault_text, &r, w->config->alpha);
  return PBL_OK;
}

/* Of the image's own quantised kernel, and of the model as configured. */
static pbl_status laws(pbl_oracle **law, pbl_oracle **ideal, const case_work *w, pbl_error *err) {
  const pbl_kernel kernel = w->cc->kernel;
  if (w->graph) {
    const pbl_status st = case_graph_law_at(law, w, w->image->beta, err);
    return st ? st
              : pbl_oracle_create_graph(ideal, w->graph, w->colouring, w->beta, kernel, NULL, NULL,
                                        w->progress, err);
  }
  const pbl_status st =
      pbl_oracle_create_image_watched(law, w->image, w->image->beta, kernel, w->progress, err);
  return st ? st : pbl_oracle_create_model(ideal, w->model, w->beta, kernel, err);
}

static pbl_status measure(pbl_rng_ab_row *row, case_work *w, pbl_error *err) {
  pbl_oracle *law = NULL, *ideal = NULL;
  pbl_status st = check_case(w->cc, err);
  if (!st) st = case_setup(w, err);
  if (!st) st = case_check_schedule(w, err);
  if (!st && pbl_hw_pbits(&w->hw) > PBL_RNG_AB_MAX_PBITS)
    st = pbl_fail(err, PBL_CONFIG, "case %s: %d p-bits; the A/B takes at most %d", w->cc->name,
                  pbl_hw_pbits(&w->hw), PBL_RNG_AB_MAX_PBITS);
  if (st) return st;
  snprintf(row->name, sizeof row->name, "%s", w->cc->name);
  row->hw = w->hw;
  st = laws(&law, &ideal, w, err);
  if (!st) st = case_sample_device(w, err);
  if (!st) {
    row->tv_ideal = pbl_oracle_total_variation(law, ideal);
    row->n_sweeps = (double)w->device->n_chains * (double)w->device->n_recorded;
    st = histogram(w, row, law, err);
  }
  if (!st) st = tau_shifts(w, row, law, err);
  if (!st) st = innovations(w, row, err);
  pbl_oracle_destroy(law);
  pbl_oracle_destroy(ideal);
  return st ? pbl_wrap(err, st, "case %s", w->cc->name) : PBL_OK;
}

pbl_status pbl_rng_ab(pbl_rng_ab_row *rows, const pbl_compare_config *config,
                      pbl_progress *progress, pbl_error *err) {
  pbl_compare_config *own = malloc(sizeof *own);
  pbl_case_result *result = calloc(1, sizeof *result);
  pbl_status st = PBL_OK;
  if (!own || !result) st = pbl_fail(err, PBL_NO_MEMORY, "A/B of random sources: out of memory");
  if (!st) {
    *own = *config;
    own->device = PBL_DEVICE_TWIN;
  }
  for (int k = 0; !st && k < config->n_cases; k++) {
    /* every row has the same seed, so that rows differ only by what the configuration says */
    case_work w = {.config = own, .cc = &own->cases[k], .result = result, .progress = progress};
    rows[k] = (pbl_rng_ab_row){.slowest = -1};
    pbl_progress_note(progress, "case %s", w.cc->name);
    st = measure(&rows[k], &w, err);
    case_release(&w);
  }
  free(result);
  free(own);
  return st;
}
