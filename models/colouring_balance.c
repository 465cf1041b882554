/* Blocks of more even sizes, with the same number of colours. */
#include <stdlib.h>

#include "colouring_internal.h"

/* Difference of the two blocks within one component. */
typedef struct {
  uint32_t label;
  size_t excess; /* |colour 0 - colour 1| */
  bool swap;
} part;

static int more_uneven(const void *a, const void *b) {
  const part *x = a, *y = b;
  if (x->excess != y->excess) return x->excess > y->excess ? -1 : 1;
  return (x->label > y->label) - (x->label < y->label);
}

static int by_label(const void *a, const void *b) {
  const part *x = a, *y = b;
  return (x->label > y->label) - (x->label < y->label);
}

/* Which components swap; difference[k]: nodes of colour 0 less those of colour 1 in component k. */
static void choose_swaps(part *parts, const ptrdiff_t *difference, size_t n_parts) {
  ptrdiff_t total = 0;
  for (size_t k = 0; k < n_parts; k++) {
    const ptrdiff_t x = difference[k];
    parts[k] = (part){.label = (uint32_t)k, .excess = (size_t)(x < 0 ? -x : x), .swap = false};
  }
  qsort(parts, n_parts, sizeof *parts, more_uneven);
  for (size_t k = 0; k < n_parts; k++) {
    const ptrdiff_t x = difference[parts[k].label];
    parts[k].swap = x != 0 && (x > 0) == (total > 0) && total != 0;
    total += parts[k].swap ? -x : x;
  }
  qsort(parts, n_parts, sizeof *parts, by_label);
}

static size_t spread(const pbl_colouring *c) {
  size_t low = c->block[0], high = c->block[0];
  for (size_t k = 1; k < c->n_colours; k++) {
    if (c->block[k] < low) low = c->block[k];
    if (c->block[k] > high) high = c->block[k];
  }
  return high - low;
}

static void swap_components(pbl_colouring *c, const part *parts, const uint32_t *label) {
  for (size_t i = 0; i < c->n; i++) {
    if (!parts[label[i]].swap) continue;
    c->block[c->colour[i]]--;
    c->colour[i] = 1 - c->colour[i];
    c->block[c->colour[i]]++;
  }
}

static pbl_status balance_two(pbl_colouring *c, const pbl_graph *g, pbl_error *err) {
  size_t n_parts = 0;
  uint32_t *label = malloc(g->n * sizeof *label);
  ptrdiff_t *difference = calloc(g->n, sizeof *difference);
  part *parts = malloc(g->n * sizeof *parts);
  pbl_status status = PBL_OK;
  if (label == NULL || difference == NULL || parts == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory to balance %zu nodes", g->n);
  }
  if (status == PBL_OK) status = pbl_graph_components(label, &n_parts, g, err);
  if (status == PBL_OK) {
    const size_t before = spread(c);
    for (size_t i = 0; i < g->n; i++) difference[label[i]] += c->colour[i] == 0 ? 1 : -1;
    choose_swaps(parts, difference, n_parts);
    swap_components(c, parts, label);
    if (spread(c) > before) swap_components(c, parts, label); /* the given one was better */
  }
  free(label);
  free(difference);
  free(parts);
  return status;
}

/* The smallest block that no neighbour of node i is in and that is smaller by two or more than the
 * node's own; NO_COLOUR when there is none. taken_by as in greedy colouring. */
static uint32_t better_block(const pbl_colouring *c, const pbl_graph *g, size_t i, size_t *taken_by,
                             size_t mark) {
  uint32_t best = NO_COLOUR;
  for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
    taken_by[c->colour[g->neighbour[k]]] = mark;
  }
  for (uint32_t k = 0; k < c->n_colours; k++) {
    if (taken_by[k] == mark || c->block[k] + 2 > c->block[c->colour[i]]) continue;
    if (best == NO_COLOUR || c->block[k] < c->block[best]) best = k;
  }
  return best;
}

/* Every move shrinks the sum of squares of the blocks, so this ends; 16 passes do nearly all. */
static pbl_status balance_many(pbl_colouring *c, const pbl_graph *g, pbl_error *err) {
  enum { PASSES = 16 };
  size_t *taken_by = calloc(c->n_colours, sizeof *taken_by);
  if (taken_by == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory for blocks");
  size_t mark = 0;
  bool moved = true;
  for (int pass = 0; moved && pass < PASSES; pass++) {
    moved = false;
    for (size_t i = 0; i < g->n; i++) {
      const uint32_t to = better_block(c, g, i, taken_by, ++mark);
      if (to == NO_COLOUR) continue;
      c->block[c->colour[i]]--;
      c->block[to]++;
      c->colour[i] = to;
      moved = true;
    }
  }
  free(taken_by);
  return PBL_OK;
}

pbl_status pbl_colouring_balance(pbl_colouring *c, const pbl_graph *g, pbl_error *err) {
  if (c->n_colours < 2) return PBL_OK;
  return c->n_colours == 2 ? balance_two(c, g, err) : balance_many(c, g, err);
}
