/* Estimators against values published for the self-generating sets, twelve digits where twelve are
 * printed: posterior 1.4.0, r-cran-mcmc 0.9-7 (initseq), emcee 3.1.4, and a separate computation of
 * the Gamma method. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>

#include "golden_sets.h"
#include "pbl_estimators.h"

static double x[GOLDEN_MAX];
static size_t n_chains, n_draws;

static void sets_are_the_published_ones(void **state) {
  (void)state;
  static const double sums[SET_COUNT][4] = {
      {548, 479, 494, 448}, {260, 273, 344, 400}, {-103.301604, 17.356627, -159.488622, -38.517199},
      {500, 494, 499, 492}, {498, 532, 558},      {8, 7}};
  for (golden_set s = SET_A; s < SET_COUNT; ++s) {
    golden_fill(x, &n_chains, &n_draws, s);
    for (size_t c = 0; c < n_chains; ++c) {
      double sum = 0.0;
      for (size_t t = 0; t < n_draws; ++t) sum += x[c * n_draws + t];
      assert_close(sum, sums[s][c], 1e-7, "column sum", (int)s);
    }
  }
  golden_fill(x, &n_chains, &n_draws, SET_C);
  assert_close(x[0], -0.47347959370389914, 1e-15, "first value", SET_C);
  assert_close(x[2], 0.015210176253613433, 1e-14, "third value", SET_C);
}

static void stan_estimators_match_posterior(void **state) {
  (void)state;
  static const struct {
    double unsplit, split, rhat, rhat_unsplit, mcse;
  } published[SET_COUNT] = {
      {492.517721160217, 492.448418394164, 1.00916420237061, 1.00300774502651, .0225315852603114},
      {99.7058764743979, 100.191308606754, 1.04331307439812, 1.00939511127356, .0465798994891393},
      {231.897194102047, 235.36159045217, 1.00979987909845, 1.00619098145624, .0434638444587067},
      {14408.2399653119, 14408.2399653119, .999064443396696, .999529695917493, .00416587866517947},
      {461.058094951512, 463.702715553744, 1.00116686001337, 1.00132201833861, .0231817730624285},
      {36.2665092599425, 36.7354260089686, .942809041582063, .972050353512502, NAN}};
  for (golden_set s = SET_A; s < SET_COUNT; ++s) {
    pbl_stan_report r;
    golden_fill(x, &n_chains, &n_draws, s);
    assert_int_equal(pbl_stan(&r, x, n_chains, n_draws, NULL), PBL_OK);
    assert_close(r.ess_basic_unsplit, published[s].unsplit, 1e-12, "ESS unsplit", (int)s);
    assert_close(r.ess_basic, published[s].split, 1e-12, "ESS split", (int)s);
    assert_close(r.rhat, published[s].rhat, 1e-12, "R-hat split", (int)s);
    assert_close(r.rhat_unsplit, published[s].rhat_unsplit, 1e-12, "R-hat unsplit", (int)s);
    if (s != SET_F) assert_close(r.mcse_mean, published[s].mcse, 1e-12, "MCSE", (int)s);
  }
}

static void rank_estimators_match_posterior(void **state) {
  (void)state;
  pbl_stan_report r;
  golden_fill(x, &n_chains, &n_draws, SET_C);
  assert_int_equal(pbl_stan(&r, x, n_chains, n_draws, NULL), PBL_OK);
  assert_close(r.ess_bulk, 234.748664880172, 1e-12, "ESS bulk", SET_C);
  assert_close(r.ess_tail, 447.854029577939, 1e-12, "ESS tail", SET_C);
  assert_close(r.ess_sd, 365.750843738862, 1e-12, "ESS s.d.", SET_C);
  assert_close(r.rhat_rank, 1.02370510359189, 1e-12, "rank R-hat", SET_C);
}

static void ranks_of_two_values_change_nothing_and_tails_are_undefined(void **state) {
  (void)state;
  static const golden_set binary[] = {SET_A, SET_B, SET_D, SET_E};
  for (size_t i = 0; i < 4; ++i) {
    pbl_stan_report r;
    golden_fill(x, &n_chains, &n_draws, binary[i]);
    assert_int_equal(pbl_stan(&r, x, n_chains, n_draws, NULL), PBL_OK);
    assert_close(r.ess_bulk, r.ess_basic, 1e-11, "ESS bulk", (int)binary[i]);
    assert_true(isnan(r.ess_tail));
  }
}

static void one_chain_without_split_matches_posterior(void **state) {
  (void)state;
  static const double published[] = {112.739509926866, 13.063551076828, 73.9322787924054,
                                     2770.19832290694, 118.115946472522};
  for (golden_set s = SET_A; s <= SET_E; ++s) {
    pbl_stan_report r;
    golden_fill(x, &n_chains, &n_draws, s);
    assert_int_equal(pbl_stan(&r, x, 1, n_draws, NULL), PBL_OK);
    assert_close(r.ess_basic_unsplit, published[s], 1e-12, "ESS of chain 1", (int)s);
  }
}

static void assert_initseq(const double *chain, int set, const double expected[4]) {
  static double gamma[1000];
  assert_int_equal(pbl_acf(gamma, n_draws - 1, chain, 1, n_draws, PBL_CENTRE_CHAIN, NULL), PBL_OK);
  const pbl_geyer_sums r = pbl_geyer(gamma, n_draws - 1);
  assert_close(gamma[0], expected[0], 1e-12, "gamma 0", set);
  assert_close(r.positive, expected[1], 1e-12, "positive", set);
  assert_close(r.monotone, expected[2], 1e-12, "decreasing", set);
  assert_close(r.convex, expected[3], 1e-12, "convex", set);
}

static void initial_sequences_match_initseq(void **state) {
  (void)state;
  static const double published[SET_COUNT][4] = {
      {.247696, 2.20450304, 2.20450304, 2.183539104},
      {.1924, 14.8331944, 14.7715304, 13.8009144},
      {.411008752769442, 5.57489386607409, 5.57489386607409, 5.54871256397872},
      {.25, .082, .082, .082},
      {.249997745493239, 2.16200962300214, 2.12995962713247, 2.07462133020123},
      {.25, .28125, .28125, .28125}};
  for (golden_set s = SET_A; s < SET_COUNT; ++s) {
    golden_fill(x, &n_chains, &n_draws, s);
    assert_initseq(x, (int)s, published[s]);
  }
  static const double second[] = {.24609375, .21435546875, .21435546875, .21435546875};
  assert_initseq(x + n_draws, SET_F, second);
}

static void sokal_window_matches_emcee(void **state) {
  (void)state;
  static const double all[] = {6.465984855055, 30.247759619580, 15.198809168960, -0.244315455686,
                               5.740192577894};
  static const double first[] = {9.727469155739, 83.239297297297, 15.378950839933, -.238,
                                 8.010042652132};
  for (golden_set s = SET_A; s <= SET_E; ++s) {
    pbl_sokal_report r;
    golden_fill(x, &n_chains, &n_draws, s);
    assert_int_equal(pbl_sokal(&r, x, n_chains, n_draws, 5.0, NULL), PBL_OK);
    assert_close(2.0 * r.tau, all[s], 3e-12, "tau of all chains", (int)s);
    assert_int_equal(r.long_enough, 1000.0 >= 50.0 * all[s]);
    assert_int_equal(pbl_sokal(&r, x, 1, n_draws, 5.0, NULL), PBL_OK);
    assert_close(2.0 * r.tau, first[s], 3e-12, "tau of chain 1", (int)s);
  }
}

/* Twelve decimals are printed: half a unit of the last, and rounding. */
static void assert_decimals(double value, double published, const char *what, int set) {
  if (!(fabs(value - published) < 5.5e-13 + 1e-13 * published)) {
    fail_msg("set %c, %s: %.15f, published %.12f", 'A' + set, what, value, published);
  }
}

/* The error of set E at S = 2 is printed as .022814857948, a digit short: its own tau, G_0 = m(1-m)
 * and N give .0228148579948. */
static void gamma_method_matches_published_rows(void **state) {
  (void)state;
  static const struct {
    size_t window;
    double tau, tau_error, error;
  } published[2][5] = {{{23, 3.691272794144, .514161110803, .021480539339},
                        {91, 20.971104072057, 5.361382211506, .047742945350},
                        {46, 8.990500432602, 1.706664097322, .044706724788},
                        {1, .500249937516, .015811388301, .007908435796},
                        {19, 3.225053992406, .469949477256, .023158294192}},
                       {{27, 3.503627937382, .536031446081, .020927439784},
                        {110, 20.354250144578, 5.826684311569, .047035537783},
                        {64, 10.149646495422, 2.299477906679, .047501396718},
                        {1, .500249937516, .015811388301, .007908435796},
                        {23, 3.130108531922, .508898317406, .022814857995}}};
  for (golden_set s = SET_A; s <= SET_E; ++s) {
    golden_fill(x, &n_chains, &n_draws, s);
    for (size_t k = 0; k < 2; ++k) {
      pbl_wolff_report r;
      pbl_wolff_options o = pbl_wolff_default();
      o.s = k == 0 ? 1.5 : 2.0;
      assert_int_equal(pbl_wolff(&r, x, n_chains, n_draws, &o, NULL), PBL_OK);
      assert_int_equal(r.window, published[k][s].window);
      assert_true(r.complete);
      assert_decimals(r.tau, published[k][s].tau, "tau", (int)s);
      assert_decimals(r.tau_error, published[k][s].tau_error, "error of tau", (int)s);
      assert_decimals(r.error, published[k][s].error, "error of the mean", (int)s);
    }
  }
}

/* sin(t/100), t < 100: constants of pyerrors' own tests. */
static void gamma_method_of_a_sine_matches_pyerrors(void **state) {
  (void)state;
  pbl_wolff_report r;
  pbl_wolff_options o = pbl_wolff_default();
  for (size_t t = 0; t < 100; ++t) x[t] = sin((double)t / 100.0);
  o.s = 0.0;
  assert_int_equal(pbl_wolff(&r, x, 1, 100, &o, NULL), PBL_OK);
  assert_close(r.mean, .4554865083873183, 1e-14, "mean of the sine", 0);
  assert_close(r.error, .02495954189079061, 1e-13, "error, S = 0", 0);
  o.s = 2.0;
  assert_int_equal(pbl_wolff(&r, x, 1, 100, &o, NULL), PBL_OK);
  assert_close(r.error, .11817931680985193, 1e-13, "error, S = 2", 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sets_are_the_published_ones),
      cmocka_unit_test(stan_estimators_match_posterior),
      cmocka_unit_test(rank_estimators_match_posterior),
      cmocka_unit_test(ranks_of_two_values_change_nothing_and_tails_are_undefined),
      cmocka_unit_test(one_chain_without_split_matches_posterior),
      cmocka_unit_test(initial_sequences_match_initseq),
      cmocka_unit_test(sokal_window_matches_emcee),
      cmocka_unit_test(gamma_method_matches_published_rows),
      cmocka_unit_test(gamma_method_of_a_sine_matches_pyerrors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
