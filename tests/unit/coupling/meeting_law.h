/* The published eight-spin instance, and the exact law of its coupled chains' meeting time by a
 * forward operator on all 2^16 pairs of states: the independent answer to the sampled one. */
#ifndef MEETING_LAW_H
#define MEETING_LAW_H

#include <stddef.h>

#define SPINS_V 4
#define SPINS_H 4
#define SPINS 8
#define SPIN_STATES 256

/* (V+1) x (H+1) in the image's layout; b is visible, a hidden and updated first. */
void eight_spins(double weights[(SPINS_V + 1) * (SPINS_H + 1)]);
/* apart[t] = P(T - L > t), t = 0..n-1, for X leading Y by `lag` sweeps from independent uniform
 * states. */
void meeting_law(double *apart, size_t n, const double *weights, double beta, size_t lag);

#endif
