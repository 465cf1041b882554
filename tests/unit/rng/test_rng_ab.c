/* The table of configs/rng_ab.yaml sees the faults that are in it, and nothing in the sound rows:
 * 3.2e6 sweeps a row. Intervals are 95 %; a sound row may miss by 2.5 half-widths (4.9 s.d., 1e-6
 * each), its TV by 5 jackknife errors; its innovations may not fall below p = 1e-4 (1e-3 for all).
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_config.h"
#include "pbl_rng_ab.h"

typedef struct {
  pbl_compare_config config;
  pbl_rng_ab_row rows[PBL_MAX_CASES];
} table;

static int fill(void **state) {
  pbl_error err;
  table *t = calloc(1, sizeof *t);
  if (t == NULL) return 1;
  *state = t;
  pbl_status status = pbl_config_load_compare(&t->config, "configs/rng_ab.yaml", NULL, 0, &err);
  if (status == PBL_OK) status = pbl_rng_ab(t->rows, &t->config, NULL, &err);
  if (status != PBL_OK) {
    fprintf(stderr, "%s\n", err.message);
    return 1;
  }
  pbl_rng_ab_print(stdout, t->rows, (size_t)t->config.n_cases);
  return 0;
}

static int drop(void **state) {
  free(*state);
  return 0;
}

static const pbl_rng_ab_row *row(void **state, const char *name) {
  const table *t = *state;
  for (int k = 0; k < t->config.n_cases; k++) {
    if (strcmp(t->rows[k].name, name) == 0) return &t->rows[k];
  }
  fail_msg("no case %s", name);
  return NULL;
}

static bool near(const pbl_estimate *e, double value) {
  return fabs(e->value - value) < 2.5 * 0.5 * (e->high - e->low);
}

static void check_sound(const pbl_rng_ab_row *r) {
  print_message("%s: TV %.4f, null %.4f +- %.4f, p %.2g\n", r->name, r->tv, r->tv_null, r->tv_error,
                r->innovation_p);
  assert_true(fabs(r->tv - r->tv_null) < 5.0 * r->tv_error);
  assert_true(r->innovation_p > 1e-4);
  assert_int_equal(r->fault, PBL_FAULT_NONE);
  assert_true(near(&r->beta_error, 0.0));
  assert_true(near(&r->tau_energy, 1.0) && near(&r->tau_slowest, 1.0));
}

static void sound_sources_show_nothing(void **state) {
  check_sound(row(state, "base"));
  check_sound(row(state, "lfsr32_32_steps"));
  check_sound(row(state, "base_3x3"));
}

/* Published with one generator per p-bit: TV .065 to .1 against a floor of .001 to .01. */
static void one_step_is_seen_in_the_law_and_in_beta_and_is_named(void **state) {
  const pbl_rng_ab_row *r = row(state, "lfsr32_1_step");
  const double half = 0.5 * (r->beta_error.high - r->beta_error.low);
  assert_true(r->tv > 0.05 && r->tv - r->tv_null > 50.0 * r->tv_error);
  assert_true(fabs(r->beta_error.value) > 4.0 * half);
  assert_true(r->innovation_p < 1e-100);
  assert_int_equal(r->fault, PBL_FAULT_CROSS);
}

static void one_step_shifts_tau_of_a_small_model(void **state) {
  const pbl_rng_ab_row *r = row(state, "lfsr32_1_step_3x3");
  const pbl_estimate e = r->tau_energy, s = r->tau_slowest;
  print_message("tau of the energy %.3f [%.3f, %.3f], of the slowest p-bit %.3f [%.3f, %.3f]\n",
                e.value, e.low, e.high, s.value, s.low, s.high);
  assert_true(fabs(e.value - 1.0) > 3.0 * (e.high - e.low) / 2.0);
  assert_true(fabs(s.value - 1.0) > 5.0 * (s.high - s.low) / 2.0);
  assert_true(r->tv > 0.05);
  assert_int_equal(r->fault, PBL_FAULT_CROSS);
}

/* Successive words of eight steps have a correlation of 2^-8: far below the floor of TV. */
static void eight_steps_are_seen_by_the_cross_test_alone(void **state) {
  const pbl_rng_ab_row *r = row(state, "lfsr32_8_steps");
  assert_true(r->tv < 2.0 * r->tv_null);
  assert_true(near(&r->beta_error, 0.0));
  assert_true(r->innovation_p < 1e-9);
  assert_int_equal(r->fault, PBL_FAULT_CROSS);
}

/* The device obeys its own table whatever that is; the ideal law does not know of it. */
static void tables_and_thresholds_obey_their_own_law(void **state) {
  static const char *const names[] = {"table_64",    "table_256",    "table_4096",
                                      "threshold_8", "threshold_12", "threshold_16",
                                      "truncate_64", "truncate_256", "truncate_1024"};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) check_sound(row(state, names[k]));
}

static void eight_bit_thresholds_are_seen_against_the_sigmoid(void **state) {
  const pbl_rng_ab_row *narrow = row(state, "threshold_8"), *base = row(state, "base");
  assert_true(narrow->tv_ideal > 1.5 * base->tv_ideal);
  assert_true(!near(&narrow->beta_error_ideal, 0.0));
  assert_true(near(&row(state, "threshold_16")->beta_error_ideal, 0.0));
}

/* Truncation takes half a step off every field in the mean: a quarter of it with four times the
 * entries. */
static void truncation_looks_hotter_in_proportion_to_the_step(void **state) {
  const double coarse = row(state, "truncate_64")->beta_error_ideal.value;
  const double middle = row(state, "truncate_256")->beta_error_ideal.value;
  const double fine = row(state, "truncate_1024")->beta_error_ideal.value;
  assert_true(coarse < -0.05 && row(state, "truncate_64")->tv_ideal > 0.03);
  assert_true(coarse / middle > 3.2 && coarse / middle < 4.8);
  assert_true(middle / fine > 3.2 && middle / fine < 4.8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_sources_show_nothing),
      cmocka_unit_test(one_step_is_seen_in_the_law_and_in_beta_and_is_named),
      cmocka_unit_test(one_step_shifts_tau_of_a_small_model),
      cmocka_unit_test(eight_steps_are_seen_by_the_cross_test_alone),
      cmocka_unit_test(tables_and_thresholds_obey_their_own_law),
      cmocka_unit_test(eight_bit_thresholds_are_seen_against_the_sigmoid),
      cmocka_unit_test(truncation_looks_hotter_in_proportion_to_the_step),
  };
  return cmocka_run_group_tests(tests, fill, drop);
}
