/* Test bed of temperature regulation: a restricted Boltzmann machine so small that everything about
 * it is known exactly, trained on bars and stripes.
 *
 * 9 visible (3 x 3 pixels) and 9 hidden units in {0,1}, E(v,h) = -v'Wh - b'v - a'h, law
 * exp(-E/T)/Z. One update: every persistent chain does one sweep (all hidden units given the
 * visible ones, then all visible ones) at the temperature T, and
 *   W += rate (<v p>_data - <v p>_chains - decay W),  b and a likewise without decay,
 * with p = P(h=1|v) in both averages; the data average is the exact mean over the 14 patterns
 * (Tieleman 2008, persistent contrastive divergence). Best possible log-likelihood: -ln 14.
 *
 * Random numbers: xoshiro256** (Blackman and Vigna 2021), seeded by four outputs of splitmix64;
 * U = (next >> 11)/2^53; normal = sqrt(-2 ln(U1 + 1e-300)) cos(2 pi U2). Order: W row by row, bits
 * of the chains, then per update and chain 9 hidden and 9 visible uniforms; a unit is 1 when U < p.
 * Thread rule: one test bed per thread. */
#ifndef PBL_TESTBED_H
#define PBL_TESTBED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"

#define PBL_TESTBED_UNITS 9     /* visible, and hidden */
#define PBL_TESTBED_STATES 512  /* of one side; bit i of a state is unit i */
#define PBL_TESTBED_PATTERNS 14 /* bars and stripes, 3 x 3, each once */

typedef struct {
  double w[PBL_TESTBED_UNITS][PBL_TESTBED_UNITS]; /* visible x hidden */
  double b[PBL_TESTBED_UNITS], a[PBL_TESTBED_UNITS];
} pbl_testbed_model;

typedef struct {
  int chains;           /* 1..4096 */
  double learning_rate; /* >= 0; 0: frozen weights */
  double weight_decay;  /* >= 0, weights only */
  double initial_scale; /* s.d. of the first weights, >= 0; biases start at 0 */
  bool clamped;         /* training leaves the chains as they are and draws no uniforms */
  uint64_t seed;
} pbl_testbed_options;

pbl_testbed_options pbl_testbed_default(void); /* 64 chains, .02, 1e-4, .05, seed 1 */

typedef struct pbl_testbed pbl_testbed;

/* INVALID for options out of range. */
pbl_status pbl_testbed_create(pbl_testbed **out, const pbl_testbed_options *options,
                              pbl_error *err);
void pbl_testbed_destroy(pbl_testbed *t);

/* n sweeps of all chains without learning. */
void pbl_testbed_sweep(pbl_testbed *t, double temperature, int n_sweeps);
/* The next standard normal of the generator (two words), for callers that share the stream. */
double pbl_testbed_normal(pbl_testbed *t);

/* What a window of updates measured. */
typedef struct {
  double flip_rate;        /* visible units that changed, per unit, chain and sweep */
  double free_energy_gap;  /* mean F(data) - mean F(chains), F = -log sum_h exp(-E/T), after the
                              sweep and before the update */
  double gradient;         /* Frobenius norm of <v p>_data - <v p>_chains, last update */
  double gradient_largest; /* its maximum */
} pbl_testbed_window;

/* n_updates >= 1 updates at temperature T > 0. */
pbl_testbed_window pbl_testbed_train(pbl_testbed *t, double temperature, int n_updates);

const pbl_testbed_model *pbl_testbed_weights(const pbl_testbed *t);
double pbl_testbed_norm(const pbl_testbed *t); /* Frobenius norm of W */
/* Frobenius distance of W from the first weights. */
double pbl_testbed_drift(const pbl_testbed *t);
/* W, b and a times `factor`: folds a temperature into the parameters (factor = 1/T), or plants a
 * disturbance. */
void pbl_testbed_scale(pbl_testbed *t, double factor);

/* Exact properties of a model at temperature T, by enumeration and by the kernel of v -> h -> v. */
typedef struct {
  double gap;            /* 1 - lambda_2 of the kernel, abs. error ~1e-13 */
  double relaxation;     /* 1/gap, in sweeps */
  double flip_rate;      /* stationary */
  double log_z;          /* of exp(-E/T) */
  double log_likelihood; /* mean over the patterns, nats */
} pbl_testbed_truth;

/* NUMERIC when LAPACK fails. About 20 ms. */
pbl_status pbl_testbed_exact(pbl_testbed_truth *out, const pbl_testbed_model *m, double temperature,
                             pbl_error *err);
/* The stationary flip rate alone: microseconds. */
double pbl_testbed_flip_rate(const pbl_testbed_model *m, double temperature);
/* Pattern k < PBL_TESTBED_PATTERNS as a state: eight sets of columns, then six of rows. */
unsigned pbl_testbed_pattern(int k);

#endif
