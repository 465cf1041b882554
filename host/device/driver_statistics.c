/* The statistics unit: settings, swaps, and from its banks to the totals. */
#include <stdlib.h>

#include "driver_internal.h"

enum { PBITS, PAIR_COUNTS, SERIES, SUMS, COEFFICIENTS, PAIRS }; /* STAT_SELECT */

#define SERIES_WORDS (8 * PBL_SERIES_LEVELS)

static pbl_status check_built(const pbl_driver *d, pbl_error *err) {
  if (d->hw.statistics) return PBL_OK;
  return pbl_fail(err, PBL_INVALID,
                  "driver: this device has no statistics unit (hardware key `statistics`)");
}

static pbl_status select_words(pbl_driver *d, uint32_t select, size_t address, pbl_error *err) {
  const pbl_status s = PBL_WRITE(d, STAT_SELECT, select, err);
  return s == PBL_OK ? PBL_WRITE(d, STAT_ADDRESS, (uint32_t)address, err) : s;
}

/* ---- settings ---- */

static pbl_status check_setup(const pbl_driver *d, const pbl_statistics_setup *setup,
                              pbl_error *err) {
  const size_t n = (size_t)pbl_hw_pbits(&d->hw);
  if (setup->shift > 31)
    return pbl_fail(err, PBL_INVALID, "driver: statistics: shift is %u, allowed are 0..31",
                    setup->shift);
  if (setup->n_pairs > (size_t)d->hw.stat_pairs)
    return pbl_fail(err, PBL_INVALID, "driver: statistics: %zu pairs, the device counts at most %d",
                    setup->n_pairs, d->hw.stat_pairs);
  for (size_t k = 0; k < setup->n_pairs; k++) {
    if (setup->pairs[k][0] >= n || setup->pairs[k][1] >= n)
      return pbl_fail(err, PBL_INVALID, "driver: statistics: pair %zu is (%u, %u), of %zu p-bits",
                      k, setup->pairs[k][0], setup->pairs[k][1], n);
  }
  for (size_t k = 0; setup->projections && k < PBL_STATISTICS_PROJECTIONS * n; k++) {
    if (setup->projections[k] < -1 || setup->projections[k] > 1)
      return pbl_fail(err, PBL_INVALID,
                      "driver: statistics: coefficient %zu of projection %zu is %d, allowed: -1..1",
                      k % n, k / n, setup->projections[k]);
  }
  return PBL_OK;
}

/* 0 none, 1 plus, 3 minus; two bits each. */
static uint32_t coefficient_word(const signed char *projections, size_t n, size_t p) {
  uint32_t word = 0;
  for (size_t m = 0; projections && m < PBL_STATISTICS_PROJECTIONS; m++)
    word |= ((uint32_t)projections[m * n + p] & 3u) << (2 * m);
  return word;
}

static pbl_status write_memories(pbl_driver *d, const pbl_statistics_setup *setup, pbl_error *err) {
  const size_t n = (size_t)pbl_hw_pbits(&d->hw);
  pbl_status s = select_words(d, COEFFICIENTS, 0, err);
  for (size_t p = 0; s == PBL_OK && p < n; p++)
    s = PBL_WRITE(d, STAT_DATA, coefficient_word(setup->projections, n, p), err);
  if (s == PBL_OK) s = select_words(d, PAIRS, 0, err);
  for (size_t k = 0; s == PBL_OK && k < setup->n_pairs; k++)
    s = PBL_WRITE(d, STAT_DATA, setup->pairs[k][0] | setup->pairs[k][1] << 16, err);
  return s;
}

pbl_status pbl_driver_statistics_setup(pbl_driver *d, const pbl_statistics_setup *setup,
                                       pbl_error *err) {
  pbl_status s = check_built(d, err);
  if (s == PBL_OK) s = check_setup(d, setup, err);
  if (s == PBL_OK) s = PBL_WRITE(d, STAT_EVERY, setup->every, err);
  if (s == PBL_OK) s = PBL_WRITE(d, STAT_PAIRS, (uint32_t)setup->n_pairs, err);
  if (s == PBL_OK) s = PBL_WRITE(d, STAT_SHIFT, setup->shift, err);
  if (s == PBL_OK) s = PBL_WRITE(d, STAT_REF_LO, (uint32_t)setup->ref, err);
  if (s == PBL_OK) s = PBL_WRITE(d, STAT_REF_HI, (uint32_t)((uint64_t)setup->ref >> 32), err);
  if (s == PBL_OK) s = write_memories(d, setup, err);
  if (s == PBL_OK) s = PBL_WRITE(d, CTRL, PBL_CTRL_STAT_CLEAR_MASK, err);
  if (s == PBL_OK) s = pbl_driver_status(d, NULL, "after setting up the statistics unit", err);
  if (s == PBL_OK) d->statistics_every = setup->every;
  return s;
}

/* ---- reading a bank ---- */

static pbl_status add_counts(pbl_driver *d, uint64_t *counts, size_t n, uint32_t select,
                             pbl_error *err) {
  uint32_t word = 0;
  pbl_status s = select_words(d, select, 0, err);
  for (size_t k = 0; s == PBL_OK && k < n; k++) {
    s = PBL_READ(d, &word, STAT_DATA, err);
    counts[k] += word;
  }
  return s;
}

/* Two's complement, lowest word first. */
static pbl_status read_wide(pbl_driver *d, pbl_int128 *value, int n_words, pbl_error *err) {
  pbl_status s = PBL_OK;
  *value = 0;
  for (int k = 0; s == PBL_OK && k < n_words; k++) {
    uint32_t word = 0;
    s = PBL_READ(d, &word, STAT_DATA, err);
    const pbl_int128 part = k + 1 < n_words ? (pbl_int128)word : (pbl_int128)(int32_t)word;
    *value += part * ((pbl_int128)1 << (32 * k));
  }
  return s;
}

/* The levels that have completed a block in the bank; the words of others are undefined. */
static pbl_status add_series(pbl_driver *d, pbl_series_sums *sums, size_t k, int n_levels,
                             pbl_error *err) {
  pbl_int128 a = 0, c = 0, sum = 0;
  pbl_status s = select_words(d, SERIES, k * SERIES_WORDS, err);
  for (int b = 0; s == PBL_OK && b < n_levels; b++) {
    s = read_wide(d, &a, 4, err);
    if (s == PBL_OK) s = read_wide(d, &c, 4, err);
    sums->a[b] += a;
    sums->c[b] += c;
  }
  if (s == PBL_OK) s = select_words(d, SUMS, 2 * k, err);
  if (s == PBL_OK) s = read_wide(d, &sum, 2, err);
  sums->s += (int64_t)sum;
  return s;
}

static pbl_status add_bank(pbl_driver *d, pbl_statistics *t, uint32_t samples, pbl_error *err) {
  int n_levels = 0;
  while (n_levels < PBL_SERIES_LEVELS &&
         (t->n_samples + samples) >> n_levels > t->n_samples >> n_levels)
    n_levels++;
  pbl_status s = add_counts(d, t->ones, t->n_pbits, PBITS, err);
  if (s == PBL_OK) s = add_counts(d, t->equal, t->n_pairs, PAIR_COUNTS, err);
  for (size_t k = 0; s == PBL_OK && k < t->n_replicas * PBL_STATISTICS_SERIES; k++)
    s = add_series(d, &t->series[k], k, n_levels, err);
  return s;
}

pbl_status pbl_driver_statistics_collect(pbl_driver *d, pbl_statistics *t, pbl_error *err) {
  uint32_t first = 0, samples = 0, status = 0;
  pbl_status s = PBL_READ(d, &first, STAT_FIRST, err);
  if (s == PBL_OK) s = PBL_READ(d, &samples, STAT_SAMPLES, err);
  if (s == PBL_OK) s = PBL_READ(d, &status, STAT_STATUS, err);
  if (s != PBL_OK) return s;
  if (first != t->n_samples)
    return pbl_fail(err, PBL_DEVICE,
                    "%s device: the bank of the statistics unit begins with sample %u, %llu were "
                    "read: a bank was lost or read twice",
                    d->dev->ops->name, first, (unsigned long long)t->n_samples);
  t->clipped = (status & PBL_STAT_STATUS_CLIPPED_MASK) != 0;
  t->full = (status & PBL_STAT_STATUS_FULL_MASK) != 0;
  if (samples > 0) s = add_bank(d, t, samples, err);
  if (s != PBL_OK) return s;
  t->n_samples += samples;
  t->n_drains++;
  return pbl_statistics_mark(t, err);
}

/* ---- swaps ---- */

static pbl_status request_swap(pbl_driver *d, pbl_error *err) {
  return PBL_WRITE(d, CTRL, PBL_CTRL_STAT_SWAP_MASK, err);
}

static pbl_status swap_pending(pbl_driver *d, bool *pending, pbl_error *err) {
  uint32_t status = 0;
  const pbl_status s = PBL_READ(d, &status, STAT_STATUS, err);
  *pending = (status & PBL_STAT_STATUS_PENDING_MASK) != 0;
  return s;
}

pbl_status pbl_driver_statistics_swap(pbl_driver *d, pbl_error *err) {
  bool pending = false;
  pbl_status s = check_built(d, err);
  if (s == PBL_OK) s = request_swap(d, err);
  if (s == PBL_OK) s = swap_pending(d, &pending, err);
  if (s == PBL_OK && pending)
    s = pbl_fail(err, PBL_DEVICE, "%s device: STAT_SWAP did not happen at once while idle",
                 d->dev->ops->name);
  return s;
}

pbl_status pbl_driver_statistics_drain(pbl_driver *d, pbl_statistics *t, pbl_error *err) {
  const pbl_status s = pbl_driver_statistics_swap(d, err);
  return s == PBL_OK ? pbl_driver_statistics_collect(d, t, err) : s;
}

void pbl_driver_watch_statistics(pbl_driver *d, pbl_statistics *t, uint64_t samples) {
  d->statistics = t;
  d->statistics_samples = samples > 0 ? samples : 1;
}

/* In a run, after `sweeps` of it: asks for a swap when enough samples have come together, and reads
 * the bank once it has happened. */
pbl_status pbl_statistics_poll(pbl_driver *d, uint64_t sweeps, pbl_error *err) {
  bool pending = false;
  if (d->statistics == NULL || d->statistics_every == 0) return PBL_OK;
  if (!d->statistics_swapping) {
    const uint64_t taken = sweeps / d->statistics_every;
    if (taken - d->statistics_drained < d->statistics_samples) return PBL_OK;
    d->statistics_drained = taken;
    d->statistics_swapping = true;
    return request_swap(d, err);
  }
  const pbl_status s = swap_pending(d, &pending, err);
  if (s != PBL_OK || pending) return s;
  d->statistics_swapping = false;
  return pbl_driver_statistics_collect(d, d->statistics, err);
}

void pbl_statistics_begin_run(pbl_driver *d) {
  d->statistics_drained = 0;
}

/* A swap that was asked for has happened by now. */
pbl_status pbl_statistics_end_run(pbl_driver *d, pbl_error *err) {
  if (!d->statistics_swapping) return PBL_OK;
  bool pending = false;
  const pbl_status s = swap_pending(d, &pending, err);
  if (s != PBL_OK) return s;
  if (pending)
    return pbl_fail(err, PBL_DEVICE, "%s device: STAT_SWAP still pending after the run",
                    d->dev->ops->name);
  d->statistics_swapping = false;
  return pbl_driver_statistics_collect(d, d->statistics, err);
}
