/* Lock-step: RTL and twin side by side, every bit of every sweep, every counter and energy. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lockstep_internal.h"

#define CHUNK_SWEEPS 500

typedef lockstep_pair pair;

typedef struct {
  uint64_t sweep; /* 1-based */
  size_t pbit, replica;
} divergence;

static void close_pair(pair *p) {
  pbl_waveform_end(p->waveform);
  pbl_driver_destroy(p->rtl);
  pbl_driver_destroy(p->twin);
  p->rtl = p->twin = NULL;
}

/* Some sweeps of a schedule, so that it has something to clear. */
static pbl_status begin_schedule(pbl_driver *d, const case_work *w, pbl_error *err) {
  if (!w->cc->schedule[0]) return PBL_OK;
  const pbl_status st = pbl_driver_run(d, NULL, 5, 1, NULL, err);
  return st ? st : pbl_driver_schedule_clear(d, err);
}

static pbl_status open_pair(pair *p, const case_work *w, pbl_error *err) {
  /* In place of the RTL its SystemC model or a device that somebody lends; the twin is always this
   * program's own. */
  const pbl_backend asked = w->config->device;
  const pbl_backend device = asked == PBL_DEVICE_TWIN ? PBL_DEVICE_RTL : asked;
  p->waveform = w->config->waveform;
  pbl_waveform_arm(p->waveform, w->cc->name);
  pbl_status st = case_open_device(&p->rtl, w, device, err);
  if (!st) st = case_open_device(&p->twin, w, PBL_DEVICE_TWIN, err);
  if (!st) st = case_prepare_device(p->rtl, w, err);
  if (!st) st = case_prepare_device(p->twin, w, err);
  if (!st) st = begin_schedule(p->rtl, w, err);
  if (!st) st = begin_schedule(p->twin, w, err);
  if (!st) st = lockstep_begin_exchange(p->rtl, w, err);
  if (!st) st = lockstep_begin_exchange(p->twin, w, err);
  const unsigned permille = w->config->lockstep_throttle_permille;
  pbl_device *dev = p->rtl ? pbl_driver_device(p->rtl) : NULL;
  if (!st && permille < 1000 && dev->ops->stream_throttle) {
    st = dev->ops->stream_throttle(dev, permille, case_seed(w, STREAM_RESET), err);
  }
  return st;
}

/* In the last block, which a palindromic sweep visits once. */
static size_t last_block(const pbl_sparse_law *law) {
  size_t n = 0;
  for (size_t p = 0; p < law->n; p++) n += law->block[p] + 1 == law->n_blocks;
  return n;
}

static size_t sparse_order(const pbl_sparse_law *law, pbl_kernel kernel, size_t p) {
  size_t at = 0;
  while (law->order[at] != p) at++;
  if (kernel != PBL_KERNEL_PALINDROMIC) return at;
  const size_t others = law->n - last_block(law);
  return at >= others ? at - others : law->n - 1 - at;
}

/* Position of p-bit p in the order of updates of the sweep's last visit. */
static size_t update_order(const case_work *w, size_t p) {
  if (w->image->sparse) return sparse_order(w->image->sparse, w->cc->kernel, p);
  const size_t nv = (size_t)w->hw.n_visible, nh = (size_t)w->hw.n_hidden;
  const bool hidden_first = w->cc->kernel == PBL_KERNEL_CYCLIC;
  if (p < nv) return hidden_first ? nh + p : p;
  return hidden_first ? p - nv : nv + (p - nv);
}

/* In the draws of a run that began after `done` sweeps. */
static bool first_difference(divergence *d, const case_work *w, const pbl_chains *a,
                             const pbl_chains *b, uint64_t done) {
  const uint64_t every = (uint64_t)w->cc->every;
  for (size_t t = 0; t < a->n_recorded; t++) {
    bool found = false;
    size_t best = SIZE_MAX;
    for (size_t r = 0; r < a->n_chains; r++) {
      if (memcmp(pbl_chains_row(a, r, t), pbl_chains_row(b, r, t), a->row_bytes) == 0) continue;
      for (size_t p = 0; p < a->n_pbits; p++) {
        const size_t order = update_order(w, p);
        if (pbl_chains_spin(a, r, t, p) != pbl_chains_spin(b, r, t, p) && order < best) {
          best = order;
          *d = (divergence){.sweep = done + (t + 1) * every,
                            .pbit = p,
                            .replica = lockstep_replica(a, t, r, (size_t)w->hw.lanes)};
          found = true;
        }
      }
    }
    if (found) return true;
  }
  return false;
}

/* Runs both again from the start to the sweep of the divergence with the probe on the p-bit. The
 * pair that found it must be closed: a lent device can be opened once. */
static pbl_status explain(const case_work *w, const divergence *d, pbl_error *err) {
  pair p = {0};
  pbl_probe rtl = {0}, twin = {0};
  pbl_status st = open_pair(&p, w, err);
  pbl_driver *both[] = {p.rtl, p.twin};
  pbl_probe *probes[] = {&rtl, &twin};
  for (int k = 0; !st && k < 2; k++) {
    if (d->sweep > 1) st = pbl_driver_run(both[k], NULL, (size_t)(d->sweep - 1), 1, NULL, err);
    if (!st) st = pbl_driver_probe_select(both[k], (int)d->pbit, (int)d->replica, err);
    if (!st) st = pbl_driver_run(both[k], NULL, 1, 1, NULL, err);
    if (!st) st = pbl_driver_probe_read(both[k], probes[k], err);
  }
  close_pair(&p);
  if (st) return st;
  const size_t nv = (size_t)w->hw.n_visible;
  printf("DIFFERS case %s: sweep %" PRIu64 ", replica %zu, p-bit %zu", w->cc->name, d->sweep,
         d->replica, d->pbit);
  if (w->image->sparse) {
    printf(" (block %" PRIu32 ")\n", w->image->sparse->block[d->pbit]);
  } else {
    printf(" (%s %zu)\n", d->pbit < nv ? "visible" : "hidden",
           d->pbit < nv ? d->pbit : d->pbit - nv);
  }
  for (int k = 0; k < 2; k++) {
    printf("  %-4s new %d, old %d, field %" PRId64 ", random word 0x%08" PRIx32
           ", table entry %" PRIu32 "%s\n",
           k ? "twin" : "rtl", probes[k]->new_state ? 1 : -1, probes[k]->old_state ? 1 : -1,
           probes[k]->field, probes[k]->random_word, probes[k]->threshold,
           probes[k]->clamped ? ", clamped" : "");
  }
  return PBL_OK;
}

/* Counters and energies. */
static pbl_status compare_registers(bool *equal, const case_work *w, const pair *p, uint64_t done,
                                    pbl_error *err) {
  const size_t n = (size_t)w->hw.replicas;
  const bool stalls_compared = !lockstep_stalls(w);
  pbl_driver_counters a, b;
  int64_t *energy = malloc(2 * n * sizeof *energy);
  if (!energy) return pbl_fail(err, PBL_NO_MEMORY, "lockstep: out of memory");
  pbl_status st = pbl_driver_counters_read(p->rtl, &a, err);
  if (!st) st = pbl_driver_counters_read(p->twin, &b, err);
  if (!st) st = pbl_driver_energy(p->rtl, energy, err);
  if (!st) st = pbl_driver_energy(p->twin, energy + n, err);
  const struct {
    const char *name;
    uint64_t rtl, twin;
  } rows[] = {
      {"SWEEP_COUNT", a.sweeps, b.sweeps},
      {"FLIPS", a.flips, b.flips},
      {"SATURATIONS", a.saturations, b.saturations},
      {"FREEZES", a.freezes, b.freezes},
      {"SAMPLES", a.samples, b.samples},
      {"BUSY_CYCLES", a.busy_cycles, b.busy_cycles},
      {"BETA_ACTIVE", a.beta_active, b.beta_active},
      {"STALL_CYCLES", stalls_compared ? a.stall_cycles : 0, stalls_compared ? b.stall_cycles : 0},
  };
  for (size_t k = 0; !st && k < sizeof rows / sizeof *rows; k++) {
    if (rows[k].rtl == rows[k].twin) continue;
    *equal = false;
    printf("DIFFERS case %s: after sweep %" PRIu64 " register %s: rtl %" PRIu64 ", twin %" PRIu64
           "\n",
           w->cc->name, done, rows[k].name, rows[k].rtl, rows[k].twin);
  }
  for (size_t r = 0; !st && r < n; r++) {
    if (energy[r] == energy[n + r]) continue;
    *equal = false;
    printf("DIFFERS case %s: after sweep %" PRIu64 " ENERGY of replica %zu: rtl %" PRId64
           ", twin %" PRId64 "\n",
           w->cc->name, done, r, energy[r], energy[n + r]);
  }
  free(energy);
  return st;
}

/* n sweeps of both, a draw every `every`; what is left over runs without one. */
static pbl_status run_both(bool *equal, divergence *d, const case_work *w, const pair *p, size_t n,
                           uint64_t done, pbl_error *err) {
  const size_t pbits = (size_t)pbl_hw_pbits(&w->hw), chains = (size_t)w->hw.replicas;
  const size_t every = (size_t)w->cc->every, draws = n / every, rest = n % every;
  pbl_driver *both[] = {p->rtl, p->twin};
  pbl_chains *drawn[2] = {NULL, NULL};
  pbl_status st = PBL_OK;
  for (int k = 0; !st && k < 2; k++) {
    if (draws > 0) st = pbl_chains_create(&drawn[k], chains, draws, pbits, err);
    if (!st && draws > 0 && case_has_exchange(w->cc)) st = pbl_chains_create_labels(drawn[k], err);
    if (!st && draws > 0) st = pbl_driver_run(both[k], drawn[k], draws, every, NULL, err);
    if (!st && rest > 0) st = pbl_driver_run(both[k], NULL, rest, 1, NULL, err);
  }
  if (!st && draws > 0 && lockstep_labels_differ(w, drawn[0], drawn[1], done)) {
    *equal = false;
  } else if (!st && draws > 0 && first_difference(d, w, drawn[0], drawn[1], done)) {
    *equal = false;
  }
  pbl_chains_destroy(drawn[0]);
  pbl_chains_destroy(drawn[1]);
  return st;
}

/* "6 x 6", "12 p-bits in 3 blocks" */
static void describe_size(char *text, size_t size, const case_work *w) {
  if (w->image->sparse)
    snprintf(text, size, "%zu p-bits in %zu blocks", w->image->sparse->n,
             w->image->sparse->n_blocks);
  else
    snprintf(text, size, "%d x %d", w->hw.n_visible, w->hw.n_hidden);
}

static uint64_t updates_per_sweep(const case_work *w) {
  const uint64_t n = (uint64_t)pbl_hw_pbits(&w->hw);
  /* random_site: in the mean */
  if (w->cc->kernel != PBL_KERNEL_PALINDROMIC) return n;
  return w->image->sparse ? 2 * n - last_block(w->image->sparse) : n + (uint64_t)w->hw.n_hidden;
}

static pbl_status lockstep_case(bool *equal, case_work *w, pbl_error *err) {
  const uint64_t total = w->config->lockstep_sweeps;
  pair p = {0};
  lockstep_windows windows = {0};
  lockstep_statistics statistics = {0};
  lockstep_exchange exchange = {0};
  divergence d = {0}; /* sweep 0: none */
  *equal = true;
  pbl_status st = case_setup(w, err);
  if (!st) st = open_pair(&p, w, err);
  if (!st) lockstep_watch(&windows, &p);
  if (!st) st = lockstep_statistics_begin(&statistics, w, &p, err);
  uint64_t done = 0;
  while (!st && done < total && *equal) {
    if (!pbl_progress_report(w->progress, "lockstep sweeps", done, total)) {
      st = pbl_fail(err, PBL_INTERRUPTED, "interrupted after %" PRIu64 " equal sweeps", done);
      break;
    }
    const size_t longest =
        lockstep_statistics_run(&statistics, &p, lockstep_run_length(&windows, w, CHUNK_SWEEPS));
    const size_t n = total - done < longest ? (size_t)(total - done) : longest;
    st = run_both(equal, &d, w, &p, n, done, err);
    done += n;
    if (!st && *equal) st = lockstep_stopped_run(equal, &done, &exchange, w, &p, err);
    if (!st && *equal) st = compare_registers(equal, w, &p, done, err);
    if (!st) st = lockstep_compare_regulator(equal, &windows, w, &p, done, err);
    if (!st) st = lockstep_compare_statistics(equal, &statistics, w, &p, done, err);
    if (!st && *equal) st = lockstep_compare_exchange(equal, &exchange, w, &p, done, err);
  }
  if (!st && *equal) {
    char size[64];
    describe_size(size, sizeof size, w);
    printf("EQUAL case %s: %s, %d replicas, %s kernel, %" PRIu64 " sweeps, %" PRIu64
           " p-bit updates",
           w->cc->name, size, w->hw.replicas, pbl_kernel_name(w->cc->kernel), done,
           done * (uint64_t)w->hw.replicas * updates_per_sweep(w));
    if (w->cc->regulator.settings.window_sweeps > 0)
      printf(", %" PRIu64 " windows in %" PRIu64 " runs", windows.n_windows, windows.n_runs);
    if (statistics.rtl)
      printf(", %" PRIu64 " samples of the statistics unit in %zu banks", statistics.rtl->n_samples,
             statistics.rtl->n_drains);
    if (exchange.tries > 0)
      printf(", %" PRIu64 " of %" PRIu64 " exchanges", exchange.accepts, exchange.tries);
    printf("\n");
  }
  close_pair(&p);
  if (!st && d.sweep > 0) st = explain(w, &d, err);
  lockstep_windows_release(&windows);
  lockstep_statistics_release(&statistics);
  return st ? pbl_wrap(err, st, "case %s", w->cc->name) : PBL_OK;
}

pbl_status pbl_lockstep_run(int *exit_code, const pbl_compare_config *config,
                            pbl_progress *progress, pbl_error *err) {
  bool all = true;
  pbl_status st = PBL_OK;
  pbl_case_result *scratch = calloc(1, sizeof *scratch);
  if (!scratch) return pbl_fail(err, PBL_NO_MEMORY, "lockstep: out of memory");
  for (int k = 0; !st && k < config->n_cases; k++) {
    case_work w = {.config = config,
                   .cc = &config->cases[k],
                   .index = (size_t)k,
                   .result = scratch,
                   .progress = progress};
    bool equal = true;
    st = lockstep_case(&equal, &w, err);
    case_release(&w);
    all = all && equal;
    fflush(stdout);
  }
  free(scratch);
  if (!st) *exit_code = all ? 0 : 10;
  return st;
}
