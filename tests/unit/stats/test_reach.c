/* Lags are taken only as far as each sum needs them: the same numbers as from all lags. */
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

#include "estimator_internal.h"
#include "golden_sets.h"
#include "pbl_estimators.h"
#include "pbl_lags.h"
#include "stats_samples.h"

/* tau_exp 5000: initial sequences and windows end beyond the first 16384 lags. */
#define R 4
#define N 200000
#define PHI 0.9998
static double x[R * N], gamma_all[N];

static void fill(void) {
  for (size_t c = 0; c < R; ++c) sample_ar1(x + c * N, N, PHI, 50 + c);
}

static void blocks_of_a_long_row_are_the_direct_sums(void **state) {
  (void)state;
  fill();
  static const size_t lags[] = {0, 1, 2, 17, 999, 1000};
  static const size_t lengths[] = {3001, 4000, 65536, 70001}; /* transforms of 4096 points */
  for (size_t i = 0; i < 4; ++i) {
    const pbl_rows rows = {x, R, lengths[i], N};
    pbl_lags all;
    assert_int_equal(pbl_lags_of_rows(&all, &rows, 1000, true, NULL), PBL_OK);
    for (size_t c = 0; c < R; ++c) {
      const double *row = x + c * N, mean = row[0] + pbl_offset_mean(row, lengths[i], row[0]);
      for (size_t k = 0; k < 6; ++k) {
        double sum = 0.0;
        for (size_t t = 0; t + lags[k] < lengths[i]; ++t) {
          sum += (row[t] - mean) * (row[t + lags[k]] - mean);
        }
        const double got = all.products[c * 1001 + lags[k]];
        assert_true(fabs(got - sum) < 1e-10 * all.products[c * 1001]);
      }
    }
    pbl_lags_free(&all);
  }
}

static void lags_grow_until_all_are_there(void **state) {
  (void)state;
  for (size_t most = 0; most < 3000000; most += 1 + most / 3) {
    size_t reach = pbl_first_reach(most), steps = 0;
    assert_true(reach <= most);
    for (; reach < most; ++steps) {
      const size_t next = pbl_next_reach(reach, most);
      assert_true(next > reach && next <= most);
      reach = next;
    }
    assert_true(steps <= 3);
  }
}

static void convex_tau_is_that_of_all_lags(void **state) {
  (void)state;
  fill();
  pbl_tau_report r;
  size_t window;
  assert_int_equal(pbl_tau(&r, x, R, N, NULL), PBL_OK);
  assert_int_equal(pbl_autocovariance(gamma_all, N / 2, x, R, N, NULL), PBL_OK);
  const double sigma2 = pbl_initial_convex(gamma_all, N / 2, &window);
  assert_true(window > 16383);
  assert_int_equal(r.window, window);
  assert_close(r.tau.value, 0.5 * sigma2 / gamma_all[0], 1e-8, "tau", 0);
  pbl_estimates e;
  assert_int_equal(pbl_estimate_all(&e, x, R, N, NULL), PBL_OK);
  const pbl_geyer_sums pooled = pbl_geyer(gamma_all, N / 2);
  assert_close(e.geyer_pooled.monotone, pooled.monotone, 1e-8, "pooled IMS", 0);
  assert_int_equal(pbl_acf(gamma_all, N - 1, x, R, N, PBL_CENTRE_CHAIN, NULL), PBL_OK);
  const pbl_geyer_sums own = pbl_geyer(gamma_all, N - 1);
  assert_int_equal(e.geyer_chain.window, own.window);
  assert_close(e.geyer_chain.positive, own.positive, 1e-8, "IPS", 0);
}

static void windows_are_those_of_all_lags(void **state) {
  (void)state;
  fill();
  pbl_sokal_report sokal;
  pbl_wolff_report wolff;
  assert_int_equal(pbl_sokal(&sokal, x, 1, N, 5.0, NULL), PBL_OK);
  assert_int_equal(pbl_acf(gamma_all, N - 1, x, 1, N, PBL_CENTRE_CHAIN, NULL), PBL_OK);
  double full = 1.0;
  size_t window = 0;
  while ((double)window < 5.0 * full) full += 2.0 * gamma_all[++window] / gamma_all[0];
  assert_true(window > 16383);
  assert_int_equal(sokal.window, window);
  assert_close(sokal.tau, 0.5 * full, 1e-8, "Sokal", 0);
  assert_int_equal(pbl_wolff(&wolff, x, R, N, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_acf(gamma_all, N / 2, x, R, N, PBL_CENTRE_POOLED, NULL), PBL_OK);
  double tau = 0.5;
  for (size_t k = 1; k <= wolff.window; ++k) tau += gamma_all[k] / gamma_all[0];
  assert_true(wolff.window > 16383 && wolff.complete);
  const double n = (double)R * N, w = (double)wolff.window;
  assert_close(wolff.tau, tau * (1.0 + (2.0 * w + 1.0) / n) / (1.0 + 1.0 / n), 1e-8, "Gamma", 0);
}

/* A ramp never stops being correlated: every sequence runs to its last lag and says so. */
static void a_ramp_uses_all_lags_and_is_unresolved(void **state) {
  (void)state;
  for (size_t i = 0; i < R * N; ++i) x[i] = (double)(i % N) / N - 0.5;
  const double *series = x;
  pbl_resolve_report r;
  assert_int_equal(pbl_resolve(&r, &series, 1, R, N, NULL, NULL), PBL_OK);
  assert_int_equal(r.resolution, PBL_UNRESOLVED);
  assert_true(r.tau.value > 0.05 * N);
}

/* White noise of nine times the variance of a slow part; n above 4096 lags, where d rho is summed
 * over a limited reach, and a window far below it. */
static void tail_of_a_long_series_is_found_with_few_lags(void **state) {
  (void)state;
  static double noise[N];
  for (size_t c = 0; c < R; ++c) {
    sample_ar1(x + c * N, N, 0.98, 300 + c);
    sample_ar1(noise, N, 0.0, 400 + c);
    /* variances 1/12/(1 - phi^2) and 1/12 */
    for (size_t t = 0; t < N; ++t) x[c * N + t] += 3.0 / sqrt(1.0 - 0.98 * 0.98) * noise[t];
  }
  const double *series = x;
  pbl_resolve_report r;
  assert_int_equal(pbl_resolve(&r, &series, 1, R, N, NULL, NULL), PBL_OK);
  /* exact .45 + 49.5/10; relative s.d. near 2.5/sqrt(ESS) = .0065 */
  assert_close(r.tau.value, 5.4, 5.0 * 0.0065, "tau", 0);
}

/* One set of products about the pooled mean serves the sums about each chain's own mean, unless a
 * chain lies so far from the others that its own variance is lost in the difference. */
static void own_sums_from_pooled_products_are_the_direct_ones(void **state) {
  (void)state;
  enum { SHORT = 5001 };
  static const double apart[] = {0.0, 3.0, 1e6};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t c = 0; c < R; ++c) {
      sample_ar1(x + c * SHORT, SHORT, 0.9, 70 + c);
      for (size_t t = 0; t < SHORT; ++t) x[c * SHORT + t] += c == 1 ? apart[i] : 0.0;
    }
    pbl_lags pooled;
    pbl_geyer_sums got, direct;
    double got_variance, variance;
    bool done;
    assert_int_equal(pbl_lags_create(&pooled, x, R, SHORT, SHORT / 2, NULL), PBL_OK);
    assert_int_equal(pbl_geyer_own(&got, &got_variance, &done, &pooled, NULL), PBL_OK);
    assert_int_equal(done, apart[i] < 1e3);
    assert_int_equal(
        pbl_geyer_of(&direct, &variance, x, R, SHORT, SHORT - 1, PBL_CENTRE_CHAIN, NULL), PBL_OK);
    if (done) {
      assert_int_equal(got.window, direct.window);
      assert_close(got_variance, variance, 1e-11, "variance", 0);
      assert_close(got.monotone, direct.monotone, 1e-10, "monotone sum", 0);
      assert_close(got.positive, direct.positive, 1e-10, "positive sum", 0);
    }
    pbl_lags_free(&pooled);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_of_a_long_row_are_the_direct_sums),
      cmocka_unit_test(lags_grow_until_all_are_there),
      cmocka_unit_test(own_sums_from_pooled_products_are_the_direct_ones),
      cmocka_unit_test(convex_tau_is_that_of_all_lags),
      cmocka_unit_test(windows_are_those_of_all_lags),
      cmocka_unit_test(a_ramp_uses_all_lags_and_is_unresolved),
      cmocka_unit_test(tail_of_a_long_series_is_found_with_few_lags),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
