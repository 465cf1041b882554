#include "enumerated.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_rng.h"

#define MAX_VISIBLE 12

void visible_state(signed char *v, unsigned state, int n_visible) {
  for (int i = 0; i < n_visible; i++) v[i] = (state >> i) & 1u ? 1 : -1;
}

static double energy(const pbl_rbm *m, const signed char *v, unsigned hidden) {
  double e = 0.0;
  for (int i = 0; i < m->n_visible; i++) e -= (double)m->b[i] * v[i];
  for (int j = 0; j < m->n_hidden; j++) {
    const int h = (hidden >> j) & 1u ? 1 : -1;
    double f = (double)m->c[j];
    for (int i = 0; i < m->n_visible; i++) f += (double)m->w[i * m->n_hidden + j] * v[i];
    e -= f * h;
  }
  return e;
}

static double log_add(double a, double b) {
  const double top = a > b ? a : b;
  return top + log(exp(a - top) + exp(b - top));
}

double enumerate_visible(double *log_p, const pbl_rbm *m) {
  double log_z = -INFINITY;
  signed char v[MAX_VISIBLE];
  for (unsigned state = 0; state < 1u << m->n_visible; state++) {
    visible_state(v, state, m->n_visible);
    double sum = -INFINITY;
    for (unsigned h = 0; h < 1u << m->n_hidden; h++) {
      const double x = -m->beta * energy(m, v, h);
      sum = h ? log_add(sum, x) : x;
    }
    log_p[state] = sum;
    log_z = state ? log_add(log_z, sum) : sum;
  }
  return log_z;
}

static unsigned state_of(const signed char *v, int n_visible) {
  unsigned state = 0;
  for (int i = 0; i < n_visible; i++) state |= (v[i] > 0 ? 1u : 0u) << i;
  return state;
}

double exact_log_likelihood(const pbl_rbm *m, const signed char *images, size_t n) {
  double log_p[1u << MAX_VISIBLE], sum = 0.0;
  const double log_z = enumerate_visible(log_p, m);
  for (size_t k = 0; k < n; k++)
    sum += log_p[state_of(images + k * (size_t)m->n_visible, m->n_visible)] - log_z;
  return sum / (double)n;
}

void exact_samples(signed char *images, const pbl_rbm *m, size_t n, uint64_t seed) {
  double log_p[1u << MAX_VISIBLE];
  const double log_z = enumerate_visible(log_p, m);
  const unsigned last = (1u << m->n_visible) - 1;
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, seed);
  for (size_t k = 0; k < n; k++) {
    double u = pbl_xoshiro_double(&g);
    unsigned state = 0;
    while (state < last && (u -= exp(log_p[state] - log_z)) >= 0.0) state++;
    visible_state(images + k * (size_t)m->n_visible, state, m->n_visible);
  }
}

void bars_3x3(signed char images[BARS * 9]) {
  size_t n = 0;
  for (unsigned lines = 0; lines < 8; lines++)
    for (int vertical = 0; vertical < 2; vertical++) {
      if (vertical && (lines == 0 || lines == 7)) continue; /* all off and all on, once */
      for (unsigned k = 0; k < 9; k++)
        images[n * 9 + k] = (lines >> (vertical ? k % 3 : k / 3)) & 1u ? 1 : -1;
      n++;
    }
}
