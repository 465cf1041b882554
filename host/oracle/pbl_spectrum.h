/* Slowest modes of large models: leading eigenvalues of the matrix-free step, by ARPACK.
 *
 * In f sqrt(pi) a reversible step is a symmetric matrix (dsaupd); other kernels go to dnaupd. The
 * stationary eigenvalue 1 is projected out. Source: Lehoucq, Sorensen and Yang 1998. Thread rule:
 * ARPACK keeps state between its calls, so that one thread at a time may be here. */
#ifndef PBL_SPECTRUM_H
#define PBL_SPECTRUM_H

#include <stdbool.h>

#include "pbl_oracle_scan.h"

/* Whether the oracle's kernel satisfies detailed balance: any scan but cyclic and reversed, for
 * the ideal law. */
bool pbl_oracle_reversible(const pbl_oracle *o);

/* The `count` eigenvalues of largest modulus besides the 1 of constants, in that order: re and im
 * (count each; im may be NULL). functions: NULL, or count x 2^N values, rows normalised to
 * sum_x pi |f|^2 = 1; a complex pair k, k+1 has its real part in row k and its imaginary part in
 * row k+1 (member k: im > 0); a pair that `count` cuts keeps its first row. A kernel that forgets
 * everything in one step has eigenvalues 0 and functions 0. Relative accuracy `tolerance` (0:
 * machine precision). 1 <= count and 2 count + 3 <= length of the vectors.
 *
 * A two-block step leaves functions of one block, where it is one matrix-free step g -> BA g or
 * AB g: vectors of 2^min(V,H). Eigenpairs of the mixtures follow from its eigenvalues c^2: coin
 * c(c+1)/2 and random block (1+c)/2 with f = (other side's conditional mean of g) + c g, and the
 * same with -c. Mixtures of an image, and site scans, go to pbl_oracle_modes_whole. INVALID,
 * NO_MEMORY, INTERRUPTED (asked before every step), NUMERIC when it does not converge. progress may
 * be NULL. */
pbl_status pbl_oracle_modes(double *re, double *im, double *functions, const pbl_oracle *o,
                            size_t count, double tolerance, pbl_progress *progress, pbl_error *err);

/* The same on whole vectors, for any scan and law, without any of these relations. Memory:
 * (2 count + 24) vectors of 2^N doubles: 22 p-bits and one mode .9 GB. */
pbl_status pbl_oracle_modes_whole(double *re, double *im, double *functions, const pbl_oracle *o,
                                  size_t count, double tolerance, pbl_progress *progress,
                                  pbl_error *err);

/* Steps in which the slowest mode falls to 1/e: -1 / ln |eigenvalue|; 0 for eigenvalue 0. */
double pbl_relaxation_time(double modulus);

#endif
