/* The step of the twin's temperature regulator against a plain second one, and against what must
 * hold for any correct one. */
#include <math.h>
#include <stdlib.h>

#include "pbl_rng.h"
#include "regulator_rig.h"
#include "twin_rig.h"

enum { RECORD = PBL_TWIN_RECORD_WORDS };

static void random_words(uint32_t words[15], uint64_t *seed) {
  for (int i = 0; i < 15; i++) words[i] = (uint32_t)pbl_splitmix64(seed);
  words[0] = (uint32_t)rig_draw(seed, 32);
  words[1] = 1 + (uint32_t)rig_draw(seed, 2);
  words[2] = rig_any_size(seed, 32);
  /* every second case keeps the rate near its middle and the step within the limits */
  if (pbl_splitmix64(seed) % 2) {
    words[0] = (words[0] & ~0x3F00u) | 32u << 8;
    words[3] = rig_any_size(seed, 24);
    words[4] = rig_any_size(seed, 32);
    words[6] = rig_any_size(seed, 24);
    words[8] = (uint32_t) - (int32_t)rig_any_size(seed, 26);
    words[9] = rig_any_size(seed, 26);
    words[10] = (uint32_t)rig_signed((uint32_t)rig_draw(seed, 26), 26);
    words[12] = (uint32_t)rig_signed(rig_any_size(seed, 28), 28);
    words[13] = rig_any_size(seed, 26);
    words[14] = 0x3FFFFFFF;
  }
}

static void random_window(pbl_twin_regulator *twin, plain_regulator *plain, uint64_t *seed) {
  const int bits = pbl_splitmix64(seed) % 8 == 0 ? 46 : 28;
  int ended = 0;
  while (!ended) {
    int64_t energy[5];
    const int64_t flips_v = rig_any_size(seed, 32), flips_h = rig_any_size(seed, 32);
    for (int i = 0; i < 5; i++)
      energy[i] =
          rig_signed((uint32_t)rig_draw(seed, bits < 32 ? bits : 31), bits < 32 ? bits : 31);
    if (bits > 32)
      for (int i = 0; i < 5; i++) energy[i] *= 1 << 16;
    ended = plain_regulator_sweep(plain, (uint64_t)flips_v, (uint64_t)flips_h, energy, 5);
    assert_int_equal(
        pbl_twin_regulator_sweep(twin, (uint64_t)flips_v, (uint64_t)flips_h, energy, 5), ended);
  }
}

static void the_step_is_right_for_any_words_and_any_counts(void **state) {
  (void)state;
  uint64_t seed = 2026;
  unsigned seen[10] = {0};
  for (int k = 0; k < 40000; k++) {
    const int beta_frac = k % 25, wide = beta_frac + k % 5;
    const int beta_bits = wide < 4 ? 4 : wide > 24 ? 24 : wide;
    pbl_twin_regulator twin;
    plain_regulator plain = {.beta_bits = beta_bits, .beta_frac = beta_frac};
    uint32_t words[15], record[RECORD];
    pbl_twin_regulator_reset(&twin);
    random_words(words, &seed);
    rig_apply(NULL, &twin, &plain, words);
    uint32_t beta = (uint32_t)k & 15;
    for (int window = 0; window < 3; window++) {
      random_window(&twin, &plain, &seed);
      const uint32_t expected = plain_regulator_end(&plain, beta);
      const uint32_t got = pbl_twin_regulator_window_end(&twin, beta, beta_bits, beta_frac, record);
      assert_int_equal(got, expected);
      record[14] = beta;
      beta = got;
      rig_same_record(record, &plain, k);
      for (int i = 0; i < 10; i++) seen[i] += record[15] >> i & 1;
    }
    assert_int_equal(twin.flags, plain.flags);
  }
  for (int i = 0; i < 10; i++) { /* neither never nor always */
    if (seen[i] < 1000 || seen[i] > 110000) fail_msg("flag %d in %u of 120000", i, seen[i]);
  }
}

/* One window of one sweep: deviation `d` of the second replica, error `e` of the flip rate. */
static uint32_t flags_of(pbl_twin_regulator *r, int64_t d, int32_t e) {
  const int64_t energy[2] = {-5, d - 5};
  uint32_t record[RECORD];
  r->config = 3;
  r->window_sweeps = 1;
  r->rate_set = 1000;
  r->rate_scale = 1;
  r->gain = 1u << 24;
  assert_true(pbl_twin_regulator_sweep(r, (uint64_t)(1000 - e), 0, energy, 2));
  pbl_twin_regulator_window_end(r, 0, 16, 12, record);
  return record[15];
}

static void limits_themselves_are_inside(void **state) {
  (void)state;
  const uint32_t clipped = 1u << 7, limited = 1u << 4, at_min = 1u << 1, at_max = 1u << 2;
  pbl_twin_regulator r;
  pbl_twin_regulator_reset(&r);
  assert_int_equal(flags_of(&r, INT32_MAX, 1) & clipped, 0);
  assert_int_equal(flags_of(&r, (int64_t)INT32_MAX + 1, 1) & clipped, clipped);
  assert_int_equal(flags_of(&r, INT32_MIN, 1) & clipped, 0);
  assert_int_equal(flags_of(&r, (int64_t)INT32_MIN - 1, 1) & clipped, clipped);
  r.rate_limit = 40;
  assert_int_equal(flags_of(&r, 0, 40) & limited, 0);
  assert_int_equal(flags_of(&r, 0, -40) & limited, 0);
  assert_int_equal(flags_of(&r, 0, 41) & limited, limited);
  assert_int_equal(flags_of(&r, 0, -41) & limited, limited);
  r.lambda = r.lambda_min = 500; /* above the maximum: that one wins, and both are said */
  r.lambda_max = 400;
  assert_int_equal(flags_of(&r, 0, 0) & (at_min | at_max), at_min | at_max);
  assert_int_equal(r.lambda, 400);
}

/* Half a unit for each of the rounded powers of two, their interpolation error of
 * (ln 2/64)^2/8 = 1.47e-5, and one unit of rounding for small temperatures. */
static void temperature_is_the_exponential_of_lambda(void **state) {
  (void)state;
  double worst = 0.0;
  for (int32_t lambda = -(1 << 26); lambda < 1 << 26; lambda += 4001) {
    pbl_twin_regulator r;
    uint32_t flags = 0;
    pbl_twin_regulator_reset(&r);
    r.config = 3;
    r.lambda = lambda;
    r.t_min = 0;
    r.t_max = 0x3FFFFFFF;
    const uint32_t beta = pbl_twin_regulator_beta(&r, 24, 12, &flags);
    const double exact = ldexp(exp(ldexp(lambda, -24)), 24), t = r.temperature;
    worst = fmax(worst, (fabs(t - exact) - 1.0) / exact);
    assert_true(fabs(beta - ldexp(1.0, 36) / t) <= 0.5);
    assert_int_equal(flags, 0);
  }
  assert_true(worst < 1.6e-5);
  assert_true(worst > 1.4e-5); /* the bound is met: the sweep over lambda was fine enough */
}

/* lambda + kappa c with kappa = gain (1 - alpha)/alpha is constant as long as no limit acts: each
 * step adds half a unit of lambda, and half a unit of c/128 times kappa, at most. */
static void srtrbm_conserves_lambda_plus_kappa_c(void **state) {
  (void)state;
  pbl_twin_regulator r;
  uint32_t record[RECORD];
  uint64_t seed = 5;
  pbl_twin_regulator_reset(&r);
  r.config = 2 | 16u << 8;
  r.window_sweeps = 1;
  r.rate_scale = 1u << 24;
  r.gain = 1u << 22; /* 1/4 */
  r.smoothing = 6554;
  const double alpha = 6554 / 65536.0, kappa = 0.25 * (1.0 - alpha) / alpha;
  double moved = 0.0;
  for (int k = 1; k <= 2000; k++) {
    const int64_t energy = 0;
    const int32_t before = r.lambda;
    assert_true(pbl_twin_regulator_sweep(&r, rig_draw(&seed, 15), 0, &energy, 1));
    pbl_twin_regulator_window_end(&r, 0, 16, 12, record);
    const double sum = r.lambda + kappa * r.filter / 128.0;
    assert_true(fabs(sum) <= k * 0.5 * (1.0 + kappa / 128.0));
    moved += abs(r.lambda - before);
    assert_int_equal(record[15] & 7, 0);
  }
  assert_true(moved > 1e7);
}

/* Flip rate .5 against a set value of .6 and one of .4. */
static void setpoint_heats_below_and_cools_above_and_guard_only_heats(void **state) {
  (void)state;
  for (uint32_t m = 3; m <= 4; m++) {
    for (int high = 0; high < 2; high++) {
      pbl_twin_regulator r;
      uint32_t record[RECORD];
      const int64_t energy = 7;
      pbl_twin_regulator_reset(&r);
      r.config = m | 8u << 8;
      r.window_sweeps = 1;
      r.rate_scale = 1u << 24;
      r.rate_set = high ? 10066330 : 6710886;
      r.gain = 1u << 24;
      pbl_twin_regulator_sweep(&r, 128, 0, &energy, 1);
      pbl_twin_regulator_window_end(&r, 0, 16, 12, record);
      const int32_t error = (int32_t)r.rate_set - (1 << 23);
      assert_int_equal(r.last.rate, 1 << 23);
      assert_int_equal(r.lambda, m == 4 && !high ? 0 : error);
      assert_true(high ? r.lambda > 1600000 : r.lambda <= 0);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_step_is_right_for_any_words_and_any_counts),
      cmocka_unit_test(limits_themselves_are_inside),
      cmocka_unit_test(temperature_is_the_exponential_of_lambda),
      cmocka_unit_test(srtrbm_conserves_lambda_plus_kappa_c),
      cmocka_unit_test(setpoint_heats_below_and_cools_above_and_guard_only_heats),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
