/* A board of software: the window of pbit_board (docs/board.md) over any device of the vtable.
 * Internal to sim/uio; tests drive it directly.
 *
 * Time passes by itself, as on a board: a busy device runs in uio_board_run(), which its owner
 * calls whenever nothing else is to be done. While there is nothing to simulate, because the device
 * is idle or a FIFO is full, the cycle counter follows wall time at 100 MHz, so that it never
 * stands still. A device whose FIFO is full is not clocked: STATUS.STALLED is set for it, and
 * STALL_CYCLES does not count. */
#ifndef UIO_BOARD_H
#define UIO_BOARD_H

#include <stdbool.h>

#include "pbl_board_regs.h"
#include "pbl_device.h"

/* Words that fit into the FIFOs, as in rtl/pbit_board.sv. */
#define UIO_DEPTH_SAMPLES 4096u
#define UIO_DEPTH_TELEMETRY 256u
#define UIO_DEPTH_TRACE 1024u

typedef struct {
  uint32_t *words; /* a ring */
  uint8_t *last;
  uint32_t depth, head, n, lasts;
} uio_fifo;

typedef struct {
  /* A device fresh from power-up, for every reset of the board. */
  pbl_status (*open)(void *user, pbl_device **out, pbl_error *err);
  void *user;
  bool has_trace;
  pbl_device *dev;
  uio_fifo fifos[PBL_BOARD_STREAMS];
  bool busy, waits;         /* a run or check goes on; a FIFO is full */
  bool rests;               /* nothing was simulated since rest_ns, */
  uint64_t rest_ns, rested; /* and clocks of all such times */
  uint64_t slice;           /* clocks of one uio_board_run */
  uint32_t cycles_hi, irq_enable, errors, error_at;
} uio_board;

/* Opens the device. The caller sets open, user and has_trace before. */
pbl_status uio_board_init(uio_board *b, pbl_error *err);
void uio_board_release(uio_board *b);
/* Bus errors of the device are counted, not returned. Fails when the device itself does. */
pbl_status uio_board_read(uio_board *b, uint32_t *value, uint32_t address, pbl_error *err);
pbl_status uio_board_write(uio_board *b, uint32_t address, uint32_t value, pbl_error *err);
/* Something is to be simulated. */
bool uio_board_has_work(const uio_board *b);
/* About half a millisecond of it. */
pbl_status uio_board_run(uio_board *b, pbl_error *err);
/* Level of the board's interrupt line. */
bool uio_board_irq(const uio_board *b);

#endif
