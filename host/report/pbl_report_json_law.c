/* The law's part of report.json, and the pieces that both parts are made of. */
#include <math.h>
#include <stdlib.h>

#include "pbl_report_json_internal.h"

/* Curves carry 6 significant digits: more is noise and doubles the file. */
static double six_digits(double x) {
  char text[32];
  if (!isfinite(x) || (fabs(x) < 1e6 && x == trunc(x))) return x;
  snprintf(text, sizeof text, "%.5e", x);
  return strtod(text, NULL);
}

void pbl_report_emit_curve(pbl_json *j, const char *key, const double *v, size_t n) {
  pbl_json_array(j, key);
  for (size_t i = 0; i < n; i++) pbl_json_double(j, NULL, six_digits(v[i]));
  pbl_json_end(j);
}

/* Counters beyond 2^63-1 do not fit the writer's integers: they become decimal strings. */
void pbl_report_emit_u64(pbl_json *j, const char *key, uint64_t v) {
  char text[24];
  if (v <= INT64_MAX) {
    pbl_json_int(j, key, (int64_t)v);
    return;
  }
  snprintf(text, sizeof text, "%llu", (unsigned long long)v);
  pbl_json_string(j, key, text);
}

void pbl_report_emit_size(pbl_json *j, const char *key, size_t v) {
  if (v == SIZE_MAX)
    pbl_json_string(j, key, NULL); /* "unused" */
  else
    pbl_report_emit_u64(j, key, v);
}

void pbl_report_emit_estimate(pbl_json *j, const char *key, pbl_estimate e) {
  pbl_json_object(j, key);
  pbl_json_double(j, "value", e.value);
  pbl_json_double(j, "low", e.low);
  pbl_json_double(j, "high", e.high);
  pbl_json_end(j);
}

void pbl_report_emit_innovation(pbl_json *j, const char *key, const pbl_innovation_report *r) {
  const size_t n = r->n_bins < PBL_INNOVATION_BINS ? r->n_bins : PBL_INNOVATION_BINS;
  pbl_json_object(j, key);
  pbl_report_emit_u64(j, "n_updates", r->n_updates);
  pbl_report_emit_u64(j, "n_impossible", r->n_impossible);
  pbl_json_double(j, "p_value", r->n_updates ? r->p_value : NAN);
  pbl_report_emit_estimate(j, "implied_beta_error", pbl_report_beta_error(r));
  pbl_json_array(j, "families");
  for (int i = 0; i < PBL_TEST_COUNT; i++) {
    const pbl_innovation_result *f = &r->family[i];
    if (!f->name) continue;
    pbl_json_object(j, NULL);
    pbl_json_string(j, "name", f->name);
    pbl_report_emit_size(j, "n_tests", f->n_tests);
    pbl_report_emit_size(j, "n_skipped", f->n_skipped);
    pbl_json_double(j, "max_abs_z", f->n_tests ? f->max_abs_z : NAN);
    pbl_report_emit_size(j, "n_pools", f->n_pools);
    pbl_json_double(j, "pooled_z", f->n_tests ? f->pooled_z : NAN);
    pbl_json_double(j, "z", f->n_tests ? f->z : NAN);
    pbl_json_double(j, "p_value", f->n_tests ? f->p_value : NAN);
    pbl_report_emit_size(j, "worst_a", f->worst_a);
    pbl_report_emit_size(j, "worst_b", f->worst_b);
    pbl_json_end(j);
  }
  pbl_json_end(j);
  pbl_json_object(j, "bins");
  pbl_report_emit_curve(j, "field", r->bin_x, n);
  pbl_report_emit_curve(j, "observed", r->bin_observed, n);
  pbl_report_emit_curve(j, "expected", r->bin_expected, n);
  pbl_report_emit_curve(j, "z", r->bin_z, n);
  pbl_report_emit_curve(j, "count", r->bin_count, n);
  pbl_json_end(j);
  pbl_json_end(j);
}

void pbl_report_emit_gates(pbl_json *j, const pbl_case_result *c) {
  pbl_json_array(j, "gates");
  for (size_t i = 0; i < c->n_gates; i++) {
    const pbl_gate *g = &c->gates[i];
    pbl_json_object(j, NULL);
    pbl_json_string(j, "name", g->name);
    pbl_json_string(j, "status", pbl_gate_status_name(g->status));
    pbl_json_bool(j, "passed", g->status == PBL_GATE_PASSED);
    pbl_json_double(j, "statistic", g->statistic);
    pbl_json_double(j, "threshold", g->threshold);
    pbl_json_double(j, "p_value", g->p_value);
    pbl_json_double(j, "alpha", g->alpha);
    pbl_json_bool(j, "needs_mixing", g->needs_mixing);
    pbl_json_double(j, "would_see", g->would_see);
    pbl_json_string(j, "would_see_of", g->would_see_of);
    pbl_json_string(j, "detail", g->detail);
    pbl_json_end(j);
  }
  pbl_json_end(j);
}

void pbl_report_emit_moments(pbl_json *j, const char *key, const pbl_scatter *s, bool plots) {
  double max_abs, rms;
  pbl_report_scatter_difference(s, &max_abs, &rms);
  pbl_json_object(j, key);
  pbl_report_emit_size(j, "n", s->n);
  pbl_json_double(j, "max_abs_difference", max_abs);
  pbl_json_double(j, "rms_difference", rms);
  if (plots && s->device && s->reference) {
    pbl_report_emit_curve(j, "device", s->device, s->n);
    pbl_report_emit_curve(j, "reference", s->reference, s->n);
    if (s->exact) pbl_report_emit_curve(j, "exact", s->exact, s->n);
    if (s->z) pbl_report_emit_curve(j, "z", s->z, s->n);
  }
  pbl_json_end(j);
}

void pbl_report_emit_energy(pbl_json *j, const pbl_energy_report *e) {
  pbl_json_object(j, "energy");
  pbl_report_emit_estimate(j, "beta_error", e->beta_error);
  pbl_json_double(j, "low", e->low);
  pbl_json_double(j, "width", e->width);
  pbl_report_emit_curve(j, "device", e->device, e->n_bins);
  pbl_report_emit_curve(j, "reference", e->reference, e->n_bins);
  pbl_report_emit_curve(j, "exact", e->exact, e->n_bins);
  pbl_json_end(j);
}

void pbl_report_emit_reference(pbl_json *j, const pbl_reference_report *r) {
  pbl_json_object(j, "reference_ladder");
  pbl_json_string(j, "rung", pbl_reference_rung_name(r->rung));
  pbl_json_string(j, "reason", r->reason);
  pbl_report_emit_size(j, "n_pairs", r->n_pairs);
  pbl_report_emit_size(j, "n_met", r->n_met);
  pbl_report_emit_u64(j, "lag", r->lag);
  pbl_json_double(j, "meeting_mean", r->meeting_mean);
  pbl_json_double(j, "meeting_q95", r->meeting_q95);
  pbl_json_double(j, "tv_bound", r->tv_bound);
  pbl_json_double(j, "tv_bound_upper", r->tv_bound_upper);
  pbl_json_double(j, "coupled_p", r->coupled_p);
  pbl_json_double(j, "coupled_z", r->coupled_z);
  pbl_report_emit_size(j, "n_compared", r->n_compared);
  pbl_json_double(j, "halves_p", r->halves.p_value);
  pbl_json_double(j, "halves_distance2", r->halves.distance2);
  pbl_json_double(j, "halves_null_mean", r->halves.null_mean);
  pbl_json_double(j, "q_change", r->q_change);
  pbl_report_emit_curve(j, "meeting", r->meeting, r->n_pairs);
  pbl_json_end(j);
}

void pbl_report_emit_device_pairs(pbl_json *j, const pbl_case_result *c) {
  const pbl_device_pairs_report *r = &c->device_pairs;
  pbl_json_object(j, "device_pairs");
  pbl_report_emit_size(j, "n_pairs", r->n_pairs);
  pbl_report_emit_size(j, "n_met", r->n_met);
  pbl_report_emit_u64(j, "lag", r->lag);
  pbl_report_emit_u64(j, "first", r->first);
  pbl_report_emit_u64(j, "last", r->last);
  pbl_json_double(j, "sweeps_per_pair", r->sweeps_per_pair);
  pbl_json_double(j, "meeting_mean", r->meeting_mean);
  pbl_json_double(j, "meeting_q95", r->meeting_q95);
  pbl_json_double(j, "tv_bound", r->tv_bound);
  pbl_json_double(j, "tv_bound_upper", r->tv_bound_upper);
  pbl_json_double(j, "tv_limit", r->tv_limit);
  pbl_json_double(j, "p_value", r->p_value);
  pbl_report_emit_size(j, "n_compared", r->n_compared);
  pbl_json_array(j, "means");
  for (size_t k = 0; r->means && k < c->n_observables; k++) {
    const pbl_unbiased_mean *m = &r->means[k];
    pbl_json_object(j, NULL);
    pbl_json_string(j, "name", c->observables[k].name);
    pbl_json_double(j, "value", m->value);
    pbl_json_double(j, "error", m->error);
    pbl_json_double(j, "reference", m->reference);
    pbl_json_double(j, "reference_error", m->reference_error);
    pbl_json_double(j, "t", m->t);
    pbl_json_end(j);
  }
  pbl_json_end(j);
  pbl_report_emit_curve(j, "meeting", r->meeting, r->n_pairs);
  pbl_json_end(j);
}
