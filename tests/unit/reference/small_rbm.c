#include "small_rbm.h"

#include <math.h>

pbl_rbm *small_rbm(void) {
  pbl_rbm *m = NULL;
  if (pbl_rbm_create(&m, SMALL_V, SMALL_H, NULL) != PBL_OK) return NULL;
  uint32_t x = 12345;
  float *const part[] = {m->w, m->b, m->c};
  const int size[] = {SMALL_V * SMALL_H, SMALL_V, SMALL_H};
  for (int k = 0; k < 3; k++)
    for (int i = 0; i < size[k]; i++) {
      x = x * 1664525u + 1013904223u;
      part[k][i] = (float)((int)(x >> 26) - 32) / 64.0f; /* [-0.5, 0.5) */
    }
  return m;
}

static int spin(unsigned state, int p) {
  return (state >> p) & 1u ? 1 : -1;
}

double small_energy(const pbl_rbm *m, unsigned state) {
  double e = 0.0;
  for (int i = 0; i < SMALL_V; i++) {
    e -= (double)m->b[i] * spin(state, i);
    for (int j = 0; j < SMALL_H; j++)
      e -= (double)m->w[i * SMALL_H + j] * spin(state, i) * spin(state, SMALL_V + j);
  }
  for (int j = 0; j < SMALL_H; j++) e -= (double)m->c[j] * spin(state, SMALL_V + j);
  return e;
}

void small_moments(double moment[SMALL_MOMENTS], const pbl_rbm *m, double beta, unsigned mask,
                   unsigned fixed) {
  double z = 0.0;
  for (int k = 0; k < SMALL_MOMENTS; k++) moment[k] = 0.0;
  for (unsigned state = 0; state < 1u << SMALL_N; state++) {
    if ((state & mask) != (fixed & mask)) continue;
    const double w = exp(-beta * small_energy(m, state));
    z += w;
    for (int p = 0; p < SMALL_N; p++) moment[p] += w * spin(state, p);
    for (int i = 0; i < SMALL_V; i++)
      for (int j = 0; j < SMALL_H; j++)
        moment[SMALL_N + i * SMALL_H + j] += w * spin(state, i) * spin(state, SMALL_V + j);
  }
  for (int k = 0; k < SMALL_MOMENTS; k++) moment[k] /= z;
}

void small_statistics(double x[SMALL_MOMENTS], const pbl_chains *c, size_t chain, size_t draw) {
  int s[SMALL_N];
  for (size_t p = 0; p < SMALL_N; p++) x[p] = s[p] = pbl_chains_spin(c, chain, draw, p);
  for (int i = 0; i < SMALL_V; i++)
    for (int j = 0; j < SMALL_H; j++) x[SMALL_N + i * SMALL_H + j] = s[i] * s[SMALL_V + j];
}
