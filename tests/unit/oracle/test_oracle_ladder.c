/* Ladders of temperatures: the dense certificate on the published two-spin instance and on the
 * device's integers, matrix-free steps against a matrix that the test builds state by state. */
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

#include "pbl_exchange.h"
#include "pbl_oracle_ladder.h"
#include "pbl_rng.h"

#define ZERO 1e-15 /* a certificate's zero: some rounding errors of probabilities below 1 */

/* Published: E = -.9 s0 s1 - .3 s0 + .2 s1 at betas 1, .6, .2, sweeps (AB + BA)/2. */
static const double pair_weights[4] = {0.9, 0.3, -0.2, 0.0};
static const double pair_beta[3] = {1.0, 0.6, 0.2};

typedef struct {
  pbl_oracle_ladder *l;
  double law[64];
} published;

static published pair_ladder(pbl_scan scan) {
  published p;
  double rung[3 * 4];
  assert_int_equal(
      pbl_oracle_ladder_ideal(&p.l, rung, 1, 1, pair_weights, pair_beta, 3, scan, NULL), PBL_OK);
  assert_int_equal(pbl_oracle_ladder_states(p.l), 64);
  pbl_oracle_ladder_product(p.law, p.l, rung);
  return p;
}

static pbl_ladder_certificate certify(const published *p, const char *scheme) {
  pbl_ladder_certificate c;
  assert_int_equal(pbl_oracle_ladder_certify(&c, p->l, scheme, p->law, NULL), PBL_OK);
  return c;
}

static void schemes_have_the_published_certificates(void **state) {
  (void)state;
  /* two digits are published of those that are not reversible */
  static const struct {
    const char *scheme;
    double asymmetry, half_digit;
  } expected[] = {{"L", 0, 0},     {"E", 0, 0},          {"O", 0, 0},         {"M", 0, 0},
                  {"S", 0, 0},     {"LSL", 0, 0},        {"SLS", 0, 0},       {"LS+SL", 0, 0},
                  {"LLSLL", 0, 0}, {"EO", 4.5e-2, 5e-4}, {"LS", 1.7e-3, 5e-5}};
  published p = pair_ladder(PBL_SCAN_COIN);
  for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
    const pbl_ladder_certificate c = certify(&p, expected[k].scheme);
    assert_true(c.stationarity < ZERO);
    if (expected[k].asymmetry > 0.0) {
      assert_true(fabs(c.asymmetry - expected[k].asymmetry) < expected[k].half_digit);
    } else {
      assert_true(c.asymmetry < ZERO);
    }
  }
  pbl_oracle_ladder_destroy(p.l);
}

static void device_order_is_stationary_and_reversible_only_with_a_reversible_sweep(void **state) {
  (void)state;
  published cyclic = pair_ladder(PBL_SCAN_CYCLIC), coin = pair_ladder(PBL_SCAN_COIN);
  assert_true(certify(&cyclic, "LELO").stationarity < ZERO);
  assert_true(certify(&coin, "LELO").asymmetry > 1e-3);
  assert_true(certify(&cyclic, "LSL").asymmetry > 1e-6);
  assert_true(certify(&coin, "LSL").asymmetry < ZERO);
  pbl_oracle_ladder_destroy(cyclic.l);
  pbl_oracle_ladder_destroy(coin.l);
}

/* Six spins in two rungs: 4096 states, the largest certificate. */
static void twelve_spins_in_all_are_certified(void **state) {
  (void)state;
  double w[4][4];
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 7);
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) w[i][j] = 0.6 * pbl_xoshiro_normal(&g);
  const double beta[2] = {1.0, 0.45};
  double rung[2 * 64];
  double *law = malloc(4096 * sizeof *law);
  pbl_oracle_ladder *l;
  pbl_ladder_certificate c;
  assert_int_equal(
      pbl_oracle_ladder_ideal(&l, rung, 3, 3, &w[0][0], beta, 2, PBL_SCAN_PALINDROMIC, NULL),
      PBL_OK);
  pbl_oracle_ladder_product(law, l, rung);
  assert_int_equal(pbl_oracle_ladder_certify(&c, l, "LSL", law, NULL), PBL_OK);
  assert_true(c.stationarity < ZERO && c.asymmetry < ZERO);
  pbl_oracle_ladder_destroy(l);
  free(law);
}

/* The device's chords lie up to 1.5e-5 above the exponential: with exact sweeps the flows of a pair
 * differ by at most that share of the larger one, and the law is missed by as little. */
static void device_integers_miss_detailed_balance_by_the_chord(void **state) {
  (void)state;
  enum { FRAC = 18 };
  published p = pair_ladder(PBL_SCAN_COIN);
  double kernel[3 * 16], accept[2 * 16];
  int64_t energy[4];
  static const uint32_t beta[3] = {4096, 2458, 819};
  /* weight words of 2^-6; betas to 12 bits: model and ladder are what the words say */
  static const double weights[4] = {58.0 / 64, 19.0 / 64, -13.0 / 64, 0.0};
  double real[3], rung[12];
  for (int x = 0; x < 4; x++) {
    const int v = x & 1 ? 1 : -1, h = x & 2 ? 1 : -1;
    energy[x] = -(58 * v * h + 19 * v - 13 * h);
  }
  for (int k = 0; k < 3; k++) real[k] = beta[k] / 4096.0;
  pbl_oracle_ladder_destroy(p.l);
  assert_int_equal(pbl_oracle_ladder_ideal(&p.l, rung, 1, 1, weights, real, 3, PBL_SCAN_COIN, NULL),
                   PBL_OK);
  pbl_oracle_ladder_product(p.law, p.l, rung);
  assert_true(certify(&p, "LSL").asymmetry < ZERO);
  for (int k = 0; k < 3; k++) {
    for (int x = 0; x < 16; x++) kernel[16 * k + x] = x % 5 == 0; /* passes alone */
    if (k < 2) pbl_ladder_accept_device(accept + 16 * k, energy, 4, beta[k], beta[k + 1], FRAC);
  }
  pbl_oracle_ladder_destroy(p.l);
  assert_int_equal(pbl_oracle_ladder_create(&p.l, 3, 4, kernel, accept, NULL), PBL_OK);
  const pbl_ladder_certificate c = certify(&p, "S");
  assert_true(c.asymmetry > 1e-9);
  assert_true(c.asymmetry < 1.5e-5 / 4 && c.stationarity < 1.5e-5);
  pbl_oracle_ladder_destroy(p.l);
}

static void faults_of_the_decision_break_stationarity(void **state) {
  (void)state;
  double accept[3][2 * 16], energy[4], law[64], rung[12] = {0};
  for (int x = 0; x < 4; x++) {
    const int v = x & 1 ? 1 : -1, h = x & 2 ? 1 : -1;
    energy[x] = -(0.9 * v * h + 0.3 * v - 0.2 * h);
  }
  for (int k = 0; k < 3; k++) {
    double z = 0.0;
    for (int x = 0; x < 4; x++) z += exp(-pair_beta[k] * energy[x]);
    for (int x = 0; x < 4; x++) rung[4 * k + x] = exp(-pair_beta[k] * energy[x]) / z;
  }
  for (int k = 0; k < 2; k++) {
    /* sign of the exponent; energies of the wrong replica (always equal); betas of another pair */
    pbl_ladder_accept_ideal(accept[0] + 16 * k, energy, 4, pair_beta[k + 1], pair_beta[k]);
    for (int x = 0; x < 16; x++) accept[1][16 * k + x] = 1.0;
    pbl_ladder_accept_ideal(accept[2] + 16 * k, energy, 4, pair_beta[1 - k], pair_beta[2 - k] / 2);
  }
  double kernel[48] = {0};
  for (int k = 0; k < 12; k++) kernel[4 * k + k % 4] = 1.0;
  for (int fault = 0; fault < 3; fault++) {
    pbl_oracle_ladder *l;
    pbl_ladder_certificate c;
    assert_int_equal(pbl_oracle_ladder_create(&l, 3, 4, kernel, accept[fault], NULL), PBL_OK);
    pbl_oracle_ladder_product(law, l, rung);
    assert_int_equal(pbl_oracle_ladder_certify(&c, l, "S", law, NULL), PBL_OK);
    assert_true(c.stationarity > 1e-3);
    pbl_oracle_ladder_destroy(l);
  }
}

/* One step from state to state: every probability of "LE" for three rungs of three states. */
static void steps_agree_with_a_matrix_built_state_by_state(void **state) {
  (void)state;
  enum { N = 3, STATES = 27 };
  double kernel[3][N][N], accept[2][N][N], f[STATES], q[STATES], pf[STATES] = {0}, qp[STATES] = {0};
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 11);
  for (int k = 0; k < 3; k++) {
    for (int x = 0; x < N; x++) {
      double sum = 0.0;
      for (int y = 0; y < N; y++) sum += kernel[k][x][y] = pbl_xoshiro_double(&g);
      for (int y = 0; y < N; y++) kernel[k][x][y] /= sum;
      for (int y = 0; k < 2 && y < N; y++) accept[k][x][y] = pbl_xoshiro_double(&g);
    }
  }
  for (int x = 0; x < STATES; x++) {
    f[x] = pbl_xoshiro_double(&g);
    q[x] = pbl_xoshiro_double(&g);
  }
  for (int x = 0; x < STATES; x++) {
    for (int y = 0; y < STATES; y++) {
      const int to[3] = {y % N, y / N % N, y / 9};
      const double p =
          kernel[0][x % N][to[0]] * kernel[1][x / N % N][to[1]] * kernel[2][x / 9][to[2]];
      const double a = accept[0][to[0]][to[1]];
      const int exchanged = to[1] + N * to[0] + 9 * to[2];
      pf[x] += p * ((1 - a) * f[y] + a * f[exchanged]);
      qp[y] += q[x] * p * (1 - a);
      qp[exchanged] += q[x] * p * a;
    }
  }
  pbl_oracle_ladder *l;
  assert_int_equal(pbl_oracle_ladder_create(&l, 3, N, &kernel[0][0][0], &accept[0][0][0], NULL),
                   PBL_OK);
  assert_int_equal(pbl_oracle_ladder_backward(l, "LE", f, NULL), PBL_OK);
  assert_int_equal(pbl_oracle_ladder_forward(l, "LE", q, NULL), PBL_OK);
  for (int x = 0; x < STATES; x++) {
    assert_true(fabs(f[x] - pf[x]) < 1e-14);
    assert_true(fabs(q[x] - qp[x]) < 1e-14);
  }
  assert_int_equal(pbl_oracle_ladder_backward(l, "LXE", f, NULL), PBL_INVALID);
  assert_int_equal(pbl_oracle_ladder_backward(l, "L++E", f, NULL), PBL_INVALID);
  pbl_oracle_ladder_destroy(l);
}

/* A ladder of one rung is a single chain. */
static void one_rung_has_the_tau_of_its_oracle(void **state) {
  (void)state;
  pbl_oracle_ladder *l;
  pbl_oracle *o;
  double law[4], f[4] = {-2, 0, 1, 5}, tau, expected;
  assert_int_equal(
      pbl_oracle_ladder_ideal(&l, law, 1, 1, pair_weights, pair_beta, 1, PBL_SCAN_CYCLIC, NULL),
      PBL_OK);
  assert_int_equal(
      pbl_oracle_create_weights_scan(&o, 1, 1, pair_weights, 1.0, PBL_SCAN_CYCLIC, NULL), PBL_OK);
  assert_int_equal(pbl_oracle_ladder_tau(NULL, NULL, &tau, l, "L", law, f, 0, NULL), PBL_OK);
  assert_int_equal(pbl_oracle_tau(o, f, NULL, NULL, &expected, NULL), PBL_OK);
  assert_true(fabs(tau - expected) < 1e-10);
  pbl_oracle_destroy(o);
  pbl_oracle_ladder_destroy(l);
}

/* The law of the integer ladder is no product; without passes it is. */
static void image_ladder_settles_near_the_product_of_its_rungs(void **state) {
  (void)state;
  pbl_rbm *m;
  pbl_image *im;
  pbl_oracle_ladder *l;
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = hw.n_hidden = 2;
  hw.table_size = 64;
  static const uint32_t beta[3] = {4096, 2500, 1400};
  double rung[48], cold[16];
  double *law = malloc(4096 * sizeof *law), *settled = malloc(4096 * sizeof *law);
  assert_int_equal(pbl_rbm_random(&m, 2, 2, 0.7, 0.2, 3, NULL), PBL_OK);
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, 1.0, NULL), PBL_OK);
  assert_int_equal(pbl_oracle_ladder_image(&l, rung, im, beta, 3, PBL_SCAN_CYCLIC, NULL), PBL_OK);
  pbl_oracle_ladder_product(law, l, rung);
  memcpy(settled, law, 4096 * sizeof *law);
  assert_int_equal(pbl_oracle_ladder_forward(l, "L", settled, NULL), PBL_OK);
  double change = 0.0, moved = 0.0;
  for (int x = 0; x < 4096; x++) change += 0.5 * fabs(settled[x] - law[x]);
  assert_int_equal(pbl_oracle_ladder_settle(l, "LELO", settled, NULL), PBL_OK);
  pbl_oracle_ladder_marginal(cold, l, settled, 0);
  for (int x = 0; x < 16; x++) moved += 0.5 * fabs(cold[x] - rung[x]);
  assert_true(change < 1e-12);
  assert_true(moved > 1e-6 && moved < 0.02); /* the distance of the rungs' own laws from exp(-E) */
  pbl_oracle_ladder_destroy(l);
  pbl_image_destroy(im);
  pbl_rbm_destroy(m);
  free(law);
  free(settled);
}

/* From the oracles of its rungs a ladder is what it is from its image; a graph has no other way. */
static void a_ladder_of_oracles_is_the_ladder_of_the_image(void **state) {
  (void)state;
  enum { N = 16, RUNGS = 3, ALL = N * N * N };
  static const uint32_t beta[RUNGS] = {4096, 2500, 1400};
  pbl_rbm *m;
  pbl_image *im;
  pbl_oracle *rung[RUNGS];
  pbl_oracle_ladder *a, *b;
  int64_t energy[N];
  double law[RUNGS * N], *f = malloc(2 * ALL * sizeof *f), *g = f + ALL;
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = hw.n_hidden = 2;
  assert_int_equal(pbl_rbm_random(&m, 2, 2, 0.7, 0.2, 3, NULL), PBL_OK);
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, 1.0, NULL), PBL_OK);
  pbl_image_state_energies(energy, im);
  for (int k = 0; k < RUNGS; k++)
    assert_int_equal(pbl_oracle_create_image(&rung[k], im, beta[k], PBL_KERNEL_CYCLIC, NULL),
                     PBL_OK);
  assert_int_equal(pbl_oracle_ladder_image(&a, law, im, beta, RUNGS, PBL_SCAN_CYCLIC, NULL),
                   PBL_OK);
  assert_int_equal(pbl_oracle_ladder_oracles(&b, (const pbl_oracle *const *)rung, RUNGS, energy,
                                             beta, hw.weight_frac + hw.beta_frac, NULL),
                   PBL_OK);
  for (int x = 0; x < ALL; x++) f[x] = g[x] = (double)(x * 7919 % 1009);
  assert_int_equal(pbl_oracle_ladder_backward(a, "LELO", f, NULL), PBL_OK);
  assert_int_equal(pbl_oracle_ladder_backward(b, "LELO", g, NULL), PBL_OK);
  for (int x = 0; x < ALL; x++) assert_true(fabs(f[x] - g[x]) < 1e-9);
  for (int k = 0; k < RUNGS; k++) pbl_oracle_destroy(rung[k]);
  pbl_oracle_ladder_destroy(a);
  pbl_oracle_ladder_destroy(b);
  pbl_image_destroy(im);
  pbl_rbm_destroy(m);
  free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(schemes_have_the_published_certificates),
      cmocka_unit_test(device_order_is_stationary_and_reversible_only_with_a_reversible_sweep),
      cmocka_unit_test(twelve_spins_in_all_are_certified),
      cmocka_unit_test(device_integers_miss_detailed_balance_by_the_chord),
      cmocka_unit_test(faults_of_the_decision_break_stationarity),
      cmocka_unit_test(steps_agree_with_a_matrix_built_state_by_state),
      cmocka_unit_test(one_rung_has_the_tau_of_its_oracle),
      cmocka_unit_test(image_ladder_settles_near_the_product_of_its_rungs),
      cmocka_unit_test(a_ladder_of_oracles_is_the_ladder_of_the_image),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
