/* Chains of the published eight-spin instance at beta .45, sampled in double precision by an
 * independent Gibbs sampler with splitmix64, for the tests of host/law. */
#ifndef LAW_SAMPLES_H
#define LAW_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_chains.h"
#include "pbl_dense.h"

#define LAW_BETA 0.45
#define LAW_CHAINS 64
#define LAW_DRAWS 500

/* Alternating scan, hidden then visible, started in the law of `beta`. Aborts the test program on
 * failure. */
pbl_chains *law_sample(double beta, size_t n_chains, size_t n_draws, uint64_t seed);
/* Oracle and one-draw kernel of the instance at LAW_BETA. */
pbl_oracle *law_oracle(void);
pbl_dense *law_dense(const pbl_oracle *o);
/* Temperature score test: z of sum beta f r over both blocks under LAW_BETA, and the number of
 * updates that entered. */
double law_innovation_z(const pbl_chains *chains, size_t *n_updates);
/* The instance as a float32 model. */
pbl_rbm *law_model(void);

#endif
