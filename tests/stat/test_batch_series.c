/* Coverage of the interval of tau from batch sums, its bias, and the rate of RESOLVED, 1000
 * repetitions each (exact coverage .95 has s.d. .0069). With an argument: that many. */
// cmocka.h needs these headers before it
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_batch_series.h"
#include "stats_samples.h"

static int repetitions = 1000;

typedef struct {
  double coverage, resolved, covered_resolved, bias, spread, wrong; /* wrong: RESOLVED and .5 off */
} summary;

typedef void (*sampler)(double *x, size_t n, double parameter, uint64_t seed);

static void two_state(double *x, size_t n, double l, uint64_t seed) {
  sample_two_state(x, n, l, 0.5, seed);
}

static void ar1(double *x, size_t n, double phi, uint64_t seed) {
  const size_t burn_in = 2000;
  double *all = malloc((n + burn_in) * sizeof *all);
  assert_non_null(all);
  sample_ar1(all, n + burn_in, phi, seed);
  memcpy(x, all + burn_in, n * sizeof *x);
  free(all);
}

/* phi = .5, and a tenth of its variance with another phi. */
static void two_times(double *x, size_t n, double phi, uint64_t seed) {
  double *slow = malloc(n * sizeof *slow);
  assert_non_null(slow);
  ar1(x, n, 0.5, seed);
  ar1(slow, n, phi, seed + 77);
  /* variances 1/(12 (1 - .25)) and 1/(12 (1 - phi^2)); the slow one is scaled to a tenth */
  const double scale = sqrt(0.1 * (1 - phi * phi) / 0.75);
  for (size_t t = 0; t < n; t++) x[t] += scale * slow[t];
  free(slow);
}

static void chain_sums(pbl_series_sums *sums, pbl_series_blocks *blocks, const double *x, size_t n,
                       bool ends) {
  int64_t *v = malloc(n * sizeof *v);
  assert_non_null(v);
  for (size_t t = 0; t < n; t++) v[t] = llround(1000 * x[t]) + 30000;
  assert_int_equal(pbl_series_sums_of(sums, blocks, v, n, NULL), PBL_OK);
  for (int b = 0; b < PBL_SERIES_LEVELS; b++) blocks[b].has_ends = ends;
  free(v);
}

static summary repeat(const char *name, sampler sample, double parameter, double exact,
                      size_t n_chains, size_t n, bool ends) {
  double *x = malloc(n * sizeof *x);
  pbl_series_sums *sums = malloc(n_chains * sizeof *sums);
  pbl_series_blocks *blocks = malloc(n_chains * PBL_SERIES_LEVELS * sizeof *blocks);
  assert_true(x && sums && blocks);
  summary s = {0};
  double squares = 0, level = 0;
  for (int i = 0; i < repetitions; ++i) {
    for (size_t c = 0; c < n_chains; ++c) {
      sample(x, n, parameter, ((uint64_t)i * n_chains + c) * 2654435761u + n);
      chain_sums(&sums[c], blocks + c * PBL_SERIES_LEVELS, x, n, ends);
    }
    pbl_batch_series_report r;
    assert_int_equal(pbl_batch_series(&r, sums, blocks, n_chains, n, 0, NULL), PBL_OK);
    const bool covered = r.tau.low <= exact && exact <= r.tau.high;
    const bool resolved = r.resolution == PBL_RESOLVED;
    s.coverage += (double)covered / repetitions;
    s.resolved += (double)resolved / repetitions;
    s.covered_resolved += (double)(covered && resolved);
    s.bias += (r.tau.value / exact - 1.0) / repetitions;
    squares += (r.tau.value / exact - 1.0) * (r.tau.value / exact - 1.0) / repetitions;
    s.wrong += (double)(resolved && fabs(log(r.tau.value / exact)) > 0.5) / repetitions;
    level += (double)r.level / repetitions;
  }
  s.spread = sqrt(squares - s.bias * s.bias);
  s.covered_resolved /= fmax(1, s.resolved * repetitions);
  print_message(
      "%-10s R %2zu, n %6zu, tau %5.3g%s: coverage %.3f, bias %+.3f +- %.3f, level %.1f, "
      "resolved %.3f (covered %.3f, far off %.4f)\n",
      name, n_chains, n, exact, ends ? "" : ", two sizes", s.coverage, s.bias, s.spread, level,
      s.resolved, s.covered_resolved, s.wrong);
  free(x);
  free(sums);
  free(blocks);
  return s;
}

static double tau_of(double l) {
  return 0.5 * (1 + l) / (1 - l);
}

/* Intervals are a little wide: what sigma2 still rises to the next level is added. */
static void assert_sound(const summary *s) {
  assert_true(s->coverage > 0.92 && s->coverage < 0.995);
  assert_true(fabs(s->bias) < 0.06);
  assert_true(s->resolved > 0.8 && s->covered_resolved > 0.92);
  assert_true(s->wrong < 0.03);
}

static void interval_of_two_state_chains_covers(void **state) {
  (void)state;
  const double l[] = {-0.6, 0.0, 0.5, 0.8, 0.9};
  for (size_t i = 0; i < 5; ++i) {
    const summary s = repeat("two-state", two_state, l[i], tau_of(l[i]), 16, 2000, true);
    assert_sound(&s);
  }
}

static void interval_of_autoregressions_covers(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{16, 4000}, {4, 4000}, {1, 20000}};
  const double l[] = {0.0, 0.5, 0.8, 0.9};
  for (size_t k = 0; k < 3; ++k) {
    for (size_t i = 0; i < 4; ++i) {
      const summary s = repeat("ar1", ar1, l[i], tau_of(l[i]), shapes[k][0], shapes[k][1], true);
      assert_sound(&s);
    }
  }
}

static void batches_of_two_sizes_do_without_the_ends(void **state) {
  (void)state;
  const double l[] = {0.0, 0.5, 0.8, 0.9};
  for (size_t i = 0; i < 4; ++i) {
    const summary s = repeat("ar1", ar1, l[i], tau_of(l[i]), 16, 4000, false);
    assert_sound(&s);
  }
}

static void short_chains_are_not_resolved(void **state) {
  (void)state;
  assert_true(repeat("ar1", ar1, 0.95, tau_of(0.95), 16, 2000, true).resolved < 0.02);
  assert_true(repeat("ar1", ar1, 0.98, tau_of(0.98), 16, 1000, true).resolved < 0.001);
  assert_true(repeat("ar1", ar1, 0.98, tau_of(0.98), 64, 4000, true).resolved < 0.02);
}

/* A slow part of a tenth of the variance, which is most of tau: seen late, as by any window. */
static void slow_part_is_found_in_long_chains(void **state) {
  (void)state;
  const double exact = (1.5 + 0.1 * 49.5) / 1.1;
  repeat("two times", two_times, 0.98, exact, 16, 2000, true);
  const summary middle = repeat("two times", two_times, 0.98, exact, 16, 8000, true);
  assert_true(middle.coverage > 0.87 && fabs(middle.bias) < 0.05);
  const summary s = repeat("two times", two_times, 0.98, exact, 16, 32000, true);
  assert_sound(&s);
}

int main(int argc, char **argv) {
  if (argc > 1) repetitions = atoi(argv[1]);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(interval_of_two_state_chains_covers),
      cmocka_unit_test(interval_of_autoregressions_covers),
      cmocka_unit_test(batches_of_two_sizes_do_without_the_ends),
      cmocka_unit_test(short_chains_are_not_resolved),
      cmocka_unit_test(slow_part_is_found_in_long_chains),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
