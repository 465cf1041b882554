/* Quantisation, the quantised law, and the image hash. */
/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_image.h"

#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

static pbl_hw small_hw(int n_visible, int n_hidden) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = n_visible;
  hw.n_hidden = n_hidden;
  return hw;
}

static pbl_image *make_image(pbl_quantisation *report, const pbl_rbm *m, const pbl_hw *hw,
                             double beta) {
  pbl_image *im;
  pbl_error err;
  if (pbl_image_create(&im, report, m, hw, beta, &err) != PBL_OK) fail_msg("%s", err.message);
  return im;
}

/* An image of zero weights, for tests of the activation alone. */
static pbl_image *blank_image(const pbl_hw *hw) {
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_create(&m, hw->n_visible, hw->n_hidden, NULL), PBL_OK);
  pbl_image *im = make_image(NULL, m, hw, 1.0);
  pbl_rbm_destroy(m);
  return im;
}

/* V = 2, H = 3: the places of w, b, c and the zero in the corner; values are small integers / 64.
 */
static void layout_is_rows_of_weights_with_biases_in_the_last_column_and_row(void **state) {
  (void)state;
  const int32_t expected[12] = {1, 2, 3, 10, 4, 5, 6, 20, -7, -8, -9, 0};
  const pbl_hw hw = small_hw(2, 3);
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_create(&m, 2, 3, NULL), PBL_OK);
  for (int k = 0; k < 6; k++) m->w[k] = (float)(k + 1) / 64;
  m->b[0] = 10.0f / 64;
  m->b[1] = 20.0f / 64;
  for (int k = 0; k < 3; k++) m->c[k] = (float)(-7 - k) / 64;
  pbl_quantisation report;
  pbl_image *im = make_image(&report, m, &hw, 1.0);
  assert_memory_equal(im->words, expected, sizeof expected);
  assert_int_equal(report.n_parameters, 11);
  assert_true(report.max_abs_error == 0 && report.rms_error == 0);
  assert_true(report.max_abs_weight == 20.0 / 64);
  for (int p = 0; p < 5; p++) assert_int_equal(im->clamp[p], 0);
  pbl_image_destroy(im);
  pbl_image_destroy(NULL);
  pbl_rbm_destroy(m);
}

static int32_t word_of(float value, pbl_quantisation *report) {
  const pbl_hw hw = small_hw(1, 1);
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_create(&m, 1, 1, NULL), PBL_OK);
  m->w[0] = value;
  pbl_image *im = make_image(report, m, &hw, 1.0);
  const int32_t word = im->words[0];
  pbl_image_destroy(im);
  pbl_rbm_destroy(m);
  return word;
}

static void ties_round_away_from_zero(void **state) {
  (void)state;
  assert_int_equal(word_of(0.5f / 64, NULL), 1);
  assert_int_equal(word_of(-0.5f / 64, NULL), -1);
  assert_int_equal(word_of(2.5f / 64, NULL), 3);
  assert_int_equal(word_of(-2.5f / 64, NULL), -3);
  assert_int_equal(word_of(nextafterf(0.5f / 64, 0.0f), NULL), 0);
  assert_int_equal(word_of(1.4f / 64, NULL), 1);
}

/* s[5][6]: words -2048..2047. What only rounds to an end of the range has not saturated. */
static void saturation_starts_beyond_the_ends_and_is_counted(void **state) {
  (void)state;
  pbl_quantisation report;
  assert_int_equal(word_of(2047.0f / 64, &report), 2047);
  assert_int_equal(report.n_saturated, 0);
  assert_int_equal(word_of(2047.4f / 64, &report), 2047);
  assert_int_equal(report.n_saturated, 0);
  assert_int_equal(word_of(2047.5f / 64, &report), 2047);
  assert_int_equal(report.n_saturated, 1);
  assert_int_equal(word_of(-32.0f, &report), -2048);
  assert_int_equal(report.n_saturated, 0);
  assert_int_equal(word_of(-2048.5f / 64, &report), -2048);
  assert_int_equal(report.n_saturated, 1);
  assert_int_equal(word_of(3e38f, &report), 2047);
  assert_true(report.max_abs_weight == (double)3e38f);
  assert_int_equal(report.n_saturated, 1);
}

static void report_names_the_worst_parameter(void **state) {
  (void)state;
  const pbl_hw hw = small_hw(2, 3);
  pbl_rbm *m;
  pbl_quantisation report;
  assert_int_equal(pbl_rbm_create(&m, 2, 3, NULL), PBL_OK);
  m->w[4] = 0.25f / 64;
  m->c[2] = 40.0f; /* saturates: 40 - 2047/64 = 8.015625 */
  pbl_image *im = make_image(&report, m, &hw, 1.0);
  assert_int_equal(report.n_saturated, 1);
  assert_int_equal(report.worst_row, 2);
  assert_int_equal(report.worst_col, 2);
  assert_true(report.max_abs_error == 8.015625);
  assert_int_equal(report.n_zeroed, 1); /* the quarter of a step */
  const double squares = 8.015625 * 8.015625 + (0.25 / 64) * (0.25 / 64);
  assert_near(report.rms_error, sqrt(squares / 11), 1e-15);
  pbl_image_destroy(im);
  pbl_rbm_destroy(m);
}

/* For values spread evenly over a step the error has rms step/sqrt(12); n = 1055 values of e^2 with
 * relative standard deviation sqrt(4/5) each: rms within 6 sigma = 6/2 * sqrt(0.8/1055) = 0.083. */
static void error_without_saturation_is_at_most_half_a_step(void **state) {
  (void)state;
  pbl_hw hw = small_hw(31, 32);
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_random(&m, 31, 32, 1.0, 1.0, 31, NULL), PBL_OK);
  for (int frac = 3; frac <= 12; frac += 3) {
    pbl_quantisation report;
    hw.weight_frac = frac;
    pbl_image *im = make_image(&report, m, &hw, 1.0);
    const double step = ldexp(1.0, -frac);
    assert_int_equal(report.n_saturated, 0);
    assert_int_equal(report.n_parameters, 31 * 32 + 63);
    assert_true(report.max_abs_error <= step / 2);
    assert_near(report.rms_error / (step / sqrt(12.0)), 1.0, 0.083);
    pbl_image_destroy(im);
  }
  pbl_rbm_destroy(m);
}

static void dequantised_model_is_word_times_step_and_requantises_to_itself(void **state) {
  (void)state;
  const pbl_hw hw = small_hw(5, 4);
  pbl_rbm *m, *back;
  pbl_quantisation report;
  assert_int_equal(pbl_rbm_random(&m, 5, 4, 1.0, 1.0, 32, NULL), PBL_OK);
  m->w[0] = 100.0f;
  strcpy(m->name, "five by four");
  pbl_image *im = make_image(NULL, m, &hw, 0.3);
  assert_int_equal(pbl_image_dequantise(&back, im, m, NULL), PBL_OK);
  assert_true(back->w[0] == 2047.0f / 64);
  assert_true(back->b[4] == (float)im->words[4 * 5 + 4] / 64);
  assert_true(back->c[3] == (float)im->words[5 * 5 + 3] / 64);
  assert_true(back->beta == 1229.0 / 4096); /* 0.3 * 4096 = 1228.8 */
  assert_string_equal(back->name, "five by four");
  pbl_image *again = make_image(&report, back, &hw, back->beta);
  assert_true(report.max_abs_error == 0 && report.beta_error == 0);
  assert_int_equal(pbl_image_hash(again), pbl_image_hash(im));
  pbl_rbm_destroy(back);
  assert_int_equal(pbl_image_dequantise(&back, im, NULL, NULL), PBL_OK);
  assert_string_equal(back->name, "");
  pbl_rbm_destroy(back);
  pbl_rbm_destroy(m);
  pbl_image_destroy(again);
  pbl_image_destroy(im);
}

static void beta_is_rounded_and_its_error_reported(void **state) {
  (void)state;
  const pbl_hw hw = small_hw(1, 1);
  pbl_rbm *m;
  pbl_quantisation report;
  assert_int_equal(pbl_rbm_create(&m, 1, 1, NULL), PBL_OK);
  pbl_image *im = make_image(&report, m, &hw, 0.3);
  assert_int_equal(im->beta, 1229);
  assert_near(report.beta_error, 1229.0 / 1228.8 - 1, 1e-15);
  pbl_image_destroy(im);
  const double bad[] = {0, -1, 16, 1e-5, (double)NAN, (double)INFINITY};
  for (int k = 0; k < 6; k++) {
    assert_int_equal(pbl_image_create(&im, NULL, m, &hw, bad[k], NULL), PBL_CONFIG);
    assert_null(im);
  }
  pbl_rbm_destroy(m);
}

static void sizes_that_do_not_match_are_refused_naming_both(void **state) {
  (void)state;
  const pbl_hw hw = small_hw(5, 4);
  pbl_rbm *m;
  pbl_image *im;
  pbl_error err;
  assert_int_equal(pbl_rbm_create(&m, 4, 5, NULL), PBL_OK);
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, 1.0, &err), PBL_CONFIG);
  assert_non_null(strstr(err.message, "4 visible x 5 hidden"));
  assert_non_null(strstr(err.message, "5 x 4"));
  pbl_rbm_destroy(m);
}

static void model_with_a_nan_is_refused(void **state) {
  (void)state;
  const pbl_hw hw = small_hw(2, 2);
  pbl_rbm *m;
  pbl_image *im;
  pbl_error err;
  assert_int_equal(pbl_rbm_create(&m, 2, 2, NULL), PBL_OK);
  m->c[1] = NAN;
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, 1.0, &err), PBL_INVALID);
  assert_non_null(strstr(err.message, "hidden bias [1]"));
  pbl_rbm_destroy(m);
}

/* sigma(-1) = 0.26894142136999512, sigma(-8) = 0.00033535013046647811 (any table of the logistic
 * function); k * step = k/64. 2^24 * these = 4512088.317 and 5626.242. */
static void table_holds_rounded_thresholds(void **state) {
  (void)state;
  const pbl_hw hw = small_hw(1, 1);
  pbl_image *im = blank_image(&hw);
  assert_int_equal(im->table[0], 1 << 23);
  assert_int_equal(im->table[64], 4512088);
  assert_int_equal(im->table[512], 5626);
  for (int k = 1; k < 1024; k++) assert_true(im->table[k] <= im->table[k - 1]);
  pbl_image_destroy(im);
}

/* Formats of the sweep below: weight_frac, beta_frac, table_size, range_log2, threshold_bits. */
static const int k_formats[][5] = {
    {6, 12, 1024, 4, 24}, {6, 12, 256, 4, 24}, {3, 8, 64, 3, 8},
    {10, 4, 4096, 4, 32}, {4, 10, 16, 2, 16},  {2, 12, 512, 5, 12},
};
enum { N_FORMATS = sizeof k_formats / sizeof k_formats[0] };

static pbl_image *format_image(int k, int rounding) {
  pbl_hw hw = small_hw(2, 2);
  hw.weight_frac = k_formats[k][0];
  hw.beta_frac = k_formats[k][1];
  hw.table_size = k_formats[k][2];
  hw.table_range_log2 = k_formats[k][3];
  hw.threshold_bits = k_formats[k][4];
  hw.rounding = rounding;
  return blank_image(&hw);
}

static uint32_t some_beta(const pbl_image *im, int k) { /* about 0.1, 1 and 3.7 */
  const double beta[] = {0.1, 1.0, 3.7};
  return (uint32_t)lround(ldexp(beta[k], im->hw.beta_frac));
}

static void law_is_exactly_antisymmetric_in_the_field(void **state) {
  (void)state;
  for (int k = 0; k < 2 * N_FORMATS; k++) {
    pbl_image *im = format_image(k / 2, k % 2);
    const uint64_t full = (uint64_t)1 << im->hw.threshold_bits;
    for (int b = 0; b < 3; b++) {
      for (int64_t f = 0; f < 40000; f++) {
        const uint32_t beta = some_beta(im, b);
        assert_true(pbl_image_threshold(im, f, beta) + pbl_image_threshold(im, -f, beta) == full);
      }
      assert_true(pbl_image_threshold(im, 0, some_beta(im, b)) == full / 2);
    }
    pbl_image_destroy(im);
  }
}

static void law_never_falls_as_the_field_rises(void **state) {
  (void)state;
  for (int k = 0; k < 2 * N_FORMATS; k++) {
    pbl_image *im = format_image(k / 2, k % 2);
    for (int b = 0; b < 3; b++) {
      uint64_t last = 0;
      for (int64_t f = -40000; f <= 40000; f++) {
        const uint64_t t = pbl_image_threshold(im, f, some_beta(im, b));
        if (t < last) fail_msg("format %d: threshold falls at field %lld", k / 2, (long long)f);
        last = t;
      }
    }
    pbl_image_destroy(im);
  }
}

/* Largest |T/2^T - sigma(2 beta I)| in units of the bound, over fields within the table.
 * Bound: the index is off by half a step at most and sigma' <= 1/4, so step/8, and the entry is
 * rounded, so half of 2^-T more. */
static double worst_error_over_bound(const pbl_image *im) {
  const pbl_hw *hw = &im->hw;
  const double step = ldexp(1.0, hw->table_range_log2) / hw->table_size;
  const double bound = step / 8 + ldexp(0.5, -hw->threshold_bits);
  double worst = 0;
  for (int b = 0; b < 3; b++) {
    const uint32_t beta = some_beta(im, b);
    const double scale = ldexp(2.0 * beta, -hw->beta_frac - hw->weight_frac);
    for (int64_t f = -40000; f <= 40000; f++) {
      const double x = scale * (double)f;
      if (fabs(x) > (hw->table_size - 1) * step) continue;
      const double p = ldexp((double)pbl_image_threshold(im, f, beta), -hw->threshold_bits);
      worst = fmax(worst, fabs(p - 1 / (1 + exp(-x))) / bound);
    }
  }
  return worst;
}

static void law_is_within_half_a_table_step_of_the_logistic_function(void **state) {
  (void)state;
  for (int k = 0; k < N_FORMATS; k++) {
    pbl_image *im = format_image(k, 1);
    const double worst = worst_error_over_bound(im);
    if (worst > 1) fail_msg("format %d: %.3f of the bound", k, worst);
    pbl_image_destroy(im);
  }
}

/* The check above must see a device that truncates its index: about twice the bound. */
static void truncated_index_breaks_the_half_step_bound(void **state) {
  (void)state;
  for (int k = 0; k < N_FORMATS; k++) {
    pbl_image *im = format_image(k, 0);
    const double worst = worst_error_over_bound(im);
    if (worst < 1.5) fail_msg("format %d: only %.3f of the bound", k, worst);
    pbl_image_destroy(im);
  }
}

static void fields_beyond_the_table_use_its_last_entry(void **state) {
  (void)state;
  const pbl_hw hw = small_hw(1, 1);
  pbl_image *im = blank_image(&hw);
  const uint64_t last = im->table[1023], full = 1 << 24;
  const int64_t fields[] = {512, 1 << 20, (int64_t)1 << 40, INT64_MAX}; /* 512 * 2/64 = 16 */
  for (int k = 0; k < 4; k++) {
    assert_true(pbl_image_threshold(im, -fields[k], 4096) == last);
    assert_true(pbl_image_threshold(im, fields[k], 4096) == full - last);
  }
  assert_true(pbl_image_threshold(im, INT64_MIN, UINT32_MAX) == last);
  assert_true(pbl_image_threshold(im, -((int64_t)1 << 40), 1 << 24) == last); /* product 2^64 */
  pbl_image_destroy(im);
}

/* The table is run-time data: with one whose first entry is not one half, the side that the zero
 * field belongs to (I <= 0 takes the entry itself) becomes visible. */
static void zero_field_takes_the_first_entry_itself(void **state) {
  (void)state;
  const pbl_hw hw = small_hw(1, 1);
  pbl_image *im = blank_image(&hw);
  im->table[0] = 1000;
  assert_true(pbl_image_threshold(im, 0, 4096) == 1000);
  im->table[2] = 7; /* field 1 is 2/64 = two steps of 1/64 */
  assert_true(pbl_image_threshold(im, -1, 4096) == 7);
  assert_true(pbl_image_threshold(im, 1, 4096) == (1 << 24) - 7);
  pbl_image_destroy(im);
}

/* CRC-32 bit by bit from its definition (reflected polynomial 0xEDB88320). */
static uint32_t plain_crc(uint32_t crc, const uint8_t *p, size_t n) {
  crc = ~crc;
  for (size_t k = 0; k < n; k++) {
    crc ^= p[k];
    for (int b = 0; b < 8; b++) crc = crc >> 1 ^ ((crc & 1) ? 0xEDB88320u : 0);
  }
  return ~crc;
}

static uint32_t plain_crc_word(uint32_t crc, uint32_t w) {
  const uint8_t bytes[4] = {(uint8_t)w, (uint8_t)(w >> 8), (uint8_t)(w >> 16), (uint8_t)(w >> 24)};
  return plain_crc(crc, bytes, 4);
}

/* An image with all kinds of words: negative ones, three lanes, one clamp. */
static pbl_image *hash_image(void) {
  pbl_hw hw = small_hw(3, 2);
  hw.lanes = hw.replicas = 3;
  hw.table_size = 16;
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_random(&m, 3, 2, 5.0, 5.0, 33, NULL), PBL_OK);
  pbl_image *im = make_image(NULL, m, &hw, 1.0);
  im->clamp[3] = 1;
  pbl_rbm_destroy(m);
  return im;
}

static void hash_is_the_crc_of_words_then_tables_of_all_lanes_then_clamps(void **state) {
  (void)state;
  assert_true(plain_crc(0, (const uint8_t *)"123456789", 9) == 0xCBF43926u); /* published check */
  pbl_image *im = hash_image();
  uint32_t crc = 0;
  for (int k = 0; k < 12; k++) crc = plain_crc_word(crc, (uint32_t)im->words[k]);
  for (int lane = 0; lane < 3; lane++) {
    for (int k = 0; k < 16; k++) crc = plain_crc_word(crc, im->table[k]);
  }
  for (uint32_t p = 0; p < 5; p++) crc = plain_crc_word(crc, p == 3);
  assert_true(pbl_image_hash(im) == crc);
  pbl_image_destroy(im);
}

/* 900 x 800 words are far more than the hasher's buffer. */
static void hash_of_a_large_image_streams_correctly(void **state) {
  (void)state;
  const pbl_hw hw = small_hw(899, 799);
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_random(&m, 899, 799, 1.0, 1.0, 34, NULL), PBL_OK);
  pbl_image *im = make_image(NULL, m, &hw, 1.0);
  uint32_t crc = 0;
  for (int k = 0; k < 900 * 800; k++) crc = plain_crc_word(crc, (uint32_t)im->words[k]);
  for (int k = 0; k < 1024; k++) crc = plain_crc_word(crc, im->table[k]);
  for (int p = 0; p < 899 + 799; p++) crc = plain_crc_word(crc, 0);
  assert_true(pbl_image_hash(im) == crc);
  pbl_image_destroy(im);
  pbl_rbm_destroy(m);
}

static void hash_sees_every_single_bit(void **state) {
  (void)state;
  pbl_image *im = hash_image();
  const uint32_t before = pbl_image_hash(im);
  for (int k = 0; k < 12 * 32; k++) {
    const uint32_t bit = (uint32_t)1 << (k % 32);
    im->words[k / 32] = (int32_t)((uint32_t)im->words[k / 32] ^ bit);
    assert_true(pbl_image_hash(im) != before);
    im->words[k / 32] = (int32_t)((uint32_t)im->words[k / 32] ^ bit);
  }
  for (int k = 0; k < 16 * 32; k++) {
    im->table[k / 32] ^= (uint32_t)1 << (k % 32);
    assert_true(pbl_image_hash(im) != before);
    im->table[k / 32] ^= (uint32_t)1 << (k % 32);
  }
  for (int p = 0; p < 5; p++) {
    im->clamp[p] ^= 1;
    assert_true(pbl_image_hash(im) != before);
    im->clamp[p] ^= 1;
  }
  assert_true(pbl_image_hash(im) == before);
  im->hw.lanes = 1;
  assert_true(pbl_image_hash(im) != before);
  pbl_image_destroy(im);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(layout_is_rows_of_weights_with_biases_in_the_last_column_and_row),
      cmocka_unit_test(ties_round_away_from_zero),
      cmocka_unit_test(saturation_starts_beyond_the_ends_and_is_counted),
      cmocka_unit_test(report_names_the_worst_parameter),
      cmocka_unit_test(error_without_saturation_is_at_most_half_a_step),
      cmocka_unit_test(dequantised_model_is_word_times_step_and_requantises_to_itself),
      cmocka_unit_test(beta_is_rounded_and_its_error_reported),
      cmocka_unit_test(sizes_that_do_not_match_are_refused_naming_both),
      cmocka_unit_test(model_with_a_nan_is_refused),
      cmocka_unit_test(table_holds_rounded_thresholds),
      cmocka_unit_test(law_is_exactly_antisymmetric_in_the_field),
      cmocka_unit_test(law_never_falls_as_the_field_rises),
      cmocka_unit_test(law_is_within_half_a_table_step_of_the_logistic_function),
      cmocka_unit_test(truncated_index_breaks_the_half_step_bound),
      cmocka_unit_test(fields_beyond_the_table_use_its_last_entry),
      cmocka_unit_test(zero_field_takes_the_first_entry_itself),
      cmocka_unit_test(hash_is_the_crc_of_words_then_tables_of_all_lanes_then_clamps),
      cmocka_unit_test(hash_of_a_large_image_streams_correctly),
      cmocka_unit_test(hash_sees_every_single_bit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
