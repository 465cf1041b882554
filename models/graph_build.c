/* From a list of edges to rows of neighbours. */
#include "graph_build.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "file:line: message", or the message alone. */
__attribute__((format(printf, 4, 5))) static pbl_status refuse(const graph_builder *b, size_t line,
                                                               pbl_error *err, const char *format,
                                                               ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (b->path == NULL) return pbl_fail(err, PBL_INVALID, "%s", text);
  if (line == 0) return pbl_fail(err, PBL_FORMAT, "%s: %s", b->path, text);
  return pbl_fail(err, PBL_FORMAT, "%s:%zu: %s", b->path, line, text);
}

static pbl_status grow(graph_builder *b, pbl_error *err) {
  const size_t room = b->room == 0 ? 1024 : 2 * b->room;
  graph_entry *grown = realloc(b->edges, room * sizeof *grown);
  if (grown == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu edges", room);
  b->edges = grown;
  b->room = room;
  return PBL_OK;
}

pbl_status graph_add_edge(graph_builder *b, size_t line, size_t i, size_t j, double coupling,
                          pbl_error *err) {
  const size_t most = b->both_orders ? 2 * PBL_GRAPH_MAX_EDGES : PBL_GRAPH_MAX_EDGES;
  if (i == j) {
    return refuse(b, line, err, "node %zu is coupled to itself; remove this edge", i + b->base);
  }
  if (!isfinite(coupling)) {
    return refuse(b, line, err, "coupling %g of %zu and %zu is not a finite number", coupling,
                  i + b->base, j + b->base);
  }
  if (b->n_edges == most) {
    return refuse(b, line, err, "more than %zu edges, the most that a graph can have", most);
  }
  if (b->n_edges == b->room) {
    const pbl_status status = grow(b, err);
    if (status != PBL_OK) return status;
  }
  b->edges[b->n_edges++] = (graph_entry){.i = (uint32_t)i,
                                         .j = (uint32_t)j,
                                         .line = line,
                                         .coupling = coupling == 0 ? 0 : coupling}; /* no -0 */
  return PBL_OK;
}

pbl_status graph_add_field(graph_builder *b, size_t line, size_t i, double field, pbl_error *err) {
  if (b->field == NULL) {
    b->field = calloc(PBL_GRAPH_MAX_NODES + 1, sizeof *b->field);
    b->field_line = calloc(PBL_GRAPH_MAX_NODES + 1, sizeof *b->field_line);
    if (b->field == NULL || b->field_line == NULL) {
      return pbl_fail(err, PBL_NO_MEMORY, "no memory for fields");
    }
  }
  if (!isfinite(field)) {
    return refuse(b, line, err, "field %g of node %zu is not a finite number", field, i + b->base);
  }
  if (line > 0 && b->field_line[i] > 0) {
    return refuse(b, line, err, "field of node %zu again (first in line %zu); keep one",
                  i + b->base, b->field_line[i]);
  }
  b->field[i] = field == 0 ? 0 : field;
  b->field_line[i] = line;
  return PBL_OK;
}

static void fill_starts(pbl_graph *g, const graph_builder *b) {
  for (size_t k = 0; k < b->n_edges; k++) {
    g->start[b->edges[k].i + 1]++;
    g->start[b->edges[k].j + 1]++;
  }
  for (size_t i = 0; i < g->n; i++) g->start[i + 1] += g->start[i];
}

/* Rows in the order of the list; `next` holds the free place of each row. */
static void fill_rows(pbl_graph *g, const graph_builder *b, size_t *next) {
  memcpy(next, g->start, g->n * sizeof *next);
  for (size_t k = 0; k < b->n_edges; k++) {
    const graph_entry *e = &b->edges[k];
    const size_t at = next[e->i]++, mirror = next[e->j]++;
    g->neighbour[at] = e->j;
    g->neighbour[mirror] = e->i;
    g->coupling[at] = g->coupling[mirror] = e->coupling;
  }
}

/* Writing out the transpose of a symmetric matrix, row after row, leaves it with sorted rows. */
static pbl_status sort_rows(pbl_graph *g, size_t *next, pbl_error *err) {
  const size_t n_entries = g->start[g->n];
  uint32_t *neighbour = malloc((n_entries + 1) * sizeof *neighbour);
  double *coupling = malloc((n_entries + 1) * sizeof *coupling);
  if (neighbour == NULL || coupling == NULL) {
    free(neighbour);
    free(coupling);
    return pbl_fail(err, PBL_NO_MEMORY, "no memory to sort %zu couplings", n_entries);
  }
  memcpy(next, g->start, g->n * sizeof *next);
  for (size_t i = 0; i < g->n; i++) {
    for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
      const size_t at = next[g->neighbour[k]]++;
      neighbour[at] = (uint32_t)i;
      coupling[at] = g->coupling[k];
    }
  }
  free(g->neighbour);
  free(g->coupling);
  g->neighbour = neighbour;
  g->coupling = coupling;
  return PBL_OK;
}

/* The places in the list of the first two entries between i and j. */
static void find_twice(size_t place[2], const graph_builder *b, size_t i, size_t j) {
  int found = 0;
  for (size_t k = 0; k < b->n_edges && found < 2; k++) {
    const graph_entry *e = &b->edges[k];
    if ((e->i == i && e->j == j) || (e->i == j && e->j == i)) place[found++] = k;
  }
}

static pbl_status refuse_twice(const graph_builder *b, size_t i, size_t j, pbl_error *err) {
  size_t place[2] = {0, 0};
  find_twice(place, b, i, j);
  const graph_entry *first = &b->edges[place[0]], *second = &b->edges[place[1]];
  if (b->path == NULL) {
    return refuse(b, 0, err, "edge %zu - %zu is given twice", i + b->base, j + b->base);
  }
  return refuse(b, second->line, err, "edge %zu - %zu again (first in line %zu); keep one",
                second->i + b->base, second->j + b->base, first->line);
}

static pbl_status check_rows(const pbl_graph *g, const graph_builder *b, pbl_error *err) {
  for (size_t i = 0; i < g->n; i++) {
    for (size_t k = g->start[i] + 1; k < g->start[i + 1]; k++) {
      if (g->neighbour[k] == g->neighbour[k - 1]) return refuse_twice(b, i, g->neighbour[k], err);
    }
  }
  return PBL_OK;
}

static int compare_entries(const void *a, const void *b) {
  const graph_entry *x = a, *y = b;
  const uint32_t x_low = x->i < x->j ? x->i : x->j, x_high = x->i ^ x->j ^ x_low;
  const uint32_t y_low = y->i < y->j ? y->i : y->j, y_high = y->i ^ y->j ^ y_low;
  if (x_low != y_low) return x_low < y_low ? -1 : 1;
  if (x_high != y_high) return x_high < y_high ? -1 : 1;
  return (x->line > y->line) - (x->line < y->line);
}

static pbl_status check_partner(const graph_builder *b, const graph_entry *e, const graph_entry *o,
                                pbl_error *err) {
  if (e->i == o->i) {
    return refuse(b, o->line, err, "entry %zu %zu again (first in line %zu); keep one",
                  o->i + b->base, o->j + b->base, e->line);
  }
  if (e->coupling != o->coupling) {
    return refuse(b, o->line, err,
                  "entry %zu %zu is %.17g, but %zu %zu in line %zu is %.17g; couplings must be "
                  "symmetric",
                  o->i + b->base, o->j + b->base, o->coupling, e->i + b->base, e->j + b->base,
                  e->line, e->coupling);
  }
  return PBL_OK;
}

/* Entries of a general matrix: either every pair of nodes in both orders, which are then merged, or
 * none. Sorts the list, so the builder is a copy with a list of its own. */
static pbl_status merge_orders(graph_builder *b, pbl_error *err) {
  const graph_entry *alone = NULL, *paired = NULL;
  size_t kept = 0;
  qsort(b->edges, b->n_edges, sizeof *b->edges, compare_entries);
  for (size_t k = 0; k < b->n_edges; k++) {
    graph_entry *e = &b->edges[k];
    const graph_entry *o = k + 1 < b->n_edges ? e + 1 : NULL;
    const bool has_partner =
        o != NULL && ((e->i == o->i && e->j == o->j) || (e->i == o->j && e->j == o->i));
    if (has_partner) {
      const pbl_status status = check_partner(b, e, o, err);
      if (status != PBL_OK) return status;
      k++;
    }
    b->edges[kept] = *e;
    if (has_partner) paired = &b->edges[kept];
    if (!has_partner) alone = &b->edges[kept];
    kept++;
  }
  if (alone != NULL && paired != NULL) {
    return refuse(b, alone->line, err,
                  "entry %zu %zu has no partner %zu %zu, but %zu %zu (line %zu) has one; a general "
                  "matrix must hold every pair in both orders, or every pair once",
                  alone->i + b->base, alone->j + b->base, alone->j + b->base, alone->i + b->base,
                  paired->i + b->base, paired->j + b->base, paired->line);
  }
  b->n_edges = kept;
  return PBL_OK;
}

static pbl_status allocate(pbl_graph **out, size_t n, size_t n_edges, pbl_error *err) {
  pbl_graph *g = calloc(1, sizeof *g);
  if (g != NULL) {
    *g = (pbl_graph){.n = n, .n_edges = n_edges};
    g->start = calloc(n + 1, sizeof *g->start);
    g->neighbour = calloc(2 * n_edges + 1, sizeof *g->neighbour);
    g->coupling = calloc(2 * n_edges + 1, sizeof *g->coupling);
    g->field = calloc(n, sizeof *g->field);
  }
  if (g == NULL || !g->start || !g->neighbour || !g->coupling || !g->field) {
    pbl_graph_destroy(g);
    return pbl_fail(err, PBL_NO_MEMORY, "no memory for a graph of %zu nodes and %zu edges", n,
                    n_edges);
  }
  *out = g;
  return PBL_OK;
}

static pbl_status fill(pbl_graph *g, const graph_builder *b, pbl_error *err) {
  size_t *next = malloc(g->n * sizeof *next);
  if (next == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu rows", g->n);
  fill_starts(g, b);
  fill_rows(g, b, next);
  pbl_status status = sort_rows(g, next, err);
  free(next);
  if (status == PBL_OK) status = check_rows(g, b, err);
  if (status == PBL_OK && b->field != NULL) memcpy(g->field, b->field, g->n * sizeof *g->field);
  return status;
}

pbl_status graph_build(pbl_graph **out, const graph_builder *builder, size_t n, pbl_error *err) {
  graph_builder b = *builder; /* merging only shortens the list, which stays the caller's */
  pbl_status status = PBL_OK;
  *out = NULL;
  if (b.both_orders) status = merge_orders(&b, err);
  if (status == PBL_OK && b.n_edges > PBL_GRAPH_MAX_EDGES) {
    status = refuse(&b, 0, err, "%zu edges; the most that a graph can have are %zu", b.n_edges,
                    PBL_GRAPH_MAX_EDGES);
  }
  if (status == PBL_OK) status = allocate(out, n, b.n_edges, err);
  if (status == PBL_OK) status = fill(*out, &b, err);
  if (status != PBL_OK) {
    pbl_graph_destroy(*out);
    *out = NULL;
  }
  return status;
}

void graph_builder_free(graph_builder *b) {
  free(b->edges);
  free(b->field);
  free(b->field_line);
  *b = (graph_builder){0};
}
