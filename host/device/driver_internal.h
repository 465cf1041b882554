/* Inside the driver: its state, bus access with names in the messages, and patience. */
#ifndef PBL_DRIVER_INTERNAL_H
#define PBL_DRIVER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_driver.h"
#include "pbl_regs.h"

/* Clocks per advance(). Fixed rather than adapted to wall time, so that a run repeats exactly. */
#define PBL_DRIVER_BATCH 32768u

struct pbl_driver {
  pbl_device *dev;
  pbl_hw hw;
  uint64_t timeout_cycles, batch_cycles;
  pbl_image image; /* own copy: set_clamp hashes the whole image again */
  bool has_image;  /* the copy is allocated */
  bool verified;   /* the device's hash agreed: sampling is allowed */
  bool poked;      /* corrupted on purpose; the hash is not compared any more */
  bool seeded, has_state;
  bool unclean;        /* the last run broke off; stale words may wait in the streams */
  uint32_t config;     /* CONFIG as written last */
  bool telemetry;      /* the regulator sends records */
  bool ladder;         /* replica exchange: samples bring labels */
  pbl_window_log *log; /* borrowed, or NULL */
  uint32_t record[PBL_WINDOW_WORDS];
  size_t record_fill;          /* words of it so far */
  uint32_t next_window;        /* index that the next record must have */
  uint32_t statistics_every;   /* STAT_EVERY as written last */
  pbl_statistics *statistics;  /* that runs drain into, borrowed, or NULL */
  uint64_t statistics_samples; /* how often */
  uint64_t statistics_drained; /* samples of this run at the last swap */
  bool statistics_swapping;    /* asked for, not read yet */
  pbl_trace_sink trace_sink;   /* NULL: no trace */
  void *trace_user;
  uint32_t trace_record[PBL_TRACE_RECORD_WORDS];
  size_t trace_fill; /* words of it so far */
};

/* Read or write one register; a failure names it: PBL_READ(d, &value, STATUS, err). */
#define PBL_READ(d, value, reg, err) pbl_driver_read(d, value, PBL_REG_##reg, #reg, err)
#define PBL_WRITE(d, reg, value, err) pbl_driver_write(d, PBL_REG_##reg, value, #reg, err)
#define PBL_READ64(d, value, reg, err) pbl_driver_read64(d, value, PBL_REG_##reg##_LO, #reg, err)
#define PBL_FIELD(word, field) (((word)&PBL_##field##_MASK) >> PBL_##field##_SHIFT)

pbl_status pbl_driver_read(pbl_driver *d, uint32_t *value, uint32_t address, const char *name,
                           pbl_error *err);
pbl_status pbl_driver_write(pbl_driver *d, uint32_t address, uint32_t value, const char *name,
                            pbl_error *err);
/* _LO first: reading it latches _HI, which follows at the next address. */
pbl_status pbl_driver_read64(pbl_driver *d, uint64_t *value, uint32_t address_lo, const char *name,
                             pbl_error *err);
/* DEVICE when STATUS.ERROR is set; *status may be NULL. */
pbl_status pbl_driver_status(pbl_driver *d, uint32_t *status, const char *after, pbl_error *err);

/* ---- image ---- */

enum {
  PBL_TARGET_WEIGHTS = 0,
  PBL_TARGET_TABLE,
  PBL_TARGET_CLAMPS,
  PBL_TARGET_STATE,
  PBL_TARGET_GENERATOR,
  PBL_TARGET_GROUPS,   /* schedule of the sparse fabric */
  PBL_TARGET_SCHEDULE, /* of beta */
  PBL_TARGET_LABELS    /* of the ladder */
};
void pbl_driver_drop_image(pbl_driver *d); /* the driver's copy */
/* Selects a target at its row, column 0. */
pbl_status pbl_driver_select(pbl_driver *d, uint32_t target, size_t row, pbl_error *err);
/* Rows of a target that follow each other, n_cols words each. INTERRUPTED. */
pbl_status pbl_driver_write_rows(pbl_driver *d, uint32_t target, size_t first, size_t n_rows,
                                 size_t n_cols, const int32_t *words, pbl_progress *p,
                                 pbl_error *err);
/* ---- sparse fabric: driver_sparse.c ---- */

/* PBITS, the edge rows and groups that the image uses. */
pbl_status pbl_driver_write_sparse(pbl_driver *d, const pbl_image *image, pbl_progress *p,
                                   pbl_error *err);
/* DEVICE, with the finding in words, when the device did not pass its last CHECK or has been
 * written to since. OK in other fabrics. */
pbl_status pbl_driver_guard(pbl_driver *d, pbl_error *err);

/* How long nothing has happened. A device may also stop its clock when it believes to be idle, or
 * end every advance() early because its interrupt line stays up, so rounds without a clock and
 * rounds that were cut short are counted too. */
typedef struct {
  uint64_t batch; /* clocks that a round should have */
  uint64_t since_cycles, last_cycles;
  unsigned still_rounds, short_rounds;
} pbl_patience;

void pbl_patience_start(pbl_patience *w, const pbl_driver *d, uint64_t batch);
/* After a round. *over: long enough; a user who asks to stop waits less. DEVICE when the clock
 * count went back. */
pbl_status pbl_patience_check(bool *over, pbl_patience *w, const pbl_driver *d, pbl_error *err);
uint64_t pbl_patience_waited(const pbl_patience *w);  /* clocks */
const char *pbl_patience_hint(const pbl_patience *w); /* for a message: what the clock did, or "" */

/* A stream that brings that many words at once has lost its end: more than any receiver holds. */
#define PBL_DRIVER_MOST_WORDS (1u << 24)
pbl_status pbl_driver_endless(const pbl_driver *d, const char *stream, pbl_error *err);

/* Collects stream words into frames and frames into draws of the chain store. */
typedef struct {
  pbl_chains *out;
  size_t lanes, contexts, n_pbits;
  size_t frame_words, label_words;
  size_t draw, end;  /* next draw to fill; first one that must not come */
  size_t part, fill; /* next frame of that draw; words of it so far */
  uint32_t *frame;   /* of the longer kind, and one more word */
  size_t n_parts;    /* frames of a draw: contexts, and one of labels */
  size_t label_part; /* which one that is; n_parts: none */
  uint8_t *labels;   /* ladder: of every replica; NULL: no ladder */
  uint8_t *rows;     /* ladder: a draw in the order of the replicas */
} pbl_frames;

/* With a ladder, `labels` (of every replica; borrowed) are those of all draws, or, when they are
 * NULL, every draw brings its own. */
pbl_status pbl_frames_create(pbl_frames *f, const pbl_driver *d, pbl_chains *out, size_t n_draws,
                             const uint8_t *labels, pbl_error *err);
void pbl_frames_release(pbl_frames *f);
/* DEVICE when TLAST is out of step or more draws come than were asked for. */
pbl_status pbl_frames_push(pbl_frames *f, const uint32_t *words, const uint8_t *last,
                           size_t n_words, pbl_error *err);

/* ---- replica exchange: driver_exchange.c ---- */

/* Are the labels of each lane a permutation of the rungs? */
bool pbl_labels_are_sound(const uint8_t *labels, size_t contexts, size_t lanes);

/* ---- trace port: driver_trace.c; nothing where no trace was asked for ---- */

/* Clocks per advance() while a trace is taken: less than the pause at a window's end, so that a
 * sink that reads the device's beta at a sweep's first record reads that of the sweep. */
#define PBL_DRIVER_TRACE_BATCH 64u
pbl_status pbl_trace_prepare(pbl_driver *d, pbl_error *err);
/* Hands over what has arrived; *n_words grows. DEVICE when a record is broken; what the sink says.
 */
pbl_status pbl_trace_drain(pbl_driver *d, uint64_t *n_words, pbl_error *err);
pbl_status pbl_trace_finish(pbl_driver *d, pbl_error *err);

/* ---- telemetry: driver_windows.c ---- */

/* Before START: no word may wait unless the last run broke off. */
pbl_status pbl_windows_prepare(pbl_driver *d, pbl_error *err);
/* Takes what has arrived. DEVICE when a record is broken or its index is not the next one. */
pbl_status pbl_windows_drain(pbl_driver *d, pbl_error *err);
/* ---- statistics unit: driver_statistics.c; nothing where no totals are watched ---- */

void pbl_statistics_begin_run(pbl_driver *d);
/* `sweeps` of the run are done. */
pbl_status pbl_statistics_poll(pbl_driver *d, uint64_t sweeps, pbl_error *err);
pbl_status pbl_statistics_end_run(pbl_driver *d, pbl_error *err);

/* After a run: every window that ended has sent its record. */
pbl_status pbl_windows_finish(pbl_driver *d, pbl_error *err);

#endif
