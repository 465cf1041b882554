/* Experiments: configuration, stages, statistics and verdict. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pbl_lab.h"

/* Status of a configuration with this text; the file is gone afterwards. */
static pbl_status load(pbl_lab_config *c, const char *text, pbl_error *err) {
  char path[] = "/tmp/pbl_lab_XXXXXX";
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  close(fd);
  memset(err, 0, sizeof *err);
  const pbl_status status = pbl_config_load_lab(c, path, NULL, 0, err);
  unlink(path);
  return status;
}

static pbl_lab_config *config_of(const char *text) {
  pbl_error err;
  pbl_lab_config *c = calloc(1, sizeof *c);
  const pbl_status status = load(c, text, &err);
  if (status != PBL_OK) fail_msg("%s", err.message);
  return c;
}

static pbl_lab_result *run(const char *text) {
  pbl_lab_config *c = config_of(text);
  pbl_lab_result *result = NULL;
  assert_int_equal(pbl_lab_run_all(&result, c, NULL, NULL), PBL_OK);
  free(c);
  return result;
}

static void runs_take_what_they_do_not_say_from_the_defaults(void **state) {
  (void)state;
  pbl_lab_config *c = config_of(
      "schema: 1\n"
      "defaults: {windows: 7, chains: 3, regulator: {mode: srtrbm, smoothing: 0.1}}\n"
      "runs:\n"
      "  - {name: a}\n"
      "  - {name: b, windows: 9, regulator: {mode: setpoint}}\n");
  assert_int_equal(c->n_runs, 2);
  assert_int_equal(c->runs[0].windows, 7);
  assert_true(c->runs[0].regulator.gain == 0.01); /* of the mode */
  assert_int_equal(c->runs[1].windows, 9);
  assert_int_equal(c->runs[1].chains, 3);
  assert_true(c->runs[1].regulator.smoothing == 0.1 && c->runs[1].regulator.gain == 0.5);
  free(c);
}

static void faults_of_an_experiment_are_found_before_it_runs(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"runs: [{name: a}]\nexpect: [{run: a, quantity: gapp, min: 0}]", "did you mean 'gap'?"},
      {"runs: [{name: abc}]\nexpect: [{run: abd, quantity: gap, min: 0}]", "did you mean 'abc'?"},
      {"runs: [{name: a}]\nexpect: [{run: a, quantity: gap}]", "expects nothing"},
      {"runs: [{name: a}]\nexpect: [{run: a, quantity: loop_rate, min: 0}]", "has no loop"},
      {"runs: [{name: a}]\nexpect: [{run: a, quantity: scan_gap, min: 0}]", "has no scan"},
      {"runs: [{name: a, scan: {points: 3}}]\nexpect: [{run: a, quantity: scan_gap, at: 3, min: "
       "0}]",
       "ends at 2"},
      {"runs: [{name: a}]\nexpect: [{run: a, quantity: device_rate, min: 0}]", "has no device"},
      {"runs: [{name: a, device: {windows: 60}}]\n"
       "expect: [{run: a, quantity: device_limit, min: 0}]",
       "has no device.gains"},
      {"runs: [{name: a, device: {windows: 59}}]", "device.windows: at least 60"},
      {"runs: [{name: a, device: {windows: 60, change_window: 31}}]", "at most half"},
      {"runs: [{name: a, device: {windows: 60, repeats: 3, gains: {points: 2}}}]", "at least 4"},
      {"runs: [{name: a, device: {windows: 60, gains: {points: 2, from: 5, to: 5}}}]",
       "must lie below"},
      {"runs: [{name: a, device: {windows: 60, regulator: {temperature: 9}}}]",
       "device: regulator: temperature is 9"},
      {"runs: [{name: a}, {name: a}]", "earlier run"},
      {"runs: [{name: a, windowz: 3}]", "did you mean 'windows'?"},
      {"runs: []", "runs: there are none"},
      {"runs: [{name: a, regulator: {temperature: 9, temperature_max: 8}}]", "temperature is 9"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char text[512];
    pbl_error err;
    pbl_lab_config *c = calloc(1, sizeof *c);
    snprintf(text, sizeof text, "schema: 1\n%s\n", cases[k][0]);
    assert_int_equal(load(c, text, &err), PBL_CONFIG);
    if (strstr(err.message, cases[k][1]) == NULL) fail_msg("%s: %s", cases[k][1], err.message);
    free(c);
  }
}

/* 1, 2, 4: mean 7/3, s.d. 1.527525, t(.975, 2) = 4.302653: half-width 3.794580. */
static void the_interval_is_that_of_student(void **state) {
  (void)state;
  const pbl_lab_summary s = pbl_lab_summarise((const double[]){1, 2, 4}, 3);
  assert_true(fabs(s.mean - 7.0 / 3.0) < 1e-12);
  assert_true(fabs(s.high - s.mean - 3.794580) < 1e-5);
  assert_true(fabs(s.mean - s.low - 3.794580) < 1e-5);
  assert_true(s.least == 1.0 && s.most == 4.0);
  assert_true(isnan(pbl_lab_summarise((const double[]){1}, 1).high));
  assert_true(isnan(pbl_lab_summarise((const double[]){1, NAN}, 2).least));
}

static void an_expectation_can_fail_on_every_side(void **state) {
  (void)state;
  const pbl_lab_expectation near = {.has_value = true, .value = 2.0, .tolerance = 0.5};
  assert_true(pbl_lab_meets(&near, 2.5) && pbl_lab_meets(&near, 1.5));
  assert_false(pbl_lab_meets(&near, 2.51) || pbl_lab_meets(&near, 1.49));
  const pbl_lab_expectation range = {.has_min = true, .has_max = true, .min = 1.0, .max = 3.0};
  assert_true(pbl_lab_meets(&range, 1.0) && pbl_lab_meets(&range, 3.0));
  assert_false(pbl_lab_meets(&range, 0.99) || pbl_lab_meets(&range, 3.01));
  assert_false(pbl_lab_meets(&near, NAN) || pbl_lab_meets(&range, NAN));
}

static const char small[] =
    "schema: 1\n"
    "seeds: 3\n"
    "threads: %d\n"
    "defaults: {windows: 4, updates_per_window: 20}\n"
    "runs:\n"
    "  - {name: a, regulator: {mode: setpoint, flip_rate: 0.1, gain: 3}}\n"
    "  - {name: b, loop: {windows: 60, starts: 3, disturbance: 0.1, regulator: {mode: setpoint}}}\n"
    "expect:\n"
    "  - {run: a, quantity: norm, versus: b, of: most, max: 1e9}\n"
    "  - {run: b, quantity: norm, of: least, min: 1e9}\n";

static void results_do_not_depend_on_the_threads(void **state) {
  (void)state;
  char text[1024];
  pbl_lab_result *r[2];
  for (int k = 0; k < 2; k++) {
    snprintf(text, sizeof text, small, k == 0 ? 1 : 3);
    r[k] = run(text);
  }
  for (int k = 0; k < 6; k++)
    for (int q = 0; q < PBL_N_LAB_QUANTITIES; q++) {
      const double x = r[0]->outcomes[k].values[q], y = r[1]->outcomes[k].values[q];
      assert_true((isnan(x) && isnan(y)) || fabs(x - y) <= 1e-12 * fabs(x));
    }
  assert_int_equal(r[0]->n_failed, 1);
  assert_true(r[0]->findings[0].passed && !r[0]->findings[1].passed);
  /* seeds differ */
  assert_true(r[0]->outcomes[0].values[PBL_LAB_norm] != r[0]->outcomes[1].values[PBL_LAB_norm]);
  pbl_lab_result_destroy(r[0]);
  pbl_lab_result_destroy(r[1]);
}

static bool stop_at_once(pbl_progress *self, const char *what, uint64_t done, uint64_t total) {
  (void)self;
  (void)what;
  (void)done;
  (void)total;
  return false;
}

static void a_stop_is_obeyed(void **state) {
  (void)state;
  pbl_error err;
  pbl_progress p = {.report = stop_at_once};
  pbl_lab_result *result = NULL;
  pbl_lab_config *c = config_of("schema: 1\nruns: [{name: a, windows: 1000000}]\n");
  assert_int_equal(pbl_lab_run_all(&result, c, &p, &err), PBL_INTERRUPTED);
  assert_null(result);
  free(c);
}

/* Pure growth of .01 a window without learning: |W| e^(.01 n) exactly, and gauge fixing leaves
 * |W|/T alone: the temperature's walk cancels. */
static void growth_and_gauge_fixing_scale_the_parameters(void **state) {
  (void)state;
  pbl_lab_result *r =
      run("schema: 1\n"
          "defaults: {windows: 50, updates_per_window: 10, learning_rate: 0, initial_scale: 2}\n"
          "runs:\n"
          "  - {name: grow, growth: 0.01}\n"
          "  - {name: free, regulator: {mode: setpoint, flip_rate: 0.3}}\n"
          "  - {name: gauge, gauge_fixing: true, regulator: {mode: setpoint, flip_rate: 0.3}}\n");
  const double *grow = r->outcomes[0].values, *loose = r->outcomes[1].values,
               *gauge = r->outcomes[2].values;
  assert_true(fabs(grow[PBL_LAB_norm] / grow[PBL_LAB_norm_first] - exp(0.5)) < 1e-12);
  assert_true(loose[PBL_LAB_norm] == loose[PBL_LAB_norm_first]);
  assert_true(fabs(loose[PBL_LAB_temperature] - 1.0) > 0.1);
  assert_true(gauge[PBL_LAB_temperature] == 1.0);
  assert_true(fabs(gauge[PBL_LAB_norm_over_t] / loose[PBL_LAB_norm_over_t] - 1.0) < 1e-10);
  assert_true(fabs(gauge[PBL_LAB_flip_rate_exact] - loose[PBL_LAB_flip_rate_exact]) < 1e-10);
  pbl_lab_result_destroy(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_take_what_they_do_not_say_from_the_defaults),
      cmocka_unit_test(faults_of_an_experiment_are_found_before_it_runs),
      cmocka_unit_test(the_interval_is_that_of_student),
      cmocka_unit_test(an_expectation_can_fail_on_every_side),
      cmocka_unit_test(results_do_not_depend_on_the_threads),
      cmocka_unit_test(a_stop_is_obeyed),
      cmocka_unit_test(growth_and_gauge_fixing_scale_the_parameters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
