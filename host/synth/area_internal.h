/* Inside the area room. */
#ifndef PBL_AREA_INTERNAL_H
#define PBL_AREA_INTERNAL_H

#include "pbl_area.h"

/* First and last line of a stored result; Yosys's own statistics stand between them. */
#define AREA_HEAD "pbitloop area, seconds"
#define AREA_TAIL "pbitloop area, complete"

/* Reads a stored result into the counts, depth and seconds of *out. FORMAT when it is not complete
 * or names no cell. */
pbl_status area_counts_read(pbl_area *out, pbl_target target, const char *path, pbl_error *err);
/* Which primitives `ltp` follows, as a Yosys selection. */
const char *area_path_selection(pbl_target target);

#endif
