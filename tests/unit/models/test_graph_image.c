/* Couplings in fixed point: rounding, scales, saturation, hash. */
/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <string.h>

#include "graph_samples.h"
#include "pbl_graph_image.h"

#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

static pbl_graph_image *make(pbl_graph_quantisation *report, const pbl_graph *g, int i, int f,
                             pbl_scale_rule scale) {
  pbl_graph_image *im;
  pbl_error err;
  const pbl_graph_words words = {.weight_int = i, .weight_frac = f, .scale = scale};
  if (pbl_graph_image_create(&im, report, g, &words, &err) != PBL_OK) fail_msg("%s", err.message);
  return im;
}

/* s[1][2]: steps of 1/4 in -2 .. 1.75. Path 0 - 1 - 2 with couplings 0.625 (2.5 steps, away from
 * zero: 3) and -2.25 (clipped to -2), fields 1.76 (7.04: 7, no saturation), 3 (clipped), -0.1. */
static void values_round_away_from_zero_and_saturate(void **state) {
  (void)state;
  const double fields[3] = {1.76, 3, -0.1};
  pbl_graph *g = sample_of_edges(3, (pbl_edge[]){{1, 0, 0.625}, {1, 2, -2.25}}, 2, fields);
  pbl_graph_quantisation r;
  pbl_graph_image *im = make(&r, g, 1, 2, PBL_SCALE_NONE);
  assert_memory_equal(im->word, ((int32_t[]){3, 3, -8, -8}), 4 * sizeof *im->word);
  assert_memory_equal(im->field, ((int32_t[]){7, 7, 0}), 3 * sizeof *im->field);
  assert_memory_equal(im->exponent, ((int32_t[]){0, 0, 0}), 3 * sizeof *im->exponent);
  assert_int_equal(r.n_saturated, 3);
  assert_int_equal(r.n_clipped, 2); /* one edge, one field */
  assert_int_equal(r.n_zeroed, 1);  /* the field of -0.1 */
  assert_int_equal(r.n_parameters, 5);
  assert_near(r.max_abs_error, 1.25, 0);
  assert_true(r.worst_i == 1 && r.worst_j == 1);
  /* errors: 0.125 twice, 0.25 twice, 0.01, 1.25, 0.1 */
  assert_near(r.rms_error, sqrt((2 * 0.015625 + 2 * 0.0625 + 1e-4 + 1.5625 + 0.01) / 7), 1e-15);
  assert_near(r.max_asymmetry, 0, 0);
  pbl_graph_image_destroy(im);
  pbl_graph_destroy(g);
}

/* 3 needs 2^1 in s[1][2] (6 steps of 1/2), and so does -4 = -8 steps; 3.6 rounds to 7, 3.8 would
 * round to 8 and needs 2^2. */
static void the_scale_is_the_least_that_saturates_nothing(void **state) {
  (void)state;
  const struct {
    double value;
    int exponent;
    int32_t word;
  } cases[] = {{3, 1, 6},    {-4, 1, -8}, {3.6, 1, 7},     {3.8, 2, 4},
               {1.75, 0, 7}, {-2, 0, -8}, {0.0625, -4, 4}, {0.21, -3, 7}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    pbl_graph_quantisation r;
    pbl_graph *g = sample_of_edges(2, (pbl_edge[]){{0, 1, cases[k].value}}, 1, NULL);
    pbl_graph_image *im = make(&r, g, 1, 2, PBL_SCALE_GLOBAL);
    assert_int_equal(im->exponent[0], cases[k].exponent);
    assert_int_equal(im->word[0], cases[k].word);
    assert_int_equal(im->word[1], cases[k].word);
    assert_int_equal(r.n_saturated, 0);
    pbl_graph_image_destroy(im);
    pbl_graph_destroy(g);
  }
}

/* Row 0 holds 0.3 and 100, row 1 only 0.3: the words of 0.3 differ in value. */
static void rows_of_different_scale_are_reported_as_asymmetric(void **state) {
  (void)state;
  pbl_graph *g = sample_of_edges(3, (pbl_edge[]){{0, 1, 0.3}, {0, 2, 100}}, 2, NULL);
  pbl_graph_quantisation r;
  pbl_graph_image *im = make(&r, g, 3, 4, PBL_SCALE_ROW); /* words -128 .. 127 */
  /* 100: steps of 1, since 200 steps of 1/2 are too many; 0.3: 77 steps of 2^-8 */
  assert_memory_equal(im->exponent, ((int32_t[]){4, -4, 4}), 3 * sizeof *im->exponent);
  assert_memory_equal(im->word, ((int32_t[]){0, 100, 77, 100}), 4 * sizeof *im->word);
  assert_near(r.max_asymmetry, 77.0 / 256, 0);
  assert_true(r.min_exponent == -4 && r.max_exponent == 4);
  pbl_graph_image_destroy(im);
  im = make(&r, g, 3, 4, PBL_SCALE_GLOBAL);
  assert_near(r.max_asymmetry, 0, 0);
  pbl_graph_image_destroy(im);
  pbl_graph_destroy(g);
}

static void no_error_exceeds_half_a_step_without_saturation(void **state) {
  (void)state;
  pbl_graph *g = sample_random(50, 0.2, 6);
  for (int rule = PBL_SCALE_GLOBAL; rule <= PBL_SCALE_ROW; rule++) {
    pbl_graph_quantisation r;
    pbl_graph_image *im = make(&r, g, 2, 5, (pbl_scale_rule)rule);
    assert_int_equal(r.n_saturated, 0);
    for (size_t i = 0; i < g->n; i++) {
      const double half = ldexp(0.5, im->exponent[i] - 5);
      for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
        assert_near(ldexp(im->word[k], im->exponent[i] - 5), g->coupling[k], half);
      }
      assert_near(ldexp(im->field[i], im->exponent[i] - 5), g->field[i], half);
    }
    assert_true(r.max_abs_error <= ldexp(0.5, r.max_exponent - 5));
    assert_true(r.rms_error <= r.max_abs_error);
    pbl_graph_image_destroy(im);
  }
  pbl_graph_destroy(g);
}

/* Bit by bit, polynomial 0xEDB88320. */
static uint32_t plain_crc(const uint32_t *words, size_t n) {
  uint32_t crc = 0xffffffffu;
  for (size_t k = 0; k < 32 * n; k++) {
    const uint32_t bit = (crc ^ (words[k / 32] >> k % 32)) & 1;
    crc = crc >> 1 ^ (bit ? 0xedb88320u : 0);
  }
  return ~crc;
}

static void hash_is_a_crc_over_the_described_words(void **state) {
  (void)state;
  const double fields[3] = {0, -1, 0.5};
  const uint32_t words[] = {3, 1, 0, 0, 1,           3, 2, 0, (uint32_t)-4, 0, 3, 2, (uint32_t)-8,
                            1, 0, 2, 1, (uint32_t)-8};
  pbl_graph *g = sample_of_edges(3, (pbl_edge[]){{1, 0, 0.75}, {1, 2, -2}}, 2, fields);
  pbl_graph_image *im = make(NULL, g, 1, 2, PBL_SCALE_NONE);
  const uint32_t hash = pbl_graph_image_hash(im, g);
  assert_int_equal(hash, plain_crc(words, sizeof words / sizeof *words));
  im->word[2] ^= 1;
  assert_int_not_equal(pbl_graph_image_hash(im, g), hash);
  pbl_graph_image_destroy(im);
  pbl_graph_destroy(g);
}

static void formats_out_of_range_are_refused(void **state) {
  (void)state;
  pbl_graph *g = sample_of_edges(1, NULL, 0, NULL);
  const int bad[][2] = {{0, 0}, {12, 12}, {-1, 5}, {30, 30}};
  for (size_t k = 0; k < 4; k++) {
    pbl_graph_image *im;
    pbl_error err;
    const pbl_graph_words words = {bad[k][0], bad[k][1], PBL_SCALE_NONE};
    assert_int_equal(pbl_graph_image_create(&im, NULL, g, &words, &err), PBL_INVALID);
    assert_non_null(strstr(err.message, "the width must be in 2..24"));
    assert_null(im);
  }
  pbl_graph_image_destroy(NULL);
  pbl_graph_destroy(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_round_away_from_zero_and_saturate),
      cmocka_unit_test(the_scale_is_the_least_that_saturates_nothing),
      cmocka_unit_test(rows_of_different_scale_are_reported_as_asymmetric),
      cmocka_unit_test(no_error_exceeds_half_a_step_without_saturation),
      cmocka_unit_test(hash_is_a_crc_over_the_described_words),
      cmocka_unit_test(formats_out_of_range_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
