/* Snapshots of a comparison, inside: what is in them, when they are written, how one is continued.
 *
 * A snapshot has what was measured in finished cases (DONE), and of the case in progress the
 * journal of what its devices answered (JOUR) and the state of the device (DEVI);
 * docs/snapshots.md. */
#ifndef COMPARE_SNAPSHOTS_H
#define COMPARE_SNAPSHOTS_H

#include <pthread.h>

#include "compare_internal.h"
#include "pbl_recorder.h"
#include "pbl_snapshot_file.h"

#define SNAPSHOT_NAME "snapshot" /* in the results folder */

/* Section HEAD. */
typedef struct {
  char program[32], backend[16], made[32], started[32]; /* times: ISO 8601 UTC */
  uint64_t build;                                       /* of the program: docs/snapshots.md */
  uint32_t register_map;                                /* VERSION of the device */
  char name[64];                                        /* of the case in progress */
  size_t index, n_cases, n_done;
  size_t n_draws, of_draws; /* of the device in this case: in the snapshot, asked for */
  double seconds;           /* of work so far */
  char hardware[128];
} snapshot_head;

/* Text that a read result points to. */
typedef struct {
  char **items;
  size_t n;
} snapshot_texts;

struct compare_snapshots {
  pbl_progress base; /* first: the public pointer is cast back */
  pbl_progress *inner;
  pthread_mutex_t mutex;
  const pbl_compare_config *config;
  pbl_recorder *recorder;
  pbl_result *result; /* NULL: nothing but one case is run */
  char path[1200];
  char *config_text;
  bool done[PBL_MAX_CASES];
  snapshot_texts texts;
  pbl_snapshot_file file; /* to be continued */
  snapshot_head head;     /* its own */
  bool pending;           /* the case of the file is still to come */
  double every;           /* seconds between two; 0: none but at an interrupt and after a case */
  double last_seconds;
  uint64_t last_calls; /* when the last one was written */
  const case_work *work;
  bool waits;     /* to write one after so many draws, and to stop then */
  size_t after;   /* draws */
  bool stopped;   /* nothing is recorded any more that a snapshot may have */
  bool is_failed; /* the last one could not be written */
  pbl_error error;
};

/* Empty object with recorder and configuration. */
pbl_status snapshots_create(struct compare_snapshots **out, const pbl_compare_config *config,
                            pbl_progress *inner, pbl_error *err);
void snapshots_destroy(struct compare_snapshots *s);
/* Reads the file or folder, checks that it fits the configuration, and fills finished cases. */
pbl_status snapshots_load(struct compare_snapshots *s, const char *path, pbl_error *err);
/* A case begins: from the file, or anew. NULL s: nothing. */
pbl_status snapshots_begin_case(struct compare_snapshots *s, case_work *w, pbl_error *err);
/* It has ended, with results. */
pbl_status snapshots_end_case(struct compare_snapshots *s, pbl_error *err);
/* Adds to the message of an interrupted run how it is continued. */
pbl_status snapshots_say(const struct compare_snapshots *s, pbl_status st, pbl_error *err);
/* Writes one now. */
pbl_status snapshots_write(struct compare_snapshots *s, pbl_error *err);

/* snapshot_write.c */
pbl_status snapshot_write_file(struct compare_snapshots *s, pbl_error *err);
void snapshot_walk_head(pbl_archive *a, snapshot_head *h);
/* CRC-32 and size of the program's file: of this very build. 0 where /proc is not there. */
uint64_t snapshot_build(void);
/* CONFIG for back-ends whose state cannot be had. */
pbl_status snapshot_check_backend(pbl_backend backend, pbl_error *err);

/* snapshot_read.c: file and head; `path` may be a folder. */
pbl_status snapshot_open(pbl_snapshot_file *file, snapshot_head *head, const char *path,
                         pbl_error *err);

/* snapshot_results.c: everything of a finished case. As this build has it in memory: only the same
 * build can read it. */
void snapshot_walk_result(pbl_archive *a, pbl_case_result *r, snapshot_texts *texts);
void snapshot_free_texts(snapshot_texts *texts);

#endif
