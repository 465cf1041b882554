/* The device's random generators as the host sees them: one per lane, all from one seed
 * (docs/device.md, "Random numbers"). One place for the rule by which lanes are seeded, so that the
 * driver, the word streams and the tests cannot disagree. */
#ifndef PBL_LANE_RNG_H
#define PBL_LANE_RNG_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_hw.h"
#include "pbl_rng.h"

#define PBL_LANE_RNG_MAX 32 /* most lanes; a lattice has up to PBL_HW_MAX_CELLS cells */

typedef struct {
  pbl_generator generator;
  int lfsr_steps;    /* 1..32, LFSR32 only */
  pbl_xoshiro state; /* four state words; LFSR32 and xorshift32 use the first */
} pbl_lane_rng;

/* lanes: n_lanes generators. xoshiro128++ seeded by `seed`, lane l is l jumps of 2^64 words ahead;
 * LFSR32 and xorshift32 take the first state word of their lane, where the lock-up state (all ones,
 * zero) is replaced by 1. */
void pbl_lane_rng_seed(pbl_lane_rng *lanes, size_t n_lanes, pbl_generator generator, int lfsr_steps,
                       uint64_t seed);

/* Fibonacci XNOR LFSR, taps 32, 22, 2, 1: the present state, then `steps` shifts. */
static inline uint32_t pbl_lfsr32_next(uint32_t *state, int steps) {
  const uint32_t word = *state;
  uint32_t s = word;
  for (int i = 0; i < steps; i++) s = s << 1 | (~(s >> 31 ^ s >> 21 ^ s >> 1 ^ s) & 1u);
  *state = s;
  return word;
}

/* Marsaglia 2003, shifts 13, 17, 5: the present state, then one step. */
static inline uint32_t pbl_xorshift32_next(uint32_t *state) {
  const uint32_t word = *state;
  uint32_t s = word ^ word << 13;
  s ^= s >> 17;
  *state = s ^ s << 5;
  return word;
}

/* The coins of the kernel coin, replayed: 1 where a context's sweep is B A. out: n_contexts x
 * n_draws, the last sweep of each draw of `every` sweeps, after `skip` device sweeps since the seed
 * was written; n_cells as the driver seeds them (the control generator follows them). */
void pbl_coin_replay(unsigned char *out, size_t n_cells, size_t n_contexts, pbl_generator generator,
                     int lfsr_steps, uint64_t seed, uint64_t skip, size_t n_draws, size_t every);

/* The next word of one lane. */
static inline uint32_t pbl_lane_rng_next(pbl_lane_rng *lane) {
  switch (lane->generator) {
    case PBL_GEN_LFSR32:
      return pbl_lfsr32_next(&lane->state.s[0], lane->lfsr_steps);
    case PBL_GEN_XORSHIFT32:
      return pbl_xorshift32_next(&lane->state.s[0]);
    case PBL_GEN_XOSHIRO128PP:
      break;
  }
  return pbl_xoshiro_next(&lane->state);
}

#endif
