/* Ising models on graphs: making, energies, what a graph looks like. */
#include "pbl_graph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "graph_build.h"

static pbl_status check_sizes(size_t n, size_t n_edges, pbl_error *err) {
  if (n < 1 || n > PBL_GRAPH_MAX_NODES) {
    return pbl_fail(err, PBL_INVALID, "a graph of %zu nodes; allowed are 1..%d", n,
                    PBL_GRAPH_MAX_NODES);
  }
  if (n_edges > PBL_GRAPH_MAX_EDGES) {
    return pbl_fail(err, PBL_INVALID, "a graph of %zu edges; at most %zu are allowed", n_edges,
                    PBL_GRAPH_MAX_EDGES);
  }
  return PBL_OK;
}

static pbl_status add_all(graph_builder *b, size_t n, const pbl_edge *edges, size_t n_edges,
                          const double *fields, pbl_error *err) {
  pbl_status status = PBL_OK;
  for (size_t k = 0; status == PBL_OK && k < n_edges; k++) {
    if (edges[k].i >= n || edges[k].j >= n) {
      return pbl_fail(err, PBL_INVALID, "edge %u - %u: the last of %zu nodes is %zu", edges[k].i,
                      edges[k].j, n, n - 1);
    }
    status = graph_add_edge(b, 0, edges[k].i, edges[k].j, edges[k].coupling, err);
  }
  for (size_t i = 0; status == PBL_OK && fields != NULL && i < n; i++) {
    status = graph_add_field(b, 0, i, fields[i], err);
  }
  return status;
}

pbl_status pbl_graph_create(pbl_graph **out, size_t n, const pbl_edge *edges, size_t n_edges,
                            const double *fields, pbl_error *err) {
  graph_builder b = {0};
  *out = NULL;
  pbl_status status = check_sizes(n, n_edges, err);
  if (status == PBL_OK) status = add_all(&b, n, edges, n_edges, fields, err);
  if (status == PBL_OK) status = graph_build(out, &b, n, err);
  graph_builder_free(&b);
  return status;
}

pbl_status pbl_graph_from_rbm(pbl_graph **out, const pbl_rbm *m, pbl_error *err) {
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  graph_builder b = {0};
  *out = NULL;
  pbl_status status = check_sizes(n_v + n_h, n_v * n_h, err);
  for (size_t i = 0; status == PBL_OK && i < n_v; i++) {
    for (size_t j = 0; status == PBL_OK && j < n_h; j++) {
      status = graph_add_edge(&b, 0, i, n_v + j, (double)m->w[i * n_h + j], err);
    }
  }
  for (size_t i = 0; status == PBL_OK && i < n_v + n_h; i++) {
    status = graph_add_field(&b, 0, i, (double)(i < n_v ? m->b[i] : m->c[i - n_v]), err);
  }
  if (status == PBL_OK) status = graph_build(out, &b, n_v + n_h, err);
  graph_builder_free(&b);
  if (status != PBL_OK) return status;
  snprintf((*out)->name, sizeof(*out)->name, "%s", m->name);
  snprintf((*out)->provenance, sizeof(*out)->provenance, "%s", m->provenance);
  return PBL_OK;
}

void pbl_graph_destroy(pbl_graph *g) {
  if (g == NULL) return;
  free(g->start);
  free(g->neighbour);
  free(g->coupling);
  free(g->field);
  free(g);
}

double pbl_graph_local_field(const pbl_graph *g, const signed char *s, size_t i) {
  double sum = g->field[i];
  for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
    sum += g->coupling[k] * s[g->neighbour[k]];
  }
  return sum;
}

double pbl_graph_energy(const pbl_graph *g, const signed char *s) {
  double sum = 0;
  for (size_t i = 0; i < g->n; i++) {
    double row = g->field[i];
    for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
      if (g->neighbour[k] > i) row += g->coupling[k] * s[g->neighbour[k]];
    }
    sum += row * s[i];
  }
  return -sum;
}

double pbl_graph_cut(const pbl_graph *g, const signed char *s) {
  double sum = 0;
  for (size_t i = 0; i < g->n; i++) {
    for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
      const size_t j = g->neighbour[k];
      if (j > i && s[i] != s[j]) sum -= g->coupling[k];
    }
  }
  return sum;
}

pbl_status pbl_graph_components(uint32_t *label, size_t *n_components, const pbl_graph *g,
                                pbl_error *err) {
  uint32_t *queue = malloc(g->n * sizeof *queue);
  if (queue == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu nodes", g->n);
  *n_components = 0;
  for (size_t i = 0; i < g->n; i++) label[i] = UINT32_MAX;
  for (size_t root = 0; root < g->n; root++) {
    if (label[root] != UINT32_MAX) continue;
    size_t head = 0, tail = 0;
    queue[tail++] = (uint32_t)root;
    label[root] = (uint32_t)*n_components;
    while (head < tail) {
      const size_t i = queue[head++];
      for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
        const uint32_t j = g->neighbour[k];
        if (label[j] != UINT32_MAX) continue;
        label[j] = (uint32_t)*n_components;
        queue[tail++] = j;
      }
    }
    ++*n_components;
  }
  free(queue);
  return PBL_OK;
}

static void describe_degrees(pbl_graph_stats *s, const pbl_graph *g) {
  s->min_degree = s->max_degree = pbl_graph_degree(g, 0);
  for (size_t i = 0; i < g->n; i++) {
    const size_t degree = pbl_graph_degree(g, i);
    if (degree < s->min_degree) s->min_degree = degree;
    if (degree > s->max_degree) s->max_degree = degree;
    s->n_isolated += degree == 0;
  }
  s->mean_degree = 2.0 * (double)g->n_edges / (double)g->n;
}

static void describe_values(pbl_graph_stats *s, const pbl_graph *g) {
  if (g->n_edges > 0) s->min_coupling = s->max_coupling = g->coupling[0];
  size_t n_zero = 0; /* both copies */
  for (size_t k = 0; k < 2 * g->n_edges; k++) {
    s->min_coupling = fmin(s->min_coupling, g->coupling[k]);
    s->max_coupling = fmax(s->max_coupling, g->coupling[k]);
    n_zero += g->coupling[k] == 0;
  }
  s->n_zero_couplings = n_zero / 2;
  s->min_field = s->max_field = g->field[0];
  for (size_t i = 0; i < g->n; i++) {
    s->min_field = fmin(s->min_field, g->field[i]);
    s->max_field = fmax(s->max_field, g->field[i]);
    s->n_fields += g->field[i] != 0;
  }
}

pbl_status pbl_graph_describe(pbl_graph_stats *out, const pbl_graph *g, pbl_error *err) {
  *out = (pbl_graph_stats){0};
  uint32_t *label = malloc(g->n * sizeof *label);
  size_t *size = calloc(g->n, sizeof *size);
  pbl_status status = PBL_OK;
  if (label == NULL || size == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu nodes", g->n);
  }
  if (status == PBL_OK) status = pbl_graph_components(label, &out->n_components, g, err);
  for (size_t i = 0; status == PBL_OK && i < g->n; i++) {
    if (++size[label[i]] > out->largest_component) out->largest_component = size[label[i]];
  }
  free(label);
  free(size);
  if (status != PBL_OK) return status;
  describe_degrees(out, g);
  describe_values(out, g);
  return PBL_OK;
}
