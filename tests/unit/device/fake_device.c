#include "fake_device.h"

#include <stdlib.h>
#include <string.h>

#include "pbl_regs.h"
#include "pbl_rng.h"

int fake_bit(uint64_t sweep, size_t replica, size_t pbit) {
  uint64_t x = (sweep << 40) ^ ((uint64_t)replica << 20) ^ (uint64_t)pbit;
  return (int)(pbl_splitmix64(&x) & 1);
}

static void fifo_push(fake_device *f, uint32_t word, bool last) {
  if (f->fifo_write == f->fifo_size) {
    f->fifo_size = f->fifo_size * 2 + 1024;
    f->fifo = realloc(f->fifo, f->fifo_size * sizeof *f->fifo);
    f->fifo_last = realloc(f->fifo_last, f->fifo_size);
  }
  f->fifo[f->fifo_write] = word;
  f->fifo_last[f->fifo_write++] = last;
}

/* Written bit by bit, unlike the driver's unpacking. */
static void send_sample(fake_device *f) {
  const size_t lanes = (size_t)f->hw.lanes, n_pbits = (size_t)pbl_hw_pbits(&f->hw);
  for (size_t context = 0; context < (size_t)pbl_hw_contexts(&f->hw); context++) {
    uint32_t word = 0;
    size_t bit = 0;
    for (size_t p = 0; p < n_pbits; p++) {
      for (size_t lane = 0; lane < lanes; lane++) {
        if (fake_bit(f->sweep_count, context * lanes + lane, p)) word |= 1u << bit;
        const bool last = p == n_pbits - 1 && lane == lanes - 1;
        if (++bit < 32 && !last) continue;
        if (!(f->lose_a_word && f->frames == 2)) fifo_push(f, word, last);
        if (f->lose_a_word && f->frames == 2) f->lose_a_word = false;
        word = 0;
        bit = 0;
      }
    }
    f->frames++;
  }
}

uint32_t fake_record_word(uint32_t index, uint32_t word) {
  return word == 0 ? index : (index + 1) * 0x9E3779B9u + word * 0x01010101u;
}

static void finish_window(fake_device *f) {
  const uint32_t index = f->window_index++;
  f->window_position = 0;
  if (!(f->regulator[0] & PBL_REG_CONFIG_TELEMETRY_MASK) || index + 1 == f->lose_record) return;
  f->telemetry = realloc(f->telemetry, (f->telemetry_write + 16) * sizeof *f->telemetry);
  for (uint32_t i = 0; i < 16; i++) f->telemetry[f->telemetry_write++] = fake_record_word(index, i);
}

static void finish_sweep(fake_device *f) {
  if (f->regulator[1] > 0 && ++f->window_position >= f->regulator[1]) finish_window(f);
  f->sweep_count++;
  f->sweeps_left--;
  f->sweeps_run++;
  if (f->every > 0 && f->sweeps_run % f->every == 0 && !(f->end_early && f->sweeps_left == 0))
    send_sample(f);
  if (f->sweeps_left > 0 && !f->stop) return;
  f->busy = false;
  f->done = !f->never_done;
}

static pbl_status fake_advance(pbl_device *dev, uint64_t max_cycles, pbl_error *err) {
  (void)err;
  fake_device *f = (fake_device *)dev;
  if (f->clock_stands_still) return PBL_OK;
  f->cycles += max_cycles;
  for (uint64_t c = 0; f->busy && c < max_cycles; c += FAKE_CYCLES_PER_SWEEP) {
    if (f->hang_after_sweeps > 0 && f->sweeps_run >= f->hang_after_sweeps) break;
    finish_sweep(f);
  }
  return PBL_OK;
}

static void start(fake_device *f) {
  if (f->starts < 8) f->sweeps_of_start[f->starts] = f->sweeps;
  f->starts++;
  f->sweeps_left = f->sweeps;
  f->sweeps_run = 0;
  f->done = f->stop = false;
  f->busy = f->sweeps > 0;
  if (f->busy) return;
  if (f->every > 0) send_sample(f);
  f->done = true;
}

static void command(fake_device *f, uint32_t value) {
  if (value & PBL_CTRL_CLEAR_MASK) f->error = f->done = false;
  if (value & PBL_CTRL_STOP_MASK) f->stop = true;
  if (value & PBL_CTRL_WINDOW_CLEAR_MASK) {
    f->window_index = f->window_position = 0;
    f->window_clears++;
  }
  if (value & PBL_CTRL_CHECK_MASK) {
    f->hash = pbl_image_hash(&f->image) ^ f->hash_xor;
    f->hash_valid = !f->never_hashes;
  }
  if (value & PBL_CTRL_START_MASK) start(f);
}

static void image_data(fake_device *f, uint32_t value) {
  const uint32_t v = (uint32_t)f->hw.n_visible, h = (uint32_t)f->hw.n_hidden;
  const uint32_t lanes = (uint32_t)f->hw.lanes;
  if (f->refuse_writes) f->error = true;
  if (f->select <= 2) f->hash_valid = false;
  if (f->select == 0 && f->row <= v && f->col <= h) {
    f->image.words[f->row * (h + 1) + f->col] = (int32_t)value;
    if (f->col == h) {
      f->row++;
      f->col = 0;
      return;
    }
  } else if (f->select == 1 && f->col < (uint32_t)f->hw.table_size) {
    f->image.table[f->col] = value;
  } else if (f->select == 2 && f->col < v + h) {
    f->image.clamp[f->col] = (uint8_t)value;
  } else if (f->select == 3 && f->col < v + h) {
    for (uint32_t l = 0; l < lanes; l++)
      f->state[(f->row * lanes + l) * (v + h) + f->col] = (value >> l) & 1;
  } else if (f->select == 4 && f->col < 4 * (lanes + 1)) {
    f->generator[f->col / 4][f->col % 4] = value;
  } else if (f->select == 6 && f->col < 128) {
    f->schedule[f->col] = value;
  } else {
    f->error = true;
  }
  f->col++;
}

static pbl_status fake_write(pbl_device *dev, uint32_t address, uint32_t value, pbl_error *err) {
  fake_device *f = (fake_device *)dev;
  if (f->bus_error_address != 0 && address == f->bus_error_address)
    return pbl_fail(err, PBL_DEVICE, "SLVERR");
  switch (address) {
    case PBL_REG_SCRATCH:
      f->scratch = value;
      break;
    case PBL_REG_CTRL:
      command(f, value);
      break;
    case PBL_REG_CONFIG:
      f->kernel = value;
      break;
    case PBL_REG_SWEEPS:
      f->sweeps = value;
      break;
    case PBL_REG_SAMPLE_EVERY:
      f->every = value;
      break;
    case PBL_REG_BETA:
      f->beta = value;
      break;
    case PBL_REG_IMG_SELECT:
      f->select = value;
      break;
    case PBL_REG_IMG_ADDRESS:
      f->row = value >> 16;
      f->col = value & 0xffff;
      break;
    case PBL_REG_IMG_DATA:
      image_data(f, value);
      break;
    case PBL_REG_REPLICA_SELECT:
      f->replica = value;
      break;
    case PBL_REG_IRQ_ENABLE:
    case PBL_REG_IRQ_STATUS:
      break;
    default:
      if (address == PBL_REG_SCHED_LAST) {
        f->sched_last = value;
        break;
      }
      if (address < PBL_REG_REG_CONFIG || address > PBL_REG_T_MAX)
        return pbl_fail(err, PBL_DEVICE, "SLVERR");
      f->regulator[(address - PBL_REG_REG_CONFIG) / 4] = value;
      if (f->refuse_writes) f->error = true;
  }
  return PBL_OK;
}

static uint32_t caps(const fake_device *f, uint32_t address) {
  const pbl_hw *hw = &f->hw;
  const unsigned field = (unsigned)(hw->field_bits ? hw->field_bits : pbl_hw_min_field_bits(hw));
  switch (address) {
    case PBL_REG_CAPS0:
      return 1u | 1u << 1 | (unsigned)hw->generator << 4 | (unsigned)hw->lfsr_steps << 8 |
             (unsigned)hw->rounding << 14 | (unsigned)(hw->cells_per_generator - 1) << 15;
    case PBL_REG_CAPS_SIZE:
      return (unsigned)hw->n_visible | (unsigned)hw->n_hidden << 16;
    case PBL_REG_CAPS_REPLICAS:
      return (unsigned)hw->replicas | (unsigned)hw->lanes << 16;
    case PBL_REG_CAPS_FORMAT:
      return (unsigned)pbl_hw_weight_bits(hw) | (unsigned)hw->weight_frac << 8 |
             (unsigned)pbl_hw_beta_bits(hw) << 16 | (unsigned)hw->beta_frac << 24;
    default:
      return (unsigned)__builtin_ctz((unsigned)hw->table_size) | (unsigned)hw->threshold_bits << 8 |
             field << 16 | (unsigned)hw->table_range_log2 << 24;
  }
}

static uint32_t low_latching_high(fake_device *f, uint64_t value) {
  f->hi = (uint32_t)(value >> 32);
  return (uint32_t)value;
}

static pbl_status fake_read(pbl_device *dev, uint32_t *value, uint32_t address, pbl_error *err) {
  fake_device *f = (fake_device *)dev;
  if (f->bus_error_address != 0 && address == f->bus_error_address)
    return pbl_fail(err, PBL_DEVICE, "SLVERR");
  switch (address) {
    case PBL_REG_ID:
      *value = PBL_RESET_ID;
      break;
    case PBL_REG_VERSION:
      *value = PBL_RESET_VERSION;
      break;
    case PBL_REG_SCRATCH:
      *value = f->scratch;
      break;
    case PBL_REG_STATUS:
      *value = (unsigned)f->busy | (unsigned)f->done << 1 | (unsigned)f->hash_valid << 3 |
               (unsigned)f->error << 5;
      break;
    case PBL_REG_IMG_HASH:
      *value = f->hash;
      break;
    case PBL_REG_BETA_ACTIVE:
      *value = f->beta;
      break;
    case PBL_REG_SWEEP_COUNT_LO:
      *value = low_latching_high(f, f->sweep_count);
      break;
    case PBL_REG_SAMPLES_LO:
      *value = low_latching_high(f, f->frames);
      break;
    case PBL_REG_BUSY_CYCLES_LO:
      *value = low_latching_high(f, 0x123456789abcu);
      break;
    case PBL_REG_ENERGY_LO: /* energy of replica r is -(2^40 + r) */
      *value = low_latching_high(f, (uint64_t)(-(1ll << 40) - (int64_t)f->replica));
      break;
    case PBL_REG_WINDOW_INDEX:
      *value = f->window_index;
      break;
    case PBL_REG_STALL_CYCLES_LO:
    case PBL_REG_FLIPS_LO:
    case PBL_REG_SATURATIONS_LO:
    case PBL_REG_FREEZES_LO:
      *value = low_latching_high(f, 0);
      break;
    default:
      *value =
          address >= PBL_REG_CAPS0 && address <= PBL_REG_CAPS_ACTIVATION ? caps(f, address) : f->hi;
  }
  if (f->xor_mask != 0 && address == f->xor_address) *value ^= f->xor_mask;
  return PBL_OK;
}

static pbl_status fake_stream_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                   size_t *n_words, pbl_error *err) {
  (void)err;
  fake_device *f = (fake_device *)dev;
  size_t n = 0;
  for (; n < max_words && f->fifo_read < f->fifo_write; n++, f->fifo_read++) {
    dst[n] = f->fifo[f->fifo_read];
    if (last != NULL) last[n] = f->fifo_last[f->fifo_read];
  }
  *n_words = n;
  return PBL_OK;
}

static pbl_status fake_telemetry_read(pbl_device *dev, uint32_t *dst, uint8_t *last,
                                      size_t max_words, size_t *n_words, pbl_error *err) {
  (void)err;
  fake_device *f = (fake_device *)dev;
  size_t n = 0;
  for (; n < max_words && f->telemetry_read < f->telemetry_write; f->telemetry_read++) {
    if (f->telemetry_read + 1 == f->lose_record_word) continue;
    dst[n] = f->telemetry[f->telemetry_read];
    if (last != NULL) last[n] = f->telemetry_read % 16 == 15;
    n++;
  }
  *n_words = n;
  return PBL_OK;
}

static uint64_t fake_cycles(const pbl_device *dev) {
  return ((const fake_device *)dev)->cycles;
}

static void fake_close(pbl_device *dev) {
  fake_device *f = (fake_device *)dev;
  if (f->closed != NULL) *f->closed = true;
  free(f->image.words);
  free(f->image.table);
  free(f->image.clamp);
  free(f->state);
  free(f->fifo);
  free(f->fifo_last);
  free(f->telemetry);
  free(f);
}

static const pbl_device_ops k_fake_ops = {
    .name = "fake",
    .close = fake_close,
    .read32 = fake_read,
    .write32 = fake_write,
    .stream_read = fake_stream_read,
    .telemetry_read = fake_telemetry_read,
    .advance = fake_advance,
    .cycles = fake_cycles,
};

fake_device *fake_device_open(const pbl_hw *hw, bool *closed) {
  fake_device *f = calloc(1, sizeof *f);
  const size_t v = (size_t)hw->n_visible, h = (size_t)hw->n_hidden;
  f->base.ops = &k_fake_ops;
  f->hw = *hw;
  f->closed = closed;
  f->image.hw = *hw;
  f->image.words = calloc((v + 1) * (h + 1), sizeof *f->image.words);
  f->image.table = calloc((size_t)hw->table_size, sizeof *f->image.table);
  f->image.clamp = calloc(v + h, 1);
  f->state = calloc((v + h) * (size_t)hw->replicas, 1);
  return f;
}
