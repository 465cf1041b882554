/* Beta schedule of the twin: docs/device.md, "Schedule". */
#ifndef PBL_TWIN_SCHEDULE_H
#define PBL_TWIN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

enum { PBL_TWIN_SCHEDULE_ENTRIES = 64 };

typedef struct {
  uint32_t beta[PBL_TWIN_SCHEDULE_ENTRIES], sweeps[PBL_TWIN_SCHEDULE_ENTRIES];
  uint32_t last;        /* SCHED_LAST */
  uint32_t entry, done; /* position: entry, sweeps done in it */
} pbl_twin_schedule;

/* Back to the beginning; the memory stays. */
void pbl_twin_schedule_clear(pbl_twin_schedule *s);
/* Image port; false: no such column. */
bool pbl_twin_schedule_write(pbl_twin_schedule *s, uint32_t column, uint32_t data, int beta_bits);
uint32_t pbl_twin_schedule_beta(const pbl_twin_schedule *s);
/* A device sweep has ended. */
void pbl_twin_schedule_sweep(pbl_twin_schedule *s);

#endif
