#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "pbl_trace.h"

#define MAGIC "PBLTRACE"
#define TAG(a, b, c, d) \
  ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define TAG_START TAG('S', 'T', 'R', 'T')
#define TAG_SWEEP TAG('S', 'W', 'E', 'P')
#define TAG_END TAG('E', 'N', 'D', ' ')
#define MOST_WORDS ((uint64_t)1 << 30) /* of a block */

enum { HW_FIELDS = 41 };

/* Every parameter of the hardware, in the order of the file. */
static void hw_fields(int32_t *field[HW_FIELDS], pbl_hw *hw, int32_t *fabric, int32_t *generator) {
  size_t n = 0;
  int32_t *const plain[] = {fabric,
                            &hw->n_visible,
                            &hw->n_hidden,
                            &hw->replicas,
                            &hw->lanes,
                            &hw->weight_int,
                            &hw->weight_frac,
                            &hw->beta_int,
                            &hw->beta_frac,
                            &hw->table_size,
                            &hw->table_range_log2,
                            &hw->threshold_bits,
                            &hw->rounding,
                            generator,
                            &hw->lfsr_steps,
                            &hw->field_bits,
                            &hw->lattice.side,
                            &hw->lattice.n_rules,
                            &hw->lattice.sites,
                            &hw->sparse.pbits,
                            &hw->sparse.edge_rows,
                            &hw->sparse.groups,
                            &hw->sparse.sites,
                            &hw->exchange,
                            &hw->statistics,
                            &hw->stat_pairs,
                            &hw->trace};
  for (; n < sizeof plain / sizeof plain[0]; n++) field[n] = plain[n];
  for (size_t k = 0; k < PBL_HW_MAX_RULES; k++) {
    field[n++] = &hw->lattice.rule_a[k];
    field[n++] = &hw->lattice.rule_b[k];
  }
  field[n++] = &hw->no_regulator;
  field[n++] = &hw->cells_per_generator;
}

/* ---- words of a block ---- */

typedef struct {
  uint32_t *word;
  size_t n, capacity, at; /* at: the next to be read */
  bool failed;            /* no memory, or read beyond the end */
} words;

static void put(words *w, uint32_t word) {
  if (w->n == w->capacity && !w->failed) {
    const size_t capacity = w->capacity > 0 ? 2 * w->capacity : 1024;
    uint32_t *larger = realloc(w->word, capacity * sizeof *larger);
    w->failed = larger == NULL;
    if (larger != NULL) {
      w->word = larger;
      w->capacity = capacity;
    }
  }
  if (!w->failed) w->word[w->n++] = word;
}

static uint32_t get(words *w) {
  if (w->at < w->n) return w->word[w->at++];
  w->failed = true;
  return 0;
}

static void put_bytes(words *w, const uint8_t *byte, size_t n) {
  for (size_t k = 0; k < n; k += 4) {
    uint32_t word = 0;
    for (size_t b = 0; b < 4 && k + b < n; b++) word |= (uint32_t)byte[k + b] << (8 * b);
    put(w, word);
  }
}

static void get_bytes(uint8_t *byte, size_t n, words *w) {
  for (size_t k = 0; k < n; k += 4) {
    const uint32_t word = get(w);
    for (size_t b = 0; b < 4 && k + b < n; b++) byte[k + b] = (uint8_t)(word >> (8 * b));
  }
}

/* Little-endian, whatever the host. */
static void to_bytes(uint8_t *byte, const uint32_t *word, size_t n) {
  for (size_t k = 0; k < n; k++)
    for (size_t b = 0; b < 4; b++) byte[4 * k + b] = (uint8_t)(word[k] >> (8 * b));
}

static void from_bytes(uint32_t *word, const uint8_t *byte, size_t n) {
  for (size_t k = 0; k < n; k++) {
    word[k] = 0;
    for (size_t b = 0; b < 4; b++) word[k] |= (uint32_t)byte[4 * k + b] << (8 * b);
  }
}

/* ---- START ---- */

static void put_start(words *w, const pbl_trace_start *s) {
  pbl_hw hw = s->hw;
  int32_t *field[HW_FIELDS], fabric = (int32_t)hw.fabric, generator = (int32_t)hw.generator;
  char name[PBL_TRACE_NAME] = "";
  hw_fields(field, &hw, &fabric, &generator);
  snprintf(name, sizeof name, "%s", s->name);
  put_bytes(w, (const uint8_t *)name, sizeof name);
  for (size_t k = 0; k < HW_FIELDS; k++) put(w, field[k] ? (uint32_t)*field[k] : 0);
  put(w, (uint32_t)s->kernel);
  put(w, s->coupled);
  for (size_t k = 0; k < pbl_trace_image_words(&hw); k++) put(w, (uint32_t)s->words[k]);
  for (size_t k = 0; k < pbl_trace_schedule_words(&hw); k++) put(w, (uint32_t)s->schedule[k]);
  for (size_t k = 0; k < (size_t)hw.table_size; k++) put(w, s->table[k]);
  put_bytes(w, s->clamp, (size_t)pbl_hw_pbits(&hw));
  put_bytes(w, s->state, pbl_trace_states(&hw));
  for (size_t k = 0; k < pbl_trace_generator_words(&hw); k++) put(w, s->generators[k]);
}

static pbl_status get_start(pbl_trace_start *s, words *w, const char *path, pbl_error *err) {
  pbl_hw hw = {0};
  int32_t *field[HW_FIELDS], fabric = 0, generator = 0;
  uint8_t name[PBL_TRACE_NAME];
  hw_fields(field, &hw, &fabric, &generator);
  get_bytes(name, sizeof name, w);
  name[sizeof name - 1] = 0;
  for (size_t k = 0; k < HW_FIELDS; k++) {
    const int32_t value = (int32_t)get(w);
    if (field[k]) *field[k] = value;
  }
  hw.fabric = (pbl_fabric)fabric;
  hw.generator = (pbl_generator)generator;
  if (hw.cells_per_generator == 0) hw.cells_per_generator = 1; /* older than the parameter */
  const uint32_t kernel = get(w), coupled = get(w);
  pbl_status st = pbl_trace_start_create(s, (const char *)name, &hw, (pbl_kernel)kernel, err);
  if (st != PBL_OK) return pbl_wrap(err, st, "%s", path);
  s->coupled = coupled != 0;
  for (size_t k = 0; k < pbl_trace_image_words(&hw); k++) s->words[k] = (int32_t)get(w);
  for (size_t k = 0; k < pbl_trace_schedule_words(&hw); k++) s->schedule[k] = (int32_t)get(w);
  for (size_t k = 0; k < (size_t)hw.table_size; k++) s->table[k] = get(w);
  get_bytes(s->clamp, (size_t)pbl_hw_pbits(&hw), w);
  get_bytes(s->state, pbl_trace_states(&hw), w);
  for (size_t k = 0; k < pbl_trace_generator_words(&hw); k++) s->generators[k] = get(w);
  if (w->failed || w->at != w->n)
    return pbl_fail(err, PBL_FORMAT,
                    "%s: the start of the trace has %zu words, which do not fit its hardware", path,
                    w->n);
  return PBL_OK;
}

/* ---- writer ---- */

struct pbl_trace_writer {
  FILE *file;
  char *path;
  words block;
  uint64_t n_sweeps;
};

static pbl_status write_failed(const pbl_trace_writer *w, pbl_error *err) {
  return pbl_fail(err, PBL_IO, "cannot write %s: %s", w->path, strerror(errno));
}

static pbl_status write_block(pbl_trace_writer *w, uint32_t tag, pbl_error *err) {
  const words *b = &w->block;
  const uint64_t bytes = 4 * (uint64_t)b->n;
  const uint32_t head[3] = {tag, (uint32_t)bytes, (uint32_t)(bytes >> 32)};
  uint8_t around[16], *payload = b->failed ? NULL : malloc(bytes + 1);
  if (payload == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory for a block of a trace");
  to_bytes(payload, b->word, b->n);
  const uint32_t sum = (uint32_t)crc32_z(0, payload, bytes);
  to_bytes(around, head, 3);
  to_bytes(around + 12, &sum, 1);
  const bool written = fwrite(around, 1, 12, w->file) == 12 &&
                       fwrite(payload, 1, bytes, w->file) == bytes &&
                       fwrite(around + 12, 1, 4, w->file) == 4;
  free(payload);
  return written ? PBL_OK : write_failed(w, err);
}

pbl_status pbl_trace_writer_open(pbl_trace_writer **out, const char *path,
                                 const pbl_trace_start *start, pbl_error *err) {
  *out = NULL;
  pbl_trace_writer *w = calloc(1, sizeof *w);
  if (w != NULL) w->path = strdup(path);
  if (w == NULL || w->path == NULL) {
    free(w);
    return pbl_fail(err, PBL_NO_MEMORY, "no memory to write a trace");
  }
  w->file = fopen(path, "wb");
  pbl_status st = w->file ? PBL_OK : write_failed(w, err);
  uint8_t head[12] = MAGIC;
  to_bytes(head + 8, &(uint32_t){PBL_TRACE_VERSION}, 1);
  if (st == PBL_OK && fwrite(head, 1, sizeof head, w->file) != sizeof head)
    st = write_failed(w, err);
  put_start(&w->block, start);
  if (st == PBL_OK) st = write_block(w, TAG_START, err);
  if (st == PBL_OK) {
    *out = w;
  } else {
    (void)pbl_trace_writer_close(w, false, NULL);
  }
  return st;
}

pbl_status pbl_trace_writer_sweep(pbl_trace_writer *w, const pbl_trace_sweep *sweep,
                                  pbl_error *err) {
  words *b = &w->block;
  b->n = 0;
  put(b, (uint32_t)++w->n_sweeps);
  put(b, (uint32_t)sweep->n_draws);
  put(b, (uint32_t)sweep->n_betas);
  for (size_t k = 0; k < sweep->n_betas; k++) put(b, sweep->betas[k]);
  for (size_t k = 0; k < sweep->n_records * PBL_TRACE_WORDS; k++) put(b, sweep->records[k]);
  return write_block(w, TAG_SWEEP, err);
}

pbl_status pbl_trace_writer_close(pbl_trace_writer *w, bool complete, pbl_error *err) {
  pbl_status st = PBL_OK;
  if (w == NULL) return PBL_OK;
  if (w->file != NULL && complete) {
    w->block.n = 0;
    put(&w->block, (uint32_t)w->n_sweeps);
    st = write_block(w, TAG_END, err);
  }
  if (w->file != NULL && fclose(w->file) != 0 && st == PBL_OK) st = write_failed(w, err);
  free(w->block.word);
  free(w->path);
  free(w);
  return st;
}

/* ---- reader ---- */

struct pbl_trace_reader {
  FILE *file;
  char *path;
  pbl_trace_start start;
  words block;
  uint32_t n_sweeps;
};

static pbl_status cut(const pbl_trace_reader *r, pbl_error *err) {
  if (ferror(r->file)) return pbl_fail(err, PBL_IO, "cannot read %s: %s", r->path, strerror(errno));
  return pbl_fail(err, PBL_FORMAT,
                  "%s: the file ends after %" PRIu32
                  " sweeps without its mark of the end: it was cut, or its writing broke off",
                  r->path, r->n_sweeps);
}

static pbl_status damaged(const pbl_trace_reader *r, const char *what, pbl_error *err) {
  return pbl_fail(err, PBL_FORMAT, "%s: damaged after sweep %" PRIu32 ": %s", r->path, r->n_sweeps,
                  what);
}

/* In pieces, so that a damaged length asks for no more memory than there is file. */
static pbl_status read_payload(pbl_trace_reader *r, uint64_t n, uLong *sum, pbl_error *err) {
  uint8_t byte[4096];
  uint32_t word[1024];
  r->block.n = r->block.at = 0;
  r->block.failed = false;
  *sum = crc32_z(0, NULL, 0);
  for (uint64_t done = 0; done < n;) {
    const size_t piece = n - done < 1024 ? (size_t)(n - done) : 1024;
    if (fread(byte, 4, piece, r->file) != piece) return cut(r, err);
    *sum = crc32_z(*sum, byte, 4 * piece);
    from_bytes(word, byte, piece);
    for (size_t k = 0; k < piece; k++) put(&r->block, word[k]);
    done += piece;
  }
  return r->block.failed ? pbl_fail(err, PBL_NO_MEMORY, "no memory to read %s", r->path) : PBL_OK;
}

static pbl_status read_block(uint32_t *tag, pbl_trace_reader *r, pbl_error *err) {
  uint8_t byte[12];
  uint32_t head[3], stored;
  uLong sum;
  if (fread(byte, 1, 12, r->file) != 12) return cut(r, err);
  from_bytes(head, byte, 3);
  const uint64_t bytes = (uint64_t)head[2] << 32 | head[1];
  *tag = head[0];
  if ((*tag != TAG_START && *tag != TAG_SWEEP && *tag != TAG_END) || bytes % 4 != 0 ||
      bytes / 4 > MOST_WORDS)
    return damaged(r, "what follows is no block of a trace", err);
  const pbl_status st = read_payload(r, bytes / 4, &sum, err);
  if (st != PBL_OK) return st;
  if (fread(byte, 1, 4, r->file) != 4) return cut(r, err);
  from_bytes(&stored, byte, 1);
  return stored == (uint32_t)sum ? PBL_OK : damaged(r, "a checksum is wrong", err);
}

static pbl_status read_start(pbl_trace_reader *r, pbl_error *err) {
  uint8_t head[12];
  uint32_t version, tag;
  if (fread(head, 1, 12, r->file) != 12 || memcmp(head, MAGIC, 8) != 0)
    return pbl_fail(err, PBL_FORMAT, "%s is no trace of pbitloop", r->path);
  from_bytes(&version, head + 8, 1);
  if (version != PBL_TRACE_VERSION)
    return pbl_fail(err, PBL_FORMAT, "%s: version %" PRIu32 " of the format, this program reads %u",
                    r->path, version, PBL_TRACE_VERSION);
  const pbl_status st = read_block(&tag, r, err);
  if (st != PBL_OK) return st;
  if (tag != TAG_START) return damaged(r, "it does not begin with its start", err);
  return get_start(&r->start, &r->block, r->path, err);
}

pbl_status pbl_trace_reader_open(pbl_trace_reader **out, const char *path, pbl_error *err) {
  *out = NULL;
  pbl_trace_reader *r = calloc(1, sizeof *r);
  if (r != NULL) r->path = strdup(path);
  if (r == NULL || r->path == NULL) {
    free(r);
    return pbl_fail(err, PBL_NO_MEMORY, "no memory to read a trace");
  }
  r->file = fopen(path, "rb");
  const pbl_status st = r->file ? read_start(r, err)
                                : pbl_fail(err, errno == ENOENT ? PBL_NOT_FOUND : PBL_IO,
                                           "cannot open %s: %s", path, strerror(errno));
  if (st == PBL_OK) {
    *out = r;
  } else {
    pbl_trace_reader_close(r);
  }
  return st;
}

void pbl_trace_reader_close(pbl_trace_reader *r) {
  if (r == NULL) return;
  if (r->file != NULL) fclose(r->file);
  pbl_trace_start_release(&r->start);
  free(r->block.word);
  free(r->path);
  free(r);
}

const pbl_trace_start *pbl_trace_reader_start(const pbl_trace_reader *r) {
  return &r->start;
}

pbl_status pbl_trace_reader_next(pbl_trace_sweep *out, bool *end, pbl_trace_reader *r,
                                 pbl_error *err) {
  uint32_t tag;
  *end = false;
  *out = (pbl_trace_sweep){0};
  const pbl_status st = read_block(&tag, r, err);
  if (st != PBL_OK) return st;
  words *b = &r->block;
  const uint32_t number = get(b);
  if (tag == TAG_END) {
    *end = true;
    if (number != r->n_sweeps) return damaged(r, "sweeps are missing", err);
    if (fgetc(r->file) != EOF) return damaged(r, "something follows its end", err);
    return PBL_OK;
  }
  if (tag != TAG_SWEEP) return damaged(r, "it begins anew", err);
  if (number != r->n_sweeps + 1) return damaged(r, "sweeps are missing or out of order", err);
  out->n_draws = get(b);
  out->n_betas = get(b);
  const size_t left = b->n - b->at;
  if (b->failed || out->n_betas > left || (left - out->n_betas) % PBL_TRACE_WORDS != 0 ||
      (out->n_betas != 1 && out->n_betas != (size_t)r->start.hw.replicas))
    return damaged(r, "a sweep of impossible length", err);
  out->betas = b->word + b->at;
  out->records = out->betas + out->n_betas;
  out->n_records = (left - out->n_betas) / PBL_TRACE_WORDS;
  r->n_sweeps++;
  return PBL_OK;
}
