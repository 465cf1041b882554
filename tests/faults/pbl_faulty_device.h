/* A device with one planted fault: a decorator of the vtable of sim/pbl_device.h, for tests. Not
 * part of the product.
 *
 * A fault is a line of text. Counts begin at 1; ADDRESS is that of a register; DIR is read or
 * write; STREAM is samples, telemetry or trace; N, if left out, is 1.
 *
 *   access N                bus error at the N-th bus access
 *   bus ADDRESS DIR N       bus error at the N-th access of this register in this direction
 *   silent ADDRESS DIR N    the same, without any bus response (TIMEOUT)
 *   value ADDRESS XOR N     from the N-th read on the register's value is changed by XOR
 *   dead N                  from the N-th advance on nothing answers any more
 *   hung                    START begins nothing: BUSY for ever, time goes on
 *   frozen N                from the N-th advance on time goes on and nothing else
 *   never_done              the run ends, and STATUS says BUSY and not DONE for ever
 *   never_hashed            STATUS.HASH_VALID never comes
 *   mute STREAM N           nothing comes from the N-th word on
 *   tlast STREAM N          TLAST of the N-th word is inverted
 *   drop STREAM N           the N-th word is lost
 *   double STREAM N         the N-th word comes twice
 *   endless STREAM N        behind the N-th word the stream brings words for ever
 *   noise STREAM N          from the N-th word on words are random; TLAST stays
 *   backwards N             from the N-th advance on the clock count is far in the past
 *   stopped N               from the N-th advance on the clock stands
 *   stall N CYCLES          at the N-th advance no receiver takes a word for CYCLES clocks: no
 * fault, only slow */
#ifndef PBL_FAULTY_DEVICE_H
#define PBL_FAULTY_DEVICE_H

#include <stdio.h>

#include "pbl_device.h"

/* What a client did to the device. */
typedef struct {
  uint32_t reads[1024], writes[1024]; /* by register: address / 4 */
  uint64_t accesses, advances;
  uint64_t words[3]; /* of samples, telemetry, trace */
} pbl_faulty_counts;

/* Takes ownership of `inner`, also on failure. `fault`: a line as above; NULL or empty: none.
 * `counts` (borrowed, may be NULL) is cleared and follows the device. INVALID for a line that is
 * not known. */
pbl_status pbl_faulty_open(pbl_device **out, pbl_device *inner, const char *fault,
                           pbl_faulty_counts *counts, pbl_error *err);

/* One line "ADDRESS reads writes" for each register that was used, then "accesses N", "advances N",
 * "words N N N". */
void pbl_faulty_print(FILE *file, const pbl_faulty_counts *counts);

#endif
