/* Which beta words the sweeps of a traced case have, and what is drawn between them. Private to
 * host/compare. */
#ifndef TRACE_BETAS_H
#define TRACE_BETAS_H

#include "compare_internal.h"
#include "pbl_trace_check.h"

#define TRACE_MOST_REPLICAS 256

typedef enum {
  TRACE_BETA_FIXED,    /* the word of the image */
  TRACE_BETA_SCHEDULE, /* computed, as docs/device.md has it */
  TRACE_BETA_READ,     /* a regulator's: read from the device in every sweep */
  TRACE_BETA_LADDER    /* replica exchange: by the labels read before every sweep */
} trace_beta_source;

typedef struct {
  trace_beta_source source;
  bool freeze;
  pbl_schedule_words schedule;
  uint32_t entry, done; /* its position */
  pbl_ladder_words ladder;
  uint32_t position; /* sweeps since the last pass */
  bool odd;
  bool pass; /* one came after the last sweep */
  /* of the sweep */
  uint32_t word[TRACE_MOST_REPLICAS];
  size_t n, n_draws;
} trace_betas;

pbl_status trace_betas_create(trace_betas *b, const case_work *w, pbl_error *err);
/* Runs of one sweep, each traced, where the device has to be asked. */
static inline bool trace_betas_ask(const trace_betas *b) {
  return b->source == TRACE_BETA_READ || b->source == TRACE_BETA_LADDER;
}
/* Ladder: reads the labels. Before each run. */
pbl_status trace_betas_prepare(trace_betas *b, pbl_driver *d, pbl_error *err);
/* Fills word, n and n_draws of the sweep that begins; draws from the check's control generator. */
pbl_status trace_betas_begin(trace_betas *b, pbl_driver *d, pbl_trace_check *c, pbl_error *err);
void trace_betas_end(trace_betas *b);               /* the sweep is over */
const char *trace_betas_text(const trace_betas *b); /* where they came from */

#endif
