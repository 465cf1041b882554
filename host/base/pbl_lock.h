/* A lock on a file. The kernel holds it for the process and drops it when that ends, however it
 * ends: a file that was left behind blocks nobody. */
#ifndef PBL_LOCK_H
#define PBL_LOCK_H

#include "pbl_error.h"

#define PBL_LOCK_HOLDER 128

typedef enum {
  PBL_LOCK_HELD,
  PBL_LOCK_BUSY,   /* another process has it, or another lock of this one */
  PBL_LOCK_UNKNOWN /* this file system has no locks; `holder` is the reason */
} pbl_lock_state;

typedef struct {
  pbl_lock_state state;
  int fd;                       /* -1: none */
  char holder[PBL_LOCK_HOLDER]; /* of a busy one: "process 4711 on host", or "another process" */
} pbl_lock;

/* Tries once, without waiting, to create and lock the file `path`, which afterwards says who has
 * it. OK also for a lock that is busy or unknown: see *l. IO when the file cannot be made or is no
 * plain file. */
pbl_status pbl_lock_try(pbl_lock *l, const char *path, pbl_error *err);
/* Removes the file where the lock was not busy, and lets go. `path` as above. A lock whose file is
 * to stay: close(l->fd). */
void pbl_lock_release(pbl_lock *l, const char *path);

#endif
