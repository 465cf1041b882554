/* The temperature regulator of docs/device.md once more: floor division in 128 bits, powers of two
 * from the library, no code shared with the twin. */
#ifndef PLAIN_REGULATOR_H
#define PLAIN_REGULATOR_H

#include <stdint.h>

__extension__ typedef __int128 plain_wide;

typedef struct {
  /* as the registers hold them */
  int64_t mode, source, freeze, rate_shift, window_sweeps, rate_scale, rate_set, gain, smoothing;
  int64_t dead_band, rate_limit, lambda_min, lambda_max, lambda, filter, macro, t_min, t_max;
  int beta_bits, beta_frac;
  int64_t temperature, index;
  uint32_t flags;
  /* the window so far */
  int64_t position, energy_ref;
  uint64_t flips_v, flips_h;
  plain_wide sum_d, sum_d2;
  uint32_t window_flags;
  uint32_t record[16]; /* of the last window */
} plain_regulator;

/* Returns 1 when the window ends with this sweep. */
int plain_regulator_sweep(plain_regulator *r, uint64_t flips_v, uint64_t flips_h,
                          const int64_t *energy, int n_replicas);
/* The record is complete but for word 1, the sweep count. Returns beta of the next sweep. */
uint32_t plain_regulator_end(plain_regulator *r, uint32_t beta);
/* At START: beta of the first sweep (modes 2 to 4). */
uint32_t plain_regulator_start(plain_regulator *r);

#endif
