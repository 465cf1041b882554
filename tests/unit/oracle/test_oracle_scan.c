/* Scans and dense kernel against published exact values and against identities between scans.
 * Tolerances: .6 units of the last published digit plus at most 2e-10 relative. */
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

#include "golden_models.h"
#include "pbl_dense.h"
#include "pbl_rng.h"

static const double betas8[3] = {0.45, 0.7, 1.2};

static pbl_oracle *eight(double beta, pbl_scan scan) {
  pbl_oracle *o = NULL;
  assert_int_equal(pbl_oracle_create_weights_scan(&o, 4, 4, &golden_w8[0][0], beta, scan, NULL),
                   PBL_OK);
  return o;
}

static pbl_oracle *three(pbl_scan scan) {
  pbl_oracle *o = NULL;
  assert_int_equal(pbl_oracle_create_weights_scan(&o, 3, 3, &golden_w3[0][0], 1.0, scan, NULL),
                   PBL_OK);
  return o;
}

static pbl_dense *dense_of(const pbl_oracle *o) {
  pbl_dense *d = NULL;
  assert_int_equal(pbl_dense_create(&d, o, 1, NULL), PBL_OK);
  return d;
}

/* Full tau under (AB+BA)/2: a0, b0, energy, mag, weak, strong. */
static const double coin8[3][6] = {
    {25.76594359, 20.46404221, 2.50764446, 1.45317798, 3.86434120, 1.13021503},
    {199.43637403, 180.41557641, 17.91817993, 2.72926814, 15.68532968, 1.14513512},
    {10022.22047425, 9825.83371183, 2358.23432447, 68.71626619, 466.59251343, 1.20159264},
};

static void coin_scan_has_the_published_tau_by_operator_and_by_solve(void **state) {
  (void)state;
  double f[256];
  for (int k = 0; k < 3; k++) {
    pbl_oracle *o = eight(betas8[k], PBL_SCAN_COIN);
    pbl_dense *d = dense_of(o);
    for (int which = 0; which < 6; which++) {
      const double golden = coin8[k][which], tolerance = 0.6e-8 + 2e-10 * golden;
      double tau = 0.0;
      for (size_t x = 0; x < 256; x++) f[x] = golden_observable(which, x);
      assert_int_equal(pbl_oracle_tau(o, f, NULL, NULL, &tau, NULL), PBL_OK);
      assert_true(fabs(2.0 * tau - golden) < tolerance);
      assert_int_equal(pbl_dense_tau(d, f, NULL, NULL, &tau, NULL), PBL_OK);
      assert_true(fabs(2.0 * tau - golden) < tolerance);
    }
    pbl_dense_destroy(d);
    pbl_oracle_destroy(o);
  }
}

/* beta, a0 mean, variance, full tau under the alternating scan, and second to fourth modulus. */
static void dense_solve_has_the_published_tau_and_spectrum_of_the_alternating_scan(void **state) {
  (void)state;
  static const double a0[3][3] = {{-.1949587251, .9619910955, 19.70410037},
                                  {-.3543319981, .8744488351, 149.98349467},
                                  {-.5981494591, .6422172245, 7517.08077875}};
  static const double moduli[3][3] = {{.91752022, .59434657, .53728298},
                                      {.98772802, .82346825, .81265925},
                                      {.99973838, .97396223, .97121050}};
  double f[256], re[256], im[256];
  for (int k = 0; k < 3; k++) {
    pbl_oracle *o = eight(betas8[k], PBL_SCAN_CYCLIC);
    pbl_dense *d = dense_of(o);
    double mean = 0.0, variance = 0.0, tau = 0.0;
    for (size_t x = 0; x < 256; x++) f[x] = golden_observable(0, x);
    assert_int_equal(pbl_dense_tau(d, f, &mean, &variance, &tau, NULL), PBL_OK);
    assert_true(fabs(mean - a0[k][0]) < 0.7e-10);
    assert_true(fabs(variance - a0[k][1]) < 0.7e-10);
    assert_true(fabs(2.0 * tau - a0[k][2]) < 0.6e-8 + 2e-10 * a0[k][2]);
    assert_int_equal(pbl_dense_spectrum(re, im, NULL, d, NULL), PBL_OK);
    assert_true(fabs(re[0] - 1.0) < 1e-12);
    for (int m = 0; m < 3; m++)
      assert_true(fabs(hypot(re[m + 1], im[m + 1]) - moduli[k][m]) < 0.6e-8);
    pbl_dense_destroy(d);
    pbl_oracle_destroy(o);
  }
}

static double summed_tau(const pbl_dense *d) {
  double total = 0.0, f[64];
  for (int a = 0; a < 9; a++) {
    double variance = 0.0, tau = 0.0;
    for (size_t x = 0; x < 64; x++)
      f[x] = ((x >> (a / 3)) & 1) == ((x >> (3 + a % 3)) & 1) ? 1.0 : -1.0;
    assert_int_equal(pbl_dense_tau(d, f, NULL, &variance, &tau, NULL), PBL_OK);
    total += tau * variance;
  }
  return total;
}

/* Published T_O; "A" there is the visible block, and every order of the blocks is listed. */
static void every_scan_of_the_three_by_three_rbm_has_its_published_total(void **state) {
  (void)state;
  static const struct {
    pbl_scan scan;
    double total;
  } golden[7] = {
      {PBL_SCAN_CYCLIC, 3.700446269225},      {PBL_SCAN_REVERSED, 3.700446269225},
      {PBL_SCAN_PALINDROMIC, 3.456639444352}, {PBL_SCAN_REVERSED_PALINDROME, 3.293246835611},
      {PBL_SCAN_COIN, 3.850550627138},        {PBL_SCAN_RANDOM_BLOCK, 9.622178067902},
      {PBL_SCAN_RANDOM_SITE, 33.630322208407}};
  for (int k = 0; k < 7; k++) {
    pbl_oracle *o = three(golden[k].scan);
    pbl_dense *d = dense_of(o);
    assert_true(fabs(summed_tau(d) - golden[k].total) < 1e-11);
    pbl_dense_destroy(d);
    pbl_oracle_destroy(o);
  }
}

static void reversible_scans_have_their_published_eigenvalues(void **state) {
  (void)state;
  static const struct {
    pbl_scan scan;
    double values[6];
  } golden[4] = {
      {PBL_SCAN_PALINDROMIC, {1, .866340, .253869, .202988, .053710, .042961}},
      {PBL_SCAN_COIN, {1, .898557, .378862, .326765, .142733, NAN}}, /* the sixth: -.124993 */
      {PBL_SCAN_RANDOM_BLOCK, {1, .965387, .751927, .725271, .615877, NAN}},
      {PBL_SCAN_RANDOM_SITE, {1, .987939, .915586, .900409, .870493, .852726}},
  };
  double re[64];
  for (int k = 0; k < 4; k++) {
    pbl_oracle *o = three(golden[k].scan);
    pbl_dense *d = dense_of(o);
    assert_true(pbl_dense_asymmetry(d) < 1e-16);
    assert_int_equal(pbl_dense_spectrum(re, NULL, NULL, d, NULL), PBL_OK);
    for (int m = 0; m < 6 && !isnan(golden[k].values[m]); m++)
      assert_true(fabs(re[m] - golden[k].values[m]) < 0.6e-6);
    pbl_dense_destroy(d);
    pbl_oracle_destroy(o);
  }
}

static bool contains(const double *values, size_t n, double x) {
  for (size_t k = 0; k < n; k++) {
    if (fabs(values[k] - x) < 1e-12) return true;
  }
  return false;
}

/* A cosine c of the two blocks' conditional expectations gives c^2 to the palindrome, c(c+-1)/2 to
 * the coin and (1+-c)/2 to the random block. */
static void eigenvalues_of_the_two_block_scans_are_functions_of_one_set_of_cosines(void **state) {
  (void)state;
  double palindrome[256], coin[256], block[256];
  const pbl_scan scans[3] = {PBL_SCAN_PALINDROMIC, PBL_SCAN_COIN, PBL_SCAN_RANDOM_BLOCK};
  double *const values[3] = {palindrome, coin, block};
  for (int k = 0; k < 3; k++) {
    pbl_oracle *o = eight(0.7, scans[k]);
    pbl_dense *d = dense_of(o);
    assert_int_equal(pbl_dense_spectrum(values[k], NULL, NULL, d, NULL), PBL_OK);
    pbl_dense_destroy(d);
    pbl_oracle_destroy(o);
  }
  for (size_t k = 0; k < 256 && palindrome[k] > 1e-6; k++) {
    const double c = sqrt(palindrome[k]);
    assert_true(contains(coin, 256, 0.5 * c * (c + 1.0)));
    assert_true(contains(coin, 256, 0.5 * c * (c - 1.0)));
    assert_true(contains(block, 256, 0.5 * (1.0 + c)));
    assert_true(contains(block, 256, 0.5 * (1.0 - c)));
  }
}

static void eigenfunctions_are_multiplied_by_their_eigenvalues(void **state) {
  (void)state;
  const pbl_scan scans[2] = {PBL_SCAN_CYCLIC, PBL_SCAN_COIN};
  double re[64], im[64], *f = malloc(64 * 64 * sizeof *f), g[64];
  assert_non_null(f);
  for (int s = 0; s < 2; s++) {
    pbl_oracle *o = three(scans[s]);
    pbl_dense *d = dense_of(o);
    assert_int_equal(pbl_dense_spectrum(re, im, f, d, NULL), PBL_OK);
    for (size_t k = 0; k < 6; k++) { /* the six slowest; im = 0 for all of these */
      assert_true(fabs(im[k]) < 1e-12);
      double norm = 0.0;
      memcpy(g, f + k * 64, sizeof g);
      pbl_oracle_backward(o, g);
      for (size_t x = 0; x < 64; x++) {
        assert_true(fabs(g[x] - re[k] * f[k * 64 + x]) < 1e-11);
        norm += pbl_oracle_law(o)[x] * f[k * 64 + x] * f[k * 64 + x];
      }
      assert_true(fabs(norm - 1.0) < 1e-11);
    }
    pbl_dense_destroy(d);
    pbl_oracle_destroy(o);
  }
  free(f);
}

/* <g, P f>_counting = <P' g, f>, and the law is a fixed point: for every scan. */
static void forward_and_backward_steps_are_adjoint_and_keep_the_law(void **state) {
  (void)state;
  pbl_xoshiro rng;
  pbl_xoshiro_seed(&rng, 5);
  for (int s = 0; s < PBL_SCAN_COUNT; s++) {
    double f[64], q[64], pf[64], qp[64], left = 0.0, right = 0.0;
    pbl_oracle *o = three((pbl_scan)s);
    for (size_t x = 0; x < 64; x++) {
      pf[x] = f[x] = pbl_xoshiro_double(&rng);
      qp[x] = q[x] = pbl_xoshiro_double(&rng);
    }
    pbl_oracle_backward(o, pf);
    pbl_oracle_forward(o, qp);
    for (size_t x = 0; x < 64; x++) {
      left += q[x] * pf[x];
      right += qp[x] * f[x];
    }
    assert_true(fabs(left - right) < 1e-13 * left);
    memcpy(q, pbl_oracle_law(o), sizeof q);
    pbl_oracle_forward(o, q);
    for (size_t x = 0; x < 64; x++) assert_true(fabs(q[x] - pbl_oracle_law(o)[x]) < 1e-15);
    pbl_oracle_destroy(o);
  }
}

static void a_random_sweep_is_the_nth_power_of_the_random_site_step(void **state) {
  (void)state;
  double f[64], g[64];
  pbl_oracle *site = three(PBL_SCAN_RANDOM_SITE), *sweep = three(PBL_SCAN_RANDOM_SWEEP);
  for (size_t x = 0; x < 64; x++) f[x] = g[x] = sin((double)x);
  for (int k = 0; k < 6; k++) pbl_oracle_backward(site, f);
  pbl_oracle_backward(sweep, g);
  for (size_t x = 0; x < 64; x++) assert_true(fabs(f[x] - g[x]) < 1e-15);
  pbl_oracle_destroy(site);
  pbl_oracle_destroy(sweep);
}

/* Published at 50 sweeps, beta .45: .0016; at 200 sweeps, beta .7: .015 (uniform start). */
static void distance_to_stationarity_has_its_published_values_and_never_grows(void **state) {
  (void)state;
  double tv[201];
  pbl_oracle *warm = eight(0.45, PBL_SCAN_CYCLIC), *cold = eight(0.7, PBL_SCAN_CYCLIC);
  assert_int_equal(pbl_oracle_distance(tv, warm, NULL, 200, NULL, NULL), PBL_OK);
  assert_true(fabs(tv[50] - .0016) < 0.00006);
  for (int t = 0; t < 200; t++) assert_true(tv[t + 1] <= tv[t] + 1e-15);
  /* In the end only the slowest mode is left: ratio = published second eigenvalue. */
  assert_true(fabs(tv[200] / tv[199] - .91752022) < 1e-7);
  assert_int_equal(pbl_oracle_distance(tv, cold, NULL, 200, NULL, NULL), PBL_OK);
  assert_true(fabs(tv[200] - .015) < 0.0006);
  double start[256] = {0};
  assert_int_equal(pbl_oracle_distance(tv, cold, start, 1, NULL, NULL), PBL_INVALID);
  pbl_oracle_destroy(warm);
  pbl_oracle_destroy(cold);
}

/* Eight spins: direct sum over all states in a separate Python script. Two free p-bits: the mean of
 * x^2 sech^2 x at x = beta b, beta c. */
static void information_about_beta_has_the_summed_value_and_the_closed_form(void **state) {
  (void)state;
  const double free_pair[4] = {0.0, 0.8, -1.7, 0.0}; /* w, b; c */
  pbl_oracle *o = eight(0.45, PBL_SCAN_CYCLIC), *pair = NULL;
  double information = 0.0, variance[2], expected = 0.0;
  assert_int_equal(pbl_oracle_information(&information, o, NULL), PBL_OK);
  assert_true(fabs(information - 0.2633220262075077) < 1e-13);
  assert_int_equal(
      pbl_oracle_create_weights_scan(&pair, 1, 1, free_pair, 0.5, PBL_SCAN_CYCLIC, NULL), PBL_OK);
  assert_int_equal(pbl_oracle_information(&information, pair, NULL), PBL_OK);
  pbl_oracle_innovation_variance(variance, pair);
  for (int k = 0; k < 2; k++) {
    const double x = 0.5 * free_pair[k + 1], sech2 = 1.0 / (cosh(x) * cosh(x));
    expected += 0.5 * x * x * sech2;
    assert_true(fabs(variance[k] - sech2) < 1e-14);
  }
  assert_true(fabs(information - expected) < 1e-14);
  pbl_oracle_destroy(o);
  pbl_oracle_destroy(pair);
}

/* Two cells, s_p = +1 and -1: the frequency's variance is sigma2/4 with sigma2 = 2 tau Var from the
 * other route; for finite n the exact window variance. */
static void cell_covariance_agrees_with_tau_and_with_the_exact_window_variance(void **state) {
  (void)state;
  pbl_oracle *o = eight(0.45, PBL_SCAN_CYCLIC);
  pbl_dense *d = dense_of(o);
  size_t cell[256];
  double f[256], v[4], variance, tau, window;
  for (size_t x = 0; x < 256; x++) {
    cell[x] = (x >> 4) & 1;
    f[x] = cell[x] ? 1.0 : -1.0;
  }
  assert_int_equal(pbl_oracle_tau(o, f, NULL, &variance, &tau, NULL), PBL_OK);
  assert_int_equal(pbl_dense_covariance(v, d, cell, 2, 0, NULL), PBL_OK);
  assert_true(fabs(v[3] - 0.5 * tau * variance) < 1e-10);
  assert_true(fabs(v[0] - v[3]) < 1e-10 && fabs(v[1] + v[3]) < 1e-10);
  assert_int_equal(pbl_oracle_window_variance(o, f, 500, &window, NULL), PBL_OK);
  assert_int_equal(pbl_dense_covariance(v, d, cell, 2, 500, NULL), PBL_OK);
  assert_true(fabs(v[3] - 0.25 * 500.0 * window) < 1e-10); /* .9175^500 is 1e-19 */
  cell[7] = 2;
  assert_int_equal(pbl_dense_covariance(v, d, cell, 2, 0, NULL), PBL_INVALID);
  pbl_dense_destroy(d);
  pbl_oracle_destroy(o);
}

static void thinning_squares_the_eigenvalues(void **state) {
  (void)state;
  double once[64], twice[64];
  pbl_oracle *o = three(PBL_SCAN_COIN);
  pbl_dense *d1 = dense_of(o), *d2 = NULL;
  assert_int_equal(pbl_dense_create(&d2, o, 2, NULL), PBL_OK);
  assert_int_equal(pbl_dense_spectrum(once, NULL, NULL, d1, NULL), PBL_OK);
  assert_int_equal(pbl_dense_spectrum(twice, NULL, NULL, d2, NULL), PBL_OK);
  for (int k = 0; k < 8; k++) assert_true(fabs(twice[k] - once[k] * once[k]) < 1e-13);
  pbl_dense_destroy(d1);
  pbl_dense_destroy(d2);
  pbl_oracle_destroy(o);
}

static void sizes_and_scans_beyond_the_limits_are_refused(void **state) {
  (void)state;
  pbl_oracle *o = NULL;
  pbl_dense *d = NULL;
  pbl_error err = {.status = PBL_OK};
  double w[14 * 2] = {0};
  assert_int_equal(pbl_oracle_create_weights_scan(&o, 24, 1, w, 1.0, PBL_SCAN_COIN, &err),
                   PBL_INVALID);
  assert_non_null(strstr(err.message, "at most 24"));
  assert_int_equal(pbl_oracle_create_weights_scan(&o, 1, 1, w, 1.0, PBL_SCAN_COUNT, &err),
                   PBL_INVALID);
  assert_int_equal(pbl_oracle_create_weights_scan(&o, 12, 1, w, 1.0, PBL_SCAN_COIN, &err), PBL_OK);
  assert_int_equal(pbl_dense_create(&d, o, 1, &err), PBL_INVALID);
  assert_null(d);
  pbl_dense_destroy(NULL);
  pbl_oracle_destroy(o);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(coin_scan_has_the_published_tau_by_operator_and_by_solve),
      cmocka_unit_test(dense_solve_has_the_published_tau_and_spectrum_of_the_alternating_scan),
      cmocka_unit_test(every_scan_of_the_three_by_three_rbm_has_its_published_total),
      cmocka_unit_test(reversible_scans_have_their_published_eigenvalues),
      cmocka_unit_test(eigenvalues_of_the_two_block_scans_are_functions_of_one_set_of_cosines),
      cmocka_unit_test(eigenfunctions_are_multiplied_by_their_eigenvalues),
      cmocka_unit_test(forward_and_backward_steps_are_adjoint_and_keep_the_law),
      cmocka_unit_test(a_random_sweep_is_the_nth_power_of_the_random_site_step),
      cmocka_unit_test(distance_to_stationarity_has_its_published_values_and_never_grows),
      cmocka_unit_test(information_about_beta_has_the_summed_value_and_the_closed_form),
      cmocka_unit_test(cell_covariance_agrees_with_tau_and_with_the_exact_window_variance),
      cmocka_unit_test(thinning_squares_the_eigenvalues),
      cmocka_unit_test(sizes_and_scans_beyond_the_limits_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
