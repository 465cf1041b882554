/* Block Gibbs chains by an image's exact thresholds whose random words carry a planted fault. */
#ifndef FAULTY_WORDS_H
#define FAULTY_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_chains.h"
#include "pbl_image.h"

typedef enum {
  WORDS_XOSHIRO,    /* sound: one xoshiro128++ per chain */
  WORDS_XORSHIFT,   /* xorshift32 (13, 17, 5) per p-bit and chain */
  WORDS_LFSR,       /* Galois LFSR, mask 0xA3000000, per p-bit and chain; `steps` shifts per word */
  WORDS_LFSR_LANE,  /* the same, one per chain: p-bits draw one after the other */
  WORDS_PHASE,      /* one word for all p-bits of a half-sweep (LFSR, 32 shifts) */
  WORDS_REPEATED,   /* with probability `size` the word that this p-bit had last */
  WORDS_NEIGHBOUR,  /* with probability `size` the word of the p-bit before, same half-sweep */
  WORDS_REPLICA,    /* with probability `size` chain 1 takes the word of chain 0 */
  WORDS_BITS,       /* only the upper `steps` bits: (k + size) 2^-steps */
  WORDS_OFFSET,     /* u + size, at most 1: every p-bit is up too seldom */
  WORDS_OFFSET_ONE, /* the same for p-bit `steps` alone */
  WORDS_TOP_BIT,    /* upper bit set with probability 1/2 + size */
  WORDS_CONTRAST,   /* 1/2 + (u - 1/2)(1 - size): probabilities too far from 1/2 */
  WORDS_STUCK,      /* p-bit `steps` always draws 0 */
  WORDS_BETA,       /* sound words; sampled at beta (1 + size) */
  WORDS_WEIGHT      /* sound words; weight (0, 1) off by `steps` units */
} faulty_source;

typedef struct {
  faulty_source source;
  int steps;
  double size;
} faulty_words;

/* Cyclic kernel, every sweep recorded. Aborts the test program on failure. */
pbl_chains *faulty_chains(const pbl_image *image, const faulty_words *words, size_t n_chains,
                          size_t n_draws, uint64_t seed);

#endif
