/* Graphs in the memories of the sparse fabric: every edge at both of its ends, groups within
 * blocks, capacities, and what is refused. */
/* cmocka.h needs the four before it. */
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
#include <zlib.h>

#include "graph_samples.h"
#include "pbl_graph_make.h"
#include "pbl_sparse_image.h"

#define VALID 0x80000000u

typedef struct {
  pbl_graph *g;
  pbl_colouring *c;
  pbl_hw hw;
  pbl_image *im;
  pbl_graph_quantisation report;
} sample;

static void make_laid(sample *s, const char *recipe, const char *couplings, int sites,
                      pbl_sparse_layout layout) {
  pbl_graph_recipe r;
  pbl_error err = {0};
  *s = (sample){.hw = pbl_hw_default()};
  s->hw.weight_int = 3;
  s->hw.table_size = 64;
  s->hw.lanes = s->hw.replicas = 2;
  pbl_hw_set_sparse(&s->hw, &(pbl_hw_sparse){.sites = sites});
  assert_int_equal(pbl_graph_recipe_parse(&r, recipe, &err), PBL_OK);
  assert_int_equal(pbl_value_law_parse(&r.couplings, couplings, &err), PBL_OK);
  assert_int_equal(pbl_value_law_parse(&r.fields, "normal,0.3", &err), PBL_OK);
  assert_int_equal(pbl_graph_make(&s->g, &r, &err), PBL_OK);
  assert_int_equal(pbl_colouring_create(&s->c, s->g, PBL_COLOUR_DSATUR, &err), PBL_OK);
  if (pbl_sparse_fit_laid(&s->hw, s->g, s->c, layout, &err) != PBL_OK) fail_msg("%s", err.message);
  if (pbl_sparse_image_create_laid(&s->im, &s->report, s->g, s->c, &s->hw, 0.75, layout, &err))
    fail_msg("%s", err.message);
}

static void make(sample *s, const char *recipe, const char *couplings, int sites) {
  make_laid(s, recipe, couplings, sites, PBL_SPARSE_FULL);
}

static void release(sample *s) {
  pbl_image_destroy(s->im);
  pbl_colouring_destroy(s->c);
  pbl_graph_destroy(s->g);
}

static uint32_t schedule_word(const sample *s, size_t group, size_t col) {
  return (uint32_t)s->im->schedule[group * (size_t)pbl_hw_schedule_cols(&s->hw) + col];
}

/* The list of cell c in group k holds what row i of the graph does, each neighbour once. */
static void check_list(const sample *s, size_t k, size_t c, size_t i) {
  const size_t length = schedule_word(s, k, 0) & 0xFFFF, start = schedule_word(s, k, 1);
  const size_t cols = (size_t)pbl_hw_image_cols(&s->hw);
  size_t n = 0;
  for (size_t d = 0; d < length; d++) {
    const int32_t *entry = s->im->words + (start + d) * cols + 2 * c;
    if (!((uint32_t)entry[0] & VALID)) continue;
    const uint32_t other = (uint32_t)entry[0] & 0xFFFF;
    size_t e = s->g->start[i];
    while (e < s->g->start[i + 1] && s->g->neighbour[e] != other) e++;
    assert_true(e < s->g->start[i + 1]);
    assert_int_equal(entry[1], (int32_t)round(s->g->coupling[e] * 64));
    n++;
  }
  assert_int_equal(n, pbl_graph_degree(s->g, i));
}

/* Every p-bit once, in the groups of its colour; marks; lists as long as the largest degree. */
static void check_memories(const sample *s) {
  const size_t sites = (size_t)s->hw.sparse.sites;
  size_t n = 0, rows = 0, k = 0;
  int32_t colour = -1;
  bool end = false;
  for (; !end; k++) {
    const uint32_t word = schedule_word(s, k, 0);
    size_t longest = 0;
    end = word >> 31;
    assert_int_equal(word >> 28 & 1, k == 0 || schedule_word(s, k - 1, 0) >> 29 & 1);
    colour += (int32_t)(word >> 28 & 1);
    assert_int_equal(word >> 30 & 1, (size_t)colour + 1 == s->c->n_colours);
    for (size_t c = 0; c < sites; c++) {
      const uint32_t cell = schedule_word(s, k, 2 + 2 * c), i = cell & 0xFFFF;
      if (!(cell & VALID)) continue;
      assert_int_equal(s->im->sparse->order[n++], i);
      assert_int_equal(s->c->colour[i], colour);
      assert_int_equal((int32_t)schedule_word(s, k, 3 + 2 * c),
                       (int32_t)round(s->g->field[i] * 64));
      check_list(s, k, c, i);
      if (pbl_graph_degree(s->g, i) > longest) longest = pbl_graph_degree(s->g, i);
    }
    assert_int_equal(word & 0xFFFF, longest);
    rows += longest;
  }
  assert_int_equal(n, s->g->n);
  assert_int_equal(k, s->im->sparse->n_groups);
  assert_int_equal(rows, s->im->sparse->n_edge_rows);
}

static void every_edge_stands_at_both_of_its_ends(void **state) {
  (void)state;
  static const char *const recipes[] = {"complete:13",  "king:7x5",  "chimera:2x2x4",
                                        "regular:30,5", "torus:5x5", "complete:1"};
  for (size_t k = 0; k < sizeof recipes / sizeof recipes[0]; k++) {
    for (int sites = 1; sites <= 16; sites += 5) {
      sample s;
      make(&s, recipes[k], "normal,0.4", sites);
      check_memories(&s);
      assert_int_equal(s.im->hw.n_visible, s.g->n);
      assert_int_equal(s.report.n_saturated, 0);
      release(&s);
    }
  }
}

/* Random scan picks groups: of one p-bit each, the lists no longer than their own degrees. */
static void a_group_may_be_one_pbit(void **state) {
  (void)state;
  static const char *const recipes[] = {"complete:13", "king:7x5", "complete:1"};
  for (size_t k = 0; k < 3; k++) {
    for (int sites = 0; sites <= 4; sites += 4) {
      sample s;
      make_laid(&s, recipes[k], "normal,0.4", sites, PBL_SPARSE_SINGLES);
      assert_int_equal(s.hw.sparse.sites, sites == 0 ? 1 : 4);
      check_memories(&s);
      assert_int_equal(s.im->sparse->n_groups, s.g->n);
      assert_int_equal(s.im->sparse->n_edge_rows, 2 * s.g->n_edges);
      for (size_t g = 0; g < s.g->n; g++) {
        for (int cell = 0; cell < s.hw.sparse.sites; cell++)
          assert_int_equal(schedule_word(&s, g, 2 + 2 * (size_t)cell) >> 31, cell == 0);
      }
      release(&s);
    }
  }
}

/* A star and p-bits with neighbours in falling number: a group is as long as its largest list. */
static void pbits_of_similar_degree_share_a_group(void **state) {
  (void)state;
  pbl_edge edges[64];
  size_t n = 0;
  /* p-bits 0..7 of degrees 8..1 against 8..15 */
  for (uint32_t i = 0; i < 8; i++) {
    for (uint32_t j = 0; j < 8 - i; j++)
      edges[n++] = (pbl_edge){.i = 7 - i, .j = 8 + j, .coupling = 1};
  }
  pbl_graph *g = sample_of_edges(16, edges, n, NULL);
  pbl_colouring *c;
  pbl_sparse_need need;
  assert_int_equal(pbl_colouring_create(&c, g, PBL_COLOUR_DSATUR, NULL), PBL_OK);
  assert_int_equal(pbl_sparse_need_of(&need, g, c, 4, NULL), PBL_OK);
  assert_int_equal(need.pbits, 16);
  assert_int_equal(need.groups, 4);
  assert_int_equal(need.edge_rows, 8 + 4 + 8 + 4);
  assert_int_equal(need.clocks, 24 + 2 * 8 + 1);
  pbl_colouring_destroy(c);
  pbl_graph_destroy(g);
}

static void capacities_are_powers_of_two(void **state) {
  (void)state;
  sample s;
  make(&s, "regular:30,5", "sign,1", 0);
  const pbl_hw_sparse *there = &s.hw.sparse;
  size_t largest = 0;
  for (size_t b = 0; b < s.c->n_colours; b++) {
    if (s.c->block[b] > largest) largest = s.c->block[b];
  }
  assert_int_equal(there->pbits, 32);
  assert_true(there->sites <= 16 && (there->sites == 16 || (size_t)there->sites >= largest));
  assert_int_equal(there->edge_rows & (there->edge_rows - 1), 0);
  assert_int_equal(there->groups & (there->groups - 1), 0);
  assert_true((size_t)there->edge_rows / 2 < s.im->sparse->n_edge_rows);
  assert_true((size_t)there->groups / 2 < s.im->sparse->n_groups);
  release(&s);
}

static void assert_refused(pbl_hw_sparse capacity, const pbl_graph *g, const char *text) {
  pbl_hw hw = pbl_hw_default();
  pbl_colouring *c;
  pbl_error err = {0};
  pbl_hw_set_sparse(&hw, &capacity);
  assert_int_equal(pbl_colouring_create(&c, g, PBL_COLOUR_DSATUR, NULL), PBL_OK);
  assert_int_equal(pbl_sparse_fit(&hw, g, c, &err), PBL_CONFIG);
  if (!strstr(err.message, text)) fail_msg("no '%s' in: %s", text, err.message);
  pbl_colouring_destroy(c);
}

static void what_does_not_fit_is_named(void **state) {
  (void)state;
  sample s;
  make(&s, "complete:12", "sign,0.5", 4);
  assert_refused((pbl_hw_sparse){.sites = 4, .pbits = 8}, s.g, "needs 12 p-bits at 4 sites");
  assert_refused((pbl_hw_sparse){.sites = 4, .edge_rows = 131}, s.g, "needs 132 edge rows");
  assert_refused((pbl_hw_sparse){.sites = 4, .groups = 8}, s.g, "needs 12 groups");
  release(&s);
  pbl_edge *edges = malloc(1025 * sizeof *edges);
  for (uint32_t i = 0; i < 1025; i++)
    edges[i] = (pbl_edge){.i = 3, .j = i < 3 ? i : i + 1, .coupling = 1};
  pbl_graph *star = sample_of_edges(1026, edges, 1025, NULL);
  assert_refused((pbl_hw_sparse){.sites = 4}, star, "p-bit 3 has 1025 neighbours, at most 1024");
  pbl_graph_destroy(star);
  star = sample_of_edges(1025, edges, 1024, NULL); /* one less fits */
  pbl_hw hw = pbl_hw_default();
  pbl_colouring *c;
  pbl_hw_set_sparse(&hw, &(pbl_hw_sparse){0});
  assert_int_equal(pbl_colouring_create(&c, star, PBL_COLOUR_DSATUR, NULL), PBL_OK);
  assert_int_equal(pbl_sparse_fit(&hw, star, c, NULL), PBL_OK);
  assert_int_equal(hw.sparse.edge_rows, 2048); /* 1024 of the centre, 64 groups of its neighbours */
  pbl_colouring_destroy(c);
  pbl_graph_destroy(star);
  free(edges);
}

static void clipped_weights_are_counted(void **state) {
  (void)state;
  sample s;
  make(&s, "torus:4x4", "constant,9", 4); /* s[3][6] ends at 8 - 1/64 */
  assert_int_equal(s.report.n_saturated, 2 * 32);
  assert_true(fabs(s.report.max_abs_error - (1 + 1.0 / 64)) < 1e-12);
  assert_int_equal(s.im->sparse->weight[0], 511);
  release(&s);
}

static void a_wrong_colouring_is_refused(void **state) {
  (void)state;
  sample s;
  make(&s, "complete:5", "sign,1", 2);
  pbl_image *im = NULL;
  s.c->colour[2] = s.c->colour[3];
  assert_int_equal(pbl_sparse_image_create(&im, NULL, s.g, s.c, &s.hw, 1, NULL), PBL_INVALID);
  assert_null(im);
  assert_int_equal(pbl_sparse_image_create(&im, NULL, s.g, s.c, &s.hw, 1e9, NULL), PBL_CONFIG);
  release(&s);
}

/* CRC-32 word by word over what is used, in the order of the text. */
static void the_hash_covers_what_is_used(void **state) {
  (void)state;
  sample s;
  make(&s, "regular:20,3", "normal,0.5", 3);
  s.im->clamp[4] = 1;
  const size_t groups = s.im->sparse->n_groups, rows = s.im->sparse->n_edge_rows;
  const size_t columns = (size_t)pbl_hw_schedule_cols(&s.hw);
  uLong crc = crc32(0, NULL, 0);
  crc = crc32(crc, (const Bytef *)s.im->schedule, (uInt)(groups * columns * 4));
  crc = crc32(crc, (const Bytef *)s.im->words, (uInt)(rows * (size_t)pbl_hw_image_cols(&s.hw) * 4));
  for (int cell = 0; cell < 3 * 2; cell++) crc = crc32(crc, (const Bytef *)s.im->table, 64 * 4);
  for (size_t i = 0; i < s.g->n; i++) {
    const uint32_t bit = s.im->clamp[i];
    crc = crc32(crc, (const Bytef *)&bit, 4);
  }
  assert_int_equal(pbl_image_hash(s.im), crc);
  s.im->words[rows * (size_t)pbl_hw_image_cols(&s.hw)] ^= 1; /* not used */
  assert_int_equal(pbl_image_hash(s.im), crc);
  s.im->words[1] ^= 1;
  assert_int_not_equal(pbl_image_hash(s.im), crc);
  release(&s);
}

static void the_image_gives_its_model_back(void **state) {
  (void)state;
  sample s;
  pbl_graph *held = NULL;
  make(&s, "king:5x4", "normal,0.5", 4);
  assert_int_equal(pbl_sparse_dequantise(&held, s.im, s.g, NULL), PBL_OK);
  assert_int_equal(held->n_edges, s.g->n_edges);
  assert_string_equal(held->name, s.g->name);
  for (size_t e = 0; e < 2 * s.g->n_edges; e++) {
    assert_int_equal(held->neighbour[e], s.g->neighbour[e]);
    assert_true(held->coupling[e] == round(s.g->coupling[e] * 64) / 64);
  }
  for (size_t i = 0; i < s.g->n; i++) assert_true(held->field[i] == round(s.g->field[i] * 64) / 64);
  pbl_graph_destroy(held);
  release(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_edge_stands_at_both_of_its_ends),
      cmocka_unit_test(a_group_may_be_one_pbit),
      cmocka_unit_test(pbits_of_similar_degree_share_a_group),
      cmocka_unit_test(capacities_are_powers_of_two),
      cmocka_unit_test(what_does_not_fit_is_named),
      cmocka_unit_test(clipped_weights_are_counted),
      cmocka_unit_test(a_wrong_colouring_is_refused),
      cmocka_unit_test(the_hash_covers_what_is_used),
      cmocka_unit_test(the_image_gives_its_model_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
