/* Ladders of small bipartite models on their states. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "block_ladder_internal.h"
#include "oracle_internal.h"
#include "pbl_oracle_ladder.h"

#define MOST_WORK 0x1p26

bool pbl_block_ladder_reaches(int n_visible, int n_hidden, size_t rungs) {
  if (n_visible < 1 || n_hidden < 1 || n_visible + n_hidden > PBL_BLOCK_LADDER_PBITS) return false;
  return ldexp(1.0, n_visible * ((int)rungs + 2)) <= MOST_WORK &&
         ldexp(1.0, 4 * n_visible + 2 * n_hidden) <= MOST_WORK;
}

static pbl_status allocate(pbl_block_ladder **out, int V, int H, size_t rungs, pbl_scan scan,
                           pbl_error *err) {
  *out = NULL;
  if (rungs > PBL_BLOCK_LADDER_RUNGS || !pbl_block_ladder_reaches(V, H, rungs))
    return pbl_fail(err, PBL_INVALID, "exact ladder: %d x %d p-bits in %zu rungs are too many", V,
                    H, rungs);
  if (scan != PBL_SCAN_CYCLIC && scan != PBL_SCAN_PALINDROMIC)
    return pbl_fail(err, PBL_INVALID, "exact ladder: scan %s", pbl_scan_name(scan));
  return pbl_block_ladder_allocate(out, (size_t)1 << (V + H), (size_t)1 << V,
                                   (size_t)(PBL_LADDER_PBIT + V + H), rungs, err);
}

static void fill_values(pbl_block_ladder *b, int V, int H, const double *energy) {
  memset(b->value, 0, b->values * b->n * sizeof *b->value);
  for (size_t x = 0; x < b->n; x++) {
    for (int p = 0; p < V + H; p++) {
      const double s = pbl_oracle_spin(x, p);
      b->value[(p < V ? PBL_LADDER_VISIBLE : PBL_LADDER_HIDDEN) * b->n + x] += s;
      b->value[((size_t)PBL_LADDER_PBIT + (size_t)p) * b->n + x] = s;
    }
    b->value[PBL_LADDER_ENERGY * b->n + x] = energy[x];
  }
}

/* Sweep and start of rung k, from its oracle. */
static pbl_status fill_rung(pbl_block_ladder *b, size_t k, const pbl_oracle *o, pbl_error *err) {
  double *scratch = malloc((pbl_oracle_scratch(o) + 1) * sizeof *scratch);
  if (scratch == NULL) return pbl_fail(err, PBL_NO_MEMORY, "exact ladder: out of memory");
  const double *law = pbl_oracle_law(o);
  double *start = b->start + k * b->m;
  memset(start, 0, b->m * sizeof *start);
  for (size_t x = 0; x < b->n; x++) start[x % b->m] += law[x];
  for (size_t from = 0; from < b->m; from++) {
    double *q = b->sweep + (k * b->m + from) * b->n;
    memset(q, 0, b->n * sizeof *q);
    q[from] = 1.0; /* hidden p-bits are drawn first: their state does not matter */
    pbl_oracle_forward_in(o, q, scratch);
  }
  free(scratch);
  return PBL_OK;
}

static pbl_status finish(pbl_block_ladder **out, pbl_block_ladder *b, pbl_status status) {
  if (status == PBL_OK) {
    pbl_block_ladder_finish(b);
    *out = b;
  } else {
    pbl_block_ladder_destroy(b);
  }
  return status;
}

static double energy_of(const double *weights, int V, int H, size_t x) {
  double energy = 0.0;
  for (int i = 0; i <= V; i++) {
    const double *row = weights + i * (H + 1), s = i < V ? pbl_oracle_spin(x, i) : 1.0;
    for (int j = 0; j < H; j++) energy -= s * row[j] * pbl_oracle_spin(x, V + j);
    if (i < V) energy -= s * row[H];
  }
  return energy;
}

pbl_status pbl_block_ladder_model(pbl_block_ladder **out, int n_visible, int n_hidden,
                                  const double *weights, const double *beta, size_t rungs,
                                  pbl_scan scan, pbl_error *err) {
  pbl_block_ladder *b = NULL;
  *out = NULL;
  pbl_status status = allocate(&b, n_visible, n_hidden, rungs, scan, err);
  double *energy = status == PBL_OK ? malloc(b->n * sizeof *energy) : NULL;
  if (status == PBL_OK && energy == NULL)
    status = pbl_fail(err, PBL_NO_MEMORY, "exact ladder: out of memory");
  if (status == PBL_OK) {
    for (size_t x = 0; x < b->n; x++) energy[x] = energy_of(weights, n_visible, n_hidden, x);
    fill_values(b, n_visible, n_hidden, energy);
  }
  for (size_t k = 0; status == PBL_OK && k < rungs; k++) {
    pbl_oracle *o = NULL;
    status = pbl_oracle_create_weights_scan(&o, n_visible, n_hidden, weights, beta[k], scan, err);
    if (status == PBL_OK) status = fill_rung(b, k, o, err);
    if (status == PBL_OK && k + 1 < rungs)
      pbl_ladder_accept_ideal(b->accept + k * b->n * b->n, energy, b->n, beta[k], beta[k + 1]);
    pbl_oracle_destroy(o);
  }
  free(energy);
  return finish(out, b, status);
}

pbl_status pbl_block_ladder_image(pbl_block_ladder **out, const pbl_image *image,
                                  const uint32_t *beta, size_t rungs, pbl_scan scan,
                                  pbl_error *err) {
  const int V = image->hw.n_visible, H = image->hw.n_hidden;
  pbl_block_ladder *b = NULL;
  *out = NULL;
  pbl_status status = allocate(&b, V, H, rungs, scan, err);
  int64_t *word = status == PBL_OK ? malloc(2 * b->n * sizeof *word) : NULL;
  if (status == PBL_OK && word == NULL)
    status = pbl_fail(err, PBL_NO_MEMORY, "exact ladder: out of memory");
  if (status == PBL_OK) {
    double *energy = (double *)(word + b->n);
    pbl_image_state_energies(word, image);
    for (size_t x = 0; x < b->n; x++) energy[x] = ldexp((double)word[x], -image->hw.weight_frac);
    fill_values(b, V, H, energy);
  }
  for (size_t k = 0; status == PBL_OK && k < rungs; k++) {
    pbl_oracle *o = NULL;
    status = pbl_oracle_create_image_scan(&o, image, beta[k], scan, err);
    if (status == PBL_OK) status = fill_rung(b, k, o, err);
    if (status == PBL_OK && k + 1 < rungs)
      pbl_ladder_accept_device(b->accept + k * b->n * b->n, word, b->n, beta[k], beta[k + 1],
                               image->hw.weight_frac + image->hw.beta_frac);
    pbl_oracle_destroy(o);
  }
  free(word);
  return finish(out, b, status);
}
