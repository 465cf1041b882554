/* Back-end `uio`: a device on a board, mapped by Linux' userspace I/O, or one that another process
 * emulates behind a file (docs/board.md).
 *
 *   pbl_device *dev;
 *   pbl_error err = {0};
 *   if (pbl_uio_open(&dev, "0", NULL, &err)) puts(err.message);
 *
 * Time on a board passes by itself:
 *
 * - cycles() is the board's counter, clocks since open;
 * - advance(n) returns when the interrupt line is up (the device's interrupt, or a FIFO half full),
 *   or when n clocks have passed since the call, whichever comes first;
 * - a device whose FIFO is full waits (STALL_CYCLES) and loses nothing.
 *
 * So samples and counters of a run are those of every other back-end, except STALL_CYCLES and the
 * clocks from one host access to the next. write32 is posted as on any bus: its bus error is the
 * error of the next read32, stream read or advance, and names the register. A board that stands
 * still, or a server that is gone, is TIMEOUT or IO (exit code 3) for this call and all later ones.
 * Not thread-safe per device; one process at a time. */
#ifndef PBL_UIO_H
#define PBL_UIO_H

#include "pbl_device.h"

typedef struct {
  int timeout_ms;         /* wall time without a clock, or without an answer; 0: 10,000 */
  const char *sysfs;      /* NULL: /sys/class/uio */
  const char *dev_folder; /* NULL: /dev */
} pbl_uio_options;

/* where: N for /dev/uioN, a name as in /sys/class/uio/uioN/name, or a path (with a slash): a UIO
 * device, or the file of `pbitloop serve --file`. opt may be NULL. Resets the board: the device is
 * as after power-up. NOT_FOUND, IO, FORMAT (a file that is no device), DEVICE (in use; no
 * pbit_board behind the window), TIMEOUT. */
pbl_status pbl_uio_open(pbl_device **out, const char *where, const pbl_uio_options *opt,
                        pbl_error *err);

/* ---- what is there ---- */

typedef enum {
  PBL_UIO_THERE, /* a UIO device; neither opened nor read, so nobody knows what is behind it */
  PBL_UIO_NO_ACCESS,
  PBL_UIO_TOO_SMALL, /* its map 0 */
  PBL_UIO_FREE,      /* files of `pbitloop serve --file` */
  PBL_UIO_IN_USE,
  PBL_UIO_NO_SERVER
} pbl_uio_state;

typedef struct {
  char where[600]; /* what pbl_uio_open takes */
  char path[600];
  char name[128]; /* as in sysfs; of a file empty */
  uint64_t bytes; /* of its window */
  pbl_uio_state state;
} pbl_uio_board;

const char *pbl_uio_state_text(pbl_uio_state state);
/* Every UIO device of this machine, by number. OK also without one. IO. */
pbl_status pbl_uio_list(const pbl_uio_options *opt,
                        void (*visit)(void *context, const pbl_uio_board *board), void *context,
                        pbl_error *err);
/* A file of `pbitloop serve --file`; whoever uses it is not disturbed. NOT_FOUND, IO, FORMAT. */
pbl_status pbl_uio_look(pbl_uio_board *out, const char *path, pbl_error *err);

#endif
