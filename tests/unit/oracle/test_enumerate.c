/* Sums over all states against the eight-spin instance's published values, against each other,
 * against direct sums, and Kaufman's closed form of the square lattice on a torus. */
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
#include "pbl_enumerate.h"
#include "pbl_oracle.h"
#include "pbl_rng.h"

#define PI 3.14159265358979323846

/* Bipartite weights as dense couplings: n x n and n. */
static void as_ising(double *J, double *h, const double *w, size_t V, size_t H) {
  const size_t n = V + H;
  memset(J, 0, n * n * sizeof *J);
  for (size_t i = 0; i < V; i++) {
    h[i] = w[i * (H + 1) + H];
    for (size_t j = 0; j < H; j++) J[i * n + V + j] = J[(V + j) * n + i] = w[i * (H + 1) + j];
  }
  for (size_t j = 0; j < H; j++) h[V + j] = w[V * (H + 1) + j];
}

static double *random_weights(size_t n, double scale, uint64_t seed) {
  pbl_xoshiro rng;
  double *w = malloc(n * sizeof *w);
  assert_non_null(w);
  pbl_xoshiro_seed(&rng, seed);
  for (size_t k = 0; k < n; k++) w[k] = scale * pbl_xoshiro_normal(&rng);
  return w;
}

/* Published: ln Z, mean of a0 (p-bit 4) and b0, mean and variance of the energy. */
static void eight_spin_sums_match_published_values_by_both_routes(void **state) {
  (void)state;
  static const struct {
    double beta, log_z, a0, b0, energy, variance;
  } golden[3] = {
      {.45, 8.176628602317, -.1949587251, -.1657189556, -10.0287997228, 9.9932889355},
      {.7, 10.906697581380, -.3543319981, -.3333641869, -11.5491405910, 3.5328735494},
      {1.2, 16.966582736777, -.5981494591, -.5934722610, -12.5021960061, 1.0704221946},
  };
  double J[64], h[8], first[8], edges[16];
  as_ising(J, h, &golden_w8[0][0], 4, 4);
  for (int k = 0; k < 3; k++) {
    for (int route = 0; route < 2; route++) {
      pbl_energy_sums e;
      const pbl_status status =
          route == 0 ? pbl_ising_enumerate(&e, first, NULL, 8, J, h, golden[k].beta, 1, NULL, NULL)
                     : pbl_bipartite_enumerate(&e, first, edges, 4, 4, &golden_w8[0][0],
                                               golden[k].beta, 1, NULL, NULL);
      assert_int_equal(status, PBL_OK);
      assert_true(fabs(e.log_z - golden[k].log_z) < 1e-12);
      assert_true(fabs(first[4] - golden[k].a0) < 0.7e-10);
      assert_true(fabs(first[0] - golden[k].b0) < 0.7e-10);
      assert_true(fabs(e.energy - golden[k].energy) < 0.7e-10);
      assert_true(fabs(e.energy_variance - golden[k].variance) < 0.7e-10);
    }
  }
  assert_true(fabs(edges[1 * 4 + 2] - .9998727449) < 0.7e-10);  /* strong: a2 b1 */
  assert_true(fabs(edges[1 * 4 + 1] - -.1700083943) < 0.7e-10); /* weak: a1 b1 */
}

/* Three spins with all couplings, written out; also the least size that is padded. */
static void three_coupled_spins_match_the_sum_written_out(void **state) {
  (void)state;
  const double J[9] = {9, .3, -.7, .3, 9, 1.1, -.7, 1.1, 9}, h[3] = {.2, -.5, .4}, beta = 1.3;
  for (size_t n = 1; n <= 3; n++) {
    double sub[9], z = 0.0, m[3] = {0}, e1 = 0.0, first[3], ground, lowest = INFINITY;
    pbl_energy_sums e;
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) sub[i * n + j] = J[i * 3 + j];
    for (size_t x = 0; x < (size_t)1 << n; x++) {
      double energy = 0.0;
      for (size_t i = 0; i < n; i++) {
        const double si = (x >> i) & 1 ? 1 : -1;
        energy -= h[i] * si;
        for (size_t j = 0; j < i; j++) energy -= J[i * 3 + j] * si * ((x >> j) & 1 ? 1 : -1);
      }
      const double w = exp(-beta * energy);
      z += w;
      e1 += w * energy;
      lowest = fmin(lowest, energy);
      for (size_t i = 0; i < n; i++) m[i] += w * ((x >> i) & 1 ? 1 : -1);
    }
    assert_int_equal(pbl_ising_enumerate(&e, first, &ground, n, sub, h, beta, 1, NULL, NULL),
                     PBL_OK);
    assert_true(fabs(e.log_z - log(z)) < 1e-14);
    assert_true(fabs(e.energy - e1 / z) < 1e-14);
    assert_true(fabs(ground - lowest) < 1e-15);
    for (size_t i = 0; i < n; i++) assert_true(fabs(first[i] - m[i] / z) < 1e-14);
  }
}

/* 21 spins: several chunks and rows in both; the oracle sums in quite another order. */
static void both_routes_agree_where_a_state_walk_crosses_chunks(void **state) {
  (void)state;
  enum { V = 4, H = 17, N = V + H };
  double *w = random_weights((V + 1) * (H + 1), 0.6, 11), *J = malloc(N * N * sizeof *J);
  double h[N], walk[N], side[N], edges[V * H];
  pbl_energy_sums a, b, c;
  assert_non_null(J);
  as_ising(J, h, w, V, H);
  assert_int_equal(pbl_ising_enumerate(&a, walk, NULL, N, J, h, 0.8, 2, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_bipartite_enumerate(&b, side, edges, V, H, w, 0.8, 2, NULL, NULL), PBL_OK);
  assert_true(fabs(a.log_z - b.log_z) < 1e-12);
  assert_true(fabs(a.energy - b.energy) < 1e-11);
  assert_true(fabs(a.energy_variance - b.energy_variance) < 1e-10);
  for (int p = 0; p < N; p++) assert_true(fabs(walk[p] - side[p]) < 1e-12);
  assert_int_equal(pbl_bipartite_enumerate(&c, NULL, NULL, V, H, w, 0.8, 1, NULL, NULL), PBL_OK);
  assert_true(fabs(c.log_z - b.log_z) < 1e-13 && fabs(c.energy - b.energy) < 1e-12);
  free(w);
  free(J);
}

static void bipartite_moments_equal_those_of_the_state_oracle_for_either_smaller_side(
    void **state) {
  (void)state;
  const int shapes[3][2] = {{5, 13}, {13, 5}, {2, 9}};
  for (int k = 0; k < 3; k++) {
    const size_t V = (size_t)shapes[k][0], H = (size_t)shapes[k][1], N = V + H;
    double *w = random_weights((V + 1) * (H + 1), 0.5, 3 + (uint64_t)k);
    double first[18], edges[65], m1[18], m2[18 * 18];
    pbl_oracle *o = NULL;
    pbl_energy_sums e;
    w[V * (H + 1) + H] = NAN; /* unused corner: not read */
    assert_int_equal(pbl_bipartite_enumerate(&e, first, edges, V, H, w, 1.0, 1, NULL, NULL),
                     PBL_OK);
    w[V * (H + 1) + H] = 0.0;
    assert_int_equal(
        pbl_oracle_create_weights(&o, shapes[k][0], shapes[k][1], w, 1.0, PBL_KERNEL_CYCLIC, NULL),
        PBL_OK);
    pbl_oracle_moments(o, m1, m2);
    assert_true(fabs(e.log_z - pbl_oracle_log_z(o)) < 1e-12);
    for (size_t p = 0; p < N; p++) assert_true(fabs(first[p] - m1[p]) < 1e-12);
    for (size_t i = 0; i < V; i++)
      for (size_t j = 0; j < H; j++)
        assert_true(fabs(edges[i * H + j] - m2[i * N + V + j]) < 1e-12);
    pbl_oracle_destroy(o);
    free(w);
  }
}

/* 12 x 3000 without couplings: ln Z is a sum of logarithms. Small biases make every factor nearly
 * 2, whose plain product would overflow. */
static void a_large_free_side_has_the_closed_form(void **state) {
  (void)state;
  enum { V = 12, H = 3000 };
  double *w = random_weights((V + 1) * (H + 1), 0.1, 8), expected = 0.0;
  for (size_t i = 0; i < V; i++)
    for (size_t j = 0; j < H; j++) w[i * (H + 1) + j] = 0.0;
  for (size_t i = 0; i < V; i++) expected += log(2.0 * cosh(0.7 * w[i * (H + 1) + H]));
  for (size_t j = 0; j < H; j++) expected += log(2.0 * cosh(0.7 * w[V * (H + 1) + j]));
  double *first = malloc((V + H) * sizeof *first);
  pbl_energy_sums e;
  assert_non_null(first);
  assert_int_equal(pbl_bipartite_enumerate(&e, first, NULL, V, H, w, 0.7, 1, NULL, NULL), PBL_OK);
  assert_true(fabs(e.log_z - expected) < 1e-13 * expected);
  assert_true(fabs(first[V + 5] - tanh(0.7 * w[V * (H + 1) + 5])) < 1e-13);
  assert_true(fabs(first[3] - tanh(0.7 * w[3 * (H + 1) + H])) < 1e-13);
  free(first);
  free(w);
}

/* Couplings of 100 at beta 10: weights differ by e^4000, two ground states are left. */
static void large_couplings_neither_overflow_nor_vanish(void **state) {
  (void)state;
  enum { N = 14 };
  double J[N * N] = {0}, first[N], ground;
  pbl_energy_sums e;
  for (int i = 0; i + 1 < N; i++) J[i * N + i + 1] = J[(i + 1) * N + i] = 100.0;
  assert_int_equal(pbl_ising_enumerate(&e, first, &ground, N, J, NULL, 10.0, 1, NULL, NULL),
                   PBL_OK);
  assert_true(ground == -1300.0);
  assert_true(fabs(e.log_z - (13000.0 + log(2.0))) < 1e-9);
  assert_true(fabs(first[0]) < 1e-12);
}

static void thread_count_does_not_change_a_bit(void **state) {
  (void)state;
  enum { N = 22 };
  double *w = random_weights(N * N, 0.3, 5), one[N], two[N];
  pbl_energy_sums a, b;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < i; j++) w[j * N + i] = w[i * N + j];
  assert_int_equal(pbl_ising_enumerate(&a, one, NULL, N, w, NULL, 1.0, 1, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_ising_enumerate(&b, two, NULL, N, w, NULL, 1.0, 2, NULL, NULL), PBL_OK);
  assert_true(a.log_z == b.log_z && a.energy_variance == b.energy_variance);
  assert_memory_equal(one, two, sizeof one);
  free(w);
}

/* Kaufman 1949: Z of the L x M torus with coupling K is half the sum of four products. gamma_0 is
 * negative above the critical temperature, which makes one sinh, and with it the last product,
 * negative. */
static double kaufman(int L, int M, double K) {
  double odd_cosh = 0.0, odd_sinh = 0.0, even_cosh = 0.0, even_sinh = 0.0, sign = 1.0;
  for (int r = 0; r < 2 * L; r++) {
    const double c = cosh(2 * K) / tanh(2 * K) - cos(PI * r / L);
    const double gamma = r == 0 ? 2 * K + log(tanh(K)) : log(c + sqrt(c * c - 1.0));
    const double cosh_log = log(2.0 * cosh(0.5 * M * gamma));
    const double sinh_log = log(2.0 * fabs(sinh(0.5 * M * gamma)));
    if (gamma < 0.0) sign = -sign;
    if (r % 2 == 1) {
      odd_cosh += cosh_log;
      odd_sinh += sinh_log;
    } else {
      even_cosh += cosh_log;
      even_sinh += sinh_log;
    }
  }
  const double sum =
      exp(odd_sinh - odd_cosh) + 1.0 + exp(even_cosh - odd_cosh) + sign * exp(even_sinh - odd_cosh);
  return 0.5 * L * M * log(2.0 * sinh(2 * K)) + odd_cosh + log(0.5 * sum);
}

static void torus_matches_kaufmans_closed_form(void **state) {
  (void)state;
  double ones[80], log_z = 0.0;
  for (int k = 0; k < 80; k++) ones[k] = 1.0;
  const pbl_lattice g = {8, 10, true, true, ones, ones, NULL};
  const double couplings[3] = {0.2, 0.44, 0.7};
  for (int k = 0; k < 3; k++) {
    assert_int_equal(pbl_lattice_log_z(&log_z, &g, couplings[k], 1, NULL, NULL), PBL_OK);
    assert_true(fabs(log_z - kaufman(8, 10, couplings[k])) < 1e-10);
  }
}

/* Random couplings and fields, all four boundary conditions, against enumeration. */
static void random_lattices_match_enumeration_for_every_boundary(void **state) {
  (void)state;
  enum { L = 4, M = 5, N = L * M };
  double *x = random_weights(3 * N, 1.0, 21), *J = malloc(N * N * sizeof *J);
  assert_non_null(J);
  for (int boundary = 0; boundary < 4; boundary++) {
    const pbl_lattice g = {L, M, boundary & 1, boundary & 2, x, x + N, x + 2 * N};
    memset(J, 0, N * N * sizeof *J);
    for (int r = 0; r < M; r++) {
      for (int c = 0; c < L; c++) {
        const int a = r * L + c, right = r * L + (c + 1) % L, down = ((r + 1) % M) * L + c;
        if (c + 1 < L || g.periodic_width) J[a * N + right] = J[right * N + a] = x[a];
        if (r + 1 < M || g.periodic_length) J[a * N + down] = J[down * N + a] = x[N + a];
      }
    }
    pbl_energy_sums e;
    double log_z = 0.0;
    assert_int_equal(pbl_ising_enumerate(&e, NULL, NULL, N, J, g.field, 0.9, 2, NULL, NULL),
                     PBL_OK);
    assert_int_equal(pbl_lattice_log_z(&log_z, &g, 0.9, 2, NULL, NULL), PBL_OK);
    assert_true(fabs(log_z - e.log_z) < 1e-11);
  }
  free(x);
  free(J);
}

/* Open L x M lattice without fields: a chain (width 1) has Z = 2 (2 cosh K)^(M-1). */
static void a_chain_has_the_closed_form_and_width_twenty_is_accepted(void **state) {
  (void)state;
  double down[50], log_z = 0.0;
  for (int k = 0; k < 50; k++) down[k] = -0.8;
  const pbl_lattice chain = {1, 50, false, false, down, down, NULL};
  assert_int_equal(pbl_lattice_log_z(&log_z, &chain, 1.0, 1, NULL, NULL), PBL_OK);
  assert_true(fabs(log_z - (log(2.0) + 49.0 * log(2.0 * cosh(0.8)))) < 1e-12);
  const pbl_lattice row = {20, 1, false, false, down, NULL, NULL};
  assert_int_equal(pbl_lattice_log_z(&log_z, &row, 1.0, 1, NULL, NULL), PBL_OK);
  assert_true(fabs(log_z - (log(2.0) + 19.0 * log(2.0 * cosh(0.8)))) < 1e-11);
}

static bool stop_at_once(pbl_progress *self, const char *what, uint64_t done, uint64_t total) {
  (void)self;
  (void)what;
  (void)done;
  (void)total;
  return false;
}

static void work_stops_on_request_and_bad_input_is_refused(void **state) {
  (void)state;
  pbl_progress stop = {.report = stop_at_once};
  pbl_error err = {.status = PBL_OK};
  pbl_energy_sums e;
  double J[4] = {0, 1, 1, 0}, log_z, ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  const pbl_lattice torus = {3, 3, true, true, ones, ones, NULL};
  const pbl_lattice narrow = {2, 3, true, true, ones, ones, NULL};
  assert_int_equal(pbl_ising_enumerate(&e, NULL, NULL, 2, J, NULL, 1.0, 1, &stop, &err),
                   PBL_INTERRUPTED);
  assert_int_equal(pbl_bipartite_enumerate(&e, NULL, NULL, 1, 1, J, 1.0, 1, &stop, &err),
                   PBL_INTERRUPTED);
  assert_int_equal(pbl_lattice_log_z(&log_z, &torus, 1.0, 1, &stop, &err), PBL_INTERRUPTED);
  assert_int_equal(pbl_lattice_log_z(&log_z, &narrow, 1.0, 1, NULL, &err), PBL_INVALID);
  assert_int_equal(pbl_ising_enumerate(&e, NULL, NULL, 37, J, NULL, 1.0, 1, NULL, &err),
                   PBL_INVALID);
  assert_int_equal(pbl_bipartite_enumerate(&e, NULL, NULL, 29, 29, J, 1.0, 1, NULL, &err),
                   PBL_INVALID);
  J[1] = 2.0;
  assert_int_equal(pbl_ising_enumerate(&e, NULL, NULL, 2, J, NULL, 1.0, 1, NULL, &err),
                   PBL_INVALID);
  assert_non_null(strstr(err.message, "J[1][0]"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(eight_spin_sums_match_published_values_by_both_routes),
      cmocka_unit_test(three_coupled_spins_match_the_sum_written_out),
      cmocka_unit_test(both_routes_agree_where_a_state_walk_crosses_chunks),
      cmocka_unit_test(bipartite_moments_equal_those_of_the_state_oracle_for_either_smaller_side),
      cmocka_unit_test(a_large_free_side_has_the_closed_form),
      cmocka_unit_test(large_couplings_neither_overflow_nor_vanish),
      cmocka_unit_test(thread_count_does_not_change_a_bit),
      cmocka_unit_test(torus_matches_kaufmans_closed_form),
      cmocka_unit_test(random_lattices_match_enumeration_for_every_boundary),
      cmocka_unit_test(a_chain_has_the_closed_form_and_width_twenty_is_accepted),
      cmocka_unit_test(work_stops_on_request_and_bad_input_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
