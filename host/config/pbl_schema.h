/* The schema table: every key of all configuration kinds, once. Loader, writer and reference page
 * read nothing else. Internal to host/config. */
#ifndef PBL_SCHEMA_H
#define PBL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "pbl_config.h"
#include "pbl_lab_config.h"

typedef enum {
  PBL_FIELD_INT,    /* int or unsigned */
  PBL_FIELD_U64,    /* uint64_t */
  PBL_FIELD_DOUBLE, /* double */
  PBL_FIELD_BOOL,   /* bool */
  PBL_FIELD_TEXT,   /* char[size]; with choices: one of them */
  PBL_FIELD_CHOICE, /* an enum or int, by the names in choices */
  PBL_FIELD_GRAPH,  /* rules of a pbl_hw_lattice by the name of a graph */
  PBL_FIELD_RULES,  /* the same as text "a,b a,b", which goes before the name; empty: none given */
  PBL_FIELD_SECTION,
  PBL_FIELD_LIST /* of sections; the loader of the file kind reads it */
} pbl_field_kind;

enum {
  PBL_FIELD_REQUIRED = 1,  /* must be written where its section is */
  PBL_FIELD_ABOVE_MIN = 2, /* min itself is not allowed */
  PBL_FIELD_POWER_OF_2 = 4,
  PBL_FIELD_INHERITS = 8 /* section whose defaults are the section of the same name one level up */
};

typedef struct {
  const char *name;
  int value;
} pbl_choice;

typedef struct pbl_field pbl_field;
struct pbl_field {
  const char *key; /* NULL ends a table */
  pbl_field_kind kind;
  unsigned flags;
  size_t offset, size;  /* in the struct of the table; a section's own struct starts at offset */
  double min, max;      /* of numbers */
  const char *fallback; /* default as written in YAML; NULL for sections and required keys */
  const pbl_choice *choices; /* ends with name NULL */
  const pbl_field *fields;   /* of a section or of a list's entries */
  const char *meaning;
};

/* The structs that the two tables describe. */
typedef struct {
  int schema;
  pbl_hw hw; /* default of all cases */
  pbl_compare_config config;
} pbl_compare_root;

typedef struct {
  int schema;
  pbl_train_config config;
} pbl_train_root;

typedef struct {
  int schema;
  pbl_lab_run defaults;
  pbl_lab_config config;
} pbl_lab_root;

extern const pbl_field pbl_schema_compare[];         /* of pbl_compare_root */
extern const pbl_field pbl_schema_case[];            /* of pbl_case_config */
extern const pbl_field pbl_schema_train[];           /* of pbl_train_root */
extern const pbl_field pbl_schema_lab[];             /* of pbl_lab_root */
extern const pbl_field pbl_schema_lab_run[];         /* of pbl_lab_run */
extern const pbl_field pbl_schema_lab_expectation[]; /* of pbl_lab_expectation */
extern const pbl_field pbl_schema_hw[];              /* of pbl_hw */

const pbl_field *pbl_schema_find(const pbl_field *fields, const char *key);
/* Nearest key of a table, or NULL. */
const char *pbl_schema_nearest(const pbl_field *fields, const char *key);
/* Name of a choice's value, "?" when there is none. */
const char *pbl_schema_choice_name(const pbl_field *field, int value);

/* One field's value as YAML; numbers with the fewest digits that read back exactly. */
void pbl_schema_print_value(FILE *out, const pbl_field *field, const void *base);
/* "1..256", "> 0, <= 0.1", "cyclic, palindromic", ...; "" when nothing is to say. */
void pbl_schema_range(char *text, size_t size, const pbl_field *field);
const char *pbl_schema_type(const pbl_field *field);

#endif
