/* The sparse fabric of docs/device.md once more, as plainly as can be: couplings in a matrix, one
 * replica after the other. Schedules and edge memories with holes, empty groups and couplings that
 * differ at the two ends of an edge. No code shared with the twin. */
#ifndef PLAIN_SPARSE_H
#define PLAIN_SPARSE_H

#include <stdint.h>

#include "pbl_hw.h"

enum {
  PLAIN_SPARSE_PBITS = 48,
  PLAIN_SPARSE_GROUPS = 128,
  PLAIN_SPARSE_ROWS = 1024,
  PLAIN_SPARSE_SITES = 16,
  PLAIN_SPARSE_CELLS = 512,
  PLAIN_SPARSE_REPLICAS = 96
};

typedef struct {
  int pbit[PLAIN_SPARSE_SITES]; /* -1: none */
  int block, start, length;
} plain_group;

typedef struct {
  pbl_hw hw;
  int n, n_blocks, n_groups;
  int32_t coupling[PLAIN_SPARSE_PBITS][PLAIN_SPARSE_PBITS]; /* [i][j]: in the list of i */
  uint8_t edge[PLAIN_SPARSE_PBITS][PLAIN_SPARSE_PBITS];
  int32_t bias[PLAIN_SPARSE_PBITS];
  int block[PLAIN_SPARSE_PBITS];
  plain_group group[PLAIN_SPARSE_GROUPS];
  uint32_t edges[PLAIN_SPARSE_ROWS][2 * PLAIN_SPARSE_SITES];
  uint32_t schedule[PLAIN_SPARSE_GROUPS][2 * PLAIN_SPARSE_SITES + 2];
  uint8_t clamp[PLAIN_SPARSE_PBITS];
  int8_t spin[PLAIN_SPARSE_REPLICAS][PLAIN_SPARSE_PBITS];
  uint32_t *table;
  uint32_t generator[PLAIN_SPARSE_CELLS][4];
  uint32_t control[4];   /* control generator */
  const uint32_t *betas; /* of each replica; NULL: all run at that of the sweep */
  int coupled, symmetric, energies_known;
  uint64_t sweeps, busy, flips, saturations, freezes;
  int64_t energy2[PLAIN_SPARSE_REPLICAS];
  int watch_pbit, watch_replica;
  int64_t seen_field;
  uint32_t seen_random, seen_threshold, seen_state;
  uint64_t n_updates, trace_sum;
} plain_sparse;

/* Random graph of n p-bits in `blocks` blocks, image, states and generators. */
void plain_sparse_create(plain_sparse *m, const pbl_hw *hw, int n, int blocks, int symmetric,
                         uint64_t seed);
void plain_sparse_free(plain_sparse *m);
/* One sweep of all replicas; `sample`: its frames are counted in the clocks. */
void plain_sparse_sweep(plain_sparse *m, pbl_kernel kernel, uint32_t beta, int sample);
uint32_t plain_sparse_hash(const plain_sparse *m);

#endif
