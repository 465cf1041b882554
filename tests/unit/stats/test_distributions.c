/* Probabilities and quantiles against closed forms and published table values. */
// cmocka.h needs these headers before it
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <math.h>

#include "pbl_stats.h"

static void assert_close(double got, double expected, double relative) {
  if (!(fabs(got - expected) <= relative * fabs(expected))) {
    fail_msg("got %.17g, expected %.17g", got, expected);
  }
}

static void normal_p_value_is_right_far_into_the_tail(void **state) {
  (void)state;
  assert_close(pbl_normal_two_sided_p(1.959963984540054), 0.05, 1e-10);
  assert_close(pbl_normal_two_sided_p(-6.0), 1.973175290075396e-09, 1e-8);
  assert_close(pbl_normal_two_sided_p(10.0), 1.5239706048321052e-23, 1e-8);
  assert_close(pbl_normal_two_sided_p(30.0), 2.0 * 4.906713927148187e-198, 1e-8);
}

static void normal_quantile_matches_tables(void **state) {
  (void)state;
  assert_close(pbl_normal_quantile(0.975), 1.959963984540054, 1e-12);
  assert_close(pbl_normal_quantile(0.995), 2.5758293035489004, 1e-12);
  assert_close(pbl_normal_quantile(0.025), -1.959963984540054, 1e-12);
  assert_close(pbl_normal_quantile(1e-6), -4.753424308822899, 1e-10);
  assert_true(pbl_normal_quantile(0.5) == 0.0);
  assert_true(isinf(pbl_normal_quantile(1.0)) && isnan(pbl_normal_quantile(1.5)));
}

/* The two-sided p-value is erfc; 1e-290 is where a slower way of inverting it begins. */
static void normal_quantile_inverts_the_p_value_far_into_the_tail(void **state) {
  (void)state;
  for (double p = 0.499; p > 1e-305; p *= 0.31) {
    const double z = pbl_normal_quantile(p);
    assert_true(z < 0.0);
    /* d ln p = -z dz: a relative error of 1e-14 in z is z^2 as large in p */
    assert_close(pbl_normal_two_sided_p(z) / (2.0 * p), 1.0, 1e-14 * (10.0 + z * z));
    if (p > 1e-10) assert_close(pbl_normal_quantile(1.0 - p), -z, 1e-15 / p * 1.1);
  }
}

static void student_p_value_matches_closed_forms(void **state) {
  (void)state;
  const double pi = acos(-1.0);
  for (double t = 0.01; t < 50.0; t *= 1.7) {
    /* one, two and three degrees of freedom have elementary distribution functions */
    assert_close(pbl_student_t_two_sided_p(t, 1.0), 2.0 / pi * atan(1.0 / t), 1e-11);
    const double root = sqrt(2.0 + t * t);
    assert_close(pbl_student_t_two_sided_p(t, 2.0), 2.0 / (root * (root + t)), 1e-11);
    const double s = sqrt(3.0);
    const double three = 1.0 - 2.0 / pi * (atan(t / s) + (t / s) / (1.0 + t * t / 3.0));
    if (t < 10.0) assert_close(pbl_student_t_two_sided_p(t, 3.0), three, 1e-10);
  }
}

static void student_quantile_matches_tables(void **state) {
  (void)state;
  assert_close(pbl_student_t_quantile(0.975, 1.0), 12.706204736432095, 1e-10);
  assert_close(pbl_student_t_quantile(0.975, 15.0), 2.131449545559323, 1e-10);
  assert_close(pbl_student_t_quantile(0.025, 15.0), -2.131449545559323, 1e-10);
  assert_close(pbl_student_t_quantile(0.975, 63.0), 1.998340542520746, 1e-8);
}

static void student_law_tends_to_the_normal_law(void **state) {
  (void)state;
  /* leading term of the expansion: quantile = z + (z^3 + z) / (4 dof) */
  const double z = 1.959963984540054;
  for (double dof = 1e4; dof < 1e8; dof *= 10.0) {
    const double expected = z + (z * z * z + z) / (4.0 * dof);
    assert_close(pbl_student_t_quantile(0.975, dof), expected, 1e-8 + 3.0 / (dof * dof));
  }
}

static void chi2_p_value_matches_closed_forms(void **state) {
  (void)state;
  for (double x = 0.01; x < 200.0; x *= 1.9) {
    assert_close(pbl_chi2_upper_p(x, 1.0), erfc(sqrt(0.5 * x)), 1e-11);
    assert_close(pbl_chi2_upper_p(x, 2.0), exp(-0.5 * x), 1e-11);
    assert_close(pbl_chi2_upper_p(x, 4.0), exp(-0.5 * x) * (1.0 + 0.5 * x), 1e-11);
  }
}

static void chi2_quantile_matches_tables(void **state) {
  (void)state;
  assert_close(pbl_chi2_quantile(0.95, 1.0), 3.841458820694124, 1e-10);
  assert_close(pbl_chi2_quantile(0.95, 10.0), 18.307038053275146, 1e-10);
  assert_close(pbl_chi2_quantile(0.99, 15.0), 30.57791416689249, 1e-10);
  assert_close(pbl_chi2_quantile(0.05, 10.0), 3.9402991361190605, 1e-9);
}

static void chi2_quantile_inverts_the_p_value_at_many_degrees_of_freedom(void **state) {
  (void)state;
  for (double dof = 0.5; dof < 1e5; dof *= 7.0) {
    for (double p = 1e-6; p < 1.0; p += 0.0909) {
      assert_close(pbl_chi2_upper_p(pbl_chi2_quantile(p, dof), dof), 1.0 - p, 1e-9);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(normal_p_value_is_right_far_into_the_tail),
      cmocka_unit_test(normal_quantile_matches_tables),
      cmocka_unit_test(normal_quantile_inverts_the_p_value_far_into_the_tail),
      cmocka_unit_test(student_p_value_matches_closed_forms),
      cmocka_unit_test(student_quantile_matches_tables),
      cmocka_unit_test(student_law_tends_to_the_normal_law),
      cmocka_unit_test(chi2_p_value_matches_closed_forms),
      cmocka_unit_test(chi2_quantile_matches_tables),
      cmocka_unit_test(chi2_quantile_inverts_the_p_value_at_many_degrees_of_freedom),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
