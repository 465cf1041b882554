/* trace_records FABRIC [KERNEL]...: the trace port of the RTL against the independent replay of
 * host/trace. Every kernel (or those named) in runs of several lengths, of which some sweeps are
 * traced, a receiver that is not always ready, and samples besides; ends at the first wrong record,
 * prints DIFFERS and what is wrong with it. What the trace must not change (samples, counters,
 * clocks of the array) is compared with a device that traces nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_variant.h"
#include "trace_rig.h"

enum { RUNS = 9, SWEEPS = 35 }; /* all runs together */

/* One run: sweeps, TRACE_FIRST, TRACE_SWEEPS. */
static const struct {
  uint32_t sweeps, first, many;
} runs[RUNS] = {{4, 1, 0}, {5, 2, 2}, {3, 0, 1}, {6, 6, 0},          {2, 3, 1},
                {1, 1, 1}, {7, 1, 3}, {3, 3, 1}, {4, 2, 0xFFFFFFFFu}};

typedef struct {
  pbl_trace_check *check;
  uint32_t beta, sweeps, begun; /* of the run */
  uint32_t first, many;
} follower;

static bool is_traced(const follower *f, uint32_t sweep) {
  return f->first > 0 && sweep >= f->first && (f->many == 0 || sweep - f->first < f->many);
}

/* Skips what is not traced and begins the next sweep that is; *over: there is none. */
static pbl_status next_sweep(follower *f, bool *over, pbl_error *err) {
  pbl_status s = PBL_OK;
  while (s == PBL_OK && f->begun < f->sweeps) {
    s = pbl_trace_check_begin(f->check, &f->beta, 1, err);
    if (s != PBL_OK) return s;
    if (is_traced(f, ++f->begun)) {
      *over = false;
      return PBL_OK;
    }
    s = pbl_trace_check_skip(f->check, err);
  }
  *over = true;
  return s;
}

static pbl_status take(void *user, const uint32_t *records, size_t n, pbl_error *err) {
  follower *f = user;
  while (n > 0) {
    size_t taken = 0;
    bool over = false;
    if (pbl_trace_check_is_done(f->check)) {
      const pbl_status s = next_sweep(f, &over, err);
      if (s != PBL_OK) return s;
      if (over) return pbl_fail(err, PBL_DEVICE, "%zu records more than there are updates", n);
    }
    const pbl_status s = pbl_trace_check_push(f->check, &taken, records, n, err);
    if (s != PBL_OK) return s;
    if (pbl_trace_check_mismatch(f->check)) return pbl_fail(err, PBL_DEVICE, "a record is wrong");
    records += PBL_TRACE_WORDS * taken;
    n -= taken;
  }
  return PBL_OK;
}

static pbl_status finish(follower *f, pbl_error *err) {
  bool over = false;
  if (!pbl_trace_check_is_done(f->check)) {
    const pbl_status s = pbl_trace_check_end(f->check, err);
    return s != PBL_OK ? s : pbl_fail(err, PBL_DEVICE, "a record is missing");
  }
  const pbl_status s = next_sweep(f, &over, err);
  if (s == PBL_OK && !over) return pbl_fail(err, PBL_DEVICE, "records of a sweep are missing");
  return s;
}

static pbl_status open_device(pbl_driver **d, const trace_rig *rig, uint64_t seed, pbl_error *err) {
  char path[4096];
  pbl_device *dev = NULL;
  pbl_error *e = err;
  const pbl_hw *hw = &rig->image->hw;
  pbl_status s = pbl_variant_build(path, sizeof path, hw, NULL, NULL, e);
  if (s == PBL_OK) s = pbl_rtl_open(&dev, path, seed, e);
  if (s == PBL_OK) s = dev->ops->stream_throttle(dev, 700, seed, e);
  if (s == PBL_OK) s = pbl_driver_create(d, dev, hw, NULL, e);
  if (s == PBL_OK) s = pbl_driver_upload(*d, rig->image, NULL, e);
  if (s == PBL_OK) s = pbl_driver_seed(*d, TRACE_RIG_SEED, e);
  if (s == PBL_OK) s = pbl_driver_set_state(*d, rig->states, e);
  if (s == PBL_OK) s = pbl_driver_set_kernel(*d, rig->plan.kernel, e);
  if (s == PBL_OK) s = pbl_driver_set_coupled(*d, rig->plan.coupled, e);
  return s;
}

static pbl_status all_runs(follower *f, pbl_driver *traced, pbl_driver *silent, uint32_t beta,
                           pbl_chains *draws[2], pbl_error *err) {
  pbl_status s = PBL_OK;
  pbl_driver_counters a, b;
  for (int k = 0; s == PBL_OK && k < RUNS; k++) {
    *f = (follower){f->check, beta + (uint32_t)k * 37, runs[k].sweeps,
                    0,        runs[k].first,           runs[k].many};
    s = pbl_driver_set_trace(traced, f->first, f->many, take, f, err);
    if (s == PBL_OK) s = pbl_driver_set_beta(traced, f->beta, err);
    if (s == PBL_OK) s = pbl_driver_set_beta(silent, f->beta, err);
    if (s == PBL_OK) s = pbl_driver_run(traced, draws[0], runs[k].sweeps, 1, NULL, err);
    if (s == PBL_OK) s = pbl_driver_run(silent, draws[1], runs[k].sweeps, 1, NULL, err);
    if (s == PBL_OK) s = finish(f, err);
  }
  if (s == PBL_OK) s = pbl_driver_counters_read(traced, &a, err);
  if (s == PBL_OK) s = pbl_driver_counters_read(silent, &b, err);
  const size_t bytes = draws[0]->n_chains * draws[0]->n_draws * draws[0]->row_bytes;
  if (s == PBL_OK && memcmp(draws[0]->bits, draws[1]->bits, bytes) != 0)
    return pbl_fail(err, PBL_DEVICE, "the trace changes samples");
  if (s == PBL_OK && (a.busy_cycles != b.busy_cycles || a.flips != b.flips ||
                      a.saturations != b.saturations || a.freezes != b.freezes))
    return pbl_fail(err, PBL_DEVICE, "the trace changes counters");
  return s;
}

/* 0: all records are right. */
static int follow(const trace_plan *plan) {
  trace_rig rig;
  follower f = {0};
  pbl_driver *traced = NULL, *silent = NULL;
  pbl_chains *draws[2] = {NULL, NULL};
  pbl_error err = {0};
  char text[2048];
  trace_rig_create(&rig, plan);
  rig.image->hw.trace = true;
  pbl_status s = pbl_trace_check_create(&f.check, &rig.start, &err);
  if (s == PBL_OK) s = open_device(&traced, &rig, 1, &err);
  if (s == PBL_OK) s = open_device(&silent, &rig, 2, &err);
  for (int i = 0; s == PBL_OK && i < 2; i++)
    s = pbl_chains_create(&draws[i], (size_t)rig.image->hw.replicas, SWEEPS,
                          (size_t)pbl_hw_pbits(&rig.image->hw), &err);
  if (s == PBL_OK) s = all_runs(&f, traced, silent, rig.image->beta, draws, &err);
  const pbl_trace_mismatch *m = f.check ? pbl_trace_check_mismatch(f.check) : NULL;
  const char *kernel = pbl_kernel_name(plan->kernel), *twins = plan->coupled ? ", coupled" : "";
  if (m) {
    pbl_trace_mismatch_text(text, sizeof text, m, &rig.image->hw);
    printf("DIFFERS kernel %s%s: %s: %s\n", kernel, twins, pbl_trace_part_name(m->part), text);
  } else if (s != PBL_OK) {
    printf("%s kernel %s%s: %s\n", s == PBL_DEVICE ? "DIFFERS" : "FAILED", kernel, twins,
           err.message);
  } else {
    printf("EQUAL kernel %s%s: %llu records\n", kernel, twins,
           (unsigned long long)pbl_trace_check_updates(f.check));
  }
  pbl_driver_destroy(traced);
  pbl_driver_destroy(silent);
  for (int i = 0; i < 2; i++) pbl_chains_destroy(draws[i]);
  pbl_trace_check_destroy(f.check);
  trace_rig_release(&rig);
  return s == PBL_OK && !m ? 0 : s == PBL_DEVICE || m ? 10 : 3;
}

int main(int argc, char **argv) {
  trace_plan plan = {.lanes = 2, .contexts = 2, .sites = 2, .beta = 1.5, .strength = 1.0};
  const char *fabric = argc > 1 ? argv[1] : "";
  int worst = 0;
  if (strcmp(fabric, "dense") == 0) {
    plan.fabric = PBL_FABRIC_DENSE;
  } else if (strcmp(fabric, "lattice") == 0) {
    plan.fabric = PBL_FABRIC_LATTICE;
    plan.sites = 8; /* two rows of cells */
  } else if (strcmp(fabric, "sparse") == 0) {
    plan.fabric = PBL_FABRIC_SPARSE;
    plan.sites = 3; /* some cells of a group have no p-bit */
  } else {
    fprintf(stderr, "usage: trace_records dense|lattice|sparse [KERNEL]...\n");
    return 2;
  }
  for (int k = PBL_KERNEL_CYCLIC; k <= PBL_KERNEL_RANDOM_SITE && worst == 0; k++) {
    bool wanted = argc < 3;
    for (int i = 2; i < argc; i++) wanted |= strcmp(argv[i], pbl_kernel_name((pbl_kernel)k)) == 0;
    if (!wanted || (k == PBL_KERNEL_RANDOM_SITE && plan.fabric != PBL_FABRIC_SPARSE)) continue;
    plan.kernel = (pbl_kernel)k;
    for (int coupled = 0; coupled < 2 && worst == 0; coupled++) {
      plan.coupled = coupled;
      worst = follow(&plan);
    }
  }
  return worst;
}
