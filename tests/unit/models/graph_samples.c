#include "graph_samples.h"

/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "pbl_rng.h"

pbl_graph *sample_of_edges(size_t n, const pbl_edge *edges, size_t n_edges, const double *fields) {
  pbl_graph *g;
  pbl_error err;
  if (pbl_graph_create(&g, n, edges, n_edges, fields, &err) != PBL_OK) fail_msg("%s", err.message);
  return g;
}

pbl_graph *sample_cycle(size_t n) {
  pbl_edge edges[256];
  for (uint32_t k = 0; k < n; k++) edges[k] = (pbl_edge){k, (k + 1) % (uint32_t)n, 1};
  return sample_of_edges(n, edges, n, NULL);
}

pbl_graph *sample_wheel(size_t rim) {
  pbl_edge edges[256];
  const uint32_t r = (uint32_t)rim;
  for (uint32_t k = 0; k < r; k++) {
    edges[2 * k] = (pbl_edge){0, 1 + k, 1};
    edges[2 * k + 1] = (pbl_edge){1 + k, 1 + (k + 1) % r, 1};
  }
  return sample_of_edges(rim + 1, edges, 2 * rim, NULL);
}

pbl_graph *sample_complete(size_t n) {
  pbl_edge *edges = malloc((n * n + 1) * sizeof *edges);
  size_t n_edges = 0;
  assert_non_null(edges);
  for (uint32_t i = 0; i < n; i++) {
    for (uint32_t j = 0; j < i; j++) edges[n_edges++] = (pbl_edge){i, j, 1};
  }
  pbl_graph *g = sample_of_edges(n, edges, n_edges, NULL);
  free(edges);
  return g;
}

/* Outer cycle 0..4, spokes, inner star 5..9. */
pbl_graph *sample_petersen(void) {
  pbl_edge edges[15];
  for (uint32_t k = 0; k < 5; k++) {
    edges[k] = (pbl_edge){k, (k + 1) % 5, 1};
    edges[5 + k] = (pbl_edge){k, k + 5, 1};
    edges[10 + k] = (pbl_edge){5 + k, 5 + (k + 2) % 5, 1};
  }
  return sample_of_edges(10, edges, 15, NULL);
}

pbl_graph *sample_random(size_t n, double p, uint64_t seed) {
  pbl_edge *edges = malloc((n * n + 1) * sizeof *edges);
  double *fields = malloc(n * sizeof *fields);
  size_t n_edges = 0;
  pbl_xoshiro rng;
  assert_non_null(edges);
  assert_non_null(fields);
  pbl_xoshiro_seed(&rng, seed);
  for (uint32_t i = 0; i < n; i++) {
    fields[i] = pbl_xoshiro_normal(&rng);
    for (uint32_t j = 0; j < i; j++) {
      if (pbl_xoshiro_double(&rng) >= p) continue;
      edges[n_edges++] = (pbl_edge){i, j, pbl_xoshiro_normal(&rng)};
    }
  }
  pbl_graph *g = sample_of_edges(n, edges, n_edges, fields);
  free(edges);
  free(fields);
  return g;
}

int sample_has_edge(const pbl_graph *g, size_t i, size_t j) {
  for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
    if (g->neighbour[k] == j) return 1;
  }
  return 0;
}

double sample_coupling(const pbl_graph *g, size_t i, size_t j) {
  for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
    if (g->neighbour[k] == j) return g->coupling[k];
  }
  return 0;
}

void sample_state(signed char *s, size_t n, unsigned bits) {
  for (size_t i = 0; i < n; i++) s[i] = (bits >> i & 1) ? 1 : -1;
}
