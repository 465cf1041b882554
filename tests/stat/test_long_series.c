/* 1e8 draws, as one chain and as sixteen, of an autoregression with half tau 9.5: right numbers and
 * a named verdict. With an argument: that many draws instead. Takes 5 times the memory of the
 * draws; skips where there is less. */
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
#include <unistd.h>

#include "pbl_batch_series.h"
#include "pbl_estimators.h"
#include "stats_samples.h"

#define PHI 0.9
#define TAU 9.5

static size_t n_total = 100000000;

/* relative s.d. of window and convex estimates: at most 4.1/sqrt(ESS); 5 sigma */
static void assert_near(double value, const char *what) {
  const double sigma = 4.1 / sqrt((double)n_total / (2.0 * TAU));
  if (!(fabs(value / TAU - 1.0) < 5.0 * sigma)) fail_msg("%s: %.6g, exact 9.5", what, value);
}

/* The same draws, rounded to thousandths, from their batch sums alone. */
static void check_batches(const double *x, size_t n_chains, size_t n) {
  pbl_series_sums *sums = calloc(n_chains, sizeof *sums);
  pbl_series_blocks *blocks = calloc(n_chains * PBL_SERIES_LEVELS, sizeof *blocks);
  int64_t *v = malloc(n * sizeof *v);
  assert_true(sums && blocks && v);
  for (size_t c = 0; c < n_chains; ++c) {
    for (size_t t = 0; t < n; ++t) v[t] = llround(1000.0 * x[c * n + t]);
    assert_int_equal(pbl_series_sums_of(&sums[c], blocks + c * PBL_SERIES_LEVELS, v, n, NULL),
                     PBL_OK);
  }
  pbl_batch_series_report r;
  assert_int_equal(pbl_batch_series(&r, sums, blocks, n_chains, n, 0, NULL), PBL_OK);
  print_message("  batch sums: %s, tau %.6g [%.6g, %.6g]\n", pbl_resolution_name(r.resolution),
                r.tau.value, r.tau.low, r.tau.high);
  assert_int_equal(r.resolution, PBL_RESOLVED);
  assert_true(r.tau.low < TAU * 1.01 && r.tau.high > TAU * 0.99);
  assert_near(r.tau.value, "batch sums");
  free(sums);
  free(blocks);
  free(v);
}

static void check(size_t n_chains) {
  const size_t n = n_total / n_chains;
  const double free_bytes = (double)sysconf(_SC_AVPHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
  double *x = malloc(n_total * sizeof *x);
  if (x == NULL || free_bytes < 45.0 * (double)n_total) {
    print_message("SKIPPED: %.0f MB of free memory needed\n", 45e-6 * (double)n_total);
    free(x);
    skip();
  }
  for (size_t c = 0; c < n_chains; ++c) sample_ar1(x + c * n, n, PHI, 1000 * n_chains + c);
  const double *series = x;
  pbl_resolve_report r;
  pbl_estimates e;
  assert_int_equal(pbl_resolve(&r, &series, 1, n_chains, n, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_estimate_all(&e, x, n_chains, n, NULL), PBL_OK);
  check_batches(x, n_chains, n);
  free(x);
  const double v = r.base.variance, total = (double)n_total;
  print_message("%zu x %zu: %s, tau %.6g [%.6g, %.6g]\n", n_chains, n,
                pbl_resolution_name(r.resolution), r.tau.value, r.tau.low, r.tau.high);
  assert_int_equal(r.resolution, n_chains < 4 ? PBL_SHORT : PBL_RESOLVED);
  if (n_chains >= 4) assert_true(r.tau.low < TAU * 1.01 && r.tau.high > TAU * 0.99);
  assert_near(r.tau.value, "value");
  assert_near(r.base.tau.value, "convex");
  assert_near(e.sokal.tau, "Sokal");
  assert_near(e.wolff_15.tau, "Gamma");
  assert_near(0.5 * e.geyer_chain.monotone / v, "IMS");
  assert_near(0.5 * total / e.stan.ess_basic, "Stan");
  assert_near(0.5 * total / e.stan.ess_bulk, "Stan, bulk"); /* scores are nearly linear in x */
  assert_true(fabs(e.stan.rhat_rank - 1.0) < 1e-3);
}

static void one_long_chain_has_its_tau(void **state) {
  (void)state;
  check(1);
}

static void sixteen_long_chains_are_resolved(void **state) {
  (void)state;
  check(16);
}

int main(int argc, char **argv) {
  if (argc > 1) n_total = (size_t)strtoul(argv[1], NULL, 10);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_long_chain_has_its_tau),
      cmocka_unit_test(sixteen_long_chains_are_resolved),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
