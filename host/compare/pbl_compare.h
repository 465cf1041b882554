/* The jobs behind the commands of the program: each takes a loaded configuration, does all the work
 * and prints its result table to standard output. Everything else goes through `progress` and
 * `err`. */
#ifndef PBL_COMPARE_H
#define PBL_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "pbl_config.h"
#include "pbl_device.h"
#include "pbl_error.h"
#include "pbl_progress.h"

/* Snapshots of a long run (docs/snapshots.md). */
typedef struct {
  bool snapshots; /* one after every case and when the user stops the run, in RESULTS/snapshot */
  double every;   /* and about every so many seconds; 0: none of these */
  const char *restore; /* continue this file, or the one in this folder; NULL: begin */
} pbl_compare_options;

/* Samples every case on the device and on the reference, prints the table and writes the results
 * folder. *exit_code: 0 AGREES, 10 DIFFERS, 11 UNRESOLVED, 12 FROZEN (the worst case counts).
 * options NULL: no snapshots. CONFIG when RESULTS has the snapshot of an interrupted run that is
 * not the one to be continued, or when the snapshot does not fit the configuration. */
pbl_status pbl_compare_run(int *exit_code, const pbl_compare_config *config,
                           const pbl_compare_options *options, pbl_progress *progress,
                           pbl_error *err);

/* Runs RTL and twin side by side and compares every sample word and every counter.
 * *exit_code: 0 equal, 10 different. */
pbl_status pbl_lockstep_run(int *exit_code, const pbl_compare_config *config,
                            pbl_progress *progress, pbl_error *err);

/* The hardware that a case with section `graph` runs on: c->hw with what its graph decides. CONFIG
 * when the graph does not fit, and what reading or making it gives. */
pbl_status pbl_compare_graph_hw(pbl_hw *out, const pbl_case_config *c, pbl_error *err);

/* The bare device, as compare and lockstep open it; the caller closes it. hw NULL: the hardware
 * that the device has, for back-ends that reach a device which is there already (`remote`). What
 * the back-end's open or the build of the variant gives. key, unless NULL: the device is one that
 * can save its state, where the back-end has such (`rtl`: a variant of its own), and *key is the
 * key of its variant, empty without. */
#define PBL_COMPARE_KEY 64
pbl_status pbl_compare_open_device(pbl_device **out, char key[PBL_COMPARE_KEY],
                                   const pbl_compare_config *config, const pbl_hw *hw,
                                   pbl_backend backend, pbl_progress *p, pbl_error *err);

/* Trains a model and writes its folder (config->out). */
pbl_status pbl_train_run(const pbl_train_config *config, pbl_progress *progress, pbl_error *err);

/* "pbitloop 0.1.0; verilator ...; openblas ...; libyaml ..." on one line, NUL-terminated and cut to
 * `size` bytes. */
pbl_status pbl_versions(char *text, size_t size);

#endif
