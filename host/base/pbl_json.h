/* A small streaming JSON writer (UTF-8). Numbers print with the fewest digits that read back
 * exactly; NaN and infinities become null. Errors are sticky and reported by close. */
#ifndef PBL_JSON_H
#define PBL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "pbl_error.h"

typedef struct pbl_json pbl_json;

/* File variant writes to PATH.tmp and renames on close (a device or a pipe at PATH is written to
 * itself); memory variant collects into a string. */
pbl_status pbl_json_create_file(pbl_json **out, const char *path, pbl_error *err);
pbl_status pbl_json_create_memory(pbl_json **out, pbl_error *err);
/* Inside an object `key` is required, inside an array it must be NULL. */
void pbl_json_object(pbl_json *j, const char *key);
void pbl_json_array(pbl_json *j, const char *key);
void pbl_json_end(pbl_json *j); /* closes the innermost object or array */
void pbl_json_string(pbl_json *j, const char *key, const char *value); /* NULL value: null */
void pbl_json_double(pbl_json *j, const char *key, double value);
void pbl_json_int(pbl_json *j, const char *key, int64_t value);
void pbl_json_bool(pbl_json *j, const char *key, bool value);
/* An array of doubles in one call. */
void pbl_json_doubles(pbl_json *j, const char *key, const double *v, size_t n);
/* Finishes; for the memory variant *text (if not NULL) receives a malloc'ed string. Frees j. */
pbl_status pbl_json_close(pbl_json *j, char **text, pbl_error *err);

#endif
