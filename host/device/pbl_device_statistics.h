/* What the statistics unit of a device has counted, all drained banks together. */
#ifndef PBL_DEVICE_STATISTICS_H
#define PBL_DEVICE_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"
#include "pbl_hw.h"
#include "pbl_series_sums.h"

enum { PBL_STATISTICS_SERIES = 5 }; /* energy, four projections */
enum { PBL_STATISTICS_PROJECTIONS = PBL_STATISTICS_SERIES - 1 };

typedef struct {
  size_t n_pbits, n_pairs, n_replicas;
  uint64_t n_samples; /* since the unit was cleared */
  size_t n_drains;
  bool clipped, full;      /* STAT_STATUS: an energy did not fit; samples were left out */
  uint64_t *ones;          /* n_pbits: replicas at +1, summed over samples */
  uint64_t *equal;         /* n_pairs: replicas in which both are equal */
  pbl_series_sums *series; /* n_replicas x 5 */
  /* Sums of the series at each drain: what lets a mean be taken off A and C. */
  size_t n_marks, mark_capacity;
  uint64_t *mark_samples; /* n_marks, rising; the first is 0 */
  int64_t *mark_sums;     /* n_marks x n_replicas x 5 */
} pbl_statistics;

/* hw->n_visible of a sparse fabric: the p-bits of its graph. NO_MEMORY. */
pbl_status pbl_statistics_create(pbl_statistics **out, const pbl_hw *hw, size_t n_pairs,
                                 pbl_error *err);
void pbl_statistics_destroy(pbl_statistics *t);
/* A copy without the marks. NO_MEMORY. */
pbl_status pbl_statistics_copy(pbl_statistics **out, const pbl_statistics *t, pbl_error *err);
/* Remembers n_samples and the sums of now. NO_MEMORY. */
pbl_status pbl_statistics_mark(pbl_statistics *t, pbl_error *err);
/* Blocks of all levels of one series, as far as marks tell. */
void pbl_statistics_blocks(pbl_series_blocks out[PBL_SERIES_LEVELS], const pbl_statistics *t,
                           size_t replica, size_t series);

/* Numbers of samples after which to drain, so that pbl_statistics_blocks knows everything of the
 * levels below n_levels once n_samples are taken: rising, n_samples the last. Returns how many. */
enum { PBL_STATISTICS_MAX_MARKS = 3 * PBL_SERIES_LEVELS + 1 };
size_t pbl_statistics_plan(uint64_t out[PBL_STATISTICS_MAX_MARKS], uint64_t n_samples,
                           int n_levels);

#endif
