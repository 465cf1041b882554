/* Labels, passes and registers of replica exchange. */
#include "pbl_twin_exchange.h"

#include <string.h>

#include "pbl_regs.h"
#include "pbl_twin_regulator.h"

#define POSITION_MAX 0x7FFFFFFFu
#define SELECT_MASK 63u

__extension__ typedef __int128 wide;

void pbl_twin_exchange_reset(pbl_twin_exchange *x, const pbl_hw *hw) {
  *x = (pbl_twin_exchange){
      .built = hw->exchange != 0, .rungs = pbl_hw_contexts(hw), .lanes = hw->lanes};
  pbl_twin_exchange_clear(x);
}

void pbl_twin_exchange_clear(pbl_twin_exchange *x) {
  for (int r = 0; r < x->rungs * x->lanes; r++) x->label[r] = (uint8_t)(r / x->lanes);
  x->position = 0;
  x->odd = 0;
}

void pbl_twin_exchange_clear_counters(pbl_twin_exchange *x) {
  memset(x->tries, 0, sizeof x->tries);
  memset(x->accepts, 0, sizeof x->accepts);
}

bool pbl_twin_exchange_write_label(pbl_twin_exchange *x, uint32_t column, uint32_t data) {
  if (!x->built || column >= (uint32_t)(x->rungs * x->lanes) || data >= (uint32_t)x->rungs)
    return false;
  x->label[column] = (uint8_t)data;
  return true;
}

bool pbl_twin_exchange_sweep(pbl_twin_exchange *x) {
  if (x->position < POSITION_MAX) x->position++;
  return x->every > 0 && x->position >= x->every;
}

void pbl_twin_exchange_begin(pbl_twin_exchange *x, pbl_lane_rng *control) {
  if (x->config & PBL_EXCH_CONFIG_RANDOM_MASK) {
    x->parity = pbl_lane_rng_next(control) >> 31;
  } else {
    x->parity = x->odd;
    x->odd ^= 1;
  }
}

/* Pairs of the parity of the pass: (q, q + 1), (q + 2, q + 3), .. */
static int n_pairs(const pbl_twin_exchange *x) {
  return (x->rungs - (int)x->parity) / 2;
}

uint64_t pbl_twin_exchange_cycles(const pbl_twin_exchange *x) {
  return 2 + 32 * (uint64_t)x->lanes * (uint64_t)n_pairs(x);
}

/* 2^32 exp(-y / 2^24 ln 2), rounded down, by the chords of a table; at most 2^32. */
static uint64_t exponential(uint64_t y) {
  const uint64_t n = y >> 24, w = (UINT64_C(1) << 24) - (y & 0xFFFFFFu);
  const uint64_t k = w >> 18, r = w & 0x3FFFFu;
  const uint64_t low = pbl_twin_power_of_two[k];
  uint64_t m = low;
  if (r != 0) m += ((pbl_twin_power_of_two[k + 1] - low) * r + (1u << 17)) >> 18;
  return (m << 7) >> n; /* n < 64: y comes from less than 32 */
}

uint64_t pbl_twin_exchange_threshold(int64_t difference, int64_t beta, int fraction) {
  const wide a = (wide)beta * difference;
  if (a >= 0) return UINT64_C(1) << 32;
  if (-a >= (wide)1 << (fraction + 5)) return 0;
  return exponential((uint64_t)((-a * PBL_TWIN_LOG2_E_30) >> (fraction + 6)));
}

/* Lowest context of the lane with that label, or -1. */
static int replica_at(const pbl_twin_exchange *x, int lane, int rung) {
  for (int c = 0; c < x->rungs; c++) {
    if (x->label[c * x->lanes + lane] == rung) return c * x->lanes + lane;
  }
  return -1;
}

static void count(uint32_t *counter) {
  if (*counter < UINT32_MAX) ++*counter;
}

void pbl_twin_exchange_pass(pbl_twin_exchange *x, pbl_lane_rng *control, const int64_t *energy,
                            const uint32_t *beta, int fraction) {
  for (int k = (int)x->parity; k + 1 < x->rungs; k += 2) {
    const int64_t b = (int64_t)beta[k] - (int64_t)beta[k + 1];
    for (int lane = 0; lane < x->lanes; lane++) {
      const int cold = replica_at(x, lane, k), hot = replica_at(x, lane, k + 1);
      const uint32_t u = pbl_lane_rng_next(control);
      count(&x->tries[k]);
      if (cold < 0 || hot < 0 ||
          u >= pbl_twin_exchange_threshold(energy[cold] - energy[hot], b, fraction))
        continue;
      count(&x->accepts[k]);
      x->label[cold] = (uint8_t)(k + 1);
      x->label[hot] = (uint8_t)k;
    }
  }
  x->position = 0;
}

void pbl_twin_exchange_frame(const pbl_twin_exchange *x, uint32_t *to) {
  memset(to, 0, pbl_twin_exchange_words(x) * sizeof *to);
  for (int r = 0; r < x->rungs * x->lanes; r++) to[r / 4] |= (uint32_t)x->label[r] << 8 * (r % 4);
}

/* ---- registers ---- */

bool pbl_twin_exchange_read(const pbl_twin_exchange *x, uint32_t *value, uint32_t address,
                            uint32_t replica) {
  if (address < PBL_REG_EXCH_EVERY || address > PBL_REG_EXCH_LABEL) return false;
  const bool pair = x->built && x->select + 1 < (uint32_t)x->rungs;
  *value = 0;
  switch (address) {
    case PBL_REG_EXCH_EVERY:
      *value = x->every;
      break;
    case PBL_REG_EXCH_CONFIG:
      *value = x->config;
      break;
    case PBL_REG_EXCH_POSITION:
      *value = x->odd << PBL_EXCH_POSITION_PARITY_SHIFT | x->position;
      break;
    case PBL_REG_EXCH_SELECT:
      *value = x->select;
      break;
    case PBL_REG_EXCH_TRIES:
      if (pair) *value = x->tries[x->select];
      break;
    case PBL_REG_EXCH_ACCEPTS:
      if (pair) *value = x->accepts[x->select];
      break;
    default:
      if (x->built && replica < (uint32_t)(x->rungs * x->lanes)) *value = x->label[replica];
  }
  return true;
}

bool pbl_twin_exchange_write(pbl_twin_exchange *x, uint32_t address, uint32_t value, bool idle,
                             bool *refused) {
  if (address != PBL_REG_EXCH_EVERY && address != PBL_REG_EXCH_CONFIG &&
      address != PBL_REG_EXCH_SELECT)
    return false;
  if (!x->built || (!idle && address != PBL_REG_EXCH_SELECT)) {
    *refused = true;
  } else if (address == PBL_REG_EXCH_EVERY) {
    x->every = value;
  } else if (address == PBL_REG_EXCH_CONFIG) {
    x->config = value & PBL_EXCH_CONFIG_RANDOM_MASK;
  } else {
    x->select = value & SELECT_MASK;
  }
  return true;
}
