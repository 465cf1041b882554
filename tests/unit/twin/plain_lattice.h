/* The lattice fabric of docs/device.md once more, as plainly as can be: sites by their coordinates,
 * one replica after the other, every edge once. No code shared with the twin. */
#ifndef PLAIN_LATTICE_H
#define PLAIN_LATTICE_H

#include <stdint.h>

#include "pbl_hw.h"

enum { PLAIN_LATTICE_SIDE = 12, PLAIN_LATTICE_CELLS = 256, PLAIN_LATTICE_REPLICAS = 48 };

typedef struct {
  pbl_hw hw;
  int32_t weight[PLAIN_LATTICE_SIDE][PLAIN_LATTICE_SIDE][24]; /* [y][x][slot], equal at both ends */
  int32_t field[PLAIN_LATTICE_SIDE][PLAIN_LATTICE_SIDE];
  uint8_t clamp[PLAIN_LATTICE_SIDE][PLAIN_LATTICE_SIDE];
  int8_t spin[PLAIN_LATTICE_REPLICAS][PLAIN_LATTICE_SIDE][PLAIN_LATTICE_SIDE];
  uint32_t *table;
  uint32_t generator[PLAIN_LATTICE_CELLS][4];
  uint32_t control[4]; /* control generator */
  int coupled;
  const uint32_t *betas; /* of each replica; NULL: all run at that of the sweep */
  uint64_t sweeps, busy, flips, saturations, freezes;
  int64_t energy[PLAIN_LATTICE_REPLICAS];
  int watch_pbit, watch_replica;
  int64_t seen_field;
  uint32_t seen_random, seen_threshold, seen_state;
  uint64_t n_updates, trace_sum;
} plain_lattice;

/* Random image, states and generators; the same seed gives the same model. */
void plain_lattice_create(plain_lattice *m, const pbl_hw *hw, uint64_t seed);
void plain_lattice_free(plain_lattice *m);
/* One sweep of all replicas; `sample`: its frames are counted in the clocks. */
void plain_lattice_sweep(plain_lattice *m, pbl_kernel kernel, uint32_t beta, int sample);
/* Site of a p-bit. */
void plain_lattice_place(const plain_lattice *m, int pbit, int *x, int *y);
uint32_t plain_lattice_hash(const plain_lattice *m);
/* Word at (row, col) of the weight memory. */
int32_t plain_lattice_word(const plain_lattice *m, int row, int col);

#endif
