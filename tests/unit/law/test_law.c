/* Right-law tests on cases with a known answer, and a short count of their rejections. */
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

#include "law_battery.h"
#include "law_internal.h"
#include "pbl_law.h"
#include "pbl_rng.h"
#include "pbl_stats.h"

/* Published: 38 cells for the eight-spin instance at least mass .01. */
static void cells_of_the_published_instance_are_thirty_eight(void **state) {
  (void)state;
  pbl_oracle *o = law_oracle();
  size_t cell[256], n_cells = 0;
  double mass[256] = {0};
  assert_int_equal(pbl_law_cells(cell, &n_cells, pbl_oracle_law(o), 256, .01, NULL), PBL_OK);
  assert_int_equal(n_cells, 38);
  for (size_t x = 0; x < 256; x++) mass[cell[x]] += pbl_oracle_law(o)[x];
  for (size_t a = 0; a < n_cells; a++) assert_true(mass[a] >= .01);
  assert_int_equal(pbl_law_cells(cell, &n_cells, pbl_oracle_law(o), 256, 0.0, NULL), PBL_INVALID);
  pbl_oracle_destroy(o);
}

/* The definition by sorting: the next cell takes the largest masses left, ties by state. */
static void cells_follow_the_masses_from_the_largest_down(void **state) {
  (void)state;
  enum { N = 512 };
  static const double least[] = {.4, .07, .003, 1e-4};
  double law[N], total = 0.0;
  pbl_xoshiro rng;
  pbl_xoshiro_seed(&rng, 5);
  /* an eighth of the states share one mass, some are next to nothing */
  for (size_t x = 0; x < N; x++) total += law[x] = x % 8 ? pow(pbl_xoshiro_double(&rng), 9) : .1;
  for (size_t x = 0; x < N; x++) law[x] /= total;
  for (size_t i = 0; i < 4; i++) {
    size_t cell[N], n_cells = 0, at = 0;
    bool taken[N] = {false};
    double mass = 0.0;
    assert_int_equal(pbl_law_cells(cell, &n_cells, law, N, least[i], NULL), PBL_OK);
    for (size_t k = 0; k < N; k++) {
      size_t next = N;
      for (size_t x = 0; x < N; x++) {
        if (!taken[x] && (next == N || law[x] > law[next])) next = x;
      }
      taken[next] = true;
      assert_int_equal(cell[next], at < n_cells ? at : n_cells - 1);
      mass += law[next];
      if (mass >= least[i]) {
        at++;
        mass = 0.0;
      }
    }
    assert_int_equal(n_cells, at);
  }
}

static pbl_chains *empty(size_t n_chains, size_t n_draws, size_t n_pbits) {
  pbl_chains *c = NULL;
  assert_int_equal(pbl_chains_create(&c, n_chains, n_draws, n_pbits, NULL), PBL_OK);
  memset(c->bits, 0, n_chains * n_draws * c->row_bytes);
  c->n_recorded = n_draws;
  return c;
}

/* Two free p-bits at beta 0: draws are independent, so V = D - pi pi', X^2 is Pearson's with three
 * degrees of freedom: counts 30, 20, 25, 25 of 100 give (25 + 25)/25 = 2. */
static void independent_draws_give_pearsons_chi_square(void **state) {
  (void)state;
  const double w[4] = {0};
  const size_t counts[4] = {30, 20, 25, 25};
  pbl_oracle *o = NULL;
  pbl_dense *d = NULL;
  pbl_law_test t;
  pbl_chains *c = empty(1, 100, 2);
  size_t at = 0;
  for (size_t x = 0; x < 4; x++)
    for (size_t k = 0; k < counts[x]; k++) *pbl_chains_row(c, 0, at++) = (uint8_t)x;
  assert_int_equal(pbl_oracle_create_weights_scan(&o, 1, 1, w, 1.0, PBL_SCAN_CYCLIC, NULL), PBL_OK);
  assert_int_equal(pbl_dense_create(&d, o, 1, NULL), PBL_OK);
  assert_int_equal(pbl_law_chi2(&t, c, d, .01, NULL), PBL_OK);
  assert_true(fabs(t.statistic - 2.0) < 1e-12 && fabs(t.dof - 3.0) < 1e-12);
  assert_true(fabs(t.p_value - pbl_chi2_upper_p(2.0, 3.0)) < 1e-12);
  pbl_chains_destroy(c);
  pbl_dense_destroy(d);
  pbl_oracle_destroy(o);
}

/* The same four counts: TV = .05, KL and Hellinger written out; null means for independent draws
 * are 3/(2n) and the sum over cells of sqrt(p(1-p)/(2 pi n)). */
static void divergences_of_independent_draws_have_their_closed_forms(void **state) {
  (void)state;
  const double w[4] = {0}, q[4] = {.3, .2, .25, .25}, pi = 3.14159265358979323846;
  const size_t counts[4] = {30, 20, 25, 25};
  pbl_oracle *o = NULL;
  pbl_dense *d = NULL;
  pbl_law_divergences v;
  pbl_chains *c = empty(2, 50, 2);
  double kl = 0.0, affinity = 0.0;
  size_t at = 0;
  for (size_t x = 0; x < 4; x++) {
    kl += q[x] * log(q[x] / .25);
    affinity += sqrt(q[x] * .25);
    for (size_t k = 0; k < counts[x]; k++, at++) *pbl_chains_row(c, at % 2, at / 2) = (uint8_t)x;
  }
  assert_int_equal(pbl_oracle_create_weights_scan(&o, 1, 1, w, 1.0, PBL_SCAN_CYCLIC, NULL), PBL_OK);
  assert_int_equal(pbl_dense_create(&d, o, 1, NULL), PBL_OK);
  assert_int_equal(pbl_law_divergence(&v, c, d, NULL), PBL_OK);
  assert_int_equal(v.n_cells, 4);
  assert_true(fabs(v.kl.value - kl) < 1e-14 && fabs(v.kl.null_mean - 3.0 / 200.0) < 1e-14);
  assert_true(fabs(v.tv.value - .05) < 1e-14);
  assert_true(fabs(v.tv.null_mean - 4.0 * sqrt(.25 * .75 / (200.0 * pi))) < 1e-14);
  assert_true(fabs(v.hellinger2.value - (1.0 - affinity)) < 1e-14);
  assert_true(fabs(v.deff_mean - 1.0) < 1e-12);
  assert_true(v.tv.error >= 0.0 && isfinite(v.kl.error));
  pbl_chains_destroy(c);
  pbl_dense_destroy(d);
  pbl_oracle_destroy(o);
}

/* One chain that alternates between two of four equally likely states: from each source all 50
 * moves go to one of four cells of expected count 12.5 -> two cells of 25 and X^2 = 50 each. */
static void alternation_is_an_impossible_kernel_for_free_pbits(void **state) {
  (void)state;
  const double w[4] = {0};
  pbl_oracle *o = NULL;
  pbl_dense *d = NULL;
  pbl_law_test t;
  pbl_chains *c = empty(1, 101, 2);
  for (size_t k = 0; k < 101; k++) *pbl_chains_row(c, 0, k) = k % 2 ? 3 : 0;
  assert_int_equal(pbl_oracle_create_weights_scan(&o, 1, 1, w, 1.0, PBL_SCAN_CYCLIC, NULL), PBL_OK);
  assert_int_equal(pbl_dense_create(&d, o, 1, NULL), PBL_OK);
  assert_int_equal(pbl_law_kernel_chi2(&t, c, d, NULL), PBL_OK);
  assert_int_equal(t.n_tests, 2);
  assert_true(fabs(t.dof - 2.0) < 1e-12 && fabs(t.statistic - 100.0) < 1e-9);
  c->n_recorded = 11;
  assert_int_equal(pbl_law_kernel_chi2(&t, c, d, NULL), PBL_INVALID);
  pbl_chains_destroy(c);
  pbl_dense_destroy(d);
  pbl_oracle_destroy(o);
}

/* Benjamini and Hochberg 1995, their example of 15 p-values: four rejections at .05; Simes' p of
 * the set is .0015, from its least member. */
static void simes_and_benjamini_hochberg_match_the_published_example(void **state) {
  (void)state;
  const double p[15] = {.3240, .0004, .0019, .0095, .0001, .0278, .0298, .0344,
                        .0459, .0201, .4262, .5719, .6528, .7590, 1.000};
  double simes = 0.0;
  size_t rejected = 0;
  assert_int_equal(pbl_law_simes(&simes, &rejected, .05, p, 15, NULL), PBL_OK);
  assert_int_equal(rejected, 4);
  assert_true(fabs(simes - .0015) < 1e-15);
}

/* Chain means of p-bit 0: .6, .2, .4, 0 -> mean .3, s.d. .2582, t = (.3 - 0)/.1291 = 2.3238;
 * p-bit 1 is always +1 and its exact mean is 1. Edge: the same as p-bit 0. */
static void moment_test_is_a_t_test_over_chains(void **state) {
  (void)state;
  const size_t plus[4] = {8, 6, 7, 5};
  const double first[2] = {0.0, 1.0}, edge = 0.0, wrong[2] = {0.0, 0.9};
  pbl_law_test t;
  size_t rejected;
  pbl_chains *c = empty(4, 10, 2);
  for (size_t r = 0; r < 4; r++)
    for (size_t k = 0; k < 10; k++) *pbl_chains_row(c, r, k) = (uint8_t)(2 + (k < plus[r]));
  assert_int_equal(pbl_law_moments(&t, &rejected, .05, c, 1, first, &edge, NULL), PBL_OK);
  assert_int_equal(t.n_tests, 3);
  assert_true(fabs(t.statistic - .3 / sqrt(.2 / 3.0 / 4.0)) < 1e-12 && t.dof == 3.0);
  assert_int_equal(t.worst, 0);
  /* two equal p, one of 1: Simes = min(3p, 3p/2, 1) */
  assert_true(fabs(t.p_value - 1.5 * pbl_student_t_two_sided_p(t.statistic, 3.0)) < 1e-12);
  assert_int_equal(pbl_law_moments(&t, NULL, .05, c, 1, wrong, &edge, NULL), PBL_OK);
  assert_true(t.p_value == 0.0 && t.worst == 1);
  assert_int_equal(pbl_law_moments_between(&t, NULL, .05, c, c, 1, NULL), PBL_OK);
  assert_true(t.statistic == 0.0 && t.p_value > .999);
  pbl_chains_destroy(c);
}

/* Two-level energies drawn exactly from exp(-beta E) on E = 0, 1: the slope of the log ratio is
 * beta_b - beta_a exactly, as the two-level fit has a closed form: logit difference. */
static void energy_slope_of_a_two_level_system_is_the_log_odds_ratio(void **state) {
  (void)state;
  enum { R = 10, N = 100 };
  double a[R * N], b[R * N];
  for (size_t k = 0; k < R * N; k++) {
    a[k] = (k / R) % 4 == 0; /* a quarter of each chain is excited; k % R rotates the chains */
    b[k] = (k / R) % 5 < 2;
  }
  double pa = 0.0, pb = 0.0;
  for (size_t k = 0; k < R * N; k++) {
    pa += a[k] / (R * N);
    pb += b[k] / (R * N);
  }
  const double expected = log(pa / (1 - pa)) - log(pb / (1 - pb));
  pbl_law_slope s;
  assert_int_equal(pbl_law_energy_slope(&s, a, R, N, 1.0, b, R, N, 0.5, NULL), PBL_OK);
  assert_true(fabs(s.slope - expected) < 1e-9);
  assert_true(s.expected == -0.5 && s.test.dof == 18.0);
  for (size_t k = 0; k < R * N; k++) b[k] = 5.0; /* separated samples */
  assert_int_equal(pbl_law_energy_slope(&s, a, R, N, 1.0, b, R, N, 0.5, NULL), PBL_NUMERIC);
  assert_int_equal(pbl_law_energy_slope(&s, a, R, N, 1.0, b, 1, N, 0.5, NULL), PBL_INVALID);
}

/* At one temperature the slope is the log odds ratio again, and nothing is expected of it. */
static void energy_slope_at_one_temperature_expects_zero(void **state) {
  (void)state;
  enum { R = 10, N = 100 };
  double a[R * N], b[R * N];
  for (size_t k = 0; k < R * N; k++) {
    a[k] = (k / R) % 4 == 0;
    b[k] = (k / R) % 5 < 2;
  }
  pbl_law_slope s;
  assert_int_equal(pbl_law_energy_slope(&s, a, R, N, 1.0, b, R, N, 1.0, NULL), PBL_OK);
  assert_true(s.expected == 0.0 && isnan(s.difference_error));
  /* 250 of 1000 against 400 of 1000 */
  assert_true(fabs(s.slope - (log(.25 / .75) - log(.4 / .6))) < 1e-9);
  assert_true(fabs(s.test.statistic - s.slope / s.error) < 1e-12);
}

/* a chi2_2 + b chi2_2 is a sum of two exponentials: P(> x) = (a e^(-x/2a) - b e^(-x/2b))/(a - b).
 * Satterthwaite's law is half of it at the last point. */
static void weighted_chi_squares_keep_their_level_in_the_far_tail(void **state) {
  (void)state;
  const double a = 10.0, b = 1.0, pairs[4] = {a, a, b, b}, equal[5] = {3, 3, 3, 3, 3};
  for (double x = 2.0; x < 300.0; x *= 1.25) {
    const double exact = (a * exp(-0.5 * x / a) - b * exp(-0.5 * x / b)) / (a - b);
    assert_true(fabs(law_weighted_chi2_p(x, pairs, 4) / exact - 1.0) < 0.05);
    const double chi2 = pbl_chi2_upper_p(x / 3.0, 5.0);
    assert_true(fabs(law_weighted_chi2_p(x, equal, 5) / chi2 - 1.0) < 0.02);
  }
  assert_true(law_weighted_chi2_p(0.0, equal, 5) == 1.0);
}

/* Solve of the fundamental matrix against a sum over lags, stored rows against forward runs. */
static void tests_by_sweeps_equal_those_by_the_dense_kernel(void **state) {
  (void)state;
  pbl_oracle *o = law_oracle();
  pbl_dense *d = law_dense(o);
  pbl_chains *c = law_sample(LAW_BETA, 16, LAW_DRAWS, 5);
  pbl_law_test dense, sweep;
  assert_int_equal(pbl_law_chi2(&dense, c, d, .01, NULL), PBL_OK);
  assert_int_equal(pbl_law_chi2_sweep(&sweep, c, o, 1, .01, NULL), PBL_OK);
  assert_int_equal(dense.n_tests, sweep.n_tests);
  assert_int_equal(dense.worst, sweep.worst);
  assert_true(fabs(dense.statistic / sweep.statistic - 1.0) < 1e-4);
  assert_true(fabs(dense.dof / sweep.dof - 1.0) < 1e-4);
  assert_true(fabs(log(dense.p_value / sweep.p_value)) < 0.2); /* two approximations of one law */
  assert_int_equal(pbl_law_kernel_chi2(&dense, c, d, NULL), PBL_OK);
  assert_int_equal(pbl_law_kernel_chi2_sweep(&sweep, c, o, 1, NULL), PBL_OK);
  assert_true(fabs(dense.statistic - sweep.statistic) < 1e-9);
  assert_true(dense.dof == sweep.dof && dense.worst == sweep.worst);
  assert_int_equal(pbl_law_chi2_sweep(&sweep, c, o, 0, .01, NULL), PBL_INVALID);
  c->n_recorded = 2; /* correlations outlast the chains */
  assert_int_equal(pbl_law_chi2_sweep(&sweep, c, o, 1, .01, NULL), PBL_NUMERIC);
  pbl_chains_destroy(c);
  pbl_dense_destroy(d);
  pbl_oracle_destroy(o);
}

/* Eight chains all up against eight all down: the observed labels are the best of C(16,8) = 12870,
 * shared only with their mirror image. */
static void opposite_chains_have_the_least_p_and_equal_chains_the_largest(void **state) {
  (void)state;
  pbl_chains *up = empty(8, 4, 9), *down = empty(8, 4, 9);
  memset(up->bits, 0xff, 8 * 4 * up->row_bytes);
  for (size_t r = 0; r < 32; r++) up->bits[r * 2 + 1] = 1; /* spare bits stay 0 */
  for (int kind = 0; kind < 2; kind++) {
    const pbl_law_summary summary = kind ? PBL_LAW_MMD : PBL_LAW_ENERGY_DISTANCE;
    pbl_law_test t;
    assert_int_equal(pbl_law_two_sample(&t, up, down, summary, 2, 999, 1, NULL), PBL_OK);
    assert_true(t.p_value < .004);
    /* means +1 and -1 in 9 dimensions; kernel 1 within, exp(-1) between */
    assert_true(fabs(t.statistic - (kind ? 2.0 - 2.0 * exp(-1.0) : 12.0)) < 1e-12);
    assert_int_equal(pbl_law_two_sample(&t, up, up, summary, 2, 999, 1, NULL), PBL_OK);
    assert_true(t.p_value == 1.0);
  }
  down->n_recorded = 3;
  pbl_law_test t;
  assert_int_equal(pbl_law_two_sample(&t, up, down, PBL_LAW_MMD, 2, 999, 1, NULL), PBL_INVALID);
  const double low[3] = {0, .1, .2}, bad[3] = {0, NAN, 1};
  assert_int_equal(pbl_law_summary_test(&t, low, 3, bad, 3, 1, 99, 1, NULL), PBL_NUMERIC);
  assert_int_equal(pbl_law_summary_test(&t, low, 3, low, 3, 1, 9, 1, NULL), PBL_INVALID);
  pbl_chains_destroy(up);
  pbl_chains_destroy(down);
}

typedef struct {
  double p[2];
  unsigned multiple[2];
  uint64_t seed[2];
  int calls;
} script;

static pbl_status play(double *p, void *context, unsigned multiple, uint64_t seed, pbl_error *err) {
  script *s = context;
  (void)err;
  s->multiple[s->calls] = multiple;
  s->seed[s->calls] = seed;
  *p = s->p[s->calls++];
  return PBL_OK;
}

static void sequential_rule_repeats_only_in_the_grey_zone(void **state) {
  (void)state;
  static const struct {
    double p1, p2;
    int calls;
    bool passed;
  } cases[6] = {{.5, NAN, 1, true},     {1e-3, NAN, 1, true},  {9e-4, .2, 2, true},
                {2e-6, 9e-4, 2, false}, {1e-6, NAN, 1, false}, {0.0, NAN, 1, false}};
  for (int k = 0; k < 6; k++) {
    script s = {.p = {cases[k].p1, cases[k].p2}};
    pbl_law_sequence out;
    assert_int_equal(pbl_law_sequential(&out, play, &s, 7, NULL), PBL_OK);
    assert_int_equal(s.calls, cases[k].calls);
    assert_true(out.passed == cases[k].passed && out.repeated == (cases[k].calls == 2));
    assert_int_equal(s.multiple[0], 1);
    if (s.calls == 2) assert_true(s.multiple[1] == 4 && s.seed[1] != s.seed[0]);
  }
  script nan = {.p = {NAN, 0}};
  pbl_law_sequence out;
  assert_int_equal(pbl_law_sequential(&out, play, &nan, 7, NULL), PBL_NUMERIC);
}

/* 24 sound runs: at rate .05 more than 8 rejections of one test have probability 1e-6; 10 runs 5 %
 * too cold: the tests that can see it miss at most a few. Long version: test_law_rates. */
static void short_count_of_rejections(void **state) {
  (void)state;
  const law_rates sound = law_battery(1.0, 24, 70001), cold = law_battery(1.05, 10, 80001);
  for (int t = 0; t < LAW_TESTS; t++) assert_true(sound.rejected_5[t] < .34);
  assert_true(cold.rejected_5[LAW_SCORE] > .99);
  assert_true(cold.rejected_5[LAW_MOMENTS] > .85);
  assert_true(cold.rejected_5[LAW_CHI2] > .65);
  assert_true(cold.rejected_5[LAW_KERNEL] > .65);
  assert_true(cold.rejected_5[LAW_SLOPE] > .85);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cells_of_the_published_instance_are_thirty_eight),
      cmocka_unit_test(cells_follow_the_masses_from_the_largest_down),
      cmocka_unit_test(independent_draws_give_pearsons_chi_square),
      cmocka_unit_test(divergences_of_independent_draws_have_their_closed_forms),
      cmocka_unit_test(alternation_is_an_impossible_kernel_for_free_pbits),
      cmocka_unit_test(simes_and_benjamini_hochberg_match_the_published_example),
      cmocka_unit_test(moment_test_is_a_t_test_over_chains),
      cmocka_unit_test(energy_slope_at_one_temperature_expects_zero),
      cmocka_unit_test(weighted_chi_squares_keep_their_level_in_the_far_tail),
      cmocka_unit_test(tests_by_sweeps_equal_those_by_the_dense_kernel),
      cmocka_unit_test(energy_slope_of_a_two_level_system_is_the_log_odds_ratio),
      cmocka_unit_test(opposite_chains_have_the_least_p_and_equal_chains_the_largest),
      cmocka_unit_test(sequential_rule_repeats_only_in_the_grey_zone),
      cmocka_unit_test(short_count_of_rejections),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
