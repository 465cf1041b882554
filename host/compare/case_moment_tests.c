/* Tests of first and second moments: against the reference, and against the device's own exact law.
 * A family's p-value is Simes', so that it falls below the level exactly when the procedure of
 * Benjamini and Hochberg rejects a member. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"
#include "pbl_law.h"

#define SCATTER_MAX 4096
/* Up to this size the exact tau of every moment is affordable, and with it the exact variance of
 * its sample mean; beyond, the variance comes from the chains. */
#define EXACT_VARIANCE_PBITS 12

/* One test per moment: t = difference / error with dof degrees of freedom (infinite: normal). p is
 * NaN for a moment that is too rare to test. */
typedef struct {
  double *t, *error, *dof, *p;
} moment_tests;

static pbl_status tests_create(moment_tests *x, size_t m, pbl_error *err) {
  x->t = malloc(4 * m * sizeof *x->t);
  if (!x->t) return pbl_fail(err, PBL_NO_MEMORY, "moment tests: out of memory");
  x->error = x->t + m;
  x->dof = x->t + 2 * m;
  x->p = x->t + 3 * m;
  for (size_t k = 0; k < 4 * m; k++) x->t[k] = NAN;
  return PBL_OK;
}

static void set_test(moment_tests *x, size_t k, double difference, double error, double dof) {
  x->t[k] = difference / error;
  x->error[k] = error;
  x->dof[k] = dof;
  x->p[k] = isinf(dof) ? pbl_normal_two_sided_p(x->t[k]) : pbl_student_t_two_sided_p(x->t[k], dof);
}

static void moment_name(char *name, size_t size, const case_work *w, size_t k) {
  const size_t nv = (size_t)w->hw.n_visible;
  size_t i, j;
  case_moment_pbits(&i, &j, w, k);
  if (w->graph) {
    const int length = snprintf(name, size, "s%zu", i);
    if (i != j) snprintf(name + length, size - (size_t)length, " s%zu", j);
    return;
  }
  if (i == j) {
    snprintf(name, size, "%c%zu", i < nv ? 'v' : 'h', i < nv ? i : i - nv);
    return;
  }
  snprintf(name, size, "%c%zu %c%zu", i < nv ? 'v' : 'h', i < nv ? i : i - nv, j < nv ? 'v' : 'h',
           j < nv ? j : j - nv);
}

/* Welch's t over chain means. The variance of a mean is at least that of independent draws, which
 * guards against a chance agreement of few chains. */
static void test_between(moment_tests *x, const case_work *w, const double *a, const double *b) {
  const double chains = (double)case_chains(w), draws = (double)w->device->n_recorded;
  if (case_chains(w) < 2) return;
  for (size_t k = 0; k < case_moment_count(w); k++) {
    double ma, mb, va, vb;
    case_moment_spread(&ma, &va, w, a, k);
    case_moment_spread(&mb, &vb, w, b, k);
    const double centre = 0.5 * (ma + mb);
    if (!case_moment_testable(w, centre)) continue;
    const double floor_variance = (1 - centre * centre) / draws;
    va = fmax(va, floor_variance) / chains;
    vb = fmax(vb, floor_variance) / chains;
    const double dof = (va + vb) * (va + vb) * (chains - 1) / (va * va + vb * vb);
    set_test(x, k, ma - mb, sqrt(va + vb), dof);
  }
}

/* Standard error of every moment of the device: exact for small models, else from its chains. */
static pbl_status device_error(double *error, const case_work *w, const double *exact,
                               pbl_error *err) {
  const size_t states = pbl_oracle_states(w->law);
  const double every = (double)w->cc->every;
  const double total = (double)w->device->n_recorded * (double)case_chains(w);
  double *f = malloc(2 * states * sizeof *f);
  pbl_status st = f ? PBL_OK : pbl_fail(err, PBL_NO_MEMORY, "exact moments: out of memory");
  for (size_t k = 0; !st && k < case_moment_count(w); k++) {
    size_t i, j;
    double mean, variance, tau;
    case_moment_pbits(&i, &j, w, k);
    error[k] = NAN;
    if (!case_moment_testable(w, exact[k])) continue;
    for (size_t x = 0; x < states; x++) {
      const int a = (x >> i) & 1 ? 1 : -1, b = (x >> j) & 1 ? 1 : -1;
      f[x] = i == j ? a : a * b;
    }
    st = case_exact_tau(w, f, f + states, &mean, &variance, &tau, err);
    error[k] = sqrt(variance * 2 * tau / every / total);
  }
  free(f);
  return st;
}

/* Device against exact means; errors as given, or NULL: from the chains. */
static void test_exact(moment_tests *x, const case_work *w, const double *a, const double *exact,
                       const double *error) {
  const double chains = (double)case_chains(w), draws = (double)w->device->n_recorded;
  for (size_t k = 0; k < case_moment_count(w); k++) {
    double mean, variance;
    if (!case_moment_testable(w, exact[k]) || (error && isnan(error[k]))) continue;
    case_moment_spread(&mean, &variance, w, a, k);
    if (error) {
      set_test(x, k, mean - exact[k], error[k], INFINITY);
    } else if (chains > 1) {
      const double v = fmax(variance, (1 - exact[k] * exact[k]) / draws);
      set_test(x, k, mean - exact[k], sqrt(v / chains), chains - 1);
    }
  }
}

static pbl_status gate(case_work *w, const char *name, const moment_tests *x, size_t first,
                       size_t last, pbl_error *err) {
  size_t tests = 0, worst = first, coarsest = first, rejected = 0;
  double p;
  if (last == first) return PBL_OK;
  pbl_status st = pbl_law_simes(&p, &rejected, case_gate_alpha(w), x->p + first, last - first, err);
  if (st) return st;
  for (size_t k = first; k < last; k++) {
    if (isnan(x->p[k])) continue;
    if (tests++ == 0) worst = coarsest = k;
    if (x->p[k] < x->p[worst]) worst = k;
    if (x->error[k] > x->error[coarsest]) coarsest = k;
  }
  pbl_gate g = {.name = name, .p_value = p, .needs_mixing = true};
  g.statistic = g.threshold = g.would_see = NAN;
  if (tests == 0) {
    case_gate(w, &g, "all %zu moments are too rare to test", last - first);
    return PBL_OK;
  }
  char label[64];
  moment_name(label, sizeof label, w, worst);
  g.statistic = x->t[worst];
  g.threshold = case_gate_threshold(w, (double)tests, x->dof[worst]);
  g.would_see = x->error[coarsest] * case_gate_reach(w, (double)tests, x->dof[coarsest]);
  g.would_see_of = "any one mean";
  case_gate(w, &g, "%zu moments, worst %s: %s = %.2f, family p = %.3g; %zu too rare to test", tests,
            label, isinf(x->dof[worst]) ? "z" : "t", x->t[worst], p, last - first - tests);
  return PBL_OK;
}

/* Means of both sides and z-scores of moments first..last-1, thinned. */
static pbl_status fill_scatter(pbl_scatter *s, const case_work *w, const double *a, const double *b,
                               const double *exact, const double *t, size_t first, size_t last,
                               pbl_error *err) {
  if (last == first) return PBL_OK; /* a graph without edges has no pairs */
  const size_t stride = (last - first + SCATTER_MAX - 1) / SCATTER_MAX;
  s->n = (last - first + stride - 1) / stride;
  s->device = malloc(s->n * sizeof *s->device);
  s->reference = malloc(s->n * sizeof *s->reference);
  s->z = malloc(s->n * sizeof *s->z);
  s->exact = exact ? malloc(s->n * sizeof *s->exact) : NULL;
  if (!s->device || !s->reference || !s->z || (exact && !s->exact))
    return pbl_fail(err, PBL_NO_MEMORY, "scatter: out of memory");
  for (size_t i = 0; i < s->n; i++) {
    const size_t k = first + i * stride;
    double unused;
    case_moment_spread(&s->device[i], &unused, w, a, k);
    case_moment_spread(&s->reference[i], &unused, w, b, k);
    s->z[i] = t[k];
    if (exact) s->exact[i] = exact[k];
  }
  return PBL_OK;
}

static pbl_status exact_moments(double **out, const case_work *w, const pbl_oracle *law,
                                pbl_error *err) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw), m = case_moment_count(w);
  double *second = malloc(n * n * sizeof *second);
  *out = malloc(m * sizeof **out);
  if (!*out || !second) {
    free(second);
    return pbl_fail(err, PBL_NO_MEMORY, "exact moments: out of memory");
  }
  pbl_oracle_moments(law, *out, second);
  for (size_t k = n; k < m; k++) {
    size_t i, j;
    case_moment_pbits(&i, &j, w, k);
    (*out)[k] = second[i * n + j];
  }
  free(second);
  return PBL_OK;
}

typedef struct {
  double *device, *reference; /* chain means */
  double *own, *ideal;        /* exact moments of the device's and the reference's law; or NULL */
  double *error;              /* exact standard errors of the device's means; or NULL */
  moment_tests between, exact;
} moment_work;

static pbl_status collect(moment_work *x, case_work *w, pbl_error *err) {
  const size_t m = case_moment_count(w);
  pbl_status st = case_chain_moments(&x->device, w, w->device, 0, w->device->n_recorded, err);
  if (!st)
    st = case_chain_moments(&x->reference, w, w->reference, 0, w->reference->n_recorded, err);
  if (!st) st = tests_create(&x->between, m, err);
  if (st || !w->law) return st;
  st = exact_moments(&x->own, w, w->law, err);
  if (!st) st = exact_moments(&x->ideal, w, w->ideal, err);
  if (!st) st = tests_create(&x->exact, m, err);
  if (!st && pbl_hw_pbits(&w->hw) <= EXACT_VARIANCE_PBITS && !w->tempering) {
    x->error = malloc(m * sizeof *x->error);
    st = x->error ? device_error(x->error, w, x->own, err)
                  : pbl_fail(err, PBL_NO_MEMORY, "exact moments: out of memory");
  }
  return st;
}

pbl_status case_moments(case_work *w, pbl_error *err) {
  pbl_case_result *r = w->result;
  const size_t n = (size_t)pbl_hw_pbits(&w->hw), m = case_moment_count(w);
  moment_work x = {0};
  pbl_status st = collect(&x, w, err);
  if (!st && w->law) {
    test_exact(&x.between, w, x.device, x.ideal, x.error);
    test_exact(&x.exact, w, x.device, x.own, x.error);
  } else if (!st) {
    test_between(&x.between, w, x.device, x.reference);
  }
  if (!st) st = gate(w, "first moments against reference", &x.between, 0, n, err);
  if (!st) st = gate(w, "second moments against reference", &x.between, n, m, err);
  if (!st && w->law) st = gate(w, "moments against exact law", &x.exact, 0, m, err);
  if (!st)
    st = fill_scatter(&r->first_moments, w, x.device, x.reference, x.own, x.between.t, 0, n, err);
  if (!st)
    st = fill_scatter(&r->second_moments, w, x.device, x.reference, x.own, x.between.t, n, m, err);
  free(x.device);
  free(x.reference);
  free(x.own);
  free(x.ideal);
  free(x.error);
  free(x.between.t);
  free(x.exact.t);
  return st;
}
