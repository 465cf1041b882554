/* model.yaml: a flat mapping read from libyaml's event stream, so that every complaint has a line
 * and a column. */
#include "model_yaml.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

typedef enum {
  KEY_SCHEMA,
  KEY_KIND,
  KEY_N_VISIBLE,
  KEY_N_HIDDEN,
  KEY_BETA,
  KEY_IMAGE_ROWS,
  KEY_IMAGE_COLS,
  KEY_NAME,
  KEY_PROVENANCE,
  KEY_COUNT
} key_id;

static const struct {
  const char *name;
  bool required;
} k_keys[KEY_COUNT] = {
    [KEY_SCHEMA] = {"schema", true},
    [KEY_KIND] = {"kind", true},
    [KEY_N_VISIBLE] = {"n_visible", true},
    [KEY_N_HIDDEN] = {"n_hidden", true},
    [KEY_BETA] = {"beta", true},
    [KEY_IMAGE_ROWS] = {"image_rows", false},
    [KEY_IMAGE_COLS] = {"image_cols", false},
    [KEY_NAME] = {"name", false},
    [KEY_PROVENANCE] = {"provenance", false},
};

typedef struct {
  const char *path;
  yaml_parser_t parser;
  yaml_event_t event; /* the current one; all zero when there is none */
  pbl_error *err;
} reader;

/* FORMAT at the current event: "path:line:column: what". */
static pbl_status complain(const reader *r, const char *what) {
  const yaml_mark_t at = r->event.start_mark;
  return pbl_fail(r->err, PBL_FORMAT, "%s:%zu:%zu: %s", r->path, at.line + 1, at.column + 1, what);
}

static pbl_status next_event(reader *r) {
  yaml_event_delete(&r->event);
  memset(&r->event, 0, sizeof r->event);
  if (yaml_parser_parse(&r->parser, &r->event)) return PBL_OK;
  const yaml_mark_t at = r->parser.problem_mark;
  return pbl_fail(r->err, PBL_FORMAT, "%s:%zu:%zu: %s", r->path, at.line + 1, at.column + 1,
                  r->parser.problem ? r->parser.problem : "not readable as YAML");
}

static pbl_status expect(reader *r, yaml_event_type_t type, const char *what) {
  const pbl_status status = next_event(r);
  if (status != PBL_OK) return status;
  return r->event.type == type ? PBL_OK : complain(r, what);
}

static const char *text_of(const reader *r) {
  return (const char *)r->event.data.scalar.value;
}

/* Levenshtein distance of two short words, to propose the key that was meant. */
static size_t edit_distance(const char *a, const char *b) {
  size_t row[32];
  const size_t n = strlen(b);
  for (size_t j = 0; j <= n; j++) row[j] = j;
  for (size_t i = 0; a[i]; i++) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < n; j++) {
      size_t best = diagonal + (a[i] != b[j]);
      if (row[j] + 1 < best) best = row[j] + 1;
      diagonal = row[j + 1];
      if (diagonal + 1 < best) best = diagonal + 1;
      row[j + 1] = best;
    }
  }
  return row[n];
}

static pbl_status unknown_key(const reader *r) {
  char what[256];
  size_t best = SIZE_MAX, nearest = 0;
  for (size_t k = 0; k < KEY_COUNT; k++) {
    const size_t distance = edit_distance(text_of(r), k_keys[k].name);
    if (distance < best) {
      best = distance;
      nearest = k;
    }
  }
  snprintf(what, sizeof what, "unknown key \"%.64s\"; the nearest known key is \"%s\"", text_of(r),
           k_keys[nearest].name);
  return complain(r, what);
}

static pbl_status read_int(const reader *r, key_id key, int low, int high, int *out) {
  const char *text = text_of(r);
  char *end, what[256];
  errno = 0;
  const long value = strtol(text, &end, 10);
  if (end == text || *end || errno || value < low || value > high) {
    snprintf(what, sizeof what, "%s: \"%.64s\" must be an integer in %d..%d", k_keys[key].name,
             text, low, high);
    return complain(r, what);
  }
  *out = (int)value;
  return PBL_OK;
}

static pbl_status read_beta(const reader *r, double *out) {
  char *end, what[256];
  const double value = strtod(text_of(r), &end);
  if (end == text_of(r) || *end || !isfinite(value) || value <= 0) {
    snprintf(what, sizeof what, "beta: \"%.64s\" must be a finite number above 0", text_of(r));
    return complain(r, what);
  }
  *out = value;
  return PBL_OK;
}

static pbl_status read_text(const reader *r, key_id key, char *out, size_t size) {
  const size_t n = r->event.data.scalar.length;
  char what[256];
  if (n >= size || memchr(text_of(r), 0, n)) {
    snprintf(what, sizeof what, "%s: at most %zu bytes of text without a NUL, this has %zu",
             k_keys[key].name, size - 1, n);
    return complain(r, what);
  }
  memcpy(out, text_of(r), n);
  out[n] = 0;
  return PBL_OK;
}

static pbl_status read_value(const reader *r, key_id key, pbl_rbm *meta) {
  int schema;
  switch (key) {
    case KEY_SCHEMA:
      return read_int(r, key, 1, 1, &schema);
    case KEY_KIND:
      return strcmp(text_of(r), "rbm") == 0 ? PBL_OK : complain(r, "kind: must be \"rbm\"");
    case KEY_N_VISIBLE:
      return read_int(r, key, 1, PBL_RBM_MAX_UNITS, &meta->n_visible);
    case KEY_N_HIDDEN:
      return read_int(r, key, 1, PBL_RBM_MAX_UNITS, &meta->n_hidden);
    case KEY_BETA:
      return read_beta(r, &meta->beta);
    case KEY_IMAGE_ROWS:
      return read_int(r, key, 0, PBL_RBM_MAX_UNITS, &meta->image_rows);
    case KEY_IMAGE_COLS:
      return read_int(r, key, 0, PBL_RBM_MAX_UNITS, &meta->image_cols);
    case KEY_NAME:
      return read_text(r, key, meta->name, sizeof meta->name);
    case KEY_PROVENANCE:
      return read_text(r, key, meta->provenance, sizeof meta->provenance);
    case KEY_COUNT:
      break;
  }
  return complain(r, "unknown key");
}

static pbl_status read_pair(reader *r, pbl_rbm *meta, bool *seen) {
  char what[128];
  size_t key = 0;
  while (key < KEY_COUNT && strcmp(text_of(r), k_keys[key].name) != 0) key++;
  if (key == KEY_COUNT) return unknown_key(r);
  if (seen[key]) {
    snprintf(what, sizeof what, "key \"%s\" appears twice", k_keys[key].name);
    return complain(r, what);
  }
  seen[key] = true;
  snprintf(what, sizeof what, "%s: expected a single value", k_keys[key].name);
  const pbl_status status = expect(r, YAML_SCALAR_EVENT, what);
  return status == PBL_OK ? read_value(r, (key_id)key, meta) : status;
}

static pbl_status read_mapping(reader *r, pbl_rbm *meta) {
  const char *mapping = "expected a mapping of keys to values";
  bool seen[KEY_COUNT] = {false};
  pbl_status status = expect(r, YAML_STREAM_START_EVENT, mapping);
  if (status == PBL_OK) status = expect(r, YAML_DOCUMENT_START_EVENT, mapping);
  if (status == PBL_OK) status = expect(r, YAML_MAPPING_START_EVENT, mapping);
  if (status == PBL_OK) status = next_event(r);
  while (status == PBL_OK && r->event.type == YAML_SCALAR_EVENT) {
    status = read_pair(r, meta, seen);
    if (status == PBL_OK) status = next_event(r);
  }
  if (status != PBL_OK) return status;
  if (r->event.type != YAML_MAPPING_END_EVENT) return complain(r, "expected a key");
  for (size_t k = 0; k < KEY_COUNT; k++) {
    if (k_keys[k].required && !seen[k]) {
      return pbl_fail(r->err, PBL_FORMAT, "%s: key \"%s\" is missing", r->path, k_keys[k].name);
    }
  }
  status = expect(r, YAML_DOCUMENT_END_EVENT, mapping);
  return status == PBL_OK ? expect(r, YAML_STREAM_END_EVENT, "only one document allowed") : status;
}

pbl_status pbl_model_yaml_read(pbl_rbm *meta, const char *path, pbl_error *err) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    return pbl_fail(err, errno == ENOENT ? PBL_NOT_FOUND : PBL_IO, "cannot open %s: %s", path,
                    strerror(errno));
  }
  reader r = {.path = path, .err = err};
  pbl_status status = PBL_OK;
  if (yaml_parser_initialize(&r.parser)) {
    yaml_parser_set_input_file(&r.parser, file);
    status = read_mapping(&r, meta);
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
  } else {
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory to read %s", path);
  }
  fclose(file);
  if (status != PBL_OK) return status;
  const long pixels = (long)meta->image_rows * meta->image_cols;
  if ((meta->image_rows || meta->image_cols) && pixels != meta->n_visible) {
    return pbl_fail(err, PBL_FORMAT, "%s: image_rows %d x image_cols %d must be n_visible %d", path,
                    meta->image_rows, meta->image_cols, meta->n_visible);
  }
  return PBL_OK;
}

static bool emit(yaml_emitter_t *e, yaml_event_t *event, int initialised) {
  return initialised && yaml_emitter_emit(e, event);
}

/* Texts are quoted, so that a name like "1" or "no" stays a text for every YAML reader. */
static bool emit_pair(yaml_emitter_t *e, key_id key, const char *value, bool quoted) {
  const yaml_char_t *name = (const yaml_char_t *)k_keys[key].name;
  const yaml_scalar_style_t style =
      quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE;
  yaml_event_t ev;
  return emit(e, &ev,
              yaml_scalar_event_initialize(&ev, NULL, NULL, name, -1, 1, 1,
                                           YAML_PLAIN_SCALAR_STYLE)) &&
         emit(e, &ev,
              yaml_scalar_event_initialize(&ev, NULL, NULL, (const yaml_char_t *)value, -1, 1, 1,
                                           style));
}

static bool emit_int(yaml_emitter_t *e, key_id key, int value) {
  char text[16];
  snprintf(text, sizeof text, "%d", value);
  return emit_pair(e, key, text, false);
}

static bool emit_model(yaml_emitter_t *e, const pbl_rbm *m) {
  yaml_event_t ev;
  char beta[32];
  snprintf(beta, sizeof beta, "%.17g", m->beta);
  return emit(e, &ev, yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING)) &&
         emit(e, &ev, yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, 1)) &&
         emit(e, &ev,
              yaml_mapping_start_event_initialize(&ev, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE)) &&
         emit_int(e, KEY_SCHEMA, 1) && emit_pair(e, KEY_KIND, "rbm", false) &&
         emit_int(e, KEY_N_VISIBLE, m->n_visible) && emit_int(e, KEY_N_HIDDEN, m->n_hidden) &&
         emit_pair(e, KEY_BETA, beta, false) && emit_int(e, KEY_IMAGE_ROWS, m->image_rows) &&
         emit_int(e, KEY_IMAGE_COLS, m->image_cols) && emit_pair(e, KEY_NAME, m->name, true) &&
         emit_pair(e, KEY_PROVENANCE, m->provenance, true) &&
         emit(e, &ev, yaml_mapping_end_event_initialize(&ev)) &&
         emit(e, &ev, yaml_document_end_event_initialize(&ev, 1)) &&
         emit(e, &ev, yaml_stream_end_event_initialize(&ev));
}

static pbl_status write_file(const pbl_rbm *m, const char *path, pbl_error *err) {
  yaml_emitter_t e;
  FILE *file = fopen(path, "wb");
  if (!file) return pbl_fail(err, PBL_IO, "cannot write %s: %s", path, strerror(errno));
  bool good = false;
  if (yaml_emitter_initialize(&e)) {
    yaml_emitter_set_output_file(&e, file);
    yaml_emitter_set_unicode(&e, 1);
    yaml_emitter_set_width(&e, -1);
    good = emit_model(&e, m);
    yaml_emitter_delete(&e);
  }
  if (!good) {
    fclose(file);
    return pbl_fail(err, PBL_IO, "cannot write %s: disk full, or a text that is not UTF-8", path);
  }
  if (fclose(file) != 0) return pbl_fail(err, PBL_IO, "cannot write %s: %s", path, strerror(errno));
  return PBL_OK;
}

pbl_status pbl_model_yaml_write(const pbl_rbm *meta, const char *path, pbl_error *err) {
  char temporary[PATH_MAX];
  const int n = snprintf(temporary, sizeof temporary, "%s.tmp", path);
  if (n < 0 || (size_t)n >= sizeof temporary) {
    return pbl_fail(err, PBL_INVALID, "path too long: %.200s...", path);
  }
  pbl_status status = write_file(meta, temporary, err);
  if (status == PBL_OK && rename(temporary, path) != 0) {
    status = pbl_fail(err, PBL_IO, "cannot rename %s to %s: %s", temporary, path, strerror(errno));
  }
  if (status != PBL_OK) remove(temporary);
  return status;
}
