/* The statistics unit's registers. */
#include "pbl_regs.h"
#include "pbl_twin_statistics.h"

enum { PBITS, PAIR_COUNTS, SERIES, SUMS, COEFFICIENTS, PAIRS };

#define ADDRESS_MASK 0xFFFFFu

/* Word `at` of the series' 16 x 8: A, then C, of each level. */
static uint32_t series_word(const pbl_twin_stat_sums *sums, uint32_t at) {
  const uint32_t level = at / 8, word = at % 8;
  const pbl_twin_int128 value = word < 4 ? sums->a[level] : sums->c[level];
  return (uint32_t)(value >> (32 * (word % 4)));
}

static uint32_t data_word(const pbl_twin_statistics *s) {
  const pbl_twin_stat_bank *b = &s->bank[!s->active];
  const uint32_t at = s->address, series = (uint32_t)s->replicas * PBL_TWIN_STAT_SERIES;
  switch (s->select) {
    case PBITS:
      return at < (uint32_t)s->n_pbits ? b->ones[at] : 0;
    case PAIR_COUNTS:
      return at < (uint32_t)s->n_pairs ? b->equal[at] : 0;
    case SERIES:
      return at / 128 < series ? series_word(&b->series[at / 128], at % 128) : 0;
    case SUMS:
      return at / 2 < series ? (uint32_t)((uint64_t)b->series[at / 2].s >> (32 * (at % 2))) : 0;
    default:
      return 0;
  }
}

static void advance(pbl_twin_statistics *s) {
  s->address = (s->address + 1) & ADDRESS_MASK;
}

uint32_t pbl_twin_statistics_read(pbl_twin_statistics *s, uint32_t address) {
  uint32_t word;
  switch (address) {
    case PBL_REG_STAT_EVERY:
      return s->every;
    case PBL_REG_STAT_PAIRS:
      return s->pairs;
    case PBL_REG_STAT_SHIFT:
      return s->shift;
    case PBL_REG_STAT_REF_LO:
      return s->ref_lo;
    case PBL_REG_STAT_REF_HI:
      return s->ref_hi;
    case PBL_REG_STAT_STATUS:
      return (uint32_t)s->clipped << PBL_STAT_STATUS_CLIPPED_SHIFT |
             (uint32_t)s->full << PBL_STAT_STATUS_FULL_SHIFT;
    case PBL_REG_STAT_FIRST:
      return s->bank[!s->active].first;
    case PBL_REG_STAT_SAMPLES:
      return s->bank[!s->active].samples;
    case PBL_REG_STAT_SELECT:
      return s->select;
    case PBL_REG_STAT_ADDRESS:
      return s->address;
    default:
      word = data_word(s);
      advance(s);
      return word;
  }
}

static bool write_data(pbl_twin_statistics *s, uint32_t value) {
  const uint32_t at = s->address, n = (uint32_t)s->n_pbits;
  if (s->select == COEFFICIENTS && at < n) {
    s->coefficients[at] = (uint8_t)value;
    return true;
  }
  if (s->select != PAIRS || at >= (uint32_t)s->n_pairs || (value & 0xFFFFu) >= n ||
      value >> 16 >= n)
    return false;
  s->pair[at] = value;
  return true;
}

/* What is written only while idle. False: refused. */
static bool write_setting(pbl_twin_statistics *s, uint32_t address, uint32_t value) {
  switch (address) {
    case PBL_REG_STAT_EVERY:
      s->every = value;
      return true;
    case PBL_REG_STAT_PAIRS:
      if (value > (uint32_t)s->n_pairs) return false;
      s->pairs = value;
      return true;
    case PBL_REG_STAT_SHIFT:
      s->shift = value & 31;
      return true;
    case PBL_REG_STAT_REF_LO:
      s->ref_lo = value;
      return true;
    case PBL_REG_STAT_REF_HI:
      s->ref_hi = value;
      return true;
    default:
      return write_data(s, value);
  }
}

bool pbl_twin_statistics_write(pbl_twin_statistics *s, uint32_t address, uint32_t value, bool idle,
                               bool *refused) {
  switch (address) {
    case PBL_REG_STAT_STATUS:
    case PBL_REG_STAT_FIRST:
    case PBL_REG_STAT_SAMPLES:
      return false;
    case PBL_REG_STAT_SELECT:
      s->select = value & 7;
      return true;
    case PBL_REG_STAT_ADDRESS:
      s->address = value & ADDRESS_MASK;
      return true;
    default:
      if (!idle || !write_setting(s, address, value)) *refused = true;
      if (address == PBL_REG_STAT_DATA) advance(s);
      return true;
  }
}
