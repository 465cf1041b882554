/* How `pbitloop area` shows what it counted. Internal to host/cli. */
#ifndef AREA_OUTPUT_H
#define AREA_OUTPUT_H

#include "area_variants.h"
#include "pbl_area.h"

/* Table on standard output; areas[i] belongs to variants[i]. */
void area_print(const area_variant *variants, const pbl_area *areas, size_t n, pbl_target target);
pbl_status area_print_json(const char *config, const area_variant *variants, const pbl_area *areas,
                           size_t n, pbl_target target, pbl_error *err);

#endif
