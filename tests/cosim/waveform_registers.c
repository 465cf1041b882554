/* A device with every option, watched from its first clock to its last: every register of the list
 * is read, written where it can be, and read again while the device runs. Prints the clocks in the
 * file. waveform_registers FILE.fst */
#include <inttypes.h>
#include <stdio.h>

#include "pbl_device.h"
#include "pbl_regs.h"
#include "pbl_variant.h"

static pbl_hw all_options(void) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = 4;
  hw.n_hidden = 3;
  hw.replicas = 4;
  hw.lanes = 2;
  hw.exchange = hw.statistics = hw.trace = 1;
  hw.stat_pairs = 4;
  return hw;
}

static pbl_status read_all(pbl_device *dev, pbl_error *err) {
  pbl_status s = PBL_OK;
  uint32_t value;
  for (uint32_t a = 0; s == PBL_OK && a <= PBL_REG_TRACE_SWEEPS; a += 4) {
    if ((a > PBL_REG_CAPS_STAT_PAIRS && a < PBL_REG_REG_CONFIG) ||
        (a > PBL_REG_SCHED_SWEEPS && a < PBL_REG_EXCH_EVERY) ||
        (a > PBL_REG_EXCH_LABEL && a < PBL_REG_STAT_EVERY) ||
        (a > PBL_REG_STAT_DATA && a < PBL_REG_TRACE_FIRST))
      continue; /* no register there */
    s = dev->ops->read32(dev, &value, a, err);
  }
  return s;
}

/* What registers can hold that are written while idle, and some of the image. */
static pbl_status write_all(pbl_device *dev, pbl_error *err) {
  static const uint32_t words[][2] = {
      {PBL_REG_SCRATCH, 0x12345678},
      {PBL_REG_CONFIG, 2},
      {PBL_REG_SWEEPS, 40},
      {PBL_REG_SAMPLE_EVERY, 3},
      {PBL_REG_BETA, 0x1234},
      {PBL_REG_IRQ_ENABLE, 2},
      {PBL_REG_REPLICA_SELECT, 3},
      {PBL_REG_PROBE_SELECT, 0x00010002},
      {PBL_REG_REG_CONFIG, 0x523},
      {PBL_REG_WINDOW_SWEEPS, 5},
      {PBL_REG_RATE_SCALE, 0x87654321},
      {PBL_REG_RATE_SET, 0x1234567},
      {PBL_REG_GAIN, 0x2345678},
      {PBL_REG_SMOOTHING, 0x4321},
      {PBL_REG_DEAD_BAND, 0x123},
      {PBL_REG_RATE_LIMIT, 0x1ABCDEF},
      {PBL_REG_LAMBDA_MIN, 0x07000000},
      {PBL_REG_LAMBDA_MAX, 0x00ABCDEF},
      {PBL_REG_LAMBDA, 0x07F00000},
      {PBL_REG_FILTER, 0x71234567},
      {PBL_REG_MACRO, 0x00345678},
      {PBL_REG_T_MIN, 0x00198765},
      {PBL_REG_T_MAX, 0x0ABCDEF0},
      {PBL_REG_SCHED_LAST, 0x105},
      {PBL_REG_EXCH_EVERY, 2},
      {PBL_REG_EXCH_CONFIG, 1},
      {PBL_REG_EXCH_SELECT, 0},
      {PBL_REG_STAT_EVERY, 2},
      {PBL_REG_STAT_PAIRS, 3},
      {PBL_REG_STAT_SHIFT, 9},
      {PBL_REG_STAT_REF_LO, 0x89ABCDEF},
      {PBL_REG_STAT_REF_HI, 0xFFFFFFF1},
      {PBL_REG_STAT_SELECT, 3},
      {PBL_REG_STAT_ADDRESS, 5},
      {PBL_REG_TRACE_FIRST, 7},
      {PBL_REG_TRACE_SWEEPS, 2},
      {PBL_REG_IMG_SELECT, 1},
      {PBL_REG_IMG_ADDRESS, 0x00020003},
      {PBL_REG_IMG_DATA, 0xABCD},
  };
  pbl_status s = PBL_OK;
  for (size_t k = 0; s == PBL_OK && k < sizeof words / sizeof *words; k++)
    s = dev->ops->write32(dev, words[k][0], words[k][1], err);
  return s;
}

/* One run in this mode of the regulator, looked at as it goes on. */
static pbl_status run_mode(pbl_device *dev, uint32_t mode, pbl_error *err) {
  uint32_t words[4096];
  size_t n;
  pbl_status s = dev->ops->write32(dev, PBL_REG_REG_CONFIG, 0x520 | mode, err);
  if (s == PBL_OK) s = dev->ops->write32(dev, PBL_REG_CTRL, PBL_CTRL_START_MASK, err);
  for (int k = 0; s == PBL_OK && k < 4; k++) {
    s = dev->ops->advance(dev, 600, err);
    if (s == PBL_OK) s = read_all(dev, err);
    if (s == PBL_OK && k == 1)
      s = dev->ops->write32(dev, PBL_REG_CTRL, PBL_CTRL_STAT_SWAP_MASK, err);
    if (s == PBL_OK) s = dev->ops->stream_read(dev, words, NULL, 4096, &n, err);
    if (s == PBL_OK) s = dev->ops->trace_read(dev, words, NULL, 4096, &n, err);
  }
  return s == PBL_OK ? dev->ops->write32(dev, PBL_REG_CTRL, PBL_CTRL_STOP_MASK, err) : s;
}

int main(int argc, char **argv) {
  pbl_error err = {0};
  pbl_device *dev = NULL;
  pbl_waveform_record record = {0};
  char path[4096];
  const pbl_hw hw = all_options();
  const pbl_variant_options options = {.waveform = true};
  const pbl_waveform_window window = {
      .path = argc == 2 ? argv[1] : "", .trigger = PBL_TRIGGER_START, .number = 1, .to = 1000000};
  pbl_status s = pbl_variant_build(path, sizeof path, &hw, &options, NULL, &err);
  if (s == PBL_OK) s = pbl_rtl_open(&dev, path, 1, &err);
  if (s == PBL_OK) s = pbl_device_waveform_begin(dev, &window, &err);
  if (s == PBL_OK) s = read_all(dev, &err);
  if (s == PBL_OK) s = write_all(dev, &err);
  if (s == PBL_OK) s = read_all(dev, &err);
  for (uint32_t mode = 0; s == PBL_OK && mode < 8; mode++) {
    s = run_mode(dev, mode, &err);
    if (s == PBL_OK) s = dev->ops->advance(dev, 4000, &err);
  }
  if (s == PBL_OK) s = pbl_device_waveform_end(dev, &record, &err);
  if (s != PBL_OK) fprintf(stderr, "%s\n", err.message);
  printf("%" PRIu64 "\n", record.n_cycles);
  if (dev) dev->ops->close(dev);
  return s == PBL_OK ? 0 : 1;
}
