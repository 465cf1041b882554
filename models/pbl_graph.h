/* An Ising model on any graph, over s in {-1,+1}^n:
 *   E(s) = - sum_{i<j} J_ij s_i s_j - sum_i h_i s_i,   pi(s) = exp(-beta E)/Z,
 *   local field  I_i = h_i + sum_j J_ij s_j,           P(s_i=+1 | rest) = sigma(2 beta I_i).
 *
 * Nodes count from 0. An edge is given once and stored in both its rows. An edge with J = 0 stays
 * an edge: it counts in degrees and colourings. Const functions may run on any number of threads.
 */
#ifndef PBL_GRAPH_H
#define PBL_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"
#include "pbl_model.h"

#define PBL_GRAPH_MAX_NODES 65536
#define PBL_GRAPH_MAX_EDGES ((size_t)1 << 24)
#define PBL_GRAPH_MAX_VALUE 1e100 /* of couplings and fields: no sum or square overflows */

typedef struct {
  uint32_t i, j;
  double coupling;
} pbl_edge;

typedef struct {
  size_t n;            /* p-bits, 1..PBL_GRAPH_MAX_NODES */
  size_t n_edges;      /* 0..PBL_GRAPH_MAX_EDGES */
  size_t *start;       /* n+1; row i is the entries start[i] .. start[i+1]-1 of the next two */
  uint32_t *neighbour; /* 2 n_edges, ascending within a row */
  double *coupling;    /* 2 n_edges, J_ij */
  double *field;       /* n, h_i */
  char name[128];
  char provenance[1024]; /* free text: file, generator, seed */
} pbl_graph;

/* edges: n_edges in any order, either end first; fields: n, or NULL for zeros. Both are copied.
 * INVALID, naming the numbers, for sizes out of range, a node beyond n, a self loop, an edge given
 * twice (in either order), a NaN or infinity. NO_MEMORY. */
pbl_status pbl_graph_create(pbl_graph **out, size_t n, const pbl_edge *edges, size_t n_edges,
                            const double *fields, pbl_error *err);
/* The same model with its visible p-bits first: node i < V is v_i, node V+j is h_j. All V x H edges
 * are there, zeros too. INVALID beyond the limits above. */
pbl_status pbl_graph_from_rbm(pbl_graph **out, const pbl_rbm *m, pbl_error *err);
void pbl_graph_destroy(pbl_graph *g); /* NULL is legal */

static inline size_t pbl_graph_degree(const pbl_graph *g, size_t i) {
  return g->start[i + 1] - g->start[i];
}
/* s: n values, each +-1. Sums in double, in the order of the rows. */
double pbl_graph_energy(const pbl_graph *g, const signed char *s);
double pbl_graph_local_field(const pbl_graph *g, const signed char *s, size_t i);
/* Weight of the edges between s = -1 and s = +1 for max-cut weights w = -J; with W their sum and
 * no fields E = W - 2 cut. */
double pbl_graph_cut(const pbl_graph *g, const signed char *s);

typedef struct {
  size_t min_degree, max_degree;
  double mean_degree;
  size_t n_isolated;                 /* nodes of degree 0 */
  size_t n_components;               /* an isolated node is one */
  size_t largest_component;          /* its nodes */
  size_t n_zero_couplings;           /* edges with J = 0 */
  size_t n_fields;                   /* h_i other than 0 */
  double min_coupling, max_coupling; /* 0 without edges */
  double min_field, max_field;
} pbl_graph_stats;

/* NO_MEMORY. */
pbl_status pbl_graph_describe(pbl_graph_stats *out, const pbl_graph *g, pbl_error *err);
/* label: n values; the component of each node, numbered in the order of their lowest node. */
pbl_status pbl_graph_components(uint32_t *label, size_t *n_components, const pbl_graph *g,
                                pbl_error *err);

#endif
