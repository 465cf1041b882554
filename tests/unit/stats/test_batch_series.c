/* Estimates from batch sums: what they are made of, and what they refuse. Coverage and bias:
 * tests/stat/test_batch_series.c */
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

#include "pbl_batch_series.h"
#include "stats_samples.h"

enum { LEVELS = PBL_SERIES_LEVELS, MAX_CHAINS = 16, N = 4000 };

typedef struct {
  int64_t x[MAX_CHAINS][N];
  pbl_series_sums sums[MAX_CHAINS];
  pbl_series_blocks blocks[MAX_CHAINS][LEVELS];
} fixture;

static fixture g;

/* Autoregressions, half tau 4.5, in thousandths of (-1/2, 1/2) noise, plus an offset. */
static void fill(size_t n_chains, int64_t offset) {
  static double x[N + 500];
  for (size_t c = 0; c < n_chains; c++) {
    sample_ar1(x, N + 500, 0.8, 17 + c);
    for (size_t t = 0; t < N; t++) g.x[c][t] = llround(1000 * x[500 + t]) + offset;
  }
}

static void sum_up(size_t n_chains, size_t n) {
  for (size_t c = 0; c < n_chains; c++)
    assert_int_equal(pbl_series_sums_of(&g.sums[c], g.blocks[c], g.x[c], n, NULL), PBL_OK);
}

static pbl_batch_series_report report(size_t n_chains, size_t n) {
  pbl_batch_series_report r;
  assert_int_equal(pbl_batch_series(&r, g.sums, &g.blocks[0][0], n_chains, n, 0, NULL), PBL_OK);
  return r;
}

static void sums_are_those_of_the_definition(void **state) {
  (void)state;
  const size_t n = 77;
  fill(1, -3);
  sum_up(1, n);
  for (int b = 0; b < LEVELS; b++) {
    const size_t size = (size_t)1 << b, blocks = n / size;
    int64_t a = 0, c = 0, all = 0, before = 0, first = 0;
    for (size_t j = 0; j < blocks; j++) {
      int64_t v = 0;
      for (size_t t = j * size; t < (j + 1) * size; t++) v += g.x[0][t];
      a += v * v;
      c += j > 0 ? v * before : 0;
      all += v;
      before = v;
      if (j == 0) first = v;
    }
    assert_true(g.sums[0].a[b] == a && g.sums[0].c[b] == c);
    assert_int_equal(g.blocks[0][b].sum, all);
    assert_int_equal(g.blocks[0][b].first, first);
    assert_int_equal(g.blocks[0][b].last, before);
  }
}

/* One chain about its mean, from the draws: the flat window's sum and the correction for the mean.
 */
static void sigma2_is_that_of_batches_and_their_neighbours(void **state) {
  (void)state;
  const size_t n = 4000;
  fill(1, 700);
  sum_up(1, n);
  const pbl_batch_series_report r = report(1, n);
  double mean = 0, square = 0, product = 0, before = 0, variance = 0;
  const size_t size = (size_t)1 << r.level, blocks = n / size;
  for (size_t t = 0; t < n; t++) mean += (double)g.x[0][t] / (double)n;
  for (size_t t = 0; t < n; t++) variance += pow((double)g.x[0][t] - mean, 2) / (double)n;
  for (size_t j = 0; j < blocks; j++) {
    double v = 0;
    for (size_t t = j * size; t < (j + 1) * size; t++) v += (double)g.x[0][t] - mean;
    square += v * v / (double)blocks;
    product += j > 0 ? v * before / (double)(blocks - 1) : 0;
    before = v;
  }
  const double sigma2 = (square + 2 * product) / (double)size / (1 - 3 * (double)size / (double)n);
  assert_true(r.neighbours && r.level == 5); /* 32 >= 5 x 4.5 */
  assert_true(fabs(r.mean / mean - 1) < 1e-12);
  assert_true(fabs(r.variance / (variance + sigma2 / (double)n) - 1) < 1e-9);
  assert_true(fabs(r.tau.value / (0.5 * sigma2 / r.variance) - 1) < 1e-9);
  assert_true(fabs(r.ess.value * 2 * r.tau.value / (double)n - 1) < 1e-12);
}

static void an_offset_changes_nothing_but_the_mean(void **state) {
  (void)state;
  fill(16, 0);
  sum_up(16, N);
  const pbl_batch_series_report a = report(16, N);
  fill(16, 8000000); /* near the end of 24 bits, 5000 standard deviations */
  sum_up(16, N);
  const pbl_batch_series_report b = report(16, N);
  assert_int_equal(a.level, b.level);
  assert_true(fabs(b.mean - 8000000 - a.mean) < 1e-7);
  assert_true(fabs(a.tau.value / b.tau.value - 1) < 1e-9);
  assert_true(fabs(a.tau.low / b.tau.low - 1) < 1e-9);
  assert_true(fabs(a.variance / b.variance - 1) < 1e-9);
  assert_int_equal(a.resolution, PBL_RESOLVED);
  assert_true(a.tau.low < 4.5 && a.tau.high > 4.5);
}

static void a_level_without_its_sum_is_not_used(void **state) {
  (void)state;
  fill(8, 5000);
  sum_up(8, N);
  for (size_t c = 0; c < 8; c++)
    for (int b = 0; b < LEVELS; b++) g.blocks[c][b].has_ends = false;
  pbl_batch_series_report r = report(8, N);
  assert_false(r.neighbours);
  assert_int_equal(r.resolution, PBL_RESOLVED);
  assert_true(r.tau.low < 4.5 && r.tau.high > 4.5);
  for (int b = 6; b < LEVELS; b++) g.blocks[3][b].has_sum = false;
  r = report(8, N);
  assert_int_equal(r.largest, 4); /* batches of two sizes: 32 is known, 64 is not */
  assert_int_equal(r.resolution, PBL_UNRESOLVED);
  assert_string_equal(r.gate, "no usable batch of more than 10 tau");
}

static void chains_apart_are_not_resolved(void **state) {
  (void)state;
  fill(8, 0);
  for (size_t t = 0; t < N; t++) g.x[2][t] += 4000;
  sum_up(8, N);
  const pbl_batch_series_report r = report(8, N);
  assert_int_equal(r.resolution, PBL_UNRESOLVED);
}

static void degenerate_chains_have_their_names(void **state) {
  (void)state;
  fill(4, 0);
  for (size_t t = 0; t < N; t++) g.x[1][t] = 12;
  sum_up(4, N);
  assert_int_equal(report(4, N).resolution, PBL_PARTIAL);
  for (size_t c = 0; c < 4; c++)
    for (size_t t = 0; t < N; t++) g.x[c][t] = 7 * (int64_t)c - 8388608;
  sum_up(4, N);
  pbl_batch_series_report r = report(4, N);
  assert_int_equal(r.resolution, PBL_FROZEN);
  assert_true(isnan(r.tau.value) && isnan(r.ess.value));
  sum_up(4, 15);
  assert_int_equal(report(4, 15).resolution, PBL_SHORT);
  fill(1, 0);
  sum_up(1, 60); /* 15 batches of 4 */
  r = report(1, 60);
  assert_int_equal(r.resolution, PBL_SHORT);
  assert_int_equal(r.level, -1);
  pbl_error err = {0};
  assert_int_equal(pbl_batch_series(&r, g.sums, &g.blocks[0][0], 0, N, 0, &err), PBL_INVALID);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_are_those_of_the_definition),
      cmocka_unit_test(sigma2_is_that_of_batches_and_their_neighbours),
      cmocka_unit_test(an_offset_changes_nothing_but_the_mean),
      cmocka_unit_test(a_level_without_its_sum_is_not_used),
      cmocka_unit_test(chains_apart_are_not_resolved),
      cmocka_unit_test(degenerate_chains_have_their_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
