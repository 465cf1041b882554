/* A device for driver tests: registers, image port and a sample stream with a known pattern, and
 * switches that make it misbehave. It does not sample anything. */
#ifndef FAKE_DEVICE_H
#define FAKE_DEVICE_H

#include <stdbool.h>

#include "pbl_device.h"
#include "pbl_image.h"

#define FAKE_CYCLES_PER_SWEEP 50

typedef struct {
  pbl_device base;
  pbl_hw hw;
  /* faults */
  uint32_t xor_address, xor_mask; /* reads of this register are changed */
  uint32_t bus_error_address;     /* 0: none */
  uint32_t hash_xor;
  bool never_done, never_hashes, lose_a_word, end_early, clock_stands_still, refuse_writes;
  uint32_t hang_after_sweeps; /* 0: never */
  uint32_t lose_record,
      lose_record_word; /* number of a record (from 1), of a word of all; 0: none */
  bool *closed;         /* set by close */
  /* what arrived */
  pbl_image image;
  uint32_t generator[33][4]; /* the control generator behind that of the last lane */
  uint32_t schedule[128], sched_last;
  uint8_t *state; /* replicas x p-bits */
  uint32_t starts, sweeps_of_start[8];
  /* registers */
  uint32_t scratch, select, row, col, beta, kernel, sweeps, every, replica, hi, hash;
  bool busy, done, hash_valid, error, stop;
  uint64_t cycles, sweep_count, frames;
  uint32_t sweeps_left, sweeps_run;
  uint32_t *fifo;
  uint8_t *fifo_last;
  size_t fifo_read, fifo_write, fifo_size;
  /* regulator: settings as written, and a record every WINDOW_SWEEPS sweeps whose word i > 0 is
   * fake_record_word(index, i) */
  uint32_t regulator[15], window_index, window_position, window_clears;
  uint32_t *telemetry; /* words that wait or have been taken */
  size_t telemetry_read, telemetry_write;
} fake_device;

fake_device *fake_device_open(const pbl_hw *hw, bool *closed);

/* The state that the sample after device sweep `sweep` shows: 1 for +1. */
int fake_bit(uint64_t sweep, size_t replica, size_t pbit);
uint32_t fake_record_word(uint32_t index, uint32_t word);

#endif
