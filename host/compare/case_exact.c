/* Comparison with the exact law, where enumeration reaches. Two distances, kept apart: the device
 * against the law of its own quantised kernel, and that law against the ideal model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"

/* Up to this size the exact tau of every moment is affordable, and with it the exact variance of
 * its sample mean; beyond, the variance comes from the chains. */
#define EXACT_VARIANCE_PBITS 12

static void spins_of(signed char *s, size_t state, size_t n) {
  for (size_t p = 0; p < n; p++) s[p] = ((state >> p) & 1) ? 1 : -1;
}

/* Mean, variance and tau of f under the exact kernel, for a chain recorded every `every` sweeps.
 * tau is in sweeps: every * (1/2 + sum of the autocorrelations at multiples of `every`), what the
 * sampled chain estimates. g is scratch of the size of f. */
static pbl_status recorded_tau(const pbl_oracle *law, const double *f, double *g, size_t every,
                               double *mean, double *variance, double *tau, pbl_error *err) {
  pbl_status st = pbl_oracle_tau(law, f, mean, variance, tau, err);
  if (st || every == 1 || !(*variance > 0)) return st;
  const double *pi = pbl_oracle_law(law);
  const size_t n = pbl_oracle_states(law);
  double sum = 0.5;
  for (size_t x = 0; x < n; x++) g[x] = f[x] - *mean;
  for (size_t lag = 1; lag <= 1000000 / every; lag++) {
    double gamma = 0;
    for (size_t k = 0; k < every; k++) pbl_oracle_backward(law, g);
    for (size_t x = 0; x < n; x++) gamma += pi[x] * (f[x] - *mean) * g[x];
    sum += gamma / *variance;
    if (fabs(gamma) < 1e-12 * *variance) break;
  }
  *tau = (double)every * sum;
  return PBL_OK;
}

/* Deviation of an estimate from its exact value on the log scale, in units of its jackknife error:
 * t with n_chains - 1 degrees of freedom. */
static double log_scale_p(const pbl_estimate *e, double exact, size_t n_chains, double *z) {
  const double dof = (double)n_chains - 1;
  const double se = 0.5 * log(e->high / e->low) / pbl_student_t_quantile(0.975, dof);
  *z = log(e->value / exact) / se;
  return pbl_student_t_two_sided_p(*z, dof);
}

static pbl_status exact_observables(case_work *w, const pbl_oracle *law, pbl_error *err) {
  pbl_case_result *r = w->result;
  const size_t n = (size_t)pbl_hw_pbits(&w->hw), states = pbl_oracle_states(law);
  double *f = malloc(2 * states * sizeof *f); /* values and scratch */
  signed char s[PBL_ORACLE_MAX_PBITS];
  if (!f) return pbl_fail(err, PBL_NO_MEMORY, "exact law: out of memory");
  pbl_status st = PBL_OK;
  double worst_p = 1, worst_z = 0;
  size_t worst = 0;
  for (size_t k = 0; !st && k < r->n_observables; k++) {
    pbl_observable *o = &r->observables[k];
    double variance;
    if (!pbl_progress_report(w->progress, "exact autocorrelation times", k, r->n_observables)) {
      st = pbl_fail(err, PBL_INTERRUPTED, "interrupted");
      break;
    }
    for (size_t x = 0; x < states; x++) {
      spins_of(s, x, n);
      f[x] = case_observable_value(w, k, s);
    }
    st = recorded_tau(law, f, f + states, (size_t)w->cc->every, &o->exact_mean, &variance,
                      &o->exact_tau, err);
    if (st || o->device.tau.resolution != PBL_RESOLVED) continue;
    double z;
    const double p = log_scale_p(&o->device.tau.tau, o->exact_tau, o->device.tau.n_chains, &z);
    if (p < worst_p) {
      worst_p = p;
      worst_z = z;
      worst = k;
    }
  }
  free(f);
  if (st) return st;
  const double p = fmin(1, worst_p * (double)r->n_observables), alpha = case_gate_alpha(w);
  const pbl_observable *o = &r->observables[worst];
  case_gate(w, "tau against exact kernel", worst_z, p, alpha, p >= alpha,
            "worst %s: %.4g [%.4g, %.4g] against %.4g sweeps, family p = %.3g", o->name,
            o->device.tau.tau.value, o->device.tau.tau.low, o->device.tau.tau.high, o->exact_tau,
            p);
  return PBL_OK;
}

/* Values of moment k over all states: k < n a p-bit, else a pair in the order of
 * case_chain_moments. */
static void moment_values(double *f, const pbl_oracle *law, size_t i, size_t j) {
  for (size_t x = 0; x < pbl_oracle_states(law); x++) {
    const int a = ((x >> i) & 1) ? 1 : -1;
    const int b = i == j ? 1 : ((x >> j) & 1) ? 1 : -1;
    f[x] = a * b;
  }
}

typedef struct {
  double worst_z, worst_p;
  size_t tests, worst_i, worst_j;
} moment_scan;

static pbl_status scan_moment(moment_scan *scan, const case_work *w, const pbl_oracle *law,
                              double *f, const double *means, size_t m, size_t k, size_t i,
                              size_t j, double exact, pbl_error *err) {
  const size_t chains = (size_t)w->cc->chains, n = (size_t)pbl_hw_pbits(&w->hw);
  const double draws = (double)w->device->n_recorded;
  double mean = 0, spread = 0;
  if (1 - fabs(exact) < 1e-12) return PBL_OK;
  for (size_t c = 0; c < chains; c++) mean += means[c * m + k] / (double)chains;
  double z, p;
  if (n <= EXACT_VARIANCE_PBITS) {
    double centre, variance, tau;
    moment_values(f, law, i, j);
    pbl_status st = recorded_tau(law, f, f + pbl_oracle_states(law), (size_t)w->cc->every, &centre,
                                 &variance, &tau, err);
    if (st) return st;
    const double inflation = 2 * tau / (double)w->cc->every;
    z = (mean - exact) / sqrt(variance * inflation / (draws * (double)chains));
    p = pbl_normal_two_sided_p(z);
  } else {
    for (size_t c = 0; c < chains; c++) {
      const double d = means[c * m + k] - mean;
      spread += d * d;
    }
    const double v = fmax(spread / (double)(chains - 1), (1 - exact * exact) / draws);
    z = (mean - exact) / sqrt(v / (double)chains);
    p = pbl_student_t_two_sided_p(z, (double)chains - 1);
  }
  scan->tests++;
  if (p < scan->worst_p) {
    scan->worst_p = p;
    scan->worst_z = z;
    scan->worst_i = i;
    scan->worst_j = j;
  }
  return PBL_OK;
}

static pbl_status exact_moments(case_work *w, const pbl_oracle *law, pbl_error *err) {
  pbl_case_result *r = w->result;
  const size_t n = (size_t)pbl_hw_pbits(&w->hw), m = case_moment_count(w);
  double *first = malloc(n * sizeof *first), *second = malloc(n * n * sizeof *second);
  double *f = malloc(2 * pbl_oracle_states(law) * sizeof *f), *means = NULL;
  r->first_moments.exact = malloc(r->first_moments.n * sizeof *first);
  r->second_moments.exact = malloc(r->second_moments.n * sizeof *second);
  pbl_status st = PBL_OK;
  if (!first || !second || !f || !r->first_moments.exact || !r->second_moments.exact) {
    st = pbl_fail(err, PBL_NO_MEMORY, "exact moments: out of memory");
  }
  if (!st) st = case_chain_moments(&means, w, w->device, 0, w->device->n_recorded, err);
  moment_scan scan = {.worst_p = 1};
  if (!st) {
    pbl_oracle_moments(law, first, second);
    memcpy(r->first_moments.exact, first, n * sizeof *first);
  }
  size_t k = n;
  for (size_t i = 0; !st && i < n; i++) {
    st = scan_moment(&scan, w, law, f, means, m, i, i, i, first[i], err);
    for (size_t j = i + 1; !st && j < n; j++, k++) {
      r->second_moments.exact[k - n] = second[i * n + j];
      st = scan_moment(&scan, w, law, f, means, m, k, i, j, second[i * n + j], err);
    }
  }
  if (!st) {
    const double p = fmin(1, scan.worst_p * (double)scan.tests), alpha = case_gate_alpha(w);
    char pair[32] = "";
    if (scan.worst_i != scan.worst_j) snprintf(pair, sizeof pair, " x p-bit %zu", scan.worst_j);
    case_gate(w, "moments against exact law", scan.worst_z, p, alpha, p >= alpha,
              "%zu moments, worst p-bit %zu%s: z = %.2f, family p = %.3g", scan.tests, scan.worst_i,
              pair, scan.worst_z, p);
  }
  free(first);
  free(second);
  free(f);
  free(means);
  return st;
}

static pbl_status exact_qop(case_work *w, const pbl_oracle *law, pbl_error *err) {
  pbl_case_result *r = w->result;
  const pbl_qop_report *q = &r->q_op.device;
  if (!w->model->data_vh || q->window == 0) return PBL_OK;
  if (w->cc->every > 1) return PBL_OK; /* a thinned window has more noise than the exact one */
  pbl_status st = pbl_oracle_qop(law, w->model, q->window, &r->q_op.exact, &r->q_op.exact_signal,
                                 &r->q_op.exact_noise, err);
  if (st || !(q->q.value > 0) || !(q->q.low > 0)) return st;
  double z;
  const double p = log_scale_p(&q->q, r->q_op.exact, q->n_chains, &z), alpha = case_gate_alpha(w);
  case_gate(w, "Q_op against exact", z, p, alpha, p >= alpha,
            "%.4g [%.4g, %.4g] against %.4g, window of %zu sweeps", q->q.value, q->q.low, q->q.high,
            r->q_op.exact, q->window);
  return PBL_OK;
}

pbl_status case_exact(case_work *w, pbl_error *err) {
  if (!w->cc->exact) return PBL_OK;
  if (w->cc->clamp[0]) {
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: exact: true and clamp do not go together; drop one of them",
                    w->cc->name);
  }
  pbl_oracle *law = NULL, *ideal = NULL;
  pbl_progress_note(w->progress,
                    "exact law: %zu states; seconds up to 16 p-bits, a minute or more at %d",
                    (size_t)1 << pbl_hw_pbits(&w->hw), PBL_ORACLE_MAX_PBITS);
  pbl_status st = pbl_oracle_create_image(&law, w->image, w->image->beta, w->cc->kernel, err);
  if (!st) st = pbl_oracle_create_model(&ideal, w->model, w->beta, w->cc->kernel, err);
  if (!st) {
    w->result->tv_quantised_ideal = pbl_oracle_total_variation(law, ideal);
    st = exact_moments(w, law, err);
  }
  if (!st) st = exact_observables(w, law, err);
  if (!st) st = exact_qop(w, law, err);
  pbl_oracle_destroy(law);
  pbl_oracle_destroy(ideal);
  return st ? pbl_wrap(err, st, "case %s: exact law", w->cc->name) : PBL_OK;
}
