/* Gates and the verdict of a case. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "compare_internal.h"
#include "pbl_power.h"

/* Gates with a p-value that a case can have, at most: two innovation tests, two moment families
 * against the reference, energy; with an exact law its moments, tau, Q_op, state frequencies and
 * transitions, without one the permutation test. Cases with a regulator, pairs in the device or a
 * statistics unit and an exact law have one more for each. The false alarm of the verdict is shared
 * out evenly (Bonferroni) over them and over the cases. */
#define P_VALUE_GATES 10
#define TEMPERING_GATES 2 /* decisions, rungs, acceptance, tau; less two that a ladder has not */
#define POWER 0.9

double case_gate_alpha(const case_work *w) {
  const int gates = P_VALUE_GATES + case_is_regulated(w->cc) + (w->cc->device_pairs > 0) +
                    (w->tempering ? TEMPERING_GATES : 0) + (case_has_unit(w) && w->cc->exact);
  return w->config->alpha / (gates * (double)w->config->n_cases);
}

static double lower_quantile(double p, double dof) {
  return isinf(dof) ? pbl_normal_quantile(p) : pbl_student_t_quantile(p, dof);
}

double case_gate_threshold(const case_work *w, double n, double dof) {
  return -lower_quantile(0.5 * case_gate_alpha(w) / n, dof);
}

double case_gate_reach(const case_work *w, double n, double dof) {
  return case_gate_threshold(w, n, dof) + pbl_normal_quantile(POWER);
}

static void add_gate(case_work *w, const pbl_gate *gate, const char *detail, va_list args) {
  pbl_case_result *r = w->result;
  if (r->n_gates == PBL_MAX_GATES) return;
  pbl_gate *g = &r->gates[r->n_gates++];
  *g = *gate;
  vsnprintf(g->detail, sizeof g->detail, detail, args);
}

void case_gate(case_work *w, const pbl_gate *gate, const char *detail, ...) {
  pbl_gate g = *gate;
  g.alpha = case_gate_alpha(w);
  g.status = g.p_value >= g.alpha ? PBL_GATE_PASSED : PBL_GATE_FAILED;
  va_list args;
  va_start(args, detail);
  add_gate(w, &g, detail, args);
  va_end(args);
}

void case_plain_gate(case_work *w, const pbl_gate *gate, const char *detail, ...) {
  pbl_gate g = *gate;
  g.alpha = NAN;
  va_list args;
  va_start(args, detail);
  add_gate(w, &g, detail, args);
  va_end(args);
}

/* Relative error of beta that the gain test would find: n updates needed go with error^-2. */
static double beta_seen(const case_work *w, const pbl_innovation_report *t) {
  const double se = (t->implied_beta_error_high - t->implied_beta_error_low) / (2 * 1.95996);
  const double n = (double)t->n_updates, information = 1 / (n * se * se);
  double needed;
  if (isnan(t->implied_beta_error) || !(se > 0) ||
      pbl_power_needed(&needed, 1, information, case_gate_alpha(w), POWER, PBL_TEST_COUNT, NULL)) {
    return NAN;
  }
  return sqrt(needed / n);
}

static void gate_innovations(case_work *w, const char *name, const pbl_innovation_report *t) {
  const pbl_innovation_result *family = pbl_innovation_worst(t);
  char beta[128] = "too few to tell a beta error", fault[96];
  if (!isnan(t->implied_beta_error)) {
    snprintf(beta, sizeof beta, "implied beta error %+.3g %% [%+.3g, %+.3g]",
             100 * t->implied_beta_error, 100 * t->implied_beta_error_low,
             100 * t->implied_beta_error_high);
  }
  const size_t members = family->n_tests + family->n_pools;
  pbl_innovation_fault_text(fault, sizeof fault, t, case_gate_alpha(w));
  pbl_gate gate = {.name = name,
                   .statistic = family->z,
                   .threshold = case_gate_threshold(
                       w, (double)(members > 0 ? members : 1) * PBL_TEST_COUNT, INFINITY),
                   .p_value = t->p_value,
                   .would_see = beta_seen(w, t)};
  if (!isnan(gate.would_see)) gate.would_see_of = "beta, relative";
  case_gate(w, &gate, "%s%s%.3g updates, worst family %s: |z| = %.2f; %s", fault,
            fault[0] ? "; " : "", (double)t->n_updates, family->name, family->z, beta);
}

pbl_status case_innovations(case_work *w, pbl_error *err) {
  pbl_case_result *r = w->result;
  const size_t every = (size_t)w->cc->every;
  if (w->cc->kernel == PBL_KERNEL_RANDOM_SITE) {
    pbl_progress_note(w->progress,
                      "innovations not tested: samples do not show which p-bits were picked "
                      "(pbitloop trace checks every update)");
    return PBL_OK;
  }
  pbl_status st = PBL_OK;
  if (!w->tempering)
    st = pbl_innovation_test(&r->innovation_device, w->device, w->image, w->image->beta,
                             w->cc->kernel, every, false, w->config->threads, w->progress, err);
  if (!st) { /* a draw of rung 0 may follow one of another replica: its last half-sweep alone */
    st = pbl_innovation_test(&r->innovation_reference, w->reference, w->image, w->image->beta,
                             w->cc->kernel, w->tempering && every == 1 ? 2 : every, true,
                             w->config->threads, w->progress, err);
  }
  if (st) return pbl_wrap(err, st, "case %s", w->cc->name);
  if (!w->tempering) gate_innovations(w, "device innovations", &r->innovation_device);
  gate_innovations(w, "reference innovations", &r->innovation_reference);
  case_gate_adapting(w);
  return PBL_OK;
}

static void decide(pbl_case_result *r, pbl_verdict verdict, const char *gate, const char *detail) {
  r->verdict = verdict;
  snprintf(r->gate, sizeof r->gate, "%.60s: %.190s", gate, detail);
}

static void unresolved_gate(case_work *w, const pbl_observable *o, int side) {
  const pbl_side *s = side ? &o->reference : &o->device;
  char clause[32] = "", bound[64] = "";
  if (s->resolve.clause) snprintf(clause, sizeof clause, "clause (%c), ", s->resolve.clause);
  if (!isnan(s->tau.tau_lower_bound))
    snprintf(bound, sizeof bound, "; tau at least %.3g sweeps", s->tau.tau_lower_bound);
  const pbl_gate gate = {.name = "chains resolved",
                         .statistic = s->tau.tau.value,
                         .threshold = NAN,
                         .p_value = NAN,
                         .status = PBL_GATE_FAILED,
                         .would_see = NAN};
  case_plain_gate(w, &gate, "%s of %s %s: %s%s%s%s", side ? "reference" : "device", o->name,
                  pbl_resolution_name(s->tau.resolution), clause, s->tau.gate, bound,
                  s->resolve.one_switch ? "; one switch per chain would give this tau" : "");
}

static void resolved_gate(case_work *w) {
  const pbl_case_result *r = w->result;
  double tau = 0, rhat = 0;
  for (size_t k = 0; k < r->n_observables; k++) {
    const pbl_observable *o = &r->observables[k];
    if (isfinite(o->device.tau.tau.value)) tau = fmax(tau, o->device.tau.tau.value);
    if (isfinite(o->device.tau.split_rhat)) rhat = fmax(rhat, o->device.tau.split_rhat);
  }
  /* clause (a): half tau of n/100 draws */
  const double limit = (double)w->device->n_recorded * (double)w->cc->every / 100;
  const pbl_gate gate = {.name = "chains resolved",
                         .statistic = tau,
                         .threshold = limit,
                         .p_value = NAN,
                         .would_see = NAN};
  case_plain_gate(w, &gate,
                  "%zu observables on both sides; slowest tau of the device %.3g sweeps, worst "
                  "R-hat %.4f",
                  r->n_observables, tau, rhat);
}

/* First observable of either side that is not resolved; frozen ones first. */
static bool gate_resolution(case_work *w, pbl_resolution *worst) {
  const pbl_case_result *r = w->result;
  *worst = PBL_RESOLVED;
  for (int frozen = 1; frozen >= 0; frozen--) {
    for (size_t k = 0; k < r->n_observables; k++) {
      const pbl_observable *o = &r->observables[k];
      for (int side = 0; side < 2 && !case_is_clamped(w, k); side++) {
        const pbl_resolution found = (side ? o->reference : o->device).tau.resolution;
        if (found == PBL_RESOLVED || (frozen && found != PBL_FROZEN)) continue;
        *worst = found;
        unresolved_gate(w, o, side);
        return false;
      }
    }
  }
  resolved_gate(w);
  return true;
}

static bool gate_reference(case_work *w) {
  const pbl_reference_report *r = &w->result->reference;
  const bool good = r->rung != PBL_REF_UNCONVERGED;
  const pbl_gate gate = {.name = "reference",
                         .statistic = isfinite(r->tv_bound_upper) ? r->tv_bound_upper : NAN,
                         .threshold = NAN,
                         .p_value = NAN,
                         .status = good ? PBL_GATE_PASSED : PBL_GATE_FAILED,
                         .would_see = NAN};
  case_plain_gate(w, &gate, "%s: %s", pbl_reference_rung_name(r->rung), r->reason);
  return good;
}

/* NULL unless the burn-in is known to be too short, or may be, or a ladder has not turned over. */
static const pbl_gate *short_burn_in(const pbl_case_result *r) {
  for (size_t g = 0; g < r->n_gates; g++) {
    const pbl_gate *gate = &r->gates[g];
    if ((strcmp(gate->name, CASE_BURN_IN_GATE) == 0 ||
         strcmp(gate->name, CASE_ROUND_TRIP_GATE) == 0) &&
        gate->status == PBL_GATE_FAILED)
      return gate;
  }
  return NULL;
}

void case_verdict(case_work *w) {
  pbl_case_result *r = w->result;
  pbl_resolution worst;
  const bool resolved = gate_resolution(w, &worst);
  const pbl_gate *resolution = &r->gates[r->n_gates - 1];
  const bool converged = gate_reference(w);
  const pbl_gate *reference = &r->gates[r->n_gates - 1], *failed = NULL;
  const pbl_gate *cold = short_burn_in(r);
  for (size_t g = 0; g < r->n_gates; g++) {
    pbl_gate *gate = &r->gates[g];
    const bool counts = !gate->needs_mixing || (resolved && converged && !cold);
    if (gate == resolution || gate == reference || gate == cold) continue;
    if (!counts) { /* its errors are not known */
      gate->would_see = NAN;
      gate->would_see_of = NULL;
    }
    if (gate->status != PBL_GATE_FAILED) continue;
    if (!counts) {
      gate->status = PBL_GATE_NOT_COUNTED;
    } else if (!failed) {
      failed = gate;
    }
  }
  if (failed) {
    decide(r, PBL_DIFFERS, failed->name, failed->detail);
  } else if (!resolved) {
    decide(r, worst == PBL_FROZEN ? PBL_VERDICT_FROZEN : PBL_VERDICT_UNRESOLVED, resolution->name,
           resolution->detail);
  } else if (!converged) {
    decide(r, PBL_VERDICT_UNRESOLVED, reference->name, reference->detail);
  } else if (cold) {
    decide(r, PBL_VERDICT_UNRESOLVED, cold->name, cold->detail);
  } else {
    char all[64];
    snprintf(all, sizeof all, "all %zu gates passed", r->n_gates);
    decide(r, PBL_AGREES, all, resolution->detail);
  }
}
