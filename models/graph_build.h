/* Collects edges and fields one by one and turns them into a graph; remembers the line of each for
 * messages. Internal to models. */
#ifndef GRAPH_BUILD_H
#define GRAPH_BUILD_H

#include <stdbool.h>

#include "pbl_graph.h"

typedef struct {
  uint32_t i, j;
  size_t line; /* of the file, from 1; 0: no file */
  double coupling;
} graph_entry;

typedef struct {
  const char *path; /* of messages; NULL: no file */
  size_t base;      /* of node numbers in messages */
  graph_entry *edges;
  size_t n_edges, room;
  bool both_orders; /* an edge may be given as i j and as j i with one value: general matrices */
  double *field;    /* PBL_GRAPH_MAX_NODES + 1, allocated at the first field */
  size_t *field_line;
} graph_builder;

/* NO_MEMORY, or FORMAT with file and line (INVALID without a file). The caller has checked that
 * nodes are at most PBL_GRAPH_MAX_NODES; an edge list whose base is not known yet uses that one. */
pbl_status graph_add_edge(graph_builder *b, size_t line, size_t i, size_t j, double coupling,
                          pbl_error *err);
pbl_status graph_add_field(graph_builder *b, size_t line, size_t i, double field, pbl_error *err);
/* The graph of n nodes. Refuses edges given twice. */
pbl_status graph_build(pbl_graph **out, const graph_builder *b, size_t n, pbl_error *err);
void graph_builder_free(graph_builder *b);

#endif
