/* Registers that keep what is written: data lines, reset values, masks, aliases. */
#include <string.h>

#include "selftest_internal.h"

/* ---- data lines ---- */

enum { N_PATTERNS = 2 + 32 + 32 + 2 + 8 };

static uint32_t pattern(size_t k) {
  static const uint32_t fixed[] = {0xA5A5A5A5u, 0x5A5A5A5Au};
  if (k < 2) return k == 0 ? 0 : UINT32_MAX;
  if (k < 34) return 1u << (k - 2);
  if (k < 66) return ~(1u << (k - 34));
  return k < 68 ? fixed[k - 66] : selftest_mix(k, 77);
}

/* ID is read in between, so that what the lines still hold is not taken for an answer. */
void selftest_check_scratch(selftest *t) {
  uint32_t ever = 0, always = UINT32_MAX, value, id, first_wrote = 0, first_read = 0;
  size_t wrong = 0;
  for (size_t k = 0; k < N_PATTERNS; k++) {
    const uint32_t word = pattern(k);
    if (!selftest_write(t, PBL_REG_SCRATCH, word) || !selftest_read(t, &id, PBL_REG_ID) ||
        !selftest_read(t, &value, PBL_REG_SCRATCH))
      return;
    ever |= value;
    always &= value;
    if (value != word && wrong++ == 0) {
      first_wrote = word;
      first_read = value;
    }
  }
  if (wrong == 0) {
    selftest_note(t, "%d patterns", N_PATTERNS);
  } else if (~ever || always) {
    selftest_fail_word(t, PBL_REG_SCRATCH, first_wrote, first_read,
                       "%zu of %d patterns wrong; data bits never 1: 0x%08X, never 0: 0x%08X",
                       wrong, N_PATTERNS, ~ever, always);
  } else {
    selftest_fail_word(t, PBL_REG_SCRATCH, first_wrote, first_read,
                       "%zu of %d patterns wrong, no bit stuck: swapped or coupled data lines, or "
                       "another timing",
                       wrong, N_PATTERNS);
  }
}

static bool is_absent(const pbl_hw *hw, uint32_t address) {
  if (address >= PBL_REG_WINDOW_SWEEPS && address <= PBL_REG_REG_FLAGS) return hw->no_regulator;
  if (address >= PBL_REG_EXCH_EVERY && address <= PBL_REG_EXCH_LABEL) return !hw->exchange;
  if (address >= PBL_REG_STAT_EVERY && address <= PBL_REG_STAT_DATA) return !hw->statistics;
  if (address >= PBL_REG_TRACE_FIRST && address <= PBL_REG_TRACE_SWEEPS) return !hw->trace;
  return address == PBL_REG_PBITS && hw->fabric != PBL_FABRIC_SPARSE;
}

/* ---- reset values ---- */

static bool resets(const selftest_register *r) {
  if (r->has_reset || r->access == SELFTEST_WO || r->access == SELFTEST_W1S) return true;
  return r->address == PBL_REG_STATUS ||
         (r->address >= PBL_REG_BUSY_CYCLES_LO && r->address <= PBL_REG_SAMPLES_HI);
}

void selftest_check_reset(selftest *t) {
  size_t n = 0;
  for (size_t k = 0; k < selftest_n_registers; k++) {
    const selftest_register *r = &selftest_registers[k];
    const uint32_t expected = is_absent(&t->hw, r->address) ? 0 : r->reset;
    if (!resets(r) || r->address == PBL_REG_VERSION) continue;
    n++;
    if (!t->was_read[k]) {
      selftest_fail(t, "%s (0x%03X): reading it gave a bus error", r->name, r->address);
    } else if (t->power_up[k] != expected && !t->opt.fresh) {
      selftest_skip(t, "the device was in use before (%s reads 0x%08X): reset it and run again",
                    r->name, t->power_up[k]);
    } else if (t->power_up[k] != expected) {
      selftest_fail_word(t, r->address, expected, t->power_up[k], "%s before the first write",
                         r->name);
    }
  }
  selftest_note(t, "%zu registers, read before the first write", n);
}

/* ---- what a register keeps ---- */

static uint32_t kept_config(const pbl_hw *hw, uint32_t value, bool *refuses) {
  const uint32_t all = PBL_CONFIG_KERNEL_MASK | PBL_CONFIG_COUPLED_MASK | PBL_CONFIG_COIN_MASK |
                       PBL_CONFIG_RANDOM_MASK;
  const bool palindrome = value & PBL_CONFIG_KERNEL_MASK, coin = value & PBL_CONFIG_COIN_MASK;
  uint32_t refused = 0;
  if (hw->lanes % 2) refused |= PBL_CONFIG_COUPLED_MASK;
  if (palindrome) refused |= PBL_CONFIG_COIN_MASK;
  if (palindrome || coin || hw->fabric != PBL_FABRIC_SPARSE) refused |= PBL_CONFIG_RANDOM_MASK;
  *refuses = (value & refused) != 0;
  return value & all & ~refused;
}

/* Without the regulator SOURCE, TELEMETRY and RATE_SHIFT stay 0. */
static uint32_t kept_mode(const pbl_hw *hw, const selftest_register *r, uint32_t value,
                          bool *refuses) {
  const uint32_t bits = PBL_REG_CONFIG_MODE_MASK | PBL_REG_CONFIG_FREEZE_MASK;
  *refuses = hw->no_regulator && (value & r->keeps & ~bits) != 0;
  return value & r->keeps & (hw->no_regulator ? bits : UINT32_MAX);
}

static uint32_t kept_lambda(uint32_t value) {
  value &= 0x07FFFFFFu;
  return value & 0x04000000u ? value | 0xF8000000u : value;
}

uint32_t selftest_kept(const pbl_hw *hw, const selftest_register *r, uint32_t value,
                       uint32_t before, bool *refuses) {
  *refuses = is_absent(hw, r->address);
  if (*refuses) return 0;
  switch (r->address) {
    case PBL_REG_CONFIG:
      return kept_config(hw, value, refuses);
    case PBL_REG_REG_CONFIG:
      return kept_mode(hw, r, value, refuses);
    case PBL_REG_BETA:
      return value & ((1u << pbl_hw_beta_bits(hw)) - 1);
    case PBL_REG_IMG_SELECT:
      return value > 7 ? 7 : value;
    case PBL_REG_LAMBDA:
    case PBL_REG_LAMBDA_MIN:
    case PBL_REG_LAMBDA_MAX:
      return kept_lambda(value);
    case PBL_REG_FILTER:
      return value > 0x80000000u ? 0x80000000u : value;
    case PBL_REG_PBITS:
      *refuses = value == 0 || value > (uint32_t)hw->sparse.pbits;
      return *refuses ? before : value;
    case PBL_REG_STAT_PAIRS:
      *refuses = value > (uint32_t)hw->stat_pairs;
      return *refuses ? before : value;
    default:
      return value & r->keeps;
  }
}

static bool keeps_words(const selftest_register *r) {
  return r->access == SELFTEST_RW && r->address != PBL_REG_STAT_DATA;
}

/* One write, and what the register shows then. */
static bool write_and_look(selftest *t, const selftest_register *r, uint32_t value, uint32_t *shown,
                           bool *refused) {
  bool refuses;
  uint32_t got = 0;
  const uint32_t expected = selftest_kept(&t->hw, r, value, *shown, &refuses);
  *refused = *refused || refuses;
  if (!selftest_write(t, r->address, value) || !selftest_read(t, &got, r->address)) return false;
  if (got != expected)
    selftest_fail_word(t, r->address, expected, got, "%s after 0x%08X was written", r->name, value);
  *shown = expected;
  return got == expected;
}

static bool check_mask(selftest *t, const selftest_register *r) {
  bool refused = false;
  uint32_t shown = 0, status = 0;
  if (!selftest_write(t, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK) ||
      !selftest_read(t, &shown, r->address))
    return false;
  for (int bit = 0; bit < 34; bit++) {
    const uint32_t value = bit == 0 ? UINT32_MAX : bit == 33 ? 0 : 1u << (bit - 1);
    if (!write_and_look(t, r, value, &shown, &refused)) return false;
  }
  if (!selftest_read(t, &status, PBL_REG_STATUS)) return false;
  const bool error = status & PBL_STATUS_ERROR_MASK;
  if (error != refused)
    selftest_fail_word(t, PBL_REG_STATUS,
                       refused ? status | PBL_STATUS_ERROR_MASK : status & ~PBL_STATUS_ERROR_MASK,
                       status, "STATUS.ERROR after writes to %s, of which %s must be refused",
                       r->name, refused ? "some" : "none");
  return error == refused;
}

void selftest_check_masks(selftest *t) {
  size_t n = 0;
  for (size_t k = 0; k < selftest_n_registers; k++) {
    if (!keeps_words(&selftest_registers[k])) continue;
    if (!check_mask(t, &selftest_registers[k])) return;
    n++;
  }
  if (selftest_restore(t)) selftest_note(t, "%zu registers, 34 words each", n);
}

bool selftest_restore(selftest *t) {
  const uint32_t clear = PBL_CTRL_CLEAR_MASK | PBL_CTRL_WINDOW_CLEAR_MASK |
                         PBL_CTRL_SCHED_CLEAR_MASK |
                         (t->hw.statistics ? PBL_CTRL_STAT_CLEAR_MASK : 0);
  for (size_t k = 0; k < selftest_n_registers; k++) {
    const selftest_register *r = &selftest_registers[k];
    if (!keeps_words(r) || !r->has_reset || is_absent(&t->hw, r->address) ||
        r->address == PBL_REG_PBITS)
      continue;
    if (!selftest_write(t, r->address, r->reset)) return false;
  }
  return selftest_write(t, PBL_REG_IRQ_STATUS, UINT32_MAX) &&
         selftest_write(t, PBL_REG_CTRL, clear);
}

/* ---- aliases ---- */

/* A different word for every register; PBITS takes p-bits that fit. */
static uint32_t own_word(const selftest *t, const selftest_register *r, size_t k, int pass) {
  const uint32_t word = selftest_mix(k, 5) ^ (pass ? UINT32_MAX : 0);
  if (r->address == PBL_REG_PBITS && t->hw.fabric == PBL_FABRIC_SPARSE)
    return 1 + word % (uint32_t)t->hw.sparse.pbits;
  return word;
}

static void tell_alias(selftest *t, size_t at, uint32_t expected, uint32_t got, int pass) {
  const selftest_register *r = &selftest_registers[at];
  for (size_t k = 0; k < selftest_n_registers; k++) {
    bool refuses;
    const selftest_register *other = &selftest_registers[k];
    if (k == at || !keeps_words(other)) continue;
    if (selftest_kept(&t->hw, r, own_word(t, other, k, pass), expected, &refuses) != got) continue;
    selftest_fail_word(t, r->address, expected, got,
                       "%s shows what was written to %s (0x%03X): address lines", r->name,
                       other->name, other->address);
    return;
  }
  selftest_fail_word(t, r->address, expected, got,
                     "%s lost its word when other registers were written", r->name);
}

static bool check_pass(selftest *t, int pass, size_t *n) {
  uint32_t shown[SELFTEST_MAX_REGISTERS] = {0};
  bool refuses;
  *n = 0;
  for (size_t k = 0; k < selftest_n_registers; k++) {
    const selftest_register *r = &selftest_registers[k];
    if (!keeps_words(r)) continue;
    const uint32_t word = own_word(t, r, k, pass);
    if (!selftest_read(t, &shown[k], r->address) || !selftest_write(t, r->address, word))
      return false;
    shown[k] = selftest_kept(&t->hw, r, word, shown[k], &refuses);
    ++*n;
  }
  for (size_t k = 0; k < selftest_n_registers; k++) {
    uint32_t got = 0;
    if (!keeps_words(&selftest_registers[k])) continue;
    if (!selftest_read(t, &got, selftest_registers[k].address)) return false;
    if (got == shown[k]) continue;
    tell_alias(t, k, shown[k], got, pass);
    return false;
  }
  return true;
}

void selftest_check_alias(selftest *t) {
  size_t n = 0;
  if (check_pass(t, 0, &n) && check_pass(t, 1, &n) && selftest_restore(t) &&
      selftest_expect(t, PBL_REG_ID, PBL_RESET_ID, "after all registers were written"))
    selftest_note(t, "%zu registers hold %zu words at a time, twice", n, n);
}
