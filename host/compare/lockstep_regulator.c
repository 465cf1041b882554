/* Windows, records and registers of the temperature regulator, RTL against twin. */
#include <inttypes.h>
#include <stdio.h>

#include "lockstep_internal.h"
#include "pbl_regs.h"

void lockstep_watch(lockstep_windows *k, lockstep_pair *p) {
  pbl_driver_set_window_log(p->rtl, &k->rtl);
  pbl_driver_set_window_log(p->twin, &k->twin);
}

void lockstep_windows_release(lockstep_windows *k) {
  pbl_window_log_free(&k->rtl);
  pbl_window_log_free(&k->twin);
}

size_t lockstep_run_length(const lockstep_windows *k, const case_work *w, size_t longest) {
  const size_t window = w->cc->regulator.settings.window_sweeps;
  const size_t ladder = case_has_exchange(w->cc) ? (size_t)(w->cc->ladder.every + w->cc->every) : 0;
  const size_t period = window > ladder ? window : ladder;
  if (period == 0) return longest;
  /* 7 is prime to most lengths: all of them come by. */
  const size_t length = 1 + (size_t)(k->n_runs * 7) % (2 * period);
  return length < longest ? length : longest;
}

/* Least clocks of a context's sweep. */
static long shortest_sweep(const case_work *w) {
  const pbl_hw *hw = &w->hw;
  if (w->image->sparse) return (long)(8 * w->image->sparse->n_blocks + w->image->sparse->n_groups);
  if (hw->fabric == PBL_FABRIC_LATTICE) return pbl_hw_image_rows(hw) + 13;
  return 2 * (hw->n_visible + 1) + hw->n_hidden + 13;
}

bool lockstep_stalls(const case_work *w) {
  const bool windows = w->cc->regulator.settings.window_sweeps > 0;
  /* A board waits for its host whenever a FIFO is full. */
  return w->config->device == PBL_DEVICE_UIO || w->config->lockstep_throttle_permille < 1000 ||
         w->hw.statistics || (windows && shortest_sweep(w) < w->hw.lanes);
}

typedef struct {
  const char *name;
  uint64_t rtl, twin;
} row;

static void compare_record(bool *equal, const case_work *w, const pbl_window *a,
                           const pbl_window *b) {
  const row rows[] = {
      {"index", a->index, b->index},
      {"sweep", a->sweep, b->sweep},
      {"visible flips", a->flips_v, b->flips_v},
      {"hidden flips", a->flips_h, b->flips_h},
      {"reference energy", (uint64_t)a->energy_ref, (uint64_t)b->energy_ref},
      {"energy sum", (uint64_t)a->energy_sum, (uint64_t)b->energy_sum},
      {"energy square sum", a->energy_sq, b->energy_sq},
      {"rate", a->rate, b->rate},
      {"filter", a->filter, b->filter},
      {"lambda", (uint32_t)a->lambda, (uint32_t)b->lambda},
      {"temperature", a->temperature, b->temperature},
      {"beta", a->beta, b->beta},
      {"flags", a->flags, b->flags},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (rows[i].rtl == rows[i].twin) continue;
    *equal = false;
    printf("DIFFERS case %s: window %" PRIu32 ", %s: rtl 0x%" PRIX64 ", twin 0x%" PRIX64 "\n",
           w->cc->name, b->index, rows[i].name, rows[i].rtl, rows[i].twin);
  }
}

static void compare_records(bool *equal, lockstep_windows *k, const case_work *w, uint64_t done) {
  if (k->rtl.n != k->twin.n) {
    *equal = false;
    printf("DIFFERS case %s: records of the run that ended with sweep %" PRIu64
           ": rtl %zu, twin %zu\n",
           w->cc->name, done, k->rtl.n, k->twin.n);
  }
  for (size_t i = 0; *equal && i < k->twin.n; i++)
    compare_record(equal, w, &k->rtl.items[i], &k->twin.items[i]);
  k->rtl.n = k->twin.n = 0;
}

/* In the order of their addresses: the low word of a pair latches its high word. */
static const struct {
  const char *name;
  uint32_t address;
} registers[] = {
#define REGISTER(name) \
  { #name, PBL_REG_##name }
    REGISTER(REG_CONFIG),
    REGISTER(WINDOW_SWEEPS),
    REGISTER(RATE_SCALE),
    REGISTER(RATE_SET),
    REGISTER(GAIN),
    REGISTER(SMOOTHING),
    REGISTER(DEAD_BAND),
    REGISTER(RATE_LIMIT),
    REGISTER(LAMBDA_MIN),
    REGISTER(LAMBDA_MAX),
    REGISTER(LAMBDA),
    REGISTER(FILTER),
    REGISTER(MACRO),
    REGISTER(T_MIN),
    REGISTER(T_MAX),
    REGISTER(TEMPERATURE),
    REGISTER(WINDOW_INDEX),
    REGISTER(WINDOW_POSITION),
    REGISTER(WINDOW_FLIPS_V),
    REGISTER(WINDOW_FLIPS_H),
    REGISTER(WINDOW_RATE),
    REGISTER(WINDOW_ENERGY_REF_LO),
    REGISTER(WINDOW_ENERGY_REF_HI),
    REGISTER(WINDOW_ENERGY_SUM_LO),
    REGISTER(WINDOW_ENERGY_SUM_HI),
    REGISTER(WINDOW_ENERGY_SQ_LO),
    REGISTER(WINDOW_ENERGY_SQ_HI),
    REGISTER(REG_FLAGS),
    REGISTER(SCHED_LAST),
    REGISTER(SCHED_POSITION),
    REGISTER(SCHED_SWEEPS),
    REGISTER(CONFIG),
    REGISTER(IRQ_STATUS),
#undef REGISTER
};

static pbl_status read_register(pbl_driver *d, uint32_t *value, size_t i, pbl_error *err) {
  pbl_device *dev = pbl_driver_device(d);
  const pbl_status st = dev->ops->read32(dev, value, registers[i].address, err);
  return st ? pbl_wrap(err, st, "%s device: reading %s", dev->ops->name, registers[i].name)
            : PBL_OK;
}

pbl_status lockstep_compare_regulator(bool *equal, lockstep_windows *k, const case_work *w,
                                      lockstep_pair *p, uint64_t done, pbl_error *err) {
  k->n_runs++;
  compare_records(equal, k, w, done);
  for (size_t i = 0; i < sizeof registers / sizeof *registers; i++) {
    uint32_t rtl = 0, twin = 0;
    pbl_status st = read_register(p->rtl, &rtl, i, err);
    if (!st) st = read_register(p->twin, &twin, i, err);
    if (st) return st;
    if (registers[i].address == PBL_REG_WINDOW_INDEX) k->n_windows = twin;
    if (rtl == twin) continue;
    *equal = false;
    printf("DIFFERS case %s: after sweep %" PRIu64 " register %s: rtl 0x%08" PRIX32
           ", twin 0x%08" PRIX32 "\n",
           w->cc->name, done, registers[i].name, rtl, twin);
  }
  return PBL_OK;
}
