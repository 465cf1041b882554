/* The device stage of an experiment: on the device itself, and its statistics on made-up windows.
 */
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

#include "lab_device.h"

/* The only run of a configuration whose device section ends in `keys`; random couplings. */
static pbl_lab_outcome *measure(const char *keys) {
  char text[1024], path[] = "/tmp/pbl_lab_device_XXXXXX";
  const int n = snprintf(text, sizeof text,
                         "schema: 1\nthreads: 1\nruns:\n  - {name: a, windows: 0, initial_scale: 2,"
                         " device: {windows: 60, repeats: 4, replicas: 128, window_sweeps: 150, "
                         "burn_in_sweeps: 100, weight_frac: 10, %s}}\n",
                         keys);
  pbl_lab_config *c = calloc(1, sizeof *c);
  pbl_lab_outcome *out = malloc(sizeof *out);
  pbl_lab_result *result = NULL;
  pbl_error err = {0};
  const int fd = mkstemp(path);
  assert_true(fd >= 0 && n > 0 && (size_t)n < sizeof text);
  assert_int_equal(write(fd, text, (size_t)n), n);
  close(fd);
  pbl_status status = pbl_config_load_lab(c, path, NULL, 0, &err);
  unlink(path);
  if (status == PBL_OK) status = pbl_lab_run_all(&result, c, NULL, &err);
  if (status != PBL_OK) fail_msg("%s", err.message);
  *out = result->outcomes[0];
  pbl_lab_result_destroy(result);
  free(c);
  return out;
}

static void it_ends_where_the_exact_flip_rate_is_the_target(void **state) {
  (void)state;
  pbl_lab_outcome *low = measure("regulator: {flip_rate: 0.15, gain: 2, temperature: 0.8}");
  pbl_lab_outcome *high = measure("regulator: {flip_rate: 0.15, gain: 2, temperature: 4}");
  print_message("T %.5f and %.5f, exact %.5f\n", low->values[PBL_LAB_device_temperature],
                high->values[PBL_LAB_device_temperature],
                high->values[PBL_LAB_device_temperature_exact]);
  assert_true(fabs(low->values[PBL_LAB_device_temperature_error]) < 0.01);
  assert_true(fabs(high->values[PBL_LAB_device_temperature_error]) < 0.01);
  assert_true(fabs(high->values[PBL_LAB_device_flip_rate] - 0.15) < 0.002);
  free(low);
  free(high);
}

static void it_decays_as_the_exact_slope_says(void **state) {
  (void)state;
  pbl_lab_outcome *o = measure("regulator: {flip_rate: 0.15, gain: 2, temperature: 1.4}");
  print_message("rate %.4f, predicted %.4f\n", o->values[PBL_LAB_device_rate],
                o->values[PBL_LAB_device_rate_predicted]);
  assert_true(fabs(o->values[PBL_LAB_device_rate_ratio] - 1.0) < 0.1);
  free(o);
}

/* ln(1 - 1.25 x)/ln(1 - x) > 1.25. */
static void a_gain_word_a_quarter_too_large_is_seen(void **state) {
  (void)state;
  pbl_lab_outcome *o =
      measure("faults: {gain: 1.25}, regulator: {flip_rate: 0.15, gain: 2, temperature: 1.4}");
  print_message("ratio %.4f\n", o->values[PBL_LAB_device_rate_ratio]);
  assert_true(o->values[PBL_LAB_device_rate_ratio] > 1.15);
  assert_true(fabs(o->values[PBL_LAB_device_temperature_error]) < 0.01);
  free(o);
}

/* The device believes itself at r* where the true rate is r* / 1.1: T too low by .0136/r'. */
static void a_flip_rate_scaled_wrongly_is_seen(void **state) {
  (void)state;
  pbl_lab_outcome *o =
      measure("faults: {flip_rate: 1.1}, regulator: {flip_rate: 0.15, gain: 2, temperature: 1.4}");
  const double expected = exp(-(0.15 - 0.15 / 1.1) / o->values[PBL_LAB_device_slope]) - 1.0;
  print_message("error %.4f, expected %.4f\n", o->values[PBL_LAB_device_temperature_error],
                expected);
  assert_true(o->values[PBL_LAB_device_temperature_error] < -0.02);
  assert_true(fabs(o->values[PBL_LAB_device_temperature_error] - expected) < 0.01);
  assert_true(fabs(o->values[PBL_LAB_device_flip_rate] - 0.15) < 0.002);
  free(o);
}

static void a_limit_holds_and_lets_go_at_once(void **state) {
  (void)state;
  pbl_lab_outcome *o = measure(
      "change_window: 15, change_flip_rate: 0.15, "
      "regulator: {flip_rate: 0.4, gain: 2, temperature: 2.4, temperature_max: 2.5}");
  const double *v = o->values;
  assert_true(v[PBL_LAB_device_lambda_most] == ldexp(rint(ldexp(log(2.5), 24)), -24));
  assert_true(v[PBL_LAB_device_at_limit] >= 14.0 / 60.0 && v[PBL_LAB_device_at_limit] < 0.5);
  assert_true(v[PBL_LAB_device_release] == 1.0);
  assert_true(fabs(v[PBL_LAB_device_temperature_error]) < 0.01);
  assert_true(isnan(v[PBL_LAB_device_rate]));
  free(o);
}

/* W, b and a come back from the words: half a word of J = W/4 each, ten of them in a bias. */
static void its_words_stand_for_the_model(void **state) {
  (void)state;
  const pbl_lab_device setup = {.replicas = 6, .weight_int = 5, .weight_frac = 12};
  pbl_testbed_model m;
  lab_rig rig;
  for (int i = 0; i < 9; i++) {
    m.b[i] = 0.3 * i - 1.1;
    m.a[i] = 0.7 - 0.2 * i;
    for (int j = 0; j < 9; j++) m.w[i][j] = sin(1.0 + 3.0 * i + 7.0 * j);
  }
  assert_int_equal(lab_rig_open(&rig, &m, &setup, 1, NULL, NULL), PBL_OK);
  assert_int_equal(rig.hw.lanes, 6);
  for (int i = 0; i < 9; i++) {
    assert_true(fabs(rig.held.b[i] - m.b[i]) < 10.01 * ldexp(1.0, -12));
    assert_true(fabs(rig.held.a[i] - m.a[i]) < 10.01 * ldexp(1.0, -12));
    for (int j = 0; j < 9; j++)
      assert_true(fabs(rig.held.w[i][j] - m.w[i][j]) < 2.01 * ldexp(1.0, -12));
  }
  lab_rig_close(&rig);
}

enum { REPEATS = 4, WINDOWS = 60 };

/* lambda_k = end + first factor^k, the repeats apart by noise that sums to 0. */
static lab_track made_up(pbl_window *items, double factor, double noise) {
  const double end = 0.25, first = 0.125;
  for (int r = 0; r < REPEATS; r++)
    for (int k = 1; k <= WINDOWS; k++) {
      const double off = r % 2 == 0 ? noise : -noise;
      items[r * WINDOWS + k - 1] =
          (pbl_window){.lambda = (int32_t)lrint(ldexp(end + first * pow(factor, k) + off, 24))};
    }
  return (lab_track){items, REPEATS, WINDOWS, end + first};
}

static void growth_is_that_of_the_displacement(void **state) {
  (void)state;
  static pbl_window items[REPEATS * WINDOWS];
  static const double factors[] = {0.5, 0.9, -0.7, -0.97, -1.0, -1.05, 1.05};
  for (size_t k = 0; k < sizeof factors / sizeof factors[0]; k++) {
    /* error of a mean: 1e-4/sqrt(3), so that the distance counts down to 6e-4 */
    const lab_track t = made_up(items, factors[k], 1e-4);
    assert_true(fabs(lab_track_growth(&t, 0.25) - log(fabs(factors[k]))) < 1e-3);
  }
  /* too noisy, too fast, too few repeats: no answer rather than a wrong one */
  lab_track t = made_up(items, 0.9, 0.02);
  assert_true(isnan(lab_track_growth(&t, 0.25)));
  t = made_up(items, -3.0, 0.0);
  assert_true(isnan(lab_track_growth(&t, 0.25)));
  t = made_up(items, 0.9, 0.0);
  t.repeats = 3;
  assert_true(isnan(lab_track_growth(&t, 0.25)));
}

static void windows_are_counted_by_their_flags(void **state) {
  (void)state;
  static pbl_window items[REPEATS * WINDOWS];
  double v[PBL_N_LAB_QUANTITIES];
  const lab_track t = made_up(items, 1.0, 0.0);
  for (int r = 0; r < REPEATS; r++)
    for (int k = 0; k < WINDOWS; k++) {
      pbl_window *w = &items[r * WINDOWS + k];
      w->rate = k < 30 ? 1u << 24 : 1u << 22;
      w->flags = (k < 24 + r ? PBL_WINDOW_AT_LAMBDA_MAX : 0) |
                 (k % 4 == 0 ? PBL_WINDOW_RATE_LIMITED : 0) |
                 (k < 45 ? PBL_WINDOW_IN_DEAD_BAND : 0);
    }
  items[WINDOWS + 10].lambda += 1 << 20; /* up by a sixteenth, and down again */
  lab_track_measure(v, &t, 24);
  assert_true(fabs(v[PBL_LAB_device_temperature] - exp(0.375)) < 1e-12);
  assert_true(v[PBL_LAB_device_lambda_least] == 0.375);
  assert_true(v[PBL_LAB_device_lambda_most] == 0.375 + 0.0625);
  assert_true(v[PBL_LAB_device_step_largest] == 0.0625);
  assert_true(v[PBL_LAB_device_spread] == 0.0625 / REPEATS);
  assert_true(v[PBL_LAB_device_flip_rate] == 0.25);
  assert_true(fabs(v[PBL_LAB_device_at_limit] - 25.5 / 60.0) < 1e-12);
  assert_true(v[PBL_LAB_device_step_limited] == 0.25);
  assert_true(v[PBL_LAB_device_in_dead_band] == 0.5);
  assert_true(v[PBL_LAB_device_release] == 4.0); /* repeat 3 lets go after window 27 */
  lab_track_measure(v, &t, 28);                  /* at no limit any more */
  assert_true(isnan(v[PBL_LAB_device_release]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_ends_where_the_exact_flip_rate_is_the_target),
      cmocka_unit_test(it_decays_as_the_exact_slope_says),
      cmocka_unit_test(a_gain_word_a_quarter_too_large_is_seen),
      cmocka_unit_test(a_flip_rate_scaled_wrongly_is_seen),
      cmocka_unit_test(a_limit_holds_and_lets_go_at_once),
      cmocka_unit_test(its_words_stand_for_the_model),
      cmocka_unit_test(growth_is_that_of_the_displacement),
      cmocka_unit_test(windows_are_counted_by_their_flags),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
