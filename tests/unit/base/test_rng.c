#include <math.h>

#include "pbl_cmocka.h"
#include "pbl_rng.h"

/* First outputs from the authors' xoshiro128plusplus.c with state {1,2,3,4}; also recomputed from
 * the published recurrence in Python. */
static void xoshiro_gives_the_published_sequence(void **state) {
  (void)state;
  static const uint32_t expected[10] = {641u,       1573767u,    3222811527u, 3517856514u,
                                        836907274u, 4247214768u, 3867114732u, 1355841295u,
                                        495546011u, 621204420u};
  pbl_xoshiro g = {{1, 2, 3, 4}};
  for (int i = 0; i < 10; i++) assert_int_equal(pbl_xoshiro_next(&g), expected[i]);
}

static void splitmix64_gives_the_published_sequence(void **state) {
  (void)state;
  uint64_t s = 1;
  assert_true(pbl_splitmix64(&s) == 0x910a2dec89025cc1u);
  assert_true(pbl_splitmix64(&s) == 0xbeeb8da1658eec67u);
  assert_true(pbl_splitmix64(&s) == 0xf893a2eefb32555eu);
}

static void seeding_takes_splitmix_outputs_low_word_first(void **state) {
  (void)state;
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 1);
  assert_int_equal(g.s[0], 0x89025cc1u);
  assert_int_equal(g.s[1], 0x910a2decu);
  assert_int_equal(g.s[2], 0x658eec67u);
  assert_int_equal(g.s[3], 0xbeeb8da1u);
}

/* Expected states: the 128 x 128 transition matrix over GF(2), squared 64 and 96 times (Python). */
static void jump_equals_2_to_the_64_steps(void **state) {
  (void)state;
  pbl_xoshiro g = {{1, 2, 3, 4}};
  const pbl_xoshiro expected = {{0xa9765206u, 0x797aa168u, 0x5b62e331u, 0x02abd971u}};
  pbl_xoshiro_jump(&g);
  assert_memory_equal(&g, &expected, sizeof g);
}

static void long_jump_equals_2_to_the_96_steps(void **state) {
  (void)state;
  pbl_xoshiro g = {{1, 2, 3, 4}};
  const pbl_xoshiro expected = {{0x6014af26u, 0x7eb5a852u, 0x399fbba1u, 0xbe5ebfceu}};
  pbl_xoshiro_long_jump(&g);
  assert_memory_equal(&g, &expected, sizeof g);
}

static void jump_commutes_with_next(void **state) {
  (void)state;
  pbl_xoshiro a, b;
  pbl_xoshiro_seed(&a, 77);
  b = a;
  pbl_xoshiro_next(&a);
  pbl_xoshiro_jump(&a);
  pbl_xoshiro_jump(&b);
  pbl_xoshiro_next(&b);
  assert_memory_equal(&a, &b, sizeof a);
}

/* n = 10^5 doubles of one seed; the mean of a uniform has sd 1/sqrt(12 n): bound 5 sigmas. */
static void doubles_lie_in_the_unit_interval_with_mean_one_half(void **state) {
  (void)state;
  const int n = 100000;
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 2024);
  double sum = 0;
  for (int i = 0; i < n; i++) {
    const double u = pbl_xoshiro_double(&g);
    assert_true(u >= 0.0 && u < 1.0);
    sum += u;
  }
  assert_true(fabs(sum / n - 0.5) < 5.0 / sqrt(12.0 * n));
}

static void doubles_use_53_bits_of_two_draws(void **state) {
  (void)state;
  pbl_xoshiro g = {{1, 2, 3, 4}};
  const uint64_t bits = (641ull << 32 | 1573767ull) >> 11;
  assert_true(pbl_xoshiro_double(&g) == ldexp((double)bits, -53));
}

static void floats_use_24_bits_of_one_draw(void **state) {
  (void)state;
  pbl_xoshiro g = {{1, 2, 3, 4}};
  pbl_xoshiro_next(&g);
  assert_true(pbl_xoshiro_float(&g) == ldexpf((float)(1573767u >> 8), -24));
}

/* n = 10^5 normals of one seed: mean within 5/sqrt(n), variance within 5 sqrt(2/n), fourth moment
 * within 5 sqrt(96/n) of 3 (variance of x^4 is 96). */
static void normals_have_standard_moments(void **state) {
  (void)state;
  const int n = 100000;
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 5);
  double m1 = 0, m2 = 0, m4 = 0;
  for (int i = 0; i < n; i++) {
    const double x = pbl_xoshiro_normal(&g);
    m1 += x;
    m2 += x * x;
    m4 += x * x * x * x;
  }
  assert_true(fabs(m1 / n) < 5.0 / sqrt(n));
  assert_true(fabs(m2 / n - 1.0) < 5.0 * sqrt(2.0 / n));
  assert_true(fabs(m4 / n - 3.0) < 5.0 * sqrt(96.0 / n));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(xoshiro_gives_the_published_sequence),
      cmocka_unit_test(splitmix64_gives_the_published_sequence),
      cmocka_unit_test(seeding_takes_splitmix_outputs_low_word_first),
      cmocka_unit_test(jump_equals_2_to_the_64_steps),
      cmocka_unit_test(long_jump_equals_2_to_the_96_steps),
      cmocka_unit_test(jump_commutes_with_next),
      cmocka_unit_test(doubles_lie_in_the_unit_interval_with_mean_one_half),
      cmocka_unit_test(doubles_use_53_bits_of_two_draws),
      cmocka_unit_test(floats_use_24_bits_of_one_draw),
      cmocka_unit_test(normals_have_standard_moments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
