#include "pbl_coupling_device.h"

#include <stdlib.h>
#include <string.h>

#include "coupling_pair.h"

#define MAX_CHUNK 256u /* draws read at a time */

typedef struct {
  pbl_driver *d;
  const pbl_coupling_options *opt;
  pbl_coupling_result *out;
  pbl_progress *progress;
  size_t n_visible, n_hidden, n; /* n: p-bits */
  size_t first, n_pairs;         /* of the present batch */
  coupling_pair *pairs;          /* of the present batch */
  bool *open;                    /* pairs that need more sweeps */
  signed char *states;           /* replicas x n: starts; the odd ones stay Y_0 */
  signed char *x, *y;            /* one state each */
  pbl_chains *draws;             /* replicas x MAX_CHUNK */
  uint64_t t;                    /* sweeps of X in the present batch */
} device_work;

static void unpack(signed char *s, const pbl_chains *c, size_t chain, size_t draw) {
  const uint8_t *row = pbl_chains_row(c, chain, draw);
  for (size_t p = 0; p < c->n_pbits; p++) s[p] = (row[p >> 3] >> (p & 7) & 1) ? 1 : -1;
}

/* A pair that has met must stay together as long as the batch lasts. */
static pbl_status check_together(const device_work *w, size_t pair, size_t draw, pbl_error *err) {
  const uint8_t *x = pbl_chains_row(w->draws, 2 * pair, draw);
  const uint8_t *y = pbl_chains_row(w->draws, 2 * pair + 1, draw);
  if (w->pairs[pair].met == PBL_COUPLING_NOT_MET || memcmp(x, y, w->draws->row_bytes) == 0)
    return PBL_OK;
  return pbl_fail(
      err, PBL_DEVICE,
      "coupling: replicas %zu and %zu met at sweep %llu and parted: the device does not "
      "decide both with the same random words",
      2 * pair, 2 * pair + 1, (unsigned long long)w->pairs[pair].met);
}

/* Draws of X_(t+1)..; coupled: of Y too, else Y_0 stands in until X has its lead. */
static pbl_status take_draws(device_work *w, bool coupled, pbl_error *err) {
  for (size_t draw = 0; draw < w->draws->n_recorded; draw++) {
    w->t++;
    for (size_t pair = 0; pair < w->n_pairs; pair++) {
      const signed char *y = w->states + (2 * pair + 1) * w->n;
      if (w->open[pair]) {
        unpack(w->x, w->draws, 2 * pair, draw);
        if (coupled) unpack(w->y, w->draws, 2 * pair + 1, draw);
        w->open[pair] = coupling_pair_take(&w->pairs[pair], w->t, w->x, coupled ? w->y : y);
      }
      if (!coupled) continue;
      const pbl_status st = check_together(w, pair, draw, err);
      if (st) return st;
    }
  }
  return PBL_OK;
}

static pbl_status sweep(device_work *w, uint64_t sweeps, bool coupled, pbl_error *err) {
  const size_t n = sweeps < MAX_CHUNK ? (size_t)sweeps : MAX_CHUNK;
  w->draws->n_recorded = 0;
  const pbl_status st = pbl_driver_run(w->d, w->draws, n, 1, NULL, err);
  if (st) return st;
  if (!pbl_progress_report(w->progress, "coupled replicas", w->first, w->opt->n_pairs))
    return pbl_fail(err, PBL_INTERRUPTED, "coupling stopped after %zu of %zu pairs", w->first,
                    w->opt->n_pairs);
  return take_draws(w, coupled, err);
}

/* Starting states of all replicas; sweep 0. */
static pbl_status start_batch(device_work *w, pbl_xoshiro *g, pbl_error *err) {
  const size_t replicas = (size_t)pbl_driver_hw(w->d)->replicas;
  w->t = 0;
  for (size_t r = 0; r < replicas; r++) coupling_random_state(w->states + r * w->n, w->n, g);
  for (size_t pair = 0; pair < w->n_pairs; pair++) {
    const signed char *x = w->states + 2 * pair * w->n;
    w->pairs[pair] = coupling_pair_of(w->out, w->opt, w->n_visible, w->n_hidden, w->first + pair);
    w->open[pair] = coupling_pair_take(&w->pairs[pair], 0, x, x + w->n);
  }
  const pbl_status st = pbl_driver_set_coupled(w->d, false, err);
  return st ? st : pbl_driver_set_state(w->d, w->states, err);
}

/* X alone up to sweep L; then the odd replicas go back to their start. */
static pbl_status lead(device_work *w, pbl_error *err) {
  pbl_status st = PBL_OK;
  while (!st && w->t < w->opt->lag) st = sweep(w, w->opt->lag - w->t, false, err);
  if (st) return st;
  const size_t last = w->draws->n_recorded - 1;
  for (size_t r = 0; r < w->draws->n_chains; r += 2)
    unpack(w->states + r * w->n, w->draws, r, last);
  st = pbl_driver_set_state(w->d, w->states, err);
  return st ? st : pbl_driver_set_coupled(w->d, true, err);
}

static bool any_open(const device_work *w) {
  for (size_t pair = 0; pair < w->n_pairs; pair++)
    if (w->open[pair]) return true;
  return false;
}

static pbl_status run_batch(device_work *w, pbl_xoshiro *g, pbl_error *err) {
  pbl_status st = start_batch(w, g, err);
  if (!st) st = lead(w, err);
  while (!st && any_open(w)) {
    /* up to m all are needed; behind it a pair may meet at any sweep */
    const uint64_t end = w->t < w->opt->m ? w->opt->m : w->opt->max_sweeps;
    const uint64_t left = end - w->t, most = w->t < w->opt->m ? MAX_CHUNK : 32;
    st = sweep(w, left < most ? left : most, true, err);
  }
  for (size_t pair = 0; !st && pair < w->n_pairs; pair++) {
    w->out->meeting[w->first + pair] = w->pairs[pair].met;
    w->out->n_met += w->pairs[pair].met != PBL_COUPLING_NOT_MET;
    w->out->sweeps_per_pair += 2.0 * (double)w->t / (double)w->opt->n_pairs;
  }
  return st;
}

static pbl_status run_batches(device_work *w, pbl_error *err) {
  const size_t pairs = (size_t)pbl_driver_hw(w->d)->replicas / 2;
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, w->opt->seed);
  pbl_xoshiro_long_jump(&g); /* the lanes have the short jumps */
  pbl_status st = pbl_driver_seed(w->d, w->opt->seed, err);
  while (!st && w->first < w->opt->n_pairs) {
    const size_t left = w->opt->n_pairs - w->first;
    w->n_pairs = left < pairs ? left : pairs;
    st = run_batch(w, &g, err);
    w->first += w->n_pairs;
  }
  if (!st) pbl_progress_report(w->progress, "coupled replicas", w->first, w->opt->n_pairs);
  return st;
}

static pbl_status check_device(const pbl_driver *d, pbl_error *err) {
  const pbl_image *im = pbl_driver_image(d);
  const pbl_hw *hw = pbl_driver_hw(d);
  if (!im) return pbl_fail(err, PBL_INVALID, "coupling: the device has no image; upload one");
  if (hw->lanes % 2 != 0)
    return pbl_fail(err, PBL_INVALID, "coupling: pairs of lanes; the device has %d", hw->lanes);
  for (int p = 0; p < pbl_hw_pbits(hw); p++)
    if (im->clamp[p])
      return pbl_fail(err, PBL_INVALID,
                      "coupling: p-bit %d is clamped, so that chains with different starts never "
                      "meet; clear the clamps",
                      p);
  return PBL_OK;
}

static pbl_status allocate(device_work *w, pbl_error *err) {
  const size_t replicas = (size_t)pbl_driver_hw(w->d)->replicas;
  w->pairs = calloc(replicas / 2, sizeof *w->pairs);
  w->open = calloc(replicas / 2, sizeof *w->open);
  w->states = malloc(replicas * w->n);
  w->x = malloc(2 * w->n);
  if (!w->pairs || !w->open || !w->states || !w->x)
    return pbl_fail(err, PBL_NO_MEMORY, "coupling: no memory for %zu replicas", replicas);
  w->y = w->x + w->n;
  return pbl_chains_create(&w->draws, replicas, MAX_CHUNK, w->n, err);
}

pbl_status pbl_coupling_run_device(pbl_coupling_result *out, pbl_driver *d,
                                   const pbl_coupling_options *opt, pbl_progress *progress,
                                   pbl_error *err) {
  const pbl_hw *hw = pbl_driver_hw(d);
  device_work w = {.d = d,
                   .opt = opt,
                   .out = out,
                   .progress = progress,
                   .n_visible = (size_t)hw->n_visible,
                   .n_hidden = (size_t)hw->n_hidden,
                   .n = (size_t)pbl_hw_pbits(hw)};
  *out = (pbl_coupling_result){0};
  pbl_status st = check_device(d, err);
  if (!st) st = coupling_result_create(out, opt, w.n_visible, w.n_hidden, err);
  if (st) return st;
  st = allocate(&w, err);
  if (!st) st = run_batches(&w, err);
  if (!st) {
    st = pbl_driver_set_coupled(d, false, err);
  } else {
    pbl_error ignored;
    pbl_driver_set_coupled(d, false, &ignored);
  }
  if (st) pbl_coupling_result_free(out);
  free(w.pairs);
  free(w.open);
  free(w.states);
  free(w.x);
  pbl_chains_destroy(w.draws);
  return st;
}
