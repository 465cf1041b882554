/* Reference of the temperature regulator against closed forms, published values and its words. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <string.h>

#include "pbl_regulator.h"

static pbl_regulator_settings of(pbl_regulator_mode mode) {
  return pbl_regulator_settings_default(mode);
}

/* By hand, r = .3 then .2, alpha = eta = .01, eps = .001, g = -100 then -50:
 * c = .003, lambda = -.01 (.3 - .003) = -.00297, A = -100, T = exp(-.00297) - .1 = .8970344061;
 * c = .99 .003 + .002 = .00497, lambda = -.00297 - .01 (.2 - .00497) = -.0049203, A = -75,
 * T = exp(-.0049203) - .075 = .9200917848. */
static void srtrbm_follows_the_published_order_of_operations(void **state) {
  (void)state;
  const pbl_regulator_settings s = of(PBL_REGULATOR_SRTRBM);
  pbl_regulation r = pbl_regulation_start(&s);
  pbl_regulation_step(&r, &s, 0.3, -100.0);
  assert_true(fabs(r.filter - 0.003) < 1e-15);
  assert_true(fabs(r.lambda - -0.00297) < 1e-15);
  assert_true(fabs(r.temperature - 0.8970344061) < 1e-10);
  pbl_regulation_step(&r, &s, 0.2, -50.0);
  assert_true(fabs(r.filter - 0.00497) < 1e-15);
  assert_true(fabs(r.gap - -75.0) < 1e-12);
  assert_true(fabs(r.temperature - 0.9200917848) < 1e-10);
}

/* Published curve of a 784 x 512 run: first window r = .3234, A = -116.9 (T_macro -.1169), and
 * T_micro .9968, T .8799; the plots are read to 1e-4. */
static void srtrbm_reproduces_the_first_published_window(void **state) {
  (void)state;
  const pbl_regulator_settings s = of(PBL_REGULATOR_SRTRBM);
  pbl_regulation r = pbl_regulation_start(&s);
  pbl_regulation_step(&r, &s, 0.3234, -116.9);
  assert_true(fabs(r.filter - 0.0032) < 1e-4);
  assert_true(fabs(exp(r.lambda) - 0.9968) < 1e-4);
  assert_true(fabs(r.temperature - 0.8799) < 1e-4);
}

/* lambda + kappa c stays to rounding (400 windows: published between 1e-16 and 2e-15), and with it
 * exp(lambda) = exp(-.99 c): c = .0696 gives .9334 (published .9335). */
static void srtrbm_conserves_lambda_plus_kappa_c(void **state) {
  (void)state;
  pbl_regulator_settings s = of(PBL_REGULATOR_SRTRBM);
  s.filter = 0.2;
  s.temperature = 0.7;
  pbl_regulation r = pbl_regulation_start(&s);
  const double first = pbl_regulation_conserved(&r, &s);
  assert_true(fabs(pbl_regulator_kappa(&s) - 0.99) < 1e-15);
  for (int k = 0; k < 400; k++) {
    pbl_regulation_step(&r, &s, 0.25 + 0.25 * sin(k * k), 30.0 * cos(k));
    assert_true(fabs(pbl_regulation_conserved(&r, &s) - first) < 5e-15);
  }
  assert_true(fabs(exp(-0.99 * 0.0696) - 0.9335) < 1e-4);
}

/* A regulator that uses the old c in step 2 (the tempting order) breaks the conservation at once:
 * it would move lambda + kappa c by eta alpha (r - c) per window. */
static void the_other_order_would_not_conserve(void **state) {
  (void)state;
  const pbl_regulator_settings s = of(PBL_REGULATOR_SRTRBM);
  const double r = 0.3, c0 = 0.0;
  const double lambda = -s.gain * (r - c0);
  const double c = c0 + s.smoothing * (r - c0);
  const double moved = lambda + pbl_regulator_kappa(&s) * c;
  assert_true(fabs(moved - -s.gain * s.smoothing * (r - c0)) < 1e-15);
  assert_true(fabs(moved) > 1e-6);
}

static void the_sum_is_clamped_and_lambda_is_not(void **state) {
  (void)state;
  const pbl_regulator_settings s = of(PBL_REGULATOR_SRTRBM);
  pbl_regulation r = pbl_regulation_start(&s);
  pbl_regulation_step(&r, &s, 0.3, -2000.0);
  assert_true(r.temperature == s.temperature_min);
  assert_true((r.flags & PBL_REGULATION_T_CLAMPED) != 0);
  assert_true(fabs(r.lambda - -0.00297) < 1e-15);
  pbl_regulation_step(&r, &s, 0.3, 2000.0); /* mean gap 0: back */
  assert_true(r.temperature > 0.99 && (r.flags & PBL_REGULATION_T_CLAMPED) == 0);
}

/* r(lambda) = .1 + .05 lambda: multiplier 1 - eta r' = 1 - .5 .05 = .975, fixed point lambda = 1
 * for r* = .15. */
static void setpoint_converges_at_the_predicted_rate(void **state) {
  (void)state;
  pbl_regulator_settings s = of(PBL_REGULATOR_SETPOINT);
  s.flip_rate = 0.15;
  pbl_regulation r = pbl_regulation_start(&s);
  for (int k = 1; k <= 100; k++) {
    pbl_regulation_step(&r, &s, 0.1 + 0.05 * r.lambda, 0.0);
    assert_true(fabs(1.0 - r.lambda - pow(0.975, k)) < 1e-12);
  }
  assert_true(fabs(r.temperature - exp(r.lambda)) < 1e-15);
}

static void setpoint_is_stable_below_gain_times_slope_of_two_only(void **state) {
  (void)state;
  for (int unstable = 0; unstable < 2; unstable++) {
    pbl_regulator_settings s = of(PBL_REGULATOR_SETPOINT);
    s.flip_rate = 0.15;
    s.gain = unstable ? 2.1 / 0.3 : 1.9 / 0.3;
    s.temperature = exp(0.01);
    pbl_regulation r = pbl_regulation_start(&s);
    for (int k = 0; k < 40; k++) pbl_regulation_step(&r, &s, 0.15 + 0.3 * r.lambda, 0.0);
    assert_true(unstable ? fabs(r.lambda) > 0.1 : fabs(r.lambda) < 0.001);
  }
}

/* 1000 windows of pushing outward leave nothing to unwind: the first inward error moves T. */
static void the_integrator_does_not_wind_up(void **state) {
  (void)state;
  const pbl_regulator_settings s = of(PBL_REGULATOR_SETPOINT);
  pbl_regulation r = pbl_regulation_start(&s);
  for (int k = 0; k < 1000; k++) pbl_regulation_step(&r, &s, 0.0, 0.0);
  assert_true(fabs(r.temperature - 8.0) < 1e-12 && (r.flags & PBL_REGULATION_AT_MAX) != 0);
  pbl_regulation_step(&r, &s, 0.25, 0.0);
  assert_true(fabs(r.lambda - (log(8.0) - 0.1)) < 1e-12);
  assert_true((r.flags & PBL_REGULATION_AT_MAX) == 0);
  for (int k = 0; k < 1000; k++) pbl_regulation_step(&r, &s, 0.5, 0.0);
  assert_true(fabs(r.temperature - 0.125) < 1e-12 && (r.flags & PBL_REGULATION_AT_MIN) != 0);
}

static void the_guard_heats_and_never_cools(void **state) {
  (void)state;
  const pbl_regulator_settings s = of(PBL_REGULATOR_GUARD);
  pbl_regulation r = pbl_regulation_start(&s);
  pbl_regulation_step(&r, &s, 0.4, 0.0);
  assert_true(r.temperature == 1.0);
  pbl_regulation_step(&r, &s, 0.01, 0.0);
  assert_true(fabs(r.lambda - 0.5 * 0.04) < 1e-15);
  pbl_regulation_step(&r, &s, 0.4, 0.0);
  assert_true(fabs(r.lambda - 0.02) < 1e-15);
}

static void dead_band_comes_before_the_step_limit(void **state) {
  (void)state;
  pbl_regulator_settings s = of(PBL_REGULATOR_SETPOINT);
  s.dead_band = 0.01;
  s.step_limit = 0.005;
  pbl_regulation r = pbl_regulation_start(&s);
  pbl_regulation_step(&r, &s, 0.0401, 0.0); /* error .0099: inside */
  assert_true(r.lambda == 0.0 && (r.flags & PBL_REGULATION_IN_DEAD_BAND) != 0);
  pbl_regulation_step(&r, &s, 0.09, 0.0); /* eta e = -.02: limited */
  assert_true(fabs(r.lambda - -0.005) < 1e-15 && (r.flags & PBL_REGULATION_RATE_LIMITED) != 0);
  pbl_regulation_step(&r, &s, 0.0388, 0.0); /* eta e = .0056 */
  assert_true(fabs(r.lambda) < 1e-15);
}

static void freezing_and_fixed_modes_hold_everything(void **state) {
  (void)state;
  for (int mode = 0; mode < PBL_N_REGULATOR_MODES; mode++) {
    const pbl_regulator_settings s = of((pbl_regulator_mode)mode);
    pbl_regulation r = pbl_regulation_start(&s);
    r.frozen = mode >= PBL_REGULATOR_SRTRBM;
    pbl_regulation_step(&r, &s, 0.0, -10.0);
    assert_true(r.temperature == 1.0 && r.lambda == 0.0 && r.filter == 0.0 && r.gap == 0.0);
    assert_true(r.windows == 1);
    assert_int_equal(r.flags, r.frozen ? PBL_REGULATION_FROZEN : 0);
  }
}

static void folding_gives_the_factor_of_the_parameters(void **state) {
  (void)state;
  const pbl_regulator_settings s = of(PBL_REGULATOR_GUARD);
  pbl_regulation r = pbl_regulation_start(&s);
  pbl_regulation_step(&r, &s, 0.0, 0.0);
  assert_true(fabs(pbl_regulation_fold(&r) - exp(-0.025)) < 1e-15);
  assert_true(r.temperature == 1.0 && r.lambda == 0.0);
}

static void settings_out_of_range_are_named(void **state) {
  (void)state;
  pbl_error err;
  pbl_regulator_settings s = of(PBL_REGULATOR_SETPOINT);
  s.flip_rate = 0.5;
  assert_int_equal(pbl_regulator_settings_check(&s, &err), PBL_INVALID);
  assert_string_equal(err.message,
                      "regulator: flip_rate is 0.5, but must be above 0 and below 0.5");
  s.mode = PBL_REGULATOR_SRTRBM; /* which does not read it */
  assert_int_equal(pbl_regulator_settings_check(&s, &err), PBL_OK);
  s.smoothing = NAN;
  assert_int_equal(pbl_regulator_settings_check(&s, &err), PBL_INVALID);
  assert_non_null(strstr(err.message, "smoothing is nan"));
  s = of(PBL_REGULATOR_GUARD);
  s.temperature = 9.0;
  assert_int_equal(pbl_regulator_settings_check(&s, &err), PBL_INVALID);
  s.temperature = 1.0;
  s.temperature_min = 2.0;
  assert_int_equal(pbl_regulator_settings_check(&s, &err), PBL_INVALID);
}

/* 784 p-bits x 16 replicas x 100 sweeps: scale/2^shift must be 2^24/N to 2^-31, and the rate of a
 * full window of F flips, computed in integers as the device does, F/N to half of 2^-24. */
static void rate_words_divide_by_the_number_of_updates(void **state) {
  (void)state;
  const uint32_t sweeps[] = {1, 3, 100, 5000, 100000};
  for (size_t k = 0; k < 5; k++) {
    pbl_regulator_words w;
    pbl_regulator_settings s = of(PBL_REGULATOR_SETPOINT);
    s.window_sweeps = sweeps[k];
    assert_int_equal(pbl_regulator_quantise(&w, NULL, &s, &(pbl_regulator_load){784, 64, 16}, NULL),
                     PBL_OK);
    const uint64_t n = 784ull * 16 * sweeps[k];
    assert_true(w.rate_scale >= 0x80000000u && w.rate_shift < 64);
    for (uint64_t part = 0; part <= 8; part++) {
      const uint64_t flips = n * part / 8;
      const uint64_t rate = (flips * w.rate_scale + (1ull << (w.rate_shift - 1))) >> w.rate_shift;
      assert_true(fabs((double)rate - (double)flips / (double)n * 16777216.0) < 0.51);
    }
  }
}

static void words_are_the_settings_in_fixed_point(void **state) {
  (void)state;
  pbl_regulator_words w;
  pbl_regulator_settings e, s = of(PBL_REGULATOR_SRTRBM);
  const pbl_regulator_load load = {784, 128, 16};
  s.filter = 0.25;
  assert_int_equal(pbl_regulator_quantise(&w, &e, &s, &load, NULL), PBL_OK);
  assert_int_equal(w.mode, PBL_REGULATOR_SRTRBM);
  assert_int_equal(w.gain, 167772);   /* .01 2^24 = 167772.16 */
  assert_int_equal(w.smoothing, 655); /* .01 2^16 = 655.36: published .009995 */
  assert_int_equal(w.filter, 1u << 29);
  assert_int_equal(w.lambda, 0);
  assert_int_equal(w.lambda_min, -(1 << 26));
  assert_int_equal(w.lambda_max, (1 << 26) - 1);
  assert_int_equal(w.t_min, 1u << 21);
  assert_int_equal(w.t_max, 1u << 27);
  assert_true(fabs(e.smoothing - 655.0 / 65536.0) < 1e-15);
  s = of(PBL_REGULATOR_GUARD);
  s.hidden_flips = true;
  s.dead_band = 0.001;
  s.step_limit = 0.5;
  s.temperature = 0.5;
  assert_int_equal(pbl_regulator_quantise(&w, &e, &s, &load, NULL), PBL_OK);
  assert_true(w.source);
  assert_int_equal(w.rate_set, 838861); /* .05 2^24 = 838860.8 */
  assert_int_equal(w.dead_band, 16777); /* 16777.216 */
  assert_int_equal(w.rate_limit, 1u << 23);
  assert_int_equal(w.lambda, -11629080);     /* -ln 2 2^24 = -11629079.9 */
  assert_int_equal(w.lambda_min, -34887240); /* the device's own reset value, -ln 8 */
  assert_int_equal(w.lambda_max, 34887240);
  assert_true(fabs(e.temperature_max / 8.0 - 1.0) < 1e-7);
}

static void what_quantisation_moved_is_said(void **state) {
  (void)state;
  char text[512];
  pbl_regulator_words w;
  pbl_regulator_settings e, s = of(PBL_REGULATOR_SRTRBM);
  s.gain = 0.0078125;
  assert_int_equal(pbl_regulator_quantise(&w, &e, &s, &(pbl_regulator_load){9, 9, 1}, NULL),
                   PBL_OK);
  assert_true(pbl_regulator_rounding_text(text, sizeof text, &s, &e) == strlen(text));
  assert_string_equal(text, "smoothing 0.01 -> 0.00999450684 (-0.055 %)\n");
  s.smoothing = 0.0078125;
  assert_int_equal(pbl_regulator_quantise(&w, &e, &s, &(pbl_regulator_load){9, 9, 1}, NULL),
                   PBL_OK);
  assert_true(pbl_regulator_rounding_text(text, sizeof text, &s, &e) == 0 && text[0] == '\0');
}

static void what_the_device_cannot_hold_is_refused(void **state) {
  (void)state;
  pbl_error err;
  pbl_regulator_words w;
  const pbl_regulator_load load = {784, 128, 16};
  pbl_regulator_settings s = of(PBL_REGULATOR_SRTRBM);
  s.smoothing = 1e-6;
  assert_int_equal(pbl_regulator_quantise(&w, NULL, &s, &load, &err), PBL_INVALID);
  assert_non_null(strstr(err.message, "smoothing is 1e-06, the device's step is 1.52588e-05"));
  s = of(PBL_REGULATOR_SETPOINT);
  s.temperature_max = 100.0;
  assert_int_equal(pbl_regulator_quantise(&w, NULL, &s, &load, &err), PBL_INVALID);
  assert_non_null(strstr(err.message, "temperature_max is 100"));
  s.temperature_max = 8.0;
  s.window_sweeps = 1000000;
  assert_int_equal(pbl_regulator_quantise(&w, NULL, &s, &load, &err), PBL_INVALID);
  assert_non_null(strstr(err.message, "window_sweeps at most 342392")); /* 2^32/(784 x 16) */
  s.window_sweeps = 0;
  assert_int_equal(pbl_regulator_quantise(&w, NULL, &s, &load, &err), PBL_INVALID);
  s.mode = PBL_REGULATOR_FIXED; /* may do without windows */
  assert_int_equal(pbl_regulator_quantise(&w, NULL, &s, &load, &err), PBL_OK);
}

static void the_macro_word_saturates(void **state) {
  (void)state;
  assert_int_equal(pbl_regulator_macro_word(-0.0196), -328833); /* .0196 2^24 = 328833.4 */
  assert_int_equal(pbl_regulator_macro_word(1e9), INT32_MAX);
  assert_int_equal(pbl_regulator_macro_word(-1e9), INT32_MIN);
  assert_int_equal(pbl_regulator_macro_word(NAN), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(srtrbm_follows_the_published_order_of_operations),
      cmocka_unit_test(srtrbm_reproduces_the_first_published_window),
      cmocka_unit_test(srtrbm_conserves_lambda_plus_kappa_c),
      cmocka_unit_test(the_other_order_would_not_conserve),
      cmocka_unit_test(the_sum_is_clamped_and_lambda_is_not),
      cmocka_unit_test(setpoint_converges_at_the_predicted_rate),
      cmocka_unit_test(setpoint_is_stable_below_gain_times_slope_of_two_only),
      cmocka_unit_test(the_integrator_does_not_wind_up),
      cmocka_unit_test(the_guard_heats_and_never_cools),
      cmocka_unit_test(dead_band_comes_before_the_step_limit),
      cmocka_unit_test(freezing_and_fixed_modes_hold_everything),
      cmocka_unit_test(folding_gives_the_factor_of_the_parameters),
      cmocka_unit_test(settings_out_of_range_are_named),
      cmocka_unit_test(rate_words_divide_by_the_number_of_updates),
      cmocka_unit_test(words_are_the_settings_in_fixed_point),
      cmocka_unit_test(what_quantisation_moved_is_said),
      cmocka_unit_test(what_the_device_cannot_hold_is_refused),
      cmocka_unit_test(the_macro_word_saturates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
