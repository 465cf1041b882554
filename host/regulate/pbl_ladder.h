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

#endif
