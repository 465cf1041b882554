/* The device of docs/device.md once more, as plainly as can be: one replica after the other, one
 * p-bit after the other, 64-bit arithmetic, no code shared with the twin. */
#ifndef PLAIN_MODEL_H
#define PLAIN_MODEL_H

#include <stdint.h>

#include "pbl_hw.h"

enum { PLAIN_MAX_REPLICAS = 64, PLAIN_MAX_LANES = 32 };

typedef struct {
  pbl_hw hw;
  int32_t *words; /* (V+1) x (H+1) */
  uint32_t *table;
  uint8_t *clamp; /* V+H */
  int8_t *spin;   /* replicas x (V+H), +-1 */
  uint32_t generator[PLAIN_MAX_LANES][4];
  uint32_t control[4];   /* control generator */
  size_t n_reversed;     /* sweeps of a context that were B A */
  int coupled;           /* odd lanes decide with the words of the lane below */
  const uint32_t *betas; /* of each replica; NULL: all run at that of the sweep */
  uint32_t *even;        /* words of one sweep of the last even lane, in order */
  size_t n_draws;        /* of the present replica in the present sweep */
  uint64_t busy, sweeps, flips, flips_v, saturations, freezes, frames;
  int64_t energy[PLAIN_MAX_REPLICAS];
  /* last update of the p-bit watch_pbit of replica watch_replica */
  int watch_pbit, watch_replica;
  int64_t seen_field;
  uint32_t seen_random, seen_threshold, seen_state;
  uint64_t n_updates, trace_sum; /* number and digest of all updates (plain_digest) */
} plain_model;

/* Random image, states and generators; the same seed gives the same model. Aborts the test when
 * memory is short. */
void plain_create(plain_model *m, const pbl_hw *hw, uint64_t seed);
void plain_free(plain_model *m);
/* One sweep of all replicas. */
void plain_sweep(plain_model *m, pbl_kernel kernel, uint32_t beta);
/* The next word of a generator with state s. */
uint32_t plain_next_word(const pbl_hw *hw, uint32_t s[4]);
/* What a p-bit that is not clamped does with a random word. table: hw->table_size. */
typedef struct {
  int up, saturated;
  uint32_t threshold; /* table entry */
} plain_decision;
plain_decision plain_decide(const pbl_hw *hw, const uint32_t *table, int64_t field, uint32_t beta,
                            uint32_t word);
/* CRC-32, bit by bit. */
uint32_t plain_crc(uint32_t crc, uint32_t word);
uint32_t plain_hash(const plain_model *m);
/* Bit of the frame of `context`: position counts from bit 0 of its first word. */
int plain_frame_bit(const plain_model *m, int context, int position);
/* Order-sensitive digest of what one update saw and did. */
uint64_t plain_digest(uint64_t sum, uint64_t sweep, int half, int replica, int pbit, int64_t field,
                      uint32_t random_word, uint32_t threshold, uint32_t state);

#endif
