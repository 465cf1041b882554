/* The RESOLVED rule: each verdict, each clause, and that no clause fails sound chains. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "golden_sets.h"
#include "pbl_estimators.h"
#include "stats_samples.h"

#define R 16

static double *two_state(size_t n_chains, size_t n, double l, uint64_t seed) {
  double *x = malloc(n_chains * n * sizeof *x);
  assert_non_null(x);
  for (size_t c = 0; c < n_chains; ++c) sample_two_state(x + c * n, n, l, 0.5, seed + c);
  return x;
}

static pbl_resolve_report resolve(const double *x, size_t n_chains, size_t n,
                                  const pbl_resolve_options *options) {
  pbl_resolve_report r;
  assert_int_equal(pbl_resolve(&r, &x, 1, n_chains, n, options, NULL), PBL_OK);
  return r;
}

static void assert_clause(const pbl_resolve_report *r, char clause) {
  if (r->resolution != PBL_UNRESOLVED || r->clause != clause) {
    fail_msg("%s (%c) %s, tau %.3g, tail %.3g, tau_exp %.3g", pbl_resolution_name(r->resolution),
             r->clause != 0 ? r->clause : '-', r->gate, r->base.tau.value, r->tau_tail,
             r->tau_exp_max);
  }
}

static void sound_chains_are_resolved(void **state) {
  (void)state;
  static const double l[] = {-0.6, 0.0, 0.5, 0.8, 0.9};
  for (size_t i = 0; i < 5; ++i) {
    double *x = two_state(R, 20000, l[i], 10 * i + 1);
    const pbl_resolve_report r = resolve(x, R, 20000, NULL);
    if (r.resolution != PBL_RESOLVED) fail_msg("l = %g: (%c) %s", l[i], r.clause, r.gate);
    const double exact = 0.5 * (1.0 + l[i]) / (1.0 - l[i]);
    /* 2.5/sqrt(ESS) is at most 1.9 %; 5 sigma */
    assert_close(r.base.tau.value, exact, 0.1, "tau", 0);
    assert_close(r.tau_tail, exact, 0.1, "tail", 0);
    if (l[i] > 0.4) assert_close(r.tau_exp, -1.0 / log(l[i]), 0.2, "tau_exp", 0);
    assert_false(r.one_switch);
    free(x);
  }
}

static void degenerate_chains_have_named_verdicts(void **state) {
  (void)state;
  static double x[R * 100];
  for (size_t i = 0; i < R * 100; ++i) x[i] = (i / 100) % 2 ? 1.0 : -1.0;
  assert_int_equal(resolve(x, R, 100, NULL).resolution, PBL_FROZEN);
  assert_int_equal(resolve(x, 1, 100, NULL).resolution, PBL_FROZEN);
  assert_true(isnan(resolve(x, R, 100, NULL).base.ess.value));
  assert_int_equal(resolve(x, R, 1, NULL).resolution, PBL_SHORT);
  for (size_t t = 0; t < 100; ++t) x[300 + t] = t % 2 ? 1.0 : 0.0;
  const pbl_resolve_report partial = resolve(x, R, 100, NULL);
  assert_int_equal(partial.resolution, PBL_PARTIAL);
  assert_true(partial.tau.value > 10.0); /* 15 chains of 16 never moved */
  double *y = two_state(3, 1000, 0.5, 3);
  assert_int_equal(resolve(y, 3, 1000, NULL).resolution, PBL_SHORT);
  assert_int_equal(resolve(y, 1, 1000, NULL).resolution, PBL_SHORT);
  assert_int_equal(resolve(y, R, 15, NULL).resolution, PBL_SHORT);
  free(y);
}

static void strict_alternation_is_resolved_and_capped(void **state) {
  (void)state;
  static double x[R * 1000];
  for (size_t i = 0; i < R * 1000; ++i) x[i] = i % 2 ? 1.0 : -1.0;
  const pbl_resolve_report r = resolve(x, R, 1000, NULL);
  assert_true(r.base.capped);
  assert_close(r.base.ess.value, 16000.0 * log10(16000.0), 1e-9, "ESS", 0);
}

static void clause_a_wants_fifty_tau(void **state) {
  (void)state;
  double *x = two_state(R, 1000, 0.96, 3); /* 20 tau */
  const pbl_resolve_report r = resolve(x, R, 1000, NULL);
  assert_clause(&r, 'a');
  assert_true(r.base.tau_lower_bound > 0.0 && r.base.tau_lower_bound < 24.5 * 2.0);
  free(x);
}

/* The chains of one observable are long enough for it, not for the slowest of the set. */
static void clause_b_wants_twenty_times_the_slowest_observable(void **state) {
  (void)state;
  double *fast = two_state(R, 4000, 0.0, 5);
  pbl_resolve_options o = pbl_resolve_default();
  o.tau_exp = 201.0;
  pbl_resolve_report r = resolve(fast, R, 4000, &o);
  assert_clause(&r, 'b');
  o.tau_exp = 199.0;
  r = resolve(fast, R, 4000, &o);
  assert_true(r.clause != 'b');
  double *slow = two_state(R, 4000, 0.995, 900); /* tau_exp 200 */
  const double *both[] = {fast, slow};
  pbl_resolve_report pair[2];
  assert_int_equal(pbl_resolve(pair, both, 2, R, 4000, NULL, NULL), PBL_OK);
  assert_true(pair[0].tau_exp < 5.0 && pair[0].tau_exp_max > 100.0);
  assert_true(pair[0].tau_exp_max == pair[1].tau_exp);
  assert_true(pair[0].resolution == PBL_UNRESOLVED && pair[1].resolution == PBL_UNRESOLVED);
  free(fast);
  free(slow);
}

/* offsets that the autocovariance does not notice */
static void clause_c_wants_chain_means_that_agree(void **state) {
  (void)state;
  enum { N = 20000 };
  double *x = two_state(R, N, 0.0, 600);
  for (size_t i = 0; i < R * N; ++i) x[i] += (i / N) % 2 ? 0.011 : -0.011;
  const pbl_resolve_report r = resolve(x, R, N, NULL);
  assert_clause(&r, 'c');
  free(x);
}

/* White noise of nine times the variance of a slow part: tau = .9/2 + 49.5/10. */
static void value_and_tau_exp_see_a_slow_component(void **state) {
  (void)state;
  enum { N = 4000, RUNS = 20 };
  static double x[R * N], slow[N];
  double value = 0.0, convex = 0.0, tau_exp = 0.0;
  for (uint64_t i = 0; i < RUNS; ++i) {
    for (size_t c = 0; c < R; ++c) {
      sample_two_state(x + c * N, N, 0.0, 0.5, 3000 + 50 * i + c);
      sample_two_state(slow, N, 0.98, 0.5, 8000 + 50 * i + c);
      for (size_t t = 0; t < N; ++t) x[c * N + t] = 3.0 * x[c * N + t] + slow[t];
    }
    const pbl_resolve_report r = resolve(x, R, N, NULL);
    value += r.tau.value / 5.4 / RUNS;
    convex += r.base.tau.value / 5.4 / RUNS;
    tau_exp += r.tau_exp / 49.5 / RUNS;
    assert_true(r.tau.low < r.tau.value && r.tau.value < r.tau.high);
    assert_close(r.ess.value, R * N / (2.0 * r.tau.value), 1e-12, "ESS", 0);
    assert_close(r.mcse, sqrt(2.0 * r.tau.value * r.base.variance / (R * N)), 1e-12, "MCSE", 0);
  }
  print_message("value %.3f, convex %.3f, tau_exp %.3f of exact\n", value, convex, tau_exp);
  /* one run has a relative s.d. of .2 and .4 */
  assert_true(fabs(value - 1.0) < 4.0 * 0.2 / sqrt(RUNS));
  assert_true(value > convex + 0.02);
  /* a single exponential of this tau would decay in 5.4 */
  assert_true(tau_exp > 0.5);
}

/* 70 full tau: split R-hat^2 - 1 is near 2 tau/n = .029; four chains that share a start see a
 * quarter of 1/70. */
static void clause_d_accepts_nested_rhat_instead(void **state) {
  (void)state;
  int seen = 0;
  for (uint64_t i = 0; i < 40; ++i) {
    double *x = two_state(R, 1330, 0.9, 20000 + R * i);
    pbl_resolve_report r = resolve(x, R, 1330, NULL);
    if (r.clause == 'd') {
      assert_true(r.base.split_rhat >= 1.01 && isnan(r.nested_rhat));
      pbl_resolve_options o = pbl_resolve_default();
      o.n_superchains = 4;
      r = resolve(x, R, 1330, &o);
      assert_true(r.nested_rhat < 1.01 && r.clause != 'd');
      ++seen;
    }
    free(x);
  }
  assert_true(seen > 5);
}

/* white noise that turns slow half way: sigma2 of the whole is five times that of the half */
static void clause_e_wants_sigma2_to_stand_when_chains_double(void **state) {
  (void)state;
  enum { N = 20000 };
  double *x = two_state(R, N, 0.0, 40);
  for (size_t c = 0; c < R; ++c) {
    sample_two_state(x + c * N + N / 2, N / 2, 0.8, 0.5, 7777 + c);
  }
  const pbl_resolve_report r = resolve(x, R, N, NULL);
  assert_clause(&r, 'e');
  assert_true(r.doubling_change > 0.5 * 4.0 * 0.25);
  free(x);
}

/* n_tests observables share the level .01 of (c) and (e); t_15 at 1 - .005/30 is 4.62 (tables). */
static void levels_are_shared_by_all_observables_of_a_verdict(void **state) {
  (void)state;
  enum { N = 2000 };
  double *x = two_state(R, N, 0.0, 41);
  pbl_resolve_options o = pbl_resolve_default();
  const pbl_resolve_report alone = resolve(x, R, N, &o);
  o.n_tests = 30;
  const pbl_resolve_report among = resolve(x, R, N, &o);
  assert_true(alone.doubling_bound == 2.0);
  assert_true(fabs(among.doubling_bound - 4.62 / sqrt(3.0)) < 0.01);
  assert_true(fabs(alone.spread_bound - pbl_chi2_quantile(0.99, 15) / 15) < 1e-9);
  assert_true(fabs(among.spread_bound - pbl_chi2_quantile(1 - 0.01 / 30, 15) / 15) < 1e-9);
  free(x);
}

/* With a system time of 100 draws, 4 x 2500 draws of white noise leave room for a slow part:
 * the noise of rho, .01, times 100 is more than tau itself. */
static void clause_f_wants_the_tail_to_agree(void **state) {
  (void)state;
  double *x = two_state(4, 2500, 0.0, 77);
  pbl_resolve_options o = pbl_resolve_default();
  o.tau_exp = 100.0;
  const pbl_resolve_report r = resolve(x, 4, 2500, &o);
  assert_clause(&r, 'f');
  assert_true(r.agreement < -log(1.25));
  assert_int_equal(resolve(x, 4, 2500, NULL).resolution, PBL_RESOLVED);
  free(x);
}

/* One switch at fraction a: the autocovariance about the chain's mean is a b - s (1 - a b), b = 1-a
 * and s = k/n; its positive part sums to a b/(2 (1 - a b)) n: 1/6 at a = 1/2, .133 at .3. */
static void one_switch_per_chain_is_flagged(void **state) {
  (void)state;
  enum { N = 6000 };
  static const double at[] = {0.5, 0.42, 0.3};
  double *x = malloc(R * N * sizeof *x);
  assert_non_null(x);
  for (size_t i = 0; i < 3; ++i) {
    for (size_t k = 0; k < R * N; ++k) {
      x[k] = ((double)(k % N) < at[i] * N) == (k / N % 2 == 0) ? 1.0 : -1.0;
    }
    const pbl_resolve_report r = resolve(x, R, N, NULL);
    const double ab = at[i] * (1.0 - at[i]);
    assert_close(r.one_switch_ratio, 0.5 * ab / (1.0 - ab), 1e-3, "tau/n", 0);
    assert_int_equal(r.one_switch, i < 2);
    assert_clause(&r, 'a');
  }
  free(x);
}

static void threads_change_nothing(void **state) {
  (void)state;
  enum { N = 1000, K = 7 };
  double *x[K];
  pbl_resolve_report one[K], three[K];
  pbl_resolve_options o = pbl_resolve_default();
  for (size_t k = 0; k < K; ++k) x[k] = two_state(R, N, 0.1 * (double)k, 50 * k + 1);
  assert_int_equal(pbl_resolve(one, (const double *const *)x, K, R, N, &o, NULL), PBL_OK);
  o.threads = 3;
  assert_int_equal(pbl_resolve(three, (const double *const *)x, K, R, N, &o, NULL), PBL_OK);
  for (size_t k = 0; k < K; ++k) {
    assert_true(one[k].tau_tail == three[k].tau_tail && one[k].clause == three[k].clause);
    assert_true(one[k].doubling_error == three[k].doubling_error);
    free(x[k]);
  }
}

static void faults_name_the_observable(void **state) {
  (void)state;
  double a[64] = {0}, b[64] = {0};
  const double *both[] = {a, b};
  pbl_resolve_report r[2];
  pbl_error err;
  b[33] = INFINITY;
  assert_int_equal(pbl_resolve(r, both, 2, 4, 16, NULL, &err), PBL_NUMERIC);
  assert_non_null(strstr(err.message, "observable 1: chain 2, draw 1"));
  pbl_resolve_options o = pbl_resolve_default();
  o.n_superchains = 3;
  assert_int_equal(pbl_resolve(r, both, 1, 4, 16, &o, &err), PBL_INVALID);
  o = pbl_resolve_default();
  o.tau_exp = NAN;
  assert_int_equal(pbl_resolve(r, both, 1, 4, 16, &o, &err), PBL_INVALID);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(levels_are_shared_by_all_observables_of_a_verdict),
      cmocka_unit_test(sound_chains_are_resolved),
      cmocka_unit_test(degenerate_chains_have_named_verdicts),
      cmocka_unit_test(strict_alternation_is_resolved_and_capped),
      cmocka_unit_test(clause_a_wants_fifty_tau),
      cmocka_unit_test(clause_b_wants_twenty_times_the_slowest_observable),
      cmocka_unit_test(clause_c_wants_chain_means_that_agree),
      cmocka_unit_test(clause_d_accepts_nested_rhat_instead),
      cmocka_unit_test(clause_e_wants_sigma2_to_stand_when_chains_double),
      cmocka_unit_test(clause_f_wants_the_tail_to_agree),
      cmocka_unit_test(value_and_tau_exp_see_a_slow_component),
      cmocka_unit_test(one_switch_per_chain_is_flagged),
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(faults_name_the_observable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
