/* The sweep operator against a kernel built entry by entry from single-site updates, against
 * structural identities, and against closed forms of a two-spin model. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h relies on the headers above. */
#include <cmocka.h>

#include "pbl_oracle.h"
#include "pbl_rng.h"

enum { V = 3, H = 2, N = V + H, STATES = 32 };
#define BETA 0.8

static const double weights[(V + 1) * (H + 1)] = {
    0.9,   -0.4, 0.3,  /* w_00 w_01 b_0 */
    -1.1,  0.7,  -0.2, /* w_10 w_11 b_1 */
    0.5,   1.3,  0.1,  /* w_20 w_21 b_2 */
    -0.35, 0.25, 0.0,  /* c_0  c_1 */
};

static pbl_oracle *small(pbl_kernel kernel) {
  pbl_oracle *o = NULL;
  assert_int_equal(pbl_oracle_create_weights(&o, V, H, weights, BETA, kernel, NULL), PBL_OK);
  return o;
}

static double energy(size_t x) {
  double s[N], e = 0.0;
  for (int p = 0; p < N; p++) s[p] = (x >> p) & 1 ? 1.0 : -1.0;
  for (int i = 0; i < V; i++) {
    e -= weights[i * (H + 1) + H] * s[i];
    for (int j = 0; j < H; j++) e -= weights[i * (H + 1) + j] * s[i] * s[V + j];
  }
  for (int j = 0; j < H; j++) e -= weights[V * (H + 1) + j] * s[V + j];
  return e;
}

/* Row-stochastic matrix of one site update, from energies only. */
static void multiply_by_site(double P[STATES][STATES], int site) {
  double out[STATES][STATES];
  for (size_t x = 0; x < STATES; x++) {
    for (size_t y = 0; y < STATES; y++) {
      const size_t bit = (size_t)1 << site;
      const double plus = exp(-BETA * energy(y | bit)), minus = exp(-BETA * energy(y & ~bit));
      const double to_y = ((y & bit) ? plus : minus) / (plus + minus);
      out[x][y] = (P[x][y & ~bit] + P[x][y | bit]) * to_y;
    }
  }
  memcpy(P, out, sizeof out);
}

static void dense_kernel(double P[STATES][STATES], pbl_kernel kernel) {
  for (size_t x = 0; x < STATES; x++)
    for (size_t y = 0; y < STATES; y++) P[x][y] = x == y ? 1.0 : 0.0;
  for (int j = 0; j < H; j++) multiply_by_site(P, V + j);
  for (int i = 0; i < V; i++) multiply_by_site(P, i);
  for (int j = 0; j < H && kernel == PBL_KERNEL_PALINDROMIC; j++) multiply_by_site(P, V + j);
}

static void random_vector(double *f, size_t n, uint64_t seed) {
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, seed);
  for (size_t x = 0; x < n; x++) f[x] = pbl_xoshiro_double(&g) - 0.3;
}

static void check_backward(pbl_kernel kernel) {
  double P[STATES][STATES], f[STATES], g[STATES];
  pbl_oracle *o = small(kernel);
  dense_kernel(P, kernel);
  random_vector(f, STATES, 7);
  memcpy(g, f, sizeof f);
  pbl_oracle_backward(o, g);
  for (size_t x = 0; x < STATES; x++) {
    double expected = 0.0;
    for (size_t y = 0; y < STATES; y++) expected += P[x][y] * f[y];
    assert_true(fabs(g[x] - expected) < 1e-14);
  }
  pbl_oracle_destroy(o);
}

static void backward_step_equals_dense_product_of_site_updates(void **state) {
  (void)state;
  check_backward(PBL_KERNEL_CYCLIC);
  check_backward(PBL_KERNEL_PALINDROMIC);
}

static void forward_step_is_adjoint_to_backward_step(void **state) {
  (void)state;
  for (int k = 0; k < 2; k++) {
    pbl_oracle *o = small(k == 0 ? PBL_KERNEL_CYCLIC : PBL_KERNEL_PALINDROMIC);
    double f[STATES], q[STATES], Pf[STATES], qP[STATES], left = 0.0, right = 0.0, mass = 0.0;
    random_vector(f, STATES, 11);
    random_vector(q, STATES, 13);
    memcpy(Pf, f, sizeof f);
    memcpy(qP, q, sizeof q);
    pbl_oracle_backward(o, Pf);
    pbl_oracle_forward(o, qP);
    for (size_t x = 0; x < STATES; x++) {
      left += q[x] * Pf[x];
      right += qP[x] * f[x];
      mass += qP[x] - q[x];
    }
    assert_true(fabs(left - right) < 1e-14);
    assert_true(fabs(mass) < 1e-14);
    pbl_oracle_destroy(o);
  }
}

static void law_is_the_boltzmann_law_and_stationary(void **state) {
  (void)state;
  double z = 0.0, q[STATES];
  for (size_t x = 0; x < STATES; x++) z += exp(-BETA * energy(x));
  for (int k = 0; k < 2; k++) {
    pbl_oracle *o = small(k == 0 ? PBL_KERNEL_CYCLIC : PBL_KERNEL_PALINDROMIC);
    const double *law = pbl_oracle_law(o);
    assert_int_equal(pbl_oracle_states(o), STATES);
    assert_true(fabs(pbl_oracle_log_z(o) - log(z)) < 1e-13);
    memcpy(q, law, sizeof q);
    pbl_oracle_forward(o, q);
    for (size_t x = 0; x < STATES; x++) {
      assert_true(fabs(law[x] - exp(-BETA * energy(x)) / z) < 1e-15);
      assert_true(fabs(q[x] - law[x]) < 1e-15);
    }
    pbl_oracle_destroy(o);
  }
}

/* Largest |pi_x P_xy - pi_y P_yx|, P read off by applying the operator to indicator functions. */
static double detailed_balance_violation(pbl_kernel kernel) {
  pbl_oracle *o = small(kernel);
  const double *law = pbl_oracle_law(o);
  double column[STATES][STATES] = {{0}}, worst = 0.0;
  for (size_t y = 0; y < STATES; y++) {
    column[y][y] = 1.0;
    pbl_oracle_backward(o, column[y]);
  }
  for (size_t x = 0; x < STATES; x++)
    for (size_t y = 0; y < STATES; y++)
      worst = fmax(worst, fabs(law[x] * column[y][x] - law[y] * column[x][y]));
  pbl_oracle_destroy(o);
  return worst;
}

static void palindromic_kernel_is_reversible_and_cyclic_kernel_is_not(void **state) {
  (void)state;
  assert_true(detailed_balance_violation(PBL_KERNEL_PALINDROMIC) < 1e-16);
  assert_true(detailed_balance_violation(PBL_KERNEL_CYCLIC) > 1e-4);
}

static void moments_equal_direct_sums(void **state) {
  (void)state;
  pbl_oracle *o = small(PBL_KERNEL_CYCLIC);
  double first[N], second[N * N], z = 0.0;
  pbl_oracle_moments(o, first, second);
  for (size_t x = 0; x < STATES; x++) z += exp(-BETA * energy(x));
  for (int p = 0; p < N; p++) {
    double mean = 0.0;
    for (size_t x = 0; x < STATES; x++)
      mean += ((x >> p) & 1 ? 1.0 : -1.0) * exp(-BETA * energy(x)) / z;
    assert_true(fabs(first[p] - mean) < 1e-14);
    for (int q = 0; q < N; q++) {
      double both = 0.0;
      for (size_t x = 0; x < STATES; x++)
        both += (((x >> p) ^ (x >> q)) & 1 ? -1.0 : 1.0) * exp(-BETA * energy(x)) / z;
      assert_true(fabs(second[p * N + q] - both) < 1e-14);
    }
  }
  pbl_oracle_destroy(o);
}

/* One visible, one hidden spin, no biases: rho_k(v) = l^k, l = tanh(beta w)^2. Closed forms:
 * 2 tau = (1+l)/(1-l), n Var(mean)/v = (1+l)/(1-l) - 2 l (1 - l^n)/(n (1-l)^2). */
static void two_spin_model_has_the_closed_form_tau_and_window_variance(void **state) {
  (void)state;
  const double pair[4] = {0.6, 0.0, 0.0, 0.0};
  const double v[4] = {-1.0, 1.0, -1.0, 1.0};
  const size_t windows[4] = {1, 2, 17, 4000};
  pbl_oracle *o = NULL;
  assert_int_equal(pbl_oracle_create_weights(&o, 1, 1, pair, 1.5, PBL_KERNEL_CYCLIC, NULL), PBL_OK);
  const double l = pow(tanh(0.9), 2.0), full = (1.0 + l) / (1.0 - l);
  double tau = 0.0, lambda2 = 0.0;
  assert_int_equal(pbl_oracle_tau(o, v, NULL, NULL, &tau, NULL), PBL_OK);
  assert_true(fabs(2.0 * tau - full) < 1e-11);
  assert_int_equal(pbl_oracle_slowest(o, &lambda2, NULL), PBL_OK);
  assert_true(fabs(lambda2 - l) < 1e-9);
  for (int k = 0; k < 4; k++) {
    const double n = (double)windows[k];
    const double expected = (full - 2.0 * l * (1.0 - pow(l, n)) / (n * (1.0 - l) * (1.0 - l))) / n;
    double variance = 0.0;
    assert_int_equal(pbl_oracle_window_variance(o, v, windows[k], &variance, NULL), PBL_OK);
    assert_true(fabs(variance / expected - 1.0) < 1e-10);
  }
  pbl_oracle_destroy(o);
}

/* Without coupling one sweep forgets everything: P f is constant. */
static void uncoupled_spins_have_tau_one_half_and_no_slow_mode(void **state) {
  (void)state;
  const double loose[4] = {0.0, 0.4, -0.7, 0.0};
  const double f[4] = {1.0, 2.0, -3.0, 5.0};
  pbl_oracle *o = NULL;
  double tau = 0.0, lambda2 = 1.0;
  assert_int_equal(pbl_oracle_create_weights(&o, 1, 1, loose, 1.0, PBL_KERNEL_CYCLIC, NULL),
                   PBL_OK);
  assert_int_equal(pbl_oracle_tau(o, f, NULL, NULL, &tau, NULL), PBL_OK);
  assert_true(fabs(tau - 0.5) < 1e-12);
  assert_int_equal(pbl_oracle_slowest(o, &lambda2, NULL), PBL_OK);
  assert_true(lambda2 < 1e-12);
  pbl_oracle_destroy(o);
}

static void constant_observable_has_zero_variance_and_undefined_tau(void **state) {
  (void)state;
  pbl_oracle *o = small(PBL_KERNEL_CYCLIC);
  double f[STATES], mean = 0.0, variance = 1.0, tau = 0.0;
  for (size_t x = 0; x < STATES; x++) f[x] = 3.7;
  assert_int_equal(pbl_oracle_tau(o, f, &mean, &variance, &tau, NULL), PBL_OK);
  assert_true(fabs(mean - 3.7) < 1e-14);
  assert_true(variance == 0.0);
  assert_true(isnan(tau));
  assert_int_equal(pbl_oracle_window_variance(o, f, 10, &variance, NULL), PBL_OK);
  assert_true(variance == 0.0);
  pbl_oracle_destroy(o);
}

static void bad_arguments_are_refused_with_a_message(void **state) {
  (void)state;
  pbl_error err = {.status = PBL_OK};
  pbl_oracle *o = NULL;
  double bad[4] = {1.0, 0.0, NAN, 0.0}, out = 0.0;
  double f[STATES] = {0};
  pbl_rbm no_data = {.n_visible = V, .n_hidden = H};
  assert_int_equal(pbl_oracle_create_weights(&o, 11, 10, bad, 1.0, PBL_KERNEL_CYCLIC, &err),
                   PBL_INVALID);
  assert_non_null(strstr(err.message, "at most 20"));
  assert_int_equal(pbl_oracle_create_weights(&o, 0, 1, bad, 1.0, PBL_KERNEL_CYCLIC, &err),
                   PBL_INVALID);
  assert_int_equal(pbl_oracle_create_weights(&o, 1, 1, bad, 1.0, PBL_KERNEL_CYCLIC, &err),
                   PBL_INVALID);
  assert_null(o);
  o = small(PBL_KERNEL_CYCLIC);
  assert_int_equal(pbl_oracle_window_variance(o, f, 0, &out, &err), PBL_INVALID);
  assert_int_equal(pbl_oracle_qop(o, &no_data, 10, &out, NULL, NULL, &err), PBL_INVALID);
  no_data.n_hidden = H + 1;
  assert_int_equal(pbl_oracle_qop(o, &no_data, 10, &out, NULL, NULL, &err), PBL_INVALID);
  pbl_oracle_destroy(o);
  pbl_oracle_destroy(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(backward_step_equals_dense_product_of_site_updates),
      cmocka_unit_test(forward_step_is_adjoint_to_backward_step),
      cmocka_unit_test(law_is_the_boltzmann_law_and_stationary),
      cmocka_unit_test(palindromic_kernel_is_reversible_and_cyclic_kernel_is_not),
      cmocka_unit_test(moments_equal_direct_sums),
      cmocka_unit_test(two_spin_model_has_the_closed_form_tau_and_window_variance),
      cmocka_unit_test(uncoupled_spins_have_tau_one_half_and_no_slow_mode),
      cmocka_unit_test(constant_observable_has_zero_variance_and_undefined_tau),
      cmocka_unit_test(bad_arguments_are_refused_with_a_message),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
