/* Gates and the verdict of a case. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "compare_internal.h"

/* Gates with a p-value a case can have: two innovation tests, two moment families, three exact
 * ones. The false alarm of the verdict is shared out evenly (Bonferroni) over them and over the
 * cases. */
#define P_VALUE_GATES 7

double case_gate_alpha(const case_work *w) {
  return w->config->alpha / (P_VALUE_GATES * (double)w->config->n_cases);
}

void case_gate(case_work *w, const char *name, double statistic, double p_value, double alpha,
               bool passed, const char *detail, ...) {
  pbl_case_result *r = w->result;
  if (r->n_gates == PBL_MAX_GATES) return;
  pbl_gate *g = &r->gates[r->n_gates++];
  g->name = name;
  g->statistic = statistic;
  g->p_value = p_value;
  g->alpha = alpha;
  g->passed = passed;
  va_list args;
  va_start(args, detail);
  vsnprintf(g->detail, sizeof g->detail, detail, args);
  va_end(args);
}

static void gate_innovations(case_work *w, const char *name, const pbl_innovation_report *t) {
  size_t worst = 0;
  for (size_t f = 1; f < PBL_TEST_COUNT; f++) {
    if (t->family[f].p_value < t->family[worst].p_value) worst = f;
  }
  const double alpha = case_gate_alpha(w);
  char beta[160] = "too few to tell a beta error";
  if (!isnan(t->implied_beta_error)) {
    /* the error that the gain test would find with probability .9 */
    const double se = (t->implied_beta_error_high - t->implied_beta_error_low) / (2 * 1.95996);
    const double reach = pbl_normal_quantile(1 - alpha / (2 * PBL_TEST_COUNT)) + 1.28155;
    snprintf(beta, sizeof beta, "implied beta error %+.3g %% [%+.3g, %+.3g], %.2g %% would be seen",
             100 * t->implied_beta_error, 100 * t->implied_beta_error_low,
             100 * t->implied_beta_error_high, 100 * se * reach);
  }
  case_gate(w, name, t->family[worst].max_abs_z, t->p_value, alpha, t->p_value >= alpha,
            "%.3g updates, worst family %s: |z| = %.2f; %s", (double)t->n_updates,
            t->family[worst].name, t->family[worst].max_abs_z, beta);
}

pbl_status case_innovations(case_work *w, pbl_error *err) {
  pbl_case_result *r = w->result;
  const size_t every = (size_t)w->cc->every;
  pbl_status st =
      pbl_innovation_test(&r->innovation_device, w->device, w->image, w->image->beta, w->cc->kernel,
                          every, false, w->config->threads, w->progress, err);
  if (!st) {
    st = pbl_innovation_test(&r->innovation_reference, w->reference, w->image, w->image->beta,
                             w->cc->kernel, every, true, w->config->threads, w->progress, err);
  }
  if (st) return pbl_wrap(err, st, "case %s", w->cc->name);
  gate_innovations(w, "device innovations", &r->innovation_device);
  gate_innovations(w, "reference innovations", &r->innovation_reference);
  return PBL_OK;
}

static void decide(pbl_case_result *r, pbl_verdict verdict, const char *gate, const char *detail) {
  r->verdict = verdict;
  snprintf(r->gate, sizeof r->gate, "%.60s: %.190s", gate, detail);
}

/* First observable of either side that is not resolved; frozen ones first. */
static bool gate_resolution(case_work *w, pbl_resolution *worst) {
  pbl_case_result *r = w->result;
  bool resolved = true;
  *worst = PBL_RESOLVED;
  for (int frozen = 1; frozen >= 0 && resolved; frozen--) {
    for (size_t k = 0; k < r->n_observables && resolved; k++) {
      const pbl_observable *o = &r->observables[k];
      const size_t n_visible = (size_t)w->hw.n_visible;
      const bool clamped = k >= 3 && n_visible + (size_t)w->hw.n_hidden <= PBL_ORACLE_MAX_PBITS &&
                           w->image->clamp[k - 3];
      for (int side = 0; side < 2 && resolved && !clamped; side++) {
        const pbl_tau_report *t = side ? &o->reference.tau : &o->device.tau;
        if (t->resolution == PBL_RESOLVED || (frozen && t->resolution != PBL_FROZEN)) continue;
        resolved = false;
        *worst = t->resolution;
        char bound[64] = "";
        if (!isnan(t->tau_lower_bound)) {
          snprintf(bound, sizeof bound, "; tau at least %.3g sweeps", t->tau_lower_bound);
        }
        case_gate(w, "chains resolved", t->tau.value, NAN, NAN, false, "%s of %s %s: %s%s",
                  side ? "reference" : "device", o->name, pbl_resolution_name(t->resolution),
                  t->gate, bound);
      }
    }
  }
  if (resolved) {
    double tau = 0, rhat = 0;
    for (size_t k = 0; k < r->n_observables; k++) {
      const pbl_observable *o = &r->observables[k];
      if (isfinite(o->device.tau.tau.value)) tau = fmax(tau, o->device.tau.tau.value);
      if (isfinite(o->device.tau.split_rhat)) rhat = fmax(rhat, o->device.tau.split_rhat);
    }
    case_gate(
        w, "chains resolved", tau, NAN, NAN, true,
        "%zu observables on both sides; slowest tau of the device %.3g sweeps, worst R-hat %.4f",
        r->n_observables, tau, rhat);
  }
  return resolved;
}

void case_verdict(case_work *w) {
  pbl_case_result *r = w->result;
  pbl_resolution worst;
  const bool resolved = gate_resolution(w, &worst);
  const pbl_gate *failed = NULL;
  for (size_t g = 0; g < r->n_gates && !failed; g++) {
    const pbl_gate *gate = &r->gates[g];
    /* innovation tests need no mixing; everything else does */
    const bool counts = resolved || strstr(gate->name, "innovations") != NULL;
    if (!gate->passed && counts && strcmp(gate->name, "chains resolved") != 0) failed = gate;
  }
  const pbl_gate *resolution = &r->gates[r->n_gates - 1];
  if (failed) {
    decide(r, PBL_DIFFERS, failed->name, failed->detail);
  } else if (!resolved) {
    decide(r, worst == PBL_FROZEN ? PBL_VERDICT_FROZEN : PBL_VERDICT_UNRESOLVED, resolution->name,
           resolution->detail);
  } else {
    char all[64];
    snprintf(all, sizeof all, "all %zu gates passed", r->n_gates);
    decide(r, PBL_AGREES, all, resolution->detail);
  }
}
