/* Exact laws and kernels of graphs: against plain sums, plain single updates, another enumeration,
 * and the two-block oracle where a graph has two blocks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h relies on the headers above. */
#include <cmocka.h>

#include "pbl_blocks.h"
#include "pbl_enumerate.h"
#include "pbl_oracle_graph.h"
#include "pbl_rng.h"
#include "plain_graph.h"

#define BETA 0.8

static pbl_oracle *oracle(const plain_blocks *m, pbl_kernel kernel, pbl_site_law law,
                          const void *context) {
  pbl_oracle *o = NULL;
  pbl_error err = {0};
  if (pbl_oracle_create_graph(&o, m->graph, m->blocks, BETA, kernel, law, context, NULL, &err))
    fail_msg("%s", err.message);
  return o;
}

static void the_law_is_the_boltzmann_law(void **state) {
  (void)state;
  plain_blocks m = plain_blocks_of(plain_random(9));
  pbl_oracle *o = oracle(&m, PBL_KERNEL_CYCLIC, NULL, NULL);
  double law[1 << 9], energy[1 << 9], first[9], other[9], J[81];
  pbl_energy_sums sums;
  plain_law(law, &m.plain, BETA);
  pbl_graph_state_energies(energy, m.graph);
  for (size_t x = 0; x < 1 << 9; x++) {
    assert_true(fabs(pbl_oracle_law(o)[x] - law[x]) < 1e-15);
    assert_true(fabs(energy[x] - plain_energy(&m.plain, x)) < 1e-13);
  }
  for (size_t i = 0; i < 9; i++) {
    for (size_t j = 0; j < 9; j++) J[i * 9 + j] = m.plain.J[i][j];
  }
  assert_int_equal(pbl_ising_enumerate(&sums, other, NULL, 9, J, m.plain.h, BETA, 1, NULL, NULL),
                   PBL_OK);
  pbl_oracle_moments(o, first, NULL);
  assert_true(fabs(pbl_oracle_log_z(o) - sums.log_z) < 1e-12);
  for (size_t i = 0; i < 9; i++) assert_true(fabs(first[i] - other[i]) < 1e-13);
  pbl_oracle_destroy(o);
  plain_release(&m);
}

static void a_sweep_is_the_product_of_single_updates(void **state) {
  (void)state;
  for (int k = PBL_KERNEL_CYCLIC; k <= PBL_KERNEL_RANDOM_SITE; k++) {
    const pbl_kernel kernel = (pbl_kernel)k;
    plain_blocks m = plain_blocks_of(plain_random(8));
    pbl_oracle *o = oracle(&m, kernel, NULL, NULL);
    double q[1 << 8] = {0}, expected[1 << 8] = {0}, f[1 << 8], g[1 << 8], pf = 0.0, qg = 0.0;
    q[0x2c] = expected[0x2c] = 1.0;
    pbl_oracle_forward(o, q);
    plain_sweep(expected, &m.plain, m.blocks, BETA, kernel);
    for (size_t x = 0; x < 1 << 8; x++) {
      assert_true(fabs(q[x] - expected[x]) < 1e-15);
      f[x] = g[x] = sin((double)x);
    }
    pbl_oracle_backward(o, g); /* <delta, P f> = <delta P, f> */
    for (size_t x = 0; x < 1 << 8; x++) pf += expected[x] * f[x];
    qg = g[0x2c];
    assert_true(fabs(pf - qg) < 1e-14);
    memcpy(q, pbl_oracle_law(o), sizeof q);
    pbl_oracle_forward(o, q);
    for (size_t x = 0; x < 1 << 8; x++) assert_true(fabs(q[x] - pbl_oracle_law(o)[x]) < 1e-15);
    pbl_oracle_destroy(o);
    plain_release(&m);
  }
}

/* A restricted Boltzmann machine is a graph of two blocks: hidden p-bits are updated first. */
static void two_blocks_have_the_tau_of_the_two_block_oracle(void **state) {
  (void)state;
  pbl_rbm *rbm = NULL;
  assert_int_equal(pbl_rbm_random(&rbm, 5, 4, 0.6, 0.3, 3, NULL), PBL_OK);
  plain_blocks m = {.graph = NULL};
  assert_int_equal(pbl_graph_from_rbm(&m.graph, rbm, NULL), PBL_OK);
  assert_int_equal(pbl_colouring_create(&m.blocks, m.graph, PBL_COLOUR_GREEDY, NULL), PBL_OK);
  for (size_t p = 0; p < 9; p++) m.blocks->colour[p] = p < 5;
  m.blocks->block[0] = 4;
  m.blocks->block[1] = 5;
  double f[1 << 9];
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 5);
  for (size_t x = 0; x < 1 << 9; x++) f[x] = pbl_xoshiro_double(&g);
  for (int k = PBL_KERNEL_CYCLIC; k <= PBL_KERNEL_COIN; k++) {
    const pbl_kernel kernel = (pbl_kernel)k;
    pbl_oracle *o = oracle(&m, kernel, NULL, NULL), *two = NULL;
    double tau[2], window[2], mean[2];
    assert_int_equal(pbl_oracle_create_model(&two, rbm, BETA, kernel, NULL), PBL_OK);
    for (size_t x = 0; x < 1 << 9; x++)
      assert_true(fabs(pbl_oracle_law(o)[x] - pbl_oracle_law(two)[x]) < 1e-15);
    const pbl_oracle *side[2] = {o, two};
    for (int s = 0; s < 2; s++) {
      assert_int_equal(pbl_oracle_tau(side[s], f, &mean[s], NULL, &tau[s], NULL), PBL_OK);
      assert_int_equal(pbl_oracle_window_variance(side[s], f, 30, &window[s], NULL), PBL_OK);
    }
    assert_true(fabs(tau[0] / tau[1] - 1) < 1e-10);
    assert_true(fabs(window[0] / window[1] - 1) < 1e-10);
    assert_true(fabs(mean[0] - mean[1]) < 1e-14);
    pbl_oracle_destroy(o);
    pbl_oracle_destroy(two);
  }
  pbl_rbm_destroy(rbm);
  plain_release(&m);
}

/* Probabilities of 1/16: far enough from the sigmoid for the law to move. */
static double coarse(const void *context, double field) {
  (void)context;
  return (rint(14.0 / (1.0 + exp(-2.0 * BETA * field))) + 1.0) / 16.0;
}

static void the_law_of_any_kernel_is_its_fixed_point(void **state) {
  (void)state;
  for (int k = PBL_KERNEL_CYCLIC; k <= PBL_KERNEL_RANDOM_SITE; k++) {
    plain_blocks m = plain_blocks_of(plain_complete(6));
    const pbl_kernel kernel = (pbl_kernel)k;
    pbl_oracle *o = oracle(&m, kernel, coarse, NULL);
    pbl_oracle *ideal = oracle(&m, kernel, NULL, NULL);
    double q[1 << 6];
    memcpy(q, pbl_oracle_law(o), sizeof q);
    pbl_oracle_forward(o, q);
    for (size_t x = 0; x < 1 << 6; x++) assert_true(fabs(q[x] - pbl_oracle_law(o)[x]) < 1e-12);
    assert_true(isnan(pbl_oracle_log_z(o)));
    assert_true(pbl_oracle_total_variation(o, ideal) > 0.01);
    pbl_oracle_destroy(o);
    pbl_oracle_destroy(ideal);
    plain_release(&m);
  }
}

static double two_sure(const void *context, double field) {
  (void)context;
  return field > 0 ? 1.5 : 0.0;
}

static void what_cannot_be_enumerated_is_refused(void **state) {
  (void)state;
  plain_blocks a = plain_blocks_of(plain_random(8)), b = plain_blocks_of(plain_complete(8));
  pbl_oracle *o = NULL;
  pbl_graph *large = NULL;
  pbl_colouring *one = NULL;
  pbl_blocks *blocks = NULL;
  assert_int_equal(pbl_oracle_create_graph(&o, b.graph, a.blocks, BETA, PBL_KERNEL_CYCLIC, NULL,
                                           NULL, NULL, NULL),
                   PBL_INVALID);
  assert_int_equal(pbl_oracle_create_graph(&o, a.graph, a.blocks, BETA, PBL_KERNEL_CYCLIC, two_sure,
                                           NULL, NULL, NULL),
                   PBL_INVALID);
  assert_int_equal(pbl_graph_create(&large, PBL_ORACLE_MAX_PBITS + 1, NULL, 0, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_colouring_create(&one, large, PBL_COLOUR_DSATUR, NULL), PBL_OK);
  assert_int_equal(
      pbl_oracle_create_graph(&o, large, one, BETA, PBL_KERNEL_CYCLIC, NULL, NULL, NULL, NULL),
      PBL_INVALID);
  o = oracle(&a, PBL_KERNEL_CYCLIC, NULL, NULL);
  assert_int_equal(pbl_blocks_create(&blocks, o, NULL, NULL), PBL_INVALID);
  pbl_oracle_destroy(o);
  pbl_graph_destroy(large);
  pbl_colouring_destroy(one);
  plain_release(&a);
  plain_release(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_law_is_the_boltzmann_law),
      cmocka_unit_test(a_sweep_is_the_product_of_single_updates),
      cmocka_unit_test(two_blocks_have_the_tau_of_the_two_block_oracle),
      cmocka_unit_test(the_law_of_any_kernel_is_its_fixed_point),
      cmocka_unit_test(what_cannot_be_enumerated_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
