/* Replica exchange and statistics unit, where CAPS_OPTIONS says that they are built. */
#include <stdio.h>

#include "selftest_internal.h"

/* ---- replica exchange ---- */

static bool labels_kept(selftest *t) {
  const uint32_t lanes = (uint32_t)t->hw.lanes, n = (uint32_t)t->hw.replicas, rungs = n / lanes;
  if (!selftest_write_both(t, PBL_REG_IMG_SELECT, 7) ||
      !selftest_write_both(t, PBL_REG_IMG_ADDRESS, 0))
    return false;
  for (uint32_t r = 0; r < n; r++) {
    if (!selftest_write_both(t, PBL_REG_IMG_DATA, rungs - 1 - r / lanes)) return false;
  }
  for (uint32_t r = 0; r < n; r++) {
    char text[48];
    snprintf(text, sizeof text, "written for replica %u", r);
    if (!selftest_write_both(t, PBL_REG_REPLICA_SELECT, r) ||
        !selftest_expect(t, PBL_REG_EXCH_LABEL, rungs - 1 - r / lanes, text))
      return false;
  }
  return true;
}

static bool set_ladder(selftest *t, uint32_t exchange_config) {
  const uint32_t rungs = (uint32_t)pbl_hw_contexts(&t->hw);
  if (!selftest_write_both(t, PBL_REG_IMG_SELECT, 6) ||
      !selftest_write_both(t, PBL_REG_IMG_ADDRESS, 0))
    return false;
  for (uint32_t k = 0; k < rungs; k++) {
    const uint32_t beta = t->image->beta - t->image->beta / (2 * rungs) * k;
    if (!selftest_write_both(t, PBL_REG_IMG_DATA, beta) ||
        !selftest_write_both(t, PBL_REG_IMG_DATA, 1))
      return false;
  }
  return selftest_write_both(t, PBL_REG_EXCH_EVERY, 1) &&
         selftest_write_both(t, PBL_REG_EXCH_CONFIG, exchange_config) &&
         selftest_write_both(t, PBL_REG_REG_CONFIG, 6u << PBL_REG_CONFIG_MODE_SHIFT) &&
         selftest_write_both(t, PBL_REG_CTRL, PBL_CTRL_SCHED_CLEAR_MASK);
}

static bool same_exchange(selftest *t) {
  const uint32_t n = (uint32_t)t->hw.replicas, rungs = (uint32_t)pbl_hw_contexts(&t->hw);
  char text[48];
  for (uint32_t k = 0; k + 1 < rungs; k++) {
    snprintf(text, sizeof text, "of rungs %u and %u", k, k + 1);
    if (!selftest_write_both(t, PBL_REG_EXCH_SELECT, k) ||
        !selftest_like_twin(t, PBL_REG_EXCH_TRIES, text) ||
        !selftest_like_twin(t, PBL_REG_EXCH_ACCEPTS, text))
      return false;
  }
  for (uint32_t r = 0; r < n; r++) {
    snprintf(text, sizeof text, "of replica %u after a run", r);
    if (!selftest_write_both(t, PBL_REG_REPLICA_SELECT, r) ||
        !selftest_like_twin(t, PBL_REG_EXCH_LABEL, text))
      return false;
  }
  return selftest_like_twin(t, PBL_REG_EXCH_POSITION, "after a run");
}

void selftest_check_exchange(selftest *t) {
  enum { SWEEPS = 24 };
  if (!t->hw.exchange) {
    selftest_skip(t, "not built (CAPS_OPTIONS)");
    return;
  }
  const bool ok = selftest_prepare(t, 0) && labels_kept(t) && set_ladder(t, 0) &&
                  selftest_run_both(t, SWEEPS, 1) && same_exchange(t) &&
                  set_ladder(t, PBL_EXCH_CONFIG_RANDOM_MASK) && selftest_run_both(t, SWEEPS, 1) &&
                  same_exchange(t);
  if (selftest_write_both(t, PBL_REG_REG_CONFIG, 0) &&
      selftest_write_both(t, PBL_REG_EXCH_EVERY, 0) &&
      selftest_write_both(t, PBL_REG_EXCH_CONFIG, 0) && selftest_restore(t) && ok)
    selftest_note(t, "labels kept; %d sweeps and passes of both schemes equal the twin's", SWEEPS);
}

/* ---- statistics unit ---- */

enum { SAMPLES = 32, LEVELS = 6, SERIES = 5, MOST_REPLICAS = 16, MOST_PAIRS = 64 };

static bool select(selftest *t, uint32_t what, uint32_t address) {
  return selftest_write_both(t, PBL_REG_STAT_SELECT, what) &&
         selftest_write_both(t, PBL_REG_STAT_ADDRESS, address);
}

static uint32_t pairs_used(const selftest *t) {
  return (uint32_t)(t->hw.stat_pairs < MOST_PAIRS ? t->hw.stat_pairs : MOST_PAIRS);
}

static bool set_up(selftest *t) {
  const uint32_t n = (uint32_t)pbl_hw_pbits(&t->hw), pairs = pairs_used(t);
  if (!selftest_write_both(t, PBL_REG_STAT_EVERY, 1) ||
      !selftest_write_both(t, PBL_REG_STAT_PAIRS, pairs) || !select(t, 4, 0))
    return false;
  for (uint32_t p = 0; p < n; p++) {
    static const uint8_t codes[] = {0, 1, 3, 1};
    uint32_t word = 0;
    for (int m = 0; m < 4; m++)
      word |= (uint32_t)codes[selftest_mix(p, 31 + (uint64_t)m) & 3] << 2 * m;
    if (!selftest_write_both(t, PBL_REG_STAT_DATA, word)) return false;
  }
  if (!select(t, 5, 0)) return false;
  for (uint32_t k = 0; k < pairs; k++) {
    const uint32_t i = selftest_mix(k, 41) % n, j = selftest_mix(k, 42) % n;
    if (!selftest_write_both(t, PBL_REG_STAT_DATA, i | j << 16)) return false;
  }
  return selftest_write_both(t, PBL_REG_CTRL, PBL_CTRL_STAT_CLEAR_MASK);
}

static bool same_block(selftest *t, uint32_t what, uint32_t first, uint32_t n, const char *name) {
  if (!select(t, what, first)) return false;
  for (uint32_t k = 0; k < n; k++) {
    char text[64];
    snprintf(text, sizeof text, "%s, word %u", name, first + k);
    if (!selftest_like_twin(t, PBL_REG_STAT_DATA, text)) return false;
  }
  return true;
}

/* Levels without a whole block read as undefined words. */
static bool same_series(selftest *t) {
  const uint32_t n = (uint32_t)(t->hw.replicas < MOST_REPLICAS ? t->hw.replicas : MOST_REPLICAS);
  for (uint32_t r = 0; r < n * SERIES; r++) {
    if (!same_block(t, 2, r * 16 * 8, LEVELS * 8, "series") || !same_block(t, 3, r * 2, 2, "sums"))
      return false;
  }
  return true;
}

void selftest_check_statistics(selftest *t) {
  if (!t->hw.statistics) {
    selftest_skip(t, "not built (CAPS_OPTIONS)");
    return;
  }
  const bool ok = selftest_prepare(t, 0) && set_up(t) && selftest_run_both(t, SAMPLES, 0) &&
                  selftest_write_both(t, PBL_REG_CTRL, PBL_CTRL_STAT_SWAP_MASK) &&
                  selftest_expect(t, PBL_REG_STAT_SAMPLES, SAMPLES, "of the bank at rest") &&
                  selftest_like_twin(t, PBL_REG_STAT_STATUS, "after a swap") &&
                  same_block(t, 0, 0, (uint32_t)pbl_hw_pbits(&t->hw), "counters of p-bits") &&
                  same_block(t, 1, 0, pairs_used(t), "counters of pairs") && same_series(t);
  if (selftest_write_both(t, PBL_REG_STAT_EVERY, 0) &&
      selftest_write_both(t, PBL_REG_STAT_PAIRS, 0) && selftest_restore(t) && ok)
    selftest_note(t, "%d samples: counters, pairs, series and sums equal the twin's", SAMPLES);
}
