/* A small battery of tests of the device's random words: enough to tell a sound generator from the
 * faults that matter here, and to name them. It replaces no large battery (scripts/check-rng runs
 * dieharder); what a fault does to the sampled law is measured by pbl_rng_ab.
 *
 * Tests that see linearity over F2 (linear complexity, matrix rank) fail for every generator whose
 * output bits are linear in its state, LFSR32 with any number of steps among them: by construction,
 * and whether or not the samples suffer. They stand in a class of their own. Pure; thread-safe. */
#ifndef PBL_WORD_BATTERY_H
#define PBL_WORD_BATTERY_H

#include <stdbool.h>
#include <stddef.h>

#include "pbl_word_stream.h"

/* Two-sided p below this is a failure. */
#define PBL_WORD_ALPHA 1e-6

typedef enum {
  PBL_WORD_MONOBIT,    /* ones of each of the 32 bit positions */
  PBL_WORD_POKER,      /* hexadecimal digits, chi-square with 15 degrees of freedom */
  PBL_WORD_SERIAL,     /* correlation of successive words of one lane */
  PBL_WORD_CROSS,      /* correlation of two lanes' words drawn in the same clock, all pairs */
  PBL_WORD_RANK,       /* rank over F2 of 32 x 32 matrices of successive words */
  PBL_WORD_COMPLEXITY, /* Berlekamp-Massey on each bit position */
  PBL_WORD_TESTS
} pbl_word_test;

typedef struct {
  const char *name;
  bool linear;         /* sees linearity over F2, not a distorted distribution */
  bool passed;         /* p_value >= PBL_WORD_ALPHA */
  size_t n_members;    /* single tests that p_value is corrected for (Bonferroni) */
  int worst_a;         /* lane of the worst member */
  int worst_b;         /* second lane or bit position, -1: none */
  double statistic;    /* of the worst member: z, chi-square or complexity */
  double p_value;      /* min(1, n_members * smallest two-sided p); 1 when there is no member */
  const char *meaning; /* one phrase: what the statistic is */
} pbl_word_result;

typedef struct {
  pbl_word_result test[PBL_WORD_TESTS];
  size_t n_words; /* per lane */
  int lanes;
  bool distribution_passed, linear_passed; /* all tests of the class */
} pbl_word_report;

/* n_words per lane, a multiple of 32, 4096 .. 2^24; all lanes are tested, opt->lane and opt->order
 * are ignored. USAGE, NO_MEMORY, INTERRUPTED. */
pbl_status pbl_word_battery(pbl_word_report *out, const pbl_word_options *opt, size_t n_words,
                            pbl_progress *progress, pbl_error *err);

/* Length of the shortest linear feedback shift register (over F2, homogeneous) that generates
 * bits[0..n-1] (each 0 or 1). Massey 1969. 2L bits determine a register of length L; a random
 * sequence has about n/2. NO_MEMORY. */
pbl_status pbl_linear_complexity(size_t *complexity, const unsigned char *bits, size_t n,
                                 pbl_error *err);
/* Two-sided p of a linear complexity under n fair bits, from the exact law
 * P(L) = 2^(min(2n - 2L, 2L - 1) - n), P(0) = 2^-n (Rueppel 1986). */
double pbl_linear_complexity_p(size_t complexity, size_t n);

/* Rank over F2 of the matrix whose rows are 32 words. */
int pbl_rank32(const unsigned int words[32]);
/* P(rank = r) of a random 32 x 32 matrix over F2. */
double pbl_rank32_probability(int r);

#endif
