/* Each planted fault must show in the family that is there to see it, with p < 1e-9. */
// cmocka.h needs these headers before it
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <math.h>

#include "pbl_innovation.h"
#include "stats_samples.h"

static pbl_innovation_report report_on(sample_fault fault) {
  const sample_plan plan = {.n_visible = 14,
                            .n_hidden = 10,
                            .weight_scale = 0.35,
                            .bias_scale = 0.2,
                            .n_chains = 16,
                            .n_draws = 5000,
                            .every = 1,
                            .seed = 11,
                            .fault = fault};
  pbl_image *image = sample_image(&plan);
  pbl_chains *chains = sample_chains(&plan, image);
  pbl_innovation_report report;
  assert_int_equal(pbl_innovation_test(&report, chains, image, image->beta, PBL_KERNEL_CYCLIC, 1,
                                       false, 1, NULL, NULL),
                   PBL_OK);
  print_message("p = %.3g:", report.p_value);
  for (size_t t = 0; t < PBL_TEST_COUNT; ++t) {
    print_message(" %s %.1f", report.family[t].name, report.family[t].max_abs_z);
  }
  print_message("; beta %+.4f\n", report.implied_beta_error);
  pbl_chains_destroy(chains);
  pbl_image_destroy(image);
  return report;
}

static void colder_by_two_percent_is_seen_and_measured(void **state) {
  (void)state;
  const pbl_innovation_report r = report_on(FAULT_BETA);
  assert_true(r.p_value < 1e-9);
  assert_true(r.family[PBL_TEST_GAIN].p_value < 1e-9);
  const double planted = 82.0 / 4096.0; /* beta word 4096 raised by 82 */
  const double sigma = (r.implied_beta_error_high - r.implied_beta_error_low) / 3.92;
  assert_true(fabs(r.implied_beta_error - planted) < 4.0 * sigma + 0.05 * planted);
}

static void one_weight_eight_steps_off_is_named(void **state) {
  (void)state;
  const pbl_innovation_report r = report_on(FAULT_WEIGHT);
  assert_true(r.p_value < 1e-9);
  assert_true(r.family[PBL_TEST_EDGE].p_value < 1e-9);
  assert_int_equal(r.family[PBL_TEST_EDGE].worst_a, 2);
  assert_int_equal(r.family[PBL_TEST_EDGE].worst_b, 14 + 1);
}

static void replicas_that_share_random_words_are_named(void **state) {
  (void)state;
  const pbl_innovation_report r = report_on(FAULT_SHARED);
  assert_true(r.family[PBL_TEST_REPLICA].p_value < 1e-9);
  assert_int_equal(r.family[PBL_TEST_REPLICA].worst_a, 0);
  assert_int_equal(r.family[PBL_TEST_REPLICA].worst_b, 1);
  assert_true(r.family[PBL_TEST_GAIN].p_value > 1e-4); /* and the law of one chain is sound */
}

static void doubled_random_words_are_seen_between_neighbours(void **state) {
  (void)state;
  const pbl_innovation_report r = report_on(FAULT_SERIAL);
  assert_true(r.family[PBL_TEST_CROSS].p_value < 1e-9);
  assert_int_equal(r.family[PBL_TEST_CROSS].worst_b, r.family[PBL_TEST_CROSS].worst_a + 1);
}

static void doubled_random_words_are_seen_between_successive_updates(void **state) {
  (void)state;
  const pbl_innovation_report r = report_on(FAULT_LAGGED);
  assert_true(r.family[PBL_TEST_SERIAL].p_value < 1e-9);
}

static void row_read_from_the_wrong_address_is_seen(void **state) {
  (void)state;
  const pbl_innovation_report r = report_on(FAULT_ROW);
  assert_true(r.p_value < 1e-9);
  assert_true(r.family[PBL_TEST_EDGE].p_value < 1e-9);
  assert_int_equal(r.family[PBL_TEST_EDGE].worst_a, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(colder_by_two_percent_is_seen_and_measured),
      cmocka_unit_test(one_weight_eight_steps_off_is_named),
      cmocka_unit_test(replicas_that_share_random_words_are_named),
      cmocka_unit_test(doubled_random_words_are_seen_between_neighbours),
      cmocka_unit_test(doubled_random_words_are_seen_between_successive_updates),
      cmocka_unit_test(row_read_from_the_wrong_address_is_seen),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
