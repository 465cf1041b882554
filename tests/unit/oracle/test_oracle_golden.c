/* Exact oracle against published exact values of two small instances (dense resolvents and
 * enumeration, computed independently of this code): an eight-spin bipartite Ising model and a
 * 3 x 3 RBM. Tolerances: .6 units of the last published digit plus at most 1e-10 relative. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka.h relies on the headers above. */
#include <cmocka.h>

#include "pbl_oracle.h"

enum { V8 = 4, H8 = 4, STATES8 = 256 };

/* E = -a'W b - ha.a - hb.b; the sweep updates a first, so a is hidden and b visible.
 * w8[3][1] is corrected: its source prints -0.66804635..., but all 21 published log Z and means
 * demand a shift of +1.0e-8 in this weight and in no other (the residual then is below their last
 * digit), which is the one digit 5 -> 4. */
static const double w8[4][4] = {
    {2.0409191213851825, -2.5556650313141818, 0.41809884672577885, -0.56776960612792982},
    {-0.45264929211044586, -0.2155971630897659, -2.019986129147251, -0.23193237764418947},
    {-0.86521307627494171, 3.3229995166448827, 0.22578661322792176, -0.35263079434159539},
    {-0.28128741815135039, -0.66804634610895008, -1.0551505512051214, -0.39080097723465473},
};
static const double ha8[4] = {0.14458361655203575, -0.071566081972010004, 0.28732761088792919,
                              -0.059940638719973995};
static const double hb8[4] = {0.0072778695229993862, 0.46374625536384356, 0.16353165680629336,
                              -0.1515686206842054};

static pbl_oracle *eight_spins(double beta, pbl_kernel kernel) {
  double image[5][5] = {{0}};
  for (int b = 0; b < 4; b++) {
    for (int a = 0; a < 4; a++) image[b][a] = w8[a][b];
    image[b][4] = hb8[b];
    image[4][b] = ha8[b];
  }
  pbl_oracle *o = NULL;
  pbl_error err;
  assert_int_equal(pbl_oracle_create_weights(&o, V8, H8, &image[0][0], beta, kernel, &err), PBL_OK);
  return o;
}

typedef enum { A0, B0, ENERGY, MAG, WEAK, STRONG, N_OBSERVABLES } observable;

static double evaluate(observable which, size_t x) {
  double a[4], b[4], energy = 0.0, mag = 0.0;
  for (int k = 0; k < 4; k++) {
    b[k] = (x >> k) & 1 ? 1.0 : -1.0;
    a[k] = (x >> (4 + k)) & 1 ? 1.0 : -1.0;
    mag += a[k] + b[k];
    energy -= ha8[k] * a[k] + hb8[k] * b[k];
  }
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) energy -= a[i] * w8[i][j] * b[j];
  switch (which) {
    case A0:
      return a[0];
    case B0:
      return b[0];
    case ENERGY:
      return energy;
    case MAG:
      return mag;
    case WEAK:
      return a[1] * b[1];
    default:
      return a[2] * b[1];
  }
}

/* mean, variance, FULL tau under the alternating scan, FULL tau under ABA. */
typedef double golden_row[4];
static const double betas8[3] = {0.45, 0.7, 1.2};
static const golden_row golden8[3][N_OBSERVABLES] = {
    {{-.1949587251, .9619910955, 19.70410037, 18.09251209},
     {-.1657189556, .9725372278, 15.70476132, 15.70476132},
     {-10.0287997228, 9.9932889355, 2.18165389, 1.94064627},
     {.0498500704, 2.7511796041, 1.24386138, 1.43128645},
     {.0014024817, .9999980330, 3.23335639, 2.37521762},
     {.9331436150, .1292429938, 1.09023786, 1.05438921}},
    {{-.3543319981, .8744488351, 149.98349467, 148.09161722},
     {-.3333641869, .8888683189, 135.70675926, 135.70675926},
     {-11.5491405910, 3.5328735494, 13.74249889, 13.59917260},
     {-.0588136718, 1.6329733129, 2.18830803, 2.06511606},
     {-.0050814729, .9999741786, 12.14177493, 10.67866924},
     {.9914381577, .0170503795, 1.08292030, 1.12633495}},
    {{-.5981494591, .6422172245, 7517.08077875, 7515.09329242},
     {-.5934722610, .6477906754, 7369.78829391, 7369.78829392},
     {-12.5021960061, 1.0704221946, 1769.00705931, 1769.07814462},
     {-.1206671454, .8297065864, 51.71776461, 50.91459917},
     {-.1700083943, .9710971459, 350.35472643, 348.50193921},
     {.9998727449, .0002544939, 1.09329864, 1.34326076}},
};

static double tolerance(double last_digit, double value) {
  return 0.6 * last_digit + 1e-10 * fabs(value);
}

static void check_golden8(pbl_kernel kernel) {
  double f[STATES8];
  for (int k = 0; k < 3; k++) {
    pbl_oracle *o = eight_spins(betas8[k], kernel);
    for (int which = 0; which < N_OBSERVABLES; which++) {
      const double *golden = golden8[k][which];
      const double full = golden[kernel == PBL_KERNEL_PALINDROMIC ? 3 : 2];
      double mean = 0.0, variance = 0.0, tau = 0.0;
      for (size_t x = 0; x < STATES8; x++) f[x] = evaluate((observable)which, x);
      assert_int_equal(pbl_oracle_tau(o, f, &mean, &variance, &tau, NULL), PBL_OK);
      assert_true(fabs(mean - golden[0]) < tolerance(1e-10, golden[0]));
      assert_true(fabs(variance - golden[1]) < tolerance(1e-10, golden[1]));
      assert_true(fabs(2.0 * tau - full) < tolerance(1e-8, full));
    }
    pbl_oracle_destroy(o);
  }
}

static void means_variances_and_tau_of_the_alternating_scan_match_published_values(void **state) {
  (void)state;
  check_golden8(PBL_KERNEL_CYCLIC);
}

static void means_variances_and_tau_of_the_palindromic_scan_match_published_values(void **state) {
  (void)state;
  check_golden8(PBL_KERNEL_PALINDROMIC);
}

static void log_z_matches_published_values(void **state) {
  (void)state;
  static const double golden[3] = {8.176628602317, 10.906697581380, 16.966582736777};
  for (int k = 0; k < 3; k++) {
    pbl_oracle *o = eight_spins(betas8[k], PBL_KERNEL_CYCLIC);
    assert_true(fabs(pbl_oracle_log_z(o) - golden[k]) < 1e-12 + 1e-14 * golden[k]);
    pbl_oracle_destroy(o);
  }
}

static void slowest_eigenvalue_matches_published_values(void **state) {
  (void)state;
  static const double golden[3] = {.91752022, .98772802, .99973838};
  for (int k = 0; k < 3; k++) {
    pbl_oracle *o = eight_spins(betas8[k], PBL_KERNEL_CYCLIC);
    double lambda2 = 0.0;
    assert_int_equal(pbl_oracle_slowest(o, &lambda2, NULL), PBL_OK);
    assert_true(fabs(lambda2 - golden[k]) < 0.6e-8);
    pbl_oracle_destroy(o);
  }
}

/* Independent of pbl_oracle_moments: exp(-beta E) summed directly. Order w_ij, b_i, c_j. */
static void model_moments(double beta, double moments[24]) {
  double z = 0.0;
  for (int a = 0; a < 24; a++) moments[a] = 0.0;
  for (size_t x = 0; x < STATES8; x++) {
    const double weight = exp(-beta * evaluate(ENERGY, x));
    z += weight;
    for (int a = 0; a < 24; a++) {
      const double s = a < 16 ? ((x >> (a / 4)) & 1 ? 1 : -1) * ((x >> (4 + a % 4)) & 1 ? 1 : -1)
                              : ((x >> (a - 16)) & 1 ? 1 : -1);
      moments[a] += weight * s;
    }
  }
  for (int a = 0; a < 24; a++) moments[a] /= z;
}

static void gradient_noise_and_signal_match_published_trace_and_enumeration(void **state) {
  (void)state;
  static const double golden[3] = {1.8439668734, 4.2644788363, 8.3709283214};
  float data[24];
  for (int a = 0; a < 24; a++) data[a] = (float)((a % 5) - 2) * 0.125F;
  pbl_rbm model = {.n_visible = 4, .n_hidden = 4};
  model.data_vh = data;
  model.data_v = data + 16;
  model.data_h = data + 20;
  for (int k = 0; k < 3; k++) {
    pbl_oracle *o = eight_spins(betas8[k], PBL_KERNEL_CYCLIC);
    double moments[24], expected = 0.0, q = 0.0, signal = 0.0, noise = 0.0;
    model_moments(betas8[k], moments);
    for (int a = 0; a < 24; a++) expected += pow((double)data[a] - moments[a], 2.0);
    assert_int_equal(pbl_oracle_qop(o, &model, 50, &q, &signal, &noise, NULL), PBL_OK);
    assert_true(fabs(noise - golden[k]) < 0.6e-10 + 1e-11);
    assert_true(fabs(signal - expected) < 1e-12);
    assert_true(fabs(q - expected / noise) < 1e-11);
    pbl_oracle_destroy(o);
  }
}

/* 3 x 3 RBM, beta 1, no biases. Published T_O = sum of tau_half * Var over the nine products. */
static const double w3[4][4] = {
    {0.1257302210933933, -0.1321048632913019, 0.6404226504432821, 0},
    {0.10490011715303971, -0.535669373161111, 0.36159505490948474, 0},
    {1.3040000451301372, 0.9470809631292422, -0.7037352358069926, 0},
    {0, 0, 0, 0},
};

static double total_tau(pbl_oracle *o, double *variance_sum) {
  double total = 0.0, f[64];
  *variance_sum = 0.0;
  for (int a = 0; a < 9; a++) {
    double variance = 0.0, tau = 0.0;
    for (size_t x = 0; x < 64; x++)
      f[x] = ((x >> (a / 3)) & 1) == ((x >> (3 + a % 3)) & 1) ? 1.0 : -1.0;
    assert_int_equal(pbl_oracle_tau(o, f, NULL, &variance, &tau, NULL), PBL_OK);
    total += tau * variance;
    *variance_sum += variance;
  }
  return total;
}

static void three_by_three_rbm_matches_published_totals(void **state) {
  (void)state;
  pbl_oracle *cyclic = NULL, *palindrome = NULL;
  double variances = 0.0, lambda2 = 0.0, second[36];
  assert_int_equal(
      pbl_oracle_create_weights(&cyclic, 3, 3, &w3[0][0], 1.0, PBL_KERNEL_CYCLIC, NULL), PBL_OK);
  assert_int_equal(
      pbl_oracle_create_weights(&palindrome, 3, 3, &w3[0][0], 1.0, PBL_KERNEL_PALINDROMIC, NULL),
      PBL_OK);
  assert_true(fabs(pbl_oracle_log_z(cyclic) - 5.895265413542) < 1e-12);
  assert_true(fabs(total_tau(cyclic, &variances) - 3.700446269225) < 1e-11);
  assert_true(fabs(variances - 6.051612271195) < 1e-11);
  /* Published for either order of the blocks: visible-hidden-visible and hidden-visible-hidden. */
  const double total = total_tau(palindrome, &variances);
  assert_true(fabs(total - 3.456639444352) < 1e-11);
  assert_int_equal(pbl_oracle_slowest(palindrome, &lambda2, NULL), PBL_OK);
  assert_true(fabs(lambda2 - .866340) < 0.6e-6);
  pbl_oracle_moments(cyclic, NULL, second);
  assert_true(fabs(second[0 * 6 + 3] - -.272441) < 0.6e-6);
  assert_true(fabs(second[1 * 6 + 5] - .500865) < 0.6e-6);
  assert_true(fabs(second[5 * 6 + 2] - -.659848) < 0.6e-6);
  pbl_oracle_destroy(cyclic);
  pbl_oracle_destroy(palindrome);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(means_variances_and_tau_of_the_alternating_scan_match_published_values),
      cmocka_unit_test(means_variances_and_tau_of_the_palindromic_scan_match_published_values),
      cmocka_unit_test(log_z_matches_published_values),
      cmocka_unit_test(slowest_eigenvalue_matches_published_values),
      cmocka_unit_test(gradient_noise_and_signal_match_published_trace_and_enumeration),
      cmocka_unit_test(three_by_three_rbm_matches_published_totals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
