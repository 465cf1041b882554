/* Ising models on small graphs by plain sums over states and plain products of single updates, for
 * the tests of what samples or enumerates graphs. */
#ifndef PLAIN_GRAPH_H
#define PLAIN_GRAPH_H

#include "pbl_colouring.h"
#include "pbl_graph.h"
#include "pbl_hw.h"

#define PLAIN_MAX 10

typedef struct {
  size_t n;
  double J[PLAIN_MAX][PLAIN_MAX], h[PLAIN_MAX];
} plain_graph;

/* Every pair, couplings and fields multiples of 1/40 in [-.8, .8); or the pairs i, j with
 * (7i + 3j) mod 5 below 3, from the same numbers. */
plain_graph plain_complete(size_t n);
plain_graph plain_random(size_t n);
/* The graph with its blocks by DSATUR; aborts the test program on failure. */
typedef struct {
  plain_graph plain;
  pbl_graph *graph;
  pbl_colouring *blocks;
} plain_blocks;
plain_blocks plain_blocks_of(plain_graph p);
void plain_release(plain_blocks *m);
double plain_energy(const plain_graph *p, size_t state);
/* 2^n probabilities by enumeration. */
void plain_law(double *law, const plain_graph *p, double beta);
/* q <- q after one sweep: p-bits of block 0, 1, .. in any order, then back when palindromic; coin:
 * the mean of there and back; random_site: n times the mean over all single updates. */
void plain_sweep(double *q, const plain_graph *p, const pbl_colouring *c, double beta,
                 pbl_kernel kernel);

#endif
