/* Small graphs for tests. */
#ifndef PBL_TEST_GRAPH_SAMPLES_H
#define PBL_TEST_GRAPH_SAMPLES_H

#include "pbl_graph.h"

/* Fails the test on an error. couplings 1 and no fields where not said otherwise. */
pbl_graph *sample_of_edges(size_t n, const pbl_edge *edges, size_t n_edges, const double *fields);
pbl_graph *sample_cycle(size_t n);
pbl_graph *sample_wheel(size_t rim); /* hub 0, rim 1..rim */
pbl_graph *sample_complete(size_t n);
pbl_graph *sample_petersen(void);
/* Every pair with probability p, couplings and fields N(0,1). */
pbl_graph *sample_random(size_t n, double p, uint64_t seed);
/* J_ij, 0 where there is no edge: looks it up in row i alone. */
double sample_coupling(const pbl_graph *g, size_t i, size_t j);
int sample_has_edge(const pbl_graph *g, size_t i, size_t j);
/* s_i = +1 where bit i of `bits` is set. */
void sample_state(signed char *s, size_t n, unsigned bits);

#endif
