/* Which p-bits of a graph a sparse fabric updates together. Private to models/. */
#ifndef SPARSE_PLAN_H
#define SPARSE_PLAN_H

#include "pbl_colouring.h"

typedef struct {
  size_t n_groups, n_rows; /* edge rows */
  uint32_t *order;         /* n: p-bits, group by group */
  uint32_t *first;         /* n_groups + 1: where a group begins in order */
  uint32_t *length;        /* n_groups: its largest degree */
} sparse_plan;

/* At most `most` p-bits a group, 1..64. CONFIG for a p-bit with more than 1024 neighbours; INVALID
 * for a colouring that is none. */
pbl_status sparse_plan_create(sparse_plan *plan, const pbl_graph *g, const pbl_colouring *c,
                              int most, pbl_error *err);
void sparse_plan_release(sparse_plan *plan);

#endif
