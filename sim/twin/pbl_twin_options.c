/* The registers of the options (docs/device-options.md): what was built, and how those answer that
 * were not. */
#include "pbl_regs.h"
#include "pbl_twin_internal.h"

typedef enum { NO_OPTION, STATISTICS, TRACE } option;

static option option_of(uint32_t address) {
  if (address >= PBL_REG_STAT_EVERY && address <= PBL_REG_STAT_DATA) return STATISTICS;
  if (address >= PBL_REG_TRACE_FIRST && address <= PBL_REG_TRACE_SWEEPS) return TRACE;
  return NO_OPTION;
}

static bool is_read_only(uint32_t address) {
  switch (address) {
    case PBL_REG_STAT_STATUS:
    case PBL_REG_STAT_FIRST:
    case PBL_REG_STAT_SAMPLES:
      return true;
    default:
      return false;
  }
}

static uint32_t built(const pbl_hw *hw) {
  return (uint32_t)hw->exchange << PBL_CAPS_OPTIONS_EXCHANGE_SHIFT |
         (uint32_t)hw->statistics << PBL_CAPS_OPTIONS_STATISTICS_SHIFT |
         (uint32_t)hw->trace << PBL_CAPS_OPTIONS_TRACE_SHIFT |
         (uint32_t)hw->no_regulator << PBL_CAPS_OPTIONS_NO_REGULATOR_SHIFT;
}

bool pbl_twin_options_read(pbl_twin *t, uint32_t *value, uint32_t address) {
  *value = 0;
  if (address == PBL_REG_CAPS_OPTIONS) {
    *value = built(&t->hw);
  } else if (address == PBL_REG_CAPS_STAT_PAIRS) {
    *value = (uint32_t)t->hw.stat_pairs;
  } else if (option_of(address) == STATISTICS && t->statistics) {
    *value = pbl_twin_statistics_read(t->statistics, address);
  } else if (address == PBL_REG_TRACE_FIRST) {
    *value = t->trace_first;
  } else if (address == PBL_REG_TRACE_SWEEPS) {
    *value = t->trace_sweeps;
  } else {
    return pbl_twin_exchange_read(&t->exchange, value, address, t->replica_select) ||
           option_of(address) != NO_OPTION;
  }
  return true;
}

/* There is no trace port here: with hw.trace its two registers keep what is written, no more. */
static void write_trace(pbl_twin *t, uint32_t address, uint32_t value) {
  if (!t->hw.trace || t->phase != PBL_TWIN_IDLE) {
    t->error = true;
  } else if (address == PBL_REG_TRACE_FIRST) {
    t->trace_first = value;
  } else {
    t->trace_sweeps = value;
  }
}

bool pbl_twin_options_write(pbl_twin *t, uint32_t address, uint32_t value) {
  const option o = option_of(address);
  if (pbl_twin_exchange_write(&t->exchange, address, value, t->phase == PBL_TWIN_IDLE, &t->error))
    return true;
  if (o == NO_OPTION || is_read_only(address)) return false;
  if (o == STATISTICS && t->statistics)
    return pbl_twin_statistics_write(t->statistics, address, value, t->phase == PBL_TWIN_IDLE,
                                     &t->error);
  if (o == TRACE) {
    write_trace(t, address, value);
  } else {
    t->error = true;
  }
  return true;
}
