#include "uio_board.h"

#include <stdlib.h>
#include <string.h>

#include "pbl_regs.h"
#include "uio_bus.h"

#define FIRST_SLICE 256u
#define SHORTEST_SLICE 16u
#define LONGEST_SLICE 131072u
#define SHORT_NS 250000u /* slices are made longer below, */
#define LONG_NS 1000000u /* and shorter above */
#define NS_PER_CLOCK 10u

/* ---- FIFOs ---- */

static bool fifo_create(uio_fifo *f, uint32_t depth) {
  *f = (uio_fifo){.depth = depth};
  if (depth == 0) return true;
  f->words = malloc(depth * sizeof *f->words);
  f->last = malloc(depth);
  return f->words && f->last;
}

static void fifo_push(uio_fifo *f, uint32_t word, uint8_t last) {
  const uint32_t at = (f->head + f->n++) % f->depth;
  f->words[at] = word;
  f->last[at] = last;
}

static uint32_t fifo_pop(uio_fifo *f) {
  if (f->n == 0) return 0;
  const uint32_t at = f->head;
  f->head = (at + 1) % f->depth;
  f->n--;
  f->lasts = f->lasts << 1 | f->last[at];
  return f->words[at];
}

/* From the device's receive buffers to the FIFOs. */
static pbl_status fill(uio_board *b, pbl_error *err) {
  const pbl_device_ops *ops = b->dev->ops;
  pbl_status (*const readers[])(pbl_device *, uint32_t *, uint8_t *, size_t, size_t *,
                                pbl_error *) = {ops->stream_read, ops->telemetry_read,
                                                ops->trace_read};
  uint32_t words[256];
  uint8_t last[256];
  b->waits = false;
  for (size_t k = 0; k < PBL_BOARD_STREAMS; k++) {
    uio_fifo *f = &b->fifos[k];
    size_t n = 0;
    do {
      const size_t room = f->depth - f->n, most = room < 256 ? room : 256;
      if (most == 0) break;
      const pbl_status st = readers[k](b->dev, words, last, most, &n, err);
      if (st) return st;
      for (size_t i = 0; i < n; i++) fifo_push(f, words[i], last[i]);
    } while (n > 0);
    b->waits |= f->depth > 0 && f->n == f->depth;
  }
  return PBL_OK;
}

/* ---- time ---- */

bool uio_board_has_work(const uio_board *b) {
  return b->busy && !b->waits;
}

/* To be called when has_work may have changed, and before the counter is read. */
static void keep_time(uio_board *b) {
  const uint64_t now = uio_now_ns();
  if (b->rests) {
    b->rested += (now - b->rest_ns) / NS_PER_CLOCK;
    b->rest_ns = now - (now - b->rest_ns) % NS_PER_CLOCK;
  } else {
    b->rest_ns = now;
  }
  b->rests = !uio_board_has_work(b);
}

static pbl_status look(uio_board *b, pbl_error *err) {
  uint32_t status = 0;
  pbl_status st = fill(b, err);
  if (!st) st = b->dev->ops->read32(b->dev, &status, PBL_REG_STATUS, err);
  b->busy = (status & (PBL_STATUS_BUSY_MASK | PBL_STATUS_CHECKING_MASK)) != 0;
  keep_time(b);
  return st;
}

pbl_status uio_board_run(uio_board *b, pbl_error *err) {
  const pbl_device_ops *ops = b->dev->ops;
  const uint64_t start_ns = uio_now_ns(), end = ops->cycles(b->dev) + b->slice;
  pbl_status st = PBL_OK;
  keep_time(b);
  /* advance() returns at once while the interrupt is up. */
  for (int k = 0; !st && k < 64 && ops->cycles(b->dev) < end; k++)
    st = ops->advance(b->dev, end - ops->cycles(b->dev), err);
  if (!st) st = look(b, err);
  const uint64_t ns = uio_now_ns() - start_ns;
  if (ns < SHORT_NS && b->slice < LONGEST_SLICE) b->slice *= 2;
  if (ns > LONG_NS && b->slice > SHORTEST_SLICE) b->slice /= 2;
  return st;
}

/* ---- registers ---- */

static uint32_t irq_bits(const uio_board *b) {
  uint32_t bits = b->dev->ops->irq && b->dev->ops->irq(b->dev) ? PBL_BOARD_IRQ_DEVICE : 0;
  for (size_t k = 0; k < PBL_BOARD_STREAMS; k++)
    bits |= (uint32_t)(b->fifos[k].depth > 0 && b->fifos[k].n >= b->fifos[k].depth / 2) << (1 + k);
  return bits;
}

bool uio_board_irq(const uio_board *b) {
  return (irq_bits(b) & b->irq_enable) != 0;
}

static pbl_status reset(uio_board *b, pbl_error *err) {
  pbl_device *fresh = NULL;
  const pbl_status st = b->open(b->user, &fresh, err);
  if (st) return st;
  if (b->dev) b->dev->ops->close(b->dev);
  b->dev = fresh;
  for (size_t k = 0; k < PBL_BOARD_STREAMS; k++)
    b->fifos[k].head = b->fifos[k].n = b->fifos[k].lasts = 0;
  b->busy = b->waits = b->rests = false;
  b->rested = 0;
  b->slice = FIRST_SLICE;
  b->cycles_hi = b->irq_enable = b->errors = b->error_at = 0;
  keep_time(b);
  return PBL_OK;
}

pbl_status uio_board_init(uio_board *b, pbl_error *err) {
  if (!fifo_create(&b->fifos[0], UIO_DEPTH_SAMPLES) ||
      !fifo_create(&b->fifos[1], UIO_DEPTH_TELEMETRY) ||
      !fifo_create(&b->fifos[2], b->has_trace ? UIO_DEPTH_TRACE : 0))
    return pbl_fail(err, PBL_NO_MEMORY, "board: out of memory");
  return reset(b, err);
}

void uio_board_release(uio_board *b) {
  if (b->dev) b->dev->ops->close(b->dev);
  for (size_t k = 0; k < PBL_BOARD_STREAMS; k++) {
    free(b->fifos[k].words);
    free(b->fifos[k].last);
  }
  *b = (uio_board){0};
}

/* SLVERR of the device. */
static pbl_status count_error(uio_board *b, pbl_status st, uint32_t at) {
  if (st != PBL_DEVICE) return st;
  if (b->errors++ == 0) b->error_at = at;
  return PBL_OK;
}

static pbl_status read_fifo(uio_board *b, uint32_t *value, uint32_t offset, pbl_error *err) {
  const uint32_t k = offset / 0x40u;
  uio_fifo *f = &b->fifos[k];
  pbl_status st = PBL_OK;
  switch (offset % 0x40u) {
    case PBL_BOARD_FIFO_COUNT:
      st = fill(b, err);
      *value = f->n;
      break;
    case PBL_BOARD_FIFO_LASTS:
      *value = f->lasts;
      break;
    case PBL_BOARD_FIFO_DEPTH:
      *value = f->depth;
      break;
    case PBL_BOARD_FIFO_DATA:
      *value = f->depth > 0 ? fifo_pop(f) : 0;
      b->waits = false;
      keep_time(b);
      break;
    default:
      break;
  }
  return st;
}

static uint32_t read_cycles(uio_board *b) {
  keep_time(b);
  const uint64_t n = b->dev->ops->cycles(b->dev) + b->rested;
  b->cycles_hi = (uint32_t)(n >> 32);
  return (uint32_t)n;
}

pbl_status uio_board_read(uio_board *b, uint32_t *value, uint32_t address, pbl_error *err) {
  *value = 0;
  if (address < PBL_BOARD_ID) {
    const pbl_status st = b->dev->ops->read32(b->dev, value, address, err);
    if (address == PBL_REG_STATUS && b->busy && b->waits) *value |= PBL_STATUS_STALLED_MASK;
    return count_error(b, st, address);
  }
  if (address >= PBL_BOARD_FIFO(0) && address < PBL_BOARD_FIFO(PBL_BOARD_STREAMS))
    return read_fifo(b, value, address - PBL_BOARD_FIFO(0), err);
  switch (address) {
    case PBL_BOARD_ID:
      *value = PBL_BOARD_ID_VALUE;
      break;
    case PBL_BOARD_VERSION:
      *value = PBL_BOARD_VERSION_VALUE;
      break;
    case PBL_BOARD_CYCLES_LO:
      *value = read_cycles(b);
      break;
    case PBL_BOARD_CYCLES_HI:
      *value = b->cycles_hi;
      break;
    case PBL_BOARD_IRQ:
      *value = irq_bits(b);
      break;
    case PBL_BOARD_IRQ_ENABLE:
      *value = b->irq_enable;
      break;
    case PBL_BOARD_BUS_ERRORS:
      *value = b->errors;
      break;
    case PBL_BOARD_BUS_ERROR_AT:
      *value = b->error_at;
      break;
    default: /* CLOCK_HZ: simulated; CONTROL: a reset takes no time */
      break;
  }
  return PBL_OK;
}

pbl_status uio_board_write(uio_board *b, uint32_t address, uint32_t value, pbl_error *err) {
  if (address < PBL_BOARD_ID) {
    const pbl_status st = count_error(b, b->dev->ops->write32(b->dev, address, value, err),
                                      address | PBL_BOARD_ERROR_WRITE);
    return st || address != PBL_REG_CTRL ? st : look(b, err);
  }
  if (address == PBL_BOARD_IRQ_ENABLE) b->irq_enable = value & PBL_BOARD_IRQ_ALL;
  if (address == PBL_BOARD_BUS_ERRORS) b->errors = b->error_at = 0;
  if (address == PBL_BOARD_CONTROL && (value & PBL_BOARD_RESET_MASK)) return reset(b, err);
  return PBL_OK;
}
