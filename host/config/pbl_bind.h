/* From the tree of a file to the struct of a schema table. Internal to host/config. */
#ifndef PBL_BIND_H
#define PBL_BIND_H

#include "pbl_problems.h"
#include "pbl_schema.h"

/* Writes the default of every field, sections included; required ones become zero. */
void pbl_bind_defaults(const pbl_field *fields, void *base);
/* Writes every value of `map` to `base`, notes unknown and missing keys, wrong types and ranges.
 * Lists and what is under them are left to the caller. NULL or a null node: nothing to write. */
void pbl_bind_section(pbl_problems *p, const pbl_field *fields, const pbl_node *map, void *base);

/* --set options: puts the values of n "key.path=value" texts into the tree, to be checked with it.
 * Faults of a path itself are noted. Only PBL_NO_MEMORY stops. */
pbl_status pbl_override_apply(pbl_node *root, const pbl_field *fields, const char *const *overrides,
                              size_t n, pbl_problems *p, pbl_error *err);

#endif
