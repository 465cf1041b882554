/* An independent check of the device's trace port: every update is computed again, from the start
 * of the trace (image, states, seeds, beta words) with plain states and sums, and compared with its
 * record. Written from docs/device.md and docs/device-options.md; it shares no code with the RTL or
 * the twin but the two generators of host/base.
 *
 * Checked of each record: that it is there, in its place; p-bit, replica, clamp, old state, local
 * field, random word, table entry, saturation, freeze, and the decision. Not checked: the beta
 * words, which are given, and energies, counters and samples, which a trace does not have. */
#ifndef PBL_TRACE_CHECK_H
#define PBL_TRACE_CHECK_H

#include "pbl_trace.h"

typedef struct pbl_trace_check pbl_trace_check;

typedef enum {
  PBL_TRACE_EQUAL,
  PBL_TRACE_PBIT, /* which p-bit: order, or a record lost or doubled */
  PBL_TRACE_REPLICA,
  PBL_TRACE_CLAMPED,
  PBL_TRACE_OLD_STATE,
  PBL_TRACE_FIELD,
  PBL_TRACE_RANDOM,
  PBL_TRACE_ENTRY,
  PBL_TRACE_SATURATED,
  PBL_TRACE_FROZEN,
  PBL_TRACE_NEW_STATE,
  PBL_TRACE_UNUSED, /* bits that are 0 */
  PBL_TRACE_MISSING /* the sweep ended too early */
} pbl_trace_part;
/* "p-bit", "local field", ... */
const char *pbl_trace_part_name(pbl_trace_part part);

/* The first record that is not what it should be. */
typedef struct {
  pbl_trace_part part;              /* its first wrong part; EQUAL: none was wrong */
  uint64_t sweep;                   /* from 1 */
  uint64_t place;                   /* of the record in the sweep, from 0 */
  uint32_t beta;                    /* of the expected update's replica */
  pbl_trace_update expected, found; /* MISSING: found has no meaning */
} pbl_trace_mismatch;

/* `start` is borrowed. INVALID for a kernel that the fabric does not have, twins in an odd number
 * of lanes, a schedule that no device would run. NO_MEMORY. */
pbl_status pbl_trace_check_create(pbl_trace_check **out, const pbl_trace_start *start,
                                  pbl_error *err);
void pbl_trace_check_destroy(pbl_trace_check *c); /* NULL is legal */

/* The next device sweep begins. betas: 1 or `replicas` words. INVALID when the last one is not
 * over, or after a mismatch. */
pbl_status pbl_trace_check_begin(pbl_trace_check *c, const uint32_t *betas, size_t n_betas,
                                 pbl_error *err);
/* Takes records (n x 4 words) of the present sweep; *taken: how many, fewer than n where the sweep
 * is over or a record is wrong (which is not taken). NO_MEMORY. */
pbl_status pbl_trace_check_push(pbl_trace_check *c, size_t *taken, const uint32_t *records,
                                size_t n, pbl_error *err);
/* Every update of the sweep has had its record. */
bool pbl_trace_check_is_done(const pbl_trace_check *c);
/* The sweep (or the rest of it) was not traced: it is computed, nothing is compared. */
pbl_status pbl_trace_check_skip(pbl_trace_check *c, pbl_error *err);
/* Between two sweeps: n words of the control generator are drawn by others (an exchange pass).
 * *first (may be NULL): the first of them. INVALID within a sweep. */
pbl_status pbl_trace_check_draw(pbl_trace_check *c, size_t n, uint32_t *first, pbl_error *err);
/* No more records come: a mismatch unless the sweep is over. */
pbl_status pbl_trace_check_end(pbl_trace_check *c, pbl_error *err);

const pbl_trace_mismatch *pbl_trace_check_mismatch(const pbl_trace_check *c); /* NULL: none */
uint64_t pbl_trace_check_sweeps(const pbl_trace_check *c);                    /* begun */
uint64_t pbl_trace_check_updates(const pbl_trace_check *c); /* records that were right */
/* replicas x (V+H), 1: +1, after the updates so far of whole contexts' sweeps. */
const uint8_t *pbl_trace_check_state(const pbl_trace_check *c);

/* The next sweep's records as a sound device would send them, for tests and examples: appended to
 * *records (n x 4 words, realloc'ed), *n grows. As begin and skip otherwise. */
pbl_status pbl_trace_check_make(pbl_trace_check *c, const uint32_t *betas, size_t n_betas,
                                uint32_t **records, size_t *n, pbl_error *err);

/* Several lines of text: where, what was expected, what was found. */
void pbl_trace_mismatch_text(char *text, size_t size, const pbl_trace_mismatch *m,
                             const pbl_hw *hw);

#endif
