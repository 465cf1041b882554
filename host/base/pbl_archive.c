#include "pbl_archive.h"

#include <stdlib.h>
#include <string.h>

pbl_status pbl_bytes_append(pbl_bytes *b, const void *data, size_t n, pbl_error *err) {
  if (n > b->capacity - b->n) {
    const size_t capacity = b->n + n + b->capacity;
    unsigned char *grown = realloc(b->data, capacity);
    if (!grown) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu bytes", capacity);
    b->data = grown;
    b->capacity = capacity;
  }
  if (n > 0) memcpy(b->data + b->n, data, n);
  b->n += n;
  return PBL_OK;
}

void pbl_bytes_free(pbl_bytes *b) {
  if (!b) return;
  free(b->data);
  *b = (pbl_bytes){0};
}

static void put(pbl_archive *a, uint64_t value, size_t width) {
  unsigned char bytes[8];
  for (size_t k = 0; k < width; k++) bytes[k] = (unsigned char)(value >> 8 * k);
  a->status = pbl_bytes_append(a->out, bytes, width, NULL);
}

static uint64_t get(pbl_archive *a, size_t width) {
  uint64_t value = 0;
  for (size_t k = 0; k < width; k++) value |= (uint64_t)a->in[a->at + k] << 8 * k;
  a->at += width;
  return value;
}

/* Room for n elements of so many bytes. */
static bool begin(pbl_archive *a, size_t n, size_t width) {
  if (a->status) return false;
  if (!a->out && n > (a->n - a->at) / width) a->status = PBL_FORMAT;
  return !a->status;
}

#define DEFINE_ARRAY(suffix, type, width)                        \
  void pbl_archive_##suffix(pbl_archive *a, type *x, size_t n) { \
    if (!begin(a, n, width)) return;                             \
    for (size_t i = 0; i < n && !a->status; i++) {               \
      if (a->out)                                                \
        put(a, (uint64_t)x[i], width);                           \
      else                                                       \
        x[i] = (type)get(a, width);                              \
    }                                                            \
  }

DEFINE_ARRAY(u16, uint16_t, 2)
DEFINE_ARRAY(u32, uint32_t, 4)
DEFINE_ARRAY(u64, uint64_t, 8)
DEFINE_ARRAY(i16, int16_t, 2)
DEFINE_ARRAY(i32, int32_t, 4)
DEFINE_ARRAY(i64, int64_t, 8)

void pbl_archive_u8(pbl_archive *a, uint8_t *x, size_t n) {
  if (n == 0 || !begin(a, n, 1)) return;
  if (a->out) {
    a->status = pbl_bytes_append(a->out, x, n, NULL);
    return;
  }
  memcpy(x, a->in + a->at, n);
  a->at += n;
}

void pbl_archive_bool(pbl_archive *a, bool *x) {
  uint8_t byte = *x;
  pbl_archive_u8(a, &byte, 1);
  *x = byte != 0;
}

void pbl_archive_int(pbl_archive *a, int *x) {
  int64_t value = *x;
  pbl_archive_i64(a, &value, 1);
  *x = (int)value;
}

void pbl_archive_size(pbl_archive *a, size_t *x) {
  uint64_t value = *x;
  pbl_archive_u64(a, &value, 1);
  *x = (size_t)value;
}

void pbl_archive_f64(pbl_archive *a, double *x) {
  uint64_t bits;
  memcpy(&bits, x, sizeof bits);
  pbl_archive_u64(a, &bits, 1);
  memcpy(x, &bits, sizeof bits);
}

void pbl_archive_same(pbl_archive *a, uint64_t value) {
  uint64_t read = value;
  pbl_archive_u64(a, &read, 1);
  if (!a->status && read != value) a->status = PBL_FORMAT;
}

pbl_status pbl_archive_finish(const pbl_archive *a, const char *what, pbl_error *err) {
  if (a->status == PBL_NO_MEMORY) return pbl_fail(err, PBL_NO_MEMORY, "%s: no memory", what);
  if (a->status)
    return pbl_fail(err, PBL_FORMAT, "%s: its bytes do not have the layout of this version", what);
  if (!a->out && a->at != a->n)
    return pbl_fail(err, PBL_FORMAT, "%s: %zu bytes more than this version has", what,
                    a->n - a->at);
  return PBL_OK;
}
