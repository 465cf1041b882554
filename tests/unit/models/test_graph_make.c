/* Graphs by recipe against closed formulas, published sizes and an independent rule. */
/* cmocka.h needs the four before it. */
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

#include "graph_samples.h"
#include "pbl_graph_make.h"
#include "pbl_rng.h"

#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

/* laws NULL: the recipe's own. */
static pbl_graph *make(const char *recipe, const char *couplings, const char *fields,
                       uint64_t seed) {
  pbl_graph_recipe r;
  pbl_graph *g = NULL;
  pbl_error err = {0};
  pbl_status status = pbl_graph_recipe_parse(&r, recipe, &err);
  if (status == PBL_OK && couplings) status = pbl_value_law_parse(&r.couplings, couplings, &err);
  if (status == PBL_OK && fields) status = pbl_value_law_parse(&r.fields, fields, &err);
  r.seed = seed;
  if (status == PBL_OK) status = pbl_graph_make(&g, &r, &err);
  if (status != PBL_OK) fail_msg("%s", err.message);
  return g;
}

/* Sizes, degrees and one component. */
static void assert_looks(const char *recipe, size_t n, size_t n_edges, size_t min_degree,
                         size_t max_degree) {
  pbl_graph_stats s;
  pbl_graph *g = make(recipe, NULL, NULL, 1);
  assert_int_equal(pbl_graph_describe(&s, g, NULL), PBL_OK);
  if (g->n != n || g->n_edges != n_edges || s.min_degree != min_degree ||
      s.max_degree != max_degree || s.n_components != 1) {
    fail_msg("%s: %zu nodes, %zu edges, degree %zu to %zu, %zu components", recipe, g->n,
             g->n_edges, s.min_degree, s.max_degree, s.n_components);
  }
  pbl_graph_destroy(g);
}

static void shapes_have_the_sizes_of_their_formulas(void **state) {
  (void)state;
  assert_looks("complete:1", 1, 0, 0, 0);
  assert_looks("complete:20", 20, 190, 19, 19);
  assert_looks("king:7x5", 35, 7 * 4 + 5 * 6 + 2 * 6 * 4, 3, 8);
  assert_looks("king:1x6", 6, 5, 1, 2);
  assert_looks("torus:3x3", 9, 18, 4, 4);
  assert_looks("torus:8x5", 40, 80, 4, 4);
  assert_looks("chimera:1x1x4", 8, 16, 4, 4);
  assert_looks("chimera:3x5x4", 120, 3 * 5 * 16 + 4 * 2 * 5 + 4 * 3 * 4, 5, 6);
  assert_looks("regular:50,3", 50, 75, 3, 3);
  assert_looks("regular:9,8", 9, 36, 8, 8);
}

/* D-Wave 2000Q: 2048 qubits and 6016 couplers. Advantage: 5640 and 40484, each qubit with at most
 * 12 internal, 2 external and 1 odd coupler. */
static void published_machines_have_their_published_sizes(void **state) {
  (void)state;
  assert_looks("chimera:16x16x4", 2048, 6016, 5, 6);
  assert_looks("pegasus:16", 5640, 40484, 6, 15);
}

static void pegasus_has_the_nodes_of_its_formula(void **state) {
  (void)state;
  for (size_t m = 2; m < 9; m++) {
    char recipe[32];
    pbl_graph_stats s;
    snprintf(recipe, sizeof recipe, "pegasus:%zu", m);
    pbl_graph *g = make(recipe, NULL, NULL, 1);
    assert_int_equal(g->n, 8 * (m - 1) * (3 * m - 1));
    assert_int_equal(pbl_graph_describe(&s, g, NULL), PBL_OK);
    assert_int_equal(s.n_components, 1);
    assert_true(s.max_degree <= 15);
    pbl_graph_destroy(g);
  }
}

/* Index of a Pegasus line, and the published rule for two of them in terms of indices: lines cross
 * when w1 = z0 + [k1 < S0[k0]] and z1 = w0 - [k0 < S1[k1]]. */
typedef struct {
  long u, w, k, z;
} line;

static int lines_are_coupled(const line *a, const line *b) {
  static const long offset[2][12] = {{2, 2, 2, 2, 10, 10, 10, 10, 6, 6, 6, 6},
                                     {6, 6, 6, 6, 2, 2, 2, 2, 10, 10, 10, 10}};
  if (a->u == b->u) {
    if (a->w != b->w) return 0;
    if (a->k == b->k) return labs(a->z - b->z) == 1;
    return a->z == b->z && a->k / 2 == b->k / 2;
  }
  const line *v = a->u == 0 ? a : b, *h = a->u == 0 ? b : a;
  return h->w == v->z + (h->k < offset[0][v->k]) && h->z == v->w - (v->k < offset[1][h->k]);
}

static void pegasus_follows_the_published_rule_edge_by_edge(void **state) {
  enum { M = 3, LINES = 2 * M * 12 * (M - 1) };
  (void)state;
  line lines[LINES], kept[LINES];
  size_t n_lines = 0, n = 0;
  for (long u = 0; u < 2; u++) {
    for (long w = 0; w < M; w++) {
      for (long k = 0; k < 12; k++) {
        for (long z = 0; z < M - 1; z++) lines[n_lines++] = (line){u, w, k, z};
      }
    }
  }
  for (size_t i = 0; i < LINES; i++) {
    int crosses = 0;
    for (size_t j = 0; j < LINES; j++) {
      crosses |= lines[i].u != lines[j].u && lines_are_coupled(&lines[i], &lines[j]);
    }
    if (crosses) kept[n++] = lines[i];
  }
  pbl_graph *g = make("pegasus:3", NULL, NULL, 1);
  assert_int_equal(g->n, n);
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      assert_int_equal(sample_has_edge(g, i, j), i != j && lines_are_coupled(&kept[i], &kept[j]));
    }
  }
  pbl_graph_destroy(g);
}

/* Every pair of squares: neighbours are those at distance 1 in both or either direction. */
static void boards_and_tori_couple_the_right_squares(void **state) {
  enum { W = 5, L = 4 };
  (void)state;
  pbl_graph *king = make("king:5x4", NULL, NULL, 1), *torus = make("torus:5x4", NULL, NULL, 1);
  for (int i = 0; i < W * L; i++) {
    for (int j = 0; j < W * L; j++) {
      const int dx = abs(i % W - j % W), dy = abs(i / W - j / W);
      const int near = dx <= 1 && dy <= 1 && i != j;
      const int round_x = dx < W - dx ? dx : W - dx, round_y = dy < L - dy ? dy : L - dy;
      assert_int_equal(sample_has_edge(king, (size_t)i, (size_t)j), near);
      assert_int_equal(sample_has_edge(torus, (size_t)i, (size_t)j), round_x + round_y == 1);
    }
  }
  pbl_graph_destroy(king);
  pbl_graph_destroy(torus);
}

/* Chimera(2,3,2): the couplings of one node in the middle, by hand: cell (0,1) starts at 4. */
static void chimera_couples_within_and_between_cells(void **state) {
  (void)state;
  pbl_graph *g = make("chimera:2x3x2", NULL, NULL, 1);
  const uint32_t vertical[] = {6, 7, 16}, horizontal[] = {2, 4, 5, 10};
  assert_int_equal(pbl_graph_degree(g, 4), 3);
  assert_memory_equal(g->neighbour + g->start[4], vertical, sizeof vertical);
  assert_int_equal(pbl_graph_degree(g, 6), 4);
  assert_memory_equal(g->neighbour + g->start[6], horizontal, sizeof horizontal);
  pbl_graph_destroy(g);
}

/* E = -(J/2N)(M^2 - N) with magnetisation M. */
static void curie_weiss_energy_depends_on_the_magnetisation_alone(void **state) {
  (void)state;
  pbl_graph *g = make("curie-weiss:9", "constant,2", NULL, 1);
  for (unsigned bits = 0; bits < 1u << 9; bits++) {
    signed char s[9];
    int M = 0;
    sample_state(s, 9, bits);
    for (int i = 0; i < 9; i++) M += s[i];
    assert_near(pbl_graph_energy(g, s), -(2.0 / 18) * (M * M - 9), 1e-12);
  }
  pbl_graph_destroy(g);
}

static void sk_couplings_are_the_drawn_normals_over_root_n(void **state) {
  (void)state;
  pbl_graph *g = make("sk:7", "normal,1.5", "normal,0.25", 42);
  pbl_xoshiro rng;
  pbl_xoshiro_seed(&rng, 42);
  for (size_t i = 0; i < 7; i++) {
    for (size_t j = i + 1; j < 7; j++) {
      assert_near(sample_coupling(g, j, i), 1.5 * pbl_xoshiro_normal(&rng) / sqrt(7), 1e-15);
    }
  }
  for (size_t i = 0; i < 7; i++) assert_near(g->field[i], 0.25 * pbl_xoshiro_normal(&rng), 1e-15);
  pbl_graph_destroy(g);
}

/* One pattern: E >= -(N-1)/2, reached by the pattern and its negative alone. Three: E of pattern p
 * is -(1/2N) (sum_q (x_p x_q)^2 - 3 N), the overlaps squared. */
static void hopfield_couplings_are_the_sum_over_patterns(void **state) {
  enum { N = 10 };
  (void)state;
  signed char s[N], patterns[3][N];
  pbl_graph *g = make("hopfield:10,1", NULL, NULL, 4);
  int n_lowest = 0;
  for (unsigned bits = 0; bits < 1u << N; bits++) {
    sample_state(s, N, bits);
    const double energy = pbl_graph_energy(g, s);
    assert_true(energy > -(N - 1) / 2.0 - 1e-12);
    n_lowest += energy < -(N - 1) / 2.0 + 1e-12;
  }
  assert_int_equal(n_lowest, 2);
  pbl_graph_destroy(g);
  g = make("hopfield:10,3", NULL, NULL, 4);
  pbl_xoshiro rng;
  pbl_xoshiro_seed(&rng, 4);
  for (int p = 0; p < 3; p++) {
    for (int i = 0; i < N; i++) patterns[p][i] = pbl_xoshiro_next(&rng) >> 31 ? 1 : -1;
  }
  for (int p = 0; p < 3; p++) {
    double sum = 0;
    for (int q = 0; q < 3; q++) {
      int overlap = 0;
      for (int i = 0; i < N; i++) overlap += patterns[p][i] * patterns[q][i];
      sum += overlap * overlap;
    }
    assert_near(pbl_graph_energy(g, patterns[p]), -(sum - 3 * N) / (2 * N), 1e-12);
  }
  pbl_graph_destroy(g);
}

static int same_graph(const pbl_graph *a, const pbl_graph *b) {
  return a->n == b->n && a->n_edges == b->n_edges &&
         memcmp(a->neighbour, b->neighbour, 2 * a->n_edges * sizeof *a->neighbour) == 0 &&
         memcmp(a->coupling, b->coupling, 2 * a->n_edges * sizeof *a->coupling) == 0;
}

static void a_seed_fixes_graph_and_couplings(void **state) {
  (void)state;
  pbl_graph *a = make("regular:200,7", "sign,0.5", NULL, 8);
  pbl_graph *b = make("regular:200,7", "sign,0.5", NULL, 8);
  pbl_graph *c = make("regular:200,7", "sign,0.5", NULL, 9);
  int n_up = 0;
  assert_true(same_graph(a, b));
  assert_false(same_graph(a, c));
  for (size_t k = 0; k < 2 * a->n_edges; k++) {
    assert_true(fabs(a->coupling[k]) == 0.5);
    n_up += a->coupling[k] > 0;
  }
  assert_true(n_up > 0 && n_up < 1400); /* both signs occur */
  pbl_graph_destroy(a);
  pbl_graph_destroy(b);
  pbl_graph_destroy(c);
}

/* Many small cases, where unfit pairs are the rule. */
static void regular_graphs_are_regular_for_every_degree(void **state) {
  (void)state;
  for (size_t n = 2; n < 14; n++) {
    for (size_t d = 0; d < n; d++) {
      char recipe[32];
      if (n * d % 2) continue;
      snprintf(recipe, sizeof recipe, "regular:%zu,%zu", n, d);
      for (uint64_t seed = 0; seed < 5; seed++) {
        pbl_graph *g = make(recipe, NULL, NULL, seed);
        for (size_t i = 0; i < n; i++) assert_int_equal(pbl_graph_degree(g, i), d);
        pbl_graph_destroy(g);
      }
    }
  }
}

static void assert_refused(const char *recipe, pbl_status status, const char *words) {
  pbl_graph_recipe r;
  pbl_graph *g = NULL;
  pbl_error err = {0};
  pbl_status got = pbl_graph_recipe_parse(&r, recipe, &err);
  if (got == PBL_OK) got = pbl_graph_make(&g, &r, &err);
  assert_int_equal(got, status);
  assert_null(g);
  if (!strstr(err.message, words)) fail_msg("no '%s' in: %s", words, err.message);
}

static void impossible_recipes_are_refused_with_their_limits(void **state) {
  (void)state;
  assert_refused("kings:3x3", PBL_USAGE, "'kings:3x3' is none of complete:N");
  assert_refused("king:3", PBL_USAGE, "is not like king:WxL");
  assert_refused("king:3x3x3", PBL_USAGE, "is not like king:WxL");
  assert_refused("king:-3x3", PBL_USAGE, "is not like king:WxL");
  assert_refused("pegasus:99999999999999999999", PBL_USAGE, "is not like pegasus:M");
  assert_refused("pegasus:1", PBL_INVALID, "the least is 2");
  assert_refused("pegasus:53", PBL_INVALID, "65728 nodes; a graph has at most 65536");
  assert_refused("torus:2x5", PBL_INVALID, "size 2 is too small; the least is 3");
  assert_refused("king:300x300", PBL_INVALID, "90000 nodes");
  assert_refused("chimera:999999999x999999999x999999999", PBL_INVALID, "at most 65536");
  assert_refused("complete:6000", PBL_INVALID, "more than 16777216 edges");
  assert_refused("regular:5,3", PBL_INVALID, "their product even");
  assert_refused("regular:4,4", PBL_INVALID, "below the number of nodes");
  assert_refused("hopfield:5,0", PBL_INVALID, "size 0 is too small");
}

static void laws_are_read_strictly(void **state) {
  (void)state;
  pbl_value_law law;
  pbl_graph_recipe r;
  pbl_graph *g;
  pbl_error err;
  const char *const bad[] = {"normal",     "normal,",    "normal,x", "normal,1x",
                             "normal,nan", "sign,1e101", "gauss,1"};
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    assert_int_equal(pbl_value_law_parse(&law, bad[k], &err), PBL_USAGE);
  }
  assert_int_equal(pbl_graph_recipe_parse(&r, "sk:5", NULL), PBL_OK);
  assert_true(pbl_graph_recipe_is_random(&r));
  assert_int_equal(pbl_value_law_parse(&r.couplings, "sign,1", NULL), PBL_OK);
  assert_int_equal(pbl_graph_make(&g, &r, &err), PBL_INVALID);
  assert_non_null(strstr(err.message, "sk:N takes couplings normal,J only, not sign"));
  assert_int_equal(pbl_graph_recipe_parse(&r, "king:5x5", NULL), PBL_OK);
  assert_false(pbl_graph_recipe_is_random(&r));
  assert_true(pbl_graph_is_recipe("king:5x5"));
  assert_false(pbl_graph_is_recipe("king"));
  assert_false(pbl_graph_is_recipe("./king:5x5"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapes_have_the_sizes_of_their_formulas),
      cmocka_unit_test(published_machines_have_their_published_sizes),
      cmocka_unit_test(pegasus_has_the_nodes_of_its_formula),
      cmocka_unit_test(pegasus_follows_the_published_rule_edge_by_edge),
      cmocka_unit_test(boards_and_tori_couple_the_right_squares),
      cmocka_unit_test(chimera_couples_within_and_between_cells),
      cmocka_unit_test(curie_weiss_energy_depends_on_the_magnetisation_alone),
      cmocka_unit_test(sk_couplings_are_the_drawn_normals_over_root_n),
      cmocka_unit_test(hopfield_couplings_are_the_sum_over_patterns),
      cmocka_unit_test(a_seed_fixes_graph_and_couplings),
      cmocka_unit_test(regular_graphs_are_regular_for_every_degree),
      cmocka_unit_test(impossible_recipes_are_refused_with_their_limits),
      cmocka_unit_test(laws_are_read_strictly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
