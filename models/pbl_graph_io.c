/* Which format a graph file has, reading and saving. */
#include "pbl_graph_io.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph_read.h"
#include "graph_write.h"

static const char *const k_names[] = {NULL, "graph", "edges", "gset", "mtx", "model"};

const char *pbl_graph_format_name(pbl_graph_format format) {
  return k_names[format];
}

pbl_status pbl_graph_format_parse(pbl_graph_format *out, const char *name, pbl_error *err) {
  for (int k = PBL_GRAPH_OWN; k <= PBL_GRAPH_MODEL; k++) {
    *out = (pbl_graph_format)k;
    if (strcmp(name, k_names[k]) == 0) return PBL_OK;
  }
  *out = PBL_GRAPH_DETECT;
  return pbl_fail(err, PBL_USAGE, "graph format '%s' is none of " PBL_GRAPH_FORMATS, name);
}

pbl_graph_format pbl_graph_format_of_name(const char *path) {
  static const struct {
    const char *ending;
    pbl_graph_format format;
  } list[] = {{".graph", PBL_GRAPH_OWN}, {".edges", PBL_GRAPH_EDGES}, {".el", PBL_GRAPH_EDGES},
              {".txt", PBL_GRAPH_EDGES}, {".gset", PBL_GRAPH_GSET},   {".mtx", PBL_GRAPH_MTX}};
  size_t length = strlen(path);
  if (length > 3 && strcasecmp(path + length - 3, ".gz") == 0) length -= 3;
  for (size_t k = 0; k < sizeof list / sizeof *list; k++) {
    const size_t n = strlen(list[k].ending);
    if (length > n && strncasecmp(path + length - n, list[k].ending, n) == 0) return list[k].format;
  }
  return PBL_GRAPH_DETECT;
}

/* A value, be it one that no graph may have: nan, inf, 0x1p3. */
static bool is_value(const char *word) {
  char *end;
  strtod(word, &end);
  return end != word && *end == '\0';
}

/* First line of data of an edge list or a Gset file. */
static pbl_graph_format guess_by_words(char *line) {
  char *word[GRAPH_WORDS];
  const size_t n = graph_split_words(line, word);
  const bool numbers = n >= 2 && graph_is_number(word[0]) && graph_is_number(word[1]);
  if (n == 3 && (strcmp(word[0], "h") == 0 || (numbers && is_value(word[2])))) {
    return PBL_GRAPH_EDGES;
  }
  return numbers && n <= 3 ? PBL_GRAPH_GSET : PBL_GRAPH_DETECT;
}

/* Looks at the first chunk without consuming it. */
static pbl_graph_format guess(const graph_lines *r) {
  const char *at = r->chunk, *end = r->chunk + r->have;
  const size_t own = strlen("pbitloop graph"), mtx = strlen("%%MatrixMarket");
  if (r->have >= own && memcmp(at, "pbitloop graph", own) == 0) return PBL_GRAPH_OWN;
  if (r->have >= mtx && strncasecmp(at, "%%MatrixMarket", mtx) == 0) return PBL_GRAPH_MTX;
  while (at < end) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    if (stop == NULL) stop = end;
    char line[256];
    const size_t length = (size_t)(stop - at);
    const size_t kept = length < sizeof line ? length : sizeof line - 1;
    memcpy(line, at, kept);
    line[kept] = '\0';
    const char first = line[strspn(line, " \t\r")];
    if (first != '\0' && first != '#') return guess_by_words(line);
    at = stop < end ? stop + 1 : end;
  }
  return PBL_GRAPH_DETECT;
}

static bool ends_in_txt(const char *path) {
  const size_t n = strlen(path), tail = n > 3 && strcasecmp(path + n - 3, ".gz") == 0 ? 3 : 0;
  return n > tail + 4 && strncasecmp(path + n - tail - 4, ".txt", 4) == 0;
}

/* The content decides, but for two mistakes that the name shows: an unweighted edge list looks like
 * a Gset file (whose own copies may end in .txt), and a matrix that lost its first line like edges.
 */
static pbl_status detect(pbl_graph_format *format, const graph_lines *r, pbl_error *err) {
  const pbl_graph_format named = pbl_graph_format_of_name(r->path);
  if (*format == PBL_GRAPH_DETECT) *format = guess(r);
  const bool edges = named == PBL_GRAPH_EDGES && !ends_in_txt(r->path);
  if (*format == PBL_GRAPH_DETECT || (*format == PBL_GRAPH_GSET && edges) ||
      (*format == PBL_GRAPH_EDGES && named == PBL_GRAPH_MTX))
    *format = named;
  if (*format != PBL_GRAPH_DETECT) return PBL_OK;
  return pbl_fail(err, PBL_FORMAT,
                  "%s: neither its beginning nor its name tells the format; give it "
                  "(" PBL_GRAPH_FORMATS ")",
                  r->path);
}

static pbl_status parse(graph_parse *p, graph_lines *r, pbl_graph_format format, pbl_error *err) {
  switch (format) {
    case PBL_GRAPH_OWN:
      return graph_read_own(p, r, err);
    case PBL_GRAPH_EDGES:
      return graph_read_edges(p, r, err);
    case PBL_GRAPH_GSET:
      return graph_read_gset(p, r, err);
    case PBL_GRAPH_MTX:
      return graph_read_mtx(p, r, err);
    case PBL_GRAPH_DETECT:
    case PBL_GRAPH_MODEL:
    default:
      return pbl_fail(err, PBL_INVALID, "%s: a file cannot be read as a model folder", r->path);
  }
}

/* Name of the file without folder, .gz and ending. */
static void name_of_path(char *out, size_t size, const char *path) {
  const char *slash = strrchr(path, '/');
  snprintf(out, size, "%s", slash != NULL ? slash + 1 : path);
  char *dot = strrchr(out, '.');
  if (dot != NULL && dot != out && strcasecmp(dot, ".gz") == 0) {
    *dot = '\0';
    dot = strrchr(out, '.');
  }
  if (dot != NULL && dot != out) *dot = '\0';
}

static void label(pbl_graph *g, const graph_parse *p, const char *path, pbl_graph_format format) {
  memcpy(g->name, p->name, sizeof g->name);
  memcpy(g->provenance, p->provenance, sizeof g->provenance);
  if (format == PBL_GRAPH_OWN) return;
  name_of_path(g->name, sizeof g->name, path);
  snprintf(g->provenance, sizeof g->provenance, "read from %.900s (%s)", path,
           pbl_graph_format_name(format));
}

static pbl_status load_file(pbl_graph **out, const char *path, const pbl_graph_read_options *o,
                            pbl_graph_source *source, graph_lines *r, pbl_error *err) {
  pbl_graph_format format = o->format;
  graph_parse p = {.builder = {.path = path}, .base = o->base};
  pbl_status status = graph_lines_open(r, path, err);
  if (status == PBL_OK) status = detect(&format, r, err);
  if (status == PBL_OK) status = parse(&p, r, format, err);
  if (status == PBL_OK) status = graph_build(out, &p.builder, p.n, err);
  if (status == PBL_OK) {
    label(*out, &p, path, format);
    *source = (pbl_graph_source){.format = format, .base = p.base};
  }
  graph_lines_close(r);
  graph_builder_free(&p.builder);
  return status;
}

static pbl_status load_model(pbl_graph **out, const char *path, pbl_graph_source *source,
                             pbl_error *err) {
  pbl_rbm *m = NULL;
  pbl_status status = pbl_rbm_load(&m, path, err);
  if (status == PBL_OK) status = pbl_graph_from_rbm(out, m, err);
  pbl_rbm_destroy(m);
  *source = (pbl_graph_source){.format = PBL_GRAPH_MODEL, .base = 0};
  return status;
}

pbl_status pbl_graph_load(pbl_graph **out, const char *path, const pbl_graph_read_options *options,
                          pbl_graph_source *source, pbl_error *err) {
  const pbl_graph_read_options o =
      options != NULL ? *options : (pbl_graph_read_options){.base = -1};
  pbl_graph_source unused;
  struct stat info;
  *out = NULL;
  if (o.base < -1 || o.base > 1) {
    return pbl_fail(err, PBL_INVALID, "base %d of node numbers; allowed are 0 and 1", o.base);
  }
  if (source == NULL) source = &unused;
  const bool folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
  if (o.format == PBL_GRAPH_MODEL || (o.format == PBL_GRAPH_DETECT && folder)) {
    return load_model(out, path, source, err);
  }
  graph_lines *r = malloc(sizeof *r);
  if (r == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory to read %s", path);
  const pbl_status status = load_file(out, path, &o, source, r, err);
  free(r);
  return status;
}

static pbl_status check_savable(const pbl_graph *g, pbl_graph_format format, pbl_error *err) {
  if (format == PBL_GRAPH_DETECT || format == PBL_GRAPH_MODEL) {
    return pbl_fail(err, PBL_INVALID, "a graph can be saved as graph, edges, gset or mtx");
  }
  for (size_t i = 0; format == PBL_GRAPH_GSET && i < g->n; i++) {
    if (g->field[i] == 0) continue;
    return pbl_fail(err, PBL_INVALID,
                    "a Gset file has no fields, but h of node %zu is %g; save as graph, edges or "
                    "mtx",
                    i, g->field[i]);
  }
  return PBL_OK;
}

static pbl_status write_file(const pbl_graph *g, const char *path, pbl_graph_format format,
                             pbl_error *err) {
  FILE *f = fopen(path, "wb");
  if (f == NULL) return pbl_fail(err, PBL_IO, "cannot create %s: %s", path, strerror(errno));
  graph_write(f, g, format);
  const bool failed = ferror(f) != 0;
  if (fclose(f) == 0 && !failed) return PBL_OK;
  return pbl_fail(err, PBL_IO, "cannot write %s: %s", path, strerror(errno));
}

pbl_status pbl_graph_save(const pbl_graph *g, const char *path, pbl_graph_format format,
                          pbl_error *err) {
  char temporary[PATH_MAX];
  struct stat info;
  pbl_status status = check_savable(g, format, err);
  if (status != PBL_OK) return status;
  /* a device or a pipe is written to itself */
  if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) return write_file(g, path, format, err);
  const int n = snprintf(temporary, sizeof temporary, "%s.tmp.%ld", path, (long)getpid());
  if (n < 0 || (size_t)n >= sizeof temporary) {
    return pbl_fail(err, PBL_INVALID, "path too long: %.200s...", path);
  }
  status = write_file(g, temporary, format, err);
  if (status == PBL_OK && rename(temporary, path) != 0) {
    status = pbl_fail(err, PBL_IO, "cannot write %s: %s", path, strerror(errno));
  }
  if (status != PBL_OK) unlink(temporary);
  return status;
}
