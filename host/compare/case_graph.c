/* Section `graph` of a case: an Ising model on any graph and its blocks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"
#include "pbl_graph_io.h"
#include "pbl_graph_make.h"
#include "pbl_oracle_graph.h"
#include "pbl_sparse_image.h"

_Static_assert(PBL_COLOUR_GREEDY == 0 && PBL_COLOUR_LARGEST_FIRST == 1 && PBL_COLOUR_DSATUR == 2,
               "names of the configuration");

static pbl_status recipe_of(pbl_graph_recipe *r, const pbl_case_config *cc, uint64_t further,
                            pbl_error *err) {
  pbl_status st = pbl_graph_recipe_parse(r, cc->graph, err);
  if (!st && cc->graph_couplings[0])
    st = pbl_value_law_parse(&r->couplings, cc->graph_couplings, err);
  if (!st && cc->graph_fields[0]) st = pbl_value_law_parse(&r->fields, cc->graph_fields, err);
  r->seed = cc->graph_seed + further;
  return st;
}

static pbl_status make(pbl_graph **out, const pbl_case_config *cc, uint64_t further,
                       pbl_error *err) {
  pbl_graph_recipe r;
  const pbl_status st = recipe_of(&r, cc, further, err);
  return st ? st : pbl_graph_make(out, &r, err);
}

static pbl_status blocks_of(pbl_colouring **out, const pbl_graph *g, const pbl_case_config *cc,
                            pbl_error *err) {
  pbl_status st = pbl_colouring_create(out, g, (pbl_colour_rule)cc->graph_colouring, err);
  if (!st && cc->graph_balanced) st = pbl_colouring_balance(*out, g, err);
  return st ? st : pbl_colouring_verify(*out, g, err);
}

pbl_status case_graph(pbl_graph **graph, pbl_colouring **blocks, const pbl_case_config *cc,
                      uint64_t further, pbl_error *err) {
  pbl_graph *g = NULL;
  pbl_colouring *c = NULL;
  pbl_status st = pbl_config_is_generator(cc->graph)
                      ? make(&g, cc, further, err)
                      : pbl_graph_load(&g, cc->graph, NULL, NULL, err);
  if (!st && blocks) st = blocks_of(&c, g, cc, err);
  if (!st && blocks) *blocks = c;
  if (!st && graph) *graph = g;
  if (st || !blocks) pbl_colouring_destroy(c);
  if (st || !graph) pbl_graph_destroy(g);
  return st ? pbl_wrap(err, st, "graph") : PBL_OK;
}

static void fill_quantisation(pbl_quantisation *q, const pbl_graph_quantisation *from,
                              const case_work *w) {
  double most = 0;
  for (size_t e = 0; e < w->graph->start[w->graph->n]; e++)
    most = fmax(most, fabs(w->graph->coupling[e]));
  for (size_t i = 0; i < w->graph->n; i++) most = fmax(most, fabs(w->graph->field[i]));
  *q = (pbl_quantisation){
      .n_parameters = from->n_parameters,
      .n_saturated = from->n_clipped,
      .n_zeroed = from->n_zeroed,
      .max_abs_error = from->max_abs_error,
      .rms_error = from->rms_error,
      .max_abs_weight = most,
      .beta_error = ldexp((double)w->image->beta, -w->hw.beta_frac) / w->beta - 1,
      .worst_row = from->worst_i,
      .worst_col = from->worst_j};
}

static pbl_status list_edges(case_work *w, pbl_error *err) {
  const pbl_graph *g = w->graph;
  w->edges = malloc((g->n_edges + 1) * sizeof *w->edges);
  if (!w->edges) return pbl_fail(err, PBL_NO_MEMORY, "edges of a graph: out of memory");
  for (size_t i = 0; i < g->n; i++) {
    for (size_t e = g->start[i]; e < g->start[i + 1]; e++) {
      if (g->neighbour[e] < i) continue;
      w->edges[w->n_edges][0] = (uint32_t)i;
      w->edges[w->n_edges++][1] = g->neighbour[e];
    }
  }
  return PBL_OK;
}

/* Moments of the law of the same recipe with the next seed. */
static pbl_status learn(double *data, const case_work *w, const pbl_graph *teacher,
                        const pbl_colouring *blocks, pbl_error *err) {
  const size_t n = w->graph->n;
  pbl_oracle *law = NULL;
  double *second = malloc(n * n * sizeof *second);
  pbl_status st = second ? PBL_OK : pbl_fail(err, PBL_NO_MEMORY, "teacher: out of memory");
  if (!st)
    st = pbl_oracle_create_graph(&law, teacher, blocks, 1.0, PBL_KERNEL_CYCLIC, NULL, NULL, NULL,
                                 err);
  if (!st) {
    pbl_oracle_moments(law, data, second);
    for (size_t e = 0; e < w->n_edges; e++)
      data[n + e] = second[w->edges[e][0] * n + w->edges[e][1]];
  }
  pbl_oracle_destroy(law);
  free(second);
  return st;
}

static pbl_status teacher_data(case_work *w, pbl_error *err) {
  pbl_graph_recipe r;
  const size_t n = w->graph->n;
  if (n > PBL_ORACLE_MAX_PBITS || !pbl_config_is_generator(w->cc->graph)) return PBL_OK;
  pbl_graph *teacher = NULL;
  pbl_colouring *blocks = NULL;
  pbl_status st = recipe_of(&r, w->cc, 1, err);
  if (st || !pbl_graph_recipe_is_random(&r)) return st;
  w->data = malloc((n + w->n_edges) * sizeof *w->data);
  if (!w->data) return pbl_fail(err, PBL_NO_MEMORY, "teacher: out of memory");
  st = case_graph(&teacher, &blocks, w->cc, 1, err);
  if (!st) st = learn(w->data, w, teacher, blocks, err);
  pbl_graph_destroy(teacher);
  pbl_colouring_destroy(blocks);
  return st;
}

static pbl_status fit(pbl_hw *hw, const case_work *w, pbl_error *err) {
  *hw = w->cc->hw;
  hw->replicas = w->cc->chains;
  const pbl_sparse_layout layout = pbl_sparse_layout_of(w->cc->kernel);
  const pbl_status st = pbl_sparse_fit_laid(hw, w->graph, w->colouring, layout, err);
  return st ? st : pbl_hw_check(hw, err);
}

pbl_status pbl_compare_graph_hw(pbl_hw *out, const pbl_case_config *c, pbl_error *err) {
  case_work w = {.cc = c};
  pbl_status st = case_graph(&w.graph, &w.colouring, c, 0, err);
  if (!st) st = fit(out, &w, err);
  pbl_graph_destroy(w.graph);
  pbl_colouring_destroy(w.colouring);
  return st;
}

pbl_status case_setup_graph(case_work *w, pbl_quantisation *q, pbl_error *err) {
  pbl_graph_quantisation report;
  w->beta = w->cc->beta > 0 ? w->cc->beta : 1.0;
  pbl_status st = case_graph(&w->graph, &w->colouring, w->cc, 0, err);
  if (!st) st = fit(&w->hw, w, err);
  if (!st)
    st = pbl_sparse_image_create_laid(&w->image, &report, w->graph, w->colouring, &w->hw, w->beta,
                                      pbl_sparse_layout_of(w->cc->kernel), err);
  if (!st) st = pbl_sparse_dequantise(&w->held, w->image, w->graph, err);
  if (!st) st = list_edges(w, err);
  if (!st) st = teacher_data(w, err);
  if (!st) fill_quantisation(q, &report, w);
  return st;
}
