/* Observables of an Ising model on a graph. */
#include <math.h>
#include <string.h>

#include "compare_internal.h"

#define PROJECTIONS CASE_PROJECTIONS

static void add_product(float *to, const pbl_graph *g, const float *from) {
  for (size_t i = 0; i < g->n; i++) {
    double sum[PROJECTIONS] = {0};
    for (size_t e = g->start[i]; e < g->start[i + 1]; e++) {
      const float *x = from + (size_t)g->neighbour[e] * PROJECTIONS;
      for (size_t k = 0; k < PROJECTIONS; k++) sum[k] += g->coupling[e] * (double)x[k];
    }
    for (size_t k = 0; k < PROJECTIONS; k++) to[i * PROJECTIONS + k] += (float)sum[k];
  }
}

static double dot(const float *u, size_t n, size_t k, size_t l) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += (double)u[i * PROJECTIONS + k] * (double)u[i * PROJECTIONS + l];
  return sum;
}

static void orthonormalise(float *u, size_t n) {
  for (size_t k = 0; k < PROJECTIONS; k++) {
    for (size_t l = 0; l < k; l++) {
      const double part = dot(u, n, k, l);
      for (size_t i = 0; i < n; i++)
        u[i * PROJECTIONS + k] -= (float)(part * (double)u[i * PROJECTIONS + l]);
    }
    const double norm = sqrt(dot(u, n, k, k));
    for (size_t i = 0; i < n; i++) u[i * PROJECTIONS + k] *= norm > 0 ? (float)(1 / norm) : 0.0f;
  }
}

/* A small share of the identity, so that a projection stays a direction where couplings have fewer
 * of them than are asked for. */
static float shift_of(const pbl_graph *g) {
  double most = 0;
  for (size_t i = 0; i < g->n; i++) {
    double sum = 0;
    for (size_t e = g->start[i]; e < g->start[i + 1]; e++) sum += g->coupling[e] * g->coupling[e];
    most = fmax(most, sum);
  }
  return most > 0 ? (float)(1e-3 * most) : 1.0f;
}

/* Subspace iteration with the square of the couplings: large eigenvalues of either sign. */
void case_graph_projections(float *u, const pbl_graph *g, float *scratch) {
  const float shift = shift_of(g);
  const size_t all = g->n * PROJECTIONS;
  for (size_t i = 0; i < g->n; i++) {
    for (size_t k = 0; k < PROJECTIONS; k++)
      u[i * PROJECTIONS + k] = (float)((int)((i * 7919 + k * 104729) % 1009) - 504);
  }
  orthonormalise(u, g->n);
  for (int iteration = 0; iteration < 60; iteration++) {
    memset(scratch, 0, all * sizeof *scratch);
    add_product(scratch, g, u);
    for (size_t k = 0; k < all; k++) u[k] *= shift;
    add_product(u, g, scratch);
    orthonormalise(u, g->n);
  }
}

static double energy_of(const pbl_graph *g, const float *s) {
  double energy = 0;
  for (size_t i = 0; i < g->n; i++) {
    double field = g->field[i];
    for (size_t e = g->start[i]; e < g->start[i + 1] && g->neighbour[e] < i; e++)
      field += g->coupling[e] * (double)s[g->neighbour[e]];
    energy -= field * (double)s[i];
  }
  return energy;
}

void case_graph_series(double *const *series, size_t offset, size_t n, const case_work *w,
                       const float *x, const float *u) {
  const size_t n_pbits = w->held->n;
  const bool small = n_pbits <= PBL_ORACLE_MAX_PBITS;
  for (size_t t = 0; t < n; t++) {
    const float *s = x + t * n_pbits;
    double sum = 0, projection[PROJECTIONS] = {0};
    for (size_t p = 0; p < n_pbits; p++) {
      sum += (double)s[p];
      if (small) series[2 + p][offset + t] = (double)s[p];
      for (size_t k = 0; !small && k < PROJECTIONS; k++)
        projection[k] += (double)u[p * PROJECTIONS + k] * (double)s[p];
    }
    series[0][offset + t] = energy_of(w->held, s);
    series[1][offset + t] = sum;
    for (size_t k = 0; !small && k < PROJECTIONS; k++) series[2 + k][offset + t] = projection[k];
  }
}
