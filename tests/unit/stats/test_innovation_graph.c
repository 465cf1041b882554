/* Innovation tests of graphs in blocks: sound chains pass, planted faults are found and named. */
// cmocka.h needs these headers before it
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <math.h>
#include <stdlib.h>

#include "pbl_graph_make.h"
#include "pbl_innovation.h"
#include "pbl_rng.h"
#include "pbl_sparse_image.h"

typedef struct {
  const char *graph;
  double coupling, field; /* standard deviations, or values of all */
  bool constant;
  size_t chains, draws, every;
  pbl_kernel kernel;
  uint64_t seed;
} plan;

/* What is wrong with the sampler. */
typedef struct {
  double beta_gain;    /* 0: sound */
  int lower, upper;    /* LSBs added to edge 0 as seen from its lower, its higher p-bit */
  int bias;            /* LSBs added to the bias of p-bit 3 */
  bool old_states;     /* every field is taken from the states before the sweep */
  bool serial, shared; /* words: every second twice the one before; one for chains 0 and 1 */
  bool claimed_cyclic; /* the tests are told so */
  bool turned_coins;   /* the tests are told the other order of each sweep */
} fault;

static const plan RANDOM = {.graph = "regular:20,5",
                            .coupling = 0.3,
                            .field = 0.2,
                            .chains = 6,
                            .draws = 1500,
                            .every = 1,
                            .seed = 1};
/* Blocks of one p-bit; more p-bits than pairs are tested of. */
static const plan COMPLETE = {.graph = "sk:12",
                              .coupling = 0.8,
                              .field = 0.2,
                              .chains = 6,
                              .draws = 1500,
                              .every = 1,
                              .seed = 2};
static const plan KING = {.graph = "king:10x10",
                          .coupling = 0.25,
                          .field = 0.2,
                          .chains = 4,
                          .draws = 700,
                          .every = 1,
                          .seed = 3};

static pbl_image *image_of(const plan *p) {
  pbl_graph_recipe r;
  pbl_graph *g = NULL;
  pbl_colouring *c = NULL;
  pbl_image *im = NULL;
  pbl_hw hw = pbl_hw_default();
  pbl_error err = {0};
  hw.fabric = PBL_FABRIC_SPARSE;
  hw.replicas = hw.lanes = (int)p->chains;
  pbl_status st = pbl_graph_recipe_parse(&r, p->graph, &err);
  const pbl_law_kind kind = p->constant ? PBL_LAW_CONSTANT : PBL_LAW_NORMAL;
  r.couplings = (pbl_value_law){kind, p->coupling};
  r.fields = (pbl_value_law){kind, p->field};
  r.seed = p->seed;
  if (!st) st = pbl_graph_make(&g, &r, &err);
  if (!st) st = pbl_colouring_create(&c, g, PBL_COLOUR_DSATUR, &err);
  if (!st) st = pbl_sparse_fit(&hw, g, c, &err);
  if (!st) st = pbl_sparse_image_create(&im, NULL, g, c, &hw, 0.9, &err);
  if (st) fail_msg("%s", err.message);
  pbl_graph_destroy(g);
  pbl_colouring_destroy(c);
  return im;
}

/* After the rarer state of the first p-bit the law of the second is much wider: r_i^2 v_j is
 * several times v_i v_j on average. */
static const plan PAIR = {.graph = "complete:2",
                          .coupling = 0.9,
                          .field = 1.2,
                          .constant = true,
                          .chains = 6,
                          .draws = 1500,
                          .every = 1,
                          .seed = 4};

typedef struct {
  const pbl_image *im;
  const fault *f;
  signed char *s, *before;
  uint32_t word;
  size_t updates;
  pbl_xoshiro *g;
} sampler;

static int64_t field_of(const sampler *m, size_t p) {
  const pbl_sparse_law *g = m->im->sparse;
  int64_t field = g->bias[p] + (p == 3 ? m->f->bias : 0);
  for (size_t e = g->start[p]; e < g->start[p + 1]; e++) {
    const size_t q = g->neighbour[e];
    const bool edge0 = (p == 0 && e == g->start[0]) || (q == 0 && p == g->neighbour[0]);
    const int extra = !edge0 ? 0 : p == 0 ? m->f->lower : m->f->upper;
    field += (g->weight[e] + extra) * (m->f->old_states ? m->before : m->s)[q];
  }
  return field;
}

static void update(sampler *m, size_t p) {
  const pbl_image *im = m->im;
  const double gain = m->f->beta_gain > 0 ? m->f->beta_gain : 1.0;
  const uint32_t beta = (uint32_t)lround(gain * im->beta);
  m->word = m->f->serial && m->updates++ % 2 == 1 ? 2 * m->word : pbl_xoshiro_next(m->g);
  const uint64_t u = m->word >> (32 - im->hw.threshold_bits);
  m->s[p] = u < pbl_image_threshold(im, field_of(m, p), beta) ? 1 : -1;
}

/* Whether it went back. */
static bool sweep(sampler *m, pbl_kernel kernel, pbl_xoshiro *coins) {
  const pbl_sparse_law *g = m->im->sparse;
  const bool back = kernel == PBL_KERNEL_COIN && pbl_xoshiro_next(coins) >> 31;
  for (size_t p = 0; p < g->n; p++) m->before[p] = m->s[p];
  for (size_t k = 0; k < g->n; k++) update(m, g->order[back ? g->n - 1 - k : k]);
  if (kernel != PBL_KERNEL_PALINDROMIC) return back;
  for (size_t k = g->n; k-- > 0;) {
    if (g->block[g->order[k]] + 1 < g->n_blocks) update(m, g->order[k]);
  }
  return false;
}

static pbl_chains *sample(const pbl_image *im, const plan *p, const fault *f) {
  const size_t n = im->sparse->n;
  pbl_chains *out = NULL;
  signed char *s = malloc(2 * n);
  assert_int_equal(pbl_chains_create(&out, p->chains, p->draws, n, NULL), PBL_OK);
  if (p->kernel == PBL_KERNEL_COIN) assert_int_equal(pbl_chains_create_order(out, 1, NULL), PBL_OK);
  for (size_t c = 0; c < p->chains; c++) {
    pbl_xoshiro g, coins;
    pbl_xoshiro_seed(&coins, 77 * p->seed + c);
    pbl_xoshiro_seed(&g, 1000 * p->seed + (f->shared && c == 1 ? 0 : c));
    sampler m = {.im = im, .f = f, .s = s, .before = s + n, .g = &g};
    for (size_t i = 0; i < n; i++) s[i] = 1;
    for (size_t t = 0; t < p->draws; t++) {
      bool back = false;
      for (size_t k = 0; k < p->every; k++) back = sweep(&m, p->kernel, &coins);
      if (out->order) pbl_chains_order(out, c)[t] = back != f->turned_coins;
      for (size_t i = 0; i < n; i++)
        if (s[i] > 0) pbl_chains_row(out, c, t)[i / 8] |= (uint8_t)(1u << i % 8);
    }
  }
  out->n_recorded = p->draws;
  free(s);
  return out;
}

static pbl_innovation_report run_threads(const plan *p, const fault *f, int threads) {
  pbl_image *im = image_of(p);
  pbl_chains *c = sample(im, p, f);
  pbl_innovation_report r;
  const pbl_kernel kernel = f->claimed_cyclic ? PBL_KERNEL_CYCLIC : p->kernel;
  assert_int_equal(
      pbl_innovation_test(&r, c, im, im->beta, kernel, p->every, false, threads, NULL, NULL),
      PBL_OK);
  pbl_chains_destroy(c);
  pbl_image_destroy(im);
  return r;
}

static pbl_innovation_report run(const plan *p, fault f) {
  return run_threads(p, &f, 1);
}

/* 20 seeds of each at p > 1e-4: false alarm at most 6e-3 in all with other seeds. */
static void sound_graphs_pass_for_twenty_seeds(void **state) {
  (void)state;
  const plan *const plans[] = {&RANDOM, &COMPLETE, &KING};
  for (size_t k = 0; k < 3; k++) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
      plan p = *plans[k];
      p.seed = seed;
      const pbl_innovation_report r = run(&p, (fault){0});
      if (!(r.p_value > 1e-4)) fail_msg("%s, seed %d: p = %g", p.graph, (int)seed, r.p_value);
      assert_int_equal(r.n_impossible, 0);
    }
  }
}

/* Sum of z^2 of the one pair over 100 seeds: chi-square, whose 1e-6 quantiles are 46 and 183. It is
 * 115, and 431 with v_i v_j for the variance. */
static void products_across_blocks_have_their_own_variance(void **state) {
  (void)state;
  double sum = 0.0;
  for (uint64_t seed = 1; seed <= 100; seed++) {
    plan p = PAIR;
    p.seed = seed;
    const pbl_innovation_report r = run(&p, (fault){0});
    assert_int_equal(r.family[PBL_TEST_CROSS].n_tests, 1);
    sum += r.family[PBL_TEST_CROSS].max_abs_z * r.family[PBL_TEST_CROSS].max_abs_z;
  }
  print_message("sum of z^2: %.1f\n", sum);
  assert_true(sum > 46.0 && sum < 183.0);
}

/* Blocks of 20 p-bits with degree 5: all but the first draw; the last block alone; block 0 alone.
 */
static void what_the_recorded_states_show_is_tested(void **state) {
  (void)state;
  plan p = RANDOM;
  pbl_image *im = image_of(&p);
  size_t size[16] = {0};
  for (size_t i = 0; i < 20; i++) size[im->sparse->block[i]]++;
  assert_true(im->sparse->n_blocks >= 3);
  const size_t last = size[im->sparse->n_blocks - 1], first = size[0];
  pbl_image_destroy(im);
  pbl_innovation_report r = run(&p, (fault){0});
  assert_int_equal(r.n_updates, 6 * 1499 * 20);
  assert_int_equal(r.family[PBL_TEST_EDGE].n_tests, 50);
  assert_int_equal(r.family[PBL_TEST_CROSS].n_tests, 190);
  p.every = 3;
  r = run(&p, (fault){0});
  assert_int_equal(r.n_updates, 6 * 1500 * last);
  assert_true(r.p_value > 1e-4);
  p.every = 1;
  p.kernel = PBL_KERNEL_PALINDROMIC;
  r = run(&p, (fault){0});
  assert_int_equal(r.n_updates, 6 * 1500 * first);
  assert_true(r.p_value > 1e-4);
}

static void expect(const plan *p, fault f, pbl_innovation_fault named, const char *what) {
  const pbl_innovation_report r = run(p, f);
  const pbl_innovation_fault found = pbl_innovation_name_fault(&r, 1e-6);
  if (!(r.p_value < 1e-9) || found != named)
    fail_msg("%s, %s: p = %g, named %s", p->graph, what, r.p_value,
             pbl_innovation_fault_name(found));
}

static void faults_of_graphs_are_found_and_named(void **state) {
  (void)state;
  plan random = RANDOM, complete = COMPLETE, king = KING;
  random.draws = complete.draws = 8000;
  king.draws = 3000;
  expect(&random, (fault){.beta_gain = 1.1}, PBL_FAULT_GAIN, "beta 10 % high");
  expect(&complete, (fault){.beta_gain = 1.1}, PBL_FAULT_GAIN, "beta 10 % high");
  expect(&king, (fault){.beta_gain = 1.1}, PBL_FAULT_GAIN, "beta 10 % high");
  expect(&random, (fault){.lower = 6, .upper = 6}, PBL_FAULT_WEIGHT, "an edge");
  expect(&king, (fault){.lower = 8, .upper = 8}, PBL_FAULT_WEIGHT, "an edge");
  expect(&random, (fault){.bias = 6}, PBL_FAULT_BIAS, "a bias");
  expect(&random, (fault){.shared = true}, PBL_FAULT_REPLICA, "shared words");
  expect(&random, (fault){.serial = true}, PBL_FAULT_CROSS, "serial words");
  expect(&complete, (fault){.serial = true}, PBL_FAULT_CROSS, "serial words");
  expect(&king, (fault){.serial = true}, PBL_FAULT_CROSS, "serial words");
}

/* One end only: the p-bit itself; the pair shares the blame. */
static void an_edge_changed_at_one_end_is_found(void **state) {
  (void)state;
  plan p = RANDOM;
  p.draws = 8000;
  pbl_innovation_report r = run(&p, (fault){.lower = 8});
  assert_true(r.p_value < 1e-9);
  r = run(&p, (fault){.upper = 8});
  assert_true(r.p_value < 1e-9);
}

/* All p-bits at once, as if there were no blocks; and a palindromic chain taken for a cyclic one.
 */
static void a_wrong_order_is_found(void **state) {
  (void)state;
  assert_true(run(&COMPLETE, (fault){.old_states = true}).p_value < 1e-9);
  plan p = COMPLETE;
  p.kernel = PBL_KERNEL_PALINDROMIC;
  assert_true(run(&p, (fault){.claimed_cyclic = true}).p_value < 1e-9);
}

/* Every sweep in the order it had; with every > 1 the block updated last, which is either end. Six
 * comparisons of sound chains at 1e-4. */
static void sweeps_under_a_coin_are_tested_in_their_order(void **state) {
  (void)state;
  const plan *const plans[] = {&RANDOM, &COMPLETE, &KING};
  for (size_t k = 0; k < 3; k++) {
    plan p = *plans[k];
    p.kernel = PBL_KERNEL_COIN;
    pbl_innovation_report r = run(&p, (fault){0});
    if (!(r.p_value > 1e-4)) fail_msg("%s: p = %g", p.graph, r.p_value);
    p.every = 3;
    r = run(&p, (fault){0});
    if (!(r.p_value > 1e-4)) fail_msg("%s, thinned: p = %g", p.graph, r.p_value);
    p.every = 1;
    p.draws = 8000;
    r = run(&p, (fault){.turned_coins = true});
    if (!(r.p_value < 1e-9)) fail_msg("%s, coins turned: p = %g", p.graph, r.p_value);
    r = run(&p, (fault){.claimed_cyclic = true});
    if (!(r.p_value < 1e-9)) fail_msg("%s, claimed cyclic: p = %g", p.graph, r.p_value);
  }
  plan p = RANDOM;
  p.kernel = PBL_KERNEL_COIN;
  p.draws = 8000;
  pbl_innovation_report r = run(&p, (fault){0});
  assert_int_equal(r.n_updates, 6 * 7999 * 20);
  assert_int_equal(r.family[PBL_TEST_EDGE].n_tests, 50);
  assert_int_equal(r.family[PBL_TEST_CROSS].n_tests, 2 * 190);
  expect(&p, (fault){.beta_gain = 1.1}, PBL_FAULT_GAIN, "coin, beta 10 % high");
  expect(&p, (fault){.lower = 6, .upper = 6}, PBL_FAULT_WEIGHT, "coin, an edge");
}

static void what_random_site_does_is_not_in_the_states(void **state) {
  (void)state;
  plan p = RANDOM;
  pbl_image *im = image_of(&p);
  pbl_chains *c = sample(im, &p, &(fault){0});
  pbl_innovation_report r;
  assert_int_equal(
      pbl_innovation_test(&r, c, im, im->beta, PBL_KERNEL_RANDOM_SITE, 1, false, 1, NULL, NULL),
      PBL_INVALID);
  assert_int_equal(
      pbl_innovation_test(&r, c, im, im->beta, PBL_KERNEL_COIN, 1, false, 1, NULL, NULL),
      PBL_INVALID);
  pbl_chains_destroy(c);
  pbl_image_destroy(im);
}

static void results_of_graphs_do_not_depend_on_the_number_of_threads(void **state) {
  (void)state;
  const fault sound = {0};
  const pbl_innovation_report one = run_threads(&KING, &sound, 1);
  const pbl_innovation_report many = run_threads(&KING, &sound, 4);
  assert_true(one.p_value == many.p_value);
  assert_true(one.implied_beta_error == many.implied_beta_error);
  for (size_t t = 0; t < PBL_TEST_COUNT; t++)
    assert_true(one.family[t].max_abs_z == many.family[t].max_abs_z);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_graphs_pass_for_twenty_seeds),
      cmocka_unit_test(products_across_blocks_have_their_own_variance),
      cmocka_unit_test(what_the_recorded_states_show_is_tested),
      cmocka_unit_test(faults_of_graphs_are_found_and_named),
      cmocka_unit_test(an_edge_changed_at_one_end_is_found),
      cmocka_unit_test(a_wrong_order_is_found),
      cmocka_unit_test(sweeps_under_a_coin_are_tested_in_their_order),
      cmocka_unit_test(what_random_site_does_is_not_in_the_states),
      cmocka_unit_test(results_of_graphs_do_not_depend_on_the_number_of_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
