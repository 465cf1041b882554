/* Temperature regulator of the twin: docs/device.md, "Temperature regulator". */
#ifndef PBL_TWIN_REGULATOR_H
#define PBL_TWIN_REGULATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "pbl_twin_schedule.h"

enum { PBL_TWIN_RECORD_WORDS = 16 };

#define PBL_TWIN_LOG2_E_30 INT64_C(1549082005) /* log2(e), 30 fraction bits */

/* round(2^24 * 2^(k/64)) */
extern const uint32_t pbl_twin_power_of_two[65];

/* What a window gathers; all zero at its first sweep. */
typedef struct {
  uint32_t position; /* sweeps done */
  uint64_t flips_v, flips_h;
  int64_t energy_ref;
  uint64_t energy_sum; /* two's complement, wraps */
  uint64_t energy_sq;  /* saturates */
  uint32_t flags;
} pbl_twin_window;

/* What the WINDOW_* registers show of the last one that ended. */
typedef struct {
  uint32_t flips_v, flips_h, rate;
  uint64_t energy[3];         /* reference, sum, sum of squares */
  uint32_t latched_energy[3]; /* their high words */
} pbl_twin_window_result;

typedef struct {
  bool absent; /* not built: only the schedule, and of REG_CONFIG mode and freeze */
  /* registers, each within its width */
  uint32_t config, window_sweeps, rate_scale, rate_set, gain, smoothing, dead_band, rate_limit;
  int32_t lambda_min, lambda_max, lambda, macro;
  uint32_t filter, t_min, t_max, temperature, index, flags;
  pbl_twin_window window;
  pbl_twin_window_result last;
  pbl_twin_schedule schedule;
} pbl_twin_regulator;

void pbl_twin_regulator_reset(pbl_twin_regulator *r);
/* After a reset: of a device that was built without one. */
void pbl_twin_regulator_remove(pbl_twin_regulator *r);
void pbl_twin_regulator_window_clear(pbl_twin_regulator *r);

/* Modes 2 to 4: the regulator sets beta. */
bool pbl_twin_regulator_acts(const pbl_twin_regulator *r);
/* Mode 0: BETA is taken over after every sweep. */
bool pbl_twin_regulator_follows_host(const pbl_twin_regulator *r);
/* Mode 5: beta comes from the schedule. */
bool pbl_twin_regulator_is_scheduled(const pbl_twin_regulator *r);
/* Mode 6, which acts as 1 where replica exchange was not built. */
bool pbl_twin_regulator_is_ladder(const pbl_twin_regulator *r);
bool pbl_twin_regulator_is_frozen(const pbl_twin_regulator *r);

/* One sweep has ended: flips of both blocks, energies of all replicas. True when the window ends
 * with it. */
bool pbl_twin_regulator_sweep(pbl_twin_regulator *r, uint64_t flips_v, uint64_t flips_h,
                              const int64_t *energy, int n_replicas);
/* Temperature and beta from lambda (modes 2 to 4). Returns beta; *flags gains bits 5 and 6. */
uint32_t pbl_twin_regulator_beta(pbl_twin_regulator *r, int beta_bits, int beta_frac,
                                 uint32_t *flags);
/* End of a window: step, registers, record (its words 1 and 14 are left 0), next window. Returns
 * beta for the next sweep; `beta` when the regulator does not set it. */
uint32_t pbl_twin_regulator_window_end(pbl_twin_regulator *r, uint32_t beta, int beta_bits,
                                       int beta_frac, uint32_t record[PBL_TWIN_RECORD_WORDS]);

/* Registers from REG_CONFIG on. False: no such register, or not for writing. `idle` false: a
 * write to a register is ignored and *refused set, as are writes to what was not built. */
bool pbl_twin_regulator_read(pbl_twin_regulator *r, uint32_t *value, uint32_t address);
bool pbl_twin_regulator_write(pbl_twin_regulator *r, uint32_t address, uint32_t value, bool idle,
                              bool *refused);

#endif
