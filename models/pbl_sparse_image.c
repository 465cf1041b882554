#include "pbl_sparse_image.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_internal.h"
#include "pbl_sparse_words.h"
#include "sparse_plan.h"

enum { MOST_SITES = 16, MOST_ROWS = 65536, DRAIN_CLOCKS = 8 };

static int power_above(size_t n, int least) {
  int power = least;
  while ((size_t)power < n) power *= 2;
  return power;
}

static pbl_sparse_need need_of(const sparse_plan *plan, const pbl_graph *g,
                               const pbl_colouring *c) {
  size_t clocks = c->n_colours * DRAIN_CLOCKS + 1;
  for (size_t k = 0; k < plan->n_groups; k++) clocks += plan->length[k] ? plan->length[k] : 1;
  return (pbl_sparse_need){
      .pbits = g->n, .groups = plan->n_groups, .edge_rows = plan->n_rows, .clocks = clocks};
}

/* A group of one for singles, still of a fabric that can be. */
static int most_of(int sites, pbl_sparse_layout layout) {
  return layout == PBL_SPARSE_SINGLES && sites >= 1 && sites <= 64 ? 1 : sites;
}

pbl_status pbl_sparse_need_laid(pbl_sparse_need *out, const pbl_graph *g, const pbl_colouring *c,
                                int sites, pbl_sparse_layout layout, pbl_error *err) {
  sparse_plan plan;
  const pbl_status status = sparse_plan_create(&plan, g, c, most_of(sites, layout), err);
  if (status != PBL_OK) return status;
  *out = need_of(&plan, g, c);
  sparse_plan_release(&plan);
  return PBL_OK;
}

pbl_status pbl_sparse_need_of(pbl_sparse_need *out, const pbl_graph *g, const pbl_colouring *c,
                              int sites, pbl_error *err) {
  return pbl_sparse_need_laid(out, g, c, sites, PBL_SPARSE_FULL, err);
}

static int default_sites(const pbl_colouring *c) {
  size_t largest = 1;
  for (size_t b = 0; b < c->n_colours; b++) {
    if (c->block[b] > largest) largest = c->block[b];
  }
  const int sites = power_above(largest, 1);
  return sites < MOST_SITES ? sites : MOST_SITES;
}

static pbl_status check_capacity(const pbl_hw_sparse *there, const pbl_sparse_need *need,
                                 pbl_error *err) {
  const struct {
    const char *key, *what;
    size_t need, there;
  } rows[] = {
      {"pbits", "p-bits", need->pbits, (size_t)there->pbits},
      {"edge_rows", "edge rows", need->edge_rows, (size_t)there->edge_rows},
      {"groups", "groups", need->groups, (size_t)there->groups},
  };
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
    if (rows[k].need <= rows[k].there) continue;
    char advice[48] = "more are not built";
    if (rows[k].there < MOST_ROWS)
      snprintf(advice, sizeof advice, "raise %s (at most %d)", rows[k].key, MOST_ROWS);
    return pbl_fail(err, PBL_CONFIG,
                    PBL_SPARSE_NO_FIT "it needs %zu %s at %d sites per clock, %zu are there; %s",
                    rows[k].need, rows[k].what, there->sites, rows[k].there, advice);
  }
  return PBL_OK;
}

pbl_status pbl_sparse_fit(pbl_hw *hw, const pbl_graph *g, const pbl_colouring *c, pbl_error *err) {
  return pbl_sparse_fit_laid(hw, g, c, PBL_SPARSE_FULL, err);
}

pbl_status pbl_sparse_fit_laid(pbl_hw *hw, const pbl_graph *g, const pbl_colouring *c,
                               pbl_sparse_layout layout, pbl_error *err) {
  pbl_hw_sparse s = hw->sparse;
  pbl_sparse_need need;
  if (s.sites == 0) s.sites = layout == PBL_SPARSE_SINGLES ? 1 : default_sites(c);
  pbl_status status = pbl_sparse_need_laid(&need, g, c, s.sites, layout, err);
  if (status != PBL_OK) return status;
  /* Powers of two up to the largest that is built: what needs more is told below. */
  const pbl_hw_sparse most = {
      .pbits = 65536, .edge_rows = 65536, .groups = 65536, .sites = s.sites};
  status = check_capacity(&most, &need, err);
  if (status != PBL_OK) return status;
  if (s.pbits == 0) s.pbits = power_above(need.pbits, 2);
  if (s.edge_rows == 0) s.edge_rows = power_above(need.edge_rows, 1);
  if (s.groups == 0) s.groups = power_above(need.groups, 1);
  status = check_capacity(&s, &need, err);
  if (status != PBL_OK) return status;
  hw->sparse = s;
  hw->n_visible = (int)g->n;
  hw->n_hidden = 0;
  return PBL_OK;
}

void pbl_sparse_law_destroy(pbl_sparse_law *law) {
  if (law == NULL) return;
  free(law->block);
  free(law->order);
  free(law->start);
  free(law->neighbour);
  free(law->weight);
  free(law->bias);
  free(law);
}

static void *copy_of(const void *from, size_t n, size_t size) {
  void *to = malloc(n * size + 1);
  if (to != NULL && n > 0) memcpy(to, from, n * size);
  return to;
}

static pbl_sparse_law *law_of(const pbl_graph *g, const pbl_colouring *c, const sparse_plan *plan,
                              const pbl_graph_image *words) {
  pbl_sparse_law *law = calloc(1, sizeof *law);
  if (law == NULL) return NULL;
  law->n = g->n;
  law->n_edges = g->n_edges;
  law->n_blocks = c->n_colours;
  law->n_groups = plan->n_groups;
  law->n_edge_rows = plan->n_rows;
  law->block = copy_of(c->colour, g->n, sizeof *law->block);
  law->order = copy_of(plan->order, g->n, sizeof *law->order);
  law->start = copy_of(g->start, g->n + 1, sizeof *law->start);
  law->neighbour = copy_of(g->neighbour, 2 * g->n_edges, sizeof *law->neighbour);
  law->weight = copy_of(words->word, 2 * g->n_edges, sizeof *law->weight);
  law->bias = copy_of(words->field, g->n, sizeof *law->bias);
  if (law->block && law->order && law->start && law->neighbour && law->weight && law->bias)
    return law;
  pbl_sparse_law_destroy(law);
  return NULL;
}

static pbl_status image_alloc(pbl_image **out, const pbl_hw *hw, pbl_error *err) {
  const size_t n_words = (size_t)pbl_hw_image_rows(hw) * (size_t)pbl_hw_image_cols(hw);
  const size_t n_schedule = (size_t)hw->sparse.groups * (size_t)pbl_hw_schedule_cols(hw);
  pbl_image *im = calloc(1, sizeof *im);
  if (im != NULL) {
    im->hw = *hw;
    im->words = calloc(n_words, sizeof *im->words);
    im->schedule = calloc(n_schedule, sizeof *im->schedule);
    im->table = calloc((size_t)hw->table_size, sizeof *im->table);
    im->clamp = calloc((size_t)pbl_hw_pbits(hw), sizeof *im->clamp);
  }
  if (im == NULL || !im->words || !im->schedule || !im->table || !im->clamp) {
    pbl_image_destroy(im);
    return pbl_fail(err, PBL_NO_MEMORY, "no memory for a sparse image of %zu words",
                    n_words + n_schedule);
  }
  *out = im;
  return PBL_OK;
}

static void fill_cell(pbl_image *im, const pbl_sparse_law *law, int32_t *row, size_t cell,
                      uint32_t pbit, size_t edge_row) {
  const size_t cols = (size_t)pbl_hw_image_cols(&im->hw);
  row[2 + 2 * cell] = (int32_t)(PBL_SPARSE_VALID | pbit);
  row[3 + 2 * cell] = law->bias[pbit];
  for (size_t k = law->start[pbit]; k < law->start[pbit + 1]; k++, edge_row++) {
    int32_t *entry = im->words + edge_row * cols + 2 * cell;
    entry[0] = (int32_t)(PBL_SPARSE_VALID | law->neighbour[k]);
    entry[1] = law->weight[k];
  }
}

static void fill_groups(pbl_image *im, const sparse_plan *plan) {
  const pbl_sparse_law *law = im->sparse;
  const size_t cols = (size_t)pbl_hw_schedule_cols(&im->hw);
  size_t edge_row = 0;
  for (size_t g = 0; g < plan->n_groups; g++) {
    const uint32_t first = plan->first[g], end = plan->first[g + 1];
    const uint32_t block = law->block[plan->order[first]];
    const bool begins = g == 0 || law->block[plan->order[first - 1]] != block;
    const bool ends = end == law->n || law->block[plan->order[end]] != block;
    const bool tail = block + 1 == law->n_blocks;
    int32_t *row = im->schedule + g * cols;
    row[0] =
        (int32_t)(plan->length[g] | (begins ? PBL_SPARSE_FIRST : 0) | (ends ? PBL_SPARSE_LAST : 0) |
                  (tail ? PBL_SPARSE_TAIL : 0) | (end == law->n ? PBL_SPARSE_END : 0));
    row[1] = plan->length[g] > 0 ? (int32_t)edge_row : 0;
    for (uint32_t k = first; k < end; k++)
      fill_cell(im, law, row, k - first, plan->order[k], edge_row);
    edge_row += plan->length[g];
  }
}

static pbl_status fill(pbl_image *im, pbl_graph_quantisation *report, const pbl_graph *g,
                       const pbl_colouring *c, pbl_sparse_layout layout, pbl_error *err) {
  const pbl_graph_words format = {
      .weight_int = im->hw.weight_int, .weight_frac = im->hw.weight_frac, .scale = PBL_SCALE_NONE};
  pbl_graph_image *words = NULL;
  sparse_plan plan;
  pbl_status status = sparse_plan_create(&plan, g, c, most_of(im->hw.sparse.sites, layout), err);
  if (status != PBL_OK) return status;
  const pbl_sparse_need need = need_of(&plan, g, c);
  status = check_capacity(&im->hw.sparse, &need, err);
  if (status == PBL_OK) status = pbl_graph_image_create(&words, report, g, &format, err);
  if (status == PBL_OK) {
    im->sparse = law_of(g, c, &plan, words);
    if (im->sparse == NULL) status = pbl_fail(err, PBL_NO_MEMORY, "no memory for a sparse law");
  }
  if (status == PBL_OK) fill_groups(im, &plan);
  pbl_graph_image_destroy(words);
  sparse_plan_release(&plan);
  return status;
}

pbl_status pbl_sparse_image_create(pbl_image **out, pbl_graph_quantisation *report,
                                   const pbl_graph *g, const pbl_colouring *c, const pbl_hw *hw,
                                   double beta, pbl_error *err) {
  return pbl_sparse_image_create_laid(out, report, g, c, hw, beta, PBL_SPARSE_FULL, err);
}

pbl_status pbl_sparse_image_create_laid(pbl_image **out, pbl_graph_quantisation *report,
                                        const pbl_graph *g, const pbl_colouring *c,
                                        const pbl_hw *hw, double beta, pbl_sparse_layout layout,
                                        pbl_error *err) {
  *out = NULL;
  pbl_image *im = NULL;
  uint32_t beta_word = 0;
  if (hw->fabric != PBL_FABRIC_SPARSE || (size_t)hw->n_visible != g->n)
    return pbl_fail(err, PBL_CONFIG,
                    "a graph of %zu p-bits, the hardware is %s and set for %d: call pbl_sparse_fit",
                    g->n, pbl_fabric_name(hw->fabric), hw->n_visible);
  pbl_status status = pbl_hw_check(hw, err);
  if (status == PBL_OK) status = pbl_image_quantise_beta(&beta_word, NULL, hw, beta, err);
  if (status == PBL_OK) status = image_alloc(&im, hw, err);
  if (status == PBL_OK) status = fill(im, report, g, c, layout, err);
  if (status != PBL_OK) {
    pbl_image_destroy(im);
    return status;
  }
  im->beta = beta_word;
  pbl_image_fill_table(im);
  *out = im;
  return PBL_OK;
}

pbl_status pbl_sparse_dequantise(pbl_graph **out, const pbl_image *im, const pbl_graph *original,
                                 pbl_error *err) {
  const pbl_sparse_law *law = im->sparse;
  const int frac = im->hw.weight_frac;
  *out = NULL;
  if (law == NULL) return pbl_fail(err, PBL_INVALID, "the image is not one of a sparse fabric");
  pbl_edge *edges = malloc((law->n_edges + 1) * sizeof *edges);
  double *fields = malloc(law->n * sizeof *fields);
  size_t n_edges = 0;
  pbl_status status = PBL_OK;
  if (edges == NULL || fields == NULL)
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory for the model of a sparse image");
  for (size_t i = 0; status == PBL_OK && i < law->n; i++) {
    fields[i] = ldexp(law->bias[i], -frac);
    for (size_t k = law->start[i]; k < law->start[i + 1]; k++) {
      if (law->neighbour[k] < i) continue;
      edges[n_edges++] = (pbl_edge){
          .i = (uint32_t)i, .j = law->neighbour[k], .coupling = ldexp(law->weight[k], -frac)};
    }
  }
  if (status == PBL_OK) status = pbl_graph_create(out, law->n, edges, n_edges, fields, err);
  if (status == PBL_OK && original != NULL) {
    memcpy((*out)->name, original->name, sizeof original->name);
    memcpy((*out)->provenance, original->provenance, sizeof original->provenance);
  }
  free(edges);
  free(fields);
  return status;
}

static uint32_t length_of(const int32_t *row) {
  return (uint32_t)row[0] & PBL_SPARSE_LENGTH;
}

/* Groups that are used: all of them when none has END. */
static size_t count_groups(bool *ended, const pbl_image *im) {
  const size_t cols = (size_t)pbl_hw_schedule_cols(&im->hw), groups = (size_t)im->hw.sparse.groups;
  for (size_t g = 0; g < groups; g++) {
    *ended = ((uint32_t)im->schedule[g * cols] & PBL_SPARSE_END) != 0;
    if (*ended) return g + 1;
  }
  return groups;
}

void pbl_sparse_used(size_t *groups, size_t *edge_rows, const pbl_image *im) {
  const size_t cols = (size_t)pbl_hw_schedule_cols(&im->hw), rows = (size_t)im->hw.sparse.edge_rows;
  bool ended = false;
  *groups = count_groups(&ended, im);
  *edge_rows = 0;
  for (size_t g = 0; g < *groups; g++) {
    const int32_t *row = im->schedule + g * cols;
    const size_t end = (size_t)(uint32_t)row[1] + length_of(row);
    if (end > *edge_rows && end <= rows) *edge_rows = end;
  }
}

void pbl_sparse_hash(pbl_word_hash *h, const pbl_image *im) {
  const size_t s_cols = (size_t)pbl_hw_schedule_cols(&im->hw);
  const size_t e_cols = (size_t)pbl_hw_image_cols(&im->hw), rows = (size_t)im->hw.sparse.edge_rows;
  bool ended = false;
  const size_t groups = count_groups(&ended, im);
  for (size_t k = 0; k < groups * s_cols; k++) pbl_word_hash_add(h, (uint32_t)im->schedule[k]);
  for (size_t g = 0; ended && g < groups; g++) {
    const int32_t *row = im->schedule + g * s_cols;
    const size_t length = length_of(row), start = (uint32_t)row[1];
    if (length > PBL_HW_MAX_DEGREE || start + length > rows) continue;
    for (size_t k = start * e_cols; k < (start + length) * e_cols; k++)
      pbl_word_hash_add(h, (uint32_t)im->words[k]);
  }
}
