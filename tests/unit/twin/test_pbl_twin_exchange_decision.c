/* The decision of an exchange in the twin: against plain integers, and against exp(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the above */
#include <cmocka.h>
#include <math.h>

#include "pbl_rng.h"
#include "pbl_twin_exchange.h"
#include "plain_exchange.h"

#define ONE ((uint64_t)1 << 32)

/* -A = minus / 2^fraction, as differences of energy and beta that multiply to it. */
static uint64_t below(int64_t minus, int fraction) {
  const uint64_t t = pbl_twin_exchange_threshold(-minus, 1, fraction);
  assert_int_equal(t, pbl_twin_exchange_threshold(minus, -1, fraction));
  return t;
}

static void sure_ones_are_sure(void **state) {
  (void)state;
  const int64_t limits[] = {0, 1, -1, ((int64_t)1 << 48) - 1, -((int64_t)1 << 48)};
  for (size_t i = 0; i < 5; i++) {
    for (size_t k = 0; k < 5; k++) {
      const int64_t beta = limits[k] / ((int64_t)1 << 24);
      const plain_int128 a = (plain_int128)limits[i] * beta;
      const uint64_t t = pbl_twin_exchange_threshold(limits[i], beta, 18);
      if (a >= 0) assert_int_equal(t, ONE); /* also equal energies, equal betas */
      if (a < -((plain_int128)1 << 23)) assert_int_equal(t, 0);
    }
  }
}

/* A = -1, and the largest that is still calculated, for every number of fraction bits. */
static void edges_of_the_range(void **state) {
  (void)state;
  for (int fraction = 0; fraction <= 47; fraction++) {
    const int64_t end = (int64_t)1 << (fraction + 5);
    const int64_t minus[] = {1, 2, end / 2 - 1, end / 2, end / 2 + 1, end - 1, end, end + 1};
    for (size_t i = 0; i < sizeof minus / sizeof minus[0]; i++)
      assert_int_equal(below(minus[i], fraction), plain_exchange_below(minus[i], fraction));
    assert_int_equal(below(end, fraction), 0);
    assert_int_equal(below(end - 1, fraction), 0); /* exp(-32) 2^32 is 0.00005 */
    /* exp(-22) 2^32 = 1.198 and exp(-23) 2^32 = .4407 */
    assert_int_equal(below((int64_t)22 << fraction, fraction), 1);
    assert_int_equal(below((int64_t)23 << fraction, fraction), 0);
  }
}

static void compare_with_exp(int64_t minus, int fraction) {
  const long double exact = expl(-ldexpl((long double)minus, -fraction));
  const long double error = ldexpl((long double)below(minus, fraction), -32) - exact;
  /* the chord lies above by up to (ln 2 / 64)^2 / 8 = 1.47e-5; rounded down by 2^-32; -A log2(e)
   * rounded down to 2^-24 and log2(e) itself below by 2^-31: above by up to 4.2e-8 + 32 * 3.3e-10
   */
  assert_true(error <= 1.51e-5L * exact);
  assert_true(error >= -(5e-8L * exact + 2.33e-10L));
}

static void every_chord_lies_on_exp(void **state) {
  (void)state;
  const int fraction = 24;
  for (int64_t k = 0; k < 64 * 32; k++) {
    /* the ends of chord k of octave n, and its middle, where it is farthest from exp() */
    for (int half = 0; half < 2; half++) {
      const int64_t minus =
          (int64_t)(((double)k + .5 * half) / 64 * 0.69314718055994530942 * 16777216);
      for (int64_t d = -2; d <= 2; d++) {
        if (minus + d < 1) continue;
        assert_int_equal(below(minus + d, fraction), plain_exchange_below(minus + d, fraction));
        compare_with_exp(minus + d, fraction);
      }
    }
  }
}

static void random_ones_are_those_of_the_text(void **state) {
  (void)state;
  uint64_t seed = 5;
  for (int i = 0; i < 200000; i++) {
    const int fraction = (int)(pbl_splitmix64(&seed) % 48);
    const int64_t minus = (int64_t)(pbl_splitmix64(&seed) >> (64 - (fraction + 5)));
    if (minus == 0) continue;
    assert_int_equal(below(minus, fraction), plain_exchange_below(minus, fraction));
    compare_with_exp(minus, fraction);
    assert_true(below(minus + 1, fraction) <= below(minus, fraction));
  }
}

/* One pair of one lane, and counters that are almost full. */
static void counters_stop(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  hw.replicas = 2;
  hw.exchange = 1;
  pbl_twin_exchange x;
  pbl_lane_rng control = {.generator = PBL_GEN_XOSHIRO128PP, .state = {{1, 2, 3, 4}}};
  const int64_t energy[2] = {0, 0};
  const uint32_t beta[2] = {5, 4};
  pbl_twin_exchange_reset(&x, &hw);
  x.tries[0] = x.accepts[0] = UINT32_MAX - 1;
  for (int i = 0; i < 3; i++) pbl_twin_exchange_pass(&x, &control, energy, beta, 18);
  assert_int_equal(x.tries[0], UINT32_MAX);
  assert_int_equal(x.accepts[0], UINT32_MAX);
  assert_int_equal(x.label[0], 1); /* an odd number of exchanges */
}

/* The word s0 of a generator with s3 = -s0. */
static bool accepts(uint32_t word, int64_t minus) {
  pbl_hw hw = pbl_hw_default();
  hw.replicas = 2;
  hw.exchange = 1;
  pbl_twin_exchange x;
  pbl_lane_rng control = {.generator = PBL_GEN_XOSHIRO128PP, .state = {{word, 2, 3, 0 - word}}};
  const int64_t energy[2] = {0, minus};
  const uint32_t beta[2] = {2, 1};
  pbl_twin_exchange_reset(&x, &hw);
  pbl_twin_exchange_pass(&x, &control, energy, beta, 18);
  return x.label[0] == 1;
}

static void a_word_below_accepts(void **state) {
  (void)state;
  for (int64_t minus = 1; minus < 5 << 18; minus += 9999) {
    const uint32_t t = (uint32_t)plain_exchange_below(minus, 18);
    assert_true(accepts(t - 1, minus));
    assert_false(accepts(t, minus));
  }
  assert_true(accepts(UINT32_MAX, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sure_ones_are_sure),
      cmocka_unit_test(edges_of_the_range),
      cmocka_unit_test(every_chord_lies_on_exp),
      cmocka_unit_test(random_ones_are_those_of_the_text),
      cmocka_unit_test(counters_stop),
      cmocka_unit_test(a_word_below_accepts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
