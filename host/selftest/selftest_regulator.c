/* Windows, telemetry and the temperature regulator beside the twin. */
#include <stdio.h>

#include "selftest_internal.h"

enum { WINDOW = 4, WINDOWS = 8, SHIFT = 8 };

/* Setpoint: a target far from any flip rate moves the temperature in every window. */
static bool set_up(selftest *t, uint32_t more_config) {
  const uint64_t updates =
      (uint64_t)pbl_hw_pbits(&t->hw) * (uint64_t)t->hw.replicas * (uint64_t)WINDOW;
  const uint64_t scale = ((UINT64_C(1) << (24 + SHIFT)) + updates - 1) / updates;
  const uint32_t config = 3u << PBL_REG_CONFIG_MODE_SHIFT | PBL_REG_CONFIG_SOURCE_MASK |
                          PBL_REG_CONFIG_TELEMETRY_MASK |
                          (uint32_t)SHIFT << PBL_REG_CONFIG_RATE_SHIFT_SHIFT | more_config;
  const struct {
    uint32_t address, value;
  } list[] = {{PBL_REG_WINDOW_SWEEPS, WINDOW},
              {PBL_REG_RATE_SCALE, (uint32_t)(scale > UINT32_MAX ? UINT32_MAX : scale)},
              {PBL_REG_RATE_SET, 3u << 22},
              {PBL_REG_GAIN, 1u << 22},
              {PBL_REG_RATE_LIMIT, 1u << 21},
              {PBL_REG_DEAD_BAND, 1u << 12},
              {PBL_REG_LAMBDA, 0x00012345},
              {PBL_REG_REG_CONFIG, config},
              {PBL_REG_CTRL, PBL_CTRL_WINDOW_CLEAR_MASK}};
  for (size_t k = 0; k < sizeof list / sizeof *list; k++) {
    if (!selftest_write_both(t, list[k].address, list[k].value)) return false;
  }
  return true;
}

static bool same_registers(selftest *t) {
  for (uint32_t a = PBL_REG_LAMBDA; a <= PBL_REG_REG_FLAGS; a += 4) {
    if (!selftest_like_twin(t, a, "after a run with windows")) return false;
  }
  return selftest_like_twin(t, PBL_REG_BETA_ACTIVE, "after a run with windows");
}

/* Both back, whatever happened. */
static bool restore_both(selftest *t) {
  return selftest_write_both(t, PBL_REG_REG_CONFIG, 0) &&
         selftest_write_both(t, PBL_REG_WINDOW_SWEEPS, 0) &&
         selftest_write_both(t, PBL_REG_LAMBDA, 0) && selftest_restore(t);
}

static bool is_built(selftest *t) {
  if (t->hw.no_regulator) selftest_skip(t, "built without the temperature regulator");
  return !t->hw.no_regulator;
}

void selftest_check_telemetry(selftest *t) {
  uint32_t lambda = 0;
  if (!is_built(t)) return;
  const bool ok = selftest_prepare(t, 0) && set_up(t, 0) &&
                  selftest_run_both(t, WINDOW * WINDOWS, WINDOW) && same_registers(t) &&
                  selftest_read(t, &lambda, PBL_REG_LAMBDA);
  if (ok && lambda == 0x00012345)
    selftest_fail(t, "LAMBDA did not move in %d windows far from the set point", WINDOWS);
  if (restore_both(t) && ok)
    selftest_note(t, "%d records and the registers equal the twin's", WINDOWS);
}

void selftest_check_freeze(selftest *t) {
  if (!is_built(t)) return;
  bool ok = selftest_prepare(t, 0) && set_up(t, PBL_REG_CONFIG_FREEZE_MASK) &&
            selftest_run_both(t, WINDOW * WINDOWS, WINDOW) &&
            selftest_expect(t, PBL_REG_LAMBDA, 0x00012345, "held by FREEZE") &&
            selftest_expect(t, PBL_REG_FILTER, 0, "held by FREEZE") &&
            selftest_expect(t, PBL_REG_WINDOW_INDEX, WINDOWS, "which FREEZE does not hold") &&
            same_registers(t);
  if (restore_both(t) && ok) selftest_note(t, "%d windows, LAMBDA and FILTER held", WINDOWS);
}
