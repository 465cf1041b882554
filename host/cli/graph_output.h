/* What `pbitloop graph` prints. */
#ifndef GRAPH_OUTPUT_H
#define GRAPH_OUTPUT_H

#include "pbl_colouring.h"
#include "pbl_graph_image.h"
#include "pbl_graph_io.h"
#include "pbl_sparse_image.h"

typedef struct {
  const pbl_graph *graph;
  pbl_graph_stats stats;
  pbl_graph_source source; /* format DETECT: from a recipe */
  pbl_colour_rule rule;
  pbl_colouring *colouring;
  bool two_colours;       /* bipartite */
  char dense[512];        /* "" when the dense fabric can hold it, else why not */
  size_t dense_blocks[2]; /* its two sides, where bipartite */
  char sparse[512];       /* the same of the sparse fabric */
  int sparse_sites;       /* p-bits at a time; then what the graph needs */
  pbl_sparse_need need;
  bool quantised;
  pbl_graph_quantisation quantisation;
  pbl_graph_words words;
  uint32_t hash; /* of the image */
} graph_result;

void graph_print(const graph_result *r);
pbl_status graph_print_json(const graph_result *r, pbl_error *err);

#endif
