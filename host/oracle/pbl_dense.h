/* Dense Markov kernel of a small model: everything linear algebra can say about it.
 *
 * From an oracle of up to PBL_DENSE_MAX_PBITS p-bits: the matrix P^every, and Z = (I - P + 1
 * pi')^-1 as an LU factorisation, so that no sum over lags is ever cut off. With centred g, sigma2
 * = lim n Var(mean) = 2 <g, Z g> - <g, g>, <a, b> = sum_x pi(x) a(x) b(x). Memory 2 x 4^N doubles
 * (12 p-bits: 268 MB). Uses OpenBLAS with the number of threads it is set to. Thread rule:
 * read-only after creation. Source: Kemeny and Snell 1960 (fundamental matrix). */
#ifndef PBL_DENSE_H
#define PBL_DENSE_H

#include "pbl_oracle_scan.h"

#define PBL_DENSE_MAX_PBITS 12

typedef struct pbl_dense pbl_dense;

/* every >= 1: steps of the scan per draw. INVALID for size or every; NO_MEMORY; NUMERIC when the
 * kernel has no unique law (singular I - P + 1 pi'). */
pbl_status pbl_dense_create(pbl_dense **out, const pbl_oracle *o, size_t every, pbl_error *err);
void pbl_dense_destroy(pbl_dense *d);

size_t pbl_dense_states(const pbl_dense *d);
const double *pbl_dense_kernel(const pbl_dense *d); /* n x n, row-major, row = source; owned by d */
const double *pbl_dense_law(const pbl_dense *d);    /* n; owned by d */

/* As pbl_oracle_tau (half-Sokal, in draws), by one linear solve. Any output may be NULL. */
pbl_status pbl_dense_tau(const pbl_dense *d, const double *f, double *mean, double *variance,
                         double *tau, pbl_error *err);

/* Covariance of cell frequencies: cell[x] in 0..n_cells-1 says where state x belongs. covariance
 * (n_cells x n_cells) = lim n Cov(frequency_a, frequency_b) for one chain of n draws started in its
 * stationary law; with n_draws > 0 the term of order 1/n is included (the rest decays like P^n). */
pbl_status pbl_dense_covariance(double *covariance, const pbl_dense *d, const size_t *cell,
                                size_t n_cells, size_t n_draws, pbl_error *err);

/* max |pi_x P_xy - pi_y P_yx|: 0 up to rounding for a reversible kernel. */
double pbl_dense_asymmetry(const pbl_dense *d);

/* Spectrum sorted by decreasing modulus: re and im (n each; im may be NULL), and, if functions is
 * not NULL, right eigenfunctions as rows of an n x n matrix with sum_x pi(x) |f(x)|^2 = 1. A
 * complex pair k, k+1 has its real part in row k, its imaginary part in row k+1 (member k: im > 0).
 * A kernel with asymmetry < 1e-14 is symmetrised (dsyev: real values, orthogonal functions), any
 * other goes to dgeev. Cost ~10 to 25 n^3: 8 p-bits 20 ms, 10 p-bits seconds, 12 minutes. NUMERIC
 * when LAPACK does not converge or some pi(x) is 0. */
pbl_status pbl_dense_spectrum(double *re, double *im, double *functions, const pbl_dense *d,
                              pbl_error *err);

#endif
