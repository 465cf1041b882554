/* Series and p-bit chains of known law, for the tests of host/stats. */
#ifndef STATS_SAMPLES_H
#define STATS_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_chains.h"
#include "pbl_image.h"

/* Two-state chain on {0,1}: P(x_0 = 1) = p, autocorrelation l^k. u = top 53 bits of splitmix64. */
void sample_two_state(double *x, size_t n, double l, double p, uint64_t seed);
/* x = phi x + (u - 1/2) from x = 0. */
void sample_ar1(double *x, size_t n, double phi, uint64_t seed);

typedef enum {
  FAULT_NONE,
  FAULT_BETA,   /* sampled 2 % colder than claimed */
  FAULT_WEIGHT, /* one weight word 8 too high */
  FAULT_SHARED, /* replicas 0 and 1 use the same random words */
  FAULT_SERIAL, /* every second word is twice the one before, modulo 1 */
  FAULT_LAGGED, /* the same, between successive words of one p-bit */
  FAULT_ROW     /* row 3 reads as row 2 */
} sample_fault;

typedef struct {
  int n_visible, n_hidden;
  double weight_scale, bias_scale;
  size_t n_chains, n_draws, every;
  pbl_kernel kernel;
  uint64_t seed;
  sample_fault fault;
} sample_plan;

/* Image of a random machine; aborts the test program on failure. */
pbl_image *sample_image(const sample_plan *plan);
/* Block Gibbs chains by the image's exact thresholds, with a fault if asked for. */
pbl_chains *sample_chains(const sample_plan *plan, const pbl_image *image);

#endif
