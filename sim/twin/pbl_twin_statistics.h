/* Statistics unit of the twin: docs/device-options.md, "Statistics unit". A sample is one event, so
 * a swap never waits and STAT_STATUS.PENDING is never seen. What nothing has counted reads 0. */
#ifndef PBL_TWIN_STATISTICS_H
#define PBL_TWIN_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_hw.h"

enum { PBL_TWIN_STAT_SERIES = 5, PBL_TWIN_STAT_LEVELS = 16 };

__extension__ typedef __int128 pbl_twin_int128;

/* Of one series of one replica. */
typedef struct {
  pbl_twin_int128 a[PBL_TWIN_STAT_LEVELS], c[PBL_TWIN_STAT_LEVELS];
  int64_t s;
} pbl_twin_stat_sums;

typedef struct {
  uint32_t first, samples;
  uint32_t *ones, *equal;     /* p-bits that fit; pairs that fit */
  pbl_twin_stat_sums *series; /* replicas x 5 */
} pbl_twin_stat_bank;

typedef struct {
  int n_pbits, n_pairs, replicas, lanes, contexts; /* room for p-bits and pairs */
  /* registers */
  uint32_t every, pairs, shift, ref_lo, ref_hi, select, address;
  bool clipped, full;
  uint32_t taken; /* T: samples since STAT_CLEAR */
  int active;     /* bank that takes samples */
  pbl_twin_stat_bank bank[2];
  int64_t (*v)[PBL_TWIN_STAT_LEVELS]; /* replicas x 5 */
  uint8_t *coefficients;              /* p-bits that fit */
  uint32_t *pair;                     /* pairs that fit: i | j << 16 */
  uint32_t *frame;                    /* one frame of the largest kind */
} pbl_twin_statistics;

/* NULL: no memory. */
pbl_twin_statistics *pbl_twin_statistics_open(const pbl_hw *hw);
void pbl_twin_statistics_close(pbl_twin_statistics *s);
void pbl_twin_statistics_clear(pbl_twin_statistics *s); /* STAT_CLEAR */
void pbl_twin_statistics_swap(pbl_twin_statistics *s);  /* STAT_SWAP */

/* A sample in three steps. begin: false when the sample is left out. frame: the context's frame as
 * it leaves the device, s->frame, of n p-bits. end: energies of all replicas after the sweep. */
bool pbl_twin_statistics_begin(pbl_twin_statistics *s);
void pbl_twin_statistics_frame(pbl_twin_statistics *s, int context, int n);
void pbl_twin_statistics_end(pbl_twin_statistics *s, const int64_t *energy);

/* Registers from STAT_EVERY to STAT_DATA. False: not for writing. */
uint32_t pbl_twin_statistics_read(pbl_twin_statistics *s, uint32_t address);
bool pbl_twin_statistics_write(pbl_twin_statistics *s, uint32_t address, uint32_t value, bool idle,
                               bool *refused);

#endif
