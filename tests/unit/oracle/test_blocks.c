/* The two-block solver against the dense kernel, entry by entry, and against whole vectors. */
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
#include "pbl_blocks.h"
#include "pbl_dense.h"
#include "pbl_exact.h"

enum { SCANS = 4 };
static const pbl_scan scans[SCANS] = {PBL_SCAN_CYCLIC, PBL_SCAN_PALINDROMIC, PBL_SCAN_COIN,
                                      PBL_SCAN_RANDOM_BLOCK};

static pbl_rbm *random_model(int V, int H, double scale, uint64_t seed) {
  pbl_rbm *m = NULL;
  assert_int_equal(pbl_rbm_random(&m, V, H, scale, 0.3, seed, NULL), PBL_OK);
  return m;
}

static pbl_oracle *oracle_of(const pbl_rbm *m, pbl_scan scan) {
  pbl_oracle *o = NULL;
  assert_int_equal(pbl_oracle_create_model_scan(&o, m, 1.0, scan, NULL), PBL_OK);
  return o;
}

static pbl_blocks *blocks_of(const pbl_oracle *o) {
  pbl_blocks *b = NULL;
  assert_int_equal(pbl_blocks_create(&b, o, NULL, NULL), PBL_OK);
  return b;
}

/* No symmetry, both sides, all orders of interaction. */
static double *mixed_observable(const pbl_oracle *o) {
  double *f = malloc(pbl_oracle_states(o) * sizeof *f);
  assert_non_null(f);
  for (size_t x = 0; x < pbl_oracle_states(o); x++)
    f[x] = sin(0.37 * (double)x) + (x & 1 ? 1.0 : 0.0) + 3.0 * (double)__builtin_popcountll(x);
  return f;
}

static double blocks_tau(const pbl_blocks *b, pbl_scan scan, const double *f) {
  pbl_reduced r;
  double tau = 0.0, error = 1.0;
  assert_int_equal(pbl_blocks_reduce(&r, b, f, NULL), PBL_OK);
  assert_int_equal(pbl_blocks_tau(&tau, &error, b, scan, &r, NULL), PBL_OK);
  assert_true(error <= 1e-9 * tau);
  pbl_reduced_release(&r);
  return tau;
}

static double dense_tau(const pbl_oracle *o, const double *f) {
  pbl_dense *d = NULL;
  double tau = 0.0;
  assert_int_equal(pbl_dense_create(&d, o, 1, NULL), PBL_OK);
  assert_int_equal(pbl_dense_tau(d, f, NULL, NULL, &tau, NULL), PBL_OK);
  pbl_dense_destroy(d);
  return tau;
}

/* Own side h, own side v, both equal; 8 to 10 p-bits. */
static void tau_is_that_of_the_dense_kernel_for_every_shape_and_scan(void **state) {
  (void)state;
  static const int shapes[4][2] = {{4, 4}, {6, 3}, {3, 6}, {5, 5}};
  for (int s = 0; s < 4; s++) {
    pbl_rbm *m = random_model(shapes[s][0], shapes[s][1], 0.6, 3);
    pbl_oracle *ideal = oracle_of(m, PBL_SCAN_CYCLIC);
    pbl_blocks *b = blocks_of(ideal);
    double *f = mixed_observable(ideal);
    for (int k = 0; k < SCANS; k++) {
      pbl_oracle *o = oracle_of(m, scans[k]);
      const double tau = blocks_tau(b, scans[k], f), expected = dense_tau(o, f);
      assert_true(fabs(tau - expected) < 1e-10 * expected);
      pbl_oracle_destroy(o);
    }
    free(f);
    pbl_blocks_destroy(b);
    pbl_oracle_destroy(ideal);
    pbl_rbm_destroy(m);
  }
}

/* The eight-spin instance at beta 1.2 has tau 5000: what a sum over lags takes 1e5 steps for. */
static void published_tau_of_a_slow_kernel_comes_from_one_solve(void **state) {
  (void)state;
  static const double golden[2] = {7517.08077875, 10022.22047425}; /* full tau: AB, coin */
  static const pbl_scan which[2] = {PBL_SCAN_CYCLIC, PBL_SCAN_COIN};
  pbl_oracle *o = NULL;
  double f[256];
  assert_int_equal(
      pbl_oracle_create_weights_scan(&o, 4, 4, &golden_w8[0][0], 1.2, PBL_SCAN_CYCLIC, NULL),
      PBL_OK);
  pbl_blocks *b = blocks_of(o);
  for (size_t x = 0; x < 256; x++) f[x] = golden_observable(0, x);
  for (int k = 0; k < 2; k++)
    assert_true(fabs(2.0 * blocks_tau(b, which[k], f) - golden[k]) < 0.6e-8 + 2e-10 * golden[k]);
  pbl_blocks_destroy(b);
  pbl_oracle_destroy(o);
}

/* Var of the mean of K steps from the matrix: gamma_k = sum_xy pi_x g_x (P^k)_xy g_y. */
static double dense_window(const pbl_dense *d, const double *f, size_t K) {
  const size_t n = pbl_dense_states(d);
  const double *pi = pbl_dense_law(d), *P = pbl_dense_kernel(d);
  double *g = malloc(3 * n * sizeof *g), *y = g + n, *next = y + n, mean = 0.0, sum = 0.0;
  assert_non_null(g);
  for (size_t x = 0; x < n; x++) mean += pi[x] * f[x];
  for (size_t x = 0; x < n; x++) y[x] = g[x] = f[x] - mean;
  for (size_t lag = 0; lag < K; lag++) {
    double gamma = 0.0;
    for (size_t x = 0; x < n; x++) gamma += pi[x] * g[x] * y[x];
    sum += (lag == 0 ? 1.0 : 2.0) * (double)(K - lag) * gamma;
    for (size_t x = 0; x < n; x++) {
      next[x] = 0.0;
      for (size_t z = 0; z < n; z++) next[x] += P[x * n + z] * y[z];
    }
    memcpy(y, next, n * sizeof *y);
  }
  free(g);
  return sum / ((double)K * (double)K);
}

static void window_variances_are_those_of_the_dense_kernel(void **state) {
  (void)state;
  static const int shapes[2][2] = {{5, 3}, {3, 5}};
  static const size_t windows[4] = {1, 2, 7, 60};
  for (int s = 0; s < 2; s++) {
    pbl_rbm *m = random_model(shapes[s][0], shapes[s][1], 0.6, 4);
    pbl_oracle *ideal = oracle_of(m, PBL_SCAN_CYCLIC);
    pbl_blocks *b = blocks_of(ideal);
    double *f = mixed_observable(ideal);
    pbl_reduced r;
    assert_int_equal(pbl_blocks_reduce(&r, b, f, NULL), PBL_OK);
    for (int k = 0; k < SCANS; k++) {
      pbl_oracle *o = oracle_of(m, scans[k]);
      pbl_dense *d = NULL;
      assert_int_equal(pbl_dense_create(&d, o, 1, NULL), PBL_OK);
      for (int w = 0; w < 4; w++) {
        double variance = 0.0;
        const double expected = dense_window(d, f, windows[w]);
        assert_int_equal(
            pbl_blocks_window_variance(&variance, b, scans[k], &r, 1, windows[w], NULL, NULL),
            PBL_OK);
        assert_true(fabs(variance - expected) < 1e-10 * expected);
      }
      pbl_dense_destroy(d);
      pbl_oracle_destroy(o);
    }
    pbl_reduced_release(&r);
    free(f);
    pbl_blocks_destroy(b);
    pbl_oracle_destroy(ideal);
    pbl_rbm_destroy(m);
  }
}

/* An early end of the lags must not show: a window far beyond the slowest mode. */
static void a_long_window_tends_to_twice_tau(void **state) {
  (void)state;
  pbl_rbm *m = random_model(4, 4, 0.4, 5);
  pbl_oracle *o = oracle_of(m, PBL_SCAN_CYCLIC);
  pbl_blocks *b = blocks_of(o);
  double *f = mixed_observable(o), variance = 0.0;
  const double window = 1e9;
  pbl_reduced r;
  assert_int_equal(pbl_blocks_reduce(&r, b, f, NULL), PBL_OK);
  for (int k = 0; k < SCANS; k++) {
    assert_int_equal(
        pbl_blocks_window_variance(&variance, b, scans[k], &r, 1, (size_t)window, NULL, NULL),
        PBL_OK);
    assert_true(fabs(variance * window / (2.0 * blocks_tau(b, scans[k], f) * r.variance) - 1.0) <
                1e-7);
  }
  pbl_reduced_release(&r);
  free(f);
  pbl_blocks_destroy(b);
  pbl_oracle_destroy(o);
  pbl_rbm_destroy(m);
}

static void q_op_is_the_sum_over_the_dense_kernel(void **state) {
  (void)state;
  enum { V = 4, H = 4, N = 24, K = 20 };
  pbl_rbm *m = random_model(V, H, 0.5, 6), *teacher = random_model(V, H, 0.5, 7);
  assert_int_equal(pbl_exact_teach(m, teacher, 1, NULL, NULL), PBL_OK);
  pbl_oracle *ideal = oracle_of(m, PBL_SCAN_CYCLIC);
  pbl_blocks *b = blocks_of(ideal);
  pbl_reduced *components = NULL;
  double f[256];
  assert_int_equal(pbl_gradient_reduce(&components, b, NULL, NULL), PBL_OK);
  for (int k = 0; k < SCANS; k++) {
    pbl_oracle *o = oracle_of(m, scans[k]);
    pbl_dense *d = NULL;
    double signal = 0.0, noise = 0.0, q = 0.0;
    assert_int_equal(pbl_dense_create(&d, o, 1, NULL), PBL_OK);
    for (size_t a = 0; a < N; a++) {
      double mean = 0.0;
      const size_t i = a < 16 ? a / H : a - 16, j = a < 16 ? V + a % H : i;
      for (size_t x = 0; x < 256; x++) {
        const double first = (x >> i) & 1 ? 1.0 : -1.0, second = (x >> j) & 1 ? 1.0 : -1.0;
        f[x] = i == j ? first : first * second;
        mean += pbl_oracle_law(o)[x] * f[x];
      }
      const double data = a < 16   ? (double)m->data_vh[a]
                          : a < 20 ? (double)m->data_v[a - 16]
                                   : (double)m->data_h[a - 20];
      signal += (data - mean) * (data - mean);
      noise += dense_window(d, f, K);
    }
    assert_int_equal(
        pbl_blocks_qop(&q, NULL, NULL, b, scans[k], components, m, NULL, K, NULL, NULL), PBL_OK);
    assert_true(fabs(q - signal / noise) < 1e-10 * q);
    assert_int_equal(pbl_oracle_qop(o, m, K, &q, NULL, NULL, NULL), PBL_OK);
    assert_true(fabs(q - signal / noise) < 1e-10 * q);
    pbl_dense_destroy(d);
    pbl_oracle_destroy(o);
  }
  pbl_gradient_release(components, b);
  pbl_blocks_destroy(b);
  pbl_oracle_destroy(ideal);
  pbl_rbm_destroy(m);
  pbl_rbm_destroy(teacher);
}

/* The fault that swaps the blocks: BAB has another tau than ABA, and the solver tells them apart.
 * (AB and BA are adjoint under the law and share every tau.) */
static void swapped_blocks_would_show(void **state) {
  (void)state;
  pbl_rbm *m = random_model(4, 4, 0.6, 8);
  pbl_oracle *o = oracle_of(m, PBL_SCAN_PALINDROMIC);
  pbl_oracle *swapped = oracle_of(m, PBL_SCAN_REVERSED_PALINDROME);
  pbl_blocks *b = blocks_of(o);
  double *f = mixed_observable(o);
  const double right = dense_tau(o, f), wrong = dense_tau(swapped, f);
  assert_true(fabs(blocks_tau(b, PBL_SCAN_PALINDROMIC, f) - right) < 1e-10 * right);
  assert_true(fabs(right - wrong) > 1e-3 * right);
  free(f);
  pbl_blocks_destroy(b);
  pbl_oracle_destroy(o);
  pbl_oracle_destroy(swapped);
  pbl_rbm_destroy(m);
}

/* A coarse table: the kernel obeys no detailed balance, and its law is no Boltzmann law. */
static void quantised_kernels_are_solved_under_their_own_law(void **state) {
  (void)state;
  pbl_rbm *m = random_model(5, 3, 0.8, 9);
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = 5;
  hw.n_hidden = 3;
  hw.table_size = 16;
  pbl_image *im = NULL;
  pbl_error err;
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, 1.0, NULL), PBL_OK);
  for (int k = 0; k < 2; k++) {
    pbl_oracle *o = NULL;
    assert_int_equal(pbl_oracle_create_image_scan(&o, im, im->beta, scans[k], NULL), PBL_OK);
    pbl_blocks *b = blocks_of(o);
    double *f = mixed_observable(o), tau = 0.0;
    const double expected = dense_tau(o, f);
    assert_true(fabs(blocks_tau(b, scans[k], f) - expected) < 1e-10 * expected);
    pbl_reduced r;
    assert_int_equal(pbl_blocks_reduce(&r, b, f, NULL), PBL_OK);
    assert_int_equal(pbl_blocks_tau(&tau, NULL, b, PBL_SCAN_COIN, &r, &err), PBL_INVALID);
    assert_int_equal(pbl_blocks_tau(&tau, NULL, b, scans[1 - k], &r, &err), PBL_INVALID);
    pbl_reduced_release(&r);
    free(f);
    pbl_blocks_destroy(b);
    pbl_oracle_destroy(o);
  }
  pbl_image_destroy(im);
  pbl_rbm_destroy(m);
}

static bool stop_at_once(pbl_progress *self, const char *what, uint64_t done, uint64_t total) {
  (void)self;
  (void)what;
  (void)done;
  (void)total;
  return false;
}

static void a_request_to_stop_ends_every_long_part(void **state) {
  (void)state;
  pbl_progress stop = {.report = stop_at_once};
  pbl_rbm *m = random_model(3, 3, 0.5, 1);
  pbl_oracle *o = oracle_of(m, PBL_SCAN_CYCLIC);
  pbl_blocks *b = NULL;
  pbl_reduced *components = NULL;
  assert_int_equal(pbl_blocks_create(&b, o, &stop, NULL), PBL_INTERRUPTED);
  assert_null(b);
  b = blocks_of(o);
  assert_int_equal(pbl_gradient_reduce(&components, b, &stop, NULL), PBL_INTERRUPTED);
  assert_null(components);
  double *f = mixed_observable(o), variance = 0.0;
  pbl_reduced r;
  assert_int_equal(pbl_blocks_reduce(&r, b, f, NULL), PBL_OK);
  assert_int_equal(pbl_blocks_window_variance(&variance, b, PBL_SCAN_COIN, &r, 1, 10, &stop, NULL),
                   PBL_INTERRUPTED);
  pbl_reduced_release(&r);
  free(f);
  pbl_blocks_destroy(b);
  pbl_oracle_destroy(o);
  pbl_rbm_destroy(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tau_is_that_of_the_dense_kernel_for_every_shape_and_scan),
      cmocka_unit_test(published_tau_of_a_slow_kernel_comes_from_one_solve),
      cmocka_unit_test(window_variances_are_those_of_the_dense_kernel),
      cmocka_unit_test(a_long_window_tends_to_twice_tau),
      cmocka_unit_test(q_op_is_the_sum_over_the_dense_kernel),
      cmocka_unit_test(swapped_blocks_would_show),
      cmocka_unit_test(quantised_kernels_are_solved_under_their_own_law),
      cmocka_unit_test(a_request_to_stop_ends_every_long_part),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
