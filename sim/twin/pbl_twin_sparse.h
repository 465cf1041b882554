/* Memories of the sparse fabric in the twin, and what the kernels read of them. Groups of cells:
 * cell (s, l) is position s lanes + l, 16 positions a slice. Internal to this folder. */
#ifndef PBL_TWIN_SPARSE_H
#define PBL_TWIN_SPARSE_H

#include "pbl_twin_internal.h"

/* Bits of the words in the schedule and in the edge memory. */
#define SPARSE_VALID 0x80000000u
#define SPARSE_INDEX 0x0000FFFFu
#define SPARSE_LENGTH 0x0000FFFFu
#define SPARSE_START 0x0001FFFFu
#define SPARSE_END 0x80000000u
#define SPARSE_TAIL 0x40000000u
#define SPARSE_LAST 0x20000000u
#define SPARSE_FIRST 0x10000000u

enum { SPARSE_DRAIN = 8, SPARSE_CHUNK_CELLS = 16384 };

/* A group as the walk meets it. */
typedef struct {
  uint32_t start, length, flags;
  uint32_t used; /* cells up to the last valid one */
  bool full;     /* every cell has a p-bit */
} pbl_twin_group;

struct pbl_twin_sparse {
  int capacity, edge_rows, max_groups, sites, lanes;
  int cells, slices, vectors; /* vectors of 16 lanes that hold all lanes */
  size_t stride;              /* of a p-bit in masks: 16 vectors */
  uint32_t pbits;             /* register PBITS */

  /* memories; the edge words are in the twin's words */
  uint32_t *schedule;           /* groups x (2P+2) */
  uint32_t *neighbour, *weight; /* edge rows x P; 0 where the entry is not valid */
  uint32_t *up;                 /* contexts x N: bit l = state of lane l */
  int64_t *energy2;             /* replicas: twice the energy */
  bool energies_known, guard_ok;
  uint32_t guard;

  /* made of them at START */
  bool packed;
  size_t n_groups;       /* used */
  size_t n_before_tail;  /* groups before the first with TAIL */
  pbl_twin_group *group; /* n_groups */
  uint32_t *constant;    /* groups x P: bias - sum of weights */
  uint16_t *valid;       /* groups x slices */
  uint16_t *clamp;       /* groups x slices */
  uint32_t *place;       /* N: group P + cell */
  uint64_t clocks_forward, clocks_backward, clocks_pass;

  /* scratch */
  uint32_t *masks;       /* N x stride: -1 where the p-bit is +1, of context `spread_context` */
  int spread_context;    /* -1: none */
  int chunk;             /* groups that are updated in one go */
  uint32_t *fields;      /* chunk x cells + 64 */
  uint16_t *bits;        /* slices x chunk */
  uint16_t *chunk_clamp; /* the same */
};

static inline size_t pbl_twin_sparse_columns(const pbl_twin_sparse *sp) {
  return 2 * (size_t)sp->sites + 2;
}
/* Word of cell s in row g of the schedule: 0 the p-bit, 1 its bias. */
static inline uint32_t pbl_twin_sparse_cell(const pbl_twin_sparse *sp, size_t g, int s, int word) {
  return sp->schedule[g * pbl_twin_sparse_columns(sp) + 2 + 2 * (size_t)s + (size_t)word];
}

/* Kernel random_site: the group of the next pick. */
static inline size_t pbl_twin_sparse_pick(const pbl_twin_sparse *sp, pbl_lane_rng *control) {
  return (size_t)((uint64_t)pbl_lane_rng_next(control) * sp->n_groups >> 32);
}
/* Clocks of a group. */
static inline uint64_t pbl_twin_sparse_visit(const pbl_twin_group *group) {
  return group->length > 0 ? group->length : 1;
}

/* ---- pbl_twin_sparse_fields.c ---- */

/* Fields of the first `used` cells of a group, all lanes, to `to`, 16 lanes at a time: up to 31
 * words behind them are overwritten. */
void pbl_twin_sparse_fields(const pbl_twin_sparse *sp, uint32_t *to, size_t g);
/* Masks of one p-bit from its bits. */
void pbl_twin_sparse_spread(const pbl_twin_sparse *sp, uint32_t pbit, uint32_t up);
/* Sum of field * state over n targets of one slice, each of 16 positions, added to `sum`. */
void pbl_twin_sparse_weigh(int64_t sum[PBL_TWIN_GROUP], const uint32_t *fields, size_t stride,
                           const uint16_t *bits, int n);

#endif
