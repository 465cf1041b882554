#include "pbl_bind.h"

#include <string.h>

#include "pbl_lattice.h"
#include "pbl_number.h"

static void store_int(const pbl_field *f, void *base, int value) {
  memcpy((char *)base + f->offset, &value, sizeof value);
}

static bool is_integer_kind(const pbl_field *f) {
  return f->kind == PBL_FIELD_INT || f->kind == PBL_FIELD_U64;
}

static void wrong_range(pbl_problems *p, const pbl_field *f, const pbl_node *node) {
  char range[64];
  pbl_schema_range(range, sizeof range, f);
  pbl_problem_at(p, node, "%s: %.40s is out of range: %s", f->key, node->text, range);
}

static void wrong_number(pbl_problems *p, const pbl_field *f, const pbl_node *node,
                         const char *fault) {
  char range[64];
  pbl_schema_range(range, sizeof range, f);
  pbl_problem_at(p, node, "%s: '%.40s' %s (%s: %s)", f->key, node->text,
                 node->quoted ? "is text in quotes" : fault, pbl_schema_type(f), range);
}

static void bind_integer(pbl_problems *p, const pbl_field *f, const pbl_node *node, void *base) {
  pbl_integer number;
  const pbl_number_fault fault = pbl_number_integer(&number, node->text);
  if (fault == PBL_NUMBER_TOO_LARGE) {
    wrong_range(p, f, node);
    return;
  }
  if (node->quoted || fault != PBL_NUMBER_OK) {
    wrong_number(p, f, node, pbl_number_fault_text(fault));
    return;
  }
  const bool negative = number.negative && number.magnitude > 0;
  const double value = negative ? -(double)number.magnitude : (double)number.magnitude;
  const bool power = number.magnitude > 0 && (number.magnitude & (number.magnitude - 1)) == 0;
  if (value < f->min || value > f->max || ((f->flags & PBL_FIELD_POWER_OF_2) != 0 && !power)) {
    wrong_range(p, f, node);
  } else if (f->kind == PBL_FIELD_INT) {
    store_int(f, base, (int)value);
  } else {
    memcpy((char *)base + f->offset, &number.magnitude, sizeof number.magnitude);
  }
}

static void bind_double(pbl_problems *p, const pbl_field *f, const pbl_node *node, void *base) {
  double value;
  const pbl_number_fault fault = pbl_number_double(&value, node->text);
  if (node->quoted || fault != PBL_NUMBER_OK) {
    wrong_number(p, f, node, pbl_number_fault_text(fault));
  } else if (value < f->min || value > f->max ||
             ((f->flags & PBL_FIELD_ABOVE_MIN) != 0 && value <= f->min)) {
    wrong_range(p, f, node);
  } else {
    memcpy((char *)base + f->offset, &value, sizeof value);
  }
}

static void bind_bool(pbl_problems *p, const pbl_field *f, const pbl_node *node, void *base) {
  static const char *const words[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
  for (size_t k = 0; k < 6 && !node->quoted; k++) {
    if (strcmp(node->text, words[k]) == 0) {
      const bool value = k < 3;
      memcpy((char *)base + f->offset, &value, sizeof value);
      return;
    }
  }
  pbl_problem_at(p, node, "%s: '%.40s' is neither true nor false", f->key, node->text);
}

/* Control characters and the line breaks of Unicode would not survive writing and reading. */
static bool printable(const char *text) {
  const unsigned char *s = (const unsigned char *)text;
  for (; *s != '\0'; s++) {
    if (*s < 0x20 || *s == 0x7f) return false;
    if (s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f) return false;
    if (s[0] == 0xe2 && s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9)) return false;
    if (s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf) return false;
    if (s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe) return false;
  }
  return true;
}

static const pbl_choice *find_choice(pbl_problems *p, const pbl_field *f, const pbl_node *node) {
  const char *names[16];
  size_t n = 0;
  for (const pbl_choice *c = f->choices; c->name != NULL; c++) {
    if (strcmp(c->name, node->text) == 0) return c;
    if (n < 16) names[n++] = c->name;
  }
  char range[128];
  pbl_schema_range(range, sizeof range, f);
  const char *near = pbl_did_you_mean(node->text, names, n);
  pbl_problem_at(p, node, "%s: '%.40s' is none of %s%s%s%s", f->key, node->text, range,
                 near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                 near != NULL ? "'?" : "");
  return NULL;
}

static void bind_text(pbl_problems *p, const pbl_field *f, const pbl_node *node, void *base) {
  const size_t length = strlen(node->text);
  if (length >= f->size) {
    pbl_problem_at(p, node, "%s: %zu bytes long, at most %zu", f->key, length, f->size - 1);
  } else if (!printable(node->text)) {
    pbl_problem_at(p, node, "%s: has control characters", f->key);
  } else if (f->choices == NULL || find_choice(p, f, node) != NULL) {
    memset((char *)base + f->offset, 0, f->size);
    memcpy((char *)base + f->offset, node->text, length);
  }
}

/* `custom` leaves the rules to `rules`. */
static void bind_graph(pbl_problems *p, const pbl_field *f, const pbl_node *node, void *base) {
  if (find_choice(p, f, node) != NULL)
    pbl_lattice_apply((pbl_hw_lattice *)((char *)base + f->offset), node->text);
}

static void bind_rules(pbl_problems *p, const pbl_field *f, const pbl_node *node, void *base) {
  if (node->text[0] == '\0') return;
  if (!pbl_rules_parse((pbl_hw_lattice *)((char *)base + f->offset), node->text))
    pbl_problem_at(p, node, "%s: '%.60s' is no list of 1 to %d steps such as \"0,1 4,1\"", f->key,
                   node->text, PBL_HW_MAX_RULES);
}

static void bind_scalar(pbl_problems *p, const pbl_field *f, const pbl_node *node, void *base) {
  if (node->kind != PBL_NODE_SCALAR) {
    pbl_problem_at(p, node, "%s: must be a %s, not a %s", f->key, pbl_schema_type(f),
                   node->kind == PBL_NODE_MAP ? "section" : "list");
  } else if (pbl_yaml_is_null(node)) {
    pbl_problem_at(p, node, "%s: has no value; leave the key out for its default", f->key);
  } else if (is_integer_kind(f)) {
    bind_integer(p, f, node, base);
  } else if (f->kind == PBL_FIELD_DOUBLE) {
    bind_double(p, f, node, base);
  } else if (f->kind == PBL_FIELD_BOOL) {
    bind_bool(p, f, node, base);
  } else if (f->kind == PBL_FIELD_TEXT) {
    bind_text(p, f, node, base);
  } else if (f->kind == PBL_FIELD_GRAPH) {
    bind_graph(p, f, node, base);
  } else if (f->kind == PBL_FIELD_RULES) {
    bind_rules(p, f, node, base);
  } else {
    const pbl_choice *choice = find_choice(p, f, node);
    if (choice != NULL) store_int(f, base, choice->value);
  }
}

void pbl_bind_defaults(const pbl_field *fields, void *base) {
  /* The table's own defaults pass its own checks (a test asserts it): nothing is noted here. */
  pbl_problems unused = {0};
  for (const pbl_field *f = fields; f->key != NULL; f++) {
    if (f->kind == PBL_FIELD_SECTION) {
      pbl_bind_defaults(f->fields, (char *)base + f->offset);
    } else if (f->fallback != NULL) {
      char text[64];
      snprintf(text, sizeof text, "%s", strcmp(f->fallback, "\"\"") == 0 ? "" : f->fallback);
      const pbl_node node = {.kind = PBL_NODE_SCALAR, .quoted = text[0] == '\0', .text = text};
      bind_scalar(&unused, f, &node, base);
    }
  }
}

static void unknown_key(pbl_problems *p, const pbl_field *fields, const pbl_node *node) {
  const char *near = pbl_schema_nearest(fields, node->key->text);
  if (near != NULL) {
    pbl_problem_at(p, node->key, "unknown key '%.40s'; did you mean '%s'?", node->key->text, near);
  } else {
    pbl_problem_at(p, node->key, "unknown key '%.40s'; all keys: pbitloop help keys",
                   node->key->text);
  }
}

/* Rules go before a graph's name wherever they stand, and `custom` cannot be without them. */
static void bind_rules_last(pbl_problems *p, const pbl_field *fields, const pbl_node *map,
                            void *base) {
  bool given = false;
  for (const pbl_field *f = fields; f->key != NULL; f++) {
    const pbl_node *node = pbl_yaml_get(map, f->key);
    if (f->kind != PBL_FIELD_RULES || node == NULL) continue;
    bind_scalar(p, f, node, base);
    given = node->kind == PBL_NODE_SCALAR && node->text[0] != '\0';
  }
  for (const pbl_field *f = fields; f->key != NULL; f++) {
    const pbl_node *node = pbl_yaml_get(map, f->key);
    if (f->kind == PBL_FIELD_GRAPH && node != NULL && node->kind == PBL_NODE_SCALAR && !given &&
        strcmp(node->text, "custom") == 0)
      pbl_problem_at(p, node, "%s: 'custom' needs `rules`", f->key);
  }
}

void pbl_bind_section(pbl_problems *p, const pbl_field *fields, const pbl_node *map, void *base) {
  if (map == NULL || pbl_yaml_is_null(map)) return;
  if (map->kind != PBL_NODE_MAP) {
    pbl_problem_at(p, map, "%s: must be a section of 'key: value' lines",
                   map->key != NULL ? map->key->text : "this");
    return;
  }
  for (const pbl_node *node = map->first; node != NULL; node = node->next) {
    const pbl_field *f = pbl_schema_find(fields, node->key->text);
    if (f == NULL) {
      unknown_key(p, fields, node);
    } else if (f->kind == PBL_FIELD_SECTION) {
      if ((f->flags & PBL_FIELD_REQUIRED) != 0 && pbl_yaml_is_null(node)) {
        pbl_problem_at(p, node->key, "section '%s' is empty", f->key);
      }
      pbl_bind_section(p, f->fields, node, (char *)base + f->offset);
    } else if (f->kind != PBL_FIELD_LIST && f->kind != PBL_FIELD_RULES) {
      bind_scalar(p, f, node, base);
    }
  }
  bind_rules_last(p, fields, map, base);
  for (const pbl_field *f = fields; f->key != NULL; f++) {
    if ((f->flags & PBL_FIELD_REQUIRED) != 0 && pbl_yaml_get(map, f->key) == NULL) {
      pbl_problem_at(p, map, "key '%s' is missing%s%s%s", f->key, map->key != NULL ? " in '" : "",
                     map->key != NULL ? map->key->text : "", map->key != NULL ? "'" : "");
    }
  }
}
