/* Tempered reference against the exact law and autocorrelation time of a planted barrier. */
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

#include "pbl_block_ladder.h"
#include "pbl_graph.h"
#include "pbl_stats.h"
#include "pbl_tempered.h"

enum { SIDE = 4, RUNGS = 3, LADDERS = 64, DRAWS = 4000, CHAINS = RUNGS * LADDERS };
static const double betas[RUNGS] = {1.0, 0.5, 0.2};
#define WEIGHT 0.5
#define BIAS 0.0625
#define SIGMAS 4.5 /* 12 comparisons: a false alarm once in 1e4 seeds; the seed is fixed */

static pbl_rbm *barrier_model(void) {
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_create(&m, SIDE, SIDE, NULL), PBL_OK);
  for (int k = 0; k < SIDE * SIDE; k++) m->w[k] = (float)WEIGHT;
  for (int k = 0; k < SIDE; k++) m->b[k] = (float)BIAS;
  return m;
}

static pbl_tempered_options options(bool random) {
  return (pbl_tempered_options){.n_ladders = LADDERS,
                                .n_rungs = RUNGS,
                                .beta = betas,
                                .every = 1,
                                .random = random,
                                .seed = 77,
                                .threads = 1,
                                .kernel = PBL_KERNEL_CYCLIC};
}

static pbl_chains *sample(pbl_tempered *t) {
  pbl_chains *c;
  assert_int_equal(pbl_chains_create(&c, CHAINS, DRAWS, 2 * SIDE, NULL), PBL_OK);
  assert_int_equal(pbl_chains_create_labels(c, NULL), PBL_OK);
  assert_int_equal(pbl_tempered_run(t, NULL, 200, 1, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_tempered_run(t, c, DRAWS, 1, NULL, NULL), PBL_OK);
  return c;
}

/* Sum of the visible p-bits of the chains of one rung. */
static double *magnetisation(const pbl_chains *c, size_t rung) {
  double *x = malloc(LADDERS * DRAWS * sizeof *x);
  for (size_t l = 0; l < LADDERS; l++) {
    for (size_t t = 0; t < DRAWS; t++) {
      x[l * DRAWS + t] = 0;
      for (size_t p = 0; p < SIDE; p++)
        x[l * DRAWS + t] += pbl_chains_spin(c, rung * LADDERS + l, t, p);
    }
  }
  return x;
}

static void check_means(const pbl_chains *c) {
  for (size_t k = 0; k < RUNGS; k++) {
    double *x = magnetisation(c, k), law[(SIDE + 1) * (SIDE + 1)], mean = 0;
    pbl_tau_report report;
    pbl_block_ladder *b;
    assert_int_equal(pbl_block_ladder_barrier(&b, SIDE, SIDE, WEIGHT, BIAS, 0, &betas[k], 1,
                                              PBL_SCAN_CYCLIC, NULL),
                     PBL_OK);
    assert_int_equal(pbl_block_ladder_laws(law, b, PBL_PASSES_NONE, 1, NULL, NULL), PBL_OK);
    for (int a = 0; a <= SIDE; a++)
      for (int h = 0; h <= SIDE; h++) mean += law[a + (SIDE + 1) * h] * (2 * a - SIDE);
    assert_int_equal(pbl_tau(&report, x, LADDERS, DRAWS, NULL), PBL_OK);
    assert_true(fabs(report.mean - mean) < SIGMAS * report.mcse);
    pbl_block_ladder_destroy(b);
    free(x);
  }
}

static void check_tau_and_acceptance(const pbl_tempered *t, const pbl_chains *c, bool random) {
  pbl_block_ladder *b;
  pbl_block_ladder_exact exact;
  pbl_tau_report report;
  double *x = magnetisation(c, 0);
  assert_int_equal(pbl_block_ladder_barrier(&b, SIDE, SIDE, WEIGHT, BIAS, 0, betas, RUNGS,
                                            PBL_SCAN_CYCLIC, NULL),
                   PBL_OK);
  assert_int_equal(pbl_block_ladder_solve(
                       &exact, b, random ? PBL_PASSES_RANDOM : PBL_PASSES_EVEN_ODD, 1, NULL, NULL),
                   PBL_OK);
  assert_int_equal(pbl_tau(&report, x, LADDERS, DRAWS, NULL), PBL_OK);
  const double se = log(report.tau.high / report.tau.low) / (2 * 1.96);
  assert_true(fabs(log(report.tau.value / exact.tau[0])) < SIGMAS * se && se < 0.1);
  for (size_t k = 0; k + 1 < RUNGS; k++) {
    uint64_t tries, accepts;
    pbl_tempered_counts(t, k, &tries, &accepts);
    const double rate = (double)accepts / (double)tries, p = exact.acceptance[k];
    assert_true(tries > LADDERS * DRAWS / 3);
    /* tries of one ladder follow each other with memory of some sweeps: a design effect of 30 */
    assert_true(fabs(rate - p) < SIGMAS * sqrt(30 * p * (1 - p) / (double)tries));
  }
  pbl_block_ladder_destroy(b);
  free(x);
}

/* Labels are permutations, and rows follow them: nobody's p-bits jump unless it is swept. */
static void check_labels(const pbl_chains *c) {
  size_t moved = 0;
  for (size_t t = 0; t < DRAWS; t++) {
    for (size_t l = 0; l < LADDERS; l++) {
      unsigned seen = 0;
      for (size_t r = 0; r < RUNGS; r++) {
        const uint8_t k = pbl_chains_labels(c, t)[r * LADDERS + l];
        seen |= 1u << k;
        moved += t > 0 && k != pbl_chains_labels(c, t - 1)[r * LADDERS + l];
      }
      assert_int_equal(seen, (1u << RUNGS) - 1);
    }
  }
  assert_true(moved > DRAWS);
}

static void ladder_has_the_exact_law_tau_and_acceptance(void **state) {
  (void)state;
  for (int random = 0; random < 2; random++) {
    pbl_rbm *m = barrier_model();
    pbl_tempered *t;
    const pbl_tempered_options opt = options(random);
    assert_int_equal(pbl_tempered_create(&t, m, &opt, NULL), PBL_OK);
    pbl_chains *c = sample(t);
    check_means(c);
    check_tau_and_acceptance(t, c, random);
    check_labels(c);
    pbl_chains_destroy(c);
    pbl_tempered_destroy(t);
    pbl_rbm_destroy(m);
  }
}

static void graph_ladder_has_the_same_means(void **state) {
  (void)state;
  pbl_rbm *m = barrier_model();
  pbl_graph *g;
  pbl_colouring *blocks;
  pbl_tempered *t;
  const pbl_tempered_options opt = options(false);
  assert_int_equal(pbl_graph_from_rbm(&g, m, NULL), PBL_OK);
  assert_int_equal(pbl_colouring_bipartite(&blocks, g, NULL), PBL_OK);
  assert_int_equal(pbl_tempered_create_graph(&t, g, blocks, &opt, NULL), PBL_OK);
  pbl_chains *c = sample(t);
  check_means(c);
  pbl_chains_destroy(c);
  pbl_tempered_destroy(t);
  pbl_colouring_destroy(blocks);
  pbl_graph_destroy(g);
  pbl_rbm_destroy(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ladder_has_the_exact_law_tau_and_acceptance),
      cmocka_unit_test(graph_ladder_has_the_same_means),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
