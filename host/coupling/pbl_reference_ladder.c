#include "pbl_reference_ladder.h"

#include <math.h>
#include <stdlib.h>

#include "pbl_stats.h"

const char *pbl_reference_rung_name(pbl_reference_rung r) {
  static const char *const names[] = {"EXACT",    "PERFECT",     "COUPLED",
                                      "TEMPERED", "LONG_CHAINS", "REF_UNCONVERGED"};
  return (unsigned)r <= PBL_REF_UNCONVERGED ? names[r] : "?";
}

pbl_reference_gates pbl_reference_gates_default(void) {
  return (pbl_reference_gates){
      .tv_tolerance = 0.01, .coupled_alpha = 1e-3, .halves_alpha = 0.01, .q_change_allowed = 0.05};
}

pbl_reference_rung pbl_reference_decide(const char **reason, const pbl_reference_evidence *e,
                                        const pbl_reference_gates *gates) {
  const char *ignored;
  if (!reason) reason = &ignored;
  if (e->exact) {
    *reason = "the law was enumerated";
    return PBL_REF_EXACT;
  }
  if (e->perfect) {
    *reason = "exact samples";
    return PBL_REF_PERFECT;
  }
  const bool all_met = e->n_pairs >= 2 && e->n_met == e->n_pairs;
  if (all_met && !(e->coupled_p_value >= gates->coupled_alpha)) {
    *reason = "the reference's means differ from the unbiased ones of coupled chains";
    return PBL_REF_UNCONVERGED;
  }
  if (all_met && e->tv_bound_upper <= gates->tv_tolerance) {
    *reason = "all coupled chains met and the distance bound is below its tolerance";
    return PBL_REF_COUPLED;
  }
  const bool halves = e->halves_p_value >= gates->halves_alpha;
  const bool steady = e->no_gradient || e->q_change_on_doubling < gates->q_change_allowed;
  if (e->long_run && halves && steady) {
    *reason = "the halves of a long run agree and Q does not move when it is doubled";
    return PBL_REF_TEMPERED;
  }
  if (e->chains_resolved && halves && steady) {
    *reason = e->no_gradient
                  ? "resolved chains whose halves agree"
                  : "resolved chains whose halves agree, and Q does not move when they are doubled";
    return PBL_REF_LONG;
  }
  const bool looked = e->long_run || e->chains_resolved;
  *reason = looked && isnan(e->halves_p_value)
                ? "no two halves to compare: they need four chains each"
            : looked && !halves ? "the halves of the long run differ"
            : looked            ? "Q moves when the reference is doubled"
            : e->n_pairs == 0   ? "no evidence of convergence"
            : !all_met          ? "coupled chains did not meet"
                                : "the distance bound at this burn-in is above its tolerance";
  return PBL_REF_UNCONVERGED;
}

static double dot(const double *a, const double *b, size_t p) {
  double sum = 0.0;
  for (size_t k = 0; k < p; k++) sum += a[k] * b[k];
  return sum;
}

/* Rows centred about their half's mean; mean (2 x p) receives both. NUMERIC as promised. */
static pbl_status centre(double *rows, double *mean, const double *const half[2], const size_t n[2],
                         size_t p, pbl_error *err) {
  for (size_t s = 0, to = 0; s < 2; s++) {
    double *m = mean + s * p;
    for (size_t c = 0; c < n[s]; c++)
      for (size_t k = 0; k < p; k++) {
        if (!isfinite(half[s][c * p + k]))
          return pbl_fail(err, PBL_NUMERIC, "halves test: chain %zu, component %zu is not finite",
                          c, k);
        m[k] += half[s][c * p + k] / (double)n[s];
      }
    for (size_t c = 0; c < n[s]; c++, to++)
      for (size_t k = 0; k < p; k++) rows[to * p + k] = half[s][c * p + k] - m[k];
  }
  return PBL_OK;
}

pbl_status pbl_halves_test(pbl_halves_report *out, const double *first, size_t n_first,
                           const double *second, size_t n_second, size_t n_components,
                           pbl_error *err) {
  *out = (pbl_halves_report){.p_value = NAN};
  const size_t p = n_components, n[2] = {n_first, n_second}, all = n_first + n_second;
  const double *const half[2] = {first, second};
  if (n_first < 4 || n_second < 4 || p == 0)
    return pbl_fail(err, PBL_INVALID,
                    "halves test: %zu and %zu chains of %zu components; at least 4, 4 and 1",
                    n_first, n_second, p);
  double *rows = malloc(all * p * sizeof *rows), *mean = calloc(2 * p, sizeof *mean);
  pbl_status st = PBL_OK;
  if (!rows || !mean) st = pbl_fail(err, PBL_NO_MEMORY, "halves test: out of memory");
  if (!st) st = centre(rows, mean, half, n, p, err);
  if (!st) {
    const double f = (double)all - 2.0, scale = 1.0 / (double)n_first + 1.0 / (double)n_second;
    double trace = 0.0, trace2 = 0.0, d = 0.0; /* of S, S^2; D */
    for (size_t a = 0; a < all; a++) {
      trace += dot(rows + a * p, rows + a * p, p) / f;
      for (size_t b = 0; b < all; b++) trace2 += pow(dot(rows + a * p, rows + b * p, p) / f, 2);
    }
    trace2 = f * f / ((f - 1.0) * (f + 2.0)) * (trace2 - trace * trace / f);
    for (size_t k = 0; k < p; k++) d += pow(mean[k] - mean[p + k], 2);
    /* 1 <= nu <= p for every covariance; sampling may leave that range */
    const double nu = trace2 > 0.0 ? fmin(fmax(trace * trace / trace2, 1.0), (double)p) : (double)p;
    out->null_mean = trace * scale;
    out->distance2 = d - out->null_mean;
    out->degrees_of_freedom = nu;
    out->p_value = out->null_mean > 0.0 ? pbl_chi2_upper_p(nu * d / out->null_mean, nu)
                   : d > 0.0            ? 0.0
                                        : 1.0;
  }
  free(rows);
  free(mean);
  return st;
}
