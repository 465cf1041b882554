/* YAML text as a tree of nodes that remember where they stood. Internal to host/config.
 *
 * Limits come first: 1 MiB of text, depth 64, 1024 entries per mapping (libyaml is quadratic in
 * nesting, the search for duplicate keys in entries). Refused with a reason: several documents,
 * anchors and aliases, explicit tags, keys that are not plain text, duplicate keys. */
#ifndef PBL_YAML_H
#define PBL_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "pbl_error.h"

#define PBL_YAML_MAX_BYTES (1024u * 1024u)
#define PBL_YAML_MAX_DEPTH 64
#define PBL_YAML_MAX_ENTRIES 1024

typedef enum { PBL_NODE_SCALAR, PBL_NODE_MAP, PBL_NODE_LIST } pbl_node_kind;

typedef struct pbl_node pbl_node;
struct pbl_node {
  pbl_node_kind kind;
  bool quoted;                   /* scalar in quotes or as a block: text, never a number or null */
  size_t line, column;           /* from 1 */
  const char *origin;            /* NULL: the file; else the --set text that made it (borrowed) */
  char *text;                    /* scalar value, NUL-terminated */
  pbl_node *key;                 /* of an entry of a mapping: its key, a scalar */
  pbl_node *first, *last, *next; /* children and the next sibling */
  size_t n_children;
};

/* Parses `size` bytes of text. `name` (file name) opens the error messages "NAME:LINE:COL: what";
 * CONFIG, NO_MEMORY. A text without content gives an empty mapping. */
pbl_status pbl_yaml_parse(pbl_node **out, const char *name, const char *text, size_t size,
                          pbl_error *err);
/* As above from a file; a file that cannot be read is a CONFIG error. */
pbl_status pbl_yaml_read(pbl_node **out, const char *path, pbl_error *err);
void pbl_yaml_free(pbl_node *node);

/* Value of `key` in a mapping, or NULL (also when `map` is NULL or no mapping). */
pbl_node *pbl_yaml_get(const pbl_node *map, const char *key);
/* Child `index` of a list, or NULL. */
pbl_node *pbl_yaml_at(const pbl_node *list, size_t index);
/* A plain scalar that says null: empty, ~, null. */
bool pbl_yaml_is_null(const pbl_node *node);
/* Puts `value` (owned by the tree from now on, also on failure) under `key`, replacing the old
 * value in place. */
pbl_status pbl_yaml_put(pbl_node *map, const char *key, pbl_node *value, pbl_error *err);
/* New empty node; NULL when out of memory. */
pbl_node *pbl_yaml_new(pbl_node_kind kind, const char *text, size_t line, size_t column);
/* Marks a whole tree as made by a --set option. */
void pbl_yaml_set_origin(pbl_node *node, const char *origin);

#endif
