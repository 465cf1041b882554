#include "twin_rig.h"

#include <stdlib.h>
#include <string.h>

pbl_device *rig_open(const pbl_hw *hw, const char *simd) {
  pbl_device *dev = NULL;
  pbl_error err = {0};
  assert_int_equal(setenv("PBITLOOP_SIMD", simd, 1), 0);
  const pbl_status status = pbl_twin_open(&dev, hw, &err);
  assert_int_equal(unsetenv("PBITLOOP_SIMD"), 0);
  if (status == PBL_CONFIG && strstr(err.message, "PBITLOOP_SIMD")) return NULL;
  if (status != PBL_OK) fail_msg("open: %s", err.message);
  return dev;
}

uint32_t rig_read(pbl_device *dev, uint32_t address) {
  uint32_t value = 0;
  assert_int_equal(dev->ops->read32(dev, &value, address, NULL), PBL_OK);
  return value;
}

uint64_t rig_read64(pbl_device *dev, uint32_t low_address) {
  const uint64_t low = rig_read(dev, low_address);
  return (uint64_t)rig_read(dev, low_address + 4) << 32 | low;
}

void rig_write(pbl_device *dev, uint32_t address, uint32_t value) {
  assert_int_equal(dev->ops->write32(dev, address, value, NULL), PBL_OK);
}

void rig_advance(pbl_device *dev, uint64_t cycles) {
  assert_int_equal(dev->ops->advance(dev, cycles, NULL), PBL_OK);
}

void rig_image(pbl_device *dev, uint32_t select, uint32_t row, uint32_t col, const uint32_t *words,
               size_t n) {
  rig_write(dev, PBL_REG_IMG_SELECT, select);
  rig_write(dev, PBL_REG_IMG_ADDRESS, row << 16 | col);
  for (size_t i = 0; i < n; i++) rig_write(dev, PBL_REG_IMG_DATA, words[i]);
}

void rig_upload(pbl_device *dev, const plain_model *m) {
  const pbl_hw *hw = &m->hw;
  const int n = pbl_hw_pbits(hw), h1 = hw->n_hidden + 1;
  for (int row = 0; row <= hw->n_visible; row++)
    rig_image(dev, 0, (uint32_t)row, 0, (const uint32_t *)m->words + row * h1, (size_t)h1);
  rig_image(dev, 1, 0, 0, m->table, (size_t)hw->table_size);
  for (int p = 0; p < n; p++) {
    const uint32_t clamp = m->clamp[p];
    rig_image(dev, 2, 0, (uint32_t)p, &clamp, 1);
  }
  for (int c = 0; c < hw->replicas / hw->lanes; c++) {
    for (int p = 0; p < n; p++) {
      /* Bits beyond the lanes are set: the device has to ignore them. */
      uint32_t bits = hw->lanes < 32 ? 0xFFFFFFFFu << hw->lanes : 0;
      for (int l = 0; l < hw->lanes; l++)
        bits |= (uint32_t)plain_frame_bit(m, c, p * hw->lanes + l) << l;
      rig_image(dev, 3, (uint32_t)c, (uint32_t)p, &bits, 1);
    }
  }
  for (int l = 0; l < hw->lanes; l++) rig_image(dev, 4, 0, 4 * (uint32_t)l, m->generator[l], 4);
  rig_image(dev, 4, 0, 4 * (uint32_t)hw->lanes, m->control, 4);
  assert_int_equal(rig_read(dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK, 0);
}

void rig_start(pbl_device *dev, uint32_t sweeps, uint32_t every) {
  rig_write(dev, PBL_REG_SWEEPS, sweeps);
  rig_write(dev, PBL_REG_SAMPLE_EVERY, every);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_START_MASK);
}

void rig_check_frame(pbl_device *dev, const void *model, int context, int bits,
                     rig_frame_bit bit_of) {
  const int words = (bits + 31) / 32;
  for (int w = 0; w < words; w++) {
    uint32_t got = 0, want = 0;
    uint8_t last = 2;
    size_t n = 0;
    assert_int_equal(dev->ops->stream_read(dev, &got, &last, 1, &n, NULL), PBL_OK);
    assert_int_equal(n, 1);
    for (int b = 32 * w; b < 32 * w + 32 && b < bits; b++)
      want |= bit_of(model, context, b) << (b % 32);
    assert_int_equal(got, want);
    assert_int_equal(last, w == words - 1);
  }
}

static uint32_t frame_bit(const void *model, int context, int position) {
  return (uint32_t)plain_frame_bit(model, context, position);
}

void rig_check_sample(pbl_device *dev, plain_model *m) {
  for (int c = 0; c < m->hw.replicas / m->hw.lanes; c++) {
    rig_check_frame(dev, m, c, pbl_hw_pbits(&m->hw) * m->hw.lanes, frame_bit);
    m->frames++;
  }
}

size_t rig_words_waiting(pbl_device *dev) {
  uint32_t words[256];
  size_t n = 0, total = 0;
  do {
    assert_int_equal(dev->ops->stream_read(dev, words, NULL, 256, &n, NULL), PBL_OK);
    total += n;
  } while (n > 0);
  return total;
}
