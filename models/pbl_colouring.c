/* Greedy colourings, two colours, checking. DSATUR: colouring_dsatur.c, balance:
 * colouring_balance.c. */
#include "pbl_colouring.h"

#include <stdlib.h>
#include <string.h>

#include "colouring_internal.h"

static const char *const k_names[] = {"greedy", "largest-first", "dsatur"};

const char *pbl_colour_rule_name(pbl_colour_rule rule) {
  return k_names[rule];
}

pbl_status pbl_colour_rule_parse(pbl_colour_rule *out, const char *name, pbl_error *err) {
  for (int k = 0; k < 3; k++) {
    *out = (pbl_colour_rule)k;
    if (strcmp(name, k_names[k]) == 0) return PBL_OK;
  }
  return pbl_fail(err, PBL_USAGE, "colouring '%s' is none of " PBL_COLOUR_RULES, name);
}

static pbl_status allocate(pbl_colouring **out, const pbl_graph *g, pbl_error *err) {
  pbl_colouring *c = calloc(1, sizeof *c);
  if (c != NULL) {
    c->n = g->n;
    c->colour = malloc(g->n * sizeof *c->colour);
  }
  if (c == NULL || c->colour == NULL) {
    pbl_colouring_destroy(c);
    return pbl_fail(err, PBL_NO_MEMORY, "no memory to colour %zu nodes", g->n);
  }
  for (size_t i = 0; i < g->n; i++) c->colour[i] = NO_COLOUR;
  *out = c;
  return PBL_OK;
}

/* Counts colours and blocks of a finished list of colours. */
static pbl_status count_blocks(pbl_colouring *c, pbl_error *err) {
  c->n_colours = 0;
  for (size_t i = 0; i < c->n; i++) {
    if (c->colour[i] >= c->n_colours) c->n_colours = c->colour[i] + (size_t)1;
  }
  c->block = calloc(c->n_colours, sizeof *c->block);
  if (c->block == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory for blocks");
  for (size_t i = 0; i < c->n; i++) c->block[c->colour[i]]++;
  return PBL_OK;
}

/* Nodes by falling degree; counting sort keeps the order among equals. */
static pbl_status order_by_degree(uint32_t *order, const pbl_graph *g, pbl_error *err) {
  size_t *first = calloc(g->n + 1, sizeof *first);
  if (first == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory to sort %zu nodes", g->n);
  for (size_t i = 0; i < g->n; i++) first[g->n - pbl_graph_degree(g, i)]++;
  for (size_t k = 0, sum = 0; k <= g->n; k++) {
    const size_t count = first[k];
    first[k] = sum;
    sum += count;
  }
  for (size_t i = 0; i < g->n; i++) order[first[g->n - pbl_graph_degree(g, i)]++] = (uint32_t)i;
  free(first);
  return PBL_OK;
}

/* taken_by[c] = i + 1: a neighbour of node i has colour c. */
static void colour_in_order(uint32_t *colour, uint32_t *taken_by, const pbl_graph *g,
                            const uint32_t *order) {
  for (size_t k = 0; k < g->n; k++) {
    const uint32_t i = order[k];
    for (size_t e = g->start[i]; e < g->start[i + 1]; e++) {
      const uint32_t c = colour[g->neighbour[e]];
      if (c != NO_COLOUR) taken_by[c] = i + 1;
    }
    uint32_t lowest = 0;
    while (taken_by[lowest] == i + 1) lowest++;
    colour[i] = lowest;
  }
}

static pbl_status colour_greedily(uint32_t *colour, const pbl_graph *g, bool by_degree,
                                  pbl_error *err) {
  uint32_t *order = malloc(g->n * sizeof *order);
  uint32_t *taken_by = calloc(g->n + 1, sizeof *taken_by);
  pbl_status status = PBL_OK;
  if (order == NULL || taken_by == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory to colour %zu nodes", g->n);
  }
  for (size_t i = 0; status == PBL_OK && i < g->n; i++) order[i] = (uint32_t)i;
  if (status == PBL_OK && by_degree) status = order_by_degree(order, g, err);
  if (status == PBL_OK) colour_in_order(colour, taken_by, g, order);
  free(order);
  free(taken_by);
  return status;
}

static pbl_status finish(pbl_colouring **out, pbl_colouring *c, pbl_status status, pbl_error *err) {
  if (status == PBL_OK) status = count_blocks(c, err);
  if (status != PBL_OK) {
    pbl_colouring_destroy(c);
    return status;
  }
  *out = c;
  return PBL_OK;
}

pbl_status pbl_colouring_create(pbl_colouring **out, const pbl_graph *g, pbl_colour_rule rule,
                                pbl_error *err) {
  pbl_colouring *c = NULL;
  *out = NULL;
  pbl_status status = allocate(&c, g, err);
  if (status != PBL_OK) return status;
  if (rule == PBL_COLOUR_DSATUR) {
    status = colour_dsatur(c->colour, g, err);
  } else {
    status = colour_greedily(c->colour, g, rule == PBL_COLOUR_LARGEST_FIRST, err);
  }
  return finish(out, c, status, err);
}

/* Colours the component of `root`; false when two neighbours get one colour. */
static bool colour_component(uint32_t *colour, uint32_t *queue, const pbl_graph *g, size_t root) {
  size_t head = 0, tail = 0;
  queue[tail++] = (uint32_t)root;
  colour[root] = 0;
  while (head < tail) {
    const size_t i = queue[head++];
    for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
      const uint32_t j = g->neighbour[k];
      if (colour[j] == colour[i]) return false;
      if (colour[j] != NO_COLOUR) continue;
      colour[j] = 1 - colour[i];
      queue[tail++] = j;
    }
  }
  return true;
}

pbl_status pbl_colouring_bipartite(pbl_colouring **out, const pbl_graph *g, pbl_error *err) {
  pbl_colouring *c = NULL;
  uint32_t *queue = malloc(g->n * sizeof *queue);
  bool bipartite = true;
  *out = NULL;
  if (queue == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory to colour %zu nodes", g->n);
  const pbl_status status = allocate(&c, g, err);
  for (size_t i = 0; status == PBL_OK && bipartite && i < g->n; i++) {
    if (c->colour[i] == NO_COLOUR) bipartite = colour_component(c->colour, queue, g, i);
  }
  free(queue);
  if (status != PBL_OK) return status;
  if (bipartite) return finish(out, c, PBL_OK, err);
  pbl_colouring_destroy(c);
  return PBL_OK;
}

void pbl_colouring_destroy(pbl_colouring *c) {
  if (c == NULL) return;
  free(c->colour);
  free(c->block);
  free(c);
}

static pbl_status check_blocks(const pbl_colouring *c, const size_t *count, pbl_error *err) {
  for (size_t k = 0; k < c->n_colours; k++) {
    if (count[k] == 0) return pbl_fail(err, PBL_INVALID, "no node has colour %zu", k);
    if (count[k] != c->block[k]) {
      return pbl_fail(err, PBL_INVALID, "%zu nodes have colour %zu, but its block says %zu",
                      count[k], k, c->block[k]);
    }
  }
  return PBL_OK;
}

static pbl_status check_edges(const pbl_colouring *c, const pbl_graph *g, size_t *count,
                              pbl_error *err) {
  for (size_t i = 0; i < g->n; i++) {
    if (c->colour[i] >= c->n_colours) {
      return pbl_fail(err, PBL_INVALID, "node %zu has colour %u of %zu", i, c->colour[i],
                      c->n_colours);
    }
    count[c->colour[i]]++;
    for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
      if (c->colour[g->neighbour[k]] != c->colour[i]) continue;
      return pbl_fail(err, PBL_INVALID, "nodes %zu and %u are coupled and both have colour %u", i,
                      g->neighbour[k], c->colour[i]);
    }
  }
  return PBL_OK;
}

pbl_status pbl_colouring_verify(const pbl_colouring *c, const pbl_graph *g, pbl_error *err) {
  if (c->n != g->n) {
    return pbl_fail(err, PBL_INVALID, "a colouring of %zu nodes for a graph of %zu", c->n, g->n);
  }
  size_t *count = calloc(c->n_colours + 1, sizeof *count);
  if (count == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu colours", c->n_colours);
  pbl_status status = check_edges(c, g, count, err);
  if (status == PBL_OK) status = check_blocks(c, count, err);
  free(count);
  return status;
}
