/* Histograms of states, cells of the exact law, and their covariance. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "law_internal.h"

#define ROUNDING 1e-9 /* of sums of masses */

pbl_status law_no_memory(pbl_error *err) {
  return pbl_fail(err, PBL_NO_MEMORY, "right-law test: out of memory");
}

typedef struct {
  double mass;
  size_t state;
} ranked;

/* Larger mass first, then the lower state. */
static bool before(const ranked *a, const ranked *b) {
  return a->mass > b->mass || (a->mass == b->mass && a->state < b->state);
}

static void sift_down(ranked *heap, size_t at, size_t n) {
  const ranked moved = heap[at];
  for (size_t child; (child = 2 * at + 1) < n; at = child) {
    if (child + 1 < n && before(&heap[child + 1], &heap[child])) child++;
    if (!before(&heap[child], &moved)) break;
    heap[at] = heap[child];
  }
  heap[at] = moved;
}

/* Cells from the largest mass down, on a heap: once what is left cannot fill another cell, the
 * order of the rest does not matter. */
static size_t fill_cells(size_t *cell, ranked *heap, size_t n, double min_mass) {
  size_t at = 0;
  double mass = 0.0, left = 0.0;
  for (size_t x = 0; x < n; x++) {
    cell[x] = SIZE_MAX;
    left += heap[x].mass;
  }
  for (size_t k = n / 2; k-- > 0;) sift_down(heap, k, n);
  for (size_t size = n; size > 0 && mass + left >= min_mass - ROUNDING; size--) {
    cell[heap[0].state] = at;
    mass += heap[0].mass;
    left -= heap[0].mass;
    heap[0] = heap[size - 1];
    sift_down(heap, 0, size - 1);
    if (mass >= min_mass) {
      at++;
      mass = 0.0;
    }
  }
  return at;
}

pbl_status pbl_law_cells(size_t *cell, size_t *n_cells, const double *law, size_t n,
                         double min_mass, pbl_error *err) {
  if (n == 0 || !(min_mass > 0.0 && min_mass <= 1.0))
    return pbl_fail(err, PBL_INVALID, "cells: %zu states, least mass %g; mass must be in (0, 1]", n,
                    min_mass);
  ranked *heap = malloc(n * sizeof *heap);
  if (heap == NULL) return law_no_memory(err);
  for (size_t x = 0; x < n; x++) heap[x] = (ranked){law[x], x};
  const size_t full = fill_cells(cell, heap, n, min_mass);
  /* The rest is below min_mass and joins the last full cell. */
  for (size_t x = 0; x < n; x++) {
    if (cell[x] >= full) cell[x] = full > 0 ? full - 1 : 0;
  }
  *n_cells = full > 0 ? full : 1;
  free(heap);
  return PBL_OK;
}

size_t law_state(const pbl_chains *chains, size_t chain, size_t draw) {
  const uint8_t *row = pbl_chains_row(chains, chain, draw);
  size_t state = 0;
  for (size_t k = 0; k < chains->row_bytes; k++) state |= (size_t)row[k] << (8 * k);
  return state & (((size_t)1 << chains->n_pbits) - 1);
}

pbl_status pbl_law_counts(double *counts, const pbl_chains *chains, size_t chain, pbl_error *err) {
  if (chains->n_pbits > PBL_ORACLE_SCAN_MAX_PBITS ||
      (chain != SIZE_MAX && chain >= chains->n_chains))
    return pbl_fail(err, PBL_INVALID, "histogram: %zu p-bits (at most %d), chain %zu of %zu",
                    chains->n_pbits, PBL_ORACLE_SCAN_MAX_PBITS, chain, chains->n_chains);
  const size_t first = chain == SIZE_MAX ? 0 : chain;
  const size_t end = chain == SIZE_MAX ? chains->n_chains : chain + 1;
  memset(counts, 0, sizeof *counts << chains->n_pbits);
  for (size_t c = first; c < end; c++) {
    for (size_t t = 0; t < chains->n_recorded; t++) counts[law_state(chains, c, t)] += 1.0;
  }
  return PBL_OK;
}

pbl_status law_check(const pbl_chains *chains, size_t n, size_t min_draws, pbl_error *err) {
  if (chains->n_pbits > PBL_ORACLE_SCAN_MAX_PBITS || (size_t)1 << chains->n_pbits != n)
    return pbl_fail(err, PBL_INVALID, "right-law test: chains of %zu p-bits, kernel of %zu states",
                    chains->n_pbits, n);
  if (chains->n_recorded < min_draws || chains->n_chains == 0)
    return pbl_fail(err, PBL_INVALID, "right-law test: %zu chains of %zu draws; %zu draws needed",
                    chains->n_chains, chains->n_recorded, min_draws);
  return PBL_OK;
}

/* Satterthwaite: traces of M = D^-1 V give sum l and sum l^2 without its eigenvalues. */
void law_cells_match(law_cells *c) {
  double trace = 0.0, square = 0.0;
  for (size_t a = 0; a < c->n_cells; a++) {
    trace += c->covariance[a * c->n_cells + a] / c->law[a];
    for (size_t b = 0; b < c->n_cells; b++) {
      const double v = c->covariance[a * c->n_cells + b];
      square += v * v / (c->law[a] * c->law[b]);
    }
  }
  c->scale = trace / square;
  c->dof = trace * trace / square;
}

pbl_status law_cells_create(law_cells *c, const pbl_dense *d, double min_mass, size_t n_draws,
                            pbl_error *err) {
  *c = (law_cells){.n_states = pbl_dense_states(d)};
  const double *law = pbl_dense_law(d);
  c->cell = malloc(c->n_states * sizeof *c->cell);
  if (c->cell == NULL) return law_no_memory(err);
  pbl_status status = pbl_law_cells(c->cell, &c->n_cells, law, c->n_states, min_mass, err);
  if (status == PBL_OK && c->n_cells < 2)
    status =
        pbl_fail(err, PBL_INVALID, "right-law test: fewer than two cells of mass %g", min_mass);
  if (status == PBL_OK) {
    c->law = calloc(c->n_cells, sizeof *c->law);
    c->covariance = malloc(c->n_cells * c->n_cells * sizeof *c->covariance);
    if (c->law == NULL || c->covariance == NULL) status = law_no_memory(err);
  }
  if (status == PBL_OK) {
    for (size_t x = 0; x < c->n_states; x++) c->law[c->cell[x]] += law[x];
    status = pbl_dense_covariance(c->covariance, d, c->cell, c->n_cells, n_draws, err);
  }
  if (status == PBL_OK) {
    law_cells_match(c);
  } else {
    law_cells_free(c);
  }
  return status;
}

void law_cells_free(law_cells *c) {
  free(c->cell);
  free(c->law);
  free(c->covariance);
  *c = (law_cells){0};
}
