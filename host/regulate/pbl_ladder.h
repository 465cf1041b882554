/* Ladder of replica exchange: from the text of a configuration to the words of the device. */
#ifndef PBL_LADDER_H
#define PBL_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include "pbl_error.h"
#include "pbl_hw.h"
#include "pbl_regulator_words.h"

typedef struct {
  int n;                             /* rungs, 2..PBL_SCHEDULE_ENTRIES */
  double beta[PBL_SCHEDULE_ENTRIES]; /* of rung 0, 1, .. */
} pbl_ladder;

/* Betas with blanks between, 2 to 64 of them, each above 0, in any order. CONFIG says what cannot
 * be read. */
pbl_status pbl_ladder_parse(pbl_ladder *out, const char *text, pbl_error *err);
/* Betas to the nearest word, as that of an image. CONFIG names one that is no word of hw. */
pbl_status pbl_ladder_quantise(pbl_ladder_words *out, const pbl_ladder *ladder, const pbl_hw *hw,
                               uint32_t every, bool random, pbl_error *err);

/* Betas from betas[0] to betas[n-1] in a constant ratio; n >= 2, both above 0. */
void pbl_ladder_geometric(double *beta, int n, double first, double last);
/* New betas between the same ends, such that rejections are even: the cumulated rejections against
 * beta as a monotone cubic, inverted at equal steps. beta (n, strictly falling or rising) in and
 * out; reject: n - 1 rejection probabilities in 0..1, of which some may be 0. Sources: Syed et al.
 * 2022 (rule); Fritsch and Carlson 1980 (cubic). */
void pbl_ladder_adapt(double *beta, const double *reject, int n);

#endif
