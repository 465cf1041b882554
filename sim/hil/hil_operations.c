/* What a client does with the device that it holds. */
#include "hil_core.h"

static uint16_t device_failed(hil_request *r, const pbl_error *err, uint32_t done) {
  const uint16_t code = err->status == PBL_TIMEOUT ? PBL_HIL_CODE_TIMEOUT : PBL_HIL_CODE_DEVICE;
  return hil_refuse(r, code, done, "%s", err->message);
}

static uint16_t malformed(hil_request *r, uint32_t done) {
  r->closes = true;
  return hil_refuse(r, PBL_HIL_CODE_PROTOCOL, done, "BATCH: an entry is cut or not known");
}

/* One entry; *done counts its accesses. */
static pbl_status entry(hil_request *r, uint32_t head, uint32_t count, uint32_t *done,
                        pbl_error *err) {
  pbl_device *dev = r->peer->core->dev;
  const uint32_t address = head & ~3u, kind = head & 3u;
  const bool reads = kind == PBL_HIL_READ || kind == PBL_HIL_READ_BLOCK;
  for (uint32_t k = 0; k < count; k++) {
    uint32_t value = reads ? 0 : pbl_hil_get32(&r->in);
    const pbl_status st = reads ? dev->ops->read32(dev, &value, address, err)
                                : dev->ops->write32(dev, address, value, err);
    if (st) return st;
    if (reads) pbl_hil_put32(r->out, value);
    ++*done;
  }
  return PBL_OK;
}

/* The accesses of a frame are as many as its bytes allow, in either direction. */
uint16_t hil_batch(hil_request *r) {
  uint32_t done = 0;
  while (pbl_hil_left(&r->in) > 0) {
    pbl_error err = {0};
    const uint32_t head = pbl_hil_get32(&r->in), kind = head & 3u;
    const bool block = kind >= PBL_HIL_WRITE_BLOCK;
    const uint32_t count = block ? pbl_hil_get32(&r->in) : 1;
    const bool writes = kind == PBL_HIL_WRITE || kind == PBL_HIL_WRITE_BLOCK;
    if (r->in.failed || (writes && count > pbl_hil_left(&r->in) / 4)) return malformed(r, done);
    if (!writes && count > (PBL_HIL_MAX_PAYLOAD - (r->out->n - r->start)) / 4)
      return hil_refuse(r, PBL_HIL_CODE_LIMIT, done, "BATCH: its words do not fit one reply");
    const pbl_status st = entry(r, head, count, &done, &err);
    if (st) return device_failed(r, &err, done);
  }
  return PBL_HIL_CODE_OK;
}

typedef pbl_status (*stream_reader)(pbl_device *, uint32_t *, uint8_t *, size_t, size_t *,
                                    pbl_error *);

/* Words that have arrived, then their TLAST bytes. `room`: words that the reply can still hold. */
static pbl_status put_stream(hil_request *r, stream_reader read, uint32_t most, size_t *room,
                             pbl_error *err) {
  hil_core *core = r->peer->core;
  const size_t limit = most < *room ? most : *room;
  size_t n = 0;
  while (n < limit) {
    size_t more = 0;
    const pbl_status st = read(core->dev, core->words + n, core->last + n, limit - n, &more, err);
    if (st) return st;
    if (more == 0) break;
    n += more;
  }
  *room -= n;
  pbl_hil_put32(r->out, (uint32_t)n);
  for (size_t k = 0; k < n; k++) pbl_hil_put32(r->out, core->words[k]);
  pbl_hil_put(r->out, core->last, n);
  return PBL_OK;
}

uint16_t hil_advance(hil_request *r) {
  pbl_device *dev = r->peer->core->dev;
  const pbl_device_ops *ops = dev->ops;
  pbl_error err = {0};
  uint32_t most[3];
  const uint64_t cycles = pbl_hil_get64(&r->in);
  for (size_t k = 0; k < 3; k++) most[k] = pbl_hil_get32(&r->in);
  if (r->in.failed) return hil_refuse(r, PBL_HIL_CODE_PROTOCOL, 0, "short ADVANCE");
  if (cycles > PBL_HIL_MAX_CYCLES)
    return hil_refuse(r, PBL_HIL_CODE_LIMIT, 0, "ADVANCE: at most %u cycles at once",
                      PBL_HIL_MAX_CYCLES);
  if (most[2] > 0 && (!ops->trace_read || !r->peer->core->hw.trace))
    return hil_refuse(r, PBL_HIL_CODE_DEVICE, 0, "%s: this device has no trace port", ops->name);
  const uint64_t before = ops->cycles(dev);
  pbl_status st = cycles > 0 ? ops->advance(dev, cycles, &err) : PBL_OK;
  size_t room = (PBL_HIL_MAX_PAYLOAD - 8 - 12) / 5;
  pbl_hil_put64(r->out, ops->cycles(dev) - before);
  if (!st) st = put_stream(r, ops->stream_read, most[0], &room, &err);
  if (!st) st = put_stream(r, ops->telemetry_read, most[1], &room, &err);
  if (!st && most[2] > 0) st = put_stream(r, ops->trace_read, most[2], &room, &err);
  if (!st && most[2] == 0) pbl_hil_put32(r->out, 0);
  return st ? device_failed(r, &err, 0) : PBL_HIL_CODE_OK;
}

uint16_t hil_throttle(hil_request *r) {
  pbl_device *dev = r->peer->core->dev;
  pbl_error err = {0};
  const uint32_t permille = pbl_hil_get32(&r->in);
  const uint64_t seed = pbl_hil_get64(&r->in);
  if (r->in.failed) return hil_refuse(r, PBL_HIL_CODE_PROTOCOL, 0, "short THROTTLE");
  if (!dev->ops->stream_throttle)
    return hil_refuse(r, PBL_HIL_CODE_DEVICE, 0, "%s: its streams cannot be slowed down",
                      dev->ops->name);
  const pbl_status st = dev->ops->stream_throttle(dev, permille, seed, &err);
  return st ? device_failed(r, &err, 0) : PBL_HIL_CODE_OK;
}
