/* Private to host/trace: the state of a check, and the plain model that computes the updates. */
#ifndef TRACE_INTERNAL_H
#define TRACE_INTERNAL_H

#include "pbl_lane_rng.h"
#include "pbl_trace_check.h"

struct pbl_trace_check {
  const pbl_trace_start *start;
  uint8_t *state;     /* replicas x (V+H) */
  pbl_lane_rng *cell; /* cells + 1 */
  uint32_t *word;     /* cells: words of one clock */
  int64_t *field;     /* cells: fields of one clock */
  uint32_t *beta;     /* replicas */
  size_t n_groups;    /* sparse: up to the one with END */
  size_t n_forward;   /* sparse: groups before the first one with TAIL */
  /* updates of one context's sweep, and how many have been compared */
  pbl_trace_update *update;
  size_t n_updates, capacity, at;
  int context; /* whose they are */
  bool in_sweep;
  uint64_t sweep, place, n_right;
  pbl_trace_mismatch mismatch;
};

/* One p-bit that a cell of each lane updates in a clock. where: lattice, sparse: row of the weight
 * memory or group. */
typedef struct {
  size_t cell; /* s */
  uint32_t pbit;
  size_t where;
} trace_site;

/* Local field of a replica's p-bit (states: its V+H), from the image alone. */
int64_t trace_field(const pbl_trace_start *start, const uint8_t *states, const trace_site *site);
/* The p-bits of cells 0, 1, .. in a clock: lattice, sparse. n: how many; NULL counts only. */
size_t trace_lattice_step(trace_site *sites, const pbl_hw *hw, bool odd, size_t step);
size_t trace_sparse_group(trace_site *sites, const pbl_trace_start *start, size_t group);
/* Words of the schedule. */
uint32_t trace_schedule_word(const pbl_trace_start *start, size_t group, size_t col);

/* Fills c->update with all updates of c->context's next sweep and brings c->state there. NO_MEMORY.
 */
pbl_status trace_replay(pbl_trace_check *c, pbl_error *err);

#endif
