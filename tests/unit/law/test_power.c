/* Power calculator against published numbers, closed forms and simulation. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdlib.h>

#include "law_samples.h"
#include "pbl_power.h"
#include "pbl_stats.h"

/* Published: alpha .01, power .9, I = .23: 64/eps^2, that is 6.4e5 for 1 % and 6.4e7 for .1 %; two
 * digits, so 1.5 %. By hand: (2.5758293 + 1.2815516)^2 / .23 = 64.692988. */
static void published_row_of_needed_updates_is_reproduced(void **state) {
  (void)state;
  double n = 0.0;
  assert_int_equal(pbl_power_needed(&n, .01, .23, .01, .9, 1, NULL), PBL_OK);
  assert_true(fabs(n / 6.4e5 - 1.0) < .015);
  assert_true(fabs(n - 646929.88) < 0.01);
  assert_int_equal(pbl_power_needed(&n, .001, .23, .01, .9, 1, NULL), PBL_OK);
  assert_true(fabs(n / 6.4e7 - 1.0) < .015);
}

/* 300 runs with the number of updates that the calculator asks for at error +2 %, alpha .01, power
 * .8: the observed power has s.d. .023; bound 4 of them. */
static void score_test_has_the_promised_power_at_the_promised_length(void **state) {
  (void)state;
  double n = 0.0;
  int found = 0;
  size_t n_updates = 0;
  pbl_power_model m;
  pbl_rbm *model = law_model();
  assert_int_equal(pbl_power_measure(&m, model, LAW_BETA, false, 1, 1, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_power_needed(&n, .02, m.information, .01, .8, 1, NULL), PBL_OK);
  const size_t draws = (size_t)(n / 8.0 / 16.0) + 2; /* 16 chains, 8 updates a sweep */
  for (uint64_t seed = 0; seed < 300; seed++) {
    pbl_chains *c = law_sample(1.02 * LAW_BETA, 16, draws, 40000 + seed);
    found += fabs(law_innovation_z(c, &n_updates)) > pbl_normal_quantile(.995);
    pbl_chains_destroy(c);
  }
  print_message("%zu updates, power %.3f\n", n_updates, found / 300.0);
  assert_true(fabs((double)n_updates / n - 1.0) < .01);
  assert_true(fabs(found / 300.0 - .8) < .092);
  pbl_rbm_destroy(model);
}

/* Exact values of the instance: information summed in a separate script; a0's published full tau
 * 19.70410037 and variance .9619910955 make the largest sigma2 of its p-bits but one: the maximum
 * must be at least as large, and tau half of a published full one if it is a0. */
static void small_models_are_enumerated(void **state) {
  (void)state;
  pbl_power_model m;
  pbl_rbm *model = law_model();
  assert_int_equal(pbl_power_measure(&m, model, LAW_BETA, true, 1, 1, NULL, NULL), PBL_OK);
  assert_true(m.exact && m.moment_exact && m.moment_resolved && m.n_chains == 0);
  assert_true(fabs(m.information - 0.2633220262075077) < 1e-6); /* float32 weights */
  assert_true(m.moment_sigma2 > 19.70410037 * .9619910955 * (1 - 1e-6));
  assert_true(m.weight_information_least < m.weight_information_mean);
  pbl_rbm_destroy(model);
}

/* 24 free p-bits: I = x^2 sech^2 x exactly, sigma2 = Var = sech^2 x, both ends of an edge alike. */
static void large_models_are_sampled_and_agree_with_the_closed_form(void **state) {
  (void)state;
  pbl_power_model m;
  pbl_rbm *model = NULL;
  const double x = 0.6, sech2 = 1.0 / (cosh(x) * cosh(x));
  assert_int_equal(pbl_rbm_create(&model, 12, 12, NULL), PBL_OK);
  for (int k = 0; k < 12; k++) model->b[k] = model->c[k] = 1.2F;
  assert_int_equal(pbl_power_measure(&m, model, 0.5, true, 3, 1, NULL, NULL), PBL_OK);
  assert_true(!m.exact && m.n_chains == 64 && m.moment_resolved);
  assert_true(fabs(m.information - x * x * sech2) < 1e-6);
  assert_true(fabs(m.weight_information_mean - .25 * 2.0 * sech2) < 1e-6);
  /* largest of 24 estimates of sech2, each within a few per cent */
  assert_true(m.moment_sigma2 > .95 * sech2 && m.moment_sigma2 < 1.2 * sech2);
  pbl_rbm_destroy(model);
}

/* Estimated against enumerated on one model, 4 standard errors. */
static void sampled_information_agrees_with_the_enumerated(void **state) {
  (void)state;
  pbl_power_model small, large;
  pbl_rbm *model = NULL, *wide = NULL;
  assert_int_equal(pbl_rbm_random(&model, 8, 8, 0.4, 0.2, 5, NULL), PBL_OK);
  /* two copies side by side: 16 x 16 p-bits, the same information per update */
  assert_int_equal(pbl_rbm_create(&wide, 16, 16, NULL), PBL_OK);
  for (int i = 0; i < 16; i++) {
    wide->b[i] = model->b[i % 8];
    wide->c[i] = model->c[i % 8];
    for (int j = 0; j < 16; j++)
      wide->w[i * 16 + j] = i / 8 == j / 8 ? model->w[(i % 8) * 8 + j % 8] : 0.0F;
  }
  assert_int_equal(pbl_power_measure(&small, model, 0.8, false, 3, 1, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_power_measure(&large, wide, 0.8, false, 3, 1, NULL, NULL), PBL_OK);
  assert_true(small.exact && !large.exact && large.information_error > 0.0);
  assert_true(fabs(small.information - large.information) < 4.0 * large.information_error);
  assert_true(large.information_error < .02 * small.information);
  pbl_rbm_destroy(model);
  pbl_rbm_destroy(wide);
}

static void impossible_requests_are_refused(void **state) {
  (void)state;
  double n;
  pbl_power_model m;
  pbl_rbm *model = law_model();
  assert_int_equal(pbl_power_needed(&n, 0.0, .2, .01, .9, 1, NULL), PBL_INVALID);
  assert_int_equal(pbl_power_needed(&n, .1, 0.0, .01, .9, 1, NULL), PBL_INVALID);
  assert_int_equal(pbl_power_needed(&n, .1, .2, 0.0, .9, 1, NULL), PBL_INVALID);
  assert_int_equal(pbl_power_needed(&n, .1, .2, .01, 1.0, 1, NULL), PBL_INVALID);
  assert_int_equal(pbl_power_measure(&m, model, 0.0, false, 1, 1, NULL, NULL), PBL_INVALID);
  pbl_rbm_destroy(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(published_row_of_needed_updates_is_reproduced),
      cmocka_unit_test(score_test_has_the_promised_power_at_the_promised_length),
      cmocka_unit_test(small_models_are_enumerated),
      cmocka_unit_test(large_models_are_sampled_and_agree_with_the_closed_form),
      cmocka_unit_test(sampled_information_agrees_with_the_enumerated),
      cmocka_unit_test(impossible_requests_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
