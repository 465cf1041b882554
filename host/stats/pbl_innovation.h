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
  size_t worst_a, worst_b; /* p-bit (chain, bin) indices of the worst member; unused: SIZE_MAX */
  size_t n_pools;          /* sums of members tested besides: bias, serial and replica all members,
                              cross all pairs at each update distance up to 8 and at all */
  double pooled_z;         /* strongest pool, with its sign; NaN without one */
  bool everywhere;         /* a pool is stronger than the worst member */
  double z;                /* |z| of the stronger */
  double p_value;          /* min(1, (n_tests + n_pools) * two-sided p of z) */
  double evidence;         /* -ln of it before it is cut at 1, also where it underflows */
  double effect;           /* z / sqrt(terms of the sum): a correlation, or a shift in standard
                              deviations of one update; bins: per update of all bins */
} pbl_innovation_result;

typedef struct {
  uint64_t n_updates;
  uint64_t n_impossible; /* outcomes of probability zero: any one makes the bias family's p zero */
  double implied_beta_error; /* relative, score estimate: sum(w r)/sum(v w^2) with w = beta f */
  double implied_beta_error_low, implied_beta_error_high; /* 95 % */
  pbl_innovation_result family[PBL_TEST_COUNT];
  double p_value; /* Bonferroni over families */
  bool in_turn;   /* a graph: cross pairs may share an edge, whose error correlates them, too */
  /* calibration curve: mean field (beta f) per bin, observed and expected mean of s, z */
  size_t n_bins;
  double bin_x[PBL_INNOVATION_BINS], bin_observed[PBL_INNOVATION_BINS],
      bin_expected[PBL_INNOVATION_BINS], bin_z[PBL_INNOVATION_BINS];
  double bin_count[PBL_INNOVATION_BINS];
} pbl_innovation_report;

/* Recorded chains with one sweep per draw (every = 1) are required for the first half-sweep of the
 * cyclic kernel (hidden at t given visible at t-1); the second (visible given hidden, both at t)
 * works for any thinning. Palindromic: only the last half-sweep (hidden given visible at t) can be
 * tested. Coin: needs chains->order; every sweep is tested as what it was, A B or B A, whose second
 * half-sweep works for any thinning. `every` says the thinning. Clamped p-bits are left out.
 * Probabilities: the image's exact thresholds at beta word `beta` when exact_sigmoid is false, else
 * sigma(2 beta f) of the dequantised model (for the float reference). Multi-threaded over chains,
 * result independent of the number of threads.
 *
 * Images of graphs in B blocks: cyclic with every = 1, the whole sweep, block b given the new
 * states of blocks before it and the old ones of those after it, cross pairs over all p-bits in the
 * order of the sweep; otherwise only the block updated last, B-1 (palindromic: 0), given all
 * others. Coin: the same for each sweep in the order it had. INVALID for random_site: recorded
 * states do not show which p-bits were picked. */
pbl_status pbl_innovation_test(pbl_innovation_report *out, const pbl_chains *chains,
                               const pbl_image *image, uint32_t beta, pbl_kernel kernel,
                               size_t every, bool exact_sigmoid, int threads,
                               pbl_progress *progress, pbl_error *err);

/* The same for the updates of those draws alone whose order is 0, whichever they are by: replica
 * exchange moves the beta of a chain, and each beta is tested on its own draws. Whether a draw
 * counts must be known before its sweep. */
pbl_status pbl_innovation_test_selected(pbl_innovation_report *out, const pbl_chains *chains,
                                        const pbl_image *image, uint32_t beta, pbl_kernel kernel,
                                        size_t every, int threads, pbl_progress *progress,
                                        pbl_error *err);

/* The family with the smallest p_value, among equals (several may underflow) with most evidence. */
const pbl_innovation_result *pbl_innovation_worst(const pbl_innovation_report *report);

typedef enum {
  PBL_FAULT_NONE,       /* overall p_value >= alpha */
  PBL_FAULT_BIAS,       /* an offset of one p-bit or of all */
  PBL_FAULT_GAIN,       /* temperature: all fields count too much or too little */
  PBL_FAULT_ACTIVATION, /* one p-bit's gain, or the shape of the activation curve */
  PBL_FAULT_WEIGHT,     /* a weight */
  PBL_FAULT_SERIAL,     /* random words correlated in time */
  PBL_FAULT_CROSS,      /* random words of p-bits of one half-sweep correlated */
  PBL_FAULT_REPLICA,    /* random words of chains correlated */
  PBL_FAULT_IMPOSSIBLE, /* nothing but outcomes of probability zero */
  PBL_FAULT_COUNT
} pbl_innovation_fault;

/* The class of fault that explains what the tests saw, at level alpha in (0, 1). A wrong law with a
 * shift of d standard deviations per update also correlates updates, by about d^2; correlated words
 * also shift every mean. So random words are named when their correlation is significant, more
 * than 4 d^2 and of more than half the law's z (where fields depend on the last word a wrong law
 * shows in the serial test at first order; graphs: of more than all of it, since the two p-bits of
 * an edge are a cross pair), else that family of the law (bias, gain, activation, weight) with most
 * evidence; the shape of the activation curve only with twice the evidence of bias and gain. */
pbl_innovation_fault pbl_innovation_name_fault(const pbl_innovation_report *report, double alpha);
/* "serial", "cross", ... */
const char *pbl_innovation_fault_name(pbl_innovation_fault fault);
/* One phrase of at most size bytes, with the worst member where one stands out: "random words
 * correlated between p-bits 3 and 4". "" for PBL_FAULT_NONE. */
void pbl_innovation_fault_text(char *text, size_t size, const pbl_innovation_report *report,
                               double alpha);

#endif
