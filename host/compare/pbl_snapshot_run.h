/* Snapshots of a comparison (docs/snapshots.md): making one on purpose, and telling what is in one.
 * Those that compare writes by itself: pbl_compare.h. */
#ifndef PBL_SNAPSHOT_RUN_H
#define PBL_SNAPSHOT_RUN_H

#include <stddef.h>
#include <stdio.h>

#include "pbl_config.h"
#include "pbl_error.h"
#include "pbl_progress.h"

/* Runs the device of one case, from its beginning, until the host looks at it for the first time
 * with `after` draws or more, and writes the snapshot to `file`; nothing else is written. compare
 * with the same configuration goes on from it. CONFIG for a case that is not there, has fewer draws
 * or a device that cannot save its state. */
pbl_status pbl_snapshot_run(const pbl_compare_config *config, const char *case_name, size_t after,
                            const char *file, pbl_progress *progress, pbl_error *err);
/* What a snapshot holds, as text. All of it is checked. `path`: a file, or the results folder that
 * has it. NOT_FOUND, FORMAT, IO. */
pbl_status pbl_snapshot_print(FILE *f, const char *path, pbl_error *err);

#endif
