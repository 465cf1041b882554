/* State of a training run after a whole epoch, in memory and on disk. Internal to training. */
#ifndef PBL_CHECKPOINT_H
#define PBL_CHECKPOINT_H

#include "pcd.h"

#define PBL_CHECKPOINT_TEXT 832

/* What a run is: data and every option that changes its numbers. Compared as text, so that a
 * refusal can show both. */
typedef struct {
  char text[PBL_CHECKPOINT_TEXT];
} pbl_run_identity;

typedef struct {
  size_t n_bytes;
  unsigned char *bytes;
} pbl_checkpoint;

void pbl_run_identity_of(pbl_run_identity *id, const pbl_pcd *t);

/* Replace *c by the state after `epoch` epochs and the n_log rows so far. NO_MEMORY. */
pbl_status pbl_checkpoint_take(pbl_checkpoint *c, const pbl_run_identity *id, pbl_pcd *t, int epoch,
                               const pbl_train_log *log, size_t n_log, pbl_error *err);
void pbl_checkpoint_free(pbl_checkpoint *c);
/* Write to a temporary name, sync and rename. IO. */
pbl_status pbl_checkpoint_write(const pbl_checkpoint *c, const char *path, pbl_error *err);
/* Load into t. *epoch = 0 when there is no file; CONFIG when it belongs to another run; FORMAT when
 * it is damaged. log holds up to max_log rows. */
pbl_status pbl_checkpoint_read(int *epoch, pbl_train_log *log, size_t max_log, size_t *n_log,
                               pbl_pcd *t, const pbl_run_identity *id, const char *path,
                               pbl_error *err);

#endif
