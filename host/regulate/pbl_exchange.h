/* The device's decision to exchange two neighbouring rungs of a ladder of temperatures, in exact
 * integers (docs/device-options.md, "Replica exchange"). Pure functions. */
#ifndef PBL_EXCHANGE_H
#define PBL_EXCHANGE_H

#include <stdint.h>

/* Probabilities are t / 2^32: the device accepts when its random word is below t. */
#define PBL_EXCHANGE_ONE ((uint64_t)1 << 32)

/* t, 0 .. 2^32. difference: E_x - E_y of the replicas x at rung k and y at rung k+1, words of
 * 2^-weight_frac, at most 49 bits signed; slope: B_k - B_(k+1), beta words; fraction_bits:
 * WEIGHT_FRAC + BETA_FRAC. The largest relative error against min(1, exp(A)), A the exact product
 * in real units, is 1.5e-5 beside 2^-32. */
uint64_t pbl_exchange_threshold(int64_t difference, int32_t slope, int fraction_bits);
/* t / 2^32. */
double pbl_exchange_probability(int64_t difference, int32_t slope, int fraction_bits);
/* min(1, exp((beta_x - beta_y)(energy_x - energy_y))). */
double pbl_exchange_ideal(double energy_x, double energy_y, double beta_x, double beta_y);

#endif
