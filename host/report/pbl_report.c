#include "pbl_report.h"

#include <math.h>
#include <stdlib.h>

#include "pbl_report_internal.h"

const char *pbl_verdict_name(pbl_verdict v) {
  switch (v) {
    case PBL_AGREES:
      return "AGREES";
    case PBL_DIFFERS:
      return "DIFFERS";
    case PBL_VERDICT_UNRESOLVED:
      return "UNRESOLVED";
    case PBL_VERDICT_FROZEN:
      return "FROZEN";
  }
  return "UNKNOWN";
}

int pbl_verdict_exit_code(pbl_verdict v) {
  switch (v) {
    case PBL_AGREES:
      return 0;
    case PBL_DIFFERS:
      return 10;
    case PBL_VERDICT_UNRESOLVED:
      return 11;
    case PBL_VERDICT_FROZEN:
      return 12;
  }
  return 11; /* a verdict that is none of the four resolves nothing */
}

const char *pbl_gate_status_name(pbl_gate_status s) {
  switch (s) {
    case PBL_GATE_PASSED:
      return "passed";
    case PBL_GATE_FAILED:
      return "failed";
    case PBL_GATE_NOT_COUNTED:
      return "not counted";
  }
  return "unknown";
}

static bool is_complete(const pbl_result *r) {
  return r->n_cases >= (size_t)r->config->n_cases;
}

const char *pbl_report_run_verdict(const pbl_result *r) {
  return is_complete(r) ? pbl_verdict_name(r->verdict) : "INCOMPLETE";
}

int pbl_report_run_exit_code(const pbl_result *r) {
  return is_complete(r) ? pbl_verdict_exit_code(r->verdict) : pbl_status_exit_code(PBL_INTERRUPTED);
}

static void free_scatter(pbl_scatter *s) {
  free(s->device);
  free(s->reference);
  free(s->exact);
  free(s->z);
  *s = (pbl_scatter){0};
}

void pbl_result_free(pbl_result *r) {
  if (!r) return;
  for (size_t i = 0; r->cases && i < r->n_cases; i++) {
    pbl_case_result *c = &r->cases[i];
    free(c->observables);
    free_scatter(&c->first_moments);
    free_scatter(&c->second_moments);
    free(c->reference.meeting);
    free(c->device_pairs.meeting);
    free(c->device_pairs.means);
    free(c->regulation.temperature);
    free(c->device_images);
    free(c->reference_images);
  }
  free(r->cases);
  r->cases = NULL;
  r->n_cases = 0;
}

size_t pbl_report_failed_gates(const pbl_case_result *c) {
  size_t n = 0;
  for (size_t i = 0; i < c->n_gates; i++) n += c->gates[i].status == PBL_GATE_FAILED;
  return n;
}

const char *pbl_report_backend_name(const pbl_result *r) {
  if (r->backend[0]) return r->backend;
  return pbl_backend_name(r->config->device);
}

void pbl_report_scatter_difference(const pbl_scatter *s, double *max_abs, double *rms) {
  *max_abs = *rms = NAN;
  if (!s->n || !s->device || !s->reference) return;
  double worst = 0, sum = 0;
  for (size_t i = 0; i < s->n; i++) {
    const double d = fabs(s->device[i] - s->reference[i]);
    if (d > worst || isnan(d)) worst = d;
    sum += d * d;
  }
  *max_abs = worst;
  *rms = sqrt(sum / (double)s->n);
}

pbl_estimate pbl_report_beta_error(const pbl_innovation_report *r) {
  if (!r->n_updates) return (pbl_estimate){NAN, NAN, NAN};
  return (pbl_estimate){r->implied_beta_error, r->implied_beta_error_low,
                        r->implied_beta_error_high};
}

const pbl_innovation_result *pbl_report_worst_family(const pbl_innovation_report *r) {
  const pbl_innovation_result *worst = pbl_innovation_worst(r);
  return worst && worst->name && worst->n_tests ? worst : NULL;
}

static bool curves_fit(const pbl_case_result *c) {
  for (size_t i = 0; i < c->n_observables; i++) {
    const pbl_side *const side[2] = {&c->observables[i].device, &c->observables[i].reference};
    for (int k = 0; k < 2; k++)
      if (side[k]->n_acf > PBL_ACF_POINTS || side[k]->n_trace > PBL_TRACE_POINTS) return false;
  }
  return true;
}

pbl_status pbl_report_check(const pbl_result *r, const char *path, pbl_error *err) {
  if (!r || !path || !r->config)
    return pbl_fail(err, PBL_INVALID, "report: result, its config and a path are required");
  if (r->n_cases && !r->cases)
    return pbl_fail(err, PBL_INVALID, "report: %zu cases announced but none stored", r->n_cases);
  for (size_t i = 0; i < r->n_cases; i++) {
    const pbl_case_result *c = &r->cases[i];
    if (!c->config) return pbl_fail(err, PBL_INVALID, "report: case %zu has no config", i);
    if (c->n_observables && !c->observables)
      return pbl_fail(err, PBL_INVALID, "report: case %zu has no observables stored", i);
    if (!curves_fit(c))
      return pbl_fail(err, PBL_INVALID, "report: case %zu has a curve with too many points", i);
    if (c->energy.n_bins > PBL_ENERGY_BINS)
      return pbl_fail(err, PBL_INVALID, "report: case %zu has %zu energy bins, at most %d fit", i,
                      c->energy.n_bins, PBL_ENERGY_BINS);
    if (c->reference.n_pairs && !c->reference.meeting)
      return pbl_fail(err, PBL_INVALID, "report: case %zu announces pairs without times", i);
    if (c->device_pairs.n_pairs && !c->device_pairs.meeting)
      return pbl_fail(err, PBL_INVALID, "report: case %zu announces device pairs without times", i);
    if (c->n_gates > PBL_MAX_GATES)
      return pbl_fail(err, PBL_INVALID, "report: case %zu has %zu gates, at most %d fit", i,
                      c->n_gates, PBL_MAX_GATES);
    if (c->n_images && (!c->device_images || !c->reference_images))
      return pbl_fail(err, PBL_INVALID, "report: case %zu announces images without pixels", i);
  }
  return PBL_OK;
}
