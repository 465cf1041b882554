/* Estimates of a series of which only batch sums were kept (pbl_series_sums.h): what the device's
 * statistics unit measures without read-out. Chains share one mean. docs/statistics.md, "From batch
 * sums". Convention: half-Sokal tau in samples, ESS = N / (2 tau), N = n_chains n_samples. Pure. */
#ifndef PBL_BATCH_SERIES_H
#define PBL_BATCH_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_series_sums.h"
#include "pbl_stats.h"

typedef struct {
  pbl_resolution resolution;
  const char *gate; /* which clause failed, or "all gates passed"; static string */
  double mean, variance;
  pbl_estimate tau, ess; /* 95 %, log scale: delete-one-chain jackknife with t_{R-1} from 8 chains
                            on, but no narrower than what the window implies */
  double mcse;           /* standard error of the mean */
  int level;             /* batches of 2^level samples; -1: no level is usable */
  int largest;           /* largest usable level */
  bool neighbours; /* from batches and their neighbours; else, where the ends of the series are
                      not known, from batches of two sizes, which scatters more */
  double left_out; /* share of tau beyond the window if it were one exponential */
  double change;   /* relative change of sigma2 from there to the next level */
  double chain_means_ratio, chain_means_bound; /* as in pbl_tau_report; NaN below 4 chains */
} pbl_batch_series_report;

/* sums: n_chains; blocks: n_chains x PBL_SERIES_LEVELS, row-major. All chains have n_samples.
 *   SHORT    n_samples < 16 or no usable level     FROZEN   every chain constant
 *   PARTIAL  some chains constant
 *   RESOLVED the largest usable batch is longer than 10 tau, sigma2 has come to rest, and the chain
 *            means spread no more than tau explains (4 chains or more); else UNRESOLVED.
 * slowest: tau of the slowest series of the same chains that is known, samples; 0: none. A fast
 * series may have a part that decays as slowly: batches are at least twice as long.
 * A level is usable with at least 8 batches a chain and 32 in all. INVALID without chains. */
pbl_status pbl_batch_series(pbl_batch_series_report *out, const pbl_series_sums *sums,
                            const pbl_series_blocks *blocks, size_t n_chains, uint64_t n_samples,
                            double slowest, pbl_error *err);

/* The sums of x itself, n values, |x| < 2^24, and all that is known of its blocks. NO_MEMORY. */
pbl_status pbl_series_sums_of(pbl_series_sums *sums, pbl_series_blocks blocks[PBL_SERIES_LEVELS],
                              const int64_t *x, size_t n, pbl_error *err);

#endif
