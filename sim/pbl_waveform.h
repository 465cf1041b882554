/* Waveforms of a device: which clocks of a run are written to an FST file (docs/waveforms.md).
 * Types that the device vtable and the interface to a compiled variant share. */
#ifndef PBL_WAVEFORM_H
#define PBL_WAVEFORM_H

#include <stdint.h>

/* What the window is placed by. Its clock is the first one after whose rising edge the event shows.
 * Append only: compiled variants know these numbers. */
enum {
  PBL_TRIGGER_START = 0,   /* the first clock after the device was opened */
  PBL_TRIGGER_TEMPERATURE, /* the regulator's beta came into force at the end of a window */
  PBL_TRIGGER_RUN,         /* run `number` began: STATUS.BUSY rises */
  PBL_TRIGGER_SWEEP,       /* sweep `number` since the device was opened ended */
  PBL_TRIGGER_STALL,       /* a run waited: STALL_CYCLES counted for the first time */
  PBL_TRIGGER_FIFO_FULL,   /* the buffer of the sample stream could not take a word */
  PBL_TRIGGER_EXCHANGE,    /* the first pass of replica exchange began */
  PBL_N_TRIGGERS
};

typedef struct {
  const char *path; /* of the FST file; an older file there is replaced */
  uint32_t trigger; /* PBL_TRIGGER_* */
  uint64_t number;  /* of runs and sweeps: which one, from 1 */
  int64_t from, to; /* clocks relative to the trigger's, from <= clock < to; START: from >= 0 */
} pbl_waveform_window;

/* Clocks are counted as by cycles(): clock n is the one that makes it n. In the file its rising
 * edge stands at 10 n ns. */
typedef struct {
  uint32_t triggered;     /* 1: the event came */
  uint64_t trigger_cycle; /* its clock */
  uint64_t first_cycle;   /* first clock of the file */
  uint64_t n_cycles;      /* clocks in it; 0: there is no file */
  uint64_t file_bytes;
  int32_t
      error; /* 0, an errno, or -1: the second model of the variant left the path of the first */
} pbl_waveform_record;

#endif
