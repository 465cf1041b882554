/* Colourings: known graphs, tie rules, checking, balance. */
/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "graph_samples.h"
#include "pbl_colouring.h"
#include "pbl_graph_make.h"
#include "pbl_rng.h"

static const pbl_colour_rule k_rules[] = {PBL_COLOUR_GREEDY, PBL_COLOUR_LARGEST_FIRST,
                                          PBL_COLOUR_DSATUR};

static pbl_graph *make(const char *recipe) {
  pbl_graph_recipe r;
  pbl_graph *g = NULL;
  pbl_error err;
  if (pbl_graph_recipe_parse(&r, recipe, &err) != PBL_OK ||
      pbl_graph_make(&g, &r, &err) != PBL_OK) {
    fail_msg("%s", err.message);
  }
  return g;
}

static pbl_colouring *colour(const pbl_graph *g, pbl_colour_rule rule) {
  pbl_colouring *c;
  pbl_error err;
  assert_int_equal(pbl_colouring_create(&c, g, rule, NULL), PBL_OK);
  if (pbl_colouring_verify(c, g, &err) != PBL_OK) fail_msg("%s", err.message);
  return c;
}

/* Colours that the rule needs; checks the colouring and frees nothing but it. */
static size_t count(const pbl_graph *g, pbl_colour_rule rule) {
  pbl_colouring *c = colour(g, rule);
  const size_t n = c->n_colours;
  pbl_colouring_destroy(c);
  return n;
}

static void assert_all_rules_give(pbl_graph *g, size_t n_colours) {
  for (int k = 0; k < 3; k++) assert_int_equal(count(g, k_rules[k]), n_colours);
  pbl_graph_destroy(g);
}

static void assert_dsatur_gives(pbl_graph *g, size_t n_colours) {
  assert_int_equal(count(g, PBL_COLOUR_DSATUR), n_colours);
  pbl_graph_destroy(g);
}

static void known_graphs_get_their_chromatic_number(void **state) {
  (void)state;
  assert_all_rules_give(sample_complete(1), 1);
  assert_all_rules_give(sample_complete(7), 7);
  assert_all_rules_give(sample_complete(70), 70); /* more than 64 colours */
  assert_all_rules_give(sample_cycle(9), 3);
  assert_dsatur_gives(sample_cycle(12), 2);
  assert_dsatur_gives(sample_petersen(), 3);
  assert_dsatur_gives(make("king:17x9"), 4);
  assert_dsatur_gives(make("king:9x1"), 2);
  assert_dsatur_gives(make("chimera:4x5x4"), 2);
  assert_dsatur_gives(make("torus:6x4"), 2);
  assert_all_rules_give(sample_of_edges(3, NULL, 0, NULL), 1);
}

static void dsatur_is_exact_on_wheels(void **state) {
  (void)state;
  for (size_t rim = 3; rim < 40; rim++) assert_dsatur_gives(sample_wheel(rim), rim % 2 ? 4 : 3);
}

/* a_i - b_j for i != j, numbered a_0 b_0 a_1 b_1 ...: in this order every pair needs a colour. */
static void dsatur_is_exact_where_the_given_order_is_worst(void **state) {
  enum { PAIRS = 12 };
  (void)state;
  pbl_edge edges[PAIRS * PAIRS];
  size_t n_edges = 0;
  for (uint32_t i = 0; i < PAIRS; i++) {
    for (uint32_t j = 0; j < PAIRS; j++) {
      if (i != j) edges[n_edges++] = (pbl_edge){2 * i, 2 * j + 1, 1};
    }
  }
  pbl_graph *g = sample_of_edges(2 * PAIRS, edges, n_edges, NULL);
  assert_int_equal(count(g, PBL_COLOUR_GREEDY), PAIRS);
  assert_int_equal(count(g, PBL_COLOUR_LARGEST_FIRST), PAIRS); /* all degrees are the same */
  assert_dsatur_gives(g, 2);
}

/* Path 3 - 0 - 1 - 2 with a leaf 4 at 1. By number: 0, 1, 0, 1, 0. By degree, ties by number: 1
 * first, then 0, then 2, 3, 4. */
static void largest_first_starts_at_the_largest_degree(void **state) {
  (void)state;
  pbl_graph *g =
      sample_of_edges(5, (pbl_edge[]){{0, 3, 1}, {0, 1, 1}, {1, 2, 1}, {1, 4, 1}}, 4, NULL);
  pbl_colouring *c = colour(g, PBL_COLOUR_GREEDY);
  assert_memory_equal(c->colour, ((uint32_t[]){0, 1, 0, 1, 0}), 5 * sizeof *c->colour);
  pbl_colouring_destroy(c);
  c = colour(g, PBL_COLOUR_LARGEST_FIRST);
  assert_memory_equal(c->colour, ((uint32_t[]){1, 0, 1, 0, 1}), 5 * sizeof *c->colour);
  pbl_colouring_destroy(c);
  pbl_graph_destroy(g);
}

/* The header's rule, straight: look at every uncoloured node for every choice. */
static void plain_dsatur(uint32_t *out, const pbl_graph *g) {
  for (size_t i = 0; i < g->n; i++) out[i] = UINT32_MAX;
  for (size_t step = 0; step < g->n; step++) {
    size_t best = g->n, best_seen = 0, best_open = 0;
    uint32_t best_colour = 0;
    for (size_t i = 0; i < g->n; i++) {
      size_t seen = 0, open = 0;
      char shown[512] = {0};
      if (out[i] != UINT32_MAX) continue;
      for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
        const uint32_t c = out[g->neighbour[k]];
        if (c == UINT32_MAX) open++;
        if (c == UINT32_MAX || shown[c]) continue;
        shown[c] = 1;
        seen++;
      }
      if (best != g->n && (seen < best_seen || (seen == best_seen && open <= best_open))) continue;
      best = i;
      best_seen = seen;
      best_open = open;
      best_colour = (uint32_t)((char *)memchr(shown, 0, sizeof shown) - shown);
    }
    out[best] = best_colour;
  }
}

static void dsatur_is_the_plain_rule_node_by_node(void **state) {
  (void)state;
  const struct {
    size_t n;
    double p;
  } cases[] = {{2, 1}, {40, 0.1}, {90, 0.05}, {120, 0.5}, {200, 0.02}, {160, 0.97}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    for (uint64_t seed = 0; seed < 3; seed++) {
      uint32_t expected[200];
      pbl_graph *g = sample_random(cases[k].n, cases[k].p, seed);
      pbl_colouring *c = colour(g, PBL_COLOUR_DSATUR);
      plain_dsatur(expected, g);
      assert_memory_equal(c->colour, expected, g->n * sizeof *expected);
      pbl_colouring_destroy(c);
      pbl_graph_destroy(g);
    }
  }
}

static void no_rule_needs_more_than_the_largest_degree_and_one(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    pbl_graph_stats s;
    pbl_graph *g = sample_random(100, 0.01 + 0.04 * (double)seed, seed);
    assert_int_equal(pbl_graph_describe(&s, g, NULL), PBL_OK);
    for (int k = 0; k < 3; k++) assert_true(count(g, k_rules[k]) <= s.max_degree + 1);
    pbl_graph_destroy(g);
  }
}

static int is_bipartite(pbl_graph *g) {
  pbl_colouring *c;
  pbl_error err;
  assert_int_equal(pbl_colouring_bipartite(&c, g, NULL), PBL_OK);
  const int found = c != NULL;
  if (found && pbl_colouring_verify(c, g, &err) != PBL_OK) fail_msg("%s", err.message);
  if (found) assert_true(c->n_colours <= 2);
  pbl_colouring_destroy(c);
  pbl_graph_destroy(g);
  return found;
}

static void two_colours_are_found_exactly_when_there_is_no_odd_cycle(void **state) {
  (void)state;
  assert_true(is_bipartite(sample_cycle(4)));
  assert_false(is_bipartite(sample_cycle(5)));
  assert_true(is_bipartite(make("chimera:3x2x4")));
  assert_true(is_bipartite(make("torus:6x8")));
  assert_false(is_bipartite(make("torus:6x5")));
  assert_false(is_bipartite(make("king:2x2")));
  assert_true(is_bipartite(sample_of_edges(4, NULL, 0, NULL)));
  /* the odd cycle in the second component */
  assert_false(is_bipartite(
      sample_of_edges(5, (pbl_edge[]){{0, 1, 1}, {2, 3, 1}, {3, 4, 1}, {2, 4, 1}}, 4, NULL)));
}

static void assert_not_verified(const pbl_colouring *c, const pbl_graph *g, const char *words) {
  pbl_error err = {0};
  assert_int_equal(pbl_colouring_verify(c, g, &err), PBL_INVALID);
  if (!strstr(err.message, words)) fail_msg("no '%s' in: %s", words, err.message);
}

static void check_names_the_edge_whose_ends_share_a_colour(void **state) {
  (void)state;
  pbl_graph *g = sample_cycle(6), *other = sample_cycle(7);
  pbl_colouring *c = colour(g, PBL_COLOUR_DSATUR);
  const uint32_t kept = c->colour[3];
  c->colour[3] = 1 - kept;
  assert_not_verified(c, g, "nodes 2 and 3 are coupled and both have colour");
  c->colour[3] = 7;
  assert_not_verified(c, g, "node 3 has colour 7 of 2");
  c->colour[3] = kept;
  c->block[1]++;
  assert_not_verified(c, g, "3 nodes have colour 1, but its block says 4");
  assert_not_verified(c, other, "a colouring of 6 nodes for a graph of 7");
  pbl_colouring_destroy(c);
  pbl_graph_destroy(g);
  pbl_graph_destroy(other);
}

static size_t spread(const pbl_colouring *c) {
  size_t low = SIZE_MAX, high = 0;
  for (size_t k = 0; k < c->n_colours; k++) {
    if (c->block[k] < low) low = c->block[k];
    if (c->block[k] > high) high = c->block[k];
  }
  return high - low;
}

/* Stars of 5, 4, 3 and 2 leaves around 0, 6, 11 and 15: differences 4, 3, 2, 1 become 4 - 3 - 2
 * + 1.
 */
static void balance_swaps_whole_components_of_two_colours(void **state) {
  (void)state;
  const uint32_t centre[] = {0, 6, 11, 15}, leaves[] = {5, 4, 3, 2};
  pbl_edge edges[14];
  size_t n_edges = 0;
  for (int k = 0; k < 4; k++) {
    for (uint32_t l = 1; l <= leaves[k]; l++) {
      edges[n_edges++] = (pbl_edge){centre[k], centre[k] + l, 1};
    }
  }
  pbl_graph *g = sample_of_edges(18, edges, n_edges, NULL);
  pbl_colouring *c;
  assert_int_equal(pbl_colouring_bipartite(&c, g, NULL), PBL_OK);
  assert_int_equal(c->block[0], 4);
  assert_int_equal(pbl_colouring_balance(c, g, NULL), PBL_OK);
  assert_int_equal(pbl_colouring_verify(c, g, NULL), PBL_OK);
  assert_int_equal(spread(c), 0);
  pbl_colouring_destroy(c);
  pbl_graph_destroy(g);
}

/* Differences -3, -3, 2, 2, 2 are even as they stand; largest first would make 3 - 3 + 2 - 2 + 2.
 * Stars with 4 leaves have their centre first, those with 3 leaves last. */
static void balance_keeps_two_colours_that_are_even(void **state) {
  (void)state;
  pbl_edge edges[17];
  size_t n_edges = 0;
  for (uint32_t k = 0; k < 2; k++) {
    for (uint32_t l = 1; l <= 4; l++) edges[n_edges++] = (pbl_edge){5 * k, 5 * k + l, 1};
  }
  for (uint32_t k = 0; k < 3; k++) {
    for (uint32_t l = 0; l < 3; l++)
      edges[n_edges++] = (pbl_edge){10 + 4 * k + 3, 10 + 4 * k + l, 1};
  }
  pbl_graph *g = sample_of_edges(22, edges, n_edges, NULL);
  pbl_colouring *c;
  assert_int_equal(pbl_colouring_bipartite(&c, g, NULL), PBL_OK);
  assert_int_equal(spread(c), 0);
  assert_int_equal(pbl_colouring_balance(c, g, NULL), PBL_OK);
  assert_int_equal(spread(c), 0);
  pbl_colouring_destroy(c);
  pbl_graph_destroy(g);
}

static void balance_never_makes_blocks_less_even(void **state) {
  (void)state;
  size_t improved = 0;
  for (uint64_t seed = 0; seed < 60; seed++) {
    pbl_graph *g = sample_random(80, 0.005 * (double)(seed + 1), seed);
    for (int k = 0; k < 3; k++) {
      pbl_colouring *c = colour(g, k_rules[k]);
      const size_t before = spread(c), n_colours = c->n_colours;
      assert_int_equal(pbl_colouring_balance(c, g, NULL), PBL_OK);
      assert_int_equal(pbl_colouring_verify(c, g, NULL), PBL_OK);
      assert_int_equal(c->n_colours, n_colours);
      assert_true(spread(c) <= before);
      improved += spread(c) < before;
      pbl_colouring_destroy(c);
    }
    pbl_graph_destroy(g);
  }
  assert_true(improved > 60);
}

/* An octahedron's three pairs of opposite corners, and one isolated node that could go anywhere. */
static void balance_moves_single_nodes_of_many_colours(void **state) {
  (void)state;
  pbl_edge edges[12];
  size_t n_edges = 0;
  for (uint32_t i = 0; i < 6; i++) {
    for (uint32_t j = 0; j < i; j++) {
      if (i / 2 != j / 2) edges[n_edges++] = (pbl_edge){i, j, 1};
    }
  }
  pbl_graph *g = sample_of_edges(12, edges, n_edges, NULL);
  pbl_colouring *c = colour(g, PBL_COLOUR_GREEDY);
  assert_int_equal(c->block[0], 8);
  assert_int_equal(pbl_colouring_balance(c, g, NULL), PBL_OK);
  assert_int_equal(pbl_colouring_verify(c, g, NULL), PBL_OK);
  assert_int_equal(spread(c), 0);
  uint32_t even[12];
  memcpy(even, c->colour, sizeof even);
  assert_int_equal(pbl_colouring_balance(c, g, NULL), PBL_OK);
  assert_memory_equal(c->colour, even, sizeof even); /* nothing left to do */
  pbl_colouring_destroy(c);
  pbl_graph_destroy(g);
}

static void rules_are_known_by_name(void **state) {
  (void)state;
  pbl_colour_rule rule;
  pbl_error err;
  for (int k = 0; k < 3; k++) {
    assert_int_equal(pbl_colour_rule_parse(&rule, pbl_colour_rule_name(k_rules[k]), NULL), PBL_OK);
    assert_int_equal(rule, k_rules[k]);
  }
  assert_int_equal(pbl_colour_rule_parse(&rule, "dsat", &err), PBL_USAGE);
  assert_non_null(strstr(err.message, "greedy, largest-first, dsatur"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_graphs_get_their_chromatic_number),
      cmocka_unit_test(dsatur_is_exact_on_wheels),
      cmocka_unit_test(dsatur_is_exact_where_the_given_order_is_worst),
      cmocka_unit_test(largest_first_starts_at_the_largest_degree),
      cmocka_unit_test(dsatur_is_the_plain_rule_node_by_node),
      cmocka_unit_test(no_rule_needs_more_than_the_largest_degree_and_one),
      cmocka_unit_test(two_colours_are_found_exactly_when_there_is_no_odd_cycle),
      cmocka_unit_test(check_names_the_edge_whose_ends_share_a_colour),
      cmocka_unit_test(balance_swaps_whole_components_of_two_colours),
      cmocka_unit_test(balance_keeps_two_colours_that_are_even),
      cmocka_unit_test(balance_never_makes_blocks_less_even),
      cmocka_unit_test(balance_moves_single_nodes_of_many_colours),
      cmocka_unit_test(rules_are_known_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
