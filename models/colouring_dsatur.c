/* DSATUR with a heap of the uncoloured nodes and one bit per node and colour. */
#include <stdlib.h>
#include <string.h>

#include "colouring_internal.h"

typedef struct {
  const pbl_graph *g;
  uint32_t *heap;       /* nodes, the next one first */
  uint32_t *place;      /* of each node in the heap */
  uint32_t *saturation; /* colours that its neighbours show */
  uint32_t *open;       /* its uncoloured neighbours */
  uint64_t *seen;       /* n x n_words bits: colours that its neighbours show */
  size_t n_heap, n_words;
} dsatur;

static bool before(const dsatur *d, uint32_t a, uint32_t b) {
  if (d->saturation[a] != d->saturation[b]) return d->saturation[a] > d->saturation[b];
  if (d->open[a] != d->open[b]) return d->open[a] > d->open[b];
  return a < b;
}

static void put(dsatur *d, size_t at, uint32_t node) {
  d->heap[at] = node;
  d->place[node] = (uint32_t)at;
}

static void rise(dsatur *d, size_t at) {
  const uint32_t node = d->heap[at];
  while (at > 0 && before(d, node, d->heap[(at - 1) / 2])) {
    put(d, at, d->heap[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  put(d, at, node);
}

static void sink(dsatur *d, size_t at) {
  const uint32_t node = d->heap[at];
  for (size_t child; (child = 2 * at + 1) < d->n_heap; at = child) {
    if (child + 1 < d->n_heap && before(d, d->heap[child + 1], d->heap[child])) child++;
    if (!before(d, d->heap[child], node)) break;
    put(d, at, d->heap[child]);
  }
  put(d, at, node);
}

static uint32_t take_first(dsatur *d) {
  const uint32_t node = d->heap[0];
  if (--d->n_heap > 0) {
    put(d, 0, d->heap[d->n_heap]);
    sink(d, 0);
  }
  return node;
}

static void release(dsatur *d) {
  free(d->heap);
  free(d->place);
  free(d->saturation);
  free(d->open);
  free(d->seen);
}

static pbl_status start(dsatur *d, const pbl_graph *g, pbl_error *err) {
  const size_t n = g->n;
  *d = (dsatur){.g = g,
                .heap = malloc(n * sizeof *d->heap),
                .place = malloc(n * sizeof *d->place),
                .saturation = calloc(n, sizeof *d->saturation),
                .open = malloc(n * sizeof *d->open),
                .seen = calloc(n, sizeof *d->seen),
                .n_heap = n,
                .n_words = 1};
  if (!d->heap || !d->place || !d->saturation || !d->open || !d->seen) {
    return pbl_fail(err, PBL_NO_MEMORY, "no memory to colour %zu nodes", n);
  }
  for (size_t i = 0; i < n; i++) {
    d->open[i] = (uint32_t)pbl_graph_degree(g, i);
    put(d, i, (uint32_t)i);
  }
  for (size_t i = n / 2; i-- > 0;) sink(d, i);
  return PBL_OK;
}

/* Twice as many colours per node. */
static pbl_status widen(dsatur *d, pbl_error *err) {
  const size_t n = d->g->n, wide = 2 * d->n_words;
  uint64_t *seen = calloc(n * wide, sizeof *seen);
  if (seen == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu colours of %zu nodes", 64 * wide, n);
  }
  for (size_t i = 0; i < n; i++) {
    memcpy(seen + i * wide, d->seen + i * d->n_words, d->n_words * sizeof *seen);
  }
  free(d->seen);
  d->seen = seen;
  d->n_words = wide;
  return PBL_OK;
}

/* May be 64 n_words: the first colour that has no bit yet. */
static uint32_t lowest_free(const dsatur *d, uint32_t node) {
  const uint64_t *row = d->seen + node * d->n_words;
  for (size_t w = 0; w < d->n_words; w++) {
    if (~row[w] != 0) return (uint32_t)(64 * w + (size_t)__builtin_ctzll(~row[w]));
  }
  return (uint32_t)(64 * d->n_words);
}

/* Tells the uncoloured neighbours of `node` that it has `colour`. */
static void tell_neighbours(dsatur *d, const uint32_t *colours, uint32_t node, uint32_t colour) {
  const pbl_graph *g = d->g;
  const uint64_t bit = (uint64_t)1 << colour % 64;
  for (size_t k = g->start[node]; k < g->start[node + 1]; k++) {
    const uint32_t j = g->neighbour[k];
    if (colours[j] != NO_COLOUR) continue;
    uint64_t *word = d->seen + j * d->n_words + colour / 64;
    d->open[j]--;
    if (*word & bit) {
      sink(d, d->place[j]);
    } else {
      *word |= bit;
      d->saturation[j]++;
      rise(d, d->place[j]);
    }
  }
}

pbl_status colour_dsatur(uint32_t *colour, const pbl_graph *g, pbl_error *err) {
  dsatur d;
  pbl_status status = start(&d, g, err);
  while (status == PBL_OK && d.n_heap > 0) {
    const uint32_t node = take_first(&d);
    colour[node] = lowest_free(&d, node);
    if (colour[node] == 64 * d.n_words) status = widen(&d, err);
    if (status == PBL_OK) tell_neighbours(&d, colour, node, colour[node]);
  }
  release(&d);
  return status;
}
