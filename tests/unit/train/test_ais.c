/* AIS against the exact log Z of enumerable RBMs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* after the above */
#include <cmocka.h>

#include "enumerated.h"
#include "pbl_train.h"

#define V 8
#define H 6

static pbl_rbm *model(uint64_t seed, double beta) {
  pbl_rbm *m = NULL;
  assert_int_equal(pbl_rbm_random(&m, V, H, 0.6, 0.5, seed, NULL), PBL_OK);
  m->beta = beta;
  return m;
}

static double exact_log_z(const pbl_rbm *m) {
  double log_p[1 << V];
  return enumerate_visible(log_p, m);
}

/* How many of 20 models' exact log Z lie in the 95 % interval, and the worst error in units of the
 * interval's standard error. P(fewer than 15 of 20 | 95 %) = 3e-4 for one binomial; seeds are
 * fixed. */
static int covered(const float *base, double beta, double *worst) {
  int n = 0;
  *worst = 0.0;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    pbl_rbm *m = model(seed, beta);
    pbl_ais_report r;
    assert_int_equal(pbl_ais(&r, m, base, 400, 60, 1000 + seed, 1, NULL, NULL), PBL_OK);
    const double exact = exact_log_z(m), sigma = (r.log_z_high - r.log_z_low) / 3.92;
    n += exact >= r.log_z_low && exact <= r.log_z_high;
    *worst = fmax(*worst, fabs(r.log_z - exact) / sigma);
    pbl_rbm_destroy(m);
  }
  return n;
}

static void interval_covers_the_exact_log_z_of_most_models(void **state) {
  (void)state;
  double worst;
  const int n = covered(NULL, 1.0, &worst);
  if (n < 15 || worst > 4.5) fail_msg("%d of 20 covered, worst %.2f sigma", n, worst);
}

static void a_biased_base_and_another_beta_give_the_same_log_z(void **state) {
  (void)state;
  const float base[V] = {0.3f, -0.8f, 1.2f, 0.0f, -0.4f, 0.7f, -1.0f, 0.2f};
  double worst;
  const int n = covered(base, 0.7, &worst);
  if (n < 15 || worst > 4.5) fail_msg("%d of 20 covered, worst %.2f sigma", n, worst);
}

/* The fault this suite is for: weights of the wrong sign put log Z as far below log Z_0 as it
 * should be above. The mirrored estimate must be rejected for models with strong couplings. */
static void a_wrong_sign_of_the_weights_would_be_seen(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    pbl_rbm *m = model(seed, 1.0);
    pbl_ais_report r;
    assert_int_equal(pbl_ais(&r, m, NULL, 400, 60, seed, 1, NULL, NULL), PBL_OK);
    const double log_z0 = (V + H) * log(2.0), sigma = (r.log_z_high - r.log_z_low) / 3.92;
    const double wrong = 2.0 * log_z0 - r.log_z;
    assert_true(fabs(wrong - exact_log_z(m)) > 4.5 * sigma);
    pbl_rbm_destroy(m);
  }
}

/* No couplings: every weight is the same, and log Z has a closed form. 70 hidden p-bits also pass
 * the end of a group of 64 ratios. */
static void without_couplings_log_z_is_the_closed_form(void **state) {
  (void)state;
  pbl_rbm *m = NULL;
  assert_int_equal(pbl_rbm_random(&m, 5, 70, 0.0, 0.8, 3, NULL), PBL_OK);
  m->beta = 1.3;
  double exact = 0.0;
  for (int i = 0; i < 5; i++) exact += log(2.0 * cosh(1.3 * (double)m->b[i]));
  for (int j = 0; j < 70; j++) exact += log(2.0 * cosh(1.3 * (double)m->c[j]));
  pbl_ais_report r;
  assert_int_equal(pbl_ais(&r, m, m->b, 20, 50, 1, 1, NULL, NULL), PBL_OK);
  assert_true(fabs(r.log_z - exact) < 1e-9 * exact);
  assert_true(r.log_weight_variance < 1e-18 && r.ess_fraction > 0.999999 && r.passed);
  pbl_rbm_destroy(m);
}

static void threads_do_not_change_a_bit(void **state) {
  (void)state;
  pbl_rbm *m = model(5, 1.0);
  pbl_ais_report a, b;
  assert_int_equal(pbl_ais(&a, m, NULL, 70, 40, 2, 1, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_ais(&b, m, NULL, 70, 40, 2, 3, NULL, NULL), PBL_OK);
  assert_true(a.log_z == b.log_z && a.log_weight_variance == b.log_weight_variance);
  pbl_rbm_destroy(m);
}

static void two_temperatures_on_a_strong_model_fail_the_gates(void **state) {
  (void)state;
  pbl_rbm *m = NULL;
  assert_int_equal(pbl_rbm_random(&m, V, H, 1.5, 0.5, 9, NULL), PBL_OK);
  pbl_ais_report r;
  assert_int_equal(pbl_ais(&r, m, NULL, 400, 2, 1, 1, NULL, NULL), PBL_OK);
  assert_false(r.passed);
  pbl_rbm_destroy(m);
}

static void too_few_chains_or_temperatures_are_refused(void **state) {
  (void)state;
  pbl_rbm *m = model(1, 1.0);
  pbl_ais_report r;
  assert_int_equal(pbl_ais(&r, m, NULL, 1, 10, 1, 1, NULL, NULL), PBL_INVALID);
  assert_int_equal(pbl_ais(&r, m, NULL, 10, 1, 1, 1, NULL, NULL), PBL_INVALID);
  pbl_rbm_destroy(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(interval_covers_the_exact_log_z_of_most_models),
      cmocka_unit_test(a_biased_base_and_another_beta_give_the_same_log_z),
      cmocka_unit_test(a_wrong_sign_of_the_weights_would_be_seen),
      cmocka_unit_test(without_couplings_log_z_is_the_closed_form),
      cmocka_unit_test(threads_do_not_change_a_bit),
      cmocka_unit_test(two_temperatures_on_a_strong_model_fail_the_gates),
      cmocka_unit_test(too_few_chains_or_temperatures_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
