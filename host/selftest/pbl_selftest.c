/* The order of the checks, what each needs, and the report. */
#include "pbl_selftest.h"

#include <stdlib.h>
#include <string.h>

#include "selftest_internal.h"

#define MAX_NEEDS 4

static const struct {
  const char *name, *what;
  selftest_function *check;
  const char *needs[MAX_NEEDS]; /* checks that have to pass, or be skipped for lack of the thing */
} checks[] = {
    {"id", "identity register", selftest_check_id, {0}},
    {"version", "version of the register map", selftest_check_version, {"id"}},
    {"caps", "hardware as CAPS shows it", selftest_check_caps, {"version"}},
    {"scratch", "data lines: walking bits and patterns", selftest_check_scratch, {"id"}},
    {"reset", "reset values of all registers", selftest_check_reset, {"scratch"}},
    {"unmapped", "addresses without a register refuse", selftest_check_unmapped, {"scratch"}},
    {"read_only", "read-only registers refuse writes", selftest_check_read_only, {"scratch"}},
    {"masks", "bits that each register keeps", selftest_check_masks, {"scratch", "caps"}},
    {"alias", "no two registers are one", selftest_check_alias, {"masks"}},
    {"commands", "refusals, STATUS.ERROR, CLEAR", selftest_check_commands, {"masks"}},
    {"image_port", "position and range of the image port", selftest_check_image_port, {"commands"}},
    {"table", "activation tables", selftest_check_table, {"image_port"}},
    {"weights", "weight or edge memory", selftest_check_weights, {"image_port"}},
    {"groups", "schedule memory of the sparse fabric", selftest_check_groups, {"image_port"}},
    {"clamps", "clamp bits", selftest_check_clamps, {"image_port"}},
    {"upload",
     "an image arrives, hash as computed",
     selftest_check_upload,
     {"table", "weights", "groups", "clamps"}},
    {"hash", "one flipped bit changes the hash", selftest_check_hash, {"upload"}},
    {"states", "states, written and read back", selftest_check_states, {"upload"}},
    {"cyclic", "kernel cyclic, samples", selftest_check_cyclic, {"upload", "states"}},
    {"palindromic", "kernel palindromic, samples", selftest_check_palindromic, {"cyclic"}},
    {"coin", "kernel coin, samples", selftest_check_coin, {"cyclic"}},
    {"random_site", "kernel random_site, samples", selftest_check_random_site, {"cyclic"}},
    {"coupled", "coupled lanes, samples", selftest_check_coupled, {"cyclic"}},
    {"clamped", "clamped p-bits keep their states", selftest_check_clamped, {"cyclic"}},
    {"counters", "counters", selftest_check_counters, {"cyclic"}},
    {"energy", "energies", selftest_check_energy, {"cyclic"}},
    {"probe", "probe of single updates", selftest_check_probe, {"cyclic"}},
    {"generators", "generator of every cell", selftest_check_generators, {"probe"}},
    {"beta_schedule", "memory of the beta schedule", selftest_check_beta_schedule, {"cyclic"}},
    {"back_pressure",
     "an unread stream stalls, nothing lost",
     selftest_check_back_pressure,
     {"cyclic"}},
    {"throttle", "a slow receiver, nothing lost", selftest_check_throttle, {"back_pressure"}},
    {"interrupt", "interrupt pending, line, cleared", selftest_check_interrupt, {"cyclic"}},
    {"stop", "STOP ends a run after a whole sweep", selftest_check_stop, {"cyclic"}},
    {"telemetry", "windows, regulator, telemetry", selftest_check_telemetry, {"cyclic", "stop"}},
    {"freeze", "FREEZE holds the regulator", selftest_check_freeze, {"telemetry"}},
    {"exchange", "option replica exchange", selftest_check_exchange, {"beta_schedule", "stop"}},
    {"statistics", "option statistics unit", selftest_check_statistics, {"cyclic", "stop"}},
    {"trace", "option trace port", selftest_check_trace, {"cyclic", "stop"}},
};
enum { N_CHECKS = sizeof checks / sizeof *checks };
_Static_assert(sizeof checks / sizeof *checks <= PBL_SELFTEST_MAX_CHECKS, "room in the report");

pbl_selftest_options pbl_selftest_options_default(void) {
  return (pbl_selftest_options){
      .fresh = true, .fill_words = (size_t)1 << 22, .measure = true, .seed = 1};
}

const char *pbl_selftest_outcome_name(pbl_selftest_outcome o) {
  static const char *const names[] = {"PASS", "FAIL", "SKIPPED"};
  return names[o];
}

static const pbl_selftest_check *find(const pbl_selftest_report *r, const char *name) {
  for (size_t k = 0; k < r->n; k++) {
    if (strcmp(r->checks[k].name, name) == 0) return &r->checks[k];
  }
  return NULL;
}

/* A check that is skipped because of a failed one stands in the way of others like that one. */
static const char *missing(const selftest *t, size_t k) {
  for (size_t n = 0; n < MAX_NEEDS && checks[k].needs[n] != NULL; n++) {
    const pbl_selftest_check *c = find(t->report, checks[k].needs[n]);
    if (c->outcome == PBL_SELFTEST_FAIL) return c->name;
    if (c->outcome == PBL_SELFTEST_SKIPPED && strncmp(c->text, "needs ", 6) == 0) return c->name;
  }
  return NULL;
}

/* What registers show before anything is written, for the check `reset` that comes later. */
static void look_at_power_up(selftest *t) {
  for (size_t k = 0; k < selftest_n_registers; k++) {
    const selftest_register *r = &selftest_registers[k];
    if (r->address == PBL_REG_STAT_DATA) continue; /* reading moves its address */
    pbl_error ignored;
    t->was_read[k] = t->dev->ops->read32(t->dev, &t->power_up[k], r->address, &ignored) == PBL_OK;
  }
}

static void check_one(selftest *t, size_t k) {
  pbl_selftest_report *r = t->report;
  t->now = &r->checks[r->n];
  *t->now = (pbl_selftest_check){.name = checks[k].name, .what = checks[k].what};
  const char *need = missing(t, k);
  if (t->stopped != PBL_OK || t->lost) {
    selftest_skip(t, "needs a device that answers");
  } else if (need != NULL) {
    selftest_skip(t, "needs %s", need);
  } else if (selftest_go_on(t)) {
    checks[k].check(t);
  }
  r->n++;
  r->n_passed += t->now->outcome == PBL_SELFTEST_PASS;
  r->n_failed += t->now->outcome == PBL_SELFTEST_FAIL;
  r->n_skipped += t->now->outcome == PBL_SELFTEST_SKIPPED;
}

bool selftest_go_on(selftest *t) {
  if (t->stopped != PBL_OK) return false;
  if (pbl_progress_report(t->progress, t->now->name, t->step, t->n_steps)) return true;
  t->stopped =
      pbl_fail(&t->error, PBL_INTERRUPTED, "stopped in the check %s (%llu of %llu)", t->now->name,
               (unsigned long long)t->step + 1, (unsigned long long)t->n_steps);
  selftest_skip(t, "interrupted");
  return false;
}

/* A fault of the id leaves nothing to look at; the snapshot follows it directly, before any write.
 */
static void check_all(selftest *t) {
  t->n_steps = N_CHECKS;
  for (size_t k = 0; k < N_CHECKS; k++) {
    t->step = k;
    check_one(t, k);
    if (k == 0 && t->now->outcome == PBL_SELFTEST_PASS) look_at_power_up(t);
  }
}

pbl_status pbl_selftest_run(pbl_selftest_report *out, pbl_device *dev,
                            const pbl_selftest_options *opt, pbl_progress *p, pbl_error *err) {
  *out = (pbl_selftest_report){0};
  selftest *t = calloc(1, sizeof *t);
  if (!t) {
    dev->ops->close(dev);
    return pbl_fail(err, PBL_NO_MEMORY, "self-test: out of memory");
  }
  t->opt = opt ? *opt : pbl_selftest_options_default();
  t->report = out;
  t->dev = dev;
  t->progress = p;
  check_all(t);
  if (t->stopped == PBL_OK && t->opt.measure) selftest_measure(t);
  if (t->stopped == PBL_OK) pbl_progress_report(p, "self-test", N_CHECKS, N_CHECKS);
  pbl_image_destroy(t->image);
  if (t->driver) {
    pbl_driver_destroy(t->driver);
  } else if (t->dev) {
    t->dev->ops->close(t->dev);
  }
  if (t->twin_driver) {
    pbl_driver_destroy(t->twin_driver);
  } else if (t->twin) {
    t->twin->ops->close(t->twin);
  }
  const pbl_status st = t->stopped;
  if (st != PBL_OK && err) *err = t->error;
  free(t);
  return st;
}
