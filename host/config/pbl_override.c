/* --set options become nodes of the tree before it is checked, so that file and command line obey
 * one set of rules. */
#include <stdlib.h>
#include <string.h>

#include "pbl_bind.h"
#include "pbl_number.h"

#define MAX_SEGMENTS 16
#define MAX_PATH_TEXT 256

typedef struct {
  const char *origin; /* the whole option */
  pbl_problems *problems;
  pbl_error *err;
} override;

/* "cases[0].hw.lanes" -> "cases", "0", "hw", "lanes". Returns the number, 0 when it is no path. */
static size_t split_path(char *path, char *segments[MAX_SEGMENTS]) {
  size_t n = 0;
  char *s = path;
  bool inside = false; /* brackets */
  for (;;) {
    if (n == MAX_SEGMENTS) return 0;
    const size_t length = strcspn(s, ".[]");
    if (length == 0) return 0;
    segments[n++] = s;
    s += length;
    char mark = *s;
    *s = '\0';
    if ((mark == ']') != inside) return 0;
    if (mark == ']') {
      mark = *++s;
      if (mark == '\0') return n;
      if (mark != '.' && mark != '[') return 0;
    }
    if (mark == '\0') return n;
    inside = mark == '[';
    s++;
  }
}

static pbl_node *entry_of_list(const override *o, const pbl_node *list, const char *which) {
  pbl_integer index;
  const char *names[PBL_MAX_CASES];
  size_t n = 0;
  for (pbl_node *child = list->first; child != NULL; child = child->next) {
    const pbl_node *name = pbl_yaml_get(child, "name");
    if (name == NULL || name->kind != PBL_NODE_SCALAR) continue;
    if (strcmp(name->text, which) == 0) return child;
    if (n < PBL_MAX_CASES) names[n++] = name->text;
  }
  if (pbl_number_integer(&index, which) == PBL_NUMBER_OK) {
    pbl_node *child = index.negative ? NULL : pbl_yaml_at(list, index.magnitude);
    if (child == NULL) {
      pbl_problem_of_set(o->problems, o->origin, "no entry %.40s: there are %zu, counted from 0",
                         which, list->n_children);
    }
    return child;
  }
  const char *near = pbl_did_you_mean(which, names, n);
  pbl_problem_of_set(o->problems, o->origin, "no entry is named '%.40s'%s%.64s%s", which,
                     near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                     near != NULL ? "'?" : "");
  return NULL;
}

/* The section `key` of `map`, made when it is missing. NULL: noted or out of memory (*status). */
static pbl_node *open_section(const override *o, pbl_node *map, const char *key,
                              pbl_status *status) {
  pbl_node *old = pbl_yaml_get(map, key);
  if (old != NULL && !pbl_yaml_is_null(old)) return old;
  pbl_node *made = pbl_yaml_new(PBL_NODE_MAP, NULL, 0, 0);
  if (made == NULL) {
    *status = pbl_fail(o->err, PBL_NO_MEMORY, "out of memory");
    return NULL;
  }
  *status = pbl_yaml_put(map, key, made, o->err);
  if (*status != PBL_OK) return NULL;
  pbl_yaml_set_origin(made, o->origin);
  return made;
}

static void unknown(const override *o, const pbl_field *fields, const char *key) {
  const char *near = pbl_schema_nearest(fields, key);
  pbl_problem_of_set(o->problems, o->origin, "unknown key '%.40s'%s%s%s", key,
                     near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                     near != NULL ? "'?" : "; all keys: pbitloop help keys");
}

/* The mapping that holds the last segment; NULL as in open_section. */
static pbl_node *walk(const override *o, pbl_node *root, const pbl_field **fields, char **segments,
                      size_t n, pbl_status *status) {
  pbl_node *at = root;
  for (size_t k = 0; k + 1 < n; k++) {
    const pbl_field *f = pbl_schema_find(*fields, segments[k]);
    if (f == NULL) {
      unknown(o, *fields, segments[k]);
      return NULL;
    }
    if (f->fields == NULL) {
      pbl_problem_of_set(o->problems, o->origin, "'%s' is a value and has no keys", f->key);
      return NULL;
    }
    at = f->kind == PBL_FIELD_LIST ? pbl_yaml_get(at, f->key) : open_section(o, at, f->key, status);
    if (f->kind == PBL_FIELD_LIST) {
      if (at == NULL || at->kind != PBL_NODE_LIST || ++k + 1 >= n) {
        pbl_problem_of_set(o->problems, o->origin,
                           "name one key of one entry: %s[0].KEY=VALUE or %s.NAME.KEY=VALUE",
                           f->key, f->key);
        return NULL;
      }
      at = entry_of_list(o, at, segments[k]);
    }
    if (at == NULL) return NULL;
    if (at->kind != PBL_NODE_MAP) return NULL; /* the file's own fault, noted with its position */
    *fields = f->fields;
  }
  return at;
}

static pbl_status parse_value(const override *o, pbl_node **value, const char *text) {
  char name[128];
  snprintf(name, sizeof name, "--set %.100s", o->origin);
  pbl_error fault = {0};
  /* "key=" means empty text, which YAML has to be told. */
  if (*text == '\0') text = "\"\"";
  const pbl_status status = pbl_yaml_parse(value, name, text, strlen(text), &fault);
  if (status == PBL_CONFIG) {
    /* The parser's "NAME:1:COL: " would repeat the option, which the report puts in front. */
    const size_t n = strlen(name);
    const bool prefixed = strncmp(fault.message, name, n) == 0 && fault.message[n] == ':';
    const char *what = prefixed ? strstr(fault.message + n, ": ") : NULL;
    pbl_problem_of_set(o->problems, o->origin, "%.200s", what != NULL ? what + 2 : fault.message);
    return PBL_OK;
  }
  return status == PBL_OK ? PBL_OK : pbl_fail(o->err, status, "%s", fault.message);
}

static pbl_status apply_one(const override *o, pbl_node *root, const pbl_field *fields) {
  char path[MAX_PATH_TEXT];
  char *segments[MAX_SEGMENTS];
  const char *equals = strchr(o->origin, '=');
  const size_t length = equals == NULL ? 0 : (size_t)(equals - o->origin);
  if (length == 0 || length >= sizeof path) {
    pbl_problem_of_set(o->problems, o->origin, "must be key.path=value");
    return PBL_OK;
  }
  memcpy(path, o->origin, length);
  path[length] = '\0';
  const size_t n = split_path(path, segments);
  if (n == 0) {
    pbl_problem_of_set(o->problems, o->origin, "'%.60s' is no key path such as cases[0].draws",
                       path);
    return PBL_OK;
  }
  pbl_status status = PBL_OK;
  pbl_node *map = walk(o, root, &fields, segments, n, &status);
  if (map == NULL) return status;
  if (pbl_schema_find(fields, segments[n - 1]) == NULL) {
    unknown(o, fields, segments[n - 1]);
    return PBL_OK;
  }
  pbl_node *value = NULL;
  status = parse_value(o, &value, equals + 1);
  if (value == NULL) return status;
  status = pbl_yaml_put(map, segments[n - 1], value, o->err);
  if (status == PBL_OK) pbl_yaml_set_origin(value, o->origin);
  return status;
}

pbl_status pbl_override_apply(pbl_node *root, const pbl_field *fields, const char *const *overrides,
                              size_t n, pbl_problems *p, pbl_error *err) {
  pbl_status status = PBL_OK;
  if (root->kind != PBL_NODE_MAP) return PBL_OK;
  for (size_t k = 0; k < n && status == PBL_OK; k++) {
    const override o = {.origin = overrides[k], .problems = p, .err = err};
    status = apply_one(&o, root, fields);
  }
  return status;
}
