/* Private to host/oracle: the lumped ladder of a planted barrier. */
#ifndef PBL_BARRIER_INTERNAL_H
#define PBL_BARRIER_INTERNAL_H

#include "pbl_barrier.h"

struct pbl_barrier {
  int V, H;
  size_t rungs;
  size_t n;       /* counts (a, h) of one rung */
  size_t m;       /* what a sweep remembers of them */
  size_t chain;   /* m^rungs */
  double *value;  /* PBL_BARRIER_OBSERVABLES x n */
  double *start;  /* rungs x m: Boltzmann law of what is remembered */
  double *sweep;  /* rungs x m x n: from what is remembered to counts */
  double *alone;  /* rungs x m x m: the same, forgotten again */
  double *pair;   /* (rungs - 1) x m^2 x m^2: sweeps of rungs k and k+1, exchange; index a + m b */
  double *accept; /* (rungs - 1) x n x n */
};

static inline size_t pbl_barrier_memory(const pbl_barrier *b, size_t x) {
  return b->m == b->n ? x : x % b->m;
}

/* A try of rungs k and k+1: matrix (m^2 x m^2) of the pair with every path weighted by f(x), x the
 * counts at rung k after the sweep; f NULL: 1. */
void pbl_barrier_pair(double *matrix, const pbl_barrier *b, size_t k, const double *f);
/* The sweep alone of rung k, likewise (m x m). */
void pbl_barrier_alone(double *matrix, const pbl_barrier *b, size_t k, const double *f);

#endif
