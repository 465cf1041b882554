#include "pbl_uio.h"

#include <stdlib.h>
#include <string.h>

#include "pbl_board_regs.h"
#include "pbl_regs.h"
#include "uio_bus.h"

#define NOMINAL_HZ 100000000u /* of a board that does not say */
#define POP_WORDS 32u         /* for which one word of TLAST bits is read */
#define POPS 32u
#define DEFAULT_TIMEOUT_MS 10000

enum { SAMPLES, TELEMETRY, TRACE };
static const char *const stream_names[] = {"sample", "telemetry", "trace"};

typedef struct {
  pbl_device base;
  uio_bus *bus;
  int timeout_ms;
  uint32_t clock_hz, depth[PBL_BOARD_STREAMS];
  uint64_t cycles; /* as read last */
  pbl_error lost;  /* status OK: not lost */
} uio_device;

static uio_device *self(pbl_device *dev) {
  return (uio_device *)dev;
}

/* After a failure of the bus itself nothing is known of the board any more. */
static pbl_status lose(uio_device *d, pbl_status st, const pbl_error *why, pbl_error *err) {
  if (st == PBL_OK) return st;
  d->lost = *why;
  d->lost.status = st;
  if (err) *err = d->lost;
  return st;
}

static pbl_status bus_read(uio_device *d, const uio_read *reads, size_t n, pbl_error *err) {
  pbl_error why = {0};
  if (d->lost.status) return lose(d, d->lost.status, &d->lost, err);
  return lose(d, d->bus->ops->read(d->bus, reads, n, &why), &why, err);
}

static pbl_status bus_write(uio_device *d, uint32_t address, uint32_t value, pbl_error *err) {
  pbl_error why = {0};
  if (d->lost.status) return lose(d, d->lost.status, &d->lost, err);
  return lose(d, d->bus->ops->write(d->bus, address, value, &why), &why, err);
}

static pbl_status read_one(uio_device *d, uint32_t *value, uint32_t address, pbl_error *err) {
  const uio_read one = {address, 1, value};
  return bus_read(d, &one, 1, err);
}

/* BUS_ERRORS has counted some: says which access was the first. */
static pbl_status bus_error(uio_device *d, uint32_t n, pbl_error *err) {
  uint32_t at = 0;
  if (n == 0) return PBL_OK;
  pbl_status st = read_one(d, &at, PBL_BOARD_BUS_ERROR_AT, err);
  if (!st) st = bus_write(d, PBL_BOARD_BUS_ERRORS, 0, err);
  if (st) return st;
  return pbl_fail(err, PBL_DEVICE, "uio %s: %s of register 0x%03x: bus error (SLVERR)",
                  d->bus->name, at & PBL_BOARD_ERROR_WRITE ? "write" : "read",
                  at & ~PBL_BOARD_ERROR_WRITE);
}

static pbl_status check_address(const uio_device *d, const char *what, uint32_t address,
                                pbl_error *err) {
  if (address < PBL_BOARD_ID && address % 4 == 0) return PBL_OK;
  return pbl_fail(err, PBL_DEVICE, "uio %s: %s of address 0x%03x: %s", d->bus->name, what, address,
                  address % 4 ? "not a multiple of 4" : "outside the device's registers");
}

static pbl_status uio_read32(pbl_device *dev, uint32_t *value, uint32_t address, pbl_error *err) {
  uio_device *d = self(dev);
  uint32_t errors = 0;
  const uio_read reads[] = {{address, 1, value}, {PBL_BOARD_BUS_ERRORS, 1, &errors}};
  pbl_status st = check_address(d, "read", address, err);
  if (!st) st = bus_read(d, reads, 2, err);
  return st ? st : bus_error(d, errors, err);
}

static pbl_status uio_write32(pbl_device *dev, uint32_t address, uint32_t value, pbl_error *err) {
  uio_device *d = self(dev);
  const pbl_status st = check_address(d, "write", address, err);
  return st ? st : bus_write(d, address, value, err);
}

static uint64_t joined(uint32_t low, uint32_t high) {
  return (uint64_t)high << 32 | low;
}

/* Bit j of a LASTS word: the word taken j words before the last one. */
static void spread(uint8_t *last, uint32_t n, uint32_t bits) {
  for (uint32_t k = 0; k < n; k++) last[k] = bits >> (n - 1 - k) & 1u;
}

/* n words that wait. */
static pbl_status pop(uio_device *d, uint32_t k, uint32_t *dst, uint8_t *last, uint32_t n,
                      pbl_error *err) {
  uio_read reads[2 * POPS] = {{0}};
  uint32_t lasts[POPS];
  size_t n_reads = 0;
  for (uint32_t at = 0; at < n; at += POP_WORDS) {
    const uint32_t m = n - at < POP_WORDS ? n - at : POP_WORDS;
    reads[n_reads++] = (uio_read){PBL_BOARD_FIFO(k) + PBL_BOARD_FIFO_DATA, m, dst + at};
    reads[n_reads++] =
        (uio_read){PBL_BOARD_FIFO(k) + PBL_BOARD_FIFO_LASTS, 1, &lasts[at / POP_WORDS]};
  }
  const pbl_status st = bus_read(d, reads, n_reads, err);
  for (uint32_t at = 0; !st && last && at < n; at += POP_WORDS)
    spread(last + at, n - at < POP_WORDS ? n - at : POP_WORDS, lasts[at / POP_WORDS]);
  return st;
}

static pbl_status read_stream(pbl_device *dev, uint32_t k, uint32_t *dst, uint8_t *last,
                              size_t max_words, size_t *n_words, pbl_error *err) {
  uio_device *d = self(dev);
  *n_words = 0;
  if (d->depth[k] == 0)
    return pbl_fail(err, PBL_DEVICE, "uio %s: this board was built without a %s stream",
                    d->bus->name, stream_names[k]);
  while (*n_words < max_words) {
    uint32_t count = 0, errors = 0;
    const uio_read reads[] = {{PBL_BOARD_FIFO(k) + PBL_BOARD_FIFO_COUNT, 1, &count},
                              {PBL_BOARD_BUS_ERRORS, 1, &errors}};
    pbl_status st = bus_read(d, reads, 2, err);
    if (!st) st = bus_error(d, errors, err);
    if (!st && count > d->depth[k])
      st = pbl_fail(err, PBL_DEVICE, "uio %s: the %s FIFO says that it holds %u words of %u",
                    d->bus->name, stream_names[k], count, d->depth[k]);
    const size_t room = max_words - *n_words;
    if (count > room) count = (uint32_t)room;
    if (count > POPS * POP_WORDS) count = POPS * POP_WORDS;
    if (!st && count > 0) st = pop(d, k, dst + *n_words, last ? last + *n_words : NULL, count, err);
    /* Nothing that came is lost: a board that is gone is told by the next call. */
    if (st) return d->lost.status && *n_words > 0 ? PBL_OK : st;
    if (count == 0) return PBL_OK;
    *n_words += count;
  }
  return PBL_OK;
}

static pbl_status uio_stream_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                  size_t *n_words, pbl_error *err) {
  return read_stream(dev, SAMPLES, dst, last, max_words, n_words, err);
}

static pbl_status uio_telemetry_read(pbl_device *dev, uint32_t *dst, uint8_t *last,
                                     size_t max_words, size_t *n_words, pbl_error *err) {
  return read_stream(dev, TELEMETRY, dst, last, max_words, n_words, err);
}

static pbl_status uio_trace_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                 size_t *n_words, pbl_error *err) {
  return read_stream(dev, TRACE, dst, last, max_words, n_words, err);
}

/* One look: interrupt bits, bus errors, clocks. */
static pbl_status look(uio_device *d, uint32_t *irq, pbl_error *err) {
  uint32_t errors = 0, low = 0, high = 0;
  const uio_read reads[] = {{PBL_BOARD_IRQ, 1, irq},
                            {PBL_BOARD_BUS_ERRORS, 1, &errors},
                            {PBL_BOARD_CYCLES_LO, 1, &low},
                            {PBL_BOARD_CYCLES_HI, 1, &high}};
  const pbl_status st = bus_read(d, reads, 4, err);
  if (st) return st;
  d->cycles = joined(low, high);
  return bus_error(d, errors, err);
}

static pbl_status stands_still(uio_device *d, pbl_error *err) {
  pbl_error why = {0};
  const pbl_status st = pbl_fail(
      &why, PBL_TIMEOUT,
      "uio %s: timeout: the board's cycle counter has stood at %llu for %d ms: its clock has "
      "stopped, or the wrong window is mapped",
      d->bus->name, (unsigned long long)d->cycles, d->timeout_ms);
  return lose(d, st, &why, err);
}

static pbl_status uio_advance(pbl_device *dev, uint64_t max_cycles, pbl_error *err) {
  uio_device *d = self(dev);
  uint32_t irq = 0;
  pbl_status st = look(d, &irq, err);
  const uint64_t start = d->cycles;
  uint64_t moved_ns = uio_now_ns();
  while (!st && irq == 0 && d->cycles - start < max_cycles) {
    const uint64_t left = max_cycles - (d->cycles - start), before = d->cycles;
    /* No longer than the timeout, whatever the clock is said to be. */
    const double ns = (double)left * (1e9 / d->clock_hz), most = 1e6 * d->timeout_ms;
    st = d->bus->ops->wait(d->bus, (uint64_t)(ns < most ? ns : most), err);
    if (!st) st = look(d, &irq, err);
    if (d->cycles != before) moved_ns = uio_now_ns();
    if (!st && irq == 0 && uio_now_ns() - moved_ns > (uint64_t)d->timeout_ms * 1000000u)
      st = stands_still(d, err);
  }
  return st;
}

/* The last known value of a board that was lost; bus errors are for the next call to tell. */
static uint64_t uio_cycles(const pbl_device *dev) {
  uio_device *d = (uio_device *)(uintptr_t)dev;
  uint32_t low = 0, high = 0;
  const uio_read reads[] = {{PBL_BOARD_CYCLES_LO, 1, &low}, {PBL_BOARD_CYCLES_HI, 1, &high}};
  if (bus_read(d, reads, 2, NULL) == PBL_OK) d->cycles = joined(low, high);
  return d->cycles;
}

static bool uio_irq(const pbl_device *dev) {
  uio_device *d = (uio_device *)(uintptr_t)dev;
  uint32_t irq = 0;
  return read_one(d, &irq, PBL_BOARD_IRQ, NULL) == PBL_OK && (irq & PBL_BOARD_IRQ_DEVICE);
}

/* An interrupt that stays up disturbs nobody: the board's mask goes down. */
static void uio_close(pbl_device *dev) {
  uio_device *d = self(dev);
  uint32_t id;
  if (!d) return;
  if (d->bus && !d->lost.status && !bus_write(d, PBL_BOARD_IRQ_ENABLE, 0, NULL))
    read_one(d, &id, PBL_BOARD_ID, NULL);
  if (d->bus) d->bus->ops->close(d->bus);
  free(d);
}

static const pbl_device_ops uio_ops = {
    .name = "uio",
    .close = uio_close,
    .read32 = uio_read32,
    .write32 = uio_write32,
    .stream_read = uio_stream_read,
    .telemetry_read = uio_telemetry_read,
    .trace_read = uio_trace_read,
    .advance = uio_advance,
    .cycles = uio_cycles,
    .irq = uio_irq,
};

static pbl_status check_board(uio_device *d, pbl_error *err) {
  uint32_t device = 0, id = 0, version = 0;
  const uio_read reads[] = {
      {PBL_REG_ID, 1, &device}, {PBL_BOARD_ID, 1, &id}, {PBL_BOARD_VERSION, 1, &version}};
  const pbl_status st = bus_read(d, reads, 3, err);
  if (st) return st;
  if (id != PBL_BOARD_ID_VALUE)
    return pbl_fail(err, PBL_DEVICE,
                    "uio %s: BOARD_ID (0x1000) is 0x%08X, expected 0x%08X (\"PBRD\")%s",
                    d->bus->name, id, PBL_BOARD_ID_VALUE,
                    device == PBL_RESET_ID
                        ? ": a bare pbit_top answers; streams need pbit_board (docs/board.md)"
                        : ": the wrong window, or a board that was not configured");
  if (version >> 16 != PBL_BOARD_VERSION_VALUE >> 16)
    return pbl_fail(err, PBL_DEVICE,
                    "uio %s: BOARD_VERSION is %u.%u, this program knows %u: build both alike",
                    d->bus->name, version >> 16, version & 0xFFFFu, PBL_BOARD_VERSION_VALUE >> 16);
  return PBL_OK;
}

static pbl_status reset_board(uio_device *d, pbl_error *err) {
  uint32_t control = PBL_BOARD_RESET_MASK;
  const uint64_t start = uio_now_ns();
  pbl_status st = bus_write(d, PBL_BOARD_CONTROL, PBL_BOARD_RESET_MASK, err);
  while (!st && (control & PBL_BOARD_RESET_MASK)) {
    st = read_one(d, &control, PBL_BOARD_CONTROL, err);
    if (!st && (control & PBL_BOARD_RESET_MASK) &&
        uio_now_ns() - start > (uint64_t)d->timeout_ms * 1000000u)
      st = pbl_fail(err, PBL_TIMEOUT, "uio %s: timeout: the board has been in reset for %d ms",
                    d->bus->name, d->timeout_ms);
  }
  return st;
}

static pbl_status set_up(uio_device *d, pbl_error *err) {
  uio_read reads[1 + PBL_BOARD_STREAMS] = {{PBL_BOARD_CLOCK_HZ, 1, &d->clock_hz}};
  for (uint32_t k = 0; k < PBL_BOARD_STREAMS; k++)
    reads[1 + k] = (uio_read){PBL_BOARD_FIFO(k) + PBL_BOARD_FIFO_DEPTH, 1, &d->depth[k]};
  pbl_status st = check_board(d, err);
  if (!st) st = reset_board(d, err);
  if (!st) st = bus_write(d, PBL_BOARD_IRQ_ENABLE, PBL_BOARD_IRQ_ALL, err);
  if (!st) st = bus_read(d, reads, 1 + PBL_BOARD_STREAMS, err);
  if (d->clock_hz == 0) d->clock_hz = NOMINAL_HZ;
  return st;
}

pbl_status uio_open_bus(pbl_device **out, uio_bus *bus, int timeout_ms, pbl_error *err) {
  *out = NULL;
  uio_device *d = calloc(1, sizeof *d);
  if (!d) {
    bus->ops->close(bus);
    return pbl_fail(err, PBL_NO_MEMORY, "uio: out of memory");
  }
  d->base.ops = &uio_ops;
  d->bus = bus;
  d->clock_hz = NOMINAL_HZ;
  d->timeout_ms = timeout_ms;
  const pbl_status st = set_up(d, err);
  if (st) {
    uio_close(&d->base);
    return st;
  }
  *out = &d->base;
  return PBL_OK;
}

pbl_status pbl_uio_open(pbl_device **out, const char *where, const pbl_uio_options *opt,
                        pbl_error *err) {
  const pbl_uio_options o = opt ? *opt : (pbl_uio_options){0};
  const int timeout_ms = o.timeout_ms > 0 ? o.timeout_ms : DEFAULT_TIMEOUT_MS;
  uio_bus *bus = NULL;
  *out = NULL;
  const pbl_status st = uio_find(&bus, where, o.sysfs, o.dev_folder, timeout_ms, err);
  return st ? st : uio_open_bus(out, bus, timeout_ms, err);
}
