/* The regulator's registers. */
#include <stddef.h>

#include "pbl_regs.h"
#include "pbl_twin_regulator.h"

void pbl_twin_regulator_reset(pbl_twin_regulator *r) {
  *r = (pbl_twin_regulator){.lambda_min = (int32_t)PBL_RESET_LAMBDA_MIN,
                            .lambda_max = (int32_t)PBL_RESET_LAMBDA_MAX,
                            .t_min = PBL_RESET_T_MIN,
                            .t_max = PBL_RESET_T_MAX};
}

void pbl_twin_regulator_remove(pbl_twin_regulator *r) {
  r->absent = true;
  r->lambda_min = r->lambda_max = 0;
  r->t_min = r->t_max = 0;
}

static uint32_t read_energy(pbl_twin_window_result *last, uint32_t offset) {
  const size_t i = offset / 8;
  if (offset % 8) return last->latched_energy[i];
  last->latched_energy[i] = (uint32_t)(last->energy[i] >> 32);
  return (uint32_t)last->energy[i];
}

/* The writable ones; NULL for all others. Signed registers are kept sign-extended. */
static uint32_t *writable(pbl_twin_regulator *r, uint32_t address) {
  switch (address) {
    case PBL_REG_REG_CONFIG:
      return &r->config;
    case PBL_REG_WINDOW_SWEEPS:
      return &r->window_sweeps;
    case PBL_REG_RATE_SCALE:
      return &r->rate_scale;
    case PBL_REG_RATE_SET:
      return &r->rate_set;
    case PBL_REG_GAIN:
      return &r->gain;
    case PBL_REG_SMOOTHING:
      return &r->smoothing;
    case PBL_REG_DEAD_BAND:
      return &r->dead_band;
    case PBL_REG_RATE_LIMIT:
      return &r->rate_limit;
    case PBL_REG_LAMBDA_MIN:
      return (uint32_t *)&r->lambda_min;
    case PBL_REG_LAMBDA_MAX:
      return (uint32_t *)&r->lambda_max;
    case PBL_REG_LAMBDA:
      return (uint32_t *)&r->lambda;
    case PBL_REG_FILTER:
      return &r->filter;
    case PBL_REG_MACRO:
      return (uint32_t *)&r->macro;
    case PBL_REG_T_MIN:
      return &r->t_min;
    case PBL_REG_T_MAX:
      return &r->t_max;
    case PBL_REG_SCHED_LAST:
      return &r->schedule.last;
    default:
      return NULL;
  }
}

/* What a register keeps of a written word. */
static uint32_t kept(uint32_t address, uint32_t value) {
  switch (address) {
    case PBL_REG_REG_CONFIG:
      return value &
             (PBL_REG_CONFIG_MODE_MASK | PBL_REG_CONFIG_SOURCE_MASK | PBL_REG_CONFIG_FREEZE_MASK |
              PBL_REG_CONFIG_TELEMETRY_MASK | PBL_REG_CONFIG_RATE_SHIFT_MASK);
    case PBL_REG_RATE_SET:
    case PBL_REG_DEAD_BAND:
      return value & 0x01FFFFFFu;
    case PBL_REG_SMOOTHING:
      return value & 0xFFFFu;
    case PBL_REG_RATE_LIMIT:
      return value & 0x03FFFFFFu;
    case PBL_REG_LAMBDA_MIN:
    case PBL_REG_LAMBDA_MAX:
    case PBL_REG_LAMBDA:
      value &= 0x07FFFFFFu;
      return value & 0x04000000u ? value | 0xF8000000u : value;
    case PBL_REG_FILTER:
      return value > 0x80000000u ? 0x80000000u : value;
    case PBL_REG_T_MIN:
    case PBL_REG_T_MAX:
      return value & 0x3FFFFFFFu;
    case PBL_REG_SCHED_LAST:
      return value & (PBL_SCHED_LAST_LAST_MASK | PBL_SCHED_LAST_REPEAT_MASK);
    default:
      return value;
  }
}

bool pbl_twin_regulator_read(pbl_twin_regulator *r, uint32_t *value, uint32_t address) {
  const uint32_t *word = writable(r, address);
  if (word) {
    *value = *word;
    return true;
  }
  switch (address) {
    case PBL_REG_TEMPERATURE:
      *value = r->temperature;
      return true;
    case PBL_REG_WINDOW_INDEX:
      *value = r->index;
      return true;
    case PBL_REG_WINDOW_POSITION:
      *value = r->window.position;
      return true;
    case PBL_REG_WINDOW_FLIPS_V:
      *value = r->last.flips_v;
      return true;
    case PBL_REG_WINDOW_FLIPS_H:
      *value = r->last.flips_h;
      return true;
    case PBL_REG_WINDOW_RATE:
      *value = r->last.rate;
      return true;
    case PBL_REG_REG_FLAGS:
      *value = r->flags;
      return true;
    case PBL_REG_SCHED_POSITION:
      *value = r->schedule.entry;
      return true;
    case PBL_REG_SCHED_SWEEPS:
      *value = r->schedule.done;
      return true;
    default:
      break;
  }
  if (address < PBL_REG_WINDOW_ENERGY_REF_LO || address > PBL_REG_WINDOW_ENERGY_SQ_HI) return false;
  *value = read_energy(&r->last, address - PBL_REG_WINDOW_ENERGY_REF_LO);
  return true;
}

/* There without the regulator, too. */
static bool stays(uint32_t address) {
  return address == PBL_REG_REG_CONFIG || address == PBL_REG_SCHED_LAST;
}

bool pbl_twin_regulator_write(pbl_twin_regulator *r, uint32_t address, uint32_t value, bool idle,
                              bool *refused) {
  uint32_t *word = writable(r, address);
  if (!word) return false;
  if (!idle || (r->absent && !stays(address))) {
    *refused = true;
    return true;
  }
  const uint32_t bits = PBL_REG_CONFIG_MODE_MASK | PBL_REG_CONFIG_FREEZE_MASK;
  *word = kept(address, value);
  if (!r->absent || address != PBL_REG_REG_CONFIG) return true;
  if (*word & ~bits) *refused = true;
  *word &= bits;
  return true;
}
