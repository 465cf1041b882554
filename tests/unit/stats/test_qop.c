/* Gradient signal-to-noise on Gaussian windows of known ratio. */
// cmocka.h needs these headers before it
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <math.h>
#include <stdlib.h>

#include "pbl_rng.h"
#include "pbl_stats.h"

#define P 24

/* Component i: mean amplitude + offset, variance proportional to 1/(1+i), trace 1. */
static void fill_windows(double *x, size_t n, double amplitude, double offset, pbl_xoshiro *g) {
  double trace = 0.0;
  for (size_t i = 0; i < P; ++i) trace += 1.0 / (1.0 + (double)i);
  for (size_t c = 0; c < n; ++c) {
    for (size_t i = 0; i < P; ++i) {
      const double sd = sqrt(1.0 / (1.0 + (double)i) / trace);
      x[c * P + i] = amplitude + (i == 0 ? offset : 0.0) + sd * pbl_xoshiro_normal(g);
    }
  }
}

typedef struct {
  double mean_q, coverage;
} summary;

typedef enum { PLAIN, EXACT_GRADIENT, REFERENCE } source;

/* `offset` biases the windows, but not exact gradient and reference. */
static summary repeat(double q, size_t n, int reps, source from, double offset, double expected) {
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 12345);
  const double amplitude = sqrt(q / P);
  double x[64 * P], ref[64 * P], exact[P];
  summary s = {0.0, 0.0};
  for (size_t i = 0; i < P; ++i) exact[i] = amplitude;
  for (int r = 0; r < reps; ++r) {
    fill_windows(x, n, amplitude, offset, &g);
    fill_windows(ref, n, amplitude, 0.0, &g);
    pbl_qop_report out;
    assert_int_equal(pbl_qop(&out, x, n, P, from == EXACT_GRADIENT ? exact : NULL,
                             from == REFERENCE ? ref : NULL, n, NULL),
                     PBL_OK);
    s.mean_q += out.q.value / reps;
    s.coverage += (double)(out.q.low <= expected && expected <= out.q.high) / reps;
  }
  print_message("Q %.3g: mean %.3f, coverage %.3f\n", expected, s.mean_q, s.coverage);
  return s;
}

/* 300 repetitions; nominal coverage .95 with s.d. .0126: 4 sigma below, 3 above */
static void assert_summary(summary s, double expected, double tolerance) {
  assert_true(s.coverage >= 0.90 && s.coverage <= 0.99);
  assert_true(fabs(s.mean_q / expected - 1.0) < tolerance);
}

static void ratio_is_nearly_unbiased_and_interval_covers(void **state) {
  (void)state;
  /* relative s.d. of one value is .46 at 8 windows and .24 at 16 (4 sigma); without the jackknife
   * the mean at 8 windows is .1 too high */
  assert_summary(repeat(1.0, 8, 2500, PLAIN, 0.0, 1.0), 1.0, 4.0 * 0.46 / sqrt(2500.0));
  assert_summary(repeat(1.0, 16, 300, PLAIN, 0.0, 1.0), 1.0, 4.0 * 0.24 / sqrt(300.0));
  assert_summary(repeat(0.3, 16, 300, PLAIN, 0.0, 0.3), 0.3, 4.0 * 0.45 / sqrt(300.0));
  assert_summary(repeat(3.0, 64, 300, PLAIN, 0.0, 3.0), 3.0, 4.0 * 0.11 / sqrt(300.0));
}

static void exact_gradient_counts_the_bias_of_the_windows_as_noise(void **state) {
  (void)state;
  /* D = trace + offset^2 = 1.25 */
  assert_summary(repeat(1.0, 16, 300, EXACT_GRADIENT, 0.5, 0.8), 0.8, 0.06);
}

static void independent_reference_reveals_the_bias_of_the_windows(void **state) {
  (void)state;
  /* U is the windows' own |mean|^2 = 1 + 2 amplitude offset + offset^2, D = 1 + offset^2 */
  const double expected = (1.0 + 2.0 * sqrt(1.0 / P) * 0.5 + 0.25) / 1.25;
  assert_summary(repeat(1.0, 32, 300, REFERENCE, 0.5, expected), expected, 0.06);
}

static void signal_and_noise_are_the_pairwise_sums(void **state) {
  (void)state;
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 77);
  double x[6 * P], u = 0.0, d = 0.0;
  fill_windows(x, 6, 0.3, 0.0, &g);
  for (size_t a = 0; a < 6; ++a) {
    for (size_t b = 0; b < 6; ++b) {
      for (size_t i = 0; i < P; ++i) {
        const double difference = x[a * P + i] - x[b * P + i];
        if (a != b) u += x[a * P + i] * x[b * P + i] / 30.0;
        d += difference * difference / 60.0; /* half the mean squared difference of pairs */
      }
    }
  }
  pbl_qop_report out;
  assert_int_equal(pbl_qop(&out, x, 6, P, NULL, NULL, 0, NULL), PBL_OK);
  assert_true(fabs(out.signal - u) < 1e-12);
  assert_true(fabs(out.noise - d) < 1e-12);
}

static void one_window_from_its_gram_matrix_is_the_same(void **state) {
  (void)state;
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 78);
  double x[8 * P], gram[64] = {0};
  fill_windows(x, 8, 0.3, 0.0, &g);
  pbl_qop_report direct, summed;
  assert_int_equal(pbl_qop(&direct, x, 8, P, NULL, NULL, 0, NULL), PBL_OK);
  pbl_qop_add_gram(gram, x, 8, P, 1.0);
  assert_int_equal(pbl_qop_from_gram(&summed, gram, 8, P, NULL), PBL_OK);
  assert_true(fabs(summed.q.value - direct.q.value) < 1e-12);
  assert_true(fabs(summed.q.low - direct.q.low) < 1e-12);
  assert_true(fabs(summed.q.high - direct.q.high) < 1e-12);
}

/* 40 windows of 16 chains at Q = 1; 300 repetitions. Adding the windows' vectors before the Gram
 * matrix instead of the matrices themselves would give Q = 40. */
static void many_windows_narrow_the_interval_around_the_same_ratio(void **state) {
  (void)state;
  enum { N = 16, WINDOWS = 40, REPS = 300 };
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 79);
  double x[N * P], mean = 0.0, coverage = 0.0, width = 0.0;
  for (int r = 0; r < REPS; ++r) {
    double gram[N * N] = {0};
    for (int k = 0; k < WINDOWS; ++k) {
      fill_windows(x, N, sqrt(1.0 / P), 0.0, &g);
      pbl_qop_add_gram(gram, x, N, P, 1.0 / WINDOWS);
    }
    pbl_qop_report out;
    assert_int_equal(pbl_qop_from_gram(&out, gram, N, P, NULL), PBL_OK);
    mean += out.q.value / REPS;
    coverage += (double)(out.q.low <= 1.0 && 1.0 <= out.q.high) / REPS;
    width += log(out.q.high / out.q.low) / REPS;
  }
  print_message("mean %.4f, coverage %.3f, log width %.3f\n", mean, coverage, width);
  assert_true(fabs(mean - 1.0) < 0.02);
  assert_true(coverage > 0.90 && coverage < 0.99); /* .95 with s.d. .0126 */
  assert_true(width < 0.35);                       /* one window: about 1 */
}

static void without_signal_there_is_an_upper_bound_only(void **state) {
  (void)state;
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 99);
  double x[16 * P];
  int bounded = 0;
  for (int r = 0; r < 100; ++r) {
    fill_windows(x, 16, 0.0, 0.0, &g);
    pbl_qop_report out;
    assert_int_equal(pbl_qop(&out, x, 16, P, NULL, NULL, 0, NULL), PBL_OK);
    if (out.q.value > 0.0) continue;
    ++bounded;
    assert_true(out.signal <= 0.0 && out.q.low == 0.0);
    assert_true(out.q.high > 0.0 && out.q.high < 1.0);
  }
  assert_true(bounded > 30 && bounded < 90);
}

static void small_signals_stay_below_the_upper_bound(void **state) {
  (void)state;
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 100);
  double x[8 * P];
  int missed = 0;
  for (int r = 0; r < 400; ++r) {
    fill_windows(x, 8, sqrt(0.05 / P), 0.0, &g);
    pbl_qop_report out;
    assert_int_equal(pbl_qop(&out, x, 8, P, NULL, NULL, 0, NULL), PBL_OK);
    missed += out.q.value <= 0.0 && out.q.high < 0.05;
  }
  assert_true(missed <= 20); /* 2.5 % of 400 is 10, s.d. 3.1 */
}

static void identical_windows_and_nan_are_refused(void **state) {
  (void)state;
  double x[4 * P];
  for (size_t i = 0; i < 4 * P; ++i) x[i] = 1.0;
  pbl_qop_report out;
  assert_int_equal(pbl_qop(&out, x, 4, P, NULL, NULL, 0, NULL), PBL_NUMERIC);
  x[5] = NAN;
  assert_int_equal(pbl_qop(&out, x, 4, P, NULL, NULL, 0, NULL), PBL_NUMERIC);
  assert_int_equal(pbl_qop(&out, x, 2, P, NULL, NULL, 0, NULL), PBL_INVALID);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ratio_is_nearly_unbiased_and_interval_covers),
      cmocka_unit_test(exact_gradient_counts_the_bias_of_the_windows_as_noise),
      cmocka_unit_test(independent_reference_reveals_the_bias_of_the_windows),
      cmocka_unit_test(signal_and_noise_are_the_pairwise_sums),
      cmocka_unit_test(one_window_from_its_gram_matrix_is_the_same),
      cmocka_unit_test(many_windows_narrow_the_interval_around_the_same_ratio),
      cmocka_unit_test(without_signal_there_is_an_upper_bound_only),
      cmocka_unit_test(small_signals_stay_below_the_upper_bound),
      cmocka_unit_test(identical_windows_and_nan_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
