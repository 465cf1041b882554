#include <string.h>

#include "pbl_lattice.h"
#include "pbl_schema.h"

static const double u64_max = 18446744073709551615.0; /* 2^64 as a double */

const pbl_field *pbl_schema_find(const pbl_field *fields, const char *key) {
  for (const pbl_field *f = fields; f->key != NULL; f++) {
    if (strcmp(f->key, key) == 0) return f;
  }
  return NULL;
}

const char *pbl_schema_nearest(const pbl_field *fields, const char *key) {
  const char *names[32];
  size_t n = 0;
  for (const pbl_field *f = fields; f->key != NULL && n < 32; f++) names[n++] = f->key;
  return pbl_did_you_mean(key, names, n);
}

const char *pbl_schema_choice_name(const pbl_field *field, int value) {
  for (const pbl_choice *c = field->choices; c->name != NULL; c++) {
    if (c->value == value) return c->name;
  }
  return "?";
}

const char *pbl_schema_type(const pbl_field *field) {
  switch (field->kind) {
    case PBL_FIELD_INT:
    case PBL_FIELD_U64:
      return "whole number";
    case PBL_FIELD_DOUBLE:
      return "number";
    case PBL_FIELD_BOOL:
      return "true or false";
    case PBL_FIELD_TEXT:
      return field->choices != NULL ? "word" : "text";
    case PBL_FIELD_CHOICE:
    case PBL_FIELD_GRAPH:
      return "word";
    case PBL_FIELD_RULES:
      return "text";
    case PBL_FIELD_SECTION:
      return "section";
    case PBL_FIELD_LIST:
      return "list of sections";
  }
  return "";
}

static void print_choices(char *text, size_t size, const pbl_choice *choices) {
  size_t used = 0;
  text[0] = '\0';
  for (const pbl_choice *c = choices; c->name != NULL && used < size; c++) {
    const int n = snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", c->name);
    used += n > 0 ? (size_t)n : 0;
  }
}

void pbl_schema_range(char *text, size_t size, const pbl_field *field) {
  text[0] = '\0';
  if (field->choices != NULL) {
    print_choices(text, size, field->choices);
  } else if (field->kind == PBL_FIELD_LIST) {
    snprintf(text, size, "%.0f..%.0f entries", field->min, field->max);
  } else if (field->kind == PBL_FIELD_INT || field->kind == PBL_FIELD_U64) {
    if (field->min == field->max) {
      snprintf(text, size, "%.0f", field->min);
    } else if (field->max >= u64_max) {
      snprintf(text, size, "%.0f..2^64-1", field->min);
    } else {
      snprintf(text, size, "%.0f..%.0f%s", field->min, field->max,
               (field->flags & PBL_FIELD_POWER_OF_2) != 0 ? ", power of 2" : "");
    }
  } else if (field->kind == PBL_FIELD_DOUBLE) {
    const bool above = (field->flags & PBL_FIELD_ABOVE_MIN) != 0;
    snprintf(text, size, above ? "> %g, <= %g" : "%g..%g", field->min, field->max);
  }
}

static void print_quoted(FILE *out, const char *text) {
  fputc('"', out);
  for (; *text != '\0'; text++) {
    if (*text == '"' || *text == '\\') fputc('\\', out);
    fputc(*text, out);
  }
  fputc('"', out);
}

static void print_double(FILE *out, double value) {
  char text[40];
  double back = 0;
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (sscanf(text, "%lf", &back) == 1 && back == value) break;
  }
  fputs(text, out);
}

void pbl_schema_print_value(FILE *out, const pbl_field *field, const void *base) {
  const char *at = (const char *)base + field->offset;
  int number;
  uint64_t big;
  double real;
  bool truth;
  char rules[64];
  switch (field->kind) {
    case PBL_FIELD_INT:
      memcpy(&number, at, sizeof number);
      fprintf(out, "%d", number);
      break;
    case PBL_FIELD_U64:
      memcpy(&big, at, sizeof big);
      fprintf(out, "%llu", (unsigned long long)big);
      break;
    case PBL_FIELD_DOUBLE:
      memcpy(&real, at, sizeof real);
      print_double(out, real);
      break;
    case PBL_FIELD_BOOL:
      memcpy(&truth, at, sizeof truth);
      fputs(truth ? "true" : "false", out);
      break;
    case PBL_FIELD_TEXT:
      print_quoted(out, at);
      break;
    case PBL_FIELD_CHOICE:
      memcpy(&number, at, sizeof number);
      fputs(pbl_schema_choice_name(field, number), out);
      break;
    case PBL_FIELD_GRAPH:
      fputs(pbl_lattice_name((const pbl_hw_lattice *)at), out);
      break;
    case PBL_FIELD_RULES:
      pbl_rules_print(rules, sizeof rules, (const pbl_hw_lattice *)at);
      print_quoted(out, rules);
      break;
    case PBL_FIELD_SECTION:
    case PBL_FIELD_LIST:
      break;
  }
}
