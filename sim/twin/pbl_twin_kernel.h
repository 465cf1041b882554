/* What an instruction set has to provide: the fields of a block of p-bits and their update, for a
 * group of 16 lanes. The three implementations return the same bits.
 *
 * Layouts (T = 8 p-bits a tile, G = 16 lanes a group):
 *   states   pairs of p-bits: [n_pairs][G] words, each two int16 of +-1, the even p-bit in the low
 *            half; the partner of a last odd p-bit is 0
 *   weights  [n_tiles][n_pairs][T] words of two int16, in the same order as the states
 *   fields   [n_tiles * T][G] int32
 * The lattice calculates its fields itself and uses only the update: its targets are the steps of a
 * half-sweep, its lanes 16 cells. */
#ifndef PBL_TWIN_KERNEL_H
#define PBL_TWIN_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_hw.h"
#include "pbl_lane_rng.h"

enum { PBL_TWIN_GROUP = 16, PBL_TWIN_TILE = 8 };

/* Activation of the present sweep. */
typedef struct {
  const uint32_t *table;
  uint32_t beta;
  const uint32_t *cell_beta; /* of every cell, all groups, where they differ; else NULL */
  uint32_t last_index;       /* table size - 1 */
  uint32_t threshold_mask;   /* 2^T - 1 */
  uint64_t round_addend;     /* 0 or 2^(shift-1) */
  int shift;                 /* of mag, to the table index */
  int word_shift;            /* 32 - T */
  pbl_generator generator;
  int lfsr_steps;
  bool coupled; /* odd lanes decide with the word of the lane below; every generator advances */
} pbl_twin_activation;

/* All lanes' view of one update. */
typedef struct {
  int64_t field[PBL_TWIN_GROUP];
  uint32_t random_word[PBL_TWIN_GROUP], threshold[PBL_TWIN_GROUP];
  uint16_t old_bits, new_bits;
} pbl_twin_capture;

/* A block of p-bits in one group of lanes, given the other block. */
typedef struct {
  /* in */
  int n_targets, n_sources, n_tiles, n_pairs;
  const uint32_t *weights;     /* NULL when weights do not fit int16 */
  const int32_t *wide_weights; /* then: n_targets x 2*n_pairs, row-major */
  const int32_t *bias;         /* n_tiles * T, zero-padded */
  const int16_t *sources;
  const uint16_t *clamp; /* n_targets: bit l = lane l keeps its state */
  const pbl_twin_activation *activation;
  const uint32_t *betas; /* of the 16 lanes; NULL: the activation's */
  /* n_targets rows of 16: words to decide with, of shared generators, which do not advance here;
   * NULL: each lane's own. */
  const uint32_t *words;
  size_t words_stride;
  uint16_t lane_mask; /* lanes that exist */
  int watch;          /* target to capture, or -1 */
  /* in and out */
  int16_t *targets;    /* NULL: not wanted */
  uint16_t *bits;      /* n_targets: bit l = state of lane l */
  uint32_t *generator; /* [4][G] */
  /* out (in, where only updates are asked for) */
  int32_t *fields;
  size_t field_stride;                  /* from target to target: G, or more */
  uint64_t flips, saturations, freezes; /* added to */
  int64_t energy[PBL_TWIN_GROUP];       /* added to: sum of field * new state */
  pbl_twin_capture capture;             /* of `watch` */
} pbl_twin_job;

typedef struct {
  const char *name;
  /* Fields of all targets. */
  void (*fields)(pbl_twin_job *job);
  /* Updates targets first <= t < end in order; each takes one word from every lane's generator,
   * or of job->words. */
  void (*update)(pbl_twin_job *job, int first, int end);
} pbl_twin_kernel;

/* NULL when the compiler or this CPU does not have it. */
const pbl_twin_kernel *pbl_twin_kernel_avx512(void);
const pbl_twin_kernel *pbl_twin_kernel_avx2(void);
const pbl_twin_kernel *pbl_twin_kernel_portable(void);
/* Fields from wide_weights; the same on every path. pbl_hw_check holds fields to 32 bits. */
void pbl_twin_fields_wide(pbl_twin_job *job);

/* The next word of one lane of a group. state: its first word; the others follow at every
 * PBL_TWIN_GROUP-th place. */
static inline uint32_t pbl_twin_next_word(uint32_t *state, pbl_generator generator,
                                          int lfsr_steps) {
  pbl_lane_rng lane = {.generator = generator, .lfsr_steps = lfsr_steps};
  for (int i = 0; i < 4; i++) lane.state.s[i] = state[i * PBL_TWIN_GROUP];
  const uint32_t word = pbl_lane_rng_next(&lane);
  for (int i = 0; i < 4; i++) state[i * PBL_TWIN_GROUP] = lane.state.s[i];
  return word;
}

#endif
