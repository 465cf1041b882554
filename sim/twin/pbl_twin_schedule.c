#include "pbl_twin_schedule.h"

#include "pbl_regs.h"

void pbl_twin_schedule_clear(pbl_twin_schedule *s) {
  s->entry = s->done = 0;
}

bool pbl_twin_schedule_write(pbl_twin_schedule *s, uint32_t column, uint32_t data, int beta_bits) {
  const uint32_t entry = column / 2;
  if (entry >= PBL_TWIN_SCHEDULE_ENTRIES) return false;
  if (column % 2 == 0) {
    s->beta[entry] = data & ((UINT32_C(1) << beta_bits) - 1);
  } else {
    s->sweeps[entry] = data;
  }
  return true;
}

uint32_t pbl_twin_schedule_beta(const pbl_twin_schedule *s) {
  return s->beta[s->entry];
}

void pbl_twin_schedule_sweep(pbl_twin_schedule *s) {
  const uint32_t wanted = s->sweeps[s->entry] > 0 ? s->sweeps[s->entry] : 1;
  if (s->done < wanted) s->done++;
  if (s->done < wanted) return;
  if (s->entry < (s->last & PBL_SCHED_LAST_LAST_MASK)) {
    s->entry++;
    s->done = 0;
  } else if (s->last & PBL_SCHED_LAST_REPEAT_MASK) {
    pbl_twin_schedule_clear(s);
  }
}
