/* A case whose temperature the device sets by itself: it adapts for some windows, is frozen, and
 * the comparison takes place at the temperature that it has found. While beta moves there is no
 * stationary law, so that of the adapting draws only the innovations are tested, window by window,
 * each at its own beta. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"
#include "pbl_window_log.h"

#define MAX_ADAPTING_BYTES 4e9

bool case_is_regulated(const pbl_case_config *cc) {
  return pbl_regulator_moves(cc->regulator.settings.mode);
}

static pbl_status words_of(pbl_regulator_words *words, const case_work *w, pbl_error *err) {
  const pbl_case_regulator *r = &w->cc->regulator;
  pbl_regulator_load load = {.replicas = (uint32_t)w->hw.replicas};
  for (int p = 0; p < pbl_hw_pbits(&w->hw); p++) {
    if (w->image->clamp[p]) continue;
    *(p < w->hw.n_visible ? &load.visible : &load.hidden) += 1;
  }
  if (w->cc->kernel == PBL_KERNEL_PALINDROMIC) load.hidden *= 2;
  const pbl_status st = pbl_regulator_quantise(words, NULL, &r->settings, &load, err);
  if (st) return st;
  words->macro = pbl_regulator_macro_word(r->macro);
  words->scheduled = w->cc->schedule[0] != '\0';
  words->ladder = case_has_exchange(w->cc);
  words->freeze = r->freeze;
  words->telemetry = r->telemetry && r->settings.window_sweeps > 0;
  return PBL_OK;
}

pbl_status case_set_regulator(pbl_driver *d, const case_work *w, pbl_error *err) {
  pbl_regulator_words words;
  const pbl_status st = words_of(&words, w, err);
  return st ? st : pbl_driver_set_regulator(d, &words, err);
}

pbl_status case_leave_ladder(pbl_driver *d, const case_work *w, pbl_error *err) {
  pbl_regulator_words words;
  const pbl_status st = words_of(&words, w, err);
  words.ladder = false;
  return st ? st : pbl_driver_set_regulator(d, &words, err);
}

pbl_status case_check_regulated(const pbl_case_config *cc, pbl_error *err) {
  const pbl_case_regulator *r = &cc->regulator;
  if (!case_is_regulated(cc)) return PBL_OK;
  if (r->settings.window_sweeps < 1 || r->windows < 1 || !r->telemetry || r->freeze)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: a comparison under regulator.mode %s needs regulator.window_sweeps "
                    "and regulator.windows above 0, telemetry: true and freeze: false (it freezes "
                    "after the windows)",
                    cc->name, pbl_regulator_mode_name(r->settings.mode));
  if (case_shares_draws(cc))
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: kernel %s and a regulator that moves beta are only for pbitloop "
                    "lockstep",
                    cc->name, pbl_kernel_name(cc->kernel));
  if (cc->faults.beta_gain > 0 && cc->faults.beta_gain != 1.0)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: faults.beta_gain has no effect where the regulator sets beta; drop "
                    "one of them",
                    cc->name);
  return PBL_OK;
}

/* Draws [first, first + n) of all chains as a store of their own. */
static pbl_status slice(pbl_chains **out, const pbl_chains *c, size_t first, size_t n,
                        pbl_error *err) {
  const pbl_status st = pbl_chains_create(out, c->n_chains, n, c->n_pbits, err);
  if (st) return st;
  for (size_t k = 0; k < c->n_chains; k++)
    memcpy(pbl_chains_row(*out, k, 0), pbl_chains_row(c, k, first), n * c->row_bytes);
  (*out)->n_recorded = n;
  return PBL_OK;
}

/* Innovations of every window at its own beta: smallest p times their number, and the implied beta
 * error of all windows weighted by their information. */
static pbl_status test_windows(case_work *w, const pbl_chains *draws, const pbl_window_log *log,
                               pbl_error *err) {
  pbl_regulation_report *r = &w->result->regulation;
  const size_t length = w->cc->regulator.settings.window_sweeps;
  double weight = 0.0, sum = 0.0, smallest = 1.0;
  pbl_status st = PBL_OK;
  for (size_t k = 0; !st && k < log->n; k++) {
    pbl_chains *window = NULL;
    pbl_innovation_report t;
    st = slice(&window, draws, k * length, length, err);
    if (!st)
      st = pbl_innovation_test(&t, window, w->image, log->items[k].beta, w->cc->kernel, 1, false,
                               w->config->threads, NULL, err);
    pbl_chains_destroy(window);
    if (st) break;
    if (t.p_value < smallest) {
      smallest = t.p_value;
      r->worst_window = k;
      r->worst_family = pbl_innovation_worst(&t)->name;
      r->worst_z = pbl_innovation_worst(&t)->z;
    }
    const double se = (t.implied_beta_error_high - t.implied_beta_error_low) / (2 * 1.95996);
    if (isfinite(t.implied_beta_error) && se > 0) {
      weight += 1 / (se * se);
      sum += t.implied_beta_error / (se * se);
    }
    if (!pbl_progress_report(w->progress, "testing windows", k + 1, log->n))
      st = pbl_fail(err, PBL_INTERRUPTED, "stopped while the windows were tested");
  }
  r->p_value = fmin(1.0, smallest * (double)log->n);
  r->beta_error = (pbl_estimate){.value = NAN, .low = NAN, .high = NAN};
  if (weight > 0) {
    const double value = sum / weight, half = 1.95996 / sqrt(weight);
    r->beta_error = (pbl_estimate){.value = value, .low = value - half, .high = value + half};
  }
  return st;
}

/* From here on image and models have the beta that the device has found. */
static void hold_beta(case_work *w, uint32_t beta) {
  w->image->beta = beta ? beta : 1;
  w->beta = ldexp((double)w->image->beta, -w->hw.beta_frac);
  w->held_beta = w->beta;
  if (w->dequantised) w->dequantised->beta = w->beta;
  w->result->beta_word = w->image->beta;
}

static pbl_status freeze(pbl_driver *d, case_work *w, pbl_error *err) {
  pbl_regulator_words words;
  pbl_regulator_state state;
  pbl_status st = words_of(&words, w, err);
  if (!st) st = pbl_driver_regulator_read(d, &state, err);
  if (st) return st;
  words.freeze = true;
  words.lambda = state.lambda;
  words.filter = state.filter;
  hold_beta(w, state.beta_active);
  return pbl_driver_set_regulator(d, &words, err);
}

pbl_status case_adapt(case_work *w, pbl_driver *d, pbl_window_log *log, pbl_error *err) {
  const pbl_case_regulator *r = &w->cc->regulator;
  const size_t n = (size_t)r->windows * r->settings.window_sweeps;
  const size_t pbits = (size_t)pbl_hw_pbits(&w->hw), chains = (size_t)w->cc->chains;
  const double bytes = (double)n * (double)chains * (double)((pbits + 7) / 8);
  if (bytes > MAX_ADAPTING_BYTES)
    return pbl_fail(err, PBL_CONFIG,
                    "%d windows of %u sweeps are %.1f GB of states to test; at most %.1f: lower "
                    "regulator.windows or window_sweeps",
                    r->windows, r->settings.window_sweeps, 1e-9 * bytes, 1e-9 * MAX_ADAPTING_BYTES);
  pbl_chains *draws = NULL;
  pbl_driver_set_window_log(d, log);
  pbl_status st = pbl_chains_create(&draws, chains, n, pbits, err);
  if (!st) st = pbl_driver_run(d, draws, n, 1, w->progress, err);
  if (!st && log->n != (size_t)r->windows)
    st = pbl_fail(err, PBL_DEVICE, "%zu telemetry records of %d windows", log->n, r->windows);
  if (!st) st = test_windows(w, draws, log, err);
  if (!st) st = freeze(d, w, err);
  pbl_chains_destroy(draws);
  return st;
}

pbl_status case_keep_windows(case_work *w, const pbl_window_log *log, pbl_error *err) {
  pbl_regulation_report *r = &w->result->regulation;
  const size_t adapting = (size_t)w->cc->regulator.windows;
  const double updates = (double)w->cc->regulator.settings.window_sweeps * (double)w->hw.replicas;
  r->temperature = calloc(4 * log->n + 1, sizeof *r->temperature);
  if (!r->temperature) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu windows", log->n);
  r->flip_rate = r->temperature + log->n;
  r->energy = r->flip_rate + log->n;
  r->energy_sd = r->energy + log->n;
  r->n_windows = log->n;
  r->n_adapting = adapting < log->n ? adapting : log->n;
  for (size_t k = 0; k < log->n; k++) {
    const pbl_window *x = &log->items[k];
    const double unit = ldexp(1.0, -w->hw.weight_frac);
    const double mean = (double)x->energy_sum / updates;
    const double variance = (double)x->energy_sq / updates - mean * mean;
    r->temperature[k] = ldexp(1.0, w->hw.beta_frac) / (x->beta ? (double)x->beta : 1.0);
    r->flip_rate[k] = ldexp((double)x->rate, -24);
    r->energy[k] = unit * ((double)x->energy_ref + mean);
    r->energy_sd[k] = unit * sqrt(variance > 0 ? variance : 0);
    r->flags |= k < r->n_adapting ? x->flags : 0;
  }
  r->frozen_beta = w->beta;
  return PBL_OK;
}

void case_gate_adapting(case_work *w) {
  const pbl_regulation_report *r = &w->result->regulation;
  if (r->n_adapting == 0) return;
  const pbl_gate gate = {.name = "innovations while adapting",
                         .statistic = r->worst_z,
                         .threshold = NAN,
                         .p_value = r->p_value,
                         .would_see = NAN};
  case_gate(w, &gate,
            "%zu windows, each at its own beta; worst window %zu, family %s: |z| = %.2f; implied "
            "beta error %+.3g %% [%+.3g, %+.3g]",
            r->n_adapting, r->worst_window, r->worst_family ? r->worst_family : "none", r->worst_z,
            100 * r->beta_error.value, 100 * r->beta_error.low, 100 * r->beta_error.high);
}
