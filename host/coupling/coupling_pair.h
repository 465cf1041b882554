/* What one pair of coupled chains adds to the result, whoever sweeps it. Internal to host/coupling.
 */
#ifndef COUPLING_PAIR_H
#define COUPLING_PAIR_H

#include <stdbool.h>

#include "pbl_coupling.h"
#include "pbl_rng.h"

typedef struct {
  size_t n_visible, n_hidden;
  const pbl_coupling_options *opt;
  uint64_t met; /* T, or PBL_COUPLING_NOT_MET */
  double *h;    /* V + H + V H sums, 0 at first; NaN when the pair gives up */
} coupling_pair;

/* INVALID. */
pbl_status coupling_check(const pbl_coupling_options *o, pbl_error *err);
/* Sizes and memory of a result; freed by pbl_coupling_result_free. */
pbl_status coupling_result_create(pbl_coupling_result *out, const pbl_coupling_options *opt,
                                  size_t n_visible, size_t n_hidden, pbl_error *err);
/* Pair `pair` of a result before its first state. */
coupling_pair coupling_pair_of(pbl_coupling_result *out, const pbl_coupling_options *opt,
                               size_t n_visible, size_t n_hidden, size_t pair);
/* X_t and, from t = L on, Y_(t-L), V+H spins each; t = 0, 1, 2, ... After the meeting y is not
 * read. False when nothing more is needed: T and m are reached, or max_sweeps. */
bool coupling_pair_take(coupling_pair *c, uint64_t t, const signed char *x, const signed char *y);
/* Uniform random state of n spins. */
void coupling_random_state(signed char *s, size_t n, pbl_xoshiro *g);

#endif
