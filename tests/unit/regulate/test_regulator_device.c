/* The reference in double precision beside the device's bit-exact regulator, on the same flips. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>

#include "pbl_regulator.h"
#include "pbl_rng.h"
#include "pbl_twin_regulator.h"

enum { SWEEPS = 10, REPLICAS = 16, VISIBLE = 784, HIDDEN = 128, WINDOWS = 2000 };

static pbl_twin_regulator device_of(const pbl_regulator_words *w) {
  pbl_twin_regulator r;
  pbl_twin_regulator_reset(&r);
  r.config = (uint32_t)w->mode | (uint32_t)w->source << 3 | w->rate_shift << 8;
  r.window_sweeps = w->window_sweeps;
  r.rate_scale = w->rate_scale;
  r.rate_set = w->rate_set;
  r.gain = w->gain;
  r.smoothing = w->smoothing;
  r.dead_band = w->dead_band;
  r.rate_limit = w->rate_limit;
  r.lambda_min = w->lambda_min;
  r.lambda_max = w->lambda_max;
  r.lambda = w->lambda;
  r.filter = w->filter;
  r.macro = w->macro;
  r.t_min = w->t_min;
  r.t_max = w->t_max;
  return r;
}

/* Ten sweeps on the device; returns the flip rate that a host would compute. */
static double run_window(pbl_twin_regulator *device, const pbl_regulator_settings *s, double rate,
                         pbl_xoshiro *rng, uint32_t record[PBL_TWIN_RECORD_WORDS]) {
  static const int64_t energy[REPLICAS] = {0};
  const double visible = VISIBLE * REPLICAS, hidden = HIDDEN * REPLICAS;
  uint64_t counted = 0;
  bool ended = false;
  for (int k = 0; k < SWEEPS; k++) {
    const double p = fmin(1.0, rate * (0.5 + pbl_xoshiro_double(rng)));
    const uint64_t v = (uint64_t)(p * visible), h = (uint64_t)(p * hidden);
    counted += v + (s->hidden_flips ? h : 0);
    assert_false(ended);
    ended = pbl_twin_regulator_sweep(device, v, h, energy, REPLICAS);
  }
  assert_true(ended);
  (void)pbl_twin_regulator_window_end(device, 0, 16, 12, record);
  return (double)counted / (SWEEPS * (visible + (s->hidden_flips ? hidden : 0.0)));
}

/* Rounding of one window: half a step of lambda (2^-25), half a step of the rate times eta, the
 * relative error of the rate's scale (2^-31) times eta r, and in srtrbm half a step of the filter
 * (2^-32), forgotten at alpha a window, times eta. Nothing else may differ, so that after n windows
 * lambda is off by n times that at most. */
static double lambda_bound(const pbl_regulator_settings *s, int n) {
  const double filter = s->mode == PBL_REGULATOR_SRTRBM ? ldexp(s->gain, -32) / s->smoothing : 0.0;
  return n * (ldexp(1.0, -25) + ldexp(s->gain, -25) + ldexp(s->gain, -31) + filter);
}

static void follow(pbl_regulator_settings asked, double level) {
  pbl_regulator_words words;
  pbl_regulator_settings s;
  const pbl_regulator_load load = {VISIBLE, HIDDEN, REPLICAS};
  const unsigned compared = PBL_REGULATION_AT_MIN | PBL_REGULATION_AT_MAX |
                            PBL_REGULATION_RATE_LIMITED | PBL_REGULATION_IN_DEAD_BAND;
  unsigned seen = 0, different = 0;
  pbl_xoshiro rng;
  pbl_xoshiro_seed(&rng, 7);
  asked.window_sweeps = SWEEPS;
  assert_int_equal(pbl_regulator_quantise(&words, &s, &asked, &load, NULL), PBL_OK);
  pbl_twin_regulator device = device_of(&words);
  pbl_regulation reference = pbl_regulation_start(&s);
  for (int k = 1; k <= WINDOWS; k++) {
    uint32_t record[PBL_TWIN_RECORD_WORDS];
    /* slow waves push into both limits */
    const double rate = fmax(0.0, level * (1.0 + 1.5 * sin(k / 60.0)));
    const double measured = run_window(&device, &s, rate, &rng, record);
    pbl_regulation_step(&reference, &s, measured, 0.0);
    const double lambda = ldexp((double)device.lambda, -24);
    assert_true(fabs(lambda - reference.lambda) < lambda_bound(&s, k));
    assert_true(fabs(ldexp((double)device.filter, -31) - reference.filter) < 1e-6);
    /* table of the exponential: 1.5e-5 */
    const double t = ldexp((double)device.temperature, -24);
    assert_true(fabs(t / reference.temperature - 1.0) < 2e-5 + lambda_bound(&s, k));
    seen |= reference.flags;
    different += ((record[15] ^ reference.flags) & compared) != 0;
  }
  /* A value within rounding of a threshold may fall on either side. */
  assert_true(different <= 2);
  print_message("%s: flags seen %#x, %u windows with other flags\n",
                pbl_regulator_mode_name(s.mode), seen, different);
  if (s.mode == PBL_REGULATOR_SETPOINT)
    assert_int_equal(seen & compared, compared & (s.step_limit > 0.0 ? ~0u : ~16u));
}

static void srtrbm_follows_the_reference(void **state) {
  (void)state;
  pbl_regulator_settings s = pbl_regulator_settings_default(PBL_REGULATOR_SRTRBM);
  s.gap_scale = 0.0;
  follow(s, 0.1);
  s.gain = 0.05;
  s.smoothing = 0.02;
  s.hidden_flips = true;
  follow(s, 0.2);
}

static void setpoint_follows_the_reference_with_all_its_limits(void **state) {
  (void)state;
  pbl_regulator_settings s = pbl_regulator_settings_default(PBL_REGULATOR_SETPOINT);
  s.gain = 1.0;
  s.dead_band = 0.005;
  s.step_limit = 0.05;
  follow(s, 0.05);
}

static void guard_follows_the_reference(void **state) {
  (void)state;
  pbl_regulator_settings s = pbl_regulator_settings_default(PBL_REGULATOR_GUARD);
  s.gain = 0.02;
  follow(s, 0.05);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(srtrbm_follows_the_reference),
      cmocka_unit_test(setpoint_follows_the_reference_with_all_its_limits),
      cmocka_unit_test(guard_follows_the_reference),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
