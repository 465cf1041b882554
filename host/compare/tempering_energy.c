/* Exact energies of stored draws in words, from the image. */
#include <stdlib.h>
#include <string.h>

#include "pbl_exchange.h"
#include "pbl_parallel.h"
#include "tempering_internal.h"

/* Each weight once, at its lower p-bit. */
typedef struct {
  size_t n;
  size_t *first;   /* n + 1 */
  uint32_t *other; /* higher p-bit */
  int32_t *weight;
  int32_t *bias; /* n */
} couplings;

static void couplings_free(couplings *c) {
  free(c->first);
  free(c->other);
  free(c->weight);
  free(c->bias);
}

static size_t count_weights(const pbl_image *im) {
  size_t n = 0;
  if (im->sparse) return im->sparse->n_edges;
  const int32_t *law = pbl_image_law(im);
  const size_t nv = (size_t)im->hw.n_visible, nh = (size_t)im->hw.n_hidden;
  for (size_t i = 0; i < nv; i++)
    for (size_t j = 0; j < nh; j++) n += law[i * (nh + 1) + j] != 0;
  return n;
}

static void fill_bipartite(couplings *c, const pbl_image *im) {
  const int32_t *law = pbl_image_law(im);
  const size_t nv = (size_t)im->hw.n_visible, nh = (size_t)im->hw.n_hidden;
  size_t e = 0;
  for (size_t i = 0; i < nv; i++) {
    c->first[i] = e;
    c->bias[i] = law[i * (nh + 1) + nh];
    for (size_t j = 0; j < nh; j++) {
      if (law[i * (nh + 1) + j] == 0) continue;
      c->other[e] = (uint32_t)(nv + j);
      c->weight[e++] = law[i * (nh + 1) + j];
    }
  }
  for (size_t j = 0; j < nh; j++) c->bias[nv + j] = law[nv * (nh + 1) + j];
  for (size_t p = nv; p <= nv + nh; p++) c->first[p] = e;
}

static void fill_graph(couplings *c, const pbl_sparse_law *s) {
  size_t e = 0;
  for (size_t i = 0; i < s->n; i++) {
    c->first[i] = e;
    c->bias[i] = s->bias[i];
    for (size_t k = s->start[i]; k < s->start[i + 1]; k++) {
      if (s->neighbour[k] < i) continue;
      c->other[e] = s->neighbour[k];
      c->weight[e++] = s->weight[k];
    }
  }
  c->first[s->n] = e;
}

static pbl_status couplings_create(couplings *c, const pbl_image *im, pbl_error *err) {
  const size_t weights = count_weights(im) + 1;
  c->n = (size_t)pbl_hw_pbits(&im->hw);
  c->first = malloc((c->n + 1) * sizeof *c->first);
  c->other = malloc(weights * sizeof *c->other);
  c->weight = malloc(weights * sizeof *c->weight);
  c->bias = malloc(c->n * sizeof *c->bias);
  if (!c->first || !c->other || !c->weight || !c->bias)
    return pbl_fail(err, PBL_NO_MEMORY, "energies of a ladder: out of memory");
  if (im->sparse) {
    fill_graph(c, im->sparse);
  } else {
    fill_bipartite(c, im);
  }
  return PBL_OK;
}

typedef struct {
  const couplings *c;
  const pbl_chains *chains;
  int64_t *energy;
  int8_t *state; /* n_chains x n */
} work;

static int64_t energy_of(const couplings *c, const int8_t *s) {
  int64_t energy = 0;
  for (size_t i = 0; i < c->n; i++) {
    int64_t field = c->bias[i];
    for (size_t e = c->first[i]; e < c->first[i + 1]; e++) field += c->weight[e] * s[c->other[e]];
    energy -= s[i] * field;
  }
  return energy;
}

static void one_chain(void *context, size_t chain) {
  const work *x = context;
  int8_t *s = x->state + chain * x->c->n;
  for (size_t t = 0; t < x->chains->n_recorded; t++) {
    const uint8_t *row = pbl_chains_row(x->chains, chain, t);
    for (size_t p = 0; p < x->c->n; p++) s[p] = (int8_t)(2 * ((row[p >> 3] >> (p & 7)) & 1) - 1);
    x->energy[chain * x->chains->n_recorded + t] = energy_of(x->c, s);
  }
}

pbl_status tempering_energies(int64_t **energy, const case_work *w, const pbl_chains *chains,
                              pbl_error *err) {
  couplings c = {0};
  pbl_status st = couplings_create(&c, w->image, err);
  *energy = malloc(chains->n_chains * chains->n_recorded * sizeof **energy);
  work x = {&c, chains, *energy, malloc(chains->n_chains * (size_t)pbl_hw_pbits(&w->hw))};
  if (!st && (!*energy || !x.state))
    st = pbl_fail(err, PBL_NO_MEMORY, "energies of a ladder: out of memory");
  if (!st) pbl_parallel_for(chains->n_chains, w->config->threads, one_chain, &x);
  free(x.state);
  couplings_free(&c);
  return st;
}

double tempering_accept(const case_work *w, size_t k, int64_t x, int64_t y) {
  const uint32_t *beta = w->tempering->words.beta;
  return pbl_exchange_probability(x - y, (int32_t)beta[k] - (int32_t)beta[k + 1],
                                  w->hw.weight_frac + w->hw.beta_frac);
}
