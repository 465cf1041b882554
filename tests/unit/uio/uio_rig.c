#include "uio_rig.h"

#include "pbl_regs.h"
#include "pbl_rng.h"

pbl_hw rig_hw(void) {
  pbl_hw hw = pbl_hw_default();
  hw.replicas = hw.lanes = 4;
  return hw;
}

pbl_status rig_open_twin(void *user, pbl_device **out, pbl_error *err) {
  const pbl_hw hw = rig_hw();
  (void)user;
  return pbl_twin_open(out, &hw, err);
}

typedef struct {
  pbl_device base;
  pbl_device *twin;
} endless;

static pbl_device *inner(const pbl_device *dev) {
  return ((const endless *)dev)->twin;
}

static void endless_close(pbl_device *dev) {
  inner(dev)->ops->close(inner(dev));
  free(dev);
}

static pbl_status endless_read(pbl_device *dev, uint32_t *value, uint32_t address, pbl_error *err) {
  const pbl_status st = inner(dev)->ops->read32(inner(dev), value, address, err);
  if (address == PBL_REG_STATUS && (*value & PBL_STATUS_DONE_MASK))
    *value = (*value & ~PBL_STATUS_DONE_MASK) | PBL_STATUS_BUSY_MASK;
  return st;
}

static pbl_status endless_write(pbl_device *dev, uint32_t address, uint32_t value, pbl_error *err) {
  return inner(dev)->ops->write32(inner(dev), address, value, err);
}

static pbl_status endless_stream(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t most,
                                 size_t *n, pbl_error *err) {
  return inner(dev)->ops->stream_read(inner(dev), dst, last, most, n, err);
}

static pbl_status endless_telemetry(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t most,
                                    size_t *n, pbl_error *err) {
  return inner(dev)->ops->telemetry_read(inner(dev), dst, last, most, n, err);
}

static pbl_status endless_advance(pbl_device *dev, uint64_t most, pbl_error *err) {
  return inner(dev)->ops->advance(inner(dev), most, err);
}

static uint64_t endless_cycles(const pbl_device *dev) {
  return inner(dev)->ops->cycles(inner(dev));
}

static const pbl_device_ops endless_ops = {.name = "endless",
                                           .close = endless_close,
                                           .read32 = endless_read,
                                           .write32 = endless_write,
                                           .stream_read = endless_stream,
                                           .telemetry_read = endless_telemetry,
                                           .advance = endless_advance,
                                           .cycles = endless_cycles};

pbl_status rig_open_endless(void *user, pbl_device **out, pbl_error *err) {
  endless *e = calloc(1, sizeof *e);
  if (!e) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  e->base.ops = &endless_ops;
  *out = &e->base;
  return rig_open_twin(user, &e->twin, err);
}

static void set(pbl_device *dev, uint32_t address, uint32_t value) {
  assert_int_equal(dev->ops->write32(dev, address, value, NULL), PBL_OK);
}

void rig_load(pbl_device *dev, uint64_t seed) {
  const pbl_hw hw = rig_hw();
  const struct {
    uint32_t target, n, mask;
  } parts[] = {
      {0, (uint32_t)((hw.n_visible + 1) * (hw.n_hidden + 1)), 0x3F},
      {1, (uint32_t)hw.table_size, 0xFFFFFF},
      {2, (uint32_t)(hw.n_visible + hw.n_hidden), 0},
      {3, (uint32_t)(hw.n_visible + hw.n_hidden), 0xF},
      {4, (uint32_t)(4 * (hw.lanes + 1)), 0xFFFFFFFF},
  };
  pbl_xoshiro rng;
  pbl_xoshiro_seed(&rng, seed);
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
    set(dev, PBL_REG_IMG_SELECT, parts[k].target);
    set(dev, PBL_REG_IMG_ADDRESS, 0);
    for (uint32_t i = 0; i < parts[k].n; i++)
      set(dev, PBL_REG_IMG_DATA, pbl_xoshiro_next(&rng) & parts[k].mask);
  }
  set(dev, PBL_REG_BETA, 4096);
}

void rig_start(pbl_device *dev, uint32_t sweeps) {
  set(dev, PBL_REG_IRQ_ENABLE, PBL_IRQ_ENABLE_DONE_MASK);
  set(dev, PBL_REG_IRQ_STATUS, PBL_IRQ_STATUS_DONE_MASK);
  set(dev, PBL_REG_SWEEPS, sweeps);
  set(dev, PBL_REG_SAMPLE_EVERY, 1);
  set(dev, PBL_REG_CTRL, PBL_CTRL_START_MASK);
}
