/* One list of fields for writing and for reading them: little-endian, whatever the machine. Every
 * function names an object of the caller; writing appends its value, reading overwrites it. The
 * first failure sticks, and what follows it does nothing: check `status` once, at the end. */
#ifndef PBL_ARCHIVE_H
#define PBL_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_bytes.h"
#include "pbl_error.h"

typedef struct {
  pbl_bytes *out;          /* writing: goes here (borrowed); NULL: reading */
  const unsigned char *in; /* reading: n bytes (borrowed) */
  size_t n, at;
  pbl_status status; /* OK; NO_MEMORY (writing), FORMAT (reading beyond the end) */
} pbl_archive;

static inline pbl_archive pbl_archive_writer(pbl_bytes *out) {
  return (pbl_archive){.out = out};
}
static inline pbl_archive pbl_archive_reader(const void *bytes, size_t n) {
  return (pbl_archive){.in = bytes, .n = n};
}

/* Arrays of n elements; n may be 0. */
void pbl_archive_u8(pbl_archive *a, uint8_t *x, size_t n);
void pbl_archive_u16(pbl_archive *a, uint16_t *x, size_t n);
void pbl_archive_u32(pbl_archive *a, uint32_t *x, size_t n);
void pbl_archive_u64(pbl_archive *a, uint64_t *x, size_t n);
void pbl_archive_i16(pbl_archive *a, int16_t *x, size_t n);
void pbl_archive_i32(pbl_archive *a, int32_t *x, size_t n);
void pbl_archive_i64(pbl_archive *a, int64_t *x, size_t n);
/* Single values. */
void pbl_archive_bool(pbl_archive *a, bool *x);
void pbl_archive_int(pbl_archive *a, int *x);     /* 64 bits */
void pbl_archive_size(pbl_archive *a, size_t *x); /* 64 bits */
void pbl_archive_f64(pbl_archive *a, double *x);  /* its bits */
/* A number that must be the same when it is read: FORMAT. Of sizes and tags. */
void pbl_archive_same(pbl_archive *a, uint64_t value);
/* A field of enumeration type: PBL_ARCHIVE_ENUM(a, &x->mode, my_mode). */
#define PBL_ARCHIVE_ENUM(a, x, type) \
  do {                               \
    int pbl_value = (int)*(x);       \
    pbl_archive_int(a, &pbl_value);  \
    *(x) = (type)pbl_value;          \
  } while (0)

/* Nothing failed and, when reading, nothing is left. FORMAT, NO_MEMORY name `what`. */
pbl_status pbl_archive_finish(const pbl_archive *a, const char *what, pbl_error *err);

#endif
