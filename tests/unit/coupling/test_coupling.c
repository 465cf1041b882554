/* Coupled chains on the published eight-spin instance. Meeting times and distance bounds are
 * compared with the exact law of the coupled pair (meeting_law.c), moments with the exact oracle.
 * Seeds are fixed; bounds are in standard errors. */
/* clang-format off */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>
/* clang-format on */

#include "meeting_law.h"
#include "pbl_coupling.h"
#include "pbl_oracle.h"

#define MOMENTS 24

static pbl_coupling_law *law_at(double beta, pbl_kernel kernel) {
  double w[25];
  pbl_coupling_law *law = NULL;
  eight_spins(w);
  assert_int_equal(pbl_coupling_law_weights(&law, 4, 4, w, beta, kernel, NULL), PBL_OK);
  return law;
}

static pbl_coupling_result couple(double beta, pbl_kernel kernel, pbl_coupling_options opt) {
  pbl_coupling_law *law = law_at(beta, kernel);
  pbl_coupling_result r;
  assert_int_equal(pbl_coupling_run(&r, law, &opt, NULL, NULL), PBL_OK);
  pbl_coupling_law_destroy(law);
  return r;
}

static void exact_moments(double m[MOMENTS], double beta) {
  double w[25], first[8], second[64];
  pbl_oracle *o = NULL;
  eight_spins(w);
  assert_int_equal(pbl_oracle_create_weights(&o, 4, 4, w, beta, PBL_KERNEL_CYCLIC, NULL), PBL_OK);
  pbl_oracle_moments(o, first, second);
  memcpy(m, first, sizeof first);
  for (size_t k = 0; k < 16; k++) m[8 + k] = second[(k / 4) * 8 + 4 + k % 4];
  pbl_oracle_destroy(o);
}

static double worst_z(const pbl_coupling_result *r, double beta) {
  double exact[MOMENTS], worst = 0.0;
  exact_moments(exact, beta);
  assert_int_equal(r->n_moments, MOMENTS);
  for (size_t k = 0; k < MOMENTS; k++) {
    double error;
    const double mean = pbl_coupling_mean(&error, r, k);
    worst = fmax(worst, fabs(mean - exact[k]) / error);
  }
  return worst;
}

static const pbl_coupling_options warm = {
    .n_pairs = 8000, .lag = 30, .k = 30, .m = 300, .max_sweeps = 100000, .seed = 3, .threads = 1};
static const pbl_coupling_options cold = {.n_pairs = 2000,
                                          .lag = 171,
                                          .k = 171,
                                          .m = 1710,
                                          .max_sweeps = 100000,
                                          .seed = 4,
                                          .threads = 1};

/* Mean T - L, the share of pairs apart at `quantile`, and the distance bound at t against the exact
 * law of the pair; 4 standard errors (6e-5 each). The published figures (8.3 and 30 at beta .45,
 * 44.5 and 171 at .7; bounds .010 and .034) are sample values themselves: the exact ones are
 * 8.52, 30, 45.3, 194 and .0101, .0526. */
static void check_meeting(double beta, pbl_coupling_options opt, uint64_t t, double exact_mean,
                          double exact_q95, size_t horizon) {
  double w[25], mean = 0.0, square = 0.0, bound = 0.0, bound2 = 0.0;
  double *apart = malloc(horizon * sizeof *apart);
  size_t q95 = 0;
  eight_spins(w);
  meeting_law(apart, horizon, w, beta, opt.lag);
  for (size_t k = 0; k < horizon; k++) {
    mean += apart[k];
    square += (2.0 * (double)k + 1.0) * apart[k];
    if (apart[k] > 0.05) q95 = k + 1;
  }
  for (size_t k = t, n = 0; k < horizon; k += opt.lag, n++) {
    bound += apart[k];
    bound2 += (2.0 * (double)n + 1.0) * apart[k];
  }
  assert_true(fabs(mean - exact_mean) < 0.01 * exact_mean);
  assert_true((double)q95 == exact_q95);
  const pbl_coupling_result r = couple(beta, PBL_KERNEL_CYCLIC, opt);
  pbl_coupling_result result = r;
  const double n = (double)opt.n_pairs;
  assert_int_equal(r.n_met, r.n_pairs);
  assert_true(fabs(pbl_coupling_meeting_mean(&r) - mean) < 4.0 * sqrt((square - mean * mean) / n));
  double late = 0.0, upper;
  for (size_t p = 0; p < r.n_pairs; p++) late += (double)(r.meeting[p] - r.lag > q95) / n;
  assert_true(fabs(late - apart[q95]) < 4.0 * sqrt(0.05 * 0.95 / n));
  assert_true(fabs(pbl_coupling_meeting_quantile(&r, 0.95) - exact_q95) < 0.15 * exact_q95);
  const double estimate = pbl_coupling_tv_bound(&upper, &r, t);
  assert_true(fabs(estimate - bound) < 4.0 * sqrt((bound2 - bound * bound) / n));
  assert_true(upper > estimate);
  pbl_coupling_result_free(&result);
  free(apart);
}

static void meeting_times_and_bound_follow_the_exact_law_at_beta_45(void **state) {
  (void)state;
  check_meeting(0.45, warm, 50, 8.52, 30, 500);
}

static void meeting_times_and_bound_follow_the_exact_law_at_beta_70(void **state) {
  (void)state;
  check_meeting(0.7, cold, 200, 45.35, 194, 1200);
}

/* Distance of the law of X_t from pi, from uniform starts, by the exact forward operator.
 * Published: .0016 at 50 sweeps (beta .45), .015 at 200 (beta .7). */
static void the_bound_lies_above_the_exact_distance(void **state) {
  (void)state;
  const double betas[2] = {0.45, 0.7}, published[2] = {0.0016, 0.015};
  const size_t at[2] = {50, 200};
  for (int k = 0; k < 2; k++) {
    double w[25], q[SPIN_STATES];
    pbl_oracle *o = NULL;
    eight_spins(w);
    assert_int_equal(pbl_oracle_create_weights(&o, 4, 4, w, betas[k], PBL_KERNEL_CYCLIC, NULL),
                     PBL_OK);
    pbl_coupling_result r = couple(betas[k], PBL_KERNEL_CYCLIC, k == 0 ? warm : cold);
    for (size_t x = 0; x < SPIN_STATES; x++) q[x] = 1.0 / SPIN_STATES;
    for (size_t t = 0; t <= at[k]; t++) {
      double exact = 0.0;
      for (size_t x = 0; x < SPIN_STATES; x++) exact += 0.5 * fabs(q[x] - pbl_oracle_law(o)[x]);
      assert_true(pbl_coupling_tv_bound(NULL, &r, t) > exact);
      if (t == at[k]) assert_true(fabs(exact - published[k]) < 0.05 * published[k]);
      pbl_oracle_forward(o, q);
    }
    pbl_coupling_result_free(&r);
    pbl_oracle_destroy(o);
  }
}

/* 24 moments, 8000 and 2000 pairs; P(max |z| > 4.5) = 24 * 7e-6 = 1.6e-4 for another seed.
 * Published inefficiency against an ideal chain of the same cost: 1.08 to 1.15. */
static void all_moments_are_unbiased(void **state) {
  (void)state;
  pbl_coupling_result r = couple(0.45, PBL_KERNEL_CYCLIC, warm);
  assert_true(worst_z(&r, 0.45) < 4.5);
  double error;
  pbl_coupling_mean(&error, &r, 4); /* a0: variance .96199, full tau 19.7041 */
  const double inefficiency =
      r.sweeps_per_pair * error * error * (double)r.n_pairs / (0.9619910955 * 19.70410037);
  assert_true(inefficiency > 1.0 && inefficiency < 1.2);
  pbl_coupling_result_free(&r);
  r = couple(0.7, PBL_KERNEL_CYCLIC, cold);
  assert_true(worst_z(&r, 0.7) < 4.5);
  pbl_coupling_result_free(&r);
}

/* Small k and m: nearly everything is correction, and most of its terms (l, j) overlap. The plain
 * average over so short a run is biased by many errors. */
static void the_correction_removes_the_bias_of_a_short_run(void **state) {
  (void)state;
  pbl_coupling_options opt = warm;
  opt.n_pairs = 40000;
  opt.lag = 3;
  opt.k = 1;
  opt.m = 7;
  pbl_coupling_result r = couple(0.45, PBL_KERNEL_CYCLIC, opt);
  assert_true(worst_z(&r, 0.45) < 4.5);
  pbl_coupling_result_free(&r);
  r = couple(0.45, PBL_KERNEL_PALINDROMIC, opt);
  assert_true(worst_z(&r, 0.45) < 4.5);
  pbl_coupling_result_free(&r);
}

/* The image's law is the fixed point of its integer kernel; a table of 16 entries puts it far from
 * the ideal law, so that the two cannot be confused. */
static void an_image_is_coupled_with_its_own_thresholds(void **state) {
  (void)state;
  pbl_rbm *m = NULL;
  pbl_image *im = NULL;
  pbl_oracle *o = NULL;
  pbl_coupling_law *law = NULL;
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = hw.n_hidden = 3;
  hw.table_size = 16;
  hw.threshold_bits = 8;
  hw.rounding = 0;
  assert_int_equal(pbl_rbm_random(&m, 3, 3, 0.6, 0.3, 5, NULL), PBL_OK);
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, 0.8, NULL), PBL_OK);
  assert_int_equal(pbl_oracle_create_image(&o, im, im->beta, PBL_KERNEL_CYCLIC, NULL), PBL_OK);
  assert_int_equal(pbl_coupling_law_image(&law, im, im->beta, PBL_KERNEL_CYCLIC, NULL), PBL_OK);
  const pbl_coupling_options opt = {
      .n_pairs = 10000, .lag = 5, .k = 5, .m = 50, .max_sweeps = 10000, .seed = 9, .threads = 1};
  pbl_coupling_result r, ideal;
  assert_int_equal(pbl_coupling_run(&r, law, &opt, NULL, NULL), PBL_OK);
  pbl_coupling_law_destroy(law);
  assert_int_equal(pbl_coupling_law_model(&law, m, 0.8, PBL_KERNEL_CYCLIC, NULL), PBL_OK);
  assert_int_equal(pbl_coupling_run(&ideal, law, &opt, NULL, NULL), PBL_OK);
  double first[6], second[36], worst = 0.0, worst_ideal = 0.0;
  pbl_oracle_moments(o, first, second);
  for (size_t k = 0; k < r.n_moments; k++) {
    const double exact = k < 6 ? first[k] : second[((k - 6) / 3) * 6 + 3 + (k - 6) % 3];
    double error;
    const double mean = pbl_coupling_mean(&error, &r, k);
    worst = fmax(worst, fabs(mean - exact) / error);
    worst_ideal = fmax(worst_ideal, fabs(pbl_coupling_mean(&error, &ideal, k) - exact) / error);
  }
  assert_true(worst < 4.5);
  assert_true(worst_ideal > 10.0);
  pbl_coupling_result_free(&r);
  pbl_coupling_result_free(&ideal);
  pbl_coupling_law_destroy(law);
  pbl_oracle_destroy(o);
  pbl_image_destroy(im);
  pbl_rbm_destroy(m);
}

static void pairs_that_do_not_meet_leave_no_number_to_trust(void **state) {
  (void)state;
  pbl_coupling_options opt = cold;
  opt.n_pairs = 50;
  opt.lag = 1;
  opt.k = opt.m = 0;
  opt.max_sweeps = 5; /* the exact mean is 45 */
  pbl_coupling_result r = couple(0.7, PBL_KERNEL_CYCLIC, opt);
  double error, upper;
  assert_true(r.n_met < r.n_pairs);
  assert_true(isinf(pbl_coupling_meeting_mean(&r)));
  assert_true(isinf(pbl_coupling_tv_bound(&upper, &r, 1000)) && isinf(upper));
  assert_true(isnan(pbl_coupling_mean(&error, &r, 0)));
  pbl_coupling_result_free(&r);
}

static void threads_do_not_change_a_bit(void **state) {
  (void)state;
  pbl_coupling_options opt = warm;
  opt.n_pairs = 200;
  pbl_coupling_result a = couple(0.45, PBL_KERNEL_CYCLIC, opt);
  opt.threads = 3;
  pbl_coupling_result b = couple(0.45, PBL_KERNEL_CYCLIC, opt);
  assert_memory_equal(a.meeting, b.meeting, a.n_pairs * sizeof *a.meeting);
  assert_memory_equal(a.h, b.h, a.n_pairs * a.n_moments * sizeof *a.h);
  pbl_coupling_result_free(&a);
  pbl_coupling_result_free(&b);
}

static void bad_options_are_refused(void **state) {
  (void)state;
  pbl_coupling_law *law = law_at(0.45, PBL_KERNEL_CYCLIC), *none = NULL;
  const pbl_coupling_options good = {.n_pairs = 2, .lag = 1, .k = 1, .m = 2, .max_sweeps = 10};
  pbl_coupling_options bad[5] = {good, good, good, good, good};
  bad[0].n_pairs = 1;
  bad[1].lag = 0;
  bad[2].k = 3;
  bad[3].max_sweeps = 1;
  bad[4].m = 11;
  for (int k = 0; k < 5; k++) {
    pbl_coupling_result r;
    assert_int_equal(pbl_coupling_run(&r, law, &bad[k], NULL, NULL), PBL_INVALID);
  }
  double w[25];
  eight_spins(w);
  w[7] = NAN;
  assert_int_equal(pbl_coupling_law_weights(&none, 4, 4, w, 1.0, PBL_KERNEL_CYCLIC, NULL),
                   PBL_INVALID);
  assert_null(none);
  pbl_coupling_law_destroy(law);
}

/* Published one-sided 99 % limits of Poisson's mean when 0, 1, 2 events were seen. */
static void the_limit_of_few_late_pairs_is_that_of_a_poisson_count(void **state) {
  static const double limits[] = {4.60517, 6.63835, 8.40595};
  uint64_t meeting[512];
  (void)state;
  for (size_t late = 0; late < 3; late++) {
    for (size_t p = 0; p < 512; p++) meeting[p] = p < late ? 10 + 100 + 5 : 10 + 3;
    const pbl_coupling_result r = {.n_pairs = 512, .n_met = 512, .lag = 10, .meeting = meeting};
    double upper;
    assert_true(fabs(pbl_coupling_tv_bound(&upper, &r, 100) - (double)late / 512) < 1e-12);
    assert_true(fabs(upper * 512 - limits[late]) < 1e-4);
  }
  /* half of the pairs late by 1 and 9 terms in turn: mean 2.5, mean square 20.5; normal */
  for (size_t p = 0; p < 512; p++)
    meeting[p] = p % 4 == 0 ? 10 + 100 + 5 : p % 4 == 1 ? 10 + 100 + 85 : 10;
  const pbl_coupling_result r = {.n_pairs = 512, .n_met = 512, .lag = 10, .meeting = meeting};
  const double sd = sqrt((20.5 - 6.25) * 512 / 511);
  double upper;
  assert_true(fabs(pbl_coupling_tv_bound(&upper, &r, 100) - 2.5) < 1e-12);
  assert_true(fabs(upper - (2.5 + 2.326348 * sd / sqrt(512))) < 1e-5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_limit_of_few_late_pairs_is_that_of_a_poisson_count),
      cmocka_unit_test(meeting_times_and_bound_follow_the_exact_law_at_beta_45),
      cmocka_unit_test(meeting_times_and_bound_follow_the_exact_law_at_beta_70),
      cmocka_unit_test(the_bound_lies_above_the_exact_distance),
      cmocka_unit_test(all_moments_are_unbiased),
      cmocka_unit_test(the_correction_removes_the_bias_of_a_short_run),
      cmocka_unit_test(an_image_is_coupled_with_its_own_thresholds),
      cmocka_unit_test(pairs_that_do_not_meet_leave_no_number_to_trust),
      cmocka_unit_test(threads_do_not_change_a_bit),
      cmocka_unit_test(bad_options_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
