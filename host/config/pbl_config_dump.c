/* Writes a resolved configuration as YAML that reads back identically. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_schema.h"

static void indent(FILE *out, int depth) {
  fprintf(out, "%*s", 2 * depth, "");
}

/* Names end with NULL; none: NULL. */
static bool is_one_of(const char *key, const char *const *names) {
  for (; names != NULL && *names != NULL; names++) {
    if (strcmp(key, *names) == 0) return true;
  }
  return false;
}

static void dump_fields(FILE *out, const pbl_field *fields, const void *base, int depth,
                        const char *const *skip) {
  for (const pbl_field *f = fields; f->key != NULL; f++) {
    if (f->kind == PBL_FIELD_LIST || is_one_of(f->key, skip)) continue;
    indent(out, depth);
    fprintf(out, "%s:", f->key);
    if (f->kind == PBL_FIELD_SECTION) {
      fputc('\n', out);
      dump_fields(out, f->fields, (const char *)base + f->offset, depth + 1, NULL);
    } else {
      fputc(' ', out);
      pbl_schema_print_value(out, f, base);
      fputc('\n', out);
    }
  }
}

/* Every case carries its whole hw section, so the file needs no common one. Of the
 * sections `random`, `lattice` and `graph` a case has the one that it uses; `statistics` goes with
 * hw.statistics. */
static void dump_cases(FILE *out, const pbl_compare_config *c) {
  fputs("cases:\n", out);
  for (int i = 0; i < c->n_cases; i++) {
    const pbl_case_config *one = &c->cases[i];
    fputs("  -\n", out);
    const char *skip[5] = {NULL};
    size_t n = 0;
    if (one->model[0] != '\0' || one->lattice || one->graph[0] != '\0') skip[n++] = "random";
    if (!one->lattice) skip[n++] = "lattice";
    if (one->graph[0] == '\0') skip[n++] = "graph";
    if (!one->hw.statistics) skip[n++] = "statistics";
    dump_fields(out, pbl_schema_case, one, 2, skip);
  }
}

static pbl_status finish(FILE *file, char **text, pbl_error *err) {
  const bool failed = ferror(file) != 0;
  if (fclose(file) == 0 && !failed) return PBL_OK;
  free(*text);
  *text = NULL;
  return pbl_fail(err, PBL_NO_MEMORY, "out of memory while writing a configuration");
}

static FILE *begin(char **text, size_t *size, pbl_error *err) {
  *text = NULL;
  FILE *file = open_memstream(text, size);
  if (file == NULL) pbl_fail(err, PBL_NO_MEMORY, "open_memstream: %s", strerror(errno));
  return file;
}

pbl_status pbl_config_dump_compare(char **text, const pbl_compare_config *c, pbl_error *err) {
  size_t size;
  FILE *file = begin(text, &size, err);
  if (file == NULL) return PBL_NO_MEMORY;
  pbl_compare_root *root = calloc(1, sizeof *root);
  if (root == NULL) {
    fclose(file);
    free(*text);
    *text = NULL;
    return pbl_fail(err, PBL_NO_MEMORY, "out of memory while writing a configuration");
  }
  root->schema = 1;
  root->config = *c;
  fprintf(file, "# Resolved configuration of %s\n", c->name);
  static const char *const no_hw[] = {"hw", NULL};
  dump_fields(file, pbl_schema_compare, root, 0, no_hw);
  dump_cases(file, c);
  free(root);
  return finish(file, text, err);
}

pbl_status pbl_config_dump_train(char **text, const pbl_train_config *c, pbl_error *err) {
  size_t size;
  FILE *file = begin(text, &size, err);
  if (file == NULL) return PBL_NO_MEMORY;
  const pbl_train_root root = {.schema = 1, .config = *c};
  fprintf(file, "# Resolved configuration of %s\n", c->name);
  dump_fields(file, pbl_schema_train, &root, 0, NULL);
  return finish(file, text, err);
}
