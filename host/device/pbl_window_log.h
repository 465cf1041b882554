/* Records of the telemetry stream, one per window of the temperature regulator, decoded
 * (docs/device.md, "Temperature regulator"). */
#ifndef PBL_WINDOW_LOG_H
#define PBL_WINDOW_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"

enum { PBL_WINDOW_WORDS = 16 }; /* of one record */

/* Flags of a window. */
enum {
  PBL_WINDOW_COUNT_SATURATED = 1 << 0, /* a flip counter or the rate */
  PBL_WINDOW_AT_LAMBDA_MIN = 1 << 1,
  PBL_WINDOW_AT_LAMBDA_MAX = 1 << 2,
  PBL_WINDOW_IN_DEAD_BAND = 1 << 3,
  PBL_WINDOW_RATE_LIMITED = 1 << 4,
  PBL_WINDOW_T_CLAMPED = 1 << 5,
  PBL_WINDOW_BETA_CLIPPED = 1 << 6,
  PBL_WINDOW_ENERGY_CLIPPED = 1 << 7,
  PBL_WINDOW_ENERGY_SQ_SATURATED = 1 << 8,
  PBL_WINDOW_FROZEN = 1 << 9
};

typedef struct {
  uint32_t index; /* from 0 */
  uint32_t sweep; /* low word of SWEEP_COUNT after the window's last sweep */
  uint32_t flips_v, flips_h;
  int64_t energy_ref;   /* of replica 0 after the window's first sweep, weight LSBs */
  int64_t energy_sum;   /* of E - energy_ref, every replica and sweep */
  uint64_t energy_sq;   /* of its square */
  uint32_t rate;        /* UQ1.24 */
  uint32_t filter;      /* UQ1.31, after the step; so are the next two */
  int32_t lambda;       /* Q2.24 */
  uint32_t temperature; /* UQ6.24; 0 in modes host and fixed unless one was computed before */
  uint32_t beta;        /* word in force in the window's last sweep */
  uint32_t flags;       /* PBL_WINDOW_* */
} pbl_window;

/* Growable array, owned by the caller: start from {0}, end with pbl_window_log_free. */
typedef struct {
  pbl_window *items;
  size_t n, capacity;
} pbl_window_log;

/* NO_MEMORY leaves the log as it was. */
pbl_status pbl_window_log_append(pbl_window_log *log, const pbl_window *window, pbl_error *err);
/* Frees and empties it; NULL is legal. */
void pbl_window_log_free(pbl_window_log *log);
/* From the words of one record. */
pbl_window pbl_window_decode(const uint32_t words[PBL_WINDOW_WORDS]);

#endif
