/* Linear equations A x = b of which only A x is known: restarted GMRES, private to this room. */
#ifndef PBL_GMRES_H
#define PBL_GMRES_H

#include <stddef.h>

#include "pbl_error.h"
#include "pbl_progress.h"

typedef void (*pbl_linear_map)(void *context, double *out, const double *x); /* out is not x */

/* x (n; the first guess on entry) until |b - A x| <= tolerance |b|; restart + 1 vectors of memory,
 * restart 2 to 64. steps (may be NULL): applications of A. NUMERIC after max_steps, NO_MEMORY,
 * INTERRUPTED. Source: Saad and Schultz 1986. */
pbl_status pbl_gmres(double *x, const double *b, size_t n, pbl_linear_map map, void *context,
                     size_t restart, double tolerance, size_t max_steps, size_t *steps,
                     pbl_progress *progress, pbl_error *err);

#endif
