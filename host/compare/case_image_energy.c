/* Energies of states in weight LSBs, from the words of the image: what the device computes. */
#include <stdlib.h>

#include "compare_internal.h"

/* Every edge once, at its lower p-bit. */
typedef struct {
  size_t n;
  size_t *start; /* n + 1 */
  uint32_t *neighbour;
  int32_t *weight;
  const int32_t *bias;
  int32_t *own_bias; /* what bias points to, where it had to be put together */
} couplings;

static void release(couplings *k) {
  free(k->start);
  free(k->neighbour);
  free(k->weight);
  free(k->own_bias);
}

static pbl_status reserve(couplings *k, size_t n, size_t n_edges, pbl_error *err) {
  *k = (couplings){.n = n};
  k->start = calloc(n + 1, sizeof *k->start);
  k->neighbour = calloc(n_edges + 1, sizeof *k->neighbour);
  k->weight = calloc(n_edges + 1, sizeof *k->weight);
  k->own_bias = calloc(n, sizeof *k->own_bias);
  k->bias = k->own_bias;
  if (k->start && k->neighbour && k->weight && k->own_bias) return PBL_OK;
  release(k);
  return pbl_fail(err, PBL_NO_MEMORY, "energies: out of memory");
}

static void add_edge(couplings *k, size_t i, size_t j, int32_t weight) {
  k->neighbour[k->start[i + 1]] = (uint32_t)j;
  k->weight[k->start[i + 1]++] = weight;
}

static pbl_status from_graph(couplings *k, const pbl_sparse_law *law, pbl_error *err) {
  const pbl_status st = reserve(k, law->n, law->n_edges, err);
  if (st) return st;
  k->bias = law->bias;
  for (size_t i = 0; i < law->n; i++) {
    k->start[i + 1] = k->start[i];
    for (size_t e = law->start[i]; e < law->start[i + 1]; e++)
      if (law->neighbour[e] > i) add_edge(k, i, law->neighbour[e], law->weight[e]);
  }
  return PBL_OK;
}

static pbl_status from_words(couplings *k, const pbl_hw *hw, const int32_t *words, pbl_error *err) {
  const size_t nv = (size_t)hw->n_visible, nh = (size_t)hw->n_hidden, n = nv * (nh + 1);
  size_t n_edges = 0;
  for (size_t x = 0; x < n; x++) n_edges += words[x] != 0;
  const pbl_status st = reserve(k, nv + nh, n_edges, err);
  if (st) return st;
  for (size_t i = 0; i < nv; i++) {
    const int32_t *row = words + i * (nh + 1);
    k->start[i + 1] = k->start[i];
    for (size_t j = 0; j < nh; j++)
      if (row[j] != 0) add_edge(k, i, nv + j, row[j]);
    k->own_bias[i] = row[nh];
  }
  for (size_t j = 0; j < nh; j++) {
    k->own_bias[nv + j] = words[n + j];
    k->start[nv + j + 1] = k->start[nv];
  }
  return PBL_OK;
}

static pbl_status open_couplings(couplings *k, const case_work *w, pbl_error *err) {
  if (w->image->sparse) return from_graph(k, w->image->sparse, err);
  return from_words(k, &w->hw, pbl_image_law(w->image), err);
}

static int64_t energy(const couplings *k, const int32_t *s) {
  int64_t sum = 0;
  for (size_t i = 0; i < k->n; i++) {
    int64_t field = k->bias[i];
    for (size_t e = k->start[i]; e < k->start[i + 1]; e++)
      field += k->weight[e] * s[k->neighbour[e]];
    sum -= field * s[i];
  }
  return sum;
}

pbl_status case_image_energies(int64_t **out, const case_work *w, size_t first, size_t step,
                               size_t n, pbl_error *err) {
  const pbl_chains *c = w->device;
  couplings k;
  *out = NULL;
  const pbl_status st = open_couplings(&k, w, err);
  if (st) return st;
  int32_t *s = malloc(k.n * sizeof *s);
  int64_t *e = malloc((c->n_chains * n + 1) * sizeof *e);
  for (size_t r = 0; s && e && r < c->n_chains; r++) {
    for (size_t t = 0; t < n; t++) {
      for (size_t p = 0; p < k.n; p++) s[p] = pbl_chains_spin(c, r, first + t * step, p);
      e[r * n + t] = energy(&k, s);
    }
  }
  const bool failed = !s || !e;
  free(s);
  release(&k);
  if (failed) {
    free(e);
    return pbl_fail(err, PBL_NO_MEMORY, "energies: out of memory");
  }
  *out = e;
  return PBL_OK;
}

int64_t case_energy_bound(const case_work *w) {
  couplings k;
  int64_t sum = 0;
  if (open_couplings(&k, w, NULL) != PBL_OK) return INT64_C(1) << 53;
  for (size_t e = 0; e < k.start[k.n]; e++) sum += llabs(k.weight[e]);
  for (size_t i = 0; i < k.n; i++) sum += llabs(k.bias[i]);
  release(&k);
  return sum;
}
