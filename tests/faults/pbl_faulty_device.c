#include "pbl_faulty_device.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_regs.h"

typedef enum {
  NONE,
  ACCESS,
  BUS,
  SILENT,
  VALUE,
  DEAD,
  HUNG,
  FROZEN,
  NEVER_DONE,
  NEVER_HASHED,
  MUTE,
  TLAST,
  DROP,
  DOUBLE,
  ENDLESS,
  NOISE,
  BACKWARDS,
  STOPPED,
  STALL
} kind;

enum { SAMPLES, TELEMETRY, TRACE, STREAMS };

typedef struct {
  pbl_device base;
  pbl_device_ops ops;
  pbl_device *inner;
  pbl_faulty_counts own, *counts;
  kind kind;
  uint32_t address, change;
  bool write;
  size_t stream;
  uint64_t nth, cycles; /* of STALL */
  uint64_t passed;      /* clocks that went by while nothing ran */
  uint64_t stands_at, random;
  bool started, stalled, ended;
} faulty;

static faulty *self(pbl_device *dev) {
  return (faulty *)dev;
}

/* ---- the line ---- */

static bool direction(faulty *d, const char *word) {
  d->write = strcmp(word, "write") == 0;
  return d->write || strcmp(word, "read") == 0;
}

static bool stream_name(faulty *d, const char *word) {
  static const char *const names[STREAMS] = {"samples", "telemetry", "trace"};
  for (size_t k = 0; k < STREAMS; k++)
    if (strcmp(word, names[k]) == 0) {
      d->stream = k;
      return true;
    }
  return false;
}

static bool parse(faulty *d, const char *line) {
  static const struct {
    const char *name,
        *form; /* a: address, d: direction, s: stream, x: change, n: count, c: cycles */
    kind kind;
  } known[] = {{"none", "", NONE},
               {"access", "n", ACCESS},
               {"bus", "adn", BUS},
               {"silent", "adn", SILENT},
               {"value", "axn", VALUE},
               {"dead", "n", DEAD},
               {"hung", "", HUNG},
               {"frozen", "n", FROZEN},
               {"never_done", "", NEVER_DONE},
               {"never_hashed", "", NEVER_HASHED},
               {"mute", "sn", MUTE},
               {"tlast", "sn", TLAST},
               {"drop", "sn", DROP},
               {"double", "sn", DOUBLE},
               {"endless", "sn", ENDLESS},
               {"noise", "sn", NOISE},
               {"backwards", "n", BACKWARDS},
               {"stopped", "n", STOPPED},
               {"stall", "nc", STALL}};
  char words[4][32] = {"", "", "", ""};
  const int n = sscanf(line, "%31s %31s %31s %31s", words[0], words[1], words[2], words[3]);
  d->nth = 1;
  if (n < 1) return true;
  for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
    if (strcmp(words[0], known[k].name) != 0) continue;
    d->kind = known[k].kind;
    for (int w = 1; w < n; w++) {
      const uint64_t number = strtoull(words[w], NULL, 0);
      const char what = w <= (int)strlen(known[k].form) ? known[k].form[w - 1] : '?';
      if (what == '?' || (what == 'd' && !direction(d, words[w])) ||
          (what == 's' && !stream_name(d, words[w])))
        return false;
      if (what == 'a') d->address = (uint32_t)number;
      if (what == 'x') d->change = (uint32_t)number;
      if (what == 'n') d->nth = number;
      if (what == 'c') d->cycles = number;
    }
    return true;
  }
  return false;
}

/* ---- bus ---- */

static pbl_status gone(const faulty *d, pbl_error *err) {
  return pbl_fail(err, PBL_DEVICE, "%s: the device does not answer any more", d->ops.name);
}

static bool is_dead(const faulty *d) {
  return d->kind == DEAD && d->counts->advances >= d->nth;
}

/* Counts the access; not OK: it is the one that fails. */
static pbl_status touch(faulty *d, uint32_t address, bool write, pbl_error *err) {
  const char *what = write ? "write" : "read";
  uint32_t *n = &(write ? d->counts->writes : d->counts->reads)[(address >> 2) & 1023u];
  d->counts->accesses++;
  ++*n;
  if (is_dead(d)) return gone(d, err);
  const bool here = d->address == address && d->write == write && *n == d->nth;
  if ((d->kind == ACCESS && d->counts->accesses == d->nth) || (d->kind == BUS && here))
    return pbl_fail(err, PBL_DEVICE, "%s: %s of register 0x%03x: bus error (SLVERR)", d->ops.name,
                    what, address);
  if (d->kind == SILENT && here)
    return pbl_fail(err, PBL_TIMEOUT, "%s: %s of register 0x%03x: no bus response", d->ops.name,
                    what, address);
  return PBL_OK;
}

static void falsify(const faulty *d, uint32_t *value, uint32_t address) {
  const bool status = address == PBL_REG_STATUS;
  if (d->kind == VALUE && address == d->address && d->counts->reads[address >> 2] >= d->nth)
    *value ^= d->change;
  if (status && d->started && (d->kind == HUNG || d->kind == NEVER_DONE))
    *value = (*value | PBL_STATUS_BUSY_MASK) & ~(uint32_t)PBL_STATUS_DONE_MASK;
  if (status && d->kind == FROZEN && d->counts->advances >= d->nth)
    *value = (*value | PBL_STATUS_BUSY_MASK) & ~(uint32_t)PBL_STATUS_DONE_MASK;
  if (status && d->kind == NEVER_HASHED) *value &= ~(uint32_t)PBL_STATUS_HASH_VALID_MASK;
}

static pbl_status read32(pbl_device *dev, uint32_t *value, uint32_t address, pbl_error *err) {
  faulty *d = self(dev);
  pbl_status st = touch(d, address, false, err);
  if (!st) st = d->inner->ops->read32(d->inner, value, address, err);
  if (!st) falsify(d, value, address);
  return st;
}

static pbl_status write32(pbl_device *dev, uint32_t address, uint32_t value, pbl_error *err) {
  faulty *d = self(dev);
  const pbl_status st = touch(d, address, true, err);
  if (st) return st;
  const bool start = address == PBL_REG_CTRL && (value & PBL_CTRL_START_MASK);
  d->started |= start;
  if (start && d->kind == HUNG) value &= ~(uint32_t)PBL_CTRL_START_MASK;
  return d->inner->ops->write32(d->inner, address, value, err);
}

/* ---- streams ---- */

static uint32_t draw(faulty *d) {
  d->random = d->random * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(d->random >> 32);
}

typedef pbl_status (*reader)(pbl_device *, uint32_t *, uint8_t *, size_t, size_t *, pbl_error *);

static reader reader_of(const faulty *d, size_t stream) {
  const pbl_device_ops *o = d->inner->ops;
  return stream == SAMPLES     ? o->stream_read
         : stream == TELEMETRY ? o->telemetry_read
                               : o->trace_read;
}

/* One word at a time: *n 0, 1 or (DOUBLE, room for it) 2. */
static pbl_status one_word(faulty *d, size_t stream, uint32_t *word, uint8_t *last, size_t room,
                           size_t *n, pbl_error *err) {
  uint64_t *count = &d->counts->words[stream];
  const bool mine = stream == d->stream;
  *n = 0;
  if (mine && d->kind == ENDLESS && *count >= d->nth) {
    *word = draw(d);
    *last = *count % 2 != 0;
    ++*count;
    *n = 1;
    return PBL_OK;
  }
  for (;;) {
    const pbl_status st = reader_of(d, stream)(d->inner, word, last, 1, n, err);
    if (st || *n == 0) return st;
    ++*count;
    const bool here = mine && *count == d->nth, from_here = mine && *count >= d->nth;
    if (here && d->kind == TLAST) *last = !*last;
    if (from_here && d->kind == NOISE) *word = draw(d);
    if (here && d->kind == DOUBLE && room > 1) {
      word[1] = word[0];
      last[1] = last[0];
      *n = 2;
    }
    if (!(here && d->kind == DROP) && !(from_here && d->kind == MUTE)) return PBL_OK;
  }
}

static pbl_status read_stream(faulty *d, size_t stream, uint32_t *dst, uint8_t *last,
                              size_t max_words, size_t *n_words, pbl_error *err) {
  *n_words = 0;
  if (is_dead(d)) return gone(d, err);
  while (*n_words < max_words) {
    uint32_t word[2];
    uint8_t ends[2];
    size_t n = 0;
    const pbl_status st = one_word(d, stream, word, ends, max_words - *n_words, &n, err);
    if (st) return st;
    if (n == 0) break;
    memcpy(dst + *n_words, word, n * sizeof *word);
    if (last) memcpy(last + *n_words, ends, n);
    *n_words += n;
  }
  return PBL_OK;
}

static pbl_status stream_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                              size_t *n_words, pbl_error *err) {
  return read_stream(self(dev), SAMPLES, dst, last, max_words, n_words, err);
}

static pbl_status telemetry_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                 size_t *n_words, pbl_error *err) {
  return read_stream(self(dev), TELEMETRY, dst, last, max_words, n_words, err);
}

static pbl_status trace_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                             size_t *n_words, pbl_error *err) {
  return read_stream(self(dev), TRACE, dst, last, max_words, n_words, err);
}

/* ---- time ---- */

static uint64_t cycles(const pbl_device *dev) {
  const faulty *d = (const faulty *)dev;
  const uint64_t now = d->inner->ops->cycles(d->inner) + d->passed;
  if (d->kind == BACKWARDS && d->counts->advances >= d->nth) return now / 16;
  return d->kind == STOPPED && d->counts->advances >= d->nth ? d->stands_at : now;
}

/* Receivers closed; the device runs into them and waits, for as long as it takes. */
static pbl_status advance_stalled(faulty *d, uint64_t max_cycles, pbl_error *err) {
  const uint64_t before = d->inner->ops->cycles(d->inner);
  if (!d->inner->ops
           ->stream_throttle) { /* the device that waits for its receiver, seen from outside */
    const uint64_t n = max_cycles < d->cycles ? max_cycles : d->cycles;
    d->passed += n;
    d->cycles -= n;
    return PBL_OK;
  }
  pbl_status st = d->stalled ? PBL_OK : d->inner->ops->stream_throttle(d->inner, 0, 1, err);
  d->stalled = true;
  if (!st) st = d->inner->ops->advance(d->inner, max_cycles, err);
  const uint64_t ran = d->inner->ops->cycles(d->inner) - before;
  d->cycles -= ran < d->cycles ? ran : d->cycles;
  return st || d->cycles > 0 ? st : d->inner->ops->stream_throttle(d->inner, 1000, 1, err);
}

static pbl_status advance(pbl_device *dev, uint64_t max_cycles, pbl_error *err) {
  faulty *d = self(dev);
  if (d->counts->advances < d->nth) d->stands_at = d->inner->ops->cycles(d->inner);
  d->counts->advances++;
  if (is_dead(d)) return gone(d, err);
  const bool late = d->counts->advances >= d->nth;
  if ((d->kind == HUNG && d->started) || (d->kind == FROZEN && late)) {
    d->passed += max_cycles;
    return PBL_OK;
  }
  if (d->kind == STOPPED && late) return PBL_OK;
  if (d->kind == STALL && late && d->cycles > 0) return advance_stalled(d, max_cycles, err);
  return d->inner->ops->advance(d->inner, max_cycles, err);
}

static pbl_status throttle(pbl_device *dev, unsigned permille, uint64_t seed, pbl_error *err) {
  return self(dev)->inner->ops->stream_throttle(self(dev)->inner, permille, seed, err);
}

static bool irq(const pbl_device *dev) {
  const faulty *d = (const faulty *)dev;
  return d->inner->ops->irq(d->inner);
}

static void close_device(pbl_device *dev) {
  faulty *d = self(dev);
  d->inner->ops->close(d->inner);
  free(d);
}

pbl_status pbl_faulty_open(pbl_device **out, pbl_device *inner, const char *fault,
                           pbl_faulty_counts *counts, pbl_error *err) {
  const pbl_device_ops *o = inner->ops;
  faulty *d = calloc(1, sizeof *d);
  *out = NULL;
  if (!d || !parse(d, fault ? fault : "")) {
    o->close(inner);
    free(d);
    return d ? pbl_fail(err, PBL_INVALID, "no fault: '%s'", fault)
             : pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  }
  d->inner = inner;
  d->counts = counts ? counts : &d->own;
  *d->counts = (pbl_faulty_counts){0};
  d->random = 1;
  d->ops = (pbl_device_ops){.name = o->name,
                            .close = close_device,
                            .read32 = read32,
                            .write32 = write32,
                            .stream_read = stream_read,
                            .telemetry_read = telemetry_read,
                            .trace_read = o->trace_read ? trace_read : NULL,
                            .advance = advance,
                            .cycles = cycles,
                            .stream_throttle = o->stream_throttle ? throttle : NULL,
                            .irq = o->irq ? irq : NULL};
  d->base.ops = &d->ops;
  *out = &d->base;
  return PBL_OK;
}

void pbl_faulty_print(FILE *file, const pbl_faulty_counts *c) {
  for (unsigned k = 0; k < 1024; k++)
    if (c->reads[k] || c->writes[k])
      fprintf(file, "0x%03x %" PRIu32 " %" PRIu32 "\n", 4 * k, c->reads[k], c->writes[k]);
  fprintf(file,
          "accesses %" PRIu64 "\nadvances %" PRIu64 "\nwords %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
          c->accesses, c->advances, c->words[0], c->words[1], c->words[2]);
}
