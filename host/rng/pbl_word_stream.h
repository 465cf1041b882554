/* The words that the device's lanes draw, as a stream of bytes for external test programs. */
#ifndef PBL_WORD_STREAM_H
#define PBL_WORD_STREAM_H

#include <stdint.h>

#include "pbl_error.h"
#include "pbl_hw.h"
#include "pbl_progress.h"

typedef enum {
  PBL_ORDER_LANE,       /* the words of one lane: what its p-bits draw one after the other */
  PBL_ORDER_INTERLEAVED /* word t of lane 0, 1, .. L-1, then word t+1: what the replicas that are
                           updated in one clock draw */
} pbl_word_order;

typedef struct {
  pbl_generator generator;
  int lfsr_steps; /* 1..32 */
  int lanes;      /* 1..32 */
  int lane;       /* of PBL_ORDER_LANE: 0..lanes-1 */
  pbl_word_order order;
  uint64_t seed;
} pbl_word_options;

/* xoshiro128++, 32 steps, 16 lanes, lane 0 in lane order; seed 1. */
pbl_word_options pbl_word_options_default(void);
/* USAGE, naming the option, its value and its range. */
pbl_status pbl_word_options_check(const pbl_word_options *opt, pbl_error *err);

/* Writes n_words words (0: without end) to the file descriptor, least significant byte first.
 * A reader that goes away (EPIPE) ends the stream without an error: that is how an external test
 * stops; the caller ignores SIGPIPE. A stop request through `progress` is INTERRUPTED for a counted
 * stream and a normal end for an endless one. *n_written (may be NULL): whole words that were
 * taken. IO when writing fails otherwise. */
pbl_status pbl_word_stream(uint64_t *n_written, int fd, const pbl_word_options *opt,
                           uint64_t n_words, pbl_progress *progress, pbl_error *err);

#endif
