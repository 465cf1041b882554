/* A small RBM whose law the tests enumerate state by state, and a plain sampler to compare with. */
#ifndef SMALL_RBM_H
#define SMALL_RBM_H

#include <stdint.h>

#include "pbl_model.h"
#include "pbl_reference.h"

#define SMALL_V 5
#define SMALL_H 4
#define SMALL_N (SMALL_V + SMALL_H)

/* Parameters are multiples of 1/64, so that every local field is exact in float32. */
pbl_rbm *small_rbm(void);
/* Energy from its definition, p-bits from bit p of `state` (1 = +1), visible first. */
double small_energy(const pbl_rbm *m, unsigned state);
/* Exact moments at `beta` by summing all 2^9 states: E[s_p], then E[v_i h_j], V*H of them. With a
 * clamp mask, only states that agree with `fixed` on it count. */
#define SMALL_MOMENTS (SMALL_N + SMALL_V * SMALL_H)
void small_moments(double moment[SMALL_MOMENTS], const pbl_rbm *m, double beta, unsigned mask,
                   unsigned fixed);
/* The same statistics of one sampled state. */
void small_statistics(double x[SMALL_MOMENTS], const pbl_chains *c, size_t chain, size_t draw);

#endif
