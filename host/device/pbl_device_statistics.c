#include "pbl_device_statistics.h"

#include <stdlib.h>
#include <string.h>

static size_t n_series(const pbl_statistics *t) {
  return t->n_replicas * PBL_STATISTICS_SERIES;
}

static pbl_status create(pbl_statistics **out, size_t n_pbits, size_t n_pairs, size_t n_replicas,
                         pbl_error *err) {
  pbl_statistics *t = calloc(1, sizeof *t);
  *out = NULL;
  if (t == NULL) return pbl_fail(err, PBL_NO_MEMORY, "statistics: no memory");
  t->n_pbits = n_pbits;
  t->n_pairs = n_pairs;
  t->n_replicas = n_replicas;
  t->ones = calloc(t->n_pbits + 1, sizeof *t->ones);
  t->equal = calloc(n_pairs + 1, sizeof *t->equal);
  t->series = calloc(n_series(t), sizeof *t->series);
  pbl_status s = PBL_OK;
  if (t->ones == NULL || t->equal == NULL || t->series == NULL)
    s = pbl_fail(err, PBL_NO_MEMORY, "statistics: no memory for %zu p-bits and %zu pairs",
                 t->n_pbits, n_pairs);
  if (s == PBL_OK) s = pbl_statistics_mark(t, err);
  if (s == PBL_OK) {
    *out = t;
  } else {
    pbl_statistics_destroy(t);
  }
  return s;
}

pbl_status pbl_statistics_create(pbl_statistics **out, const pbl_hw *hw, size_t n_pairs,
                                 pbl_error *err) {
  return create(out, (size_t)pbl_hw_pbits(hw), n_pairs, (size_t)hw->replicas, err);
}

pbl_status pbl_statistics_copy(pbl_statistics **out, const pbl_statistics *t, pbl_error *err) {
  const pbl_status s = create(out, t->n_pbits, t->n_pairs, t->n_replicas, err);
  if (s != PBL_OK) return s;
  (*out)->n_samples = t->n_samples;
  (*out)->n_drains = t->n_drains;
  (*out)->clipped = t->clipped;
  (*out)->full = t->full;
  memcpy((*out)->ones, t->ones, t->n_pbits * sizeof *t->ones);
  memcpy((*out)->equal, t->equal, t->n_pairs * sizeof *t->equal);
  memcpy((*out)->series, t->series, n_series(t) * sizeof *t->series);
  return PBL_OK;
}

void pbl_statistics_destroy(pbl_statistics *t) {
  if (t == NULL) return;
  free(t->ones);
  free(t->equal);
  free(t->series);
  free(t->mark_samples);
  free(t->mark_sums);
  free(t);
}

static pbl_status make_room(pbl_statistics *t, pbl_error *err) {
  if (t->n_marks < t->mark_capacity) return PBL_OK;
  const size_t capacity = 2 * t->mark_capacity + 32;
  uint64_t *samples = realloc(t->mark_samples, capacity * sizeof *samples);
  if (samples != NULL) t->mark_samples = samples;
  int64_t *sums = realloc(t->mark_sums, capacity * n_series(t) * sizeof *sums);
  if (sums != NULL) t->mark_sums = sums;
  if (samples == NULL || sums == NULL)
    return pbl_fail(err, PBL_NO_MEMORY, "statistics: no memory for %zu drains", capacity);
  t->mark_capacity = capacity;
  return PBL_OK;
}

pbl_status pbl_statistics_mark(pbl_statistics *t, pbl_error *err) {
  if (t->n_marks > 0 && t->mark_samples[t->n_marks - 1] == t->n_samples) return PBL_OK;
  const pbl_status s = make_room(t, err);
  if (s != PBL_OK) return s;
  int64_t *sums = t->mark_sums + t->n_marks * n_series(t);
  for (size_t k = 0; k < n_series(t); k++) sums[k] = t->series[k].s;
  t->mark_samples[t->n_marks++] = t->n_samples;
  return PBL_OK;
}

/* Sum of the series over the samples before `samples`; false: no drain was there. */
static bool sum_before(int64_t *sum, const pbl_statistics *t, size_t series, uint64_t samples) {
  size_t low = 0, high = t->n_marks;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (t->mark_samples[middle] < samples) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == t->n_marks || t->mark_samples[low] != samples) return false;
  *sum = t->mark_sums[low * n_series(t) + series];
  return true;
}

void pbl_statistics_blocks(pbl_series_blocks out[PBL_SERIES_LEVELS], const pbl_statistics *t,
                           size_t replica, size_t series) {
  const size_t k = replica * PBL_STATISTICS_SERIES + series;
  for (int b = 0; b < PBL_SERIES_LEVELS; b++) {
    const uint64_t size = UINT64_C(1) << b, end = t->n_samples >> b << b;
    int64_t first = 0, before = 0, sum = 0;
    pbl_series_blocks *o = &out[b];
    *o = (pbl_series_blocks){.has_sum = sum_before(&sum, t, k, end), .sum = sum};
    if (!o->has_sum || end < size) continue;
    o->has_ends = sum_before(&first, t, k, size) && sum_before(&before, t, k, end - size);
    o->first = first;
    o->last = sum - before;
  }
}

static int by_size(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

size_t pbl_statistics_plan(uint64_t out[PBL_STATISTICS_MAX_MARKS], uint64_t n_samples,
                           int n_levels) {
  size_t n = 0, kept = 0;
  for (int b = 0; b < n_levels && b < PBL_SERIES_LEVELS; b++) {
    const uint64_t size = UINT64_C(1) << b, end = n_samples >> b << b;
    if (end == 0) break;
    out[n++] = size;
    out[n++] = end;
    if (end > size) out[n++] = end - size;
  }
  if (n_samples > 0) out[n++] = n_samples;
  qsort(out, n, sizeof *out, by_size);
  for (size_t i = 0; i < n; i++)
    if (kept == 0 || out[i] != out[kept - 1]) out[kept++] = out[i];
  return kept;
}
