#include "pbl_gibbs_graph.h"

#include <stdlib.h>

#define LANES PBL_GIBBS_LANES

void pbl_gibbs_graph_destroy(pbl_gibbs_graph *g) {
  if (!g) return;
  for (size_t b = 0; g->block && b < g->n_blocks; b++) {
    free(g->block[b].first);
    free(g->block[b].source);
    free(g->block[b].weight);
  }
  free(g->block);
  free(g->start);
  free(g->place);
  free(g->bias);
  free(g);
}

static void set_places(pbl_gibbs_graph *g, const pbl_colouring *blocks) {
  for (size_t b = 0; b < g->n_blocks; b++) g->start[b + 1] = g->start[b] + blocks->block[b];
  for (size_t p = 0; p < g->n; p++) g->place[p] = (uint32_t)g->start[blocks->colour[p]]++;
  for (size_t b = g->n_blocks; b-- > 0;) g->start[b + 1] = g->start[b];
  g->start[0] = 0;
}

static bool allocate_block(pbl_sparse_half *h, size_t n_targets, size_t n_entries) {
  h->n_targets = n_targets;
  h->first = malloc((n_targets + 1) * sizeof *h->first);
  h->source = malloc((n_entries + 1) * sizeof *h->source);
  h->weight = malloc((n_entries + 1) * sizeof *h->weight);
  if (!h->first || !h->source || !h->weight) return false;
  h->first[0] = 0;
  return true;
}

/* p-bits by number are the targets of their blocks in order. */
static void fill_blocks(pbl_gibbs_graph *g, const pbl_graph *graph, const pbl_colouring *blocks) {
  for (size_t p = 0; p < g->n; p++) {
    const size_t b = blocks->colour[p];
    pbl_sparse_half *h = &g->block[b];
    const size_t t = g->place[p] - g->start[b];
    size_t e = h->first[t];
    for (size_t k = graph->start[p]; k < graph->start[p + 1]; k++) {
      h->source[e] = g->place[graph->neighbour[k]];
      h->weight[e++] = (float)graph->coupling[k];
    }
    h->first[t + 1] = e;
    g->bias[g->place[p]] = (float)graph->field[p];
  }
}

static bool allocate_blocks(pbl_gibbs_graph *g, const pbl_graph *graph,
                            const pbl_colouring *blocks) {
  size_t *entries = calloc(g->n_blocks, sizeof *entries);
  bool room = entries != NULL;
  for (size_t p = 0; room && p < g->n; p++)
    entries[blocks->colour[p]] += pbl_graph_degree(graph, p);
  for (size_t b = 0; room && b < g->n_blocks; b++)
    room = allocate_block(&g->block[b], blocks->block[b], entries[b]);
  free(entries);
  return room;
}

pbl_status pbl_gibbs_graph_create(pbl_gibbs_graph **out, const pbl_graph *graph,
                                  const pbl_colouring *blocks, pbl_error *err) {
  *out = NULL;
  const pbl_status st = pbl_colouring_verify(blocks, graph, err);
  if (st) return st;
  pbl_gibbs_graph *g = calloc(1, sizeof *g);
  if (!g) return pbl_fail(err, PBL_NO_MEMORY, "no memory for a graph sampler");
  g->n = graph->n;
  g->n_blocks = blocks->n_colours;
  g->start = calloc(g->n_blocks + 1, sizeof *g->start);
  g->place = malloc(g->n * sizeof *g->place);
  g->bias = malloc(g->n * sizeof *g->bias);
  g->block = calloc(g->n_blocks, sizeof *g->block);
  if (!g->start || !g->place || !g->bias || !g->block || !allocate_blocks(g, graph, blocks)) {
    pbl_gibbs_graph_destroy(g);
    return pbl_fail(err, PBL_NO_MEMORY, "no memory for a graph of %zu p-bits", graph->n);
  }
  set_places(g, blocks);
  fill_blocks(g, graph, blocks);
  *out = g;
  return PBL_OK;
}

static void update_block(pbl_gibbs_block *b, const pbl_gibbs_graph *g, size_t k,
                         const uint8_t *clamp, float two_beta) {
  const size_t at = g->start[k];
  pbl_gibbs_sparse_field(b->field, &g->block[k], b->v);
  pbl_gibbs_draw(b, b->v + at * LANES, g->bias + at, clamp ? clamp + at : NULL,
                 g->start[k + 1] - at, two_beta);
}

void pbl_gibbs_graph_sweep(pbl_gibbs_block *b, const pbl_gibbs_graph *g, const uint8_t *clamp,
                           float two_beta, bool palindromic) {
  for (size_t k = 0; k < g->n_blocks; k++) update_block(b, g, k, clamp, two_beta);
  for (size_t k = g->n_blocks - 1; palindromic && k-- > 0;) update_block(b, g, k, clamp, two_beta);
}

void pbl_gibbs_graph_back(pbl_gibbs_block *b, const pbl_gibbs_graph *g, const uint8_t *clamp,
                          float two_beta) {
  for (size_t k = g->n_blocks; k-- > 0;) update_block(b, g, k, clamp, two_beta);
}

void pbl_gibbs_graph_site(pbl_gibbs_block *b, const pbl_gibbs_graph *g, size_t place,
                          const uint8_t *clamp, float two_beta) {
  size_t k = 0;
  while (place >= g->start[k + 1]) k++;
  pbl_sparse_half one = g->block[k];
  one.n_targets = 1;
  one.first += place - g->start[k];
  pbl_gibbs_sparse_field(b->field, &one, b->v);
  pbl_gibbs_draw(b, b->v + place * LANES, g->bias + place, clamp ? clamp + place : NULL, 1,
                 two_beta);
}
