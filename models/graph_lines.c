/* A strict reader of text files. */
#include "graph_lines.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pbl_graph.h"

static pbl_status refill(graph_lines *r, pbl_error *err) {
  const int got = gzread(r->file, r->chunk, GRAPH_CHUNK);
  int code;
  const char *text = gzerror(r->file, &code); /* a cut gzip stream ends quietly with Z_BUF_ERROR */
  if (got < 0 && code == Z_ERRNO) {
    return pbl_fail(err, PBL_IO, "cannot read %s: %s", r->path, strerror(errno));
  }
  if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) {
    return pbl_fail(err, PBL_FORMAT, "%s: damaged gzip data: %s", r->path, text);
  }
  r->at = 0;
  r->have = (size_t)got;
  r->ended = got == 0;
  return PBL_OK;
}

pbl_status graph_lines_open(graph_lines *r, const char *path, pbl_error *err) {
  struct stat info;
  memset(r, 0, sizeof *r);
  r->path = path;
  if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
    return pbl_fail(err, PBL_IO, "%s is a folder, not a graph file", path);
  }
  errno = 0;
  r->file = gzopen(path, "rb"); /* passes plain files through */
  if (r->file == NULL) {
    return pbl_fail(err, errno == ENOENT ? PBL_NOT_FOUND : PBL_IO, "cannot open %s: %s", path,
                    errno ? strerror(errno) : "out of memory");
  }
  return refill(r, err);
}

void graph_lines_close(graph_lines *r) {
  if (r->file != NULL) gzclose(r->file);
  r->file = NULL;
}

size_t graph_split_words(char *text, char *word[GRAPH_WORDS]) {
  size_t n = 0;
  for (char *at = text; *(at += strspn(at, " \t\r")) != '\0'; n++) {
    const size_t length = strcspn(at, " \t\r");
    const bool last = at[length] == '\0';
    if (n < GRAPH_WORDS) word[n] = at;
    at[length] = '\0';
    at += last ? length : length + 1;
  }
  return n;
}

/* Appends what the chunk holds of the present line; *complete when its end was there. */
static pbl_status take(graph_lines *r, size_t *length, bool *complete, pbl_error *err) {
  const char *from = r->chunk + r->at;
  const char *end = memchr(from, '\n', r->have - r->at);
  const size_t n = end != NULL ? (size_t)(end - from) : r->have - r->at;
  *complete = end != NULL;
  if (*length + n >= GRAPH_LINE) {
    return graph_line_refuse(r, err, "line of more than %d characters; is this a graph file?",
                             GRAPH_LINE - 1);
  }
  if (memchr(from, '\0', n) != NULL) {
    return graph_line_refuse(r, err, "a zero byte; is this a text file?");
  }
  memcpy(r->line + *length, from, n);
  *length += n;
  r->at += n + (end != NULL);
  return PBL_OK;
}

pbl_status graph_lines_next(graph_lines *r, bool *more, pbl_error *err) {
  size_t length = 0;
  bool complete = false;
  *more = false;
  r->number++;
  while (!complete) {
    if (r->at == r->have && !r->ended) {
      const pbl_status status = refill(r, err);
      if (status != PBL_OK) return status;
    }
    if (r->ended) break;
    const pbl_status status = take(r, &length, &complete, err);
    if (status != PBL_OK) return status;
  }
  if (!complete && length == 0) return PBL_OK;
  if (length > 0 && r->line[length - 1] == '\r') length--;
  r->line[length] = '\0';
  memcpy(r->split, r->line, length + 1);
  r->n_words = graph_split_words(r->split, r->word);
  *more = true;
  return PBL_OK;
}

pbl_status graph_lines_next_data(graph_lines *r, bool *more, char comment, pbl_error *err) {
  pbl_status status;
  do {
    status = graph_lines_next(r, more, err);
  } while (status == PBL_OK && *more && (r->n_words == 0 || r->word[0][0] == comment));
  return status;
}

pbl_status graph_line_refuse(const graph_lines *r, pbl_error *err, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return pbl_fail(err, PBL_FORMAT, "%s:%zu: %s", r->path, r->number, text);
}

pbl_status graph_word_count(size_t *out, const graph_lines *r, size_t k, const char *what,
                            size_t low, size_t high, pbl_error *err) {
  const char *word = r->word[k];
  const size_t length = strlen(word);
  const bool digits = length > 0 && strspn(word, "0123456789") == length;
  errno = 0;
  const unsigned long long value = digits ? strtoull(word, NULL, 10) : 0;
  *out = (size_t)value;
  if (digits && errno == 0 && value >= low && value <= high) return PBL_OK;
  return graph_line_refuse(r, err, "%s '%.40s' is no whole number from %zu to %zu", what, word, low,
                           high);
}

bool graph_is_number(const char *word) {
  char *end;
  if (word[0] == '\0' || word[strspn(word, "0123456789+-.eE")] != '\0') return false;
  strtod(word, &end);
  return *end == '\0';
}

pbl_status graph_word_number(double *out, const graph_lines *r, size_t k, const char *what,
                             pbl_error *err) {
  const char *word = r->word[k];
  *out = graph_is_number(word) ? strtod(word, NULL) : (double)NAN;
  if (!isfinite(*out))
    return graph_line_refuse(r, err, "%s '%.40s' is no finite decimal number", what, word);
  if (fabs(*out) <= PBL_GRAPH_MAX_VALUE) return PBL_OK;
  return graph_line_refuse(r, err, "%s '%.40s' is beyond %g, with which energies would overflow",
                           what, word, PBL_GRAPH_MAX_VALUE);
}
