#include "pbl_yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

typedef struct {
  yaml_parser_t parser;
  const char *name;
  const char *text;
  size_t size;
  pbl_error *err;
} reader;

pbl_node *pbl_yaml_new(pbl_node_kind kind, const char *text, size_t line, size_t column) {
  pbl_node *node = calloc(1, sizeof *node);
  if (node == NULL) return NULL;
  node->kind = kind;
  node->line = line;
  node->column = column;
  if (text != NULL && (node->text = strdup(text)) == NULL) {
    free(node);
    return NULL;
  }
  return node;
}

void pbl_yaml_free(pbl_node *node) {
  if (node == NULL) return;
  for (pbl_node *child = node->first, *next; child != NULL; child = next) {
    next = child->next;
    pbl_yaml_free(child);
  }
  pbl_yaml_free(node->key);
  free(node->text);
  free(node);
}

static void append(pbl_node *parent, pbl_node *child) {
  if (parent->last != NULL) {
    parent->last->next = child;
  } else {
    parent->first = child;
  }
  parent->last = child;
  parent->n_children++;
}

static pbl_status fail_at(reader *r, yaml_mark_t mark, const char *what) {
  return pbl_fail(r->err, PBL_CONFIG, "%s:%zu:%zu: %s", r->name, mark.line + 1, mark.column + 1,
                  what);
}

/* Position of a byte, for faults of the decoder, which has no mark. */
static yaml_mark_t mark_of_byte(const reader *r, size_t offset) {
  yaml_mark_t mark = {offset, 0, 0};
  for (size_t k = 0; k < offset && k < r->size; k++) {
    mark.column++;
    if (r->text[k] == '\n') {
      mark.line++;
      mark.column = 0;
    }
  }
  return mark;
}

static pbl_status parser_failure(reader *r) {
  const yaml_parser_t *p = &r->parser;
  char what[256];
  if (p->error == YAML_MEMORY_ERROR) return pbl_fail(r->err, PBL_NO_MEMORY, "out of memory");
  const bool decoder = p->error == YAML_READER_ERROR;
  const char *context = p->context != NULL ? p->context : "";
  snprintf(what, sizeof what, "not valid YAML: %s%s%s", context, *context != '\0' ? ", " : "",
           p->problem != NULL ? p->problem : "unknown fault");
  return fail_at(r, decoder ? mark_of_byte(r, p->problem_offset) : p->problem_mark, what);
}

static pbl_status next_event(reader *r, yaml_event_t *event) {
  return yaml_parser_parse(&r->parser, event) ? PBL_OK : parser_failure(r);
}

static pbl_status read_value(pbl_node **out, reader *r, const yaml_event_t *event, size_t depth);

static pbl_status check_key(reader *r, const pbl_node *map, const pbl_node *key) {
  const yaml_mark_t mark = {0, key->line - 1, key->column - 1};
  if (map->n_children >= PBL_YAML_MAX_ENTRIES) return fail_at(r, mark, "more than 1024 keys here");
  const pbl_node *old = pbl_yaml_get(map, key->text);
  if (old == NULL) return PBL_OK;
  return pbl_fail(r->err, PBL_CONFIG, "%s:%zu:%zu: key '%.60s' given twice, first in line %zu",
                  r->name, key->line, key->column, key->text, old->key->line);
}

/* One entry whose key event has been read. */
static pbl_status read_entry(pbl_node *map, reader *r, const yaml_event_t *event, size_t depth) {
  yaml_event_t value_event = {0};
  pbl_node *key = NULL, *value = NULL;
  pbl_status status;
  if (event->type != YAML_SCALAR_EVENT) {
    return fail_at(r, event->start_mark, "a key must be plain text");
  }
  if ((status = read_value(&key, r, event, depth)) != PBL_OK) goto done;
  if ((status = check_key(r, map, key)) != PBL_OK) goto done;
  if ((status = next_event(r, &value_event)) != PBL_OK) goto done;
  if ((status = read_value(&value, r, &value_event, depth)) != PBL_OK) goto done;
  value->key = key;
  key = NULL;
  append(map, value);
done:
  yaml_event_delete(&value_event);
  pbl_yaml_free(key);
  return status;
}

static pbl_status read_children(pbl_node *node, reader *r, size_t depth) {
  const bool map = node->kind == PBL_NODE_MAP;
  for (;;) {
    yaml_event_t event = {0};
    pbl_status status = next_event(r, &event);
    if (status != PBL_OK) return status;
    const bool end = event.type == (map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT);
    if (!end && map) {
      status = read_entry(node, r, &event, depth + 1);
    } else if (!end) {
      pbl_node *child = NULL;
      status = read_value(&child, r, &event, depth + 1);
      if (status == PBL_OK) append(node, child);
    }
    yaml_event_delete(&event);
    if (end || status != PBL_OK) return status;
  }
}

/* Anchors make cycles and exponential trees possible, tags a second type system: neither is needed.
 */
static const char *refused(const yaml_event_t *event) {
  const yaml_char_t *anchor = NULL, *tag = NULL;
  switch (event->type) {
    case YAML_ALIAS_EVENT:
      return "aliases (*name) are not supported: repeat the value";
    case YAML_SCALAR_EVENT:
      anchor = event->data.scalar.anchor;
      tag = event->data.scalar.tag;
      if (memchr(event->data.scalar.value, 0, event->data.scalar.length) != NULL) {
        return "text with a NUL character";
      }
      break;
    case YAML_SEQUENCE_START_EVENT:
      anchor = event->data.sequence_start.anchor;
      tag = event->data.sequence_start.tag;
      break;
    case YAML_MAPPING_START_EVENT:
      anchor = event->data.mapping_start.anchor;
      tag = event->data.mapping_start.tag;
      break;
    default:
      return "unexpected end of a value";
  }
  if (anchor != NULL) return "anchors (&name) are not supported: repeat the value";
  return tag != NULL ? "tags (!name) are not supported: the key decides the type" : NULL;
}

static pbl_status read_value(pbl_node **out, reader *r, const yaml_event_t *event, size_t depth) {
  const char *reason = refused(event);
  if (reason != NULL) return fail_at(r, event->start_mark, reason);
  if (depth > PBL_YAML_MAX_DEPTH) return fail_at(r, event->start_mark, "nested deeper than 64");
  const bool scalar = event->type == YAML_SCALAR_EVENT;
  pbl_node *node = pbl_yaml_new(scalar                                    ? PBL_NODE_SCALAR
                                : event->type == YAML_MAPPING_START_EVENT ? PBL_NODE_MAP
                                                                          : PBL_NODE_LIST,
                                scalar ? (const char *)event->data.scalar.value : NULL,
                                event->start_mark.line + 1, event->start_mark.column + 1);
  if (node == NULL) return pbl_fail(r->err, PBL_NO_MEMORY, "out of memory");
  node->quoted = scalar && event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  const pbl_status status = scalar ? PBL_OK : read_children(node, r, depth);
  if (status != PBL_OK) {
    pbl_yaml_free(node);
    return status;
  }
  *out = node;
  return PBL_OK;
}

static pbl_status read_stream(pbl_node **out, reader *r) {
  bool seen = false;
  for (;;) {
    yaml_event_t event = {0};
    pbl_status status = next_event(r, &event);
    if (status != PBL_OK) return status;
    const yaml_event_type_t type = event.type;
    if (type == YAML_DOCUMENT_START_EVENT && seen) {
      status = fail_at(r, event.start_mark, "a second document (---): only one is read");
    } else if (type != YAML_DOCUMENT_START_EVENT && type != YAML_DOCUMENT_END_EVENT &&
               type != YAML_STREAM_START_EVENT && type != YAML_STREAM_END_EVENT) {
      seen = true;
      status = read_value(out, r, &event, 1);
    }
    yaml_event_delete(&event);
    if (status != PBL_OK || type == YAML_STREAM_END_EVENT) return status;
  }
}

pbl_status pbl_yaml_parse(pbl_node **out, const char *name, const char *text, size_t size,
                          pbl_error *err) {
  reader r = {.name = name, .text = text, .size = size, .err = err};
  *out = NULL;
  if (size > PBL_YAML_MAX_BYTES) {
    return pbl_fail(err, PBL_CONFIG, "%s: larger than 1 MiB, which no configuration is", name);
  }
  if (!yaml_parser_initialize(&r.parser)) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, size);
  pbl_node *root = NULL;
  pbl_status status = read_stream(&root, &r);
  yaml_parser_delete(&r.parser);
  if (status == PBL_OK && root == NULL) {
    root = pbl_yaml_new(PBL_NODE_MAP, NULL, 1, 1);
    if (root == NULL) status = pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  }
  if (status != PBL_OK) {
    pbl_yaml_free(root);
    return status;
  }
  *out = root;
  return PBL_OK;
}

pbl_status pbl_yaml_read(pbl_node **out, const char *path, pbl_error *err) {
  *out = NULL;
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return pbl_fail(err, PBL_CONFIG, "%s: cannot read the configuration: %s", path,
                    strerror(errno));
  }
  pbl_status status;
  char *text = malloc(PBL_YAML_MAX_BYTES + 1);
  if (text == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "out of memory");
    goto done;
  }
  /* One byte more than allowed tells a file at the limit from one beyond it. */
  const size_t size = fread(text, 1, PBL_YAML_MAX_BYTES + 1, file);
  if (ferror(file)) {
    status =
        pbl_fail(err, PBL_CONFIG, "%s: cannot read the configuration: %s", path, strerror(errno));
    goto done;
  }
  status = pbl_yaml_parse(out, path, text, size, err);
done:
  free(text);
  fclose(file);
  return status;
}

pbl_node *pbl_yaml_get(const pbl_node *map, const char *key) {
  if (map == NULL || map->kind != PBL_NODE_MAP) return NULL;
  for (pbl_node *child = map->first; child != NULL; child = child->next) {
    if (strcmp(child->key->text, key) == 0) return child;
  }
  return NULL;
}

pbl_node *pbl_yaml_at(const pbl_node *list, size_t index) {
  if (list == NULL || list->kind != PBL_NODE_LIST) return NULL;
  pbl_node *child = list->first;
  while (child != NULL && index-- > 0) child = child->next;
  return child;
}

bool pbl_yaml_is_null(const pbl_node *node) {
  return node->kind == PBL_NODE_SCALAR && !node->quoted &&
         (strcmp(node->text, "") == 0 || strcmp(node->text, "~") == 0 ||
          strcmp(node->text, "null") == 0 || strcmp(node->text, "Null") == 0 ||
          strcmp(node->text, "NULL") == 0);
}

pbl_status pbl_yaml_put(pbl_node *map, const char *key, pbl_node *value, pbl_error *err) {
  pbl_node *before = NULL, *old = map->first;
  while (old != NULL && strcmp(old->key->text, key) != 0) {
    before = old;
    old = old->next;
  }
  value->key = pbl_yaml_new(PBL_NODE_SCALAR, key, value->line, value->column);
  if (value->key == NULL) {
    pbl_yaml_free(value);
    return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  }
  if (old == NULL) {
    append(map, value);
    return PBL_OK;
  }
  value->next = old->next;
  if (before != NULL) {
    before->next = value;
  } else {
    map->first = value;
  }
  if (map->last == old) map->last = value;
  pbl_yaml_free(old);
  return PBL_OK;
}

void pbl_yaml_set_origin(pbl_node *node, const char *origin) {
  node->origin = origin;
  if (node->key != NULL) node->key->origin = origin;
  for (pbl_node *child = node->first; child != NULL; child = child->next) {
    pbl_yaml_set_origin(child, origin);
  }
}
