/* The law of the quantised kernel, and its distance from the ideal law of the same weights. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h relies on the headers above. */
#include <cmocka.h>

#include "pbl_oracle.h"

#define BETA 0.81

static pbl_hw hardware(int table_size, int rounding) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = hw.n_hidden = 6;
  hw.table_size = table_size;
  hw.rounding = rounding;
  return hw;
}

static pbl_rbm *six_by_six(uint64_t seed) {
  pbl_rbm *m = NULL;
  assert_int_equal(pbl_rbm_random(&m, 6, 6, 0.5, 0.2, seed, NULL), PBL_OK);
  return m;
}

/* Distance of the image's law from the ideal law of the weights it holds. */
static double distance_to_own_ideal(const pbl_rbm *m, const pbl_hw *hw, pbl_kernel kernel) {
  pbl_image *im = NULL;
  pbl_oracle *quantised = NULL, *ideal = NULL;
  const size_t n_words = ((size_t)hw->n_visible + 1) * ((size_t)hw->n_hidden + 1);
  double words[49];
  assert_true(n_words <= 49);
  assert_int_equal(pbl_image_create(&im, NULL, m, hw, BETA, NULL), PBL_OK);
  for (size_t k = 0; k < n_words; k++) words[k] = ldexp((double)im->words[k], -hw->weight_frac);
  const double beta = ldexp((double)im->beta, -hw->beta_frac);
  assert_int_equal(pbl_oracle_create_image(&quantised, im, im->beta, kernel, NULL), PBL_OK);
  assert_int_equal(
      pbl_oracle_create_weights(&ideal, hw->n_visible, hw->n_hidden, words, beta, kernel, NULL),
      PBL_OK);
  const double tv = pbl_oracle_total_variation(quantised, ideal);
  pbl_oracle_destroy(quantised);
  pbl_oracle_destroy(ideal);
  pbl_image_destroy(im);
  return tv;
}

static void quantised_law_is_a_fixed_point_of_its_kernel(void **state) {
  (void)state;
  pbl_rbm *m = six_by_six(1);
  for (int k = 0; k < 2; k++) {
    const pbl_hw hw = hardware(64, 1);
    pbl_image *im = NULL;
    pbl_oracle *o = NULL;
    assert_int_equal(pbl_image_create(&im, NULL, m, &hw, BETA, NULL), PBL_OK);
    assert_int_equal(
        pbl_oracle_create_image(&o, im, im->beta,
                                k == 0 ? PBL_KERNEL_CYCLIC : PBL_KERNEL_PALINDROMIC, NULL),
        PBL_OK);
    const size_t n = pbl_oracle_states(o);
    double *q = malloc(n * sizeof *q);
    assert_non_null(q);
    memcpy(q, pbl_oracle_law(o), n * sizeof *q);
    pbl_oracle_forward(o, q);
    double change = 0.0, mass = 0.0;
    for (size_t x = 0; x < n; x++) {
      change += 0.5 * fabs(q[x] - pbl_oracle_law(o)[x]);
      mass += pbl_oracle_law(o)[x];
    }
    assert_true(change < 1e-13);
    assert_true(fabs(mass - 1.0) < 1e-12);
    assert_true(isnan(pbl_oracle_log_z(o)));
    free(q);
    pbl_oracle_destroy(o);
    pbl_image_destroy(im);
  }
  pbl_rbm_destroy(m);
}

/* Four times the entries cut the distance about four times; the
 * fields of s[5][6] weights fall between the entries of even the largest table. */
static void quantised_law_tends_to_the_ideal_law_as_the_table_grows(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 3; seed++) {
    pbl_rbm *m = six_by_six(seed);
    double previous = INFINITY;
    for (int size = 64; size <= 4096; size *= 4) {
      const pbl_hw hw = hardware(size, 1);
      const double tv = distance_to_own_ideal(m, &hw, PBL_KERNEL_CYCLIC);
      assert_true(tv < previous / 2.5);
      previous = tv;
    }
    assert_true(previous < 1e-3);
    pbl_rbm_destroy(m);
  }
}

/* Published for 256 entries at beta .81, other weights: nearest .005 to .008, truncated .016 to
 * .022; the second range is widened by a tenth. */
static void truncated_table_index_costs_at_least_twice_the_rounded_one(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    pbl_rbm *m = six_by_six(seed);
    const pbl_hw nearest = hardware(256, 1), truncated = hardware(256, 0);
    const double tv_nearest = distance_to_own_ideal(m, &nearest, PBL_KERNEL_CYCLIC);
    const double tv_truncated = distance_to_own_ideal(m, &truncated, PBL_KERNEL_CYCLIC);
    assert_true(tv_truncated > 2.0 * tv_nearest);
    assert_true(tv_nearest > .005 && tv_nearest < .008);
    assert_true(tv_truncated > .014 && tv_truncated < .024);
    pbl_rbm_destroy(m);
  }
}

/* All formats together, against the unrounded model. */
static void quantised_law_tends_to_the_original_model_as_all_formats_widen(void **state) {
  (void)state;
  pbl_rbm *m = six_by_six(4);
  pbl_oracle *original = NULL;
  double previous = INFINITY;
  assert_int_equal(pbl_oracle_create_model(&original, m, BETA, PBL_KERNEL_CYCLIC, NULL), PBL_OK);
  for (int step = 0; step < 3; step++) {
    pbl_hw hw = hardware(64 << (3 * step), 1);
    hw.weight_frac = 4 + 4 * step;
    hw.beta_frac = 8 + 4 * step;
    hw.threshold_bits = 12 + 10 * step;
    pbl_image *im = NULL;
    pbl_oracle *quantised = NULL;
    assert_int_equal(pbl_image_create(&im, NULL, m, &hw, BETA, NULL), PBL_OK);
    assert_int_equal(pbl_oracle_create_image(&quantised, im, im->beta, PBL_KERNEL_CYCLIC, NULL),
                     PBL_OK);
    const double tv = pbl_oracle_total_variation(quantised, original);
    assert_true(tv < previous / 4.0);
    previous = tv;
    pbl_oracle_destroy(quantised);
    pbl_image_destroy(im);
  }
  assert_true(previous < 1e-3);
  pbl_oracle_destroy(original);
  pbl_rbm_destroy(m);
}

static void clamped_image_is_refused(void **state) {
  (void)state;
  pbl_rbm *m = six_by_six(1);
  const pbl_hw hw = hardware(256, 1);
  pbl_image *im = NULL;
  pbl_oracle *o = NULL;
  pbl_error err;
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, BETA, NULL), PBL_OK);
  im->clamp[7] = 1;
  assert_int_equal(pbl_oracle_create_image(&o, im, im->beta, PBL_KERNEL_CYCLIC, &err), PBL_INVALID);
  assert_non_null(strstr(err.message, "p-bit 7"));
  assert_null(o);
  pbl_image_destroy(im);
  pbl_rbm_destroy(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quantised_law_is_a_fixed_point_of_its_kernel),
      cmocka_unit_test(quantised_law_tends_to_the_ideal_law_as_the_table_grows),
      cmocka_unit_test(quantised_law_tends_to_the_original_model_as_all_formats_widen),
      cmocka_unit_test(clamped_image_is_refused),
      cmocka_unit_test(truncated_table_index_costs_at_least_twice_the_rounded_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
