/* Ladders that remember one block against the full product chain over all states, and against the
 * published eight-spin instance. */
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
#include <string.h>

#include "golden_models.h"
#include "pbl_block_ladder.h"
#include "pbl_ladder.h"
#include "pbl_oracle_ladder.h"
#include "pbl_rng.h"

static const double betas[3] = {1.1, 0.6, 0.25};
enum { MAX_STATES = 4096 };

/* One weight, one bias a side, in the layout of the oracles. */
static void fill_weights(double *w, int V, int H, double weight, double bv, double bh) {
  for (int i = 0; i <= V; i++)
    for (int j = 0; j <= H; j++)
      w[i * (H + 1) + j] = i < V ? (j < H ? weight : bv) : (j < H ? bh : 0.0);
}

/* Observables of the lumped chain in a state of all p-bits. */
static void fill_values(double *f, int V, int H, double weight, double bv, double bh) {
  for (size_t x = 0; x < (size_t)1 << (V + H); x++) {
    double v = 0, h = 0;
    for (int i = 0; i < V; i++) v += x >> i & 1 ? 1 : -1;
    for (int j = 0; j < H; j++) h += x >> (V + j) & 1 ? 1 : -1;
    f[x] = v;
    f[((size_t)1 << (V + H)) + x] = h;
    f[((size_t)2 << (V + H)) + x] = -(weight * v * h + bv * v + bh * h);
  }
}

/* tau of f at rung 0, seen after every sweep, passes of the given kinds in turn; on the whole chain
 * by lags. law: before the pass of every kind. */
static double tau_in_turn(const pbl_oracle_ladder *l, const char *const *pass, size_t phases,
                          double *const *law, const double *f, size_t n, double *variance_out) {
  const size_t states = pbl_oracle_ladder_states(l);
  double *g[2], mean = 0, variance = 0, sum = 0, *keep = malloc(states * sizeof *keep);
  for (size_t j = 0; j < phases; j++)
    for (size_t x = 0; x < states; x++) mean += law[j][x] * f[x % n] / (double)phases;
  for (size_t j = 0; j < phases; j++) {
    g[j] = malloc(states * sizeof *keep);
    for (size_t x = 0; x < states; x++) {
      g[j][x] = f[x % n] - mean;
      variance += law[j][x] * g[j][x] * g[j][x] / (double)phases;
    }
  }
  /* where the phases' means differ a lag never dies out but changes its sign: Abel's sum */
  double gamma = 0, before = INFINITY;
  for (int lag = 1; lag < 100000 && fabs(gamma + before) > 1e-15 * variance; lag++) {
    memcpy(keep, g[0], states * sizeof *keep);
    for (size_t j = 0; j < phases; j++) {
      if (phases > 1) memcpy(g[j], j + 1 < phases ? g[j + 1] : keep, states * sizeof *keep);
      char word[8];
      snprintf(word, sizeof word, "%sL", pass[j]);
      assert_int_equal(pbl_oracle_ladder_backward(l, word, g[j], NULL), PBL_OK);
    }
    before = gamma;
    gamma = 0;
    for (size_t j = 0; j < phases; j++)
      for (size_t x = 0; x < states; x++)
        gamma += law[j][x] * (f[x % n] - mean) * g[j][x] / (double)phases;
    sum += gamma;
  }
  sum -= gamma / 2;
  free(keep);
  for (size_t j = 0; j < phases; j++) free(g[j]);
  *variance_out = variance;
  return 0.5 + sum / variance;
}

static void compare(int V, int H, size_t rungs, pbl_scan scan, pbl_ladder_passes passes) {
  static const char *const even_odd[2] = {"E", "O"}, *const coin[1] = {"S"}, *const none[1] = {"I"};
  const double weight = 0.55, bv = 0.1, bh = -0.05;
  const size_t n = (size_t)1 << (V + H);
  double w[32], f[3 * 64], rung[3 * 64], variance;
  double *law = malloc(MAX_STATES * sizeof *law);
  pbl_oracle_ladder *l;
  pbl_block_ladder *b;
  pbl_block_ladder_exact exact;
  fill_weights(w, V, H, weight, bv, bh);
  fill_values(f, V, H, weight, bv, bh);
  assert_int_equal(pbl_oracle_ladder_ideal(&l, rung, V, H, w, betas, rungs, scan, NULL), PBL_OK);
  pbl_oracle_ladder_product(law, l, rung);
  assert_int_equal(pbl_block_ladder_barrier(&b, V, H, weight, bv, bh, betas, rungs, scan, NULL),
                   PBL_OK);
  assert_int_equal(pbl_block_ladder_solve(&exact, b, passes, 1, NULL, NULL), PBL_OK);
  double *const laws[2] = {law, law};
  const char *const *pass = passes == PBL_PASSES_EVEN_ODD ? even_odd
                            : passes == PBL_PASSES_RANDOM ? coin
                                                          : none;
  for (size_t k = 0; k < 3; k++) {
    const double tau =
        tau_in_turn(l, pass, passes == PBL_PASSES_EVEN_ODD ? 2 : 1, laws, f + k * n, n, &variance);
    assert_true(fabs(exact.tau[k] - tau) < 1e-8 * tau);
    assert_true(fabs(exact.variance[k] - variance) < 1e-10 * variance);
  }
  pbl_block_ladder_destroy(b);
  pbl_oracle_ladder_destroy(l);
  free(law);
}

static void lumped_tau_is_that_of_the_full_chain(void **state) {
  (void)state;
  static const pbl_scan scans[3] = {PBL_SCAN_CYCLIC, PBL_SCAN_PALINDROMIC, PBL_SCAN_COIN};
  for (int s = 0; s < 3; s++) {
    for (int p = PBL_PASSES_NONE; p <= PBL_PASSES_RANDOM; p++) {
      compare(2, 1, 3, scans[s], (pbl_ladder_passes)p);
      compare(2, 2, 2, scans[s], (pbl_ladder_passes)p);
    }
  }
  compare(1, 3, 3, PBL_SCAN_CYCLIC, PBL_PASSES_EVEN_ODD);
}

/* Law, tau and acceptance of the device's integers, which know no closed form of the law. */
static void lumped_image_is_the_full_integer_chain(void **state) {
  (void)state;
  pbl_rbm *m;
  pbl_image *im;
  pbl_oracle_ladder *l;
  pbl_block_ladder *b;
  pbl_block_ladder_exact exact;
  pbl_hw hw = pbl_hw_default();
  enum { N = 16 };
  static const uint32_t beta[3] = {4500, 2500, 1000};
  double rung[3 * N], f[3 * N], variance, lumped[27], marginal[N], full[9] = {0};
  double *after[2] = {malloc(MAX_STATES * 8), malloc(MAX_STATES * 8)};
  hw.n_visible = hw.n_hidden = 2;
  hw.table_size = 64;
  assert_int_equal(pbl_rbm_create(&m, 2, 2, NULL), PBL_OK);
  for (int k = 0; k < 4; k++) m->w[k] = 0.5f;
  for (int k = 0; k < 2; k++) m->b[k] = 0.125f;
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, 1.0, NULL), PBL_OK);
  assert_true(pbl_block_ladder_fits_barrier(im));
  assert_int_equal(pbl_oracle_ladder_image(&l, rung, im, beta, 3, PBL_SCAN_CYCLIC, NULL), PBL_OK);
  assert_int_equal(pbl_block_ladder_barrier_image(&b, im, beta, 3, PBL_SCAN_CYCLIC, NULL), PBL_OK);
  assert_int_equal(pbl_block_ladder_solve(&exact, b, PBL_PASSES_EVEN_ODD, 1, NULL, NULL), PBL_OK);
  /* after the sweep that an even pass follows, and that an odd one follows */
  pbl_oracle_ladder_product(after[0], l, rung);
  assert_int_equal(pbl_oracle_ladder_settle(l, "ELOL", after[0], NULL), PBL_OK);
  memcpy(after[1], after[0], MAX_STATES * 8);
  assert_int_equal(pbl_oracle_ladder_forward(l, "EL", after[1], NULL), PBL_OK);
  fill_values(f, 2, 2, 0.5, 0.125, 0.0);
  static const char *const pass[2] = {"E", "O"};
  for (size_t k = 0; k < 3; k++) {
    const double tau = tau_in_turn(l, pass, 2, after, f + k * N, N, &variance);
    assert_true(fabs(exact.tau[k] - tau) < 1e-7 * tau);
  }
  double accepted = 0.0;
  for (size_t x = 0; x < MAX_STATES; x++) {
    const double e0 = 64 * f[2 * N + x % N], e1 = 64 * f[2 * N + x / N % N];
    accepted += after[0][x] * fmin(1.0, exp((e0 - e1) * (4500 - 2500) / 262144.0));
  }
  assert_true(fabs(exact.acceptance[0] - accepted) < 1.5e-5);
  assert_int_equal(pbl_block_ladder_laws(lumped, b, PBL_PASSES_EVEN_ODD, 1, NULL, NULL), PBL_OK);
  for (int j = 0; j < 2; j++) {
    pbl_oracle_ladder_marginal(marginal, l, after[j], 0);
    for (size_t x = 0; x < N; x++)
      full[(x & 1) + (x >> 1 & 1) + 3 * ((x >> 2 & 1) + (x >> 3))] += 0.5 * marginal[x];
  }
  for (int k = 0; k < 9; k++) assert_true(fabs(full[k] - lumped[k]) < 1e-11);
  m->w[2] = 0.25f;
  pbl_image_destroy(im);
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, 1.0, NULL), PBL_OK);
  assert_false(pbl_block_ladder_fits_barrier(im));
  pbl_block_ladder_destroy(b);
  pbl_oracle_ladder_destroy(l);
  pbl_image_destroy(im);
  pbl_rbm_destroy(m);
  free(after[0]);
  free(after[1]);
}

/* A random model: sums, energy and every p-bit. */
static void states_have_the_tau_of_the_full_chain(void **state) {
  (void)state;
  static const char *const even_odd[2] = {"E", "O"}, *const coin[1] = {"S"};
  enum { N = 16, RUNGS = 3 };
  double w[9], rung[RUNGS * N], variance, *law = malloc(MAX_STATES * sizeof *law);
  double *const laws[2] = {law, law};
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 12);
  for (int k = 0; k < 9; k++) w[k] = 0.8 * pbl_xoshiro_normal(&g);
  for (int random = 0; random < 2; random++) {
    const pbl_scan scan = random ? PBL_SCAN_PALINDROMIC : PBL_SCAN_CYCLIC;
    pbl_oracle_ladder *l;
    pbl_block_ladder *b;
    pbl_block_ladder_exact exact;
    assert_int_equal(pbl_oracle_ladder_ideal(&l, rung, 2, 2, w, betas, RUNGS, scan, NULL), PBL_OK);
    pbl_oracle_ladder_product(law, l, rung);
    assert_int_equal(pbl_block_ladder_model(&b, 2, 2, w, betas, RUNGS, scan, NULL), PBL_OK);
    assert_int_equal(
        pbl_block_ladder_solve(&exact, b, random ? PBL_PASSES_RANDOM : PBL_PASSES_EVEN_ODD, 1, NULL,
                               NULL),
        PBL_OK);
    assert_int_equal(exact.n, 7);
    for (size_t p = 0; p < 4; p++) {
      double f[N];
      for (size_t x = 0; x < N; x++) f[x] = x >> p & 1 ? 1 : -1;
      const double tau =
          tau_in_turn(l, random ? coin : even_odd, random ? 1 : 2, laws, f, N, &variance);
      assert_true(fabs(exact.tau[PBL_LADDER_PBIT + p] - tau) < 1e-8 * tau);
      assert_true(fabs(exact.variance[PBL_LADDER_PBIT + p] - variance) < 1e-10);
      /* and so says the oracle of the joint chain, whose step is a pass and a sweep */
      static const char *const steps[2] = {"EL", "OL"}, *const one_step[1] = {"SL"};
      double *seen = malloc(2 * MAX_STATES * sizeof *seen), mean, oracle;
      memcpy(seen, law, MAX_STATES * sizeof *law);
      memcpy(seen + MAX_STATES, law, MAX_STATES * sizeof *law);
      assert_int_equal(
          pbl_oracle_ladder_tau_in_turn(&mean, &variance, &oracle, l, random ? one_step : steps,
                                        random ? 1 : 2, seen, f, 0, NULL),
          PBL_OK);
      assert_true(fabs(exact.tau[PBL_LADDER_PBIT + p] - oracle) < 1e-8 * oracle);
      assert_true(fabs(exact.variance[PBL_LADDER_PBIT + p] - variance) < 1e-10);
      assert_true(fabs(exact.mean[PBL_LADDER_PBIT + p] - mean) < 1e-10);
      free(seen);
    }
    pbl_block_ladder_destroy(b);
    pbl_oracle_ladder_destroy(l);
  }
  free(law);
}

/* On its states a barrier's image is what it is on its counts. */
static void states_and_counts_of_a_barrier_agree(void **state) {
  (void)state;
  pbl_rbm *m;
  pbl_image *im;
  pbl_block_ladder *lumped, *whole;
  pbl_block_ladder_exact a, b;
  pbl_hw hw = pbl_hw_default();
  static const uint32_t beta[3] = {4096, 2000, 900};
  hw.n_visible = 3;
  hw.n_hidden = 2;
  hw.table_size = 128;
  assert_int_equal(pbl_rbm_create(&m, 3, 2, NULL), PBL_OK);
  for (int k = 0; k < 6; k++) m->w[k] = 0.625f;
  for (int k = 0; k < 2; k++) m->c[k] = 0.25f;
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, 1.0, NULL), PBL_OK);
  assert_int_equal(pbl_block_ladder_barrier_image(&lumped, im, beta, 3, PBL_SCAN_CYCLIC, NULL),
                   PBL_OK);
  assert_int_equal(pbl_block_ladder_image(&whole, im, beta, 3, PBL_SCAN_CYCLIC, NULL), PBL_OK);
  for (size_t every = 1; every <= 2; every++) {
    assert_int_equal(pbl_block_ladder_solve(&a, lumped, PBL_PASSES_EVEN_ODD, every, NULL, NULL),
                     PBL_OK);
    assert_int_equal(pbl_block_ladder_solve(&b, whole, PBL_PASSES_EVEN_ODD, every, NULL, NULL),
                     PBL_OK);
    for (int k = 0; k < PBL_LADDER_PBIT; k++) assert_true(fabs(a.tau[k] / b.tau[k] - 1) < 1e-8);
    for (int k = 0; k < 2; k++) assert_true(fabs(a.acceptance[k] - b.acceptance[k]) < 1e-11);
    assert_true(isnan(a.acceptance[2]));
  }
  pbl_block_ladder_destroy(lumped);
  pbl_block_ladder_destroy(whole);
  pbl_image_destroy(im);
  pbl_rbm_destroy(m);
}

/* Published for beta 1.2, betas adapted between .1 and 1.2, full tau of a0 with an error of 9 % by
 * simulation: three temperatures 13.1 by even and odd passes, 16.3 by a coin; four 9.0 and 15.9.
 * The adapted betas are not published: here from exact rejections. Three errors are allowed. */
static void published_tempering_of_eight_spins_is_met(void **state) {
  (void)state;
  static const double published[2][2] = {{13.1, 16.3}, {9.0, 15.9}};
  const size_t a0 = PBL_LADDER_PBIT + 4; /* block a is hidden */
  for (int rungs = 3; rungs <= 4; rungs++) {
    double beta[4];
    pbl_ladder_geometric(beta, rungs, 1.2, 0.1);
    for (int round = 0; round < 6; round++) {
      pbl_block_ladder *b;
      pbl_block_ladder_exact e;
      double reject[3];
      assert_int_equal(pbl_block_ladder_model(&b, 4, 4, &golden_w8[0][0], beta, (size_t)rungs,
                                              PBL_SCAN_CYCLIC, NULL),
                       PBL_OK);
      for (int random = 0; random < 2 && round == 5; random++) {
        assert_int_equal(
            pbl_block_ladder_solve_one(&e, b, a0, random ? PBL_PASSES_RANDOM : PBL_PASSES_EVEN_ODD,
                                       1, NULL, NULL),
            PBL_OK);
        assert_true(fabs(2 * e.tau[a0] / published[rungs - 3][random] - 1) < 0.27);
      }
      if (round < 5) {
        assert_int_equal(
            pbl_block_ladder_acceptance(e.acceptance, b, PBL_PASSES_EVEN_ODD, 1, NULL, NULL),
            PBL_OK);
        for (int k = 0; k + 1 < rungs; k++) reject[k] = 1 - e.acceptance[k];
        pbl_ladder_adapt(beta, reject, rungs);
      }
      pbl_block_ladder_destroy(b);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lumped_tau_is_that_of_the_full_chain),
      cmocka_unit_test(lumped_image_is_the_full_integer_chain),
      cmocka_unit_test(states_have_the_tau_of_the_full_chain),
      cmocka_unit_test(states_and_counts_of_a_barrier_agree),
      cmocka_unit_test(published_tempering_of_eight_spins_is_met),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
