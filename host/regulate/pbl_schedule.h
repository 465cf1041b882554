/* Beta schedule of the device: from the text of a configuration to the words of its memory. */
#ifndef PBL_SCHEDULE_H
#define PBL_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "pbl_error.h"
#include "pbl_hw.h"
#include "pbl_regulator_words.h"

typedef struct {
  int n; /* 1..PBL_SCHEDULE_ENTRIES */
  double beta[PBL_SCHEDULE_ENTRIES];
  uint32_t sweeps[PBL_SCHEDULE_ENTRIES]; /* >= 1 */
} pbl_schedule;

/* Entries with blanks between: BETA:SWEEPS, or A..B/N:SWEEPS for N >= 2 evenly spaced betas from A
 * to B, SWEEPS each. Betas are above 0. CONFIG says what cannot be read. */
pbl_status pbl_schedule_parse(pbl_schedule *out, const char *text, pbl_error *err);
/* Sweeps before the last entry. */
uint64_t pbl_schedule_lead(const pbl_schedule *s);
/* Betas to the nearest word, as that of an image. CONFIG names one that is no word of hw. */
pbl_status pbl_schedule_quantise(pbl_schedule_words *out, const pbl_schedule *s, const pbl_hw *hw,
                                 bool repeat, pbl_error *err);

#endif
