/* What the statistics unit keeps of a series of integers x_t, t = 0, 1, .. (docs/device-options.md,
 * "Statistics unit"): sums over blocks of 2^b samples. */
#ifndef PBL_SERIES_SUMS_H
#define PBL_SERIES_SUMS_H

#include <stdbool.h>
#include <stdint.h>

enum { PBL_SERIES_LEVELS = 16 };

__extension__ typedef __int128 pbl_int128;

/* B_j is the sum of samples j 2^b .. (j+1) 2^b - 1; only complete blocks count. */
typedef struct {
  pbl_int128 a[PBL_SERIES_LEVELS]; /* sum of B_j^2 */
  pbl_int128 c[PBL_SERIES_LEVELS]; /* sum of B_j B_(j-1), j >= 1 */
  int64_t s;                       /* sum of all samples */
} pbl_series_sums;

/* Sums of x over a level's blocks, without which A and C are about no mean but 0. */
typedef struct {
  bool has_sum, has_ends; /* what of the following is known */
  int64_t sum;            /* of all complete blocks */
  int64_t first, last;    /* of the first and of the last one */
} pbl_series_blocks;

#endif
