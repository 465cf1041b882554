/* Pegasus from its geometry. A vertical line (w, k, z) stands at x = 12 w + k and reaches over
 * y = 12 z + offset_v[k] .. + 11; a horizontal one likewise with x and y exchanged and offset_h.
 * Coupled are lines that cross, lines end to end (z and z + 1) and the pairs k = 2 a, 2 a + 1. */
#include <stdlib.h>

#include "graph_shapes.h"

enum { REACH = 12 };

static const size_t k_offset_v[REACH] = {2, 2, 2, 2, 10, 10, 10, 10, 6, 6, 6, 6};
static const size_t k_offset_h[REACH] = {6, 6, 6, 6, 2, 2, 2, 2, 10, 10, 10, 10};

typedef struct {
  size_t m;
  uint32_t *number; /* of each line (orientation, w, k, z), 0: left out, else node + 1 */
} pegasus;

static size_t line_index(const pegasus *p, size_t orientation, size_t w, size_t k, size_t z) {
  return ((orientation * p->m + w) * REACH + k) * (p->m - 1) + z;
}

/* The horizontal line that crosses vertical line (w, k, z) at the `step`-th point of its reach. */
static bool crossing(size_t *horizontal, const pegasus *p, size_t w, size_t k, size_t z,
                     size_t step) {
  const size_t x = REACH * w + k, y = REACH * z + k_offset_v[k] + step;
  const size_t across_w = y / REACH, across_k = y % REACH;
  if (across_w >= p->m || x < k_offset_h[across_k]) return false;
  const size_t across_z = (x - k_offset_h[across_k]) / REACH;
  if (across_z >= p->m - 1) return false;
  *horizontal = line_index(p, 1, across_w, across_k, across_z);
  return true;
}

static size_t number_lines(pegasus *p) {
  const size_t m = p->m, n_lines = 2 * m * REACH * (m - 1);
  size_t n = 0, other;
  for (size_t v = 0; v < n_lines / 2; v++) {
    const size_t z = v % (m - 1), k = v / (m - 1) % REACH, w = v / (m - 1) / REACH;
    for (size_t step = 0; step < REACH; step++) {
      if (crossing(&other, p, w, k, z, step)) p->number[v] = p->number[other] = 1;
    }
  }
  for (size_t line = 0; line < n_lines; line++) {
    if (p->number[line] != 0) p->number[line] = (uint32_t)++n;
  }
  return n;
}

static pbl_status couple(graph_builder *b, const pegasus *p, size_t line, size_t other,
                         pbl_error *err) {
  if (p->number[line] == 0 || p->number[other] == 0) return PBL_OK;
  return graph_add_edge(b, 0, p->number[line] - 1, p->number[other] - 1, 1, err);
}

static pbl_status add_line(graph_builder *b, const pegasus *p, size_t line, pbl_error *err) {
  const size_t m = p->m, z = line % (m - 1), k = line / (m - 1) % REACH;
  const size_t w = line / (m - 1) / REACH % m, orientation = line / (m - 1) / REACH / m;
  pbl_status status = PBL_OK;
  size_t other;
  if (z + 1 < m - 1) status = couple(b, p, line, line + 1, err);
  if (status == PBL_OK && k % 2 == 0) status = couple(b, p, line, line + m - 1, err);
  for (size_t step = 0; status == PBL_OK && orientation == 0 && step < REACH; step++) {
    if (crossing(&other, p, w, k, z, step)) status = couple(b, p, line, other, err);
  }
  return status;
}

pbl_status graph_shape_pegasus(graph_builder *b, size_t *n, const size_t size[3], pbl_error *err) {
  const size_t m = size[0], n_lines = 2 * m * REACH * (m - 1);
  pegasus p = {.m = m, .number = calloc(n_lines, sizeof *p.number)};
  pbl_status status = PBL_OK;
  if (p.number == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu lines", n_lines);
  *n = number_lines(&p);
  for (size_t line = 0; status == PBL_OK && line < n_lines; line++) {
    status = add_line(b, &p, line, err);
  }
  free(p.number);
  return status;
}
