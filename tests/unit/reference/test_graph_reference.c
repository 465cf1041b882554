/* The reference sampler on graphs against plain enumeration. Chains are independent and each gives
 * one draw, so that the counts of the states are multinomial and chi-square needs no correction. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "pbl_reference.h"
#include "pbl_stats.h"
#include "plain_graph.h"

#define CHAINS 200000
#define BETA 0.8
/* Of each of the six sound comparisons: 6e-6 in all for another seed. */
#define LEVEL 1e-6
#define LEAST 5.0 /* expected draws of a cell; rarer states share the last one */

static pbl_reference *sampler(const plain_blocks *m, double beta, pbl_kernel kernel, size_t chains,
                              int threads) {
  const pbl_reference_options o = {
      .n_chains = chains, .seed = 7, .threads = threads, .kernel = kernel, .beta = beta};
  pbl_reference *r = NULL;
  pbl_error err = {0};
  if (pbl_reference_create_graph(&r, m->graph, m->blocks, &o, &err)) fail_msg("%s", err.message);
  return r;
}

/* One draw of every stride-th chain after `sweeps` sweeps, against 2^n probabilities. The chains of
 * a block share coins and picks: with those only one of each block counts. */
static double p_value(const plain_blocks *m, pbl_reference *r, size_t sweeps, size_t stride,
                      const double *law) {
  const size_t states = (size_t)1 << m->plain.n;
  pbl_chains *c = NULL;
  double *count = calloc(states, sizeof *count);
  assert_int_equal(pbl_chains_create(&c, CHAINS, 1, m->plain.n, NULL), PBL_OK);
  assert_int_equal(pbl_reference_run(r, c, 1, sweeps, NULL, NULL), PBL_OK);
  for (size_t k = 0; k < CHAINS; k += stride) {
    size_t x = 0;
    for (size_t p = 0; p < m->plain.n; p++) x |= (size_t)(pbl_chains_spin(c, k, 0, p) > 0) << p;
    count[x]++;
  }
  double chi2 = 0.0, rare = 0.0, rare_count = 0.0;
  size_t cells = 0;
  for (size_t x = 0; x < states; x++) {
    const double expected = law[x] * (double)(CHAINS / stride);
    if (expected < LEAST) {
      rare += expected;
      rare_count += count[x];
      continue;
    }
    chi2 += (count[x] - expected) * (count[x] - expected) / expected;
    cells++;
  }
  if (rare >= LEAST) {
    chi2 += (rare_count - rare) * (rare_count - rare) / rare;
    cells++;
  }
  free(count);
  pbl_chains_destroy(c);
  return pbl_chi2_upper_p(chi2, (double)cells - 1.0);
}

static size_t stride_of(pbl_kernel kernel) {
  return kernel == PBL_KERNEL_COIN || kernel == PBL_KERNEL_RANDOM_SITE ? PBL_REFERENCE_BLOCK : 1;
}

/* 40 sweeps from random states: the slowest mode has gone, .61^40 = 2e-9. */
static double law_p(plain_graph p, pbl_kernel kernel, double beta_sampled) {
  plain_blocks m = plain_blocks_of(p);
  double *law = malloc(sizeof(double) << p.n);
  plain_law(law, &p, BETA);
  pbl_reference *r = sampler(&m, beta_sampled, kernel, CHAINS, 1);
  const double value = p_value(&m, r, 40, stride_of(kernel), law);
  pbl_reference_destroy(r);
  free(law);
  plain_release(&m);
  return value;
}

static void states_of_a_complete_graph_have_their_law(void **state) {
  (void)state;
  const double p = law_p(plain_complete(5), PBL_KERNEL_CYCLIC, BETA);
  if (!(p > LEVEL)) fail_msg("p = %g", p);
}

static void states_of_a_random_graph_have_their_law_under_both_kernels(void **state) {
  (void)state;
  const double cyclic = law_p(plain_random(8), PBL_KERNEL_CYCLIC, BETA);
  const double palindromic = law_p(plain_random(8), PBL_KERNEL_PALINDROMIC, BETA);
  if (!(cyclic > LEVEL && palindromic > LEVEL)) fail_msg("p = %g, %g", cyclic, palindromic);
}

static void a_beta_two_percent_high_is_seen(void **state) {
  (void)state;
  const double five = law_p(plain_complete(5), PBL_KERNEL_CYCLIC, 1.02 * BETA);
  const double eight = law_p(plain_random(8), PBL_KERNEL_CYCLIC, 1.02 * BETA);
  if (!(five < LEVEL && eight < LEVEL)) fail_msg("p = %g, %g", five, eight);
}

/* All chains from one state: after one sweep they have its row of the kernel, which knows the order
 * of the blocks. */
static double row_p(const plain_blocks *m, pbl_kernel sampled, pbl_kernel claimed) {
  const size_t n = m->plain.n, start = 0x2c & (((size_t)1 << n) - 1);
  signed char *s = malloc(CHAINS * n);
  double *q = calloc((size_t)1 << n, sizeof *q);
  for (size_t i = 0; i < CHAINS * n; i++) s[i] = (start >> (i % n)) & 1 ? 1 : -1;
  q[start] = 1.0;
  plain_sweep(q, &m->plain, m->blocks, BETA, claimed);
  pbl_reference *r = sampler(m, BETA, sampled, CHAINS, 1);
  assert_int_equal(pbl_reference_set_state(r, s, NULL), PBL_OK);
  const double p = p_value(m, r, 1, stride_of(sampled), q);
  pbl_reference_destroy(r);
  free(s);
  free(q);
  return p;
}

static void one_sweep_visits_the_blocks_in_their_order(void **state) {
  (void)state;
  plain_blocks m = plain_blocks_of(plain_random(8));
  assert_true(m.blocks->n_colours >= 3);
  const double cyclic = row_p(&m, PBL_KERNEL_CYCLIC, PBL_KERNEL_CYCLIC);
  const double palindromic = row_p(&m, PBL_KERNEL_PALINDROMIC, PBL_KERNEL_PALINDROMIC);
  const double wrong = row_p(&m, PBL_KERNEL_CYCLIC, PBL_KERNEL_PALINDROMIC);
  if (!(cyclic > LEVEL && palindromic > LEVEL && wrong < 1e-9))
    fail_msg("p = %g, %g, wrong order %g", cyclic, palindromic, wrong);
  plain_release(&m);
}

/* 12,500 blocks: sound at 1e-6 each, four comparisons; a kernel taken for another one. */
static void coins_and_picks_have_their_kernels(void **state) {
  (void)state;
  plain_blocks m = plain_blocks_of(plain_random(8));
  const double coin = row_p(&m, PBL_KERNEL_COIN, PBL_KERNEL_COIN);
  const double site = row_p(&m, PBL_KERNEL_RANDOM_SITE, PBL_KERNEL_RANDOM_SITE);
  const double one_way = row_p(&m, PBL_KERNEL_COIN, PBL_KERNEL_CYCLIC);
  const double in_blocks = row_p(&m, PBL_KERNEL_RANDOM_SITE, PBL_KERNEL_COIN);
  plain_release(&m);
  const double coin_law = law_p(plain_random(8), PBL_KERNEL_COIN, BETA);
  const double site_law = law_p(plain_random(8), PBL_KERNEL_RANDOM_SITE, BETA);
  if (!(coin > LEVEL && site > LEVEL && coin_law > LEVEL && site_law > LEVEL))
    fail_msg("p = %g, %g; %g, %g", coin, site, coin_law, site_law);
  if (!(one_way < 1e-9 && in_blocks < 1e-9)) fail_msg("p = %g, %g", one_way, in_blocks);
}

static void clamped_pbits_of_a_graph_keep_their_states(void **state) {
  (void)state;
  plain_blocks m = plain_blocks_of(plain_random(8));
  pbl_reference *r = sampler(&m, BETA, PBL_KERNEL_CYCLIC, 20, 1);
  const uint8_t clamp[8] = {0, 1, 0, 0, 0, 1, 0, 0};
  signed char before[20 * 8], after[20 * 8];
  size_t moved[8] = {0};
  assert_int_equal(pbl_reference_set_clamp(r, clamp, NULL), PBL_OK);
  pbl_reference_get_state(r, before);
  for (int k = 0; k < 30; k++) {
    assert_int_equal(pbl_reference_run(r, NULL, 1, 1, NULL, NULL), PBL_OK);
    pbl_reference_get_state(r, after);
    for (size_t i = 0; i < sizeof after; i++) moved[i % 8] += before[i] != after[i];
  }
  for (size_t p = 0; p < 8; p++) assert_int_equal(moved[p] == 0, clamp[p]);
  pbl_reference_destroy(r);
  plain_release(&m);
}

static void the_number_of_threads_changes_no_bit_of_a_graph(void **state) {
  (void)state;
  plain_blocks m = plain_blocks_of(plain_random(10));
  pbl_chains *c[2] = {NULL, NULL};
  for (int k = 0; k < 2; k++) {
    pbl_reference *r = sampler(&m, BETA, PBL_KERNEL_PALINDROMIC, 40, 1 + 2 * k);
    assert_int_equal(pbl_chains_create(&c[k], 40, 50, 10, NULL), PBL_OK);
    assert_int_equal(pbl_reference_run(r, c[k], 50, 2, NULL, NULL), PBL_OK);
    pbl_reference_destroy(r);
  }
  assert_memory_equal(c[0]->bits, c[1]->bits, 40 * 50 * c[0]->row_bytes);
  pbl_chains_destroy(c[0]);
  pbl_chains_destroy(c[1]);
  plain_release(&m);
}

static void a_colouring_of_another_graph_is_refused(void **state) {
  (void)state;
  plain_blocks a = plain_blocks_of(plain_random(8)), b = plain_blocks_of(plain_complete(8));
  const pbl_reference_options o = {.n_chains = 1, .seed = 1, .beta = 1};
  pbl_reference *r = NULL;
  assert_int_equal(pbl_reference_create_graph(&r, b.graph, a.blocks, &o, NULL), PBL_INVALID);
  assert_null(r);
  plain_release(&a);
  plain_release(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(states_of_a_complete_graph_have_their_law),
      cmocka_unit_test(states_of_a_random_graph_have_their_law_under_both_kernels),
      cmocka_unit_test(a_beta_two_percent_high_is_seen),
      cmocka_unit_test(one_sweep_visits_the_blocks_in_their_order),
      cmocka_unit_test(coins_and_picks_have_their_kernels),
      cmocka_unit_test(clamped_pbits_of_a_graph_keep_their_states),
      cmocka_unit_test(the_number_of_threads_changes_no_bit_of_a_graph),
      cmocka_unit_test(a_colouring_of_another_graph_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
