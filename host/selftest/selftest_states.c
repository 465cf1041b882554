/* Memories that runs show: states, generators, beta schedule. */
#include <stdio.h>
#include <stdlib.h>

#include "selftest_internal.h"

#define MOST_CELLS 64

/* ---- states ---- */

/* replicas x p-bits, +-1: random for salt > 0, turned over for salt < 0. */
static signed char *make_states(const selftest *t, int salt) {
  const size_t n = (size_t)pbl_hw_pbits(&t->hw) * (size_t)t->hw.replicas;
  signed char *s = malloc(n);
  for (size_t k = 0; s && k < n; k++) {
    const bool up = selftest_mix(k, t->opt.seed + 100 + (uint64_t)(salt < 0 ? -salt : salt)) & 1;
    s[k] = up == (salt > 0) ? 1 : -1;
  }
  return s;
}

static bool set_states(selftest *t, int salt) {
  pbl_error err = {0};
  signed char *s = make_states(t, salt);
  if (!s) return selftest_ok(t, pbl_fail(&err, PBL_NO_MEMORY, "self-test: out of memory"), &err);
  const bool ok = selftest_ok(t, pbl_driver_set_state(t->twin_driver, s, &err), &err) &&
                  selftest_ok(t, pbl_driver_set_state(t->driver, s, &err), &err);
  free(s);
  return ok;
}

bool selftest_prepare(selftest *t, uint32_t config) {
  pbl_error err = {0};
  uint32_t status = 0;
  if (!selftest_read(t, &status, PBL_REG_STATUS)) return false;
  if (status & PBL_STATUS_BUSY_MASK) {
    selftest_fail_word(t, PBL_REG_STATUS, 0, status, "STATUS.BUSY: an earlier run has not ended");
    return false;
  }
  return selftest_write_both(t, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK) &&
         selftest_write_both(t, PBL_REG_CONFIG, config) &&
         selftest_ok(t, pbl_driver_set_beta(t->twin_driver, t->image->beta, &err), &err) &&
         selftest_ok(t, pbl_driver_set_beta(t->driver, t->image->beta, &err), &err) &&
         selftest_ok(t, pbl_driver_seed(t->twin_driver, t->opt.seed, &err), &err) &&
         selftest_ok(t, pbl_driver_seed(t->driver, t->opt.seed, &err), &err) && set_states(t, 1);
}

/* With SWEEPS = 0 a run sends the states as they are. */
void selftest_check_states(selftest *t) {
  static const int salts[] = {1, -1, 2};
  if (!selftest_write_both(t, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK)) return;
  for (size_t k = 0; k < sizeof salts / sizeof *salts; k++) {
    if (!set_states(t, salts[k]) || !selftest_run_both(t, 0, 1)) return;
  }
  selftest_note(t, "%d p-bits in %d replicas, three patterns", pbl_hw_pbits(&t->hw),
                t->hw.replicas);
}

/* ---- generators ---- */

/* A p-bit that cell (s, lane) updates, -1: none in the first group of a sparse schedule. */
static int pbit_of_site(const selftest *t, size_t site) {
  if (t->hw.fabric != PBL_FABRIC_SPARSE) return (int)site;
  const uint32_t word = (uint32_t)t->image->schedule[2 + 2 * site];
  return word >> 31 ? (int)(word & 0xFFFF) : -1;
}

static bool check_cell(selftest *t, size_t cell, bool *looked) {
  const size_t lanes = (size_t)t->hw.lanes;
  const int pbit = pbit_of_site(t, cell / lanes);
  char text[64];
  *looked = pbit >= 0;
  if (!*looked) return true;
  snprintf(text, sizeof text, "generator of cell %zu", cell);
  return selftest_write_both(t, PBL_REG_PROBE_SELECT,
                             (uint32_t)pbit << PBL_PROBE_SELECT_PBIT_SHIFT |
                                 (uint32_t)(cell % lanes) << PBL_PROBE_SELECT_REPLICA_SHIFT) &&
         selftest_run_both(t, 1, 0) && selftest_like_twin(t, PBL_REG_PROBE_RANDOM, text);
}

/* After four sweeps every bit of a generator's state has reached its words. */
void selftest_check_generators(selftest *t) {
  const size_t cells = (size_t)pbl_hw_cells(&t->hw);
  const size_t step = (cells + MOST_CELLS - 1) / MOST_CELLS;
  size_t n = 0;
  if (!selftest_prepare(t, 0) || !selftest_run_both(t, 4, 0)) return;
  for (size_t k = 0; k < cells; k += step) {
    bool looked = false;
    if (!check_cell(t, k, &looked)) return;
    n += looked;
  }
  selftest_note(t, "random words of %zu of %zu cells, after four sweeps and more", n, cells);
}

/* ---- beta schedule ---- */

enum { ENTRIES = 64 };

static uint32_t entry_beta(const selftest *t, uint32_t k, bool turned) {
  const uint32_t mask = (1u << pbl_hw_beta_bits(&t->hw)) - 1;
  const uint32_t word = k | selftest_mix(k, 9) << 6;
  return (turned ? ~word : word) & mask;
}

static uint32_t entry_sweeps(uint32_t k) {
  return k % 3 == 0 ? 2 : 1;
}

static bool write_schedule(selftest *t, bool turned) {
  const uint32_t config = 5u << PBL_REG_CONFIG_MODE_SHIFT;
  if (!selftest_write(t, PBL_REG_IMG_SELECT, 6) || !selftest_write(t, PBL_REG_IMG_ADDRESS, 0))
    return false;
  for (uint32_t k = 0; k < ENTRIES; k++) {
    if (!selftest_write(t, PBL_REG_IMG_DATA, entry_beta(t, k, turned)) ||
        !selftest_write(t, PBL_REG_IMG_DATA, entry_sweeps(k)))
      return false;
  }
  return selftest_write(t, PBL_REG_SCHED_LAST,
                        (ENTRIES - 1) << PBL_SCHED_LAST_LAST_SHIFT | PBL_SCHED_LAST_REPEAT_MASK) &&
         selftest_write(t, PBL_REG_REG_CONFIG, config) &&
         selftest_write(t, PBL_REG_CTRL, PBL_CTRL_SCHED_CLEAR_MASK);
}

/* One sweep a run, so that every entry comes into force and is seen. */
static bool walk(selftest *t, bool turned) {
  uint32_t entry = 0, done = 0;
  bool whole = false;
  while (!whole) {
    selftest_streams s = {0};
    char text[64];
    if (++done >= entry_sweeps(entry)) {
      entry = (entry + 1) % ENTRIES;
      done = 0;
      whole = entry == 0;
    }
    snprintf(text, sizeof text, "entry %u of the beta schedule", entry);
    const bool ran = selftest_start(t, t->dev, 1, 0) && selftest_finish(t, t->dev, &s, false);
    selftest_streams_free(&s);
    if (!ran || !selftest_expect(t, PBL_REG_BETA_ACTIVE, entry_beta(t, entry, turned), text) ||
        !selftest_expect(t, PBL_REG_SCHED_POSITION, entry, text) ||
        !selftest_expect(t, PBL_REG_SCHED_SWEEPS, done, text))
      return false;
  }
  return true;
}

void selftest_check_beta_schedule(selftest *t) {
  if (!selftest_prepare(t, 0)) return;
  const bool ok =
      write_schedule(t, false) && walk(t, false) && write_schedule(t, true) && walk(t, true);
  if (selftest_restore(t) && ok)
    selftest_note(t, "%d entries, each in force, two patterns", ENTRIES);
}
