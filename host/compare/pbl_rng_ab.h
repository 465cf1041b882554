/* What a generator, a table or a threshold width does to the samples: every case of a
 * configuration, of any fabric, on the bit-exact twin, measured against the exact law of its own
 * quantised kernel and against the ideal law. Differences between the rows are the price of a
 * design choice. */
#ifndef PBL_RNG_AB_H
#define PBL_RNG_AB_H

#include <stdio.h>

#include "pbl_config.h"
#include "pbl_hw.h"
#include "pbl_innovation.h"
#include "pbl_progress.h"
#include "pbl_stats.h"

/* A histogram of more states says nothing about a total variation of a few hundredths. */
#define PBL_RNG_AB_MAX_PBITS 16

typedef struct {
  char name[64]; /* of the case */
  pbl_hw hw;
  double n_sweeps; /* all chains together */
  /* total variation of the sampled histogram to the exact law of the quantised kernel; what a sound
   * device of this run length shows on average (beyond 10 p-bits from the exact tau of 256 states,
   * within a few per cent); standard error by delete-one-chain jackknife */
  double tv, tv_null, tv_error;
  double tv_ideal; /* quantised law to the ideal law of the same real weights; no sampling */
  /* half-Sokal tau of the energy and of the slowest p-bit over its exact value, 95 %; NaN when the
   * chains do not resolve it */
  pbl_estimate tau_energy, tau_slowest;
  double exact_tau_energy, exact_tau_slowest; /* sweeps */
  int slowest;                                /* p-bit */
  /* relative error of beta that the innovations imply, 95 %: against the quantised kernel, and
   * against the exact sigmoid of the same weights */
  pbl_estimate beta_error, beta_error_ideal;
  double innovation_p;          /* overall, against the quantised kernel */
  double worst[PBL_TEST_COUNT]; /* largest |z| of each family, its pooled sums included */
  pbl_innovation_fault fault;   /* what explains them at the level config->alpha, and in words */
  char fault_text[96];
} pbl_rng_ab_row;

/* rows: config->n_cases of them. config->device is ignored: this is about bits, which RTL and twin
 * share. CONFIG for a case with more than PBL_RNG_AB_MAX_PBITS p-bits, with clamps, faults or a
 * ladder, with sweeps_per_draw other than 1, or with kernel random_site. */
pbl_status pbl_rng_ab(pbl_rng_ab_row *rows, const pbl_compare_config *config,
                      pbl_progress *progress, pbl_error *err);
void pbl_rng_ab_print(FILE *out, const pbl_rng_ab_row *rows, size_t n);
pbl_status pbl_rng_ab_write(const char *path, const pbl_rng_ab_row *rows, size_t n,
                            const pbl_compare_config *config, pbl_error *err);

#endif
