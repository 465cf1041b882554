/* The device's statistics unit in a case: sampling. */
#include <math.h>
#include <stdlib.h>

#include "compare_internal.h"

#define MIN_BATCHES 8  /* of a chain: what the estimates ask of a level */
#define DRAINS_A_RUN 5 /* while the longest piece goes on */
#define ENERGY_BITS 23 /* of the unit's signed 24 */

bool case_has_unit(const case_work *w) {
  return w->hw.statistics != 0;
}

static int sweeps_per_sample(const pbl_case_config *cc) {
  return cc->statistics.every > 0 ? cc->statistics.every : cc->every;
}

pbl_status case_check_statistics(const pbl_case_config *cc, pbl_error *err) {
  const int every = sweeps_per_sample(cc);
  if (!cc->hw.statistics) return PBL_OK;
  if (case_has_exchange(cc))
    return pbl_fail(
        err, PBL_CONFIG,
        "case %s: the statistics unit counts by replica, whose temperature moves along a "
        "ladder: compare cannot use it; set hw.statistics to false or take the ladder out",
        cc->name);
  if (every % cc->every != 0)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: statistics.every is %d sweeps, must be a multiple of sweeps_per_draw "
                    "(%d), so that what the unit counts can be compared with draws",
                    cc->name, every, cc->every);
  if (cc->statistics.further > 0 && cc->draws % (every / cc->every) != 0)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: with statistics.further_samples the number of draws must be a "
                    "multiple of %d, the draws per sample of the unit",
                    cc->name, every / cc->every);
  return PBL_OK;
}

void case_statistics_release(case_work *w) {
  case_counted *k = w->counted;
  w->counted = NULL;
  if (!k) return;
  case_unit_release(&k->unit);
  pbl_statistics_destroy(k->all);
  pbl_statistics_destroy(k->drawn);
  free(k);
}

/* Reference energy: the mean of those that stand after the burn-in, so that the unit's numbers are
 * small. Shift: as little as keeps every energy of the image within 24 bits. */
static pbl_status choose_energies(pbl_statistics_setup *s, const case_work *w, pbl_driver *d,
                                  pbl_error *err) {
  const size_t n = (size_t)w->hw.replicas;
  double mean = 0;
  int64_t *energy = calloc(n, sizeof *energy);
  if (!energy) return pbl_fail(err, PBL_NO_MEMORY, "statistics: out of memory");
  const pbl_status st = w->cc->burn_in > 0 ? pbl_driver_energy(d, energy, err) : PBL_OK;
  for (size_t r = 0; r < n; r++) mean += (double)energy[r] / (double)n;
  free(energy);
  s->ref = llround(mean);
  const int64_t reach = case_energy_bound(w) + llabs(s->ref);
  while (reach >> s->shift >> ENERGY_BITS > 0) s->shift++;
  return st;
}

static pbl_status begin(case_work *w, pbl_driver *d, pbl_error *err) {
  case_counted *k = calloc(1, sizeof *k);
  if (!k) return pbl_fail(err, PBL_NO_MEMORY, "statistics: out of memory");
  w->counted = k;
  pbl_status st = case_unit_create(&k->unit, w, err);
  if (!st) st = choose_energies(&k->unit.setup, w, d, err);
  if (!st) st = pbl_statistics_create(&k->all, &w->hw, k->unit.setup.n_pairs, err);
  return st ? st : pbl_driver_statistics_setup(d, &k->unit.setup, err);
}

/* The next samples up to `mark`, read out as draws or not; then a drain. */
static pbl_status run_to(case_work *w, pbl_driver *d, uint64_t mark, bool drawn, pbl_error *err) {
  case_counted *k = w->counted;
  const pbl_case_config *cc = w->cc;
  const size_t n = (size_t)(mark - k->all->n_samples), every = k->unit.setup.every;
  const size_t per_sample = every / (size_t)cc->every;
  pbl_progress *progress = n > MIN_BATCHES ? w->progress : NULL;
  const pbl_status st =
      drawn ? pbl_driver_run(d, w->device, n * per_sample, (size_t)cc->every, progress, err)
            : pbl_driver_run(d, NULL, n, every, progress, err);
  return st ? st : pbl_driver_statistics_drain(d, k->all, err);
}

/* Levels of which a chain has batches enough. */
static int n_levels(uint64_t n_samples) {
  int n = 0;
  while (n < PBL_SERIES_LEVELS && n_samples >> n >= MIN_BATCHES) n++;
  return n;
}

static pbl_status run_all(case_work *w, pbl_driver *d, uint64_t n_drawn, uint64_t n_samples,
                          pbl_error *err) {
  uint64_t marks[PBL_STATISTICS_MAX_MARKS];
  const size_t n = pbl_statistics_plan(marks, n_samples, n_levels(n_samples));
  case_counted *k = w->counted;
  pbl_status st = PBL_OK;
  for (size_t i = 0; !st && i < n; i++) {
    const bool crosses = k->all->n_samples < n_drawn && marks[i] >= n_drawn;
    if (crosses && k->all->n_samples < n_drawn) st = run_to(w, d, n_drawn, true, err);
    if (!st && crosses) st = pbl_statistics_copy(&k->drawn, k->all, err);
    if (!st && k->all->n_samples < marks[i]) st = run_to(w, d, marks[i], marks[i] <= n_drawn, err);
  }
  return st;
}

pbl_status case_statistics_sample(case_work *w, pbl_driver *d, pbl_error *err) {
  const pbl_case_config *cc = w->cc;
  pbl_status st = begin(w, d, err);
  if (st) return st;
  case_counted *k = w->counted;
  const size_t per_sample = k->unit.setup.every / (size_t)cc->every;
  const uint64_t n_drawn = (uint64_t)cc->draws / per_sample,
                 n_samples = n_drawn + (uint64_t)cc->statistics.further;
  pbl_driver_watch_statistics(d, k->all, n_samples / DRAINS_A_RUN + 1);
  if (n_samples > 0) st = run_all(w, d, n_drawn, n_samples, err);
  pbl_driver_watch_statistics(d, NULL, 0);
  const size_t left = (size_t)cc->draws - w->device->n_recorded;
  if (!st && left > 0) st = pbl_driver_run(d, w->device, left, (size_t)cc->every, w->progress, err);
  if (!st && k->all->full)
    st = pbl_fail(err, PBL_DEVICE, "statistics unit: samples were left out, its counters are full");
  return st;
}
