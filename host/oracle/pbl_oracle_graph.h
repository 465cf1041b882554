/* Exact oracles of Ising models on any graph whose blocks are updated in turn: blocks 0, 1, .. B-1,
 * and back to 0 when palindromic (B-1 once); coin: 0, 1, .. B-1 or B-1, .. 0, each in half of the
 * sweeps; random_site: n updates of single p-bits, each p-bit equally likely every time. What
 * pbl_oracle.h and pbl_dense.h do with an oracle they do with this one, except Q_op (its gradient
 * is an RBM's): the graph's p-bits are the visible ones, there are no hidden ones. pbl_blocks.h and
 * pbl_oracle_information are not for graphs.
 *
 * p-bits of one block share no edge, so that a block is a product of single updates. Memory:
 * n/2 + a few vectors of 2^n doubles. */
#ifndef PBL_ORACLE_GRAPH_H
#define PBL_ORACLE_GRAPH_H

#include "pbl_colouring.h"
#include "pbl_graph.h"
#include "pbl_oracle.h"

/* P(s = +1) of any p-bit at local field `field`, in the units of the graph's couplings. */
typedef double (*pbl_site_law)(const void *context, double field);

/* law NULL: P = sigma(2 beta field), and the law is exp(-beta E)/Z in closed form with its log Z.
 * Else the law is the fixed point of the kernel, found by forward steps from that one, until the
 * total-variation change per sweep is < 1e-13 (NUMERIC after 1e6 sweeps), and log Z is NaN.
 * INVALID for more than PBL_ORACLE_MAX_PBITS p-bits, what is no colouring of g, a probability
 * outside [0,1], beta < 0; NO_MEMORY; INTERRUPTED. progress may be NULL. */
pbl_status pbl_oracle_create_graph(pbl_oracle **out, const pbl_graph *g,
                                   const pbl_colouring *blocks, double beta, pbl_kernel kernel,
                                   pbl_site_law law, const void *context, pbl_progress *progress,
                                   pbl_error *err);
/* f[x] <- energy of every state, 2^n values. */
void pbl_graph_state_energies(double *f, const pbl_graph *g);

#endif
