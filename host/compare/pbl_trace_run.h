/* The job behind `pbitloop trace`: a case on the RTL with its trace port on, every update checked
 * by an independent replay (host/trace) while it runs, and the records kept in a file. */
#ifndef PBL_TRACE_RUN_H
#define PBL_TRACE_RUN_H

#include <stdint.h>

#include "pbl_config.h"
#include "pbl_progress.h"

typedef struct {
  const char *case_name; /* NULL: every case */
  uint64_t first;        /* first sweep that is traced, from 1; those before it are computed */
  uint64_t sweeps;       /* that are traced */
  const char *path;      /* of the file, which takes one case; NULL: none */
} pbl_trace_options;

/* Prints one line a case. *exit_code: 0 when all updates are what they should be, else 10. USAGE
 * for a case that there is not, or a file of several cases; CONFIG for what a trace cannot follow.
 */
pbl_status pbl_trace_run(int *exit_code, const pbl_compare_config *config,
                         const pbl_trace_options *opt, pbl_progress *progress, pbl_error *err);
/* Checks a file again. FORMAT for one that was cut or damaged, NOT_FOUND. */
pbl_status pbl_trace_run_check(int *exit_code, const char *path, pbl_progress *progress,
                               pbl_error *err);

#endif
