/* The front of the recorder: a device whose answers are written down, or come from the journal. */
#include <string.h>

#include "recorder_internal.h"

static pbl_recorder *self(pbl_device *dev) {
  return (pbl_recorder *)dev;
}

static void front_close(pbl_device *dev) {
  pbl_recorder *r = self(dev);
  bool from_journal;
  if (!recorder_begin(r, CALL_CLOSE, 0, 0, &from_journal, NULL)) {
    pbl_archive a = recorder_entry(r, CALL_CLOSE);
    recorder_end(r, &a, NULL);
  }
  r->device->ops->close(r->device);
  r->device = NULL;
}

static pbl_status front_read32(pbl_device *dev, uint32_t *value, uint32_t address, pbl_error *err) {
  pbl_recorder *r = self(dev);
  bool from_journal;
  pbl_status s = recorder_begin(r, CALL_READ, address, 0, &from_journal, err);
  if (!s && !from_journal) s = r->device->ops->read32(r->device, value, address, err);
  if (s) return s;
  pbl_archive a = recorder_entry(r, CALL_READ);
  pbl_archive_u32(&a, value, 1);
  return recorder_end(r, &a, err);
}

static pbl_status front_write32(pbl_device *dev, uint32_t address, uint32_t value, pbl_error *err) {
  pbl_recorder *r = self(dev);
  bool from_journal;
  const pbl_status s = recorder_begin(r, CALL_WRITE, address, value, &from_journal, err);
  return s || from_journal ? s : r->device->ops->write32(r->device, address, value, err);
}

static pbl_status front_advance(pbl_device *dev, uint64_t max_cycles, pbl_error *err) {
  pbl_recorder *r = self(dev);
  bool from_journal;
  const pbl_status s = recorder_begin(r, CALL_ADVANCE, max_cycles, 0, &from_journal, err);
  return s || from_journal ? s : r->device->ops->advance(r->device, max_cycles, err);
}

/* One bit a word: where TLAST was set. */
static void walk_last(pbl_archive *a, uint8_t *last, size_t n) {
  for (size_t i = 0; i < n; i += 8) {
    uint8_t bits = 0;
    for (size_t k = 0; a->out && k < 8 && i + k < n; k++)
      bits = (uint8_t)(bits | (last[i + k] ? 1u << k : 0u));
    pbl_archive_u8(a, &bits, 1);
    for (size_t k = 0; !a->out && k < 8 && i + k < n; k++) last[i + k] = bits >> k & 1;
  }
}

typedef pbl_status (*reader)(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                             size_t *n_words, pbl_error *err);

static pbl_status front_stream(pbl_recorder *r, recorder_call call, reader read, uint32_t *dst,
                               uint8_t *last, size_t max_words, size_t *n_words, pbl_error *err) {
  bool from_journal;
  *n_words = 0;
  pbl_status s = recorder_begin(r, call, max_words, last != NULL, &from_journal, err);
  if (!s && !from_journal) s = read(r->device, dst, last, max_words, n_words, err);
  if (s) return s;
  pbl_archive a = recorder_entry(r, call);
  uint32_t n = (uint32_t)*n_words;
  pbl_archive_u32(&a, &n, 1);
  if (n > max_words) a.status = PBL_FORMAT;
  if (!a.status) pbl_archive_u32(&a, dst, n);
  if (!a.status && last) walk_last(&a, last, n);
  s = recorder_end(r, &a, err);
  *n_words = s ? 0 : n;
  return s;
}

static pbl_status front_samples(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                size_t *n_words, pbl_error *err) {
  return front_stream(self(dev), CALL_SAMPLES, self(dev)->device->ops->stream_read, dst, last,
                      max_words, n_words, err);
}

static pbl_status front_telemetry(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                  size_t *n_words, pbl_error *err) {
  return front_stream(self(dev), CALL_TELEMETRY, self(dev)->device->ops->telemetry_read, dst, last,
                      max_words, n_words, err);
}

static pbl_status front_trace(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                              size_t *n_words, pbl_error *err) {
  return front_stream(self(dev), CALL_TRACE, self(dev)->device->ops->trace_read, dst, last,
                      max_words, n_words, err);
}

static uint64_t front_cycles(const pbl_device *dev) {
  pbl_recorder *r = self((pbl_device *)(uintptr_t)dev); /* counting calls is no change of it */
  bool from_journal;
  uint64_t cycles = r->cycles; /* time stands still when all is lost; the next call tells */
  if (recorder_begin(r, CALL_CYCLES, 0, 0, &from_journal, NULL)) return cycles;
  if (!from_journal) cycles = r->device->ops->cycles(r->device);
  pbl_archive a = recorder_entry(r, CALL_CYCLES);
  pbl_archive_u64(&a, &cycles, 1);
  if (recorder_end(r, &a, NULL)) return r->cycles;
  r->cycles = cycles;
  return cycles;
}

static bool front_irq(const pbl_device *dev) {
  pbl_recorder *r = self((pbl_device *)(uintptr_t)dev);
  bool from_journal, level = false;
  if (recorder_begin(r, CALL_IRQ, 0, 0, &from_journal, NULL)) return false;
  if (!from_journal) level = r->device->ops->irq(r->device);
  pbl_archive a = recorder_entry(r, CALL_IRQ);
  pbl_archive_bool(&a, &level);
  recorder_end(r, &a, NULL);
  return level;
}

static pbl_status front_throttle(pbl_device *dev, unsigned permille, uint64_t seed,
                                 pbl_error *err) {
  pbl_recorder *r = self(dev);
  bool from_journal;
  const pbl_status s = recorder_begin(r, CALL_THROTTLE, permille, seed, &from_journal, err);
  return s || from_journal ? s : r->device->ops->stream_throttle(r->device, permille, seed, err);
}

void recorder_front(pbl_recorder *r) {
  const pbl_device_ops *ops = r->device->ops;
  r->ops = (pbl_device_ops){.name = ops->name,
                            .close = front_close,
                            .read32 = front_read32,
                            .write32 = front_write32,
                            .stream_read = front_samples,
                            .telemetry_read = front_telemetry,
                            .trace_read = ops->trace_read ? front_trace : NULL,
                            .advance = front_advance,
                            .cycles = front_cycles,
                            .stream_throttle = ops->stream_throttle ? front_throttle : NULL,
                            .irq = ops->irq ? front_irq : NULL};
  r->front.ops = &r->ops;
}
