/* The reference page, from the schema table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_schema.h"

static const char introduction[] =
    "# Configuration\n"
    "\n"
    "<!-- Generated: pbitloop help keys > docs/configuration.md. Do not edit. -->\n"
    "\n"
    "Configurations are YAML files of at most 1 MiB, nested at most 64 deep; anchors, aliases and "
    "tags are refused.\n"
    "Numbers follow YAML 1.2: `1e6` is a million, also where a whole number is asked for; `0x10` "
    "is sixteen; `1_000`,\n"
    "`.nan` and `.inf` are refused. Unknown keys, keys given twice, wrong types and values out of "
    "range are errors, and all\n"
    "errors of a file are reported together with line and column.\n"
    "\n"
    "`--set key.path=value` changes one key for one run and obeys the same rules: "
    "`--set hw.table_size=256`,\n"
    "`--set cases[0].draws=100`, `--set cases.NAME.kernel=palindromic`.\n";

static void row(FILE *out, const char *prefix, const pbl_field *f) {
  char range[128];
  pbl_schema_range(range, sizeof range, f);
  const bool required = (f->flags & PBL_FIELD_REQUIRED) != 0;
  const char *fallback = f->fallback != NULL ? f->fallback : "";
  if (strcmp(fallback, "\"\"") == 0) fallback = "empty";
  if ((f->flags & PBL_FIELD_INHERITS) != 0) fallback = "as `hw`";
  fprintf(out, "| `%s%s` | %s | %s | %s | %s |\n", prefix, f->key, pbl_schema_type(f), range,
          required ? "required" : fallback, f->meaning);
}

static void rows(FILE *out, const char *prefix, const pbl_field *fields) {
  for (const pbl_field *f = fields; f->key != NULL; f++) {
    char below[128];
    row(out, prefix, f);
    if (f->fields == NULL || (f->flags & PBL_FIELD_INHERITS) != 0) continue;
    snprintf(below, sizeof below, "%s%s%s.", prefix, f->key, f->kind == PBL_FIELD_LIST ? "[]" : "");
    rows(out, below, f->fields);
  }
}

static void table(FILE *out, const char *title, const pbl_field *fields) {
  fprintf(out, "\n## %s\n\n| key | type | range | default | meaning |\n|---|---|---|---|---|\n",
          title);
  rows(out, "", fields);
}

pbl_status pbl_config_reference(char **text, pbl_error *err) {
  size_t size;
  *text = NULL;
  FILE *file = open_memstream(text, &size);
  if (file == NULL) return pbl_fail(err, PBL_NO_MEMORY, "open_memstream: %s", strerror(errno));
  fputs(introduction, file);
  table(file, "pbitloop compare, pbitloop lockstep", pbl_schema_compare);
  table(file, "pbitloop train", pbl_schema_train);
  table(file, "pbitloop lab", pbl_schema_lab);
  const bool failed = ferror(file) != 0;
  if (fclose(file) == 0 && !failed) return PBL_OK;
  free(*text);
  *text = NULL;
  return pbl_fail(err, PBL_NO_MEMORY, "out of memory while writing the reference page");
}
