/* Statistics unit, RTL against twin: every word of a bank where both cut the samples alike, and the
 * sum of all drained banks also where they are drained in the middle of runs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lockstep_internal.h"
#include "pbl_regs.h"
#include "pbl_rng.h"

#define LONGEST_RUN 61
#define WATCHED_SAMPLES 3
#define WATCHED_CLOCKS 50

enum { PBITS, PAIR_COUNTS, SERIES, SUMS }; /* STAT_SELECT */

pbl_status lockstep_statistics_begin(lockstep_statistics *k, const case_work *w, lockstep_pair *p,
                                     pbl_error *err) {
  if (!w->hw.statistics) return PBL_OK;
  uint64_t seed = case_seed(w, STREAM_STATISTICS);
  pbl_status st = case_unit_create(&k->unit, w, err);
  /* Near the energies of small models; in every fourth case so far that all of them are cut. */
  k->unit.setup.ref = (int64_t)(pbl_splitmix64(&seed) % 1001) - 500;
  if (w->index % 4 == 1) k->unit.setup.ref = INT64_MIN;
  k->unit.setup.shift = (uint32_t)(pbl_splitmix64(&seed) % 4);
  const size_t n_pairs = k->unit.setup.n_pairs;
  if (!st) st = pbl_statistics_create(&k->rtl, &w->hw, n_pairs, err);
  if (!st) st = pbl_statistics_create(&k->twin, &w->hw, n_pairs, err);
  if (!st) st = pbl_driver_statistics_setup(p->rtl, &k->unit.setup, err);
  return st ? st : pbl_driver_statistics_setup(p->twin, &k->unit.setup, err);
}

void lockstep_statistics_release(lockstep_statistics *k) {
  pbl_statistics_destroy(k->rtl);
  pbl_statistics_destroy(k->twin);
  case_unit_release(&k->unit);
}

/* Runs in fours: no swap behind the first, and the fourth is drained while it goes on. */
static bool watched(const lockstep_statistics *k) {
  return k->n_runs % 4 == 3;
}

size_t lockstep_statistics_run(lockstep_statistics *k, lockstep_pair *p, size_t longest) {
  if (!k->rtl) return longest;
  pbl_driver_watch_statistics(p->rtl, watched(k) ? k->rtl : NULL, WATCHED_SAMPLES);
  pbl_driver_watch_statistics(p->twin, watched(k) ? k->twin : NULL, WATCHED_SAMPLES);
  pbl_driver_set_batch(p->rtl, watched(k) ? WATCHED_CLOCKS : 0);
  pbl_driver_set_batch(p->twin, watched(k) ? WATCHED_CLOCKS : 0);
  const size_t length = 1 + (size_t)(k->n_runs * 23) % LONGEST_RUN;
  return length < longest ? length : longest;
}

static pbl_status read_word(pbl_driver *d, uint32_t *word, uint32_t address, pbl_error *err) {
  pbl_device *dev = pbl_driver_device(d);
  const pbl_status st = dev->ops->read32(dev, word, address, err);
  return st ? pbl_wrap(err, st, "%s device: reading 0x%03X", dev->ops->name, address) : PBL_OK;
}

/* n words of a select from `address` on. */
static pbl_status compare_words(bool *equal, const case_work *w, lockstep_pair *p, uint32_t select,
                                uint32_t address, size_t n, pbl_error *err) {
  pbl_driver *both[] = {p->rtl, p->twin};
  pbl_status st = PBL_OK;
  for (int k = 0; !st && k < 2; k++) {
    pbl_device *dev = pbl_driver_device(both[k]);
    st = dev->ops->write32(dev, PBL_REG_STAT_SELECT, select, err);
    if (!st) st = dev->ops->write32(dev, PBL_REG_STAT_ADDRESS, address, err);
  }
  for (size_t i = 0; !st && i < n && *equal; i++) {
    uint32_t rtl = 0, twin = 0;
    st = read_word(p->rtl, &rtl, PBL_REG_STAT_DATA, err);
    if (!st) st = read_word(p->twin, &twin, PBL_REG_STAT_DATA, err);
    if (st || rtl == twin) continue;
    *equal = false;
    printf("DIFFERS case %s: STAT_SELECT %" PRIu32 ", word %zu: rtl 0x%08" PRIX32
           ", twin 0x%08" PRIX32 "\n",
           w->cc->name, select, address + i, rtl, twin);
  }
  return st;
}

static pbl_status compare_registers(bool *equal, uint32_t *first, uint32_t *samples,
                                    const case_work *w, lockstep_pair *p, uint64_t done,
                                    pbl_error *err) {
  static const struct {
    const char *name;
    uint32_t address;
  } registers[] = {
      {"STAT_EVERY", PBL_REG_STAT_EVERY},   {"STAT_PAIRS", PBL_REG_STAT_PAIRS},
      {"STAT_SHIFT", PBL_REG_STAT_SHIFT},   {"STAT_REF_LO", PBL_REG_STAT_REF_LO},
      {"STAT_REF_HI", PBL_REG_STAT_REF_HI}, {"STAT_STATUS", PBL_REG_STAT_STATUS},
      {"STAT_FIRST", PBL_REG_STAT_FIRST},   {"STAT_SAMPLES", PBL_REG_STAT_SAMPLES},
      {"STAT_SELECT", PBL_REG_STAT_SELECT}, {"STAT_ADDRESS", PBL_REG_STAT_ADDRESS},
  };
  pbl_status st = PBL_OK;
  for (size_t i = 0; !st && i < sizeof registers / sizeof *registers; i++) {
    uint32_t rtl = 0, twin = 0;
    st = read_word(p->rtl, &rtl, registers[i].address, err);
    if (!st) st = read_word(p->twin, &twin, registers[i].address, err);
    if (registers[i].address == PBL_REG_STAT_FIRST) *first = twin;
    if (registers[i].address == PBL_REG_STAT_SAMPLES) *samples = twin;
    if (st || rtl == twin) continue;
    *equal = false;
    printf("DIFFERS case %s: after sweep %" PRIu64 " register %s: rtl 0x%08" PRIX32
           ", twin 0x%08" PRIX32 "\n",
           w->cc->name, done, registers[i].name, rtl, twin);
  }
  return st;
}

/* Every defined word of the bank at rest. */
static pbl_status compare_bank(bool *equal, const lockstep_statistics *k, const case_work *w,
                               lockstep_pair *p, uint64_t done, pbl_error *err) {
  uint32_t first = 0, samples = 0;
  const size_t series = (size_t)w->hw.replicas * PBL_STATISTICS_SERIES;
  pbl_status st = compare_registers(equal, &first, &samples, w, p, done, err);
  size_t n_levels = 0;
  while (n_levels < PBL_SERIES_LEVELS && (first + samples) >> n_levels > first >> n_levels)
    n_levels++;
  if (st || samples == 0 || !*equal) return st;
  st = compare_words(equal, w, p, PBITS, 0, (size_t)pbl_hw_pbits(&w->hw), err);
  if (!st) st = compare_words(equal, w, p, PAIR_COUNTS, 0, k->unit.setup.n_pairs, err);
  for (size_t s = 0; !st && s < series; s++)
    st = compare_words(equal, w, p, SERIES, (uint32_t)(s * 8 * PBL_SERIES_LEVELS), 8 * n_levels,
                       err);
  return st ? st : compare_words(equal, w, p, SUMS, 0, 2 * series, err);
}

static bool same_totals(const pbl_statistics *a, const pbl_statistics *b) {
  const size_t series = a->n_replicas * PBL_STATISTICS_SERIES;
  bool same = a->n_samples == b->n_samples && a->clipped == b->clipped && a->full == b->full &&
              memcmp(a->ones, b->ones, a->n_pbits * sizeof *a->ones) == 0 &&
              memcmp(a->equal, b->equal, a->n_pairs * sizeof *a->equal) == 0;
  for (size_t k = 0; same && k < series; k++) {
    same = a->series[k].s == b->series[k].s;
    for (int l = 0; same && l < PBL_SERIES_LEVELS; l++)
      same = a->series[k].a[l] == b->series[k].a[l] && a->series[k].c[l] == b->series[k].c[l];
  }
  return same;
}

static void compare_totals(bool *equal, const lockstep_statistics *k, const case_work *w,
                           uint64_t done) {
  if (same_totals(k->rtl, k->twin)) return;
  *equal = false;
  printf("DIFFERS case %s: after sweep %" PRIu64 " all banks together: rtl %" PRIu64
         " samples in %zu banks, twin %" PRIu64 " in %zu\n",
         w->cc->name, done, k->rtl->n_samples, k->rtl->n_drains, k->twin->n_samples,
         k->twin->n_drains);
}

pbl_status lockstep_compare_statistics(bool *equal, lockstep_statistics *k, const case_work *w,
                                       lockstep_pair *p, uint64_t done, pbl_error *err) {
  if (!k->rtl) return PBL_OK;
  const bool cut_alike = !watched(k), swap = k->n_runs % 4 != 0;
  k->n_runs++;
  if (!swap) return PBL_OK;
  pbl_status st = pbl_driver_statistics_swap(p->rtl, err);
  if (!st) st = pbl_driver_statistics_swap(p->twin, err);
  if (!st && cut_alike) st = compare_bank(equal, k, w, p, done, err);
  if (!st) st = pbl_driver_statistics_collect(p->rtl, k->rtl, err);
  if (!st) st = pbl_driver_statistics_collect(p->twin, k->twin, err);
  if (!st) compare_totals(equal, k, w, done);
  return st;
}
