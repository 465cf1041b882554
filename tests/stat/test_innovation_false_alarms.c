/* False alarms of the innovation tests on sound chains, 2000 seeds per model. The p-values are
 * Bonferroni bounds, so the number below a level a is at most binomial(2000, a); bound: mean plus
 * 4 sigma (plus 1 for the smallest level, where the binomial is skewed). */
// cmocka.h needs these headers before it
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <math.h>

#include "pbl_innovation.h"
#include "stats_samples.h"

#define SEEDS 2000
#define LEVELS 4
static const double LEVEL[LEVELS] = {0.05, 0.01, 1e-3, 1e-4};

static void count_alarms(const sample_plan *base) {
  int alarms[PBL_TEST_COUNT + 1][LEVELS] = {{0}};
  size_t tests[PBL_TEST_COUNT] = {0}, skipped[PBL_TEST_COUNT] = {0};
  const char *name[PBL_TEST_COUNT + 1] = {0};
  name[PBL_TEST_COUNT] = "all";
  for (uint64_t seed = 1; seed <= SEEDS; ++seed) {
    sample_plan plan = *base;
    plan.seed = seed;
    pbl_image *image = sample_image(&plan);
    pbl_chains *chains = sample_chains(&plan, image);
    pbl_innovation_report r;
    assert_int_equal(pbl_innovation_test(&r, chains, image, image->beta, plan.kernel, plan.every,
                                         false, 1, NULL, NULL),
                     PBL_OK);
    for (size_t t = 0; t <= PBL_TEST_COUNT; ++t) {
      const double p = t < PBL_TEST_COUNT ? r.family[t].p_value : r.p_value;
      for (size_t l = 0; l < LEVELS; ++l) alarms[t][l] += p < LEVEL[l];
      if (t == PBL_TEST_COUNT) continue;
      name[t] = r.family[t].name;
      tests[t] += r.family[t].n_tests;
      skipped[t] += r.family[t].n_skipped;
    }
    pbl_chains_destroy(chains);
    pbl_image_destroy(image);
  }
  int failures = 0;
  for (size_t t = 0; t <= PBL_TEST_COUNT; ++t) {
    print_message("%-10s", name[t]);
    for (size_t l = 0; l < LEVELS; ++l) {
      const double mean = SEEDS * LEVEL[l];
      print_message("  %4d of %6.1f", alarms[t][l], mean);
      failures += alarms[t][l] > mean + 4.0 * sqrt(mean) + 1.0;
    }
    if (t < PBL_TEST_COUNT) {
      print_message("  (%.1f tests, %.1f skipped)", (double)tests[t] / SEEDS,
                    (double)skipped[t] / SEEDS);
    }
    print_message("\n");
  }
  assert_int_equal(failures, 0);
}

static void sound_chains_of_a_warm_model_raise_no_excess_of_alarms(void **state) {
  (void)state;
  const sample_plan plan = {.n_visible = 9,
                            .n_hidden = 7,
                            .weight_scale = 0.4,
                            .bias_scale = 0.2,
                            .n_chains = 6,
                            .n_draws = 400,
                            .every = 1};
  count_alarms(&plan);
}

/* Strong couplings and biases: most updates are nearly certain, and members live on rare events. */
static void sound_chains_of_a_cold_model_raise_no_excess_of_alarms(void **state) {
  (void)state;
  const sample_plan plan = {.n_visible = 10,
                            .n_hidden = 8,
                            .weight_scale = 1.0,
                            .bias_scale = 1.5,
                            .n_chains = 8,
                            .n_draws = 600,
                            .every = 1};
  count_alarms(&plan);
}

/* More than 64 visible p-bits: cross pairs at distance 1 to 8. */
static void sound_chains_of_a_wide_model_raise_no_excess_of_alarms(void **state) {
  (void)state;
  const sample_plan plan = {.n_visible = 70,
                            .n_hidden = 5,
                            .weight_scale = 0.3,
                            .bias_scale = 1.5,
                            .n_chains = 4,
                            .n_draws = 200,
                            .every = 2};
  count_alarms(&plan);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_chains_of_a_warm_model_raise_no_excess_of_alarms),
      cmocka_unit_test(sound_chains_of_a_cold_model_raise_no_excess_of_alarms),
      cmocka_unit_test(sound_chains_of_a_wide_model_raise_no_excess_of_alarms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
