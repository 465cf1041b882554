#include "pbl_json.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH 32

typedef struct {
  bool is_object, has_items, has_lines; /* has_lines: the closing bracket starts a line */
} level;

struct pbl_json {
  FILE *f;
  char *path, *temporary; /* file variant; temporary NULL: straight into a device or pipe */
  char *text;             /* memory variant, owned by open_memstream until closed */
  size_t text_size;
  level stack[MAX_DEPTH];
  int depth;
  bool has_root;
  pbl_status status; /* first failure wins */
  char failure[256];
};

__attribute__((format(printf, 2, 3))) static void fail(pbl_json *j, const char *format, ...) {
  if (j->status != PBL_OK) return;
  j->status = PBL_INVALID;
  va_list args;
  va_start(args, format);
  vsnprintf(j->failure, sizeof j->failure, format, args);
  va_end(args);
}

pbl_status pbl_json_create_file(pbl_json **out, const char *path, pbl_error *err) {
  *out = NULL;
  pbl_json *j = calloc(1, sizeof *j);
  if (j == NULL) return pbl_fail(err, PBL_NO_MEMORY, "%s: no memory for a JSON writer", path);
  pbl_status s = PBL_OK;
  struct stat st;
  const bool direct = stat(path, &st) == 0 && !S_ISREG(st.st_mode); /* never replace a device */
  j->path = strdup(path);
  if (j->path == NULL || (!direct && asprintf(&j->temporary, "%s.tmp", path) < 0)) {
    j->temporary = NULL;
    s = pbl_fail(err, PBL_NO_MEMORY, "%s: no memory for a JSON writer", path);
  } else if ((j->f = fopen(direct ? path : j->temporary, "wb")) == NULL) {
    s = pbl_fail(err, PBL_IO, "%s: cannot create: %s", direct ? path : j->temporary,
                 strerror(errno));
  }
  if (s != PBL_OK) {
    free(j->path);
    free(j->temporary);
    free(j);
    return s;
  }
  *out = j;
  return PBL_OK;
}

pbl_status pbl_json_create_memory(pbl_json **out, pbl_error *err) {
  *out = NULL;
  pbl_json *j = calloc(1, sizeof *j);
  if (j != NULL) j->f = open_memstream(&j->text, &j->text_size);
  if (j == NULL || j->f == NULL) {
    free(j);
    return pbl_fail(err, PBL_NO_MEMORY, "no memory for a JSON writer");
  }
  *out = j;
  return PBL_OK;
}

/* Length of the valid UTF-8 sequence at p, 0 if there is none (overlong forms, surrogates and
 * values above U+10FFFF are invalid). The terminating NUL ends every sequence. */
static int utf8_length(const unsigned char *p) {
  if (p[0] < 0x80) return 1;
  const int n = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
                : p[0] >= 0xe0 && p[0] <= 0xef ? 3
                : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                               : 0;
  for (int i = 1; i < n; i++) {
    if ((p[i] & 0xc0) != 0x80) return 0;
  }
  if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
      (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
    return 0;
  return n;
}

static void put_string(FILE *f, const char *text) {
  static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: character, escape */
  fputc('"', f);
  for (const unsigned char *p = (const unsigned char *)text; *p != 0;) {
    const int length = utf8_length(p);
    const char *pair = NULL;
    for (size_t i = 0; length == 1 && named[i] != '\0'; i += 2) {
      if ((unsigned char)named[i] == *p) pair = named + i;
    }
    if (length == 0) {
      fputs("\xef\xbf\xbd", f); /* U+FFFD for a byte that is not UTF-8 */
    } else if (pair != NULL) {
      fputc('\\', f);
      fputc(pair[1], f);
    } else if (*p < 0x20 || *p == 0x7f) {
      fprintf(f, "\\u%04x", *p);
    } else if (*p == '/' && p > (const unsigned char *)text && p[-1] == '<') {
      fputs("\\/", f); /* the document may be embedded in an HTML script element */
    } else {
      fwrite(p, 1, (size_t)length, f);
    }
    p += length > 0 ? length : 1;
  }
  fputc('"', f);
}

static void new_line(pbl_json *j, int depth) {
  fputc('\n', j->f);
  for (int i = 0; i < depth; i++) fputs("  ", j->f);
}

/* Comma, line break and key before a value. False when the value must not be written. */
static bool begin_value(pbl_json *j, const char *key, bool is_container) {
  if (j == NULL || j->status != PBL_OK) return false;
  if (j->depth == 0) {
    if (j->has_root || key != NULL)
      fail(j, "JSON: one value without a key at the top (key: %s)", key != NULL ? key : "none");
    j->has_root = true;
    return j->status == PBL_OK;
  }
  level *top = &j->stack[j->depth - 1];
  if (top->is_object != (key != NULL)) {
    fail(j,
         top->is_object ? "JSON: a member of an object without a key%s"
                        : "JSON: an element of an array with the key %s",
         key != NULL ? key : "");
    return false;
  }
  if (top->has_items) fputc(',', j->f);
  if (top->is_object || is_container) {
    new_line(j, j->depth);
    top->has_lines = true;
  } else if (top->has_items) {
    fputc(' ', j->f);
  }
  top->has_items = true;
  if (key != NULL) {
    put_string(j->f, key);
    fputs(": ", j->f);
  }
  return true;
}

static void open_level(pbl_json *j, const char *key, bool is_object) {
  if (j != NULL && j->depth == MAX_DEPTH) fail(j, "JSON: deeper than %d levels", MAX_DEPTH);
  if (!begin_value(j, key, true)) return;
  fputc(is_object ? '{' : '[', j->f);
  j->stack[j->depth++] = (level){.is_object = is_object};
}

void pbl_json_object(pbl_json *j, const char *key) {
  open_level(j, key, true);
}

void pbl_json_array(pbl_json *j, const char *key) {
  open_level(j, key, false);
}

void pbl_json_end(pbl_json *j) {
  if (j == NULL || j->status != PBL_OK) return;
  if (j->depth == 0) {
    fail(j, "JSON: end without an open object or array");
    return;
  }
  const level *top = &j->stack[--j->depth];
  if (top->has_lines) new_line(j, j->depth);
  fputc(top->is_object ? '}' : ']', j->f);
}

void pbl_json_string(pbl_json *j, const char *key, const char *value) {
  if (!begin_value(j, key, false)) return;
  if (value != NULL) {
    put_string(j->f, value);
  } else {
    fputs("null", j->f);
  }
}

static void put_double(FILE *f, double value) {
  if (!isfinite(value)) {
    fputs("null", f);
    return;
  }
  char text[40];
  if (value == trunc(value) && fabs(value) < 1e15 && !(value == 0.0 && signbit(value))) {
    fprintf(f, "%lld", (long long)value);
    return;
  }
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  fputs(text, f);
}

void pbl_json_double(pbl_json *j, const char *key, double value) {
  if (begin_value(j, key, false)) put_double(j->f, value);
}

void pbl_json_int(pbl_json *j, const char *key, int64_t value) {
  if (begin_value(j, key, false)) fprintf(j->f, "%lld", (long long)value);
}

void pbl_json_bool(pbl_json *j, const char *key, bool value) {
  if (begin_value(j, key, false)) fputs(value ? "true" : "false", j->f);
}

void pbl_json_doubles(pbl_json *j, const char *key, const double *v, size_t n) {
  if (!begin_value(j, key, false)) return;
  fputc('[', j->f);
  for (size_t i = 0; i < n; i++) {
    if (i > 0) fputs(", ", j->f);
    put_double(j->f, v[i]);
  }
  fputc(']', j->f);
}

pbl_status pbl_json_close(pbl_json *j, char **text, pbl_error *err) {
  if (text != NULL) *text = NULL;
  if (j == NULL) return PBL_OK;
  const char *name = j->path != NULL ? j->path : "JSON text";
  if (j->depth > 0) fail(j, "JSON: %d objects or arrays were not closed", j->depth);
  if (!j->has_root) fail(j, "JSON: nothing was written");
  if (j->path != NULL) fputc('\n', j->f);
  const bool written = !ferror(j->f);
  const bool closed = fclose(j->f) == 0;
  pbl_status s = PBL_OK;
  if (j->status != PBL_OK) {
    s = pbl_fail(err, j->status, "%s: %s", name, j->failure);
  } else if (!written || !closed) {
    s = pbl_fail(err, j->path != NULL ? PBL_IO : PBL_NO_MEMORY, "%s: cannot write: %s", name,
                 strerror(errno));
  } else if (j->temporary != NULL && rename(j->temporary, j->path) != 0) {
    s = pbl_fail(err, PBL_IO, "%s: cannot rename %s to it: %s", name, j->temporary,
                 strerror(errno));
  }
  if (s != PBL_OK && j->temporary != NULL) unlink(j->temporary);
  if (s == PBL_OK && text != NULL && j->path == NULL) {
    *text = j->text;
  } else {
    free(j->text);
  }
  free(j->path);
  free(j->temporary);
  free(j);
  return s;
}
