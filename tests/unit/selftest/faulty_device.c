#include "faulty_device.h"

#include <stdlib.h>

#include "pbl_regs.h"

typedef struct {
  pbl_device base;
  pbl_device *inner;
  pbl_hw hw;
  fault fault;
  uint64_t random, accesses, words, frames, records;
  uint32_t select, position; /* words since IMG_ADDRESS was written */
  uint32_t config, reg_config, stat_select, replica, probe;
  uint32_t since_check, hash; /* words of the image since CHECK; the hash shown last */
  uint32_t gain, lane_random;
  bool was_written, overrun, slow, lost;
} shell;

static shell *self(pbl_device *dev) {
  return (shell *)dev;
}

static uint32_t swap_bits(uint32_t word, int a, int b) {
  const uint32_t differ = (word >> a ^ word >> b) & 1;
  return word ^ (differ << a | differ << b);
}

static uint32_t address_of(const shell *s, uint32_t address) {
  if (s->fault == FAULT_ALIAS && address == PBL_REG_RATE_SCALE) return PBL_REG_WINDOW_SWEEPS;
  if (s->fault == FAULT_ADDRESS_SWAPPED && address > PBL_REG_REG_CONFIG && address <= PBL_REG_MACRO)
    return swap_bits(address, 2, 3);
  return address;
}

/* ---- reads ---- */

static uint32_t by_chance(shell *s) {
  s->random = s->random * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(s->random >> 32);
}

static bool is_caps(uint32_t address) {
  return (address >= PBL_REG_CAPS0 && address <= PBL_REG_CAPS_ACTIVATION) ||
         (address >= PBL_REG_CAPS_LATTICE && address <= PBL_REG_CAPS_GROUPS) ||
         address == PBL_REG_CAPS_OPTIONS || address == PBL_REG_CAPS_STAT_PAIRS;
}

static uint32_t seen(shell *s, uint32_t address, uint32_t value) {
  switch (s->fault) {
    case FAULT_NONSENSE: /* small numbers are nearer to what is possible */
      return is_caps(address) ? by_chance(s) & by_chance(s) & by_chance(s) : value;
    case FAULT_NOISE:
      if (address < PBL_REG_CTRL || is_caps(address) || by_chance(s) % 40 > 0) return value;
      return value ^ by_chance(s);
    case FAULT_ID:
      return address == PBL_REG_ID ? 0x54494250u : value;
    case FAULT_VERSION:
      return address == PBL_REG_VERSION ? 0x00010400u : value;
    case FAULT_CAPS:
      return address == PBL_REG_CAPS_REPLICAS ? value + 0x10000u : value;
    case FAULT_RESET:
      return address == PBL_REG_T_MAX && !s->was_written ? 0 : value;
    case FAULT_MASK:
      return address == PBL_REG_GAIN ? value & 0x7FFFFFFFu : value;
    case FAULT_HASH_CONSTANT:
      return address == PBL_REG_IMG_HASH && s->was_written ? 0x12345678u : value;
    case FAULT_HASH_OLD:
      if (address != PBL_REG_IMG_HASH) return value;
      if (s->since_check != 1) s->hash = value;
      return s->hash;
    case FAULT_COUNTER:
      return address == PBL_REG_FLIPS_LO && value > 0 ? value + 1 : value;
    case FAULT_SATURATIONS:
      return address == PBL_REG_SATURATIONS_LO && value > 0 ? value + 1 : value;
    case FAULT_FREEZES:
      return address == PBL_REG_FREEZES_LO && value > 0 ? value + 1 : value;
    case FAULT_BUSY_CYCLES:
      return address == PBL_REG_BUSY_CYCLES_LO && value > 0 ? value - 1 : value;
    case FAULT_ENERGY:
      return address == PBL_REG_ENERGY_LO && s->replica == 2 && value ? value ^ 1 : value;
    case FAULT_PROBE:
      return address == PBL_REG_PROBE_FIELD && value ? value + 1 : value;
    case FAULT_IRQ_STICKS:
      return value;
    case FAULT_ACCEPTS:
      return address == PBL_REG_EXCH_ACCEPTS && value ? value + 1 : value;
    case FAULT_SERIES:
      return address == PBL_REG_STAT_DATA && s->stat_select == 2 ? value ^ 0x10 : value;
    case FAULT_NEVER_DONE:
      return address == PBL_REG_STATUS ? value & ~PBL_STATUS_DONE_MASK : value;
    case FAULT_OVERRUN:
      if (address == PBL_REG_STATUS && (value & PBL_STATUS_STALLED_MASK)) s->overrun = true;
      return value;
    default:
      return value;
  }
}

static bool is_deaf(shell *s) {
  return s->fault == FAULT_DEAF && ++s->accesses > 2000;
}

static pbl_status shell_read32(pbl_device *dev, uint32_t *value, uint32_t address, pbl_error *err) {
  shell *s = self(dev);
  if (is_deaf(s)) return pbl_fail(err, PBL_TIMEOUT, "faulty: no bus response");
  if (s->fault == FAULT_BUS_ERROR && address == PBL_REG_FLIPS_LO)
    return pbl_fail(err, PBL_DEVICE, "faulty: bus error");
  if (s->fault == FAULT_UNMAPPED_READ && address == 0x0E4) {
    *value = 0;
    return PBL_OK;
  }
  const pbl_status st = s->inner->ops->read32(s->inner, value, address_of(s, address), err);
  if (st == PBL_OK) *value = seen(s, address, *value);
  return st;
}

/* ---- writes ---- */

static uint32_t image_word(const shell *s, uint32_t value) {
  const uint32_t cols = (uint32_t)pbl_hw_image_cols(&s->hw), k = s->position;
  const uint32_t schedule = (uint32_t)pbl_hw_schedule_cols(&s->hw);
  switch (s->fault) {
    case FAULT_TABLE:
      return s->select == 1 && k == 100 ? value | 0x10 : value;
    case FAULT_WEIGHT:
      return s->select == 0 && k == FAULT_WEIGHT_ROW_AT * cols + FAULT_WEIGHT_COL_AT ? value | 8
                                                                                     : value;
    case FAULT_WEIGHT_ROW:
      return s->select == 0 && k / cols == 5 ? 0 : value;
    case FAULT_GROUP:
      return s->select == 5 && k == schedule + 3 ? 0 : value;
    case FAULT_CLAMP:
      return s->select == 2 && k == 7 ? 0 : value;
    case FAULT_STATE:
      return s->select == 3 && k == 3 ? value | 2 : value;
    case FAULT_GENERATOR:
      return s->select == 4 && k == 5 ? value ^ 0x400 : value;
    case FAULT_SCHEDULE:
      return s->select == 6 && k == 34 ? value | 1 : value;
    default:
      return value;
  }
}

static bool is_dropped(const shell *s, uint32_t address, uint32_t value) {
  if (address == PBL_REG_IMG_DATA && s->fault == FAULT_NO_REFUSAL)
    return s->select == 1 && s->position >= (uint32_t)s->hw.table_size;
  if (address == PBL_REG_IMG_DATA && s->fault == FAULT_PORT)
    return s->select == 6 && s->position >= 128;
  if (address == PBL_REG_IRQ_STATUS && s->fault == FAULT_IRQ_STICKS) return true;
  if (address == PBL_REG_CTRL && s->fault == FAULT_NO_STOP) return value == PBL_CTRL_STOP_MASK;
  return (address == 0x0E4 && s->fault == FAULT_UNMAPPED_WRITE) ||
         (address == PBL_REG_GUARD && s->fault == FAULT_READ_ONLY);
}

static void remember(shell *s, uint32_t address, uint32_t value) {
  s->was_written = true;
  switch (address) {
    case PBL_REG_IMG_SELECT:
      s->select = value;
      break;
    case PBL_REG_IMG_ADDRESS:
      s->position = value & 0xFFFF;
      break;
    case PBL_REG_IMG_DATA:
      s->position++;
      s->since_check++;
      break;
    case PBL_REG_CONFIG:
      s->config = value;
      break;
    case PBL_REG_REG_CONFIG:
      s->reg_config = value;
      break;
    case PBL_REG_STAT_SELECT:
      s->stat_select = value;
      break;
    case PBL_REG_REPLICA_SELECT:
      s->replica = value;
      break;
    default:
      break;
  }
}

static uint32_t sent(const shell *s, uint32_t address, uint32_t value) {
  if (s->fault == FAULT_DATA_BIT) return value & 0x7FFFFFFFu;
  if (s->fault == FAULT_DATA_SWAPPED) return swap_bits(value, 3, 4);
  if (s->fault == FAULT_PROBE_LANE && address == PBL_REG_PROBE_SELECT)
    return value & ~(1u << PBL_PROBE_SELECT_REPLICA_SHIFT);
  return address == PBL_REG_IMG_DATA ? image_word(s, value) : value;
}

/* START with a register as it should not be. */
static pbl_status start_otherwise(shell *s, uint32_t address, uint32_t kept, uint32_t used,
                                  uint32_t value, pbl_error *err) {
  const pbl_device_ops *ops = s->inner->ops;
  pbl_status st = ops->write32(s->inner, address, used, err);
  if (!st) st = ops->write32(s->inner, PBL_REG_CTRL, value, err);
  return st ? st : ops->write32(s->inner, address, kept, err);
}

static pbl_status command(shell *s, uint32_t value, pbl_error *err) {
  const uint32_t frozen = s->reg_config & ~PBL_REG_CONFIG_FREEZE_MASK;
  uint32_t ignored = 0;
  if (s->fault == FAULT_PALINDROMIC) ignored = PBL_CONFIG_KERNEL_MASK;
  if (s->fault == FAULT_COIN) ignored = PBL_CONFIG_COIN_MASK;
  if (s->fault == FAULT_COUPLED) ignored = PBL_CONFIG_COUPLED_MASK;
  if ((value & PBL_CTRL_START_MASK) && ignored)
    return start_otherwise(s, PBL_REG_CONFIG, s->config, s->config & ~ignored, value, err);
  /* The device keeps the register while it runs: it is not put back. */
  if ((value & PBL_CTRL_START_MASK) && s->fault == FAULT_NO_FREEZE && frozen != s->reg_config) {
    const pbl_status st = s->inner->ops->write32(s->inner, PBL_REG_REG_CONFIG, frozen, err);
    if (st) return st;
  }
  return s->inner->ops->write32(s->inner, PBL_REG_CTRL, value, err);
}

static pbl_status shell_write32(pbl_device *dev, uint32_t address, uint32_t value, pbl_error *err) {
  shell *s = self(dev);
  if (is_deaf(s)) return pbl_fail(err, PBL_TIMEOUT, "faulty: no bus response");
  const bool dropped = is_dropped(s, address, value);
  const uint32_t word = sent(s, address, value);
  remember(s, address, value);
  if (dropped) return PBL_OK;
  if (address != PBL_REG_CTRL)
    return s->inner->ops->write32(s->inner, address_of(s, address), word, err);
  const pbl_status st = command(s, word, err);
  if ((value & PBL_CTRL_CHECK_MASK) && s->fault != FAULT_HASH_OLD) s->since_check = 0;
  if ((value & PBL_CTRL_CHECK_MASK) && s->fault == FAULT_HASH_OLD && s->since_check > 1)
    s->since_check = 0;
  return st;
}

/* ---- streams ---- */

/* Takes word k out. */
static void remove_word(uint32_t *words, uint8_t *last, size_t k, size_t *n) {
  for (size_t i = k; i + 1 < *n; i++) {
    words[i] = words[i + 1];
    if (last) last[i] = last[i + 1];
  }
  --*n;
}

static pbl_status shell_stream(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                               size_t *n, pbl_error *err) {
  enum { AT = 30 };
  shell *s = self(dev);
  const pbl_status st = s->inner->ops->stream_read(s->inner, dst, last, max_words, n, err);
  const uint64_t before = s->words;
  if (st) return st;
  s->words += *n;
  const bool here = before <= AT && s->words > AT;
  if (here && s->fault == FAULT_WORD_CHANGED) dst[AT - before] ^= 0x100;
  if (s->fault == FAULT_TLAST && last) {
    for (size_t k = 0; k < *n; k++) {
      if (last[k] && ++s->frames == AT) last[k] = 0;
    }
  }
  const bool loses =
      (s->fault == FAULT_OVERRUN && s->overrun) || (s->fault == FAULT_SLOW_RECEIVER && s->slow);
  if (here && s->fault == FAULT_WORD_LOST) remove_word(dst, last, AT - before, n);
  if (loses && *n > 0 && !s->lost) {
    remove_word(dst, last, 0, n);
    s->lost = true;
  }
  return PBL_OK;
}

static pbl_status shell_telemetry(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                  size_t *n, pbl_error *err) {
  shell *s = self(dev);
  const pbl_status st = s->inner->ops->telemetry_read(s->inner, dst, last, max_words, n, err);
  for (size_t k = 0; !st && k < *n; k++, s->records++) {
    if (s->fault == FAULT_RECORD && s->records == 2 * 16 + 9) dst[k] ^= 4;
  }
  return st;
}

/* Says that it can slow a receiver down, but not stop it. */
static pbl_status shell_throttle(pbl_device *dev, unsigned permille, uint64_t seed,
                                 pbl_error *err) {
  shell *s = self(dev);
  (void)seed;
  if (permille == 0) return pbl_fail(err, PBL_DEVICE, "faulty: not at all");
  s->slow = permille < 1000;
  return PBL_OK;
}

static pbl_status shell_advance(pbl_device *dev, uint64_t max_cycles, pbl_error *err) {
  return self(dev)->inner->ops->advance(self(dev)->inner, max_cycles, err);
}

static uint64_t shell_cycles(const pbl_device *dev) {
  const shell *s = (const shell *)dev;
  return s->inner->ops->cycles(s->inner);
}

static bool shell_irq(const pbl_device *dev) {
  const shell *s = (const shell *)dev;
  if (s->fault == FAULT_IRQ_HIGH) return true;
  return s->fault != FAULT_IRQ_LOW && s->inner->ops->irq(s->inner);
}

static void shell_close(pbl_device *dev) {
  shell *s = self(dev);
  s->inner->ops->close(s->inner);
  free(s);
}

static const pbl_device_ops shell_ops = {.name = "faulty",
                                         .close = shell_close,
                                         .read32 = shell_read32,
                                         .write32 = shell_write32,
                                         .stream_read = shell_stream,
                                         .telemetry_read = shell_telemetry,
                                         .advance = shell_advance,
                                         .cycles = shell_cycles,
                                         .stream_throttle = shell_throttle,
                                         .irq = shell_irq};

pbl_device *faulty_device(pbl_device *inner, const pbl_hw *hw, fault f) {
  shell *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->base.ops = &shell_ops;
  s->inner = inner;
  s->hw = *hw;
  s->fault = f;
  return &s->base;
}

void faulty_device_seed(pbl_device *dev, uint64_t seed) {
  self(dev)->random = seed;
}
