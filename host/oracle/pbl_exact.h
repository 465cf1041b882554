/* Everything exact about one model in one call: what `pbitloop exact` prints. */
#ifndef PBL_EXACT_H
#define PBL_EXACT_H

#include <stdbool.h>

#include "pbl_oracle_scan.h"

enum { PBL_EXACT_MAX_OBSERVABLES = 8, PBL_EXACT_MAX_KERNELS = 5, PBL_EXACT_NAME = 16 };

typedef struct {
  const pbl_rbm *model;
  double beta;
  size_t n_kernels; /* 0: law only, and then the smaller side may have 28 p-bits */
  pbl_scan kernels[PBL_EXACT_MAX_KERNELS];
  size_t n_observables;
  char observables[PBL_EXACT_MAX_OBSERVABLES][PBL_EXACT_NAME]; /* pbl_exact_observable */
  size_t window;   /* steps of the gradient estimate that Q_op is about; 0: no Q_op */
  size_t chains;   /* averaged independent chains, >= 1 */
  bool edges_only; /* Q_op over weights that are not 0, and the biases */
  int threads;     /* of the enumeration; 0: all cores */
} pbl_exact_request;

typedef struct {
  pbl_scan scan;
  double eigenvalue;                           /* of the slowest mode, by modulus */
  double relaxation;                           /* -1/ln, in steps */
  double tau[PBL_EXACT_MAX_OBSERVABLES];       /* half-Sokal, in steps */
  double tau_error[PBL_EXACT_MAX_OBSERVABLES]; /* of the solution; rounding besides */
  double q_op, signal, noise;                  /* NaN: no data moments, or no two-block scan */
} pbl_exact_kernel;

typedef struct {
  double log_z, energy, energy_variance;
  double *first, *edges; /* V + H means, visible first; V x H values of E[v_i h_j] */
  double mean[PBL_EXACT_MAX_OBSERVABLES], variance[PBL_EXACT_MAX_OBSERVABLES]; /* with kernels */
  pbl_exact_kernel kernels[PBL_EXACT_MAX_KERNELS];
} pbl_exact;

/* INVALID, naming the limit, for a model of more than PBL_ORACLE_SCAN_MAX_PBITS p-bits (without
 * kernels: more than PBL_ENUMERATE_MAX_SIDE on the smaller side), an unknown observable or scan;
 * NO_MEMORY, INTERRUPTED, NUMERIC. progress may be NULL. Release in any case. */
pbl_status pbl_exact_run(pbl_exact *out, const pbl_exact_request *request, pbl_progress *progress,
                         pbl_error *err);
void pbl_exact_release(pbl_exact *e);

/* f <- energy, mag_visible, mag_hidden, mag (all p-bits), vI or hJ (one p-bit) over all states of
 * the oracle. INVALID for any other name, with the list. */
pbl_status pbl_exact_observable(double *f, const char *name, const pbl_rbm *model, pbl_error *err);

/* Data moments <- exact moments of `teacher` at its own beta: what a model with no data can be
 * trained on. Same shape; INVALID otherwise; INTERRUPTED. */
pbl_status pbl_exact_teach(pbl_rbm *model, const pbl_rbm *teacher, int threads,
                           pbl_progress *progress, pbl_error *err);

/* Open grid of width x length +-1 couplings times `coupling`, with fields N(0, field^2): the black
 * squares of the checkerboard are visible, the white ones hidden, each numbered row by row, so that
 * absent edges are zero weights. ferro: all couplings +. At least 1 x 2, at most 65535 squares of
 * a colour. */
pbl_status pbl_exact_grid(pbl_rbm **out, int width, int length, double coupling, double field,
                          bool ferro, uint64_t seed, pbl_error *err);

#endif
