/* Comparison of regimes: reading logs, matching, intervals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* after the above */
#include <cmocka.h>

#include "regimes_internal.h"

static void write_log(char *folder, const char *text) {
  char path[300];
  strcpy(folder, "/tmp/pbl-regimes-XXXXXX");
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/log.csv", folder);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static void remove_log(const char *folder) {
  char path[300];
  snprintf(path, sizeof path, "%s/log.csv", folder);
  remove(path);
  remove(folder);
}

static const char good[] =
    "epoch,weight_norm,temperature,unknown,log_z,log_likelihood_train,log_likelihood_test,tau\n"
    "1,10,1,7,,,,\n"
    "2,12,1,7,5,-90,-91,2\n"
    "3,14,2,7,,,,\n"
    "4,20,1,7,6,-80,-81,8\n"
    "6,30,1,7,6,-70,,32\n";

static void a_log_is_read_by_the_names_of_its_columns(void **state) {
  (void)state;
  char folder[64];
  regime_run run;
  write_log(folder, good);
  assert_int_equal(regime_log_read(&run, folder, NULL), PBL_OK);
  assert_int_equal(run.n, 5);
  assert_int_equal(run.rows[4].epoch, 6);
  assert_true(isnan(run.rows[0].log_z));
  assert_true(run.rows[1].log_likelihood_test == -91.0);
  assert_true(run.rows[4].log_likelihood_test == -70.0); /* training images stand in */
  assert_true(regime_metric(&run.rows[2], METRIC_COUPLING) == 7.0);
  regime_log_free(&run);
  remove_log(folder);
}

static void a_damaged_log_is_refused_and_a_missing_one_is_empty(void **state) {
  (void)state;
  char folder[64];
  regime_run run;
  pbl_error err = {0};
  write_log(folder, "epoch,weight_norm\n1,10\n2,1o\n");
  assert_int_equal(regime_log_read(&run, folder, &err), PBL_FORMAT);
  assert_non_null(strstr(err.message, "line 3"));
  remove_log(folder);
  assert_int_equal(regime_log_read(&run, folder, &err), PBL_OK);
  assert_int_equal(run.n, 0);
}

/* Only evaluated rows count: couplings 12, 20, 30 with ln tau of 2, 8, 32. */
static void numbers_are_matched_by_interpolation(void **state) {
  (void)state;
  char folder[64];
  regime_run run;
  write_log(folder, good);
  assert_int_equal(regime_log_read(&run, folder, NULL), PBL_OK);
  assert_true(regime_largest(&run, METRIC_COUPLING) == 30.0);
  const double tau = regime_matched(&run, METRIC_LOG_TAU, METRIC_COUPLING, 16.0);
  assert_true(fabs(tau - log(4.0)) < 1e-12);
  assert_true(regime_matched(&run, METRIC_COUPLING, METRIC_LIKELIHOOD, -75.5) > 24.9);
  assert_true(regime_matched(&run, METRIC_COUPLING, METRIC_LIKELIHOOD, -75.5) < 25.1);
  assert_true(isnan(regime_matched(&run, METRIC_LOG_TAU, METRIC_COUPLING, 31.0)));
  assert_true(isnan(regime_matched(&run, METRIC_LOG_TAU, METRIC_COUPLING, 11.0)));
  regime_log_free(&run);
  remove_log(folder);
}

/* t(.975, 2) = 4.30265; numbers 1, 2, 6: mean 3, s.d. sqrt(7). */
static void the_interval_is_student_s(void **state) {
  (void)state;
  const double x[] = {1.0, NAN, 2.0, 6.0};
  const regime_mean m = regime_mean_of(x, 4);
  assert_int_equal(m.n, 3);
  assert_true(fabs(m.value - 3.0) < 1e-12);
  assert_true(fabs(m.high - 3.0 - 4.302652730 * sqrt(7.0 / 3.0)) < 1e-6);
  assert_true(isnan(regime_mean_of(x, 1).low));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_log_is_read_by_the_names_of_its_columns),
      cmocka_unit_test(a_damaged_log_is_refused_and_a_missing_one_is_empty),
      cmocka_unit_test(numbers_are_matched_by_interpolation),
      cmocka_unit_test(the_interval_is_student_s),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
