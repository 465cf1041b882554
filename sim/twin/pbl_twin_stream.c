/* Samples, packed into frames as they leave the device, and telemetry: kept until the host takes
 * them. */
#include <stdlib.h>
#include <string.h>

#include "pbl_twin_internal.h"

size_t pbl_twin_stream_free(const pbl_twin_stream *s) {
  return PBL_TWIN_STREAM_CAP - (s->tail - s->head);
}

/* Room for n more words behind tail. */
static pbl_status reserve(pbl_twin_stream *s, size_t n, pbl_error *err) {
  const size_t used = s->tail - s->head;
  if (s->tail + n <= s->capacity) return PBL_OK;
  if (used + n > s->capacity / 2) {
    /* More than half full: a move alone would come back too soon. */
    const size_t capacity = 2 * (used + n);
    uint32_t *words = realloc(s->words, capacity * sizeof *words);
    if (words) s->words = words;
    uint8_t *last = realloc(s->last, capacity);
    if (last) s->last = last;
    if (!words || !last)
      return pbl_fail(err, PBL_NO_MEMORY, "twin device: no memory for %zu words of a stream",
                      capacity);
    s->capacity = capacity;
  }
  if (s->head > 0) {
    memmove(s->words, s->words + s->head, used * sizeof *s->words);
    memmove(s->last, s->last + s->head, used);
  }
  s->head = 0;
  s->tail = used;
  return PBL_OK;
}

/* n words that stand behind tail are a frame. */
static void append(pbl_twin_stream *s, size_t n) {
  memset(s->last + s->tail, 0, n);
  s->tail += n;
  s->last[s->tail - 1] = 1;
}

/* Appends the block's states of one context to the bits that wait in *held (n_held < 32). */
static uint32_t *pack_bits(const pbl_twin *t, const pbl_twin_block *b, int context, uint32_t *to,
                           uint64_t *held, int *n_held) {
  const int lanes = t->hw.lanes;
  const uint64_t lane_mask = ((uint64_t)1 << lanes) - 1;
  const uint16_t *low = pbl_twin_bits(t, b, context, 0);
  const uint16_t *high = t->n_groups > 1 ? pbl_twin_bits(t, b, context, 1) : NULL;
  for (int p = 0; p < b->n; p++) {
    const uint64_t states = (uint64_t)low[p] | (high ? (uint64_t)high[p] << PBL_TWIN_GROUP : 0);
    *held |= (states & lane_mask) << *n_held;
    *n_held += lanes;
    if (*n_held >= 32) {
      *to++ = (uint32_t)*held;
      *held >>= 32;
      *n_held -= 32;
    }
  }
  return to;
}

static void dense_frame(const pbl_twin *t, int context, uint32_t *to) {
  uint64_t held = 0;
  int n_held = 0;
  to = pack_bits(t, &t->visible, context, to, &held, &n_held);
  to = pack_bits(t, &t->hidden, context, to, &held, &n_held);
  if (n_held > 0) *to++ = (uint32_t)held;
}

void pbl_twin_frame(const pbl_twin *t, int context, uint32_t *to) {
  if (t->lattice) {
    pbl_twin_lattice_frame(t, context, to);
  } else if (t->sparse) {
    pbl_twin_sparse_frame(t, context, to);
  } else {
    dense_frame(t, context, to);
  }
}

pbl_status pbl_twin_emit_sample(pbl_twin *t, pbl_error *err) {
  pbl_twin_stream *s = &t->stream;
  const int contexts = pbl_hw_contexts(&t->hw);
  const pbl_status status = reserve(s, (size_t)contexts * s->frame_words, err);
  if (status != PBL_OK) return status;
  for (int c = 0; c < contexts; c++) {
    pbl_twin_frame(t, c, s->words + s->tail);
    append(s, s->frame_words);
    t->counters[PBL_TWIN_SAMPLES].value++;
  }
  return PBL_OK;
}

pbl_status pbl_twin_emit_labels(pbl_twin *t, pbl_error *err) {
  pbl_twin_stream *s = &t->stream;
  const size_t n = pbl_twin_exchange_words(&t->exchange);
  const pbl_status status = reserve(s, n, err);
  if (status != PBL_OK) return status;
  pbl_twin_exchange_frame(&t->exchange, s->words + s->tail);
  append(s, n);
  return PBL_OK;
}

pbl_status pbl_twin_emit_record(pbl_twin *t, const uint32_t record[PBL_TWIN_RECORD_WORDS],
                                pbl_error *err) {
  pbl_twin_stream *s = &t->telemetry;
  const pbl_status status = reserve(s, PBL_TWIN_RECORD_WORDS, err);
  if (status != PBL_OK) return status;
  memcpy(s->words + s->tail, record, PBL_TWIN_RECORD_WORDS * sizeof *record);
  append(s, PBL_TWIN_RECORD_WORDS);
  return PBL_OK;
}

static pbl_status take(pbl_twin_stream *s, uint32_t *dst, uint8_t *last, size_t max_words,
                       size_t *n_words, pbl_error *err) {
  if (!n_words || (!dst && max_words > 0))
    return pbl_fail(err, PBL_INVALID, "twin device: reading a stream: NULL argument");
  const size_t used = s->tail - s->head;
  const size_t n = max_words < used ? max_words : used;
  if (n > 0) memcpy(dst, s->words + s->head, n * sizeof *dst);
  if (n > 0 && last) memcpy(last, s->last + s->head, n);
  s->head += n;
  *n_words = n;
  return PBL_OK;
}

pbl_status pbl_twin_stream_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                size_t *n_words, pbl_error *err) {
  return take(&((pbl_twin *)dev)->stream, dst, last, max_words, n_words, err);
}

pbl_status pbl_twin_telemetry_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                   size_t *n_words, pbl_error *err) {
  return take(&((pbl_twin *)dev)->telemetry, dst, last, max_words, n_words, err);
}
