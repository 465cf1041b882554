/* Arrays that break estimators: each has a named verdict or a named refusal, and every number that
 * is reported beside it is finite or NaN by definition. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "golden_sets.h"
#include "pbl_estimators.h"
#include "stats_samples.h"

#define R 16
#define N 4000

static double x[R * N];

typedef struct {
  pbl_status status;
  pbl_resolve_report r;
  pbl_estimates e;
  pbl_error err;
} outcome;

static outcome judge(const double *series, size_t n_chains, size_t n) {
  outcome o = {.err = {0}};
  o.status = pbl_resolve(&o.r, &series, 1, n_chains, n, NULL, &o.err);
  const pbl_status other = pbl_estimate_all(&o.e, series, n_chains, n, NULL);
  assert_int_equal(o.status, other);
  return o;
}

static void assert_verdict(const outcome *o, pbl_resolution expected) {
  assert_int_equal(o->status, PBL_OK);
  if (o->r.resolution != expected) {
    fail_msg("%s (%s), expected %s", pbl_resolution_name(o->r.resolution), o->r.gate,
             pbl_resolution_name(expected));
  }
}

static void assert_refused(const outcome *o, const char *reason) {
  assert_int_equal(o->status, PBL_NUMERIC);
  if (strstr(o->err.message, reason) == NULL) fail_msg("no '%s' in: %s", reason, o->err.message);
}

static void fill_ar1(double offset, double scale) {
  for (size_t c = 0; c < R; ++c) sample_ar1(x + c * N, N, 0.8, 100 + c);
  for (size_t i = 0; i < R * N; ++i) x[i] = offset + scale * x[i];
}

static void constant_chains_are_frozen_at_any_value(void **state) {
  (void)state;
  static const double values[] = {0.0, -1.0, 0.1, 1e15 + 0.3, 1e300, DBL_TRUE_MIN};
  for (size_t k = 0; k < 6; ++k) {
    for (size_t i = 0; i < R * N; ++i) x[i] = values[k];
    const outcome o = judge(x, R, N);
    assert_verdict(&o, PBL_FROZEN);
    assert_true(isnan(o.r.tau.value) && isnan(o.r.ess.value) && isnan(o.e.stan.ess_basic));
    assert_true(o.r.base.mean == values[k] && o.r.base.variance == 0.0);
  }
}

static void alternation_is_resolved_with_a_capped_ess(void **state) {
  (void)state;
  for (size_t i = 0; i < R * N; ++i) x[i] = i % 2 ? 1.0 : -1.0;
  const outcome o = judge(x, R, N);
  assert_verdict(&o, PBL_RESOLVED);
  assert_true(o.r.base.capped);
  assert_close(o.r.ess.value, R * N * log10((double)(R * N)), 1e-9, "ESS", 0);
  assert_true(o.r.tau.low <= o.r.tau.value && o.r.tau.value <= o.r.tau.high);
}

static void one_stuck_chain_is_partial(void **state) {
  (void)state;
  fill_ar1(0.0, 1.0);
  for (size_t t = 0; t < N; ++t) x[5 * N + t] = 0.25;
  outcome o = judge(x, R, N);
  assert_verdict(&o, PBL_PARTIAL);
  assert_true(isnan(o.e.sokal.tau));
  o = judge(x + 5 * N, 2, N); /* one stuck beside one that moves */
  assert_verdict(&o, PBL_PARTIAL);
}

static void one_draw_and_one_chain_are_short(void **state) {
  (void)state;
  fill_ar1(0.0, 1.0);
  outcome o = judge(x, R, 1);
  assert_verdict(&o, PBL_SHORT);
  o = judge(x, 1, 1);
  assert_verdict(&o, PBL_SHORT);
  o = judge(x, 1, N);
  assert_verdict(&o, PBL_SHORT);
  assert_true(o.r.tau.value > 3.0 && o.r.tau.value < 6.0); /* the value is there, 4.5 */
  assert_true(isnan(o.r.tau.low) && isnan(o.r.tau.high));  /* the interval is not */
  for (size_t n = 2; n < 20; ++n) {
    o = judge(x, 4, n);
    assert_verdict(&o, n < 16 ? PBL_SHORT : PBL_UNRESOLVED);
  }
}

static void nan_and_infinity_are_refused_by_chain_and_draw(void **state) {
  (void)state;
  static const double bad[] = {NAN, INFINITY, -INFINITY};
  for (size_t k = 0; k < 3; ++k) {
    fill_ar1(0.0, 1.0);
    x[3 * N + 17] = bad[k];
    const outcome o = judge(x, R, N);
    assert_refused(&o, "chain 3, draw 17");
  }
}

/* 1e15 leaves steps of 1/8: white noise of variance 1/768, .56 % of that of the draws, .23. A mean
 * rounded to such a step would be .036 (s.d.) wrong, as much as the means scatter: R-hat would move
 * by 3e-3 and S_n would double. */
static void a_huge_offset_costs_no_digits(void **state) {
  (void)state;
  fill_ar1(0.0, 1.0);
  const outcome plain = judge(x, R, N);
  fill_ar1(1e15, 1.0);
  const outcome o = judge(x, R, N);
  assert_verdict(&plain, PBL_RESOLVED);
  assert_verdict(&o, PBL_RESOLVED);
  const double v = plain.r.base.variance;
  assert_close(o.r.base.variance, v * (1.0 + 1.0 / 768.0 / v), 1e-3, "variance", 0);
  /* rounding noise moves a mean by 2.5 % of its s.d.; 4 sigma */
  assert_close(o.r.base.split_rhat, plain.r.base.split_rhat, 1e-4, "R-hat", 0);
  assert_close(o.e.stan.rhat, plain.e.stan.rhat, 1e-4, "R-hat, Stan", 0);
  assert_close(o.e.s_n, plain.e.s_n, 0.05, "S_n", 0);
  assert_close(o.r.spread_ratio, plain.r.spread_ratio, 0.05, "spread", 0);
  /* .56 % and the scatter of the noise */
  assert_close(o.r.tau.value, plain.r.tau.value, 0.012, "tau", 0);
  assert_close(o.e.sokal.tau, plain.e.sokal.tau, 0.012, "Sokal", 0);
  assert_close(o.e.wolff_15.tau, plain.e.wolff_15.tau, 0.012, "Gamma", 0);
  assert_close(o.e.stan.ess_basic, plain.e.stan.ess_basic, 0.02, "Stan", 0);
  assert_close(o.e.stan.ess_sd, plain.e.stan.ess_sd, 0.02, "Stan, sd", 0);
  assert_close(o.e.batch.plain, plain.e.batch.plain, 0.02, "batches", 0);
}

/* A power of two changes no digit anywhere. */
static void tiny_and_large_scales_change_nothing(void **state) {
  (void)state;
  fill_ar1(0.0, 1.0);
  const outcome plain = judge(x, R, N);
  static const int exponent[] = {-200, 200};
  for (size_t k = 0; k < 2; ++k) {
    fill_ar1(0.0, ldexp(1.0, exponent[k]));
    const outcome o = judge(x, R, N);
    assert_verdict(&o, PBL_RESOLVED);
    assert_true(o.r.tau.value == plain.r.tau.value && o.r.tau.low == plain.r.tau.low);
    assert_true(o.r.base.split_rhat == plain.r.base.split_rhat);
    assert_true(o.e.stan.ess_tail == plain.e.stan.ess_tail);
    assert_true(o.e.stan.mcse_sd == ldexp(plain.e.stan.mcse_sd, exponent[k]));
    assert_true(o.e.batch.lugsail == ldexp(plain.e.batch.lugsail, 2 * exponent[k]));
  }
}

static void scales_without_room_for_powers_are_refused(void **state) {
  (void)state;
  static const double scale[] = {DBL_TRUE_MIN * 64.0, 1e-300, 1e-80, 1e80, 1e307};
  for (size_t k = 0; k < 5; ++k) {
    fill_ar1(0.0, scale[k]);
    const outcome o = judge(x, R, N);
    assert_refused(&o, "rescale");
  }
  for (size_t i = 0; i < R * N; ++i) x[i] = i % 2 ? DBL_MAX : -DBL_MAX;
  const outcome o = judge(x, R, N);
  assert_refused(&o, "rescale");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(constant_chains_are_frozen_at_any_value),
      cmocka_unit_test(alternation_is_resolved_with_a_capped_ess),
      cmocka_unit_test(one_stuck_chain_is_partial),
      cmocka_unit_test(one_draw_and_one_chain_are_short),
      cmocka_unit_test(nan_and_infinity_are_refused_by_chain_and_draw),
      cmocka_unit_test(a_huge_offset_costs_no_digits),
      cmocka_unit_test(tiny_and_large_scales_change_nothing),
      cmocka_unit_test(scales_without_room_for_powers_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
