#include "law_samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../oracle/golden_models.h"
#include "pbl_rng.h"

static void *must(void *p) {
  if (p == NULL) abort();
  return p;
}

static double uniform(uint64_t *state) {
  return (double)(pbl_splitmix64(state) >> 11) * 0x1p-53;
}

static double field(size_t state, int p) {
  double f = p < 4 ? golden_w8[p][4] : golden_w8[4][p - 4];
  for (int k = 0; k < 4; k++) {
    const int other = p < 4 ? 4 + k : k;
    const double w = p < 4 ? golden_w8[p][k] : golden_w8[k][p - 4];
    f += (state >> other) & 1 ? w : -w;
  }
  return f;
}

static size_t draw_from_law(double beta, uint64_t *rng) {
  double weight[256], z = 0.0;
  for (size_t x = 0; x < 256; x++) z += weight[x] = exp(-beta * golden_observable(2, x));
  double u = uniform(rng) * z;
  size_t x = 0;
  while (x < 255 && u >= weight[x]) u -= weight[x++];
  return x;
}

pbl_chains *law_sample(double beta, size_t n_chains, size_t n_draws, uint64_t seed) {
  pbl_chains *c = NULL;
  double p[256][8];
  if (pbl_chains_create(&c, n_chains, n_draws, 8, NULL) != PBL_OK) abort();
  for (size_t x = 0; x < 256; x++) {
    for (int k = 0; k < 8; k++) p[x][k] = 1.0 / (1.0 + exp(-2.0 * beta * field(x, k)));
  }
  uint64_t rng = seed * 0x9e3779b97f4a7c15u + 12345u;
  rng = pbl_splitmix64(&rng); /* streams of neighbouring seeds start far apart */
  for (size_t r = 0; r < n_chains; r++) {
    size_t x = draw_from_law(beta, &rng);
    for (size_t t = 0; t < n_draws; t++) {
      for (int k = 4; k < 12; k++) { /* hidden 4..7, then visible 0..3 */
        const size_t bit = (size_t)1 << (k & 7);
        x = uniform(&rng) < p[x][k & 7] ? x | bit : x & ~bit;
      }
      *pbl_chains_row(c, r, t) = (uint8_t)x;
    }
  }
  c->n_recorded = n_draws;
  return c;
}

pbl_oracle *law_oracle(void) {
  pbl_oracle *o = NULL;
  if (pbl_oracle_create_weights_scan(&o, 4, 4, &golden_w8[0][0], LAW_BETA, PBL_SCAN_CYCLIC, NULL) !=
      PBL_OK)
    abort();
  return o;
}

pbl_dense *law_dense(const pbl_oracle *o) {
  pbl_dense *d = NULL;
  if (pbl_dense_create(&d, o, 1, NULL) != PBL_OK) abort();
  return must(d);
}

double law_innovation_z(const pbl_chains *chains, size_t *n_updates) {
  double sum = 0.0, variance = 0.0;
  *n_updates = 0;
  for (size_t c = 0; c < chains->n_chains; c++) {
    for (size_t t = 1; t < chains->n_recorded; t++) {
      const size_t before = *pbl_chains_row(chains, c, t - 1), x = *pbl_chains_row(chains, c, t);
      for (int k = 0; k < 8; k++) {
        const double u = LAW_BETA * field(k < 4 ? x : before, k), m = tanh(u);
        sum += u * (((x >> k) & 1 ? 1.0 : -1.0) - m);
        variance += u * u * (1.0 - m * m);
        ++*n_updates;
      }
    }
  }
  return sum / sqrt(variance);
}

pbl_rbm *law_model(void) {
  pbl_rbm *m = NULL;
  if (pbl_rbm_create(&m, 4, 4, NULL) != PBL_OK) abort();
  for (size_t i = 0; i < 4; i++) {
    for (size_t j = 0; j < 4; j++) m->w[i * 4 + j] = (float)golden_w8[i][j];
    m->b[i] = (float)golden_w8[i][4];
    m->c[i] = (float)golden_w8[4][i];
  }
  m->beta = LAW_BETA;
  return m;
}
