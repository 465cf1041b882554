/* report.json and the data island of report.html; schema: docs/report.md. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_report_json_internal.h"

#define SCHEMA 1

static void emit_hex(pbl_json *j, const char *key, uint32_t v) {
  char text[16];
  snprintf(text, sizeof text, "0x%08x", (unsigned)v);
  pbl_json_string(j, key, text);
}

static void emit_pair(pbl_json *j, const char *key, pbl_estimate device, pbl_estimate reference) {
  pbl_json_object(j, key);
  pbl_report_emit_estimate(j, "device", device);
  pbl_report_emit_estimate(j, "reference", reference);
  pbl_json_end(j);
}

/* What each clause of the RESOLVED rule compared; docs/statistics.md. In draws. */
static void emit_clauses(pbl_json *j, const pbl_resolve_report *r) {
  const char clause[2] = {r->clause, '\0'};
  pbl_json_string(j, "clause", r->clause ? clause : NULL);
  pbl_json_object(j, "clauses");
  pbl_json_double(j, "tau_convex", r->base.tau.value);
  pbl_json_double(j, "tau_tail", r->tau_tail);
  pbl_json_double(j, "tau_exp", r->tau_exp);
  pbl_json_double(j, "tau_exp_max", r->tau_exp_max);
  pbl_json_double(j, "spread_ratio", r->spread_ratio);
  pbl_json_double(j, "spread_bound", r->spread_bound);
  pbl_json_double(j, "split_rhat", r->base.split_rhat);
  pbl_json_double(j, "doubling_change", r->doubling_change);
  pbl_json_double(j, "doubling_error", r->doubling_error);
  pbl_json_double(j, "doubling_bound", r->doubling_bound);
  pbl_json_double(j, "agreement", r->agreement);
  pbl_json_double(j, "one_switch_ratio", r->one_switch_ratio);
  pbl_json_bool(j, "one_switch", r->one_switch);
  pbl_json_end(j);
}

static void emit_side(pbl_json *j, const char *key, const pbl_side *s, bool plots) {
  const pbl_tau_report *t = &s->tau;
  pbl_json_object(j, key);
  pbl_json_string(j, "resolution", pbl_resolution_name(t->resolution));
  pbl_json_string(j, "gate", t->gate);
  pbl_json_double(j, "mean", t->mean);
  pbl_json_double(j, "mcse", t->mcse);
  pbl_json_double(j, "variance", t->variance);
  pbl_report_emit_estimate(j, "tau", t->tau);
  pbl_report_emit_estimate(j, "ess", t->ess);
  pbl_json_double(j, "tau_lower_bound", t->tau_lower_bound);
  pbl_json_double(j, "tau_chain_means", t->tau_chain_means);
  pbl_json_double(j, "split_rhat", t->split_rhat);
  pbl_json_bool(j, "capped", t->capped);
  pbl_report_emit_size(j, "window", t->window);
  pbl_report_emit_size(j, "n_chains", t->n_chains);
  pbl_report_emit_size(j, "n_draws", t->n_draws);
  pbl_json_double(j, "ess_per_second", s->ess_per_second);
  pbl_json_double(j, "ess_per_cycle", s->ess_per_cycle);
  emit_clauses(j, &s->resolve);
  pbl_json_object(j, "acf");
  pbl_report_emit_curve(j, "lag", s->acf_lag, s->n_acf);
  pbl_report_emit_curve(j, "rho", s->acf, s->n_acf);
  pbl_report_emit_curve(j, "error", s->acf_error, s->n_acf);
  pbl_json_end(j);
  if (plots) {
    pbl_json_object(j, "trace");
    pbl_report_emit_curve(j, "sweep", s->trace_sweep, s->n_trace);
    pbl_report_emit_curve(j, "chain0", s->trace[0], s->n_trace);
    pbl_report_emit_curve(j, "chain1", s->trace[1], s->n_trace);
    pbl_json_end(j);
  }
  pbl_json_end(j);
}

static void emit_observable(pbl_json *j, const pbl_case_result *c, const pbl_observable *o,
                            bool plots) {
  pbl_json_object(j, NULL);
  pbl_json_string(j, "name", o->name);
  emit_pair(j, "tau", o->device.tau.tau, o->reference.tau.tau);
  emit_pair(j, "ess", o->device.tau.ess, o->reference.tau.ess);
  emit_pair(j, "q_op", c->q_op.device.q, c->q_op.reference.q);
  pbl_report_emit_estimate(j, "tau_ratio", o->tau_ratio);
  pbl_json_double(j, "mean_z", o->mean_z);
  pbl_json_double(j, "mean_p", o->mean_p);
  pbl_json_double(j, "exact_mean", o->exact_mean);
  pbl_json_double(j, "exact_tau", o->exact_tau);
  emit_side(j, "device", &o->device, plots);
  emit_side(j, "reference", &o->reference, plots);
  pbl_json_end(j);
}

static void emit_regulation(pbl_json *j, const pbl_regulation_report *r) {
  pbl_json_object(j, "regulation");
  pbl_report_emit_size(j, "n_adapting", r->n_adapting);
  pbl_json_double(j, "frozen_beta", r->frozen_beta);
  pbl_json_int(j, "flags", (int64_t)r->flags);
  pbl_json_double(j, "p_value", r->p_value);
  pbl_report_emit_estimate(j, "implied_beta_error", r->beta_error);
  pbl_report_emit_curve(j, "temperature", r->temperature, r->n_windows);
  pbl_report_emit_curve(j, "flip_rate", r->flip_rate, r->n_windows);
  pbl_report_emit_curve(j, "energy", r->energy, r->n_windows);
  pbl_report_emit_curve(j, "energy_sd", r->energy_sd, r->n_windows);
  pbl_json_end(j);
}

static void emit_q_side(pbl_json *j, const char *key, const pbl_qop_report *q) {
  pbl_json_object(j, key);
  pbl_json_double(j, "value", q->q.value);
  pbl_json_double(j, "low", q->q.low);
  pbl_json_double(j, "high", q->q.high);
  pbl_json_double(j, "signal", q->signal);
  pbl_json_double(j, "noise", q->noise);
  pbl_report_emit_size(j, "n_chains", q->n_chains);
  pbl_report_emit_size(j, "n_components", q->n_components);
  pbl_report_emit_size(j, "window", q->window);
  pbl_json_end(j);
}

static void emit_q_op(pbl_json *j, const pbl_case_result *c) {
  pbl_json_object(j, "q_op");
  emit_q_side(j, "device", &c->q_op.device);
  emit_q_side(j, "reference", &c->q_op.reference);
  pbl_report_emit_estimate(j, "ratio", c->q_op.ratio);
  pbl_json_double(j, "exact", c->q_op.exact);
  pbl_json_double(j, "exact_signal", c->q_op.exact_signal);
  pbl_json_double(j, "exact_noise", c->q_op.exact_noise);
  pbl_json_end(j);
}

/* One string per image, row by row, "#" for +1 and "." for -1. */
static pbl_status emit_images(pbl_json *j, const char *key, const signed char *images, size_t n,
                              size_t pixels, pbl_error *err) {
  char *text = malloc(pixels + 1);
  if (!text) return pbl_fail(err, PBL_NO_MEMORY, "report: no memory for an image of %zu", pixels);
  pbl_json_array(j, key);
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < pixels; k++) text[k] = images[i * pixels + k] > 0 ? '#' : '.';
    text[pixels] = '\0';
    pbl_json_string(j, NULL, text);
  }
  pbl_json_end(j);
  free(text);
  return PBL_OK;
}

static void emit_hardware(pbl_json *j, const pbl_hw *hw) {
  pbl_json_object(j, "hw");
  pbl_hw_json(j, hw);
  pbl_json_end(j);
}

static void emit_run(pbl_json *j, const pbl_case_result *c) {
  const pbl_case_config *k = c->config;
  pbl_json_object(j, "sizes");
  pbl_json_int(j, "n_visible", c->n_visible);
  pbl_json_int(j, "n_hidden", c->n_hidden);
  pbl_json_int(j, "n_blocks", c->n_blocks);
  pbl_json_int(j, "image_rows", c->image_rows);
  pbl_json_int(j, "image_cols", c->image_cols);
  pbl_json_end(j);
  pbl_json_string(j, "model", k->model);
  pbl_json_string(j, "graph", k->graph);
  pbl_json_string(j, "kernel", pbl_kernel_name(k->kernel));
  pbl_json_int(j, "chains", k->chains);
  pbl_json_int(j, "draws", k->draws);
  pbl_json_int(j, "every", k->every);
  pbl_json_int(j, "burn_in", k->burn_in);
  pbl_json_int(j, "q_window", k->q_window);
  emit_hardware(j, c->n_blocks > 0 ? &c->fitted : &k->hw);
  pbl_json_int(j, "beta_word", c->beta_word);
  emit_hex(j, "image_hash", c->image_hash);
}

static void emit_quantisation(pbl_json *j, const pbl_case_result *c) {
  const pbl_quantisation *q = &c->quantisation;
  pbl_json_object(j, "quantisation");
  pbl_report_emit_size(j, "n_parameters", q->n_parameters);
  pbl_report_emit_size(j, "n_saturated", q->n_saturated);
  pbl_report_emit_size(j, "n_zeroed", q->n_zeroed);
  pbl_json_double(j, "max_abs_error", q->max_abs_error);
  pbl_json_double(j, "rms_error", q->rms_error);
  pbl_json_double(j, "max_abs_weight", q->max_abs_weight);
  pbl_json_double(j, "beta_error", q->beta_error);
  pbl_report_emit_size(j, "worst_row", q->worst_row);
  pbl_report_emit_size(j, "worst_col", q->worst_col);
  pbl_json_double(j, "tv_quantised_ideal", c->tv_quantised_ideal);
  pbl_json_end(j);
}

static void emit_counters(pbl_json *j, const pbl_case_result *c) {
  const pbl_driver_counters *d = &c->counters;
  pbl_json_object(j, "counters");
  pbl_report_emit_u64(j, "sweeps", d->sweeps);
  pbl_report_emit_u64(j, "flips", d->flips);
  pbl_report_emit_u64(j, "saturations", d->saturations);
  pbl_report_emit_u64(j, "freezes", d->freezes);
  pbl_report_emit_u64(j, "samples", d->samples);
  pbl_report_emit_u64(j, "busy_cycles", d->busy_cycles);
  pbl_report_emit_u64(j, "stall_cycles", d->stall_cycles);
  pbl_report_emit_u64(j, "beta_active", d->beta_active);
  pbl_json_end(j);
  pbl_json_object(j, "timings");
  pbl_json_double(j, "device_seconds", c->device_seconds);
  pbl_json_double(j, "reference_seconds", c->reference_seconds);
  pbl_json_double(j, "device_updates_per_second", c->device_updates_per_second);
  pbl_json_double(j, "reference_updates_per_second", c->reference_updates_per_second);
  pbl_report_emit_u64(j, "device_cycles", c->device_cycles);
  pbl_json_end(j);
}

static pbl_status emit_case(pbl_json *j, const pbl_case_result *c, bool plots, pbl_error *err) {
  pbl_status s = PBL_OK;
  pbl_json_object(j, NULL);
  pbl_json_string(j, "name", c->name);
  pbl_json_string(j, "verdict", pbl_verdict_name(c->verdict));
  pbl_json_string(j, "gate", c->gate);
  emit_run(j, c);
  emit_quantisation(j, c);
  pbl_json_array(j, "observables");
  for (size_t i = 0; i < c->n_observables; i++) emit_observable(j, c, &c->observables[i], plots);
  pbl_json_end(j);
  emit_q_op(j, c);
  pbl_json_object(j, "innovations");
  pbl_report_emit_innovation(j, "device", &c->innovation_device);
  pbl_report_emit_innovation(j, "reference", &c->innovation_reference);
  pbl_json_end(j);
  pbl_report_emit_gates(j, c);
  pbl_json_object(j, "moments");
  pbl_report_emit_moments(j, "first", &c->first_moments, plots);
  pbl_report_emit_moments(j, "second", &c->second_moments, plots);
  pbl_json_end(j);
  pbl_report_emit_energy(j, &c->energy);
  if (c->exchange.n_rungs) pbl_report_emit_exchange(j, &c->exchange);
  if (c->unit.n_series) pbl_report_emit_statistics(j, &c->unit);
  if (c->regulation.n_windows) emit_regulation(j, &c->regulation);
  pbl_report_emit_reference(j, &c->reference);
  if (c->device_pairs.n_pairs) pbl_report_emit_device_pairs(j, c);
  emit_counters(j, c);
  if (plots && c->n_images && c->image_rows > 0) {
    const size_t pixels = (size_t)c->n_visible;
    pbl_json_object(j, "images");
    s = emit_images(j, "device", c->device_images, c->n_images, pixels, err);
    if (s == PBL_OK) s = emit_images(j, "reference", c->reference_images, c->n_images, pixels, err);
    pbl_json_end(j);
  }
  pbl_json_end(j);
  return s;
}

static pbl_status emit_config(pbl_json *j, const pbl_compare_config *k, pbl_error *err) {
  char *resolved = NULL;
  const pbl_status s = pbl_config_dump_compare(&resolved, k, err);
  if (s != PBL_OK) return pbl_wrap(err, s, "report: writing the resolved config");
  pbl_json_object(j, "config");
  pbl_json_string(j, "path", k->path);
  pbl_json_string(j, "name", k->name);
  pbl_json_double(j, "alpha", k->alpha);
  pbl_json_double(j, "clock_hz", k->clock_hz);
  pbl_json_int(j, "threads", k->threads);
  pbl_json_string(j, "resolved", resolved);
  pbl_json_end(j);
  free(resolved);
  return PBL_OK;
}

pbl_status pbl_report_emit(pbl_json *j, const pbl_result *r, bool plots, pbl_error *err) {
  pbl_json_object(j, NULL);
  pbl_json_int(j, "schema", SCHEMA);
  pbl_json_string(j, "program", "pbitloop");
  pbl_json_string(j, "versions", r->versions);
  pbl_json_string(j, "started", r->started);
  pbl_json_double(j, "seconds", r->seconds);
  pbl_json_string(j, "verdict", pbl_report_run_verdict(r));
  pbl_json_int(j, "exit_code", pbl_report_run_exit_code(r));
  pbl_report_emit_u64(j, "seed", r->config->seed);
  pbl_json_string(j, "backend", pbl_report_backend_name(r));
  pbl_status s = emit_config(j, r->config, err);
  pbl_json_array(j, "cases");
  for (size_t i = 0; s == PBL_OK && i < r->n_cases; i++) s = emit_case(j, &r->cases[i], plots, err);
  pbl_json_end(j);
  if (s == PBL_OK) pbl_json_end(j); /* an open root makes close refuse the document */
  return s;
}

pbl_status pbl_report_write_json(const pbl_result *r, const char *path, pbl_error *err) {
  pbl_json *j = NULL;
  pbl_error ignored;
  pbl_status s = pbl_report_check(r, path, err);
  if (s != PBL_OK) return s;
  s = pbl_json_create_file(&j, path, err);
  if (s != PBL_OK) return s;
  s = pbl_report_emit(j, r, false, err);
  /* close must run in any case; the first error is the one to keep */
  const pbl_status closed = pbl_json_close(j, NULL, s == PBL_OK ? err : &ignored);
  return s == PBL_OK ? closed : s;
}
