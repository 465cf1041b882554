/* What `pbitloop exact` prints and writes. Internal to host/cli. */
#ifndef EXACT_OUTPUT_H
#define EXACT_OUTPUT_H

#include "pbl_exact.h"

enum { EXACT_ALL_KERNELS = 4 }; /* the first of the table below */

typedef struct {
  const char *name;
  pbl_scan scan;
} exact_kernel_name;
extern const exact_kernel_name exact_kernels[PBL_EXACT_MAX_KERNELS];

void exact_print_table(const pbl_exact *e, const pbl_exact_request *r);
pbl_status exact_print_json(const pbl_exact *e, const pbl_exact_request *r, pbl_error *err);
pbl_status exact_write_moments(const char *path, const pbl_exact *e, const pbl_exact_request *r,
                               pbl_error *err);

#endif
