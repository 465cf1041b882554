/* What was measured in a finished case: its result, as it stands in memory, with what it points to.
 * Texts are kept as such, since their place differs from run to run. */
#include <stdlib.h>
#include <string.h>

#include "compare_snapshots.h"

void snapshot_free_texts(snapshot_texts *texts) {
  for (size_t k = 0; k < texts->n; k++) free(texts->items[k]);
  free(texts->items);
  *texts = (snapshot_texts){0};
}

static char *new_text(snapshot_texts *texts, size_t n) {
  char **items = realloc(texts->items, (texts->n + 1) * sizeof *items);
  if (!items) return NULL;
  texts->items = items;
  char *text = calloc(n + 1, 1);
  if (text) items[texts->n++] = text;
  return text;
}

static void walk_text(pbl_archive *a, const char **x, snapshot_texts *texts) {
  bool is_there = *x != NULL;
  size_t n = is_there && a->out ? strlen(*x) : 0;
  pbl_archive_bool(a, &is_there);
  pbl_archive_size(a, &n);
  if (a->out) {
    if (is_there) pbl_archive_u8(a, (uint8_t *)(uintptr_t)*x, n);
    return;
  }
  *x = NULL;
  if (a->status || !is_there) return;
  char *text = n <= a->n - a->at ? new_text(texts, n) : NULL;
  if (text) {
    pbl_archive_u8(a, (uint8_t *)text, n);
  } else {
    a->status = PBL_NO_MEMORY;
  }
  *x = text;
}

/* An array of the result's own: n bytes, or NULL. */
static void walk_owned(pbl_archive *a, void **x, size_t n) {
  bool is_there = *x != NULL;
  pbl_archive_bool(a, &is_there);
  if (!a->out) {
    *x = NULL;
    if (a->status || !is_there) return;
    *x = n <= a->n - a->at ? calloc(n + 1, 1) : NULL;
    if (!*x) a->status = PBL_NO_MEMORY;
  }
  if (is_there) pbl_archive_u8(a, *x, n);
}

#define WALK_OWNED(a, x, count)                       \
  do {                                                \
    void *pbl_array = (x);                            \
    walk_owned(a, &pbl_array, (count) * sizeof *(x)); \
    (x) = pbl_array;                                  \
  } while (0)

static void walk_side(pbl_archive *a, pbl_side *s, snapshot_texts *texts) {
  walk_text(a, &s->tau.gate, texts);
  walk_text(a, &s->resolve.gate, texts);
  walk_text(a, &s->resolve.base.gate, texts);
}

static void walk_scatter(pbl_archive *a, pbl_scatter *s) {
  WALK_OWNED(a, s->device, s->n);
  WALK_OWNED(a, s->reference, s->n);
  WALK_OWNED(a, s->exact, s->n);
  WALK_OWNED(a, s->z, s->n);
}

static void walk_regulation(pbl_archive *a, pbl_regulation_report *r, snapshot_texts *texts) {
  walk_text(a, &r->worst_family, texts);
  WALK_OWNED(a, r->temperature, 4 * r->n_windows);
  if (!r->temperature) return;
  r->flip_rate = r->temperature + r->n_windows;
  r->energy = r->flip_rate + r->n_windows;
  r->energy_sd = r->energy + r->n_windows;
}

static void walk_texts(pbl_archive *a, pbl_case_result *r, snapshot_texts *texts) {
  for (int k = 0; k < PBL_TEST_COUNT; k++) {
    walk_text(a, &r->innovation_device.family[k].name, texts);
    walk_text(a, &r->innovation_reference.family[k].name, texts);
  }
  for (size_t k = 0; k < PBL_MAX_GATES; k++) {
    walk_text(a, &r->gates[k].name, texts);
    walk_text(a, &r->gates[k].would_see_of, texts);
  }
  walk_text(a, &r->reference.reason, texts);
  for (size_t k = 0; k < PBL_EXCHANGE_RUNGS; k++)
    walk_text(a, &r->exchange.rung[k].innovation_family, texts);
  for (size_t k = 0; k < PBL_UNIT_SERIES; k++) {
    walk_text(a, &r->unit.series[k].unit.gate, texts);
    walk_text(a, &r->unit.series[k].draws.gate, texts);
  }
}

void snapshot_walk_result(pbl_archive *a, pbl_case_result *r, snapshot_texts *texts) {
  const pbl_case_config *config = r->config;
  pbl_archive_same(a, sizeof *r);
  pbl_archive_u8(a, (uint8_t *)r, sizeof *r);
  r->config = config;
  walk_texts(a, r, texts);
  WALK_OWNED(a, r->observables, r->n_observables);
  for (size_t k = 0; r->observables && k < r->n_observables; k++) {
    walk_side(a, &r->observables[k].device, texts);
    walk_side(a, &r->observables[k].reference, texts);
  }
  walk_scatter(a, &r->first_moments);
  walk_scatter(a, &r->second_moments);
  WALK_OWNED(a, r->reference.meeting, r->reference.n_pairs);
  WALK_OWNED(a, r->device_pairs.meeting, r->device_pairs.n_pairs);
  WALK_OWNED(a, r->device_pairs.means, r->n_observables);
  walk_regulation(a, &r->regulation, texts);
  WALK_OWNED(a, r->device_images, r->n_images * (size_t)r->n_visible);
  WALK_OWNED(a, r->reference_images, r->n_images * (size_t)r->n_visible);
}
