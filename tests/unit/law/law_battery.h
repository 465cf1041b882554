/* Every right-law test on one run of 64 x 500 sweeps, for counting rejections. */
#ifndef LAW_BATTERY_H
#define LAW_BATTERY_H

#include "law_samples.h"

enum {
  LAW_CHI2,
  LAW_KERNEL,
  LAW_MOMENTS,
  LAW_BETWEEN,
  LAW_SLOPE,
  LAW_DISTANCE,
  LAW_MMD_TEST,
  LAW_SUMMARY,
  LAW_KL,
  LAW_SCORE,
  LAW_TESTS
};
extern const char *const law_test_names[LAW_TESTS];

typedef struct {
  double rejected_5[LAW_TESTS], rejected_1[LAW_TESTS]; /* fractions at 5 % and 1 % */
  double tv_value, tv_null, kl_value, kl_null;         /* means over runs */
} law_rates;

/* n_runs runs sampled at LAW_BETA * factor and judged against LAW_BETA, seeds first_seed + k.
 * Two-sample tests compare with a second set at LAW_BETA; the slope with one at LAW_BETA * .8. */
law_rates law_battery(double factor, size_t n_runs, uint64_t first_seed);

#endif
