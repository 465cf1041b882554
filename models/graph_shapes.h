/* Edges of the shapes that can be made, all with coupling 1. Internal to models. */
#ifndef GRAPH_SHAPES_H
#define GRAPH_SHAPES_H

#include "graph_build.h"
#include "pbl_graph_make.h"
#include "pbl_rng.h"

/* Sizes are checked by the caller. Sets *n, adds the edges. */
pbl_status graph_shape_complete(graph_builder *b, size_t *n, const size_t size[3], pbl_error *err);
pbl_status graph_shape_king(graph_builder *b, size_t *n, const size_t size[3], pbl_error *err);
pbl_status graph_shape_torus(graph_builder *b, size_t *n, const size_t size[3], pbl_error *err);
pbl_status graph_shape_chimera(graph_builder *b, size_t *n, const size_t size[3], pbl_error *err);
pbl_status graph_shape_pegasus(graph_builder *b, size_t *n, const size_t size[3], pbl_error *err);
pbl_status graph_shape_regular(graph_builder *b, size_t *n, const size_t size[3], pbl_xoshiro *rng,
                               pbl_error *err);
/* Uniform in 0..n-1, n >= 1. */
uint32_t graph_uniform(pbl_xoshiro *rng, uint32_t n);

#endif
