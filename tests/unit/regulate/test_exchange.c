/* The decision about an exchange against exact arithmetic at its edges and against exp. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>

#include "pbl_exchange.h"
#include "pbl_rng.h"

#define CHORD 1.5e-5L /* largest relative excess of a chord over 1/64 of an octave */

static void colder_rung_takes_lower_energy_for_certain(void **state) {
  (void)state;
  assert_true(pbl_exchange_threshold(0, 5, 18) == PBL_EXCHANGE_ONE);
  assert_true(pbl_exchange_threshold(100, 5, 18) == PBL_EXCHANGE_ONE); /* x hotter than it should */
  assert_true(pbl_exchange_threshold(-100, -5, 18) == PBL_EXCHANGE_ONE);
  assert_true(pbl_exchange_threshold(-100, 5, 18) < PBL_EXCHANGE_ONE);
  assert_true(pbl_exchange_threshold(100, -5, 18) < PBL_EXCHANGE_ONE);
}

static void range_ends_at_32_units(void **state) {
  (void)state;
  const int64_t edge = INT64_C(1) << 23; /* 32 at 18 fraction bits */
  assert_true(pbl_exchange_threshold(-edge, 1, 18) == 0);
  assert_true(pbl_exchange_threshold(1 - edge, 1, 18) == 0); /* 2^32 exp(-32) < 1 */
  /* t = 1 up to 2^32 exp(-A) = 1: A = 22.18 */
  assert_true(pbl_exchange_threshold(-(int64_t)(22.1 * 262144), 1, 18) == 1);
  assert_true(pbl_exchange_threshold(-(int64_t)(22.2 * 262144), 1, 18) == 0);
  /* the widest operands */
  assert_true(pbl_exchange_threshold(-(INT64_C(1) << 48), (1 << 24) - 1, 47) == 0);
  assert_true(pbl_exchange_threshold(INT64_C(1) << 47, (1 << 24) - 1, 47) == PBL_EXCHANGE_ONE);
}

/* 2^-n exactly has r = 0; the node between two chords is exact but for rounding. */
static void halves_are_exact_to_the_rounding_of_log2_e(void **state) {
  (void)state;
  for (int n = 1; n < 20; n++) {
    const int64_t a = llroundl(ldexpl((long double)n * M_LN2, 40));
    const long double t = (long double)pbl_exchange_threshold(-a, 1, 40);
    assert_true(fabsl(t - ldexpl(1.0L, 32 - n)) <= ldexpl(1.0L, 32 - n) * 1.0e-6L + 1.0L);
  }
}

static void thresholds_lie_within_the_chord_above_the_exponential(void **state) {
  (void)state;
  pbl_xoshiro g;
  long double worst = 0.0L, best = 0.0L;
  pbl_xoshiro_seed(&g, 3);
  for (int k = 0; k < 200000; k++) {
    const int64_t d = -(int64_t)(pbl_xoshiro_next(&g) >> 12) - 1;
    const int32_t b = (int32_t)(pbl_xoshiro_next(&g) >> 20) + 1;
    const int fraction = 28 + k % 8;
    const long double a = ldexpl((long double)d * b, -fraction);
    const long double exact = ldexpl(expl(a), 32);
    if (a < -16.0L) continue;
    const long double t = (long double)pbl_exchange_threshold(d, b, fraction);
    /* y is cut at 24 bits: up to 2^-24 ln 2 too large; t is cut to an integer, too small */
    const long double relative = (t - exact) / exact;
    if (relative > worst) worst = relative;
    if ((t + 1.0L - exact) / exact < best) best = (t + 1.0L - exact) / exact;
  }
  assert_true(worst < CHORD && worst > 1.4e-5L);
  assert_true(best > -1e-7L);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(colder_rung_takes_lower_energy_for_certain),
      cmocka_unit_test(range_ends_at_32_units),
      cmocka_unit_test(halves_are_exact_to_the_rounding_of_log2_e),
      cmocka_unit_test(thresholds_lie_within_the_chord_above_the_exponential),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
