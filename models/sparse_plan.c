#include "sparse_plan.h"

#include <stdlib.h>

#include "pbl_hw.h"
#include "pbl_sparse_image.h"

static int ascending(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

/* Sorts by block, then by falling degree, then by number. */
static pbl_status sort_nodes(uint32_t *order, const pbl_graph *g, const pbl_colouring *c,
                             pbl_error *err) {
  uint64_t *key = malloc(g->n * sizeof *key);
  if (key == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory to sort %zu p-bits", g->n);
  for (size_t i = 0; i < g->n; i++) {
    const uint64_t less = PBL_HW_MAX_DEGREE - pbl_graph_degree(g, i);
    key[i] = (uint64_t)c->colour[i] << 40 | less << 20 | i;
  }
  qsort(key, g->n, sizeof *key, ascending);
  for (size_t k = 0; k < g->n; k++) order[k] = (uint32_t)(key[k] & 0xFFFFFu);
  free(key);
  return PBL_OK;
}

static pbl_status check_degrees(const pbl_graph *g, pbl_error *err) {
  for (size_t i = 0; i < g->n; i++) {
    if (pbl_graph_degree(g, i) > PBL_HW_MAX_DEGREE)
      return pbl_fail(err, PBL_CONFIG,
                      PBL_SPARSE_NO_FIT
                      "p-bit %zu has %zu neighbours, "
                      "at most %d are built",
                      i, pbl_graph_degree(g, i), PBL_HW_MAX_DEGREE);
  }
  return PBL_OK;
}

/* A group ends with its block or when it is full; the first p-bit has the largest degree. */
static void cut(sparse_plan *plan, const pbl_graph *g, const pbl_colouring *c, size_t sites) {
  for (size_t k = 0, n = 0; k < g->n; k++, n++) {
    const bool begins =
        k == 0 || n == sites || c->colour[plan->order[k]] != c->colour[plan->order[k - 1]];
    if (!begins) continue;
    n = 0;
    plan->first[plan->n_groups] = (uint32_t)k;
    plan->length[plan->n_groups] = (uint32_t)pbl_graph_degree(g, plan->order[k]);
    plan->n_rows += plan->length[plan->n_groups++];
  }
  plan->first[plan->n_groups] = (uint32_t)g->n;
}

pbl_status sparse_plan_create(sparse_plan *plan, const pbl_graph *g, const pbl_colouring *c,
                              int most, pbl_error *err) {
  *plan = (sparse_plan){0};
  if (most < 1 || most > 64)
    return pbl_fail(err, PBL_INVALID, "a sparse fabric of %d sites, allowed: 1..64", most);
  pbl_status status = pbl_colouring_verify(c, g, err);
  if (status == PBL_OK) status = check_degrees(g, err);
  if (status != PBL_OK) return status;
  plan->order = malloc(g->n * sizeof *plan->order);
  plan->first = malloc((g->n + 1) * sizeof *plan->first);
  plan->length = malloc(g->n * sizeof *plan->length);
  status = plan->order && plan->first && plan->length
               ? sort_nodes(plan->order, g, c, err)
               : pbl_fail(err, PBL_NO_MEMORY, "no memory for the schedule of %zu p-bits", g->n);
  if (status == PBL_OK) {
    cut(plan, g, c, (size_t)most);
  } else {
    sparse_plan_release(plan);
  }
  return status;
}

void sparse_plan_release(sparse_plan *plan) {
  free(plan->order);
  free(plan->first);
  free(plan->length);
  *plan = (sparse_plan){0};
}
