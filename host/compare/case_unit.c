/* What the statistics unit is told to count in a case: pairs and projections. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"
#include "pbl_npy.h"
#include "pbl_rng.h"

#define PROJECTIONS ((size_t)PBL_STATISTICS_PROJECTIONS)

static size_t below(pbl_xoshiro *g, size_t n) {
  return (size_t)((uint64_t)pbl_xoshiro_next(g) * n >> 32);
}

static size_t coupled_pairs(const case_work *w) {
  return w->edges ? w->n_edges : (size_t)w->hw.n_visible * (size_t)w->hw.n_hidden;
}

static void coupled_pair(uint32_t pair[2], const case_work *w, size_t k) {
  const size_t nh = (size_t)w->hw.n_hidden;
  pair[0] = w->edges ? w->edges[k][0] : (uint32_t)(k / nh);
  pair[1] = w->edges ? w->edges[k][1] : (uint32_t)((size_t)w->hw.n_visible + k % nh);
}

/* Edges that do not fit are left out evenly. */
static pbl_status choose_pairs(case_unit *u, const case_work *w, pbl_xoshiro *g, pbl_error *err) {
  const char *text = w->cc->statistics.pairs;
  const bool edges = strcmp(text, "edges") == 0;
  const size_t fit = (size_t)w->hw.stat_pairs, n_pbits = (size_t)pbl_hw_pbits(&w->hw);
  const size_t wanted = edges ? coupled_pairs(w) : (size_t)strtoul(text, NULL, 10);
  const size_t n = wanted < fit ? wanted : fit;
  u->pairs = calloc(n + 1, sizeof *u->pairs);
  if (!u->pairs) return pbl_fail(err, PBL_NO_MEMORY, "statistics: no memory for %zu pairs", n);
  for (size_t k = 0; k < n; k++) {
    if (edges) {
      coupled_pair(u->pairs[k], w, (size_t)((double)k * (double)wanted / (double)n));
    } else {
      u->pairs[k][0] = (uint32_t)below(g, n_pbits);
      do {
        u->pairs[k][1] = (uint32_t)below(g, n_pbits);
      } while (u->pairs[k][1] == u->pairs[k][0] && n_pbits > 1);
    }
  }
  u->setup.n_pairs = n;
  u->setup.pairs = (const uint32_t(*)[2])u->pairs;
  return PBL_OK;
}

static void fill_projection(signed char *row, const char *word, const case_work *w,
                            pbl_xoshiro *g) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw), nv = (size_t)w->hw.n_visible;
  for (size_t p = 0; p < n; p++) {
    if (word[0] == 'r') {
      row[p] = pbl_xoshiro_next(g) >> 31 ? 1 : -1;
    } else {
      row[p] = word[0] == 'v' ? p < nv : word[0] == 'h' ? p >= nv : 1;
    }
  }
}

static void name_projections(case_unit *u, const case_work *w, pbl_xoshiro *g) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw);
  const char *text = w->cc->statistics.projections;
  int n_random = 0;
  while (*text != '\0' && u->n_projections < PROJECTIONS) {
    const size_t m = u->n_projections++;
    const int length = (int)strcspn(text, " ");
    if (text[0] == 'r') {
      snprintf(u->names[m], sizeof u->names[m], "random %d", ++n_random);
    } else {
      snprintf(u->names[m], sizeof u->names[m], "%.*s", length, text);
    }
    fill_projection(u->projections + m * n, text, w, g);
    text += length;
    text += strspn(text, " ");
  }
}

static pbl_status read_projections(case_unit *u, const case_work *w, pbl_error *err) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw);
  const char *path = w->cc->statistics.projections;
  pbl_array a = {0};
  pbl_status st = pbl_npy_read_f64(&a, path, err);
  if (st) return st;
  const double *x = a.data;
  const size_t rows = a.n_dims == 2 ? a.shape[0] : 1;
  if (a.n_dims < 1 || a.n_dims > 2 || rows > PROJECTIONS || a.shape[a.n_dims - 1] != n)
    st = pbl_fail(err, PBL_CONFIG, "projections: %s must hold up to %zu rows of %zu numbers", path,
                  PROJECTIONS, n);
  for (size_t k = 0; !st && k < rows * n; k++) {
    if (x[k] != 0 && x[k] != 1 && x[k] != -1)
      st = pbl_fail(err, PBL_CONFIG, "projections: %s has %g at (%zu, %zu), allowed: -1, 0, 1",
                    path, x[k], k / n, k % n);
    u->projections[k] = (signed char)x[k];
  }
  for (size_t m = 0; !st && m < rows; m++)
    snprintf(u->names[m], sizeof u->names[m], "projection %d", (int)m % 10 + 1);
  u->n_projections = st ? 0 : rows;
  pbl_array_free(&a);
  return st;
}

pbl_status case_unit_create(case_unit *u, const case_work *w, pbl_error *err) {
  const pbl_case_statistics *s = &w->cc->statistics;
  const size_t n = (size_t)pbl_hw_pbits(&w->hw);
  pbl_xoshiro g;
  *u = (case_unit){.setup.every = (uint32_t)(s->every > 0 ? s->every : w->cc->every)};
  pbl_xoshiro_seed(&g, case_seed(w, STREAM_STATISTICS));
  u->projections = calloc(PROJECTIONS * n, 1);
  if (!u->projections) return pbl_fail(err, PBL_NO_MEMORY, "statistics: out of memory");
  u->setup.projections = u->projections;
  const pbl_status st = choose_pairs(u, w, &g, err);
  if (st) return st;
  const char *dot = strrchr(s->projections, '.');
  if (dot && strcmp(dot, ".npy") == 0) return read_projections(u, w, err);
  name_projections(u, w, &g);
  return PBL_OK;
}

void case_unit_release(case_unit *u) {
  free(u->pairs);
  free(u->projections);
  *u = (case_unit){0};
}
