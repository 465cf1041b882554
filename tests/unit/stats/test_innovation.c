/* Innovation tests: sound chains pass, sums are right, and what cannot be tested is left out. */
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

#include "pbl_innovation.h"
#include "pbl_innovation_half.h"
#include "stats_samples.h"

static const sample_plan SMALL = {.n_visible = 9,
                                  .n_hidden = 7,
                                  .weight_scale = 0.4,
                                  .bias_scale = 0.2,
                                  .n_chains = 6,
                                  .n_draws = 1500,
                                  .every = 1,
                                  .seed = 1};

static pbl_innovation_report run(const pbl_chains *chains, const pbl_image *image,
                                 const sample_plan *plan, bool exact_sigmoid, int threads) {
  pbl_innovation_report report;
  assert_int_equal(pbl_innovation_test(&report, chains, image, image->beta, plan->kernel,
                                       plan->every, exact_sigmoid, threads, NULL, NULL),
                   PBL_OK);
  return report;
}

static pbl_innovation_report sample_and_run(const sample_plan *plan) {
  pbl_image *image = sample_image(plan);
  pbl_chains *chains = sample_chains(plan, image);
  const pbl_innovation_report report = run(chains, image, plan, false, 1);
  pbl_chains_destroy(chains);
  pbl_image_destroy(image);
  return report;
}

/* 20 seeds at p > 1e-4: exact false alarm of the test as a whole at most 20 x 1e-4, seeds fixed */
static void sound_chains_pass_for_twenty_seeds(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    sample_plan plan = SMALL;
    plan.seed = seed;
    const pbl_innovation_report r = sample_and_run(&plan);
    if (!(r.p_value > 1e-4)) fail_msg("seed %d: p = %g", (int)seed, r.p_value);
    assert_true(r.n_impossible == 0);
    assert_int_equal(r.n_updates, 6 * (1500 * 9 + 1499 * 7));
  }
}

static void thinned_and_palindromic_chains_are_tested_where_possible(void **state) {
  (void)state;
  sample_plan plan = SMALL;
  plan.every = 3;
  pbl_innovation_report r = sample_and_run(&plan);
  assert_true(r.p_value > 1e-4);
  assert_int_equal(r.n_updates, 6 * 1500 * 9); /* visible given hidden only */
  plan.kernel = PBL_KERNEL_PALINDROMIC;
  r = sample_and_run(&plan);
  assert_true(r.p_value > 1e-4);
  assert_int_equal(r.n_updates, 6 * 1500 * 7); /* hidden given visible only */
}

/* The hidden states of a palindromic sweep belong to the visible ones of the same draw. (The other
 * mistake cannot show: in equilibrium either block has its conditional law given the other.) */
static void palindromic_chains_are_not_taken_for_cyclic_ones(void **state) {
  (void)state;
  sample_plan plan = SMALL;
  plan.kernel = PBL_KERNEL_PALINDROMIC;
  pbl_image *image = sample_image(&plan);
  pbl_chains *chains = sample_chains(&plan, image);
  sample_plan claimed = plan;
  claimed.kernel = PBL_KERNEL_CYCLIC;
  assert_true(run(chains, image, &claimed, false, 1).p_value < 1e-9);
  pbl_chains_destroy(chains);
  pbl_image_destroy(image);
}

static void results_do_not_depend_on_the_number_of_threads(void **state) {
  (void)state;
  const sample_plan plan = SMALL;
  pbl_image *image = sample_image(&plan);
  pbl_chains *chains = sample_chains(&plan, image);
  const pbl_innovation_report one = run(chains, image, &plan, false, 1);
  for (int threads = 2; threads <= 5; ++threads) {
    const pbl_innovation_report many = run(chains, image, &plan, false, threads);
    assert_true(one.implied_beta_error == many.implied_beta_error);
    for (size_t t = 0; t < PBL_TEST_COUNT; ++t) {
      assert_true(one.family[t].max_abs_z == many.family[t].max_abs_z);
      assert_int_equal(one.family[t].worst_a, many.family[t].worst_a);
    }
  }
  pbl_chains_destroy(chains);
  pbl_image_destroy(image);
}

static int64_t direct_field(const pbl_image *image, const pbl_chains *chains, size_t c, size_t t,
                            size_t i) {
  const size_t n_visible = (size_t)image->hw.n_visible, n_hidden = (size_t)image->hw.n_hidden;
  int64_t field = image->words[i * (n_hidden + 1) + n_hidden];
  for (size_t j = 0; j < n_hidden; ++j) {
    field += image->words[i * (n_hidden + 1) + j] * pbl_chains_spin(chains, c, t, n_visible + j);
  }
  return field;
}

/* Thinned chains: only visible given hidden, which is easily summed by hand. */
static void sums_agree_with_a_direct_computation(void **state) {
  (void)state;
  sample_plan plan = SMALL;
  plan.every = 2;
  plan.n_draws = 700;
  pbl_image *image = sample_image(&plan);
  pbl_chains *chains = sample_chains(&plan, image);
  double worst_edge = 0.0, gain_r = 0.0, gain_v = 0.0;
  for (size_t i = 0; i < 9; ++i) {
    double edge[7] = {0}, variance = 0.0;
    for (size_t c = 0; c < 6; ++c) {
      for (size_t t = 0; t < 700; ++t) {
        const int64_t field = direct_field(image, chains, c, t, i);
        const double p = (double)pbl_image_threshold(image, field, image->beta) / 16777216.0;
        const double r = pbl_chains_spin(chains, c, t, i) - (2.0 * p - 1.0);
        const double x = (double)field / 64.0 * (double)image->beta / 4096.0;
        variance += 4.0 * p * (1.0 - p);
        gain_r += x * r;
        gain_v += x * x * 4.0 * p * (1.0 - p);
        for (size_t j = 0; j < 7; ++j) edge[j] += r * pbl_chains_spin(chains, c, t, 9 + j);
      }
    }
    for (size_t j = 0; j < 7; ++j) {
      worst_edge = fmax(worst_edge, fabs(edge[j]) / sqrt(variance));
    }
  }
  const pbl_innovation_report r = run(chains, image, &plan, false, 1);
  assert_true(fabs(r.implied_beta_error - gain_r / gain_v) < 1e-12);
  /* the reported score is corrected downwards for skewness, by little at this size */
  assert_true(r.family[PBL_TEST_EDGE].max_abs_z <= worst_edge + 1e-12);
  assert_true(r.family[PBL_TEST_EDGE].max_abs_z > 0.93 * worst_edge);
  assert_int_equal(r.family[PBL_TEST_EDGE].n_tests, 63);
  assert_int_equal(r.family[PBL_TEST_CROSS].n_tests, 36);
  assert_int_equal(r.family[PBL_TEST_REPLICA].n_tests, 15);
  pbl_chains_destroy(chains);
  pbl_image_destroy(image);
}

/* Both half-sweeps: a hidden p-bit saw the visible states of the draw before. */
static void hidden_updates_are_judged_by_the_draw_before(void **state) {
  (void)state;
  sample_plan plan = SMALL;
  plan.n_draws = 400;
  pbl_image *image = sample_image(&plan);
  pbl_chains *chains = sample_chains(&plan, image);
  double gain_r = 0.0, gain_v = 0.0;
  for (size_t c = 0; c < 6; ++c) {
    for (size_t t = 0; t < 400; ++t) {
      for (size_t at = 0; at < (t == 0 ? 9u : 16u); ++at) { /* draw 0 has no draw before */
        int64_t field = at < 9 ? direct_field(image, chains, c, t, at) : image->words[72 + at - 9];
        for (size_t i = 0; at >= 9 && i < 9; ++i) {
          field += image->words[i * 8 + at - 9] * pbl_chains_spin(chains, c, t - 1, i);
        }
        const double plus = (double)pbl_image_threshold(image, field, image->beta) / 16777216.0;
        const double x = (double)field / 64.0 * (double)image->beta / 4096.0;
        gain_r += x * (pbl_chains_spin(chains, c, t, at) - (2.0 * plus - 1.0));
        gain_v += x * x * 4.0 * plus * (1.0 - plus);
      }
    }
  }
  const pbl_innovation_report r = run(chains, image, &plan, false, 1);
  assert_true(fabs(r.implied_beta_error - gain_r / gain_v) < 1e-12);
  pbl_chains_destroy(chains);
  pbl_image_destroy(image);
}

/* log of the binomial probability of k among n at p */
static double log_binomial(double n, double p, double k) {
  return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) + k * log(p) + (n - k) * log1p(-p);
}

/* Rare updates: n of them with P(+1) = p, worth a variance of 50 to 128. From 1e-3 down to 1e-9 the
 * corrected score gives the exact upper tail within a factor 2 (the plain one is 1e3 to 1e5 off).
 */
static void corrected_score_follows_exact_binomial_tails(void **state) {
  (void)state;
  static const double cases[][2] = {{1250, 0.0102}, {2000, 0.01}, {64000, 0.0005}, {200, 0.07}};
  for (size_t i = 0; i < 4; ++i) {
    const double n = cases[i][0], p = cases[i][1], v = 4.0 * p * (1.0 - p);
    for (double k = floor(n * p + 3.0 * sqrt(n * p)); k < n * p + 8.0 * sqrt(n * p); k += 1.0) {
      double exact = 0.0;
      for (double above = k; above < k + 100.0 && above <= n; above += 1.0) {
        exact += exp(log_binomial(n, p, above));
      }
      const double third = 2.0 * n * v * (1.0 - 2.0 * p);
      const double z = pbl_skew_corrected_z(2.0 * (k - n * p), n * v, third);
      const double tail = 0.5 * pbl_normal_two_sided_p(z);
      if (!(tail > 0.5 * exact && tail < 2.0 * exact)) {
        fail_msg("n %g p %g k %g: tail %g, exact %g", n, p, k, tail, exact);
      }
    }
  }
}

static void large_blocks_test_neighbours_in_update_order(void **state) {
  (void)state;
  sample_plan plan = SMALL;
  plan.n_visible = 70;
  plan.n_draws = 300;
  plan.every = 2;
  plan.weight_scale = 0.1;
  const pbl_innovation_report r = sample_and_run(&plan);
  assert_true(r.p_value > 1e-4);
  assert_int_equal(r.family[PBL_TEST_CROSS].n_tests, 8 * 70 - 36);
}

static void clamped_pbits_are_left_out(void **state) {
  (void)state;
  const sample_plan plan = SMALL;
  pbl_image *image = sample_image(&plan);
  image->clamp[4] = 1;
  image->clamp[9] = 1;
  pbl_chains *chains = sample_chains(&plan, image);
  pbl_innovation_report r = run(chains, image, &plan, false, 1);
  assert_true(r.p_value > 1e-4);
  assert_int_equal(r.family[PBL_TEST_BIAS].n_tests, 14);
  assert_int_equal(r.n_updates, 6 * (1500 * 8 + 1499 * 6));
  image->clamp[4] = 0; /* tested after all, a clamped p-bit looks stuck */
  r = run(chains, image, &plan, false, 1);
  assert_true(r.family[PBL_TEST_BIAS].p_value < 1e-9);
  assert_int_equal(r.family[PBL_TEST_BIAS].worst_a, 4);
  pbl_chains_destroy(chains);
  pbl_image_destroy(image);
}

static void one_impossible_outcome_refutes_the_law(void **state) {
  (void)state;
  const sample_plan plan = SMALL;
  pbl_image *image = sample_image(&plan);
  for (size_t j = 0; j <= 7; ++j) image->words[5 * 8 + j] = 0;
  for (size_t i = 0; i < 9; ++i) image->words[i * 8 + 2] = 0;
  image->words[5 * 8 + 7] = -2000; /* visible 5: field -31, threshold 0 */
  image->table[image->hw.table_size - 1] = 0;
  assert_true(pbl_image_threshold(image, -2000, image->beta) == 0);
  pbl_chains *chains = sample_chains(&plan, image);
  pbl_innovation_report r = run(chains, image, &plan, false, 1);
  assert_true(r.n_impossible == 0 && r.p_value > 1e-4);
  pbl_chains_row(chains, 3, 77)[0] |= 1u << 5;
  r = run(chains, image, &plan, false, 1);
  assert_true(r.n_impossible == 1 && r.p_value == 0.0);
  assert_int_equal(r.family[PBL_TEST_BIAS].worst_a, 5);
  pbl_chains_destroy(chains);
  pbl_image_destroy(image);
}

static void exact_sigmoid_agrees_with_a_fine_table(void **state) {
  (void)state;
  const sample_plan plan = SMALL;
  pbl_image *image = sample_image(&plan);
  pbl_chains *chains = sample_chains(&plan, image);
  const pbl_innovation_report table = run(chains, image, &plan, false, 1);
  const pbl_innovation_report exact = run(chains, image, &plan, true, 1);
  assert_true(exact.p_value > 1e-4);
  /* table steps of 1/64 in 2 beta f move probabilities by at most 1/512: a fraction of one sigma */
  assert_true(fabs(table.implied_beta_error - exact.implied_beta_error) < 2e-3);
  assert_true(table.implied_beta_error != exact.implied_beta_error);
  pbl_chains_destroy(chains);
  pbl_image_destroy(image);
}

static void calibration_curve_follows_the_hyperbolic_tangent(void **state) {
  (void)state;
  const pbl_innovation_report r = sample_and_run(&SMALL);
  double count = 0.0;
  for (size_t b = 0; b < r.n_bins; ++b) {
    count += r.bin_count[b];
    if (!(r.bin_count[b] > 0.0)) continue;
    /* within a bin of width 1/4 the mean of tanh differs from tanh of the mean by < .77/2/64 */
    if (b > 0 && b + 1 < r.n_bins) {
      assert_true(fabs(r.bin_expected[b] - tanh(r.bin_x[b])) < 0.006 + 0.002);
    }
    const double sd = 1.0 / sqrt(r.bin_count[b]);
    assert_true(fabs(r.bin_observed[b] - r.bin_expected[b]) < 5.0 * sd);
  }
  assert_true(count == (double)r.n_updates);
}

static void misuse_is_refused(void **state) {
  (void)state;
  const sample_plan plan = SMALL;
  pbl_image *image = sample_image(&plan);
  pbl_chains *chains = NULL;
  assert_int_equal(pbl_chains_create(&chains, 2, 10, 5, NULL), PBL_OK);
  pbl_innovation_report r;
  assert_int_equal(pbl_innovation_test(&r, chains, image, image->beta, PBL_KERNEL_CYCLIC, 1, false,
                                       1, NULL, NULL),
                   PBL_INVALID);
  assert_int_equal(
      pbl_innovation_test(&r, NULL, image, 1, PBL_KERNEL_CYCLIC, 1, false, 1, NULL, NULL),
      PBL_INVALID);
  pbl_chains_destroy(chains);
  pbl_image_destroy(image);
}

static bool stop_after_first(pbl_progress *self, const char *what, uint64_t done, uint64_t total) {
  (void)self;
  (void)what;
  (void)total;
  return done == 0;
}

static void interrupted_test_reports_what_it_has_seen(void **state) {
  (void)state;
  const sample_plan plan = SMALL;
  pbl_image *image = sample_image(&plan);
  pbl_chains *chains = sample_chains(&plan, image);
  pbl_progress progress = {.report = stop_after_first};
  pbl_innovation_report r;
  assert_int_equal(pbl_innovation_test(&r, chains, image, image->beta, PBL_KERNEL_CYCLIC, 1, false,
                                       1, &progress, NULL),
                   PBL_INTERRUPTED);
  assert_true(r.n_updates > 0 && r.n_updates < 6 * 1500 * 16);
  assert_true(r.p_value > 1e-4);
  pbl_chains_destroy(chains);
  pbl_image_destroy(image);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_chains_pass_for_twenty_seeds),
      cmocka_unit_test(thinned_and_palindromic_chains_are_tested_where_possible),
      cmocka_unit_test(palindromic_chains_are_not_taken_for_cyclic_ones),
      cmocka_unit_test(results_do_not_depend_on_the_number_of_threads),
      cmocka_unit_test(sums_agree_with_a_direct_computation),
      cmocka_unit_test(hidden_updates_are_judged_by_the_draw_before),
      cmocka_unit_test(corrected_score_follows_exact_binomial_tails),
      cmocka_unit_test(large_blocks_test_neighbours_in_update_order),
      cmocka_unit_test(clamped_pbits_are_left_out),
      cmocka_unit_test(one_impossible_outcome_refutes_the_law),
      cmocka_unit_test(exact_sigmoid_agrees_with_a_fine_table),
      cmocka_unit_test(calibration_curve_follows_the_hyperbolic_tangent),
      cmocka_unit_test(misuse_is_refused),
      cmocka_unit_test(interrupted_test_reports_what_it_has_seen),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
