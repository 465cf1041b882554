/* Exact laws of small RBMs by summing every visible and hidden state, from the energy's definition.
 */
#ifndef ENUMERATED_H
#define ENUMERATED_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_model.h"

/* v[i] = +1 where bit i of `state` is set. */
void visible_state(signed char *v, unsigned state, int n_visible);
/* log_p[state] = ln sum_h exp(-beta E(v, h)), not normalised, for all 2^V states; returns ln Z. */
double enumerate_visible(double *log_p, const pbl_rbm *m);
/* Mean exact log-likelihood of n images. */
double exact_log_likelihood(const pbl_rbm *m, const signed char *images, size_t n);
/* n exact, independent samples. */
void exact_samples(signed char *images, const pbl_rbm *m, size_t n, uint64_t seed);
/* The 14 bars-and-stripes patterns of 3 x 3 pixels. */
#define BARS 14
void bars_3x3(signed char images[BARS * 9]);

#endif
