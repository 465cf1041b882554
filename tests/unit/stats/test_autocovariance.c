/* Autocovariance against direct sums, initial convex sequence against published initseq values. */
// cmocka.h needs these headers before it
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <math.h>
#include <string.h>

#include "pbl_lags.h"
#include "pbl_stats.h"
#include "stats_samples.h"

#define MAX_N 1000

static double pooled_mean(const double *x, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; ++i) sum += x[i];
  return sum / (double)n;
}

/* Direct sums with divisor R (n - k). */
static void direct_gamma(double *gamma, size_t max_lag, const double *x, size_t n_chains,
                         size_t n) {
  const double m = pooled_mean(x, n_chains * n);
  for (size_t k = 0; k <= max_lag; ++k) {
    double sum = 0.0;
    for (size_t c = 0; c < n_chains; ++c) {
      for (size_t t = 0; t + k < n; ++t) sum += (x[c * n + t] - m) * (x[c * n + t + k] - m);
    }
    gamma[k] = sum / (double)(n_chains * (n - k));
  }
}

static void golden_generators_reproduce_the_published_column_sums(void **state) {
  (void)state;
  static const double sums_a[] = {548, 479, 494, 448}, sums_d[] = {500, 494, 499, 492};
  static const double sums_c[] = {-103.301604, 17.356627, -159.488622, -38.517199};
  double x[MAX_N];
  for (size_t c = 0; c < 4; ++c) {
    sample_two_state(x, 1000, 0.8, 0.5, 1 + c);
    assert_true(pooled_mean(x, 1000) * 1000.0 == sums_a[c]);
    sample_two_state(x, 1000, -0.6, 0.5, 31 + c);
    assert_true(fabs(pooled_mean(x, 1000) * 1000.0 - sums_d[c]) < 1e-9);
    sample_ar1(x, 1000, 0.9, 21 + c);
    assert_true(fabs(pooled_mean(x, 1000) * 1000.0 - sums_c[c]) < 1e-6);
  }
}

/* initseq: own mean, divisor n, chain 1 of each golden set */
static void assert_initseq(const double *x, size_t n, double gamma0, double convex) {
  double gamma[MAX_N];
  direct_gamma(gamma, n - 1, x, 1, n);
  for (size_t k = 0; k < n; ++k) gamma[k] *= (double)(n - k) / (double)n;
  assert_true(fabs(gamma[0] - gamma0) < 1e-12);
  const double got = pbl_initial_convex(gamma, n - 1, NULL);
  if (!(fabs(got - convex) < 1e-8)) fail_msg("convex %.12g, published %.12g", got, convex);
}

static void convex_sequence_matches_published_initseq_values(void **state) {
  (void)state;
  static const double f[] = {1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0};
  static const double f2[] = {0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0};
  double x[MAX_N];
  sample_two_state(x, 1000, 0.8, 0.5, 1);
  assert_initseq(x, 1000, 0.247696, 2.183539104);
  sample_two_state(x, 1000, 0.95, 0.3, 11);
  assert_initseq(x, 1000, 0.1924, 13.8009144);
  sample_ar1(x, 1000, 0.9, 21);
  assert_initseq(x, 1000, 0.411008752769442, 5.54871256397872);
  sample_two_state(x, 1000, -0.6, 0.5, 31);
  assert_initseq(x, 1000, 0.25, 0.082);
  sample_two_state(x, 999, 0.8, 0.5, 41);
  assert_initseq(x, 999, 0.249997745493239, 2.07462133020123);
  assert_initseq(f, 16, 0.25, 0.28125);
  assert_initseq(f2, 16, 0.24609375, 0.21435546875);
}

static void convex_sequence_sums_an_exact_geometric_series(void **state) {
  (void)state;
  double gamma[401];
  for (size_t k = 0; k <= 400; ++k) gamma[k] = pow(0.8, (double)k);
  size_t window = 0;
  assert_true(fabs(pbl_initial_convex(gamma, 400, &window) - 9.0) < 1e-9);
  for (size_t k = 0; k <= 400; ++k) gamma[k] = pow(-0.6, (double)k);
  assert_true(fabs(pbl_initial_convex(gamma, 400, &window) - 0.25) < 1e-9);
}

static void transform_agrees_with_direct_sums(void **state) {
  (void)state;
  static double x[5 * 333];
  double expected[200], got[200];
  for (size_t c = 0; c < 5; ++c) sample_ar1(x + c * 333, 333, 0.9, 70 + c);
  for (size_t i = 0; i < 5 * 333; ++i) x[i] += 1e4; /* an offset must not cost digits */
  direct_gamma(expected, 199, x, 5, 333);
  const double n_total = 5.0 * 333.0;
  const double once = pbl_initial_convex(expected, 199, NULL) / n_total;
  double twice[200];
  for (size_t k = 0; k < 200; ++k) twice[k] = expected[k] + once;
  const double correction = pbl_initial_convex(twice, 199, NULL) / n_total;
  assert_int_equal(pbl_autocovariance(got, 199, x, 5, 333, NULL), PBL_OK);
  for (size_t k = 0; k < 200; ++k) assert_true(fabs(got[k] - expected[k] - correction) < 1e-9);
}

static void leaving_out_a_chain_equals_starting_again_without_it(void **state) {
  (void)state;
  double x[4 * 256], rest[3 * 256], expected[129], got[129];
  for (size_t c = 0; c < 4; ++c) sample_two_state(x + c * 256, 256, 0.8, 0.3, 90 + c);
  pbl_lags lags;
  assert_int_equal(pbl_lags_create(&lags, x, 4, 256, 128, NULL), PBL_OK);
  for (size_t out = 0; out < 4; ++out) {
    for (size_t c = 0, to = 0; c < 4; ++c) {
      if (c == out) continue;
      for (size_t t = 0; t < 256; ++t) rest[to * 256 + t] = x[c * 256 + t];
      ++to;
    }
    assert_int_equal(pbl_autocovariance(expected, 128, rest, 3, 256, NULL), PBL_OK);
    (void)pbl_lags_gamma(got, NULL, NULL, &lags, out);
    for (size_t k = 0; k <= 128; ++k) assert_true(fabs(got[k] - expected[k]) < 1e-12);
  }
  pbl_lags_free(&lags);
}

static void nan_is_named_by_chain_and_draw(void **state) {
  (void)state;
  double x[3 * 20] = {0}, gamma[5];
  x[1 * 20 + 7] = NAN;
  pbl_error err;
  assert_int_equal(pbl_autocovariance(gamma, 4, x, 3, 20, &err), PBL_NUMERIC);
  assert_non_null(strstr(err.message, "chain 1, draw 7"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(golden_generators_reproduce_the_published_column_sums),
      cmocka_unit_test(convex_sequence_matches_published_initseq_values),
      cmocka_unit_test(convex_sequence_sums_an_exact_geometric_series),
      cmocka_unit_test(transform_agrees_with_direct_sums),
      cmocka_unit_test(leaving_out_a_chain_equals_starting_again_without_it),
      cmocka_unit_test(nan_is_named_by_chain_and_draw),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
