/* The published self-generating data sets: two-state and AR(1) series from splitmix64 seeds. */
#ifndef GOLDEN_SETS_H
#define GOLDEN_SETS_H

#include <stddef.h>

#define GOLDEN_MAX (4 * 1000)

typedef enum { SET_A, SET_B, SET_C, SET_D, SET_E, SET_F, SET_COUNT } golden_set;

/* Fills x (GOLDEN_MAX values) and the shape. */
void golden_fill(double *x, size_t *n_chains, size_t *n_draws, golden_set set);
/* Fails the running test unless |value/expected - 1| < tolerance (expected 0: |value|). */
void assert_close(double value, double expected, double tolerance, const char *what, int set);

#endif
