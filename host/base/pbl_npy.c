#include "pbl_npy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, ".npy data is used in place");

#define MAGIC "\x93NUMPY"
#define MAGIC_SIZE 6
/* NumPy's own headers of plain types stay below 200 bytes; far longer ones are hostile. */
#define MAX_HEADER 65536

static const struct {
  size_t size;
  const char *code; /* without the byte order */
  char order;
} k_types[] = {
    [PBL_F64] = {8, "f8", '<'}, [PBL_F32] = {4, "f4", '<'},  [PBL_I32] = {4, "i4", '<'},
    [PBL_U8] = {1, "u1", '|'},  [PBL_I64] = {8, "i8", '<'},  [PBL_U32] = {4, "u4", '<'},
    [PBL_I8] = {1, "i1", '|'},  [PBL_I16] = {2, "i2", '<'},  [PBL_U16] = {2, "u2", '<'},
    [PBL_U64] = {8, "u8", '<'}, [PBL_BOOL] = {1, "b1", '|'},
};
#define N_TYPES (sizeof k_types / sizeof k_types[0])

size_t pbl_dtype_size(pbl_dtype t) {
  return k_types[t].size;
}

size_t pbl_array_count(const pbl_array *a) {
  size_t n = 1;
  for (int i = 0; i < a->n_dims; i++) n *= a->shape[i];
  return n;
}

void pbl_array_free(pbl_array *a) {
  if (a == NULL) return;
  free(a->data);
  *a = (pbl_array){.data = NULL};
}

/* Cursor over the header, a Python dictionary literal. */
typedef struct {
  const char *at, *end, *path;
  pbl_error *err;
} cursor;

static pbl_status bad_header(const cursor *c, const char *why) {
  return pbl_fail(c->err, PBL_FORMAT, "%s: bad .npy header: %s", c->path, why);
}

static void skip_space(cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t')) c->at++;
}

static bool take(cursor *c, char wanted) {
  skip_space(c);
  if (c->at == c->end || *c->at != wanted) return false;
  c->at++;
  return true;
}

static bool take_word(cursor *c, const char *word) {
  const size_t n = strlen(word);
  skip_space(c);
  if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0) return false;
  c->at += n;
  return true;
}

static bool take_string(cursor *c, char *text, size_t size) {
  skip_space(c);
  if (c->at == c->end || (*c->at != '\'' && *c->at != '"')) return false;
  const char quote = *c->at++;
  size_t n = 0;
  while (c->at < c->end && *c->at != quote) {
    if (n + 1 >= size) return false;
    text[n++] = *c->at++;
  }
  text[n] = '\0';
  return take(c, quote);
}

static pbl_status parse_type(cursor *c, pbl_dtype *type) {
  char text[32];
  skip_space(c);
  if (c->at < c->end && *c->at == '[')
    return bad_header(c, "structured arrays are not supported; save one plain array per file");
  if (!take_string(c, text, sizeof text)) return bad_header(c, "unreadable 'descr'");
  if (text[0] == '>')
    return pbl_fail(
        c->err, PBL_FORMAT,
        "%s: big-endian array (%s); convert it with a.astype(a.dtype.newbyteorder('<'))", c->path,
        text);
  if (strchr(text, 'O') != NULL)
    return pbl_fail(c->err, PBL_FORMAT, "%s: array of Python objects; save numbers instead",
                    c->path);
  for (size_t t = 0; t < N_TYPES; t++) {
    const bool order_fits = text[0] == '<' || (text[0] == '|' && k_types[t].size == 1);
    if (order_fits && strcmp(text + 1, k_types[t].code) == 0) {
      *type = (pbl_dtype)t;
      return PBL_OK;
    }
  }
  return pbl_fail(c->err, PBL_FORMAT,
                  "%s: type %s is not supported; use f8, f4, an integer or bool", c->path, text);
}

static pbl_status parse_size(cursor *c, size_t *value) {
  size_t v = 0;
  const char *start = c->at;
  for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
    if (__builtin_mul_overflow(v, (size_t)10, &v) ||
        __builtin_add_overflow(v, (size_t)(*c->at - '0'), &v))
      return bad_header(c, "a dimension overflows");
  }
  if (c->at == start) return bad_header(c, "a dimension is not a non-negative integer");
  *value = v;
  return PBL_OK;
}

static pbl_status parse_shape(cursor *c, pbl_array *a) {
  if (!take(c, '(')) return bad_header(c, "'shape' is not a tuple");
  while (!take(c, ')')) {
    if (a->n_dims == PBL_NPY_MAX_DIMS) return bad_header(c, "more than 8 dimensions");
    const pbl_status s = parse_size(c, &a->shape[a->n_dims]);
    if (s != PBL_OK) return s;
    a->n_dims++;
    if (take(c, ',')) continue;
    if (!take(c, ')')) return bad_header(c, "unterminated 'shape'");
    break;
  }
  return PBL_OK;
}

static pbl_status parse_header(pbl_array *a, cursor *c) {
  enum { DESCR = 1, ORDER = 2, SHAPE = 4 };
  unsigned seen = 0;
  if (!take(c, '{')) return bad_header(c, "not a dictionary");
  while (!take(c, '}')) {
    char key[32];
    unsigned field = 0;
    pbl_status s = PBL_OK;
    if (!take_string(c, key, sizeof key) || !take(c, ':')) return bad_header(c, "unreadable key");
    if (strcmp(key, "descr") == 0) {
      field = DESCR;
    } else if (strcmp(key, "fortran_order") == 0) {
      field = ORDER;
    } else if (strcmp(key, "shape") == 0) {
      field = SHAPE;
    }
    if (field == 0 || (seen & field)) return bad_header(c, "unknown or repeated key");
    seen |= field;
    if (field == DESCR) s = parse_type(c, &a->dtype);
    if (field == SHAPE) s = parse_shape(c, a);
    if (s != PBL_OK) return s;
    if (field == ORDER && take_word(c, "True"))
      return pbl_fail(c->err, PBL_FORMAT,
                      "%s: Fortran order; save it with numpy.ascontiguousarray(a)", c->path);
    if (field == ORDER && !take_word(c, "False"))
      return bad_header(c, "unreadable 'fortran_order'");
    if (!take(c, ',') && (c->at == c->end || *c->at != '}')) return bad_header(c, "missing comma");
  }
  skip_space(c);
  if (c->at != c->end) return bad_header(c, "text after the dictionary");
  return seen == (DESCR | ORDER | SHAPE) ? PBL_OK : bad_header(c, "a key is missing");
}

/* Reads magic, version and header; the file position is then at the data. */
static pbl_status read_header(pbl_array *a, FILE *f, const char *path, size_t *header_end,
                              pbl_error *err) {
  unsigned char start[12];
  if (fread(start, 1, 10, f) != 10 || memcmp(start, MAGIC, MAGIC_SIZE) != 0)
    return pbl_fail(err, PBL_FORMAT, "%s: not a .npy file", path);
  size_t length = (size_t)start[8] | (size_t)start[9] << 8;
  size_t offset = 10;
  if (start[6] == 2) {
    if (fread(start + 10, 1, 2, f) != 2)
      return pbl_fail(err, PBL_FORMAT, "%s: .npy header is cut short", path);
    length |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
    offset = 12;
  } else if (start[6] != 1) {
    return pbl_fail(err, PBL_FORMAT, "%s: .npy version %u.%u is not supported (1.0 and 2.0 are)",
                    path, start[6], start[7]);
  }
  if (length > MAX_HEADER)
    return pbl_fail(err, PBL_FORMAT, "%s: .npy header of %zu bytes (at most %d are read)", path,
                    length, MAX_HEADER);
  char *text = malloc(length + 1);
  if (text == NULL) return pbl_fail(err, PBL_NO_MEMORY, "%s: no memory for the header", path);
  pbl_status s;
  if (fread(text, 1, length, f) != length) {
    s = pbl_fail(err, PBL_FORMAT, "%s: .npy header is cut short", path);
  } else {
    cursor c = {.at = text, .end = text + length, .path = path, .err = err};
    s = parse_header(a, &c);
  }
  free(text);
  *header_end = offset + length;
  return s;
}

static void convert_to_f64(double *to, const void *from, pbl_dtype type, size_t n) {
#define PBL_CONVERT(type_name, ctype)                                        \
  case type_name:                                                            \
    for (size_t i = 0; i < n; i++) to[i] = (double)((const ctype *)from)[i]; \
    break
  switch (type) {
    PBL_CONVERT(PBL_F64, double);
    PBL_CONVERT(PBL_F32, float);
    PBL_CONVERT(PBL_I32, int32_t);
    PBL_CONVERT(PBL_U8, uint8_t);
    PBL_CONVERT(PBL_I64, int64_t);
    PBL_CONVERT(PBL_U32, uint32_t);
    PBL_CONVERT(PBL_I8, int8_t);
    PBL_CONVERT(PBL_I16, int16_t);
    PBL_CONVERT(PBL_U16, uint16_t);
    PBL_CONVERT(PBL_U64, uint64_t);
    PBL_CONVERT(PBL_BOOL, uint8_t);
  }
#undef PBL_CONVERT
}

/* Reads n values of a->dtype as float64, a piece at a time. */
static bool read_converted(double *to, size_t n, FILE *f, pbl_dtype type) {
  _Alignas(8) unsigned char piece[65536];
  const size_t size = pbl_dtype_size(type), room = sizeof piece / size;
  while (n > 0) {
    const size_t now = n < room ? n : room;
    if (fread(piece, size, now, f) != now) return false;
    convert_to_f64(to, piece, type, now);
    to += now;
    n -= now;
  }
  return true;
}

static pbl_status read_data(pbl_array *a, FILE *f, const char *path, size_t available, bool as_f64,
                            pbl_error *err) {
  const pbl_dtype type = a->dtype;
  size_t n = 1, bytes, held;
  bool overflow = false;
  for (int i = 0; i < a->n_dims; i++) overflow |= __builtin_mul_overflow(n, a->shape[i], &n);
  overflow |= __builtin_mul_overflow(n, pbl_dtype_size(type), &bytes);
  overflow |= __builtin_mul_overflow(n, as_f64 ? sizeof(double) : pbl_dtype_size(type), &held);
  if (overflow) return pbl_fail(err, PBL_FORMAT, "%s: the shape overflows", path);
  /* Compared before anything is allocated: a false shape cannot ask for more than the file has. */
  if (bytes != available)
    return pbl_fail(err, PBL_FORMAT, "%s: the shape needs %zu data bytes, the file has %zu", path,
                    bytes, available);
  a->data = malloc(held > 0 ? held : 1);
  if (a->data == NULL)
    return pbl_fail(err, PBL_NO_MEMORY, "%s: no memory for %zu bytes", path, held);
  const bool plain = !as_f64 || type == PBL_F64;
  if (plain ? fread(a->data, 1, bytes, f) != bytes : !read_converted(a->data, n, f, type))
    return pbl_fail(err, PBL_IO, "%s: cannot read %zu data bytes", path, bytes);
  if (as_f64) a->dtype = PBL_F64;
  return PBL_OK;
}

static pbl_status read_file(pbl_array *out, const char *path, bool as_f64, pbl_error *err) {
  *out = (pbl_array){.data = NULL};
  struct stat st;
  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) /* a pipe would wait for its writer for ever */
    return pbl_fail(err, PBL_IO, "%s: not a regular file", path);
  FILE *f = fopen(path, "rb");
  if (f == NULL) {
    const int e = errno;
    return pbl_fail(err, e == ENOENT ? PBL_NOT_FOUND : PBL_IO, "%s: cannot open: %s", path,
                    strerror(e));
  }
  pbl_array a = {.data = NULL};
  size_t header_end = 0;
  pbl_status s;
  if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
    s = pbl_fail(err, PBL_IO, "%s: not a regular file", path);
  } else {
    s = read_header(&a, f, path, &header_end, err);
  }
  if (s == PBL_OK) s = read_data(&a, f, path, (size_t)st.st_size - header_end, as_f64, err);
  fclose(f);
  if (s == PBL_OK) {
    *out = a;
  } else {
    pbl_array_free(&a);
  }
  return s;
}

pbl_status pbl_npy_read(pbl_array *out, const char *path, pbl_error *err) {
  return read_file(out, path, false, err);
}

pbl_status pbl_npy_read_f64(pbl_array *out, const char *path, pbl_error *err) {
  return read_file(out, path, true, err);
}

/* Version 1.0 header, padded so that the data start at a multiple of 64. Returns its size. */
static size_t format_header(char *buffer, size_t size, pbl_dtype t, int n_dims,
                            const size_t *shape) {
  int n = snprintf(buffer + 10, size - 10, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                   k_types[t].order, k_types[t].code);
  for (int i = 0; i < n_dims; i++)
    n += snprintf(buffer + 10 + n, size - 10 - (size_t)n, i == 0 ? "%zu," : " %zu,", shape[i]);
  if (n_dims > 1) n--; /* only a one-tuple ends in a comma */
  n += snprintf(buffer + 10 + n, size - 10 - (size_t)n, "), }");
  size_t end = 10 + (size_t)n;
  while ((end + 1) % 64 != 0) buffer[end++] = ' ';
  buffer[end++] = '\n';
  memcpy(buffer, MAGIC "\x01\x00", 8);
  buffer[8] = (char)((end - 10) & 0xff);
  buffer[9] = (char)((end - 10) >> 8);
  return end;
}

static pbl_status write_file(const char *path, const char *header, size_t header_size,
                             const void *data, size_t bytes, pbl_error *err) {
  FILE *f = fopen(path, "wb");
  if (f == NULL) return pbl_fail(err, PBL_IO, "%s: cannot create: %s", path, strerror(errno));
  bool ok = fwrite(header, 1, header_size, f) == header_size;
  if (bytes > 0) ok = ok && fwrite(data, 1, bytes, f) == bytes;
  const int write_errno = errno;
  if (fclose(f) != 0 && ok)
    return pbl_fail(err, PBL_IO, "%s: cannot write: %s", path, strerror(errno));
  if (!ok) return pbl_fail(err, PBL_IO, "%s: cannot write: %s", path, strerror(write_errno));
  return PBL_OK;
}

pbl_status pbl_npy_write(const char *path, pbl_dtype t, int n_dims, const size_t *shape,
                         const void *data, pbl_error *err) {
  if (n_dims < 0 || n_dims > PBL_NPY_MAX_DIMS || (size_t)t >= N_TYPES)
    return pbl_fail(err, PBL_INVALID, "%s: %d dimensions (0..%d) of type %d", path, n_dims,
                    PBL_NPY_MAX_DIMS, (int)t);
  size_t bytes = pbl_dtype_size(t);
  for (int i = 0; i < n_dims; i++) {
    if (__builtin_mul_overflow(bytes, shape[i], &bytes))
      return pbl_fail(err, PBL_INVALID, "%s: the shape overflows", path);
  }
  char header[512]; /* 64 + 8 dimensions of at most 22 characters + padding */
  const size_t header_size = format_header(header, sizeof header, t, n_dims, shape);
  char *temporary = NULL;
  struct stat there;
  if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) /* never replace a device */
    return write_file(path, header, header_size, data, bytes, err);
  if (asprintf(&temporary, "%s.tmp.%ld", path, (long)getpid()) < 0)
    return pbl_fail(err, PBL_NO_MEMORY, "%s: no memory for a file name", path);
  pbl_status s = write_file(temporary, header, header_size, data, bytes, err);
  if (s == PBL_OK && rename(temporary, path) != 0)
    s = pbl_fail(err, PBL_IO, "%s: cannot rename %s to it: %s", path, temporary, strerror(errno));
  if (s != PBL_OK) unlink(temporary);
  free(temporary);
  return s;
}
