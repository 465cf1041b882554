/* Exact chain of a ladder of temperatures: R copies of one small model, one at each rung, updated
 * by themselves and exchanged in neighbouring pairs.
 *
 * A state of the ladder is an index x_0 + n x_1 + .. + n^(R-1) x_(R-1), x_k the state at rung k of
 * 0..n-1. The steps are products over rungs or pairs and are applied to a vector without forming
 * their matrix. A scheme is a word of letters, the leftmost step first; '+' between words is a fair
 * choice among them:
 *
 *   L  one sweep of every rung             E  exchange of the pairs (0,1), (2,3), ..
 *   O  of the pairs (1,2), (3,4), ..       S  E or O by a fair coin: (E + O)/2
 *   M  of one pair, all equally likely     I  nothing
 *
 * "LE": a sweep, then an even pass. "LELO": the device's even_odd from one even pass to the next.
 * "LSL", "LS+SL": reversible when the sweep is. Thread rule: read-only after creation. */
#ifndef PBL_ORACLE_LADDER_H
#define PBL_ORACLE_LADDER_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_image.h"
#include "pbl_oracle_scan.h"

typedef struct pbl_oracle_ladder pbl_oracle_ladder;

#define PBL_ORACLE_LADDER_STATES ((size_t)1 << 24) /* n^R at most: 128 MB a vector */
#define PBL_ORACLE_LADDER_DENSE 4096 /* n^R at most where the matrix is formed: 128 MB each */

/* kernel: rungs x n x n, row-major, row = source, rows sum to 1. accept: (rungs - 1) x n x n, entry
 * [k][x][y] the probability that states x at rung k and y at rung k+1 change places. Both are
 * copied. INVALID for rungs < 1, n < 1, n^rungs too large, a probability outside [0, 1], a row sum
 * off by more than 1e-9; NO_MEMORY. */
pbl_status pbl_oracle_ladder_create(pbl_oracle_ladder **out, size_t rungs, size_t n,
                                    const double *kernel, const double *accept, pbl_error *err);
/* Ladder of the model in the layout of pbl_oracle_create_weights: exact sigmoid at beta[0..rungs-1]
 * and min(1, exp). law: rungs x n, the rungs' Boltzmann laws; NULL: not wanted. */
pbl_status pbl_oracle_ladder_ideal(pbl_oracle_ladder **out, double *law, int n_visible,
                                   int n_hidden, const double *weights, const double *beta,
                                   size_t rungs, pbl_scan scan, pbl_error *err);
/* Ladder of the device: its integer thresholds at beta words beta[0..rungs-1] and its integer
 * decision about exchanges. law: rungs x n, laws of the rungs on their own, without exchange. Dense
 * and lattice images of up to 12 p-bits, nothing clamped. */
pbl_status pbl_oracle_ladder_image(pbl_oracle_ladder **out, double *law, const pbl_image *image,
                                   const uint32_t *beta, size_t rungs, pbl_scan scan,
                                   pbl_error *err);
/* Ladder of any model whose rungs have exact oracles at beta words beta[0..rungs-1], of 2^p-bits
 * states each, at most 2^12; the device's integer decision about exchanges. energy: words of
 * 2^-weight_frac, in all states (pbl_image_state_energies); fraction_bits: weight_frac +
 * beta_frac. */
pbl_status pbl_oracle_ladder_oracles(pbl_oracle_ladder **out, const pbl_oracle *const *rung,
                                     size_t rungs, const int64_t *energy, const uint32_t *beta,
                                     int fraction_bits, pbl_error *err);
void pbl_oracle_ladder_destroy(pbl_oracle_ladder *l);

size_t pbl_oracle_ladder_states(const pbl_oracle_ladder *l); /* n^R */

/* One step of the scheme in place: f <- P f, q <- q P. INVALID for a letter that is none, NO_MEMORY
 * (three vectors). */
pbl_status pbl_oracle_ladder_backward(const pbl_oracle_ladder *l, const char *scheme, double *f,
                                      pbl_error *err);
pbl_status pbl_oracle_ladder_forward(const pbl_oracle_ladder *l, const char *scheme, double *q,
                                     pbl_error *err);
/* law <- product of the rungs' laws, rung: rungs x n. */
void pbl_oracle_ladder_product(double *law, const pbl_oracle_ladder *l, const double *rung);
/* rung (n) <- law of rung k. */
void pbl_oracle_ladder_marginal(double *rung, const pbl_oracle_ladder *l, const double *law,
                                size_t k);
/* law <- fixed point of the scheme, by forward steps from the law given until the change in total
 * variation per step is < 1e-13; NUMERIC after 1e6 steps. */
pbl_status pbl_oracle_ladder_settle(const pbl_oracle_ladder *l, const char *scheme, double *law,
                                    pbl_error *err);

/* What the dense certificate says about a scheme and a law. */
typedef struct {
  double stationarity; /* max |(law P)_x - law_x| */
  double asymmetry;    /* max |law_x P_xy - law_y P_yx|: 0 up to rounding when reversible */
} pbl_ladder_certificate;
/* INVALID for more than PBL_ORACLE_LADDER_DENSE states; NO_MEMORY. */
pbl_status pbl_oracle_ladder_certify(pbl_ladder_certificate *out, const pbl_oracle_ladder *l,
                                     const char *scheme, const double *law, pbl_error *err);

/* tau (half-Sokal, in steps of the scheme) of f, n values, a function of the state at rung k, when
 * law is the scheme's; a sum over lags until the autocovariances of the last hundred lags are below
 * 1e-13 of the variance. Any output may be NULL. NUMERIC after 1e6 lags, NO_MEMORY. */
pbl_status pbl_oracle_ladder_tau(double *mean, double *variance, double *tau,
                                 const pbl_oracle_ladder *l, const char *scheme, const double *law,
                                 const double *f, size_t k, pbl_error *err);

/* The same of a chain whose steps are schemes[0], .., schemes[phases-1] in turn, phases <= 2: law
 * (phases x n^R) is what is seen before each of them. The mean is that over the phases; f is
 * counted from the mean of its phase. */
pbl_status pbl_oracle_ladder_tau_in_turn(double *mean, double *variance, double *tau,
                                         const pbl_oracle_ladder *l, const char *const *schemes,
                                         size_t phases, const double *law, const double *f,
                                         size_t k, pbl_error *err);

/* accept (n x n) of one pair of rungs, x at the first: min(1, exp) from energies; the device's
 * integers from energy words (2^-weight_frac) and beta words. */
void pbl_ladder_accept_ideal(double *accept, const double *energy, size_t n, double beta_x,
                             double beta_y);
void pbl_ladder_accept_device(double *accept, const int64_t *energy, size_t n, uint32_t beta_x,
                              uint32_t beta_y, int fraction_bits);
/* Energy words of all states of an image (2^p-bits values). */
void pbl_image_state_energies(int64_t *energy, const pbl_image *image);

#endif
