/* Slowest modes against the dense kernel, closed forms of rings, and grids of 20 p-bits. */
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

#include "pbl_dense.h"
#include "pbl_enumerate.h"
#include "pbl_exact.h"
#include "pbl_poisson.h"
#include "pbl_spectrum.h"

enum { COUNT = 4 };

static pbl_oracle *oracle_of(const pbl_rbm *m, double beta, pbl_scan scan) {
  pbl_oracle *o = NULL;
  assert_int_equal(pbl_oracle_create_model_scan(&o, m, beta, scan, NULL), PBL_OK);
  return o;
}

static pbl_rbm *random_model(int V, int H, double scale, uint64_t seed) {
  pbl_rbm *m = NULL;
  assert_int_equal(pbl_rbm_random(&m, V, H, scale, 0.3, seed, NULL), PBL_OK);
  return m;
}

/* sum |P f - value f|^2 pi, square root. */
static double residual(const pbl_oracle *o, const double *f, double value) {
  const size_t n = pbl_oracle_states(o);
  double *g = malloc(n * sizeof *g), sum = 0.0, norm = 0.0;
  assert_non_null(g);
  memcpy(g, f, n * sizeof *g);
  pbl_oracle_backward(o, g);
  for (size_t x = 0; x < n; x++) {
    sum += pbl_oracle_law(o)[x] * (g[x] - value * f[x]) * (g[x] - value * f[x]);
    norm += pbl_oracle_law(o)[x] * f[x] * f[x];
  }
  free(g);
  assert_true(fabs(norm - 1.0) < 1e-10);
  return sqrt(sum);
}

static void modes_are_those_of_the_dense_kernel_for_every_scan(void **state) {
  (void)state;
  static const int shapes[3][2] = {{4, 4}, {5, 4}, {4, 5}};
  for (int s = 0; s < 3; s++) {
    pbl_rbm *m = random_model(shapes[s][0], shapes[s][1], 0.6, 3);
    for (int scan = 0; scan < PBL_SCAN_RANDOM_SWEEP; scan++) {
      pbl_oracle *o = oracle_of(m, 1.0, (pbl_scan)scan);
      const size_t n = pbl_oracle_states(o);
      double re[COUNT], im[COUNT], whole[COUNT], *dense_re = malloc(n * sizeof *dense_re);
      double *functions = malloc(COUNT * n * sizeof *functions);
      pbl_dense *d = NULL;
      assert_int_equal(pbl_dense_create(&d, o, 1, NULL), PBL_OK);
      assert_int_equal(pbl_dense_spectrum(dense_re, NULL, NULL, d, NULL), PBL_OK);
      assert_int_equal(pbl_oracle_modes(re, im, functions, o, COUNT, 0.0, NULL, NULL), PBL_OK);
      assert_int_equal(pbl_oracle_modes_whole(whole, NULL, NULL, o, COUNT, 0.0, NULL, NULL),
                       PBL_OK);
      for (size_t k = 0; k < COUNT; k++) {
        assert_true(fabs(re[k] - dense_re[k + 1]) < 1e-10 && im[k] == 0.0);
        assert_true(fabs(whole[k] - dense_re[k + 1]) < 1e-10);
        assert_true(residual(o, functions + k * n, re[k]) < 1e-9);
      }
      free(dense_re);
      free(functions);
      pbl_dense_destroy(d);
      pbl_oracle_destroy(o);
    }
    pbl_rbm_destroy(m);
  }
}

/* Each from its own run on whole vectors. */
static void mixtures_have_the_eigenvalues_of_the_palindromes_cosines(void **state) {
  (void)state;
  pbl_rbm *m = random_model(5, 5, 0.5, 11);
  double values[3][COUNT];
  const pbl_scan scans[3] = {PBL_SCAN_PALINDROMIC, PBL_SCAN_COIN, PBL_SCAN_RANDOM_BLOCK};
  for (int k = 0; k < 3; k++) {
    pbl_oracle *o = oracle_of(m, 1.0, scans[k]);
    assert_int_equal(pbl_oracle_modes_whole(values[k], NULL, NULL, o, COUNT, 0.0, NULL, NULL),
                     PBL_OK);
    pbl_oracle_destroy(o);
  }
  for (int k = 0; k < COUNT; k++) {
    const double c = sqrt(values[0][k]);
    assert_true(fabs(values[1][k] - 0.5 * c * (c + 1.0)) < 1e-12);
    assert_true(fabs(values[2][k] - 0.5 * (1.0 + c)) < 1e-12);
  }
  pbl_rbm_destroy(m);
}

/* After AB only the visible block is remembered, after BA the hidden one: order shows. */
static void modes_of_the_alternating_scans_live_on_the_block_updated_last(void **state) {
  (void)state;
  enum { V = 4, H = 3 };
  pbl_rbm *m = random_model(V, H, 0.6, 12);
  for (int reversed = 0; reversed < 2; reversed++) {
    pbl_oracle *o = oracle_of(m, 1.0, reversed ? PBL_SCAN_REVERSED : PBL_SCAN_CYCLIC);
    double re = 0.0, f[1 << (V + H)], across_h = 0.0, across_v = 0.0;
    assert_int_equal(pbl_oracle_modes(&re, NULL, f, o, 1, 0.0, NULL, NULL), PBL_OK);
    for (size_t x = 0; x < 1 << (V + H); x++) {
      across_h = fmax(across_h, fabs(f[x] - f[x & ((1 << V) - 1)]));
      across_v = fmax(across_v, fabs(f[x] - f[x >> V << V]));
    }
    assert_true(reversed ? across_v < 1e-13 && across_h > 1e-2
                         : across_h < 1e-13 && across_v > 1e-2);
    pbl_oracle_destroy(o);
  }
  pbl_rbm_destroy(m);
}

static void uncoupled_p_bits_have_no_slow_mode(void **state) {
  (void)state;
  pbl_rbm *m = random_model(4, 4, 0.0, 1);
  double re = 1.0;
  pbl_oracle *o = oracle_of(m, 1.0, PBL_SCAN_CYCLIC);
  assert_int_equal(pbl_oracle_modes(&re, NULL, NULL, o, 1, 0.0, NULL, NULL), PBL_OK);
  assert_true(fabs(re) < 1e-14);
  assert_true(pbl_relaxation_time(0.0) == 0.0);
  assert_int_equal(pbl_oracle_modes(&re, NULL, NULL, o, 7, 0.0, NULL, NULL), PBL_INVALID);
  pbl_oracle_destroy(o);
  pbl_rbm_destroy(m);
}

/* Ring of n p-bits without fields, even ones visible: conditional means are linear in the
 * neighbours, tanh(2K)/2 (s + s'), so that the magnetisation of a block is an eigenfunction and c =
 * tanh 2K (Glauber 1963). */
static pbl_rbm *ring(int n, float coupling) {
  pbl_rbm *m = NULL;
  assert_int_equal(pbl_rbm_create(&m, n / 2, n / 2, NULL), PBL_OK);
  for (int i = 0; i < n / 2; i++) {
    m->w[i * (n / 2) + i] = coupling;
    m->w[((i + 1) % (n / 2)) * (n / 2) + i] = coupling;
  }
  return m;
}

static void a_ring_of_twenty_has_its_closed_forms(void **state) {
  (void)state;
  const double K = 0.5, t = tanh(2.0 * K), n = 20.0;
  pbl_rbm *m = ring(20, 0.5f);
  pbl_exact_request r = {
      .model = m,
      .beta = 1.0,
      .n_kernels = 4,
      .kernels = {PBL_SCAN_CYCLIC, PBL_SCAN_PALINDROMIC, PBL_SCAN_COIN, PBL_SCAN_RANDOM_BLOCK},
      .n_observables = 2,
      .observables = {"mag_visible", "mag"},
      .chains = 1};
  pbl_exact e;
  assert_int_equal(pbl_exact_run(&e, &r, NULL, NULL), PBL_OK);
  assert_true(fabs(e.log_z - n * log(2.0 * cosh(K)) - log1p(pow(tanh(K), n))) < 1e-11);
  const double values[4] = {t * t, t * t, 0.5 * t * (t + 1.0), 0.5 * (1.0 + t)};
  for (int k = 0; k < 4; k++) assert_true(fabs(e.kernels[k].eigenvalue - values[k]) < 1e-10);
  /* mag_visible is an eigenfunction of the alternating scans, mag of the mixtures. */
  for (int k = 0; k < 4; k++) {
    const double expected = 0.5 + values[k] / (1.0 - values[k]);
    assert_true(fabs(e.kernels[k].tau[k < 2 ? 0 : 1] - expected) < 1e-9 * expected);
  }
  pbl_exact_release(&e);
  pbl_rbm_destroy(m);
}

static void a_random_site_ring_relaxes_at_the_glauber_rate(void **state) {
  (void)state;
  const double t = tanh(1.0), value = 1.0 - (1.0 - t) / 12.0;
  pbl_rbm *m = ring(12, 0.5f);
  pbl_oracle *o = oracle_of(m, 1.0, PBL_SCAN_RANDOM_SITE);
  double f[4096], tau = 0.0, error = 1.0, re = 0.0;
  size_t steps = 0;
  assert_int_equal(pbl_exact_observable(f, "mag", m, NULL), PBL_OK);
  assert_int_equal(pbl_oracle_tau_reversible(&tau, &error, &steps, o, f, 1e-11, NULL, NULL),
                   PBL_OK);
  assert_true(fabs(tau - (0.5 + value / (1.0 - value))) < 1e-9 * tau);
  assert_int_equal(pbl_oracle_modes(&re, NULL, NULL, o, 1, 0.0, NULL, NULL), PBL_OK);
  assert_true(fabs(re - value) < 1e-11);
  pbl_oracle_destroy(o);
  pbl_rbm_destroy(m);
}

static void conjugate_gradients_agree_with_the_dense_solve(void **state) {
  (void)state;
  pbl_rbm *m = random_model(5, 4, 0.7, 13);
  const pbl_scan scans[3] = {PBL_SCAN_RANDOM_SITE, PBL_SCAN_COIN, PBL_SCAN_PALINDROMIC};
  double f[512], tau = 0.0, expected = 0.0;
  for (size_t x = 0; x < 512; x++) f[x] = sin((double)x);
  for (int k = 0; k < 3; k++) {
    pbl_oracle *o = oracle_of(m, 1.0, scans[k]);
    pbl_dense *d = NULL;
    assert_int_equal(pbl_dense_create(&d, o, 1, NULL), PBL_OK);
    assert_int_equal(pbl_dense_tau(d, f, NULL, NULL, &expected, NULL), PBL_OK);
    assert_int_equal(pbl_oracle_tau_reversible(&tau, NULL, NULL, o, f, 1e-12, NULL, NULL), PBL_OK);
    assert_true(fabs(tau - expected) < 1e-10 * expected);
    pbl_dense_destroy(d);
    pbl_oracle_destroy(o);
  }
  pbl_oracle *o = oracle_of(m, 1.0, PBL_SCAN_CYCLIC);
  assert_int_equal(pbl_oracle_tau_reversible(&tau, NULL, NULL, o, f, 1e-12, NULL, NULL),
                   PBL_INVALID);
  pbl_oracle_destroy(o);
  pbl_rbm_destroy(m);
}

/* Same couplings handed to the transfer matrix: visible and hidden squares are where they should
 * be. */
static void a_grid_has_the_log_z_of_its_transfer_matrix(void **state) {
  (void)state;
  static const int shapes[3][2] = {{4, 5}, {5, 3}, {2, 3}};
  for (int s = 0; s < 3; s++) {
    const int W = shapes[s][0], L = shapes[s][1];
    double right[20] = {0}, down[20] = {0}, field[20] = {0}, log_z = 0.0;
    pbl_rbm *m = NULL;
    assert_int_equal(pbl_exact_grid(&m, W, L, 0.6, 0.2, false, 5, NULL), PBL_OK);
    for (int k = 0; k < W * L; k++) {
      const int r = k / W, c = k % W;
      const bool visible = (r + c) % 2 == 0;
      field[k] = (double)(visible ? m->b : m->c)[k / 2];
      for (int way = 0; way < 2; way++) {
        if (way == 0 ? c + 1 == W : r + 1 == L) continue;
        const int other = way == 0 ? k + 1 : k + W;
        const int v = visible ? k / 2 : other / 2, h = visible ? other / 2 : k / 2;
        (way == 0 ? right : down)[k] = (double)m->w[v * m->n_hidden + h];
      }
    }
    const pbl_lattice lattice = {(size_t)W, (size_t)L, false, false, right, down, field};
    const pbl_exact_request request = {.model = m, .beta = 0.9, .chains = 1};
    pbl_exact e;
    assert_int_equal(pbl_lattice_log_z(&log_z, &lattice, 0.9, 1, NULL, NULL), PBL_OK);
    assert_int_equal(pbl_exact_run(&e, &request, NULL, NULL), PBL_OK);
    assert_true(fabs(e.log_z - log_z) < 1e-11);
    pbl_exact_release(&e);
    pbl_rbm_destroy(m);
  }
}

/* 20 p-bits: the solve against lags summed on whole vectors. */
static void a_four_by_five_grid_has_the_tau_of_its_lags(void **state) {
  (void)state;
  pbl_rbm *m = NULL;
  assert_int_equal(pbl_exact_grid(&m, 4, 5, 0.3, 0.1, false, 2, NULL), PBL_OK);
  pbl_exact_request r = {
      .model = m,
      .beta = 1.0,
      .n_kernels = 4,
      .kernels = {PBL_SCAN_CYCLIC, PBL_SCAN_PALINDROMIC, PBL_SCAN_COIN, PBL_SCAN_RANDOM_BLOCK},
      .n_observables = 1,
      .observables = {"energy"},
      .chains = 1};
  pbl_exact e;
  assert_int_equal(pbl_exact_run(&e, &r, NULL, NULL), PBL_OK);
  double *f = malloc(sizeof(double) << 20), mean = 0.0, variance = 0.0, tau = 0.0;
  assert_non_null(f);
  assert_int_equal(pbl_exact_observable(f, "energy", m, NULL), PBL_OK);
  for (size_t k = 0; k < 4; k++) {
    pbl_oracle *o = oracle_of(m, 1.0, r.kernels[k]);
    assert_int_equal(pbl_oracle_tau(o, f, &mean, &variance, &tau, NULL), PBL_OK);
    assert_true(fabs(e.kernels[k].tau[0] - tau) < 1e-10 * tau);
    assert_true(fabs(mean - e.energy) < 1e-10);
    assert_true(fabs(variance - e.energy_variance) < 1e-10);
    pbl_oracle_destroy(o);
  }
  free(f);
  pbl_exact_release(&e);
  pbl_rbm_destroy(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(modes_are_those_of_the_dense_kernel_for_every_scan),
      cmocka_unit_test(mixtures_have_the_eigenvalues_of_the_palindromes_cosines),
      cmocka_unit_test(modes_of_the_alternating_scans_live_on_the_block_updated_last),
      cmocka_unit_test(uncoupled_p_bits_have_no_slow_mode),
      cmocka_unit_test(a_ring_of_twenty_has_its_closed_forms),
      cmocka_unit_test(a_random_site_ring_relaxes_at_the_glauber_rate),
      cmocka_unit_test(conjugate_gradients_agree_with_the_dense_solve),
      cmocka_unit_test(a_grid_has_the_log_z_of_its_transfer_matrix),
      cmocka_unit_test(a_four_by_five_grid_has_the_tau_of_its_lags),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
