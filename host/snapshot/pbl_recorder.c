#include "pbl_recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "recorder_internal.h"

static double monotonic(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

pbl_status pbl_recorder_create(pbl_recorder **out, pbl_error *err) {
  pbl_recorder *r = calloc(1, sizeof *r);
  if (!r) return pbl_fail(err, PBL_NO_MEMORY, "snapshot: out of memory");
  r->since = monotonic();
  *out = r;
  return PBL_OK;
}

void pbl_recorder_destroy(pbl_recorder *r) {
  if (!r) return;
  pbl_bytes_free(&r->journal);
  pbl_bytes_free(&r->state);
  free(r);
}

void pbl_recorder_reset(pbl_recorder *r) {
  r->journal.n = r->state.n = r->at = 0;
  r->calls = r->digest = r->last_call = r->last_digest = 0;
  r->replaying = false;
  r->status = PBL_OK;
}

double pbl_recorder_seconds_now(const pbl_recorder *r) {
  return r->seconds + monotonic() - r->since;
}

bool pbl_recorder_is_replaying(const pbl_recorder *r) {
  return r->replaying && r->calls < r->last_call;
}

uint64_t pbl_recorder_calls(const pbl_recorder *r) {
  return r->calls;
}

/* ---- state of a device, with what it is the state of ---- */

static void walk_hw(pbl_archive *a, pbl_hw *hw) {
  int *const numbers[] = {
      &hw->n_visible,       &hw->n_hidden,       &hw->replicas,           &hw->lanes,
      &hw->weight_int,      &hw->weight_frac,    &hw->beta_int,           &hw->beta_frac,
      &hw->table_size,      &hw->threshold_bits, &hw->table_range_log2,   &hw->rounding,
      &hw->lfsr_steps,      &hw->field_bits,     &hw->exchange,           &hw->statistics,
      &hw->stat_pairs,      &hw->trace,          &hw->lattice.side,       &hw->lattice.sites,
      &hw->lattice.n_rules, &hw->sparse.pbits,   &hw->sparse.edge_rows,   &hw->sparse.groups,
      &hw->sparse.sites,    &hw->no_regulator,   &hw->cells_per_generator};
  PBL_ARCHIVE_ENUM(a, &hw->fabric, pbl_fabric);
  PBL_ARCHIVE_ENUM(a, &hw->generator, pbl_generator);
  for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) pbl_archive_int(a, numbers[k]);
  for (int k = 0; k < PBL_HW_MAX_RULES; k++) {
    pbl_archive_int(a, &hw->lattice.rule_a[k]);
    pbl_archive_int(a, &hw->lattice.rule_b[k]);
  }
}

/* Key, back-end and hardware of the device that is open. */
static pbl_status put_identity(pbl_bytes *out, pbl_recorder *r, pbl_error *err) {
  char name[16] = "";
  snprintf(name, sizeof name, "%s", r->ops.name);
  pbl_archive a = pbl_archive_writer(out);
  pbl_archive_u8(&a, (uint8_t *)name, sizeof name);
  pbl_archive_u8(&a, (uint8_t *)r->key, sizeof r->key);
  walk_hw(&a, &r->hw);
  return pbl_archive_finish(&a, "snapshot: device", err);
}

static pbl_status restore_device(pbl_recorder *r, pbl_error *err) {
  pbl_bytes mine = {0};
  if (r->state.n == 0) return PBL_OK;
  if (!r->device)
    return pbl_fail(err, PBL_FORMAT,
                    "snapshot: the run has no device open where it had one: another program made "
                    "the snapshot");
  pbl_status s = put_identity(&mine, r, err);
  if (!s && (mine.n > r->state.n || memcmp(mine.data, r->state.data, mine.n) != 0)) {
    char name[16] = "", key[RECORDER_KEY_SIZE] = "";
    if (r->state.n >= sizeof name + sizeof key) {
      memcpy(name, r->state.data, sizeof name - 1);
      memcpy(key, r->state.data + sizeof name, sizeof key - 1);
    }
    s = pbl_fail(err, PBL_CONFIG,
                 "snapshot: it holds the state of other hardware: device %s %s there, %s %s here; "
                 "RTL, tools, processor or parameters have changed",
                 name, key, r->ops.name, r->key);
  }
  const size_t at = mine.n;
  pbl_bytes_free(&mine);
  return s ? s : r->device->ops->restore(r->device, r->state.data + at, r->state.n - at, err);
}

/* ---- calls ---- */

static void digest_word(pbl_recorder *r, uint64_t x) {
  r->digest = (r->digest ^ x) * UINT64_C(0x9e3779b97f4a7c15);
  r->digest ^= r->digest >> 29;
}

static pbl_status diverged(const pbl_recorder *r, pbl_error *err) {
  return pbl_fail(err, PBL_FORMAT,
                  "snapshot: the run does not do what it did before the snapshot (call %llu of "
                  "%llu of the device): model files, program or libraries have changed",
                  (unsigned long long)r->calls, (unsigned long long)r->last_call);
}

static pbl_status go_live(pbl_recorder *r, pbl_error *err) {
  if (r->digest != r->last_digest || r->at != r->journal.n) return diverged(r, err);
  const pbl_status s = restore_device(r, err);
  if (s) return s;
  pbl_bytes_free(&r->state);
  r->since = monotonic();
  r->replaying = false;
  return PBL_OK;
}

pbl_status recorder_begin(pbl_recorder *r, recorder_call call, uint64_t a, uint64_t b,
                          bool *from_journal, pbl_error *err) {
  *from_journal = false;
  if (!r->status && r->replaying && r->calls == r->last_call) r->status = go_live(r, &r->error);
  if (r->status) return pbl_fail(err, r->status, "%s", r->error.message);
  r->calls++;
  digest_word(r, (uint64_t)call);
  digest_word(r, a);
  digest_word(r, b);
  *from_journal = r->replaying;
  return PBL_OK;
}

pbl_archive recorder_entry(pbl_recorder *r, recorder_call call) {
  pbl_archive a = r->replaying ? pbl_archive_reader(r->journal.data, r->journal.n)
                               : pbl_archive_writer(&r->journal);
  uint8_t letter = (uint8_t)call;
  a.at = r->at;
  pbl_archive_u8(&a, &letter, 1);
  if (!a.status && letter != (uint8_t)call) a.status = PBL_FORMAT;
  return a;
}

pbl_status recorder_end(pbl_recorder *r, const pbl_archive *a, pbl_error *err) {
  if (!a->out) r->at = a->at;
  if (!a->status) return PBL_OK;
  r->status = a->status == PBL_NO_MEMORY
                  ? pbl_fail(&r->error, PBL_NO_MEMORY,
                             "snapshot: no memory for what the device has answered so far (%zu "
                             "bytes); run without --snapshot-every",
                             r->journal.n)
                  : diverged(r, &r->error);
  return pbl_fail(err, r->status, "%s", r->error.message);
}

double pbl_recorder_seconds(pbl_recorder *r) {
  bool from_journal;
  double seconds = 0;
  if (recorder_begin(r, CALL_SECONDS, 0, 0, &from_journal, NULL)) return 0;
  if (!from_journal) seconds = pbl_recorder_seconds_now(r);
  pbl_archive a = recorder_entry(r, CALL_SECONDS);
  pbl_archive_f64(&a, &seconds);
  recorder_end(r, &a, NULL);
  return seconds;
}

pbl_status pbl_recorder_attach(pbl_recorder *r, pbl_device **dev, const pbl_hw *hw, const char *key,
                               pbl_error *err) {
  pbl_device *d = *dev;
  bool from_journal;
  pbl_status s = PBL_OK;
  *dev = NULL;
  if (r->device) s = pbl_fail(err, PBL_INVALID, "snapshot: one device at a time");
  if (!s && (!d->ops->save || !d->ops->restore))
    s = pbl_fail(err, PBL_INVALID, "snapshot: device %s cannot save its state", d->ops->name);
  if (!s) s = recorder_begin(r, CALL_OPEN, 0, 0, &from_journal, err);
  if (!s) {
    pbl_archive a = recorder_entry(r, CALL_OPEN);
    s = recorder_end(r, &a, err);
  }
  if (s) {
    d->ops->close(d);
    return s;
  }
  r->device = d;
  r->cycles = 0;
  r->hw = *hw;
  memset(r->key, 0, sizeof r->key);
  snprintf(r->key, sizeof r->key, "%s", key);
  recorder_front(r);
  *dev = &r->front;
  return PBL_OK;
}

pbl_status pbl_recorder_save(pbl_recorder *r, pbl_bytes *position, pbl_bytes *device,
                             const pbl_bytes **journal, pbl_error *err) {
  if (pbl_recorder_is_replaying(r))
    return pbl_fail(err, PBL_INVALID, "snapshot: the last one is being read still");
  if (!r->status && r->replaying) r->status = go_live(r, &r->error);
  if (r->status) return pbl_fail(err, r->status, "%s", r->error.message);
  pbl_archive a = pbl_archive_writer(position);
  pbl_archive_u64(&a, &r->calls, 1);
  pbl_archive_u64(&a, &r->digest, 1);
  r->seconds = pbl_recorder_seconds_now(r);
  r->since = monotonic();
  pbl_archive_f64(&a, &r->seconds);
  *journal = &r->journal;
  pbl_status s = pbl_archive_finish(&a, "snapshot: position", err);
  if (s || !r->device) return s;
  s = put_identity(device, r, err);
  return s ? s : r->device->ops->save(r->device, device, err);
}

pbl_status pbl_recorder_load(pbl_recorder *r, const pbl_recorded *from, pbl_error *err) {
  pbl_recorder_reset(r);
  pbl_archive a = pbl_archive_reader(from->position, from->n_position);
  pbl_archive_u64(&a, &r->last_call, 1);
  pbl_archive_u64(&a, &r->last_digest, 1);
  pbl_archive_f64(&a, &r->seconds);
  pbl_status s = pbl_archive_finish(&a, "snapshot: position", err);
  if (!s) s = pbl_bytes_append(&r->journal, from->journal, from->n_journal, err);
  if (!s) s = pbl_bytes_append(&r->state, from->device, from->n_device, err);
  r->since = monotonic();
  r->replaying = true;
  return s;
}
