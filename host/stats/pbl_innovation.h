/* Innovation tests: first line of the right-law verdict.
 *
 * For each update with outcome s in {-1,+1} and probability p = P(s=+1) under the law being tested
 * (the quantised kernel of the device, or sigma for a reference), r = s - (2p-1) is a martingale
 * difference with variance v = 4p(1-p), whatever the start, the mixing or the temperature. For any
 * predictable weight, sum(w r)/sqrt(sum v w^2) is N(0,1).
 *
 * The accumulator is fed whole half-sweeps recomputed by the host from recorded states: an
 * independent recomputation of every field in integers, so a wrong weight in the device shows. */
#ifndef PBL_INNOVATION_H
#define PBL_INNOVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_chains.h"
#include "pbl_image.h"
#include "pbl_progress.h"
#include "pbl_stats.h"

#define PBL_INNOVATION_BINS 32

typedef enum {
  PBL_TEST_BIAS,      /* w = 1, per p-bit */
  PBL_TEST_GAIN,      /* w = beta f, all p-bits pooled: temperature error */
  PBL_TEST_GAIN_EACH, /* w = beta f, per p-bit */
  PBL_TEST_SERIAL,    /* w = previous r of the same p-bit and chain, per p-bit */
  PBL_TEST_CROSS,   /* r_i r_j of p-bits in one half-sweep and chain: all pairs up to 64 p-bits per
                       block, else neighbours in update order at distance 1..8 */
  PBL_TEST_REPLICA, /* r_i r_i of different chains, same p-bit and sweep, pooled per chain pair */
  PBL_TEST_EDGE,    /* w = s_j of the conditioning block, per weight w_ij (weight errors) */
  PBL_TEST_BINS,    /* binned by field: calibration curve */
  PBL_TEST_COUNT
} pbl_innovation_family;

typedef struct {
  const char *name;        /* "bias", "gain", ... */
  size_t n_tests;          /* members tested */
  size_t n_skipped;        /* members left out: too few effective updates for a z-score */
  double max_abs_z;        /* worst member */
  double p_value;          /* family-wise: min(1, n_tests * two-sided p of max_abs_z) */
  size_t worst_a, worst_b; /* p-bit (chain, bin) indices of the worst member; unused: SIZE_MAX */
} pbl_innovation_result;

typedef struct {
  uint64_t n_updates;
  uint64_t n_impossible; /* outcomes of probability zero: any one makes the bias family's p zero */
  double implied_beta_error; /* relative, score estimate: sum(w r)/sum(v w^2) with w = beta f */
  double implied_beta_error_low, implied_beta_error_high; /* 95 % */
  pbl_innovation_result family[PBL_TEST_COUNT];
  double p_value; /* Bonferroni over families */
  /* calibration curve: mean field (beta f) per bin, observed and expected mean of s, z */
  size_t n_bins;
  double bin_x[PBL_INNOVATION_BINS], bin_observed[PBL_INNOVATION_BINS],
      bin_expected[PBL_INNOVATION_BINS], bin_z[PBL_INNOVATION_BINS];
  double bin_count[PBL_INNOVATION_BINS];
} pbl_innovation_report;

/* Recorded chains with one sweep per draw (every = 1) are required for the first half-sweep of the
 * cyclic kernel (hidden at t given visible at t-1); the second (visible given hidden, both at t)
 * works for any thinning. Palindromic: only the last half-sweep (hidden given visible at t) can be
 * tested. `every` says the thinning. Clamped p-bits are left out. Probabilities: the image's exact
 * thresholds at beta word `beta` when exact_sigmoid is false, else sigma(2 beta f) of the
 * dequantised model (for the float reference). Multi-threaded over chains, result independent of
 * the number of threads. */
pbl_status pbl_innovation_test(pbl_innovation_report *out, const pbl_chains *chains,
                               const pbl_image *image, uint32_t beta, pbl_kernel kernel,
                               size_t every, bool exact_sigmoid, int threads,
                               pbl_progress *progress, pbl_error *err);

#endif
