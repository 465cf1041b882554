/* The battery's building blocks against closed forms, and its answers on generators whose faults
 * are known. */
/* clang-format off */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* after the above */
#include <cmocka.h>
/* clang-format on */

#include "pbl_rng.h"
#include "pbl_word_battery.h"
#include "word_tests.h"

static size_t complexity_of(const unsigned char *bits, size_t n) {
  size_t l = 0;
  assert_int_equal(pbl_linear_complexity(&l, bits, n, NULL), PBL_OK);
  return l;
}

/* s_t = xor of s_(t-d) over the taps d of a primitive polynomial of degree L: 2L bits give L. */
static void two_l_bits_of_an_l_bit_register_have_complexity_l(void **state) {
  (void)state;
  static const int taps[4][5] = {{7, 6, 0}, {31, 28, 0}, {32, 22, 2, 1, 0}, {128, 126, 101, 99, 0}};
  for (int k = 0; k < 4; k++) {
    const size_t length = (size_t)taps[k][0];
    unsigned char bits[256] = {0};
    bits[length - 1] = 1;
    for (size_t t = length; t < 2 * length; t++)
      for (int d = 0; taps[k][d]; d++) bits[t] ^= bits[t - (size_t)taps[k][d]];
    assert_int_equal(complexity_of(bits, 2 * length), length);
  }
}

/* Textbook values (Menezes et al. 1996, example 6.31 and note 6.22). */
static void short_sequences_have_their_published_complexity(void **state) {
  (void)state;
  const unsigned char example[9] = {0, 0, 1, 1, 0, 1, 1, 1, 0};
  const unsigned char zeros[64] = {0};
  unsigned char last[100] = {0};
  last[99] = 1;
  assert_int_equal(complexity_of(example, 9), 5);
  assert_int_equal(complexity_of(zeros, 64), 0);
  assert_int_equal(complexity_of(last, 100), 100);
}

/* All 2^10 sequences of 10 bits: the exact law behind the p-value, by enumeration. */
static void the_law_of_the_complexity_is_exact(void **state) {
  (void)state;
  int count[11] = {0};
  for (unsigned s = 0; s < 1024; s++) {
    unsigned char bits[10];
    for (int t = 0; t < 10; t++) bits[t] = (s >> t) & 1u;
    count[complexity_of(bits, 10)]++;
  }
  for (size_t l = 0; l <= 10; l++) {
    int below = 0, above = 0;
    for (size_t k = 0; k <= 10; k++) {
      below += k <= l ? count[k] : 0;
      above += k >= l ? count[k] : 0;
    }
    const double p = fmin(1.0, 2.0 * fmin(below, above) / 1024.0);
    assert_true(fabs(pbl_linear_complexity_p(l, 10) - p) < 1e-14);
  }
}

static void ranks_and_their_probabilities_are_the_known_ones(void **state) {
  (void)state;
  unsigned m[32];
  double sum = 0.0;
  for (int i = 0; i < 32; i++) m[i] = 1u << i;
  assert_int_equal(pbl_rank32(m), 32);
  for (int i = 0; i < 32; i++) m[i] = 0xFFFFFFFFu >> i;
  assert_int_equal(pbl_rank32(m), 32);
  m[7] = m[3] ^ m[20] ^ m[31];
  assert_int_equal(pbl_rank32(m), 31);
  for (int i = 0; i < 32; i++) m[i] = i % 2 ? 0xDEADBEEFu : 0x12345678u;
  assert_int_equal(pbl_rank32(m), 2);
  for (int r = 0; r <= 32; r++) sum += pbl_rank32_probability(r);
  assert_true(fabs(sum - 1.0) < 1e-12);
  /* Marsaglia and Tsay 1985, to the digits quoted everywhere */
  assert_true(fabs(pbl_rank32_probability(32) - 0.288788) < 1e-6);
  assert_true(fabs(pbl_rank32_probability(31) - 0.577576) < 1e-6);
  assert_true(fabs(pbl_rank32_probability(30) - 0.128350) < 1e-6);
}

static pbl_word_report battery(pbl_generator generator, int steps, uint64_t seed) {
  pbl_word_options opt = pbl_word_options_default();
  pbl_word_report r;
  opt.generator = generator;
  opt.lfsr_steps = steps;
  opt.seed = seed;
  opt.lanes = 8;
  assert_int_equal(pbl_word_battery(&r, &opt, 65536, NULL, NULL), PBL_OK);
  return r;
}

/* Six corrected p-values per seed: P(any < 1e-6) = 6e-6 a seed; p < .001 in more than 2 of 60 has
 * probability 3e-5. */
static void xoshiro128pp_passes_every_test(void **state) {
  (void)state;
  int small = 0;
  for (uint64_t seed = 1; seed <= 10; seed++) {
    const pbl_word_report r = battery(PBL_GEN_XOSHIRO128PP, 32, seed);
    assert_true(r.distribution_passed && r.linear_passed);
    for (int k = 0; k < PBL_WORD_TESTS; k++) {
      assert_true(r.test[k].n_members > 0);
      small += r.test[k].p_value < 0.001;
    }
  }
  assert_true(small <= 2);
}

/* Successive words u and frac(2u + bit): correlation 1/2, so z = sqrt(65536)/2 = 128. */
static void a_one_step_lfsr_is_named_by_its_serial_correlation(void **state) {
  (void)state;
  const pbl_word_report r = battery(PBL_GEN_LFSR32, 1, 1);
  assert_false(r.distribution_passed);
  assert_false(r.test[PBL_WORD_SERIAL].passed);
  assert_true(fabs(r.test[PBL_WORD_SERIAL].statistic - 128.0) < 6.0);
}

/* By construction: ranks are always full, and every bit obeys a recurrence of length 32, or 33 for
 * the constant that XNOR adds. The distribution of 32-step words has no fault to find. */
static void any_lfsr_is_linear_whatever_its_steps(void **state) {
  (void)state;
  for (int steps = 1; steps <= 32; steps *= 2) {
    const pbl_word_report r = battery(PBL_GEN_LFSR32, steps, 7);
    assert_false(r.linear_passed);
    assert_false(r.test[PBL_WORD_RANK].passed);
    assert_false(r.test[PBL_WORD_COMPLEXITY].passed);
    assert_true(r.test[PBL_WORD_COMPLEXITY].statistic == 33.0);
    if (steps == 32) assert_true(r.distribution_passed);
  }
}

/* Each bit of xorshift32 obeys a recurrence of length 32, without a constant. Ranks: any 32 states
 * in turn are independent. */
static void xorshift32_is_linear_and_its_distribution_is_sound(void **state) {
  (void)state;
  const pbl_word_report r = battery(PBL_GEN_XORSHIFT32, 32, 7);
  assert_true(r.distribution_passed);
  assert_false(r.test[PBL_WORD_RANK].passed);
  assert_false(r.test[PBL_WORD_COMPLEXITY].passed);
  assert_true(r.test[PBL_WORD_COMPLEXITY].statistic == 32.0);
}

/* Words of a sound generator with one planted fault each; 4096 words. */
static void planted_faults_are_found_by_the_test_for_them(void **state) {
  (void)state;
  enum { N = 4096 };
  static uint32_t a[N], b[N], bias[N], digit[N];
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 3);
  for (size_t t = 0; t < N; t++) {
    a[t] = pbl_xoshiro_next(&g);
    const uint32_t other = pbl_xoshiro_next(&g);
    b[t] = t % 4 ? other : a[t];                             /* one word in four is shared */
    bias[t] = t % 8 ? other : other | 1u << 11;              /* bit 11: P(1) = 9/16 */
    digit[t] = (other & ~15u) | (t % 16 ? other & 15u : 5u); /* digit 5 a little too often */
  }
  pbl_word_result cross = {0}, monobit = {0}, poker = {0}, sound = {0};
  word_test_cross(&cross, a, b, N, 0, 1);
  assert_true(fabs(cross.statistic - 16.0) < 5.0); /* .25 sqrt(4096) */
  assert_true(cross.p_value < PBL_WORD_ALPHA && cross.worst_b == 1);
  word_test_monobit(&monobit, bias, N, 0);
  assert_true(fabs(monobit.statistic - 8.0) < 5.0 && monobit.worst_b == 11);
  for (size_t t = 0; t < N; t++)
    if (t % 3 == 0) digit[t] = (digit[t] & ~0xF0u) | 0x50u;
  word_test_poker(&poker, digit, N, 0);
  assert_true(poker.p_value < PBL_WORD_ALPHA);
  word_test_monobit(&sound, a, N, 0);
  word_test_poker(&sound, a, N, 0);
  word_test_serial(&sound, a, N, 0);
  assert_true(sound.p_value > 1e-4);
}

static void sizes_out_of_range_are_refused(void **state) {
  (void)state;
  pbl_word_report r;
  pbl_word_options opt = pbl_word_options_default();
  assert_int_equal(pbl_word_battery(&r, &opt, 4064, NULL, NULL), PBL_USAGE);
  assert_int_equal(pbl_word_battery(&r, &opt, 4097, NULL, NULL), PBL_USAGE);
  opt.lanes = 0;
  assert_int_equal(pbl_word_battery(&r, &opt, 4096, NULL, NULL), PBL_USAGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_l_bits_of_an_l_bit_register_have_complexity_l),
      cmocka_unit_test(short_sequences_have_their_published_complexity),
      cmocka_unit_test(the_law_of_the_complexity_is_exact),
      cmocka_unit_test(ranks_and_their_probabilities_are_the_known_ones),
      cmocka_unit_test(xoshiro128pp_passes_every_test),
      cmocka_unit_test(a_one_step_lfsr_is_named_by_its_serial_correlation),
      cmocka_unit_test(any_lfsr_is_linear_whatever_its_steps),
      cmocka_unit_test(xorshift32_is_linear_and_its_distribution_is_sound),
      cmocka_unit_test(planted_faults_are_found_by_the_test_for_them),
      cmocka_unit_test(sizes_out_of_range_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
