#include "plain_graph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double next(uint32_t *x) {
  *x = *x * 1664525u + 1013904223u;
  return ((int)(*x >> 26) - 32) / 40.0;
}

static plain_graph make(size_t n, int of_five) {
  plain_graph p = {.n = n};
  uint32_t x = 2024;
  for (size_t i = 0; i < n; i++) {
    p.h[i] = next(&x);
    for (size_t j = 0; j < i; j++) {
      const double w = next(&x);
      if ((int)((7 * i + 3 * j) % 5) < of_five) p.J[i][j] = p.J[j][i] = w;
    }
  }
  return p;
}

plain_graph plain_complete(size_t n) {
  return make(n, 5);
}

plain_graph plain_random(size_t n) {
  return make(n, 3);
}

static pbl_graph *to_graph(const plain_graph *p) {
  pbl_edge edge[PLAIN_MAX * PLAIN_MAX];
  size_t n = 0;
  pbl_graph *g = NULL;
  for (size_t i = 0; i < p->n; i++) {
    for (size_t j = 0; j < i; j++) {
      if (p->J[i][j] != 0.0)
        edge[n++] = (pbl_edge){.i = (uint32_t)i, .j = (uint32_t)j, .coupling = p->J[i][j]};
    }
  }
  if (pbl_graph_create(&g, p->n, edge, n, p->h, NULL) != PBL_OK) abort();
  return g;
}

plain_blocks plain_blocks_of(plain_graph p) {
  plain_blocks m = {.plain = p, .graph = to_graph(&p)};
  if (pbl_colouring_create(&m.blocks, m.graph, PBL_COLOUR_DSATUR, NULL) != PBL_OK) abort();
  return m;
}

void plain_release(plain_blocks *m) {
  pbl_graph_destroy(m->graph);
  pbl_colouring_destroy(m->blocks);
}

static int spin(size_t state, size_t i) {
  return (state >> i) & 1 ? 1 : -1;
}

double plain_energy(const plain_graph *p, size_t state) {
  double e = 0.0;
  for (size_t i = 0; i < p->n; i++) {
    e -= p->h[i] * spin(state, i);
    for (size_t j = 0; j < i; j++) e -= p->J[i][j] * spin(state, i) * spin(state, j);
  }
  return e;
}

void plain_law(double *law, const plain_graph *p, double beta) {
  double z = 0.0;
  for (size_t x = 0; x < (size_t)1 << p->n; x++) z += law[x] = exp(-beta * plain_energy(p, x));
  for (size_t x = 0; x < (size_t)1 << p->n; x++) law[x] /= z;
}

static void update(double *q, const plain_graph *p, size_t i, double beta) {
  for (size_t x = 0; x < (size_t)1 << p->n; x++) {
    const size_t up = x | (size_t)1 << i;
    if (x == up) continue;
    const double total = q[x] + q[up];
    const double odds = exp(-beta * (plain_energy(p, up) - plain_energy(p, x)));
    q[up] = total * odds / (1.0 + odds);
    q[x] = total / (1.0 + odds);
  }
}

static void update_block(double *q, const plain_graph *p, const pbl_colouring *c, size_t b,
                         double beta) {
  for (size_t i = 0; i < p->n; i++) {
    if (c->colour[i] == b) update(q, p, i, beta);
  }
}

static void random_sites(double *q, const plain_graph *p, double beta) {
  double sum[1 << PLAIN_MAX], one[1 << PLAIN_MAX];
  const size_t states = (size_t)1 << p->n;
  for (size_t pick = 0; pick < p->n; pick++) {
    for (size_t x = 0; x < states; x++) sum[x] = 0.0;
    for (size_t i = 0; i < p->n; i++) {
      for (size_t x = 0; x < states; x++) one[x] = q[x];
      update(one, p, i, beta);
      for (size_t x = 0; x < states; x++) sum[x] += one[x];
    }
    for (size_t x = 0; x < states; x++) q[x] = sum[x] / (double)p->n;
  }
}

static void there_or_back(double *q, const plain_graph *p, const pbl_colouring *c, double beta) {
  double back[1 << PLAIN_MAX];
  const size_t states = (size_t)1 << p->n;
  for (size_t x = 0; x < states; x++) back[x] = q[x];
  for (size_t b = 0; b < c->n_colours; b++) update_block(q, p, c, b, beta);
  for (size_t b = c->n_colours; b-- > 0;) update_block(back, p, c, b, beta);
  for (size_t x = 0; x < states; x++) q[x] = (q[x] + back[x]) / 2.0;
}

void plain_sweep(double *q, const plain_graph *p, const pbl_colouring *c, double beta,
                 pbl_kernel kernel) {
  if (kernel == PBL_KERNEL_RANDOM_SITE) {
    random_sites(q, p, beta);
    return;
  }
  if (kernel == PBL_KERNEL_COIN) {
    there_or_back(q, p, c, beta);
    return;
  }
  for (size_t b = 0; b < c->n_colours; b++) update_block(q, p, c, b, beta);
  if (kernel != PBL_KERNEL_PALINDROMIC) return;
  for (size_t b = c->n_colours - 1; b-- > 0;) update_block(q, p, c, b, beta);
}
