/* Estimators against closed forms, and the published behaviour on degenerate chains. */
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

static pbl_stan_report stan_of(const double *x, size_t n_chains, size_t n) {
  pbl_stan_report r;
  assert_int_equal(pbl_stan(&r, x, n_chains, n, NULL), PBL_OK);
  return r;
}

/* posterior's own test: 1000 log10(1000) */
static void antithetic_ess_is_capped_at_n_log10_n(void **state) {
  (void)state;
  double x[1000];
  sample_ar1(x, 1000, -0.9, 5);
  const pbl_stan_report r = stan_of(x, 1, 1000);
  assert_true(r.ess_basic == 3000.0 && r.ess_basic_unsplit == 3000.0);
}

/* measured on posterior 1.4 */
static void stuck_chains_apart_have_infinite_rhat(void **state) {
  (void)state;
  double x[200];
  for (size_t i = 0; i < 200; ++i) x[i] = i < 100 ? 0.0 : 1.0;
  const pbl_stan_report r = stan_of(x, 2, 100);
  assert_close(r.ess_basic_unsplit, 1.0416667, 1e-7, "ESS", 0);
  assert_true(isinf(r.rhat) && isinf(r.rhat_unsplit));
}

static void one_stuck_chain_beside_an_alternating_one(void **state) {
  (void)state;
  double x[200];
  for (size_t i = 0; i < 200; ++i) x[i] = i < 100 ? 1.0 : (i % 2 ? 1.0 : -1.0);
  const pbl_stan_report r = stan_of(x, 2, 100);
  assert_true(fabs(r.ess_basic_unsplit - 2.1045) < 5e-5);
  assert_true(fabs(r.ess_basic - 5.6045) < 5e-5);
  assert_true(fabs(r.rhat - 1.27801930) < 5e-9);
}

static void strict_alternation_counts_as_half_the_draws(void **state) {
  (void)state;
  double x[1000];
  for (size_t i = 0; i < 1000; ++i) x[i] = i % 2 ? 1.0 : -1.0;
  assert_close(stan_of(x, 1, 1000).ess_basic_unsplit, 500.0, 1e-12, "ESS", 0);
}

static void equal_draws_have_no_ess_anywhere(void **state) {
  (void)state;
  double x[400];
  for (size_t i = 0; i < 400; ++i) x[i] = 0.1;
  pbl_estimates e;
  assert_int_equal(pbl_estimate_all(&e, x, 4, 100, NULL), PBL_OK);
  const double none[] = {e.stan.ess_basic, e.stan.ess_bulk,       e.stan.rhat,
                         e.sokal.tau,      e.wolff_15.tau,        e.wolff_20.tau,
                         e.stan.rhat_rank, e.geyer_chain.convex,  e.stan.mcse_mean,
                         e.stan.ess_tail,  e.geyer_pooled.convex, e.stan.ess_basic_unsplit};
  for (size_t i = 0; i < sizeof none / sizeof *none; ++i) {
    if (!isnan(none[i])) fail_msg("quantity %zu is %g", i, none[i]);
  }
  assert_true(e.s_n == 0.0 && e.batch.plain == 0.0);
}

/* Stan's own check takes a common first draw for a constant. */
static void equal_first_draws_do_not_hide_the_rest(void **state) {
  (void)state;
  double x[400];
  for (size_t c = 0; c < 4; ++c) {
    sample_two_state(x + c * 100, 100, 0.0, 0.5, 70 + c);
    x[c * 100] = x[c * 100 + 50] = 1.0;
  }
  assert_true(stan_of(x, 4, 100).ess_basic > 100.0);
}

static void a_constant_chain_leaves_the_sokal_window_undefined(void **state) {
  (void)state;
  double x[400];
  for (size_t c = 0; c < 4; ++c) sample_ar1(x + c * 100, 100, 0.5, 70 + c);
  for (size_t t = 0; t < 100; ++t) x[100 + t] = 0.1;
  pbl_sokal_report r;
  assert_int_equal(pbl_sokal(&r, x, 4, 100, 5.0, NULL), PBL_OK);
  assert_true(isnan(r.tau) && !r.long_enough);
}

static void one_draw_or_one_chain_is_survived(void **state) {
  (void)state;
  static double x[1000];
  pbl_estimates e;
  sample_ar1(x, 1000, 0.5, 3);
  for (size_t n = 1; n < 24; ++n) {
    assert_int_equal(pbl_estimate_all(&e, x, 1, n, NULL), PBL_OK);
    assert_int_equal(pbl_estimate_all(&e, x, 3, n, NULL), PBL_OK);
    if (n < 4) assert_true(isnan(e.stan.ess_basic));
  }
  assert_int_equal(pbl_estimate_all(&e, x, 1, 1000, NULL), PBL_OK);
  assert_true(isnan(e.s_n) && isnan(e.wolff_15.replica_p) && isnan(e.stan.rhat_unsplit));
}

static void nan_is_refused_by_chain_and_draw(void **state) {
  (void)state;
  double x[40] = {0};
  pbl_estimates e;
  pbl_error err;
  x[27] = NAN;
  assert_int_equal(pbl_estimate_all(&e, x, 2, 20, &err), PBL_NUMERIC);
  assert_non_null(strstr(err.message, "chain 1, draw 7"));
}

/* AR(1) of coefficient .9: tau = 9.5; emcee's own test asks for 20 % at this length */
static void window_methods_find_the_tau_of_an_autoregression(void **state) {
  (void)state;
  enum { N = 200000 };
  double *x = malloc(N * sizeof *x);
  assert_non_null(x);
  sample_ar1(x, N, 0.9, 99);
  pbl_estimates e;
  assert_int_equal(pbl_estimate_all(&e, x, 1, N, NULL), PBL_OK);
  free(x);
  const double variance = 1.0 / 12.0 / (1.0 - 0.81); /* uniform innovations */
  assert_close(e.sokal.tau, 9.5, 0.2, "Sokal", 0);
  assert_true(e.sokal.long_enough);
  /* 4 sigma of Wolff's own error, which is some 3 % */
  assert_true(fabs(e.wolff_15.tau - 9.5) < 4.0 * e.wolff_15.tau_error);
  assert_true(e.wolff_15.tau_error < 0.05 * 9.5);
  /* 2.7/sqrt(ESS) is 2.6 %; 4 sigma */
  assert_close(e.geyer_chain.monotone, 19.0 * variance, 0.105, "monotone", 0);
  assert_close(e.geyer_pooled.convex, 19.0 * variance, 0.105, "convex", 0);
  assert_close(e.stan.ess_basic_unsplit, N / 19.0, 0.105, "ESS", 0);
}

/* A window that ends while slow decay is left, and the tail that makes up for it: rho is
 * .5 l1^k + .5 l2^k as the sum of two independent chains, tau = (tau_1 + tau_2)/2. */
static void attached_tail_recovers_a_slow_component(void **state) {
  (void)state;
  enum { R = 16, N = 4000 };
  static double x[R * N], y[N];
  const double exact = 0.5 * (0.5 + 49.5);
  double plain = 0.0, tail = 0.0;
  for (uint64_t rep = 0; rep < 10; ++rep) {
    for (size_t c = 0; c < R; ++c) {
      sample_two_state(x + c * N, N, 0.0, 0.5, 7000 + 100 * rep + c);
      sample_two_state(y, N, 0.98, 0.5, 9000 + 100 * rep + c);
      for (size_t t = 0; t < N; ++t) x[c * N + t] += y[t];
    }
    pbl_wolff_options o = pbl_wolff_default();
    pbl_wolff_report r;
    assert_int_equal(pbl_wolff(&r, x, R, N, &o, NULL), PBL_OK);
    plain += r.tau / exact / 10.0;
    o.tau_exp = -1.0 / log(0.98);
    o.n_sigma = 3.0;
    assert_int_equal(pbl_wolff(&r, x, R, N, &o, NULL), PBL_OK);
    tail += r.tau / exact / 10.0;
    assert_true(r.tau_error > 0.0 && r.complete);
  }
  print_message("of the exact tau: without tail %.3f, with tail %.3f\n", plain, tail);
  /* one run has a relative s.d. of .16 */
  assert_true(fabs(tail - 1.0) < 4.0 * 0.16 / sqrt(10.0));
  assert_true(plain < tail);
}

/* Window, tau and error from the formulas, by direct sums over all lags. */
static void tail_follows_its_definition(void **state) {
  (void)state;
  enum { N = 400, LAGS = N / 2 };
  double x[N], rho[LAGS], mean = 0.0, tau = 0.5, d_rho = 0.0;
  sample_ar1(x, N, 0.8, 8);
  for (size_t t = 0; t < N; ++t) mean += x[t] / N;
  for (size_t k = 0; k < LAGS; ++k) {
    rho[k] = 0.0;
    for (size_t t = 0; t + k < N; ++t) rho[k] += (x[t] - mean) * (x[t + k] - mean);
    rho[k] /= (double)(N - k) * (k > 0 ? rho[0] : 1.0);
  }
  rho[0] = 1.0;
  size_t window = 0, after = 0; /* after: one lag more, for the tail's error */
  for (size_t k = 1; after == 0; ++k) {
    double sum = 0.0;
    for (size_t l = 1; k + l < LAGS; ++l) {
      const double term = rho[k + l] + rho[k > l ? k - l : l - k] - 2.0 * rho[k] * rho[l];
      sum += term * term;
    }
    d_rho = sqrt(sum / N);
    if (window > 0) {
      after = k;
    } else {
      tau += rho[k];
      if (rho[k] < 2.0 * d_rho) window = k;
    }
  }
  const double w = (double)window;
  pbl_wolff_options o = pbl_wolff_default();
  o.tau_exp = 7.0;
  o.n_sigma = 2.0;
  pbl_wolff_report r;
  assert_int_equal(pbl_wolff(&r, x, 1, N, &o, NULL), PBL_OK);
  assert_int_equal(r.window, window);
  assert_close(r.tau,
               tau * (1.0 + (2.0 * w + 1.0) / N) / (1.0 + 1.0 / N) + 7.0 * fabs(rho[window + 1]),
               1e-12, "tau", 0);
  assert_close(r.tau_error, hypot(2.0 * tau * sqrt((w + 0.5 - tau) / N), 7.0 * d_rho), 1e-12,
               "error of tau", 0);
}

/* E BM(b) = n Var(mean) at n = b when batches are independent: two-state closed form
 * v ((1+l)/(1-l) - 2 l (1-l^b)/(b (1-l)^2)); batches here are whole chains, so they are. */
static void batch_means_expect_the_variance_of_a_window(void **state) {
  (void)state;
  enum { R = 4000, B = 20 };
  static double x[R * B];
  for (size_t c = 0; c < R; ++c) sample_two_state(x + c * B, B, 0.9, 0.5, 11 * c + 1);
  pbl_batch_report r;
  double s_n;
  assert_int_equal(pbl_batch_means(&r, x, R, B, B, NULL), PBL_OK);
  assert_int_equal(pbl_chain_means(&s_n, x, R, B, NULL), PBL_OK);
  const double exact = 0.25 * (19.0 - 1.8 * (1.0 - pow(0.9, B)) / (B * 0.01));
  assert_close(r.plain, exact, 5.0 * sqrt(2.0 / (R - 1)), "batch means", 0);
  assert_close(s_n, r.plain, 1e-12, "chain means", 0);
}

static void batch_means_of_a_worked_example(void **state) {
  (void)state;
  /* means of three: 2, 4 and 6, 4; grand mean 4; BM = 3 (4 + 0 + 4 + 0)/3 = 8. Of one: squares
   * about 4 are 9+4+1+1+0+1 = 16 and 1+4+9+0+1+1 = 16: 32/11. Lugsail: 16 - 32/11. */
  const double x[] = {1, 2, 3, 3, 4, 5, 5, 6, 7, 4, 3, 5};
  pbl_batch_report r;
  assert_int_equal(pbl_batch_means(&r, x, 2, 6, 3, NULL), PBL_OK);
  assert_close(r.plain, 8.0, 1e-14, "plain", 0);
  assert_close(r.lugsail, 16.0 - 32.0 / 11.0, 1e-14, "lugsail", 0);
}

/* phi = .9: (2 phi/(1 - phi^2))^2 n = 89.75 n; n = 1e5 gives 207.8 */
static void optimal_batch_follows_the_autoregression(void **state) {
  (void)state;
  enum { N = 100000 };
  double *x = malloc(N * sizeof *x);
  assert_non_null(x);
  sample_ar1(x, N, 0.9, 4);
  pbl_batch_report r;
  assert_int_equal(pbl_batch_means(&r, x, 1, N, 0, NULL), PBL_OK);
  assert_in_range(r.batch, 197, 218); /* s.d. of phi is .0014, of the batch 1 % */
  assert_int_equal(pbl_batch_means(&r, x, 1, 40, 0, NULL), PBL_OK);
  assert_in_range(r.batch, 1, 4); /* n/10 */
  free(x);
}

static void nested_rhat_of_a_worked_example(void **state) {
  (void)state;
  /* chains 0 2 | 2 4 | 4 6 | 8 10: superchain means 2 and 7, variance 12.5; between chains 2 and 8,
   * within 2 and 2; W = (4 + 10)/2 = 7 */
  const double x[] = {0, 2, 2, 4, 4, 6, 8, 10};
  double rhat;
  assert_int_equal(pbl_nested_rhat(&rhat, x, 4, 2, 2, NULL), PBL_OK);
  assert_close(rhat, sqrt(1.0 + 12.5 / 7.0), 1e-14, "nested R-hat", 0);
  assert_int_equal(pbl_nested_rhat(&rhat, x, 4, 2, 3, NULL), PBL_INVALID);
  assert_int_equal(pbl_nested_rhat(&rhat, x, 4, 2, 1, NULL), PBL_INVALID);
}

static void autocovariance_about_both_means_is_the_direct_sum(void **state) {
  (void)state;
  enum { R = 3, N = 37 };
  double x[R * N], own[N], pooled[N], all = 0.0;
  for (size_t c = 0; c < R; ++c) sample_ar1(x + c * N, N, 0.5, 20 + c);
  for (size_t i = 0; i < R * N; ++i) all += (x[i] += 100.0) / (R * N);
  assert_int_equal(pbl_acf(own, N - 1, x, R, N, PBL_CENTRE_CHAIN, NULL), PBL_OK);
  assert_int_equal(pbl_acf(pooled, N - 1, x, R, N, PBL_CENTRE_POOLED, NULL), PBL_OK);
  for (size_t k = 0; k < N; ++k) {
    double a = 0.0, b = 0.0;
    for (size_t c = 0; c < R; ++c) {
      double mean = 0.0;
      for (size_t t = 0; t < N; ++t) mean += x[c * N + t] / N;
      for (size_t t = 0; t + k < N; ++t) {
        a += (x[c * N + t] - mean) * (x[c * N + t + k] - mean) / (R * N);
        b += (x[c * N + t] - all) * (x[c * N + t + k] - all) / (double)(R * (N - k));
      }
    }
    assert_true(fabs(own[k] - a) < 1e-12 && fabs(pooled[k] - b) < 1e-12);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(antithetic_ess_is_capped_at_n_log10_n),
      cmocka_unit_test(stuck_chains_apart_have_infinite_rhat),
      cmocka_unit_test(one_stuck_chain_beside_an_alternating_one),
      cmocka_unit_test(strict_alternation_counts_as_half_the_draws),
      cmocka_unit_test(equal_draws_have_no_ess_anywhere),
      cmocka_unit_test(equal_first_draws_do_not_hide_the_rest),
      cmocka_unit_test(a_constant_chain_leaves_the_sokal_window_undefined),
      cmocka_unit_test(one_draw_or_one_chain_is_survived),
      cmocka_unit_test(tail_follows_its_definition),
      cmocka_unit_test(nan_is_refused_by_chain_and_draw),
      cmocka_unit_test(window_methods_find_the_tau_of_an_autoregression),
      cmocka_unit_test(attached_tail_recovers_a_slow_component),
      cmocka_unit_test(batch_means_expect_the_variance_of_a_window),
      cmocka_unit_test(batch_means_of_a_worked_example),
      cmocka_unit_test(optimal_batch_follows_the_autoregression),
      cmocka_unit_test(nested_rhat_of_a_worked_example),
      cmocka_unit_test(autocovariance_about_both_means_is_the_direct_sum),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
