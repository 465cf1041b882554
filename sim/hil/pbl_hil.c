#include "pbl_hil.h"

#include <stdlib.h>
#include <string.h>

#include "hil_link.h"

#define POST_BYTES 65536u /* posted writes go out at the latest when they fill that much */
enum { SAMPLES, TELEMETRY, TRACE, STREAMS };
/* Words that come along with a reply; together they fit into one frame. */
static const uint32_t ahead[STREAMS] = {32768, 2048, 16384};

/* Words that have come and were not read yet. */
typedef struct {
  uint32_t *words;
  uint8_t *last;
  size_t head, n;
  bool may_be_more; /* the server's side may hold some */
} stream;

typedef struct {
  pbl_device base;
  hil_link link;
  pbl_hw hw;
  pbl_hil_buffer batch; /* posted writes */
  uint32_t block;       /* address of its last entry, */
  size_t block_at;      /* where its count stands, */
  uint32_t block_n;     /* and the count; 0: there is none */
  stream streams[STREAMS];
  bool has_trace, wants_trace;
  uint64_t ran; /* in the last advance() */
} remote;

static remote *self(pbl_device *dev) {
  return (remote *)dev;
}

static void queue_batch(remote *d) {
  if (d->batch.failed) d->link.out.failed = true;
  if (d->batch.n > 0) hil_link_queue(&d->link, PBL_HIL_BATCH, d->batch.data, d->batch.n);
  d->batch.n = 0;
  d->block_n = 0;
}

/* A bus access takes clocks, in which words may arrive. */
static void clocks_pass(remote *d) {
  for (size_t k = 0; k < STREAMS; k++) d->streams[k].may_be_more = true;
}

static pbl_status lost(const remote *d, pbl_error *err) {
  if (err) *err = d->link.why;
  return d->link.why.status;
}

static pbl_status remote_write32(pbl_device *dev, uint32_t address, uint32_t value,
                                 pbl_error *err) {
  remote *d = self(dev);
  if (d->link.lost) return lost(d, err);
  if (address & 3u)
    return pbl_fail(err, PBL_DEVICE, "remote: write of address 0x%03x: not a multiple of 4",
                    address);
  if (d->block_n > 0 && d->block == address) {
    pbl_hil_patch32(&d->batch, d->block_at, ++d->block_n);
  } else {
    pbl_hil_put32(&d->batch, address | PBL_HIL_WRITE_BLOCK);
    d->block_at = d->batch.n;
    d->block = address;
    d->block_n = 1;
    pbl_hil_put32(&d->batch, 1);
  }
  pbl_hil_put32(&d->batch, value);
  clocks_pass(d);
  if (d->batch.n < POST_BYTES) return PBL_OK;
  queue_batch(d);
  hil_link_post(&d->link);
  return d->link.lost ? lost(d, err) : PBL_OK;
}

static pbl_status remote_read32(pbl_device *dev, uint32_t *value, uint32_t address,
                                pbl_error *err) {
  remote *d = self(dev);
  pbl_hil_cursor reply;
  if (d->link.lost) return lost(d, err);
  if (address & 3u)
    return pbl_fail(err, PBL_DEVICE, "remote: read of address 0x%03x: not a multiple of 4",
                    address);
  pbl_hil_put32(&d->batch, address | PBL_HIL_READ);
  queue_batch(d);
  clocks_pass(d);
  const pbl_status st = hil_link_wait(&d->link, &reply, err);
  if (st) return st;
  *value = pbl_hil_get32(&reply);
  return reply.failed ? hil_link_malformed(&d->link, "no value of the register in it", err)
                      : PBL_OK;
}

static pbl_status take_words(remote *d, size_t k, pbl_hil_cursor *reply, uint32_t most,
                             pbl_error *err) {
  stream *s = &d->streams[k];
  const uint32_t n = pbl_hil_get32(reply);
  if (n > most) return hil_link_malformed(&d->link, "more stream words than asked for", err);
  for (uint32_t i = 0; i < n; i++) s->words[i] = pbl_hil_get32(reply);
  const uint8_t *last = pbl_hil_get(reply, n);
  if (!last) return hil_link_malformed(&d->link, "it ends inside a stream", err);
  memcpy(s->last, last, n);
  if (most > 0) {
    s->head = 0;
    s->n = n;
    s->may_be_more = n == most;
  }
  return PBL_OK;
}

/* Clocks, and as many words as there is room for: only streams that have been read to their end. */
static pbl_status run(remote *d, uint64_t cycles, pbl_error *err) {
  pbl_hil_buffer b = {0};
  pbl_hil_cursor reply;
  uint32_t most[STREAMS];
  queue_batch(d);
  if (cycles > 0) clocks_pass(d);
  pbl_hil_put64(&b, cycles);
  for (size_t k = 0; k < STREAMS; k++) {
    const bool wanted = k != TRACE || (d->wants_trace && d->has_trace);
    most[k] = wanted && d->streams[k].head == d->streams[k].n ? ahead[k] : 0;
    pbl_hil_put32(&b, most[k]);
  }
  hil_link_queue(&d->link, PBL_HIL_ADVANCE, b.data, b.n);
  if (b.failed) d->link.out.failed = true;
  pbl_hil_buffer_free(&b);
  pbl_status st = hil_link_wait(&d->link, &reply, err);
  if (st) return st;
  const uint64_t ran = pbl_hil_get64(&reply);
  if (cycles > 0) d->ran = ran;
  for (size_t k = 0; !st && k < STREAMS; k++) st = take_words(d, k, &reply, most[k], err);
  return st;
}

static pbl_status read_stream(pbl_device *dev, size_t which, uint32_t *dst, uint8_t *last,
                              size_t max_words, size_t *n_words, pbl_error *err) {
  remote *d = self(dev);
  stream *s = &d->streams[which];
  *n_words = 0;
  for (;;) {
    const size_t room = max_words - *n_words, here = s->n - s->head;
    const size_t n = here < room ? here : room;
    if (n > 0) memcpy(dst + *n_words, s->words + s->head, n * sizeof *dst);
    if (n > 0 && last) memcpy(last + *n_words, s->last + s->head, n);
    s->head += n;
    *n_words += n;
    if (n == room || !s->may_be_more) return PBL_OK;
    const pbl_status st = d->link.lost ? lost(d, err) : run(d, 0, err);
    if (st) return d->link.lost && *n_words > 0 ? PBL_OK : st; /* nothing that came is lost */
  }
}

static pbl_status remote_stream_read(pbl_device *dev, uint32_t *dst, uint8_t *last,
                                     size_t max_words, size_t *n_words, pbl_error *err) {
  return read_stream(dev, SAMPLES, dst, last, max_words, n_words, err);
}

static pbl_status remote_telemetry_read(pbl_device *dev, uint32_t *dst, uint8_t *last,
                                        size_t max_words, size_t *n_words, pbl_error *err) {
  return read_stream(dev, TELEMETRY, dst, last, max_words, n_words, err);
}

static pbl_status remote_trace_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                    size_t *n_words, pbl_error *err) {
  remote *d = self(dev);
  *n_words = 0;
  if (!d->has_trace)
    return pbl_fail(err, PBL_DEVICE, "remote: the device at %s has no trace port", d->link.address);
  d->wants_trace = true;
  return read_stream(dev, TRACE, dst, last, max_words, n_words, err);
}

static pbl_status remote_advance(pbl_device *dev, uint64_t max_cycles, pbl_error *err) {
  remote *d = self(dev);
  uint64_t total = 0;
  pbl_status st = d->link.lost ? lost(d, err) : PBL_OK;
  while (!st && max_cycles > 0) {
    const uint64_t piece = max_cycles < PBL_HIL_MAX_CYCLES ? max_cycles : PBL_HIL_MAX_CYCLES;
    st = run(d, piece, err);
    total += d->ran;
    max_cycles -= piece;
    if (d->ran < piece) break;
  }
  if (!st) d->ran = total;
  return st;
}

/* A posted write that fails here is told by the next call. */
static uint64_t remote_cycles(const pbl_device *dev) {
  remote *d = (remote *)(uintptr_t)dev;
  pbl_hil_cursor reply;
  pbl_error err = {0};
  if (d->batch.n == 0 && d->link.sequence == d->link.next_reply) return d->link.cycles;
  queue_batch(d);
  if (hil_link_wait(&d->link, &reply, &err) && !d->link.lost) {
    d->link.posted_failed = true;
    d->link.why = err;
  }
  return d->link.cycles;
}

static pbl_status remote_throttle(pbl_device *dev, unsigned permille, uint64_t seed,
                                  pbl_error *err) {
  remote *d = self(dev);
  pbl_hil_buffer b = {0};
  pbl_hil_cursor reply;
  if (d->link.lost) return lost(d, err);
  queue_batch(d);
  pbl_hil_put32(&b, permille);
  pbl_hil_put64(&b, seed);
  hil_link_queue(&d->link, PBL_HIL_THROTTLE, b.data, b.n);
  pbl_hil_buffer_free(&b);
  return hil_link_wait(&d->link, &reply, err);
}

/* The reply to CLOSE says that the next client can come. */
static void remote_close(pbl_device *dev) {
  remote *d = self(dev);
  if (!d) return;
  if (!d->link.lost) {
    pbl_hil_cursor reply;
    pbl_error ignored;
    d->link.timeout_ms = 5000;
    queue_batch(d);
    hil_link_queue(&d->link, PBL_HIL_CLOSE, NULL, 0);
    hil_link_wait(&d->link, &reply, &ignored);
  }
  hil_link_close(&d->link);
  pbl_hil_buffer_free(&d->batch);
  for (size_t k = 0; k < STREAMS; k++) {
    free(d->streams[k].words);
    free(d->streams[k].last);
  }
  free(d);
}

static const pbl_device_ops remote_ops = {
    .name = "remote",
    .close = remote_close,
    .read32 = remote_read32,
    .write32 = remote_write32,
    .stream_read = remote_stream_read,
    .telemetry_read = remote_telemetry_read,
    .trace_read = remote_trace_read,
    .advance = remote_advance,
    .cycles = remote_cycles,
    .stream_throttle = remote_throttle,
};

static pbl_status take_device(remote *d, const pbl_hw *hw, const pbl_hil_options *o,
                              int open_timeout_ms, pbl_error *err) {
  pbl_hil_buffer b = {0};
  pbl_hil_cursor reply;
  const int timeout_ms = d->link.timeout_ms;
  pbl_hil_put64(&b, o->reset_seed);
  if (hw)
    pbl_hil_put_hw(&b, hw);
  else
    pbl_hil_put16(&b, 0);
  hil_link_queue(&d->link, PBL_HIL_OPEN, b.data, b.n);
  pbl_hil_buffer_free(&b);
  d->link.timeout_ms = open_timeout_ms;
  const pbl_status st = hil_link_wait(&d->link, &reply, err);
  d->link.timeout_ms = timeout_ms;
  if (st) return st;
  d->has_trace = pbl_hil_get32(&reply) >> 1 & 1u;
  if (!pbl_hil_get_hw(&reply, &d->hw))
    return pbl_fail(err, PBL_DEVICE, "%s: the server's hardware is not known here",
                    d->link.address);
  if (hw) d->hw = *hw;
  return PBL_OK;
}

static pbl_status allocate(remote *d, pbl_error *err) {
  for (size_t k = 0; k < STREAMS; k++) {
    d->streams[k].words = malloc(ahead[k] * sizeof *d->streams[k].words);
    d->streams[k].last = malloc(ahead[k]);
    if (!d->streams[k].words || !d->streams[k].last)
      return pbl_fail(err, PBL_NO_MEMORY, "remote: out of memory");
  }
  return PBL_OK;
}

pbl_status pbl_hil_open(pbl_device **out, const char *address, const pbl_hw *hw,
                        const pbl_hil_options *opt, pbl_error *err) {
  const pbl_hil_options o = opt ? *opt : (pbl_hil_options){0};
  *out = NULL;
  remote *d = calloc(1, sizeof *d);
  if (!d) return pbl_fail(err, PBL_NO_MEMORY, "remote: out of memory");
  d->base.ops = &remote_ops;
  d->link.lost = true;
  d->link.fd = -1;
  pbl_status st = allocate(d, err);
  if (!st)
    st = hil_link_open(&d->link, address, o.secret_file, o.name,
                       o.timeout_ms > 0 ? o.timeout_ms : 60000, err);
  if (!st) st = take_device(d, hw, &o, o.open_timeout_ms > 0 ? o.open_timeout_ms : 1800000, err);
  if (st) {
    hil_link_close(&d->link);
    remote_close(&d->base);
    return st;
  }
  *out = &d->base;
  return PBL_OK;
}

const pbl_hw *pbl_hil_hw(const pbl_device *dev) {
  return &((const remote *)dev)->hw;
}

bool pbl_hil_has_secrets(void) {
  return hil_secret_available();
}

uint64_t pbl_hil_last_advance(const pbl_device *dev) {
  return ((const remote *)dev)->ran;
}
