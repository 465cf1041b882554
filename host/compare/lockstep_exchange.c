/* Replica exchange, RTL against twin: labels of every draw, labels in force, counters of all pairs,
 * and runs that are stopped in the pauses after a sweep. */
#include <inttypes.h>
#include <stdio.h>

#include "lockstep_internal.h"
#include "pbl_regs.h"

#define STOP_EVERY 5      /* one run of so many is stopped */
#define STOP_SWEEPS 20    /* that it would have had */
#define PATIENCE 10000000 /* clocks */

/* Some sweeps, so that there is something to clear, and some with what the clear leaves; then
 * labels that no reset gives. */
pbl_status lockstep_begin_exchange(pbl_driver *d, const case_work *w, pbl_error *err) {
  const size_t lanes = (size_t)w->hw.lanes, rungs = (size_t)pbl_hw_contexts(&w->hw);
  uint8_t labels[256];
  if (!case_has_exchange(w->cc)) return PBL_OK;
  for (size_t r = 0; r < lanes * rungs; r++)
    labels[r] = (uint8_t)((2 * rungs - 1 - r / lanes + r % lanes) % rungs);
  pbl_status st = pbl_driver_run(d, NULL, 5, 1, NULL, err);
  if (!st) st = pbl_driver_ladder_clear(d, err);
  if (!st) st = pbl_driver_run(d, NULL, 5, 1, NULL, err);
  if (!st) st = pbl_driver_labels_write(d, labels, err);
  return st;
}

bool lockstep_labels_differ(const case_work *w, const pbl_chains *a, const pbl_chains *b,
                            uint64_t done) {
  const size_t every = (size_t)w->cc->every;
  if (a->label == NULL) return false;
  for (size_t t = 0; t < a->n_recorded; t++) {
    for (size_t r = 0; r < a->n_chains; r++) {
      const uint8_t rtl = pbl_chains_labels(a, t)[r], twin = pbl_chains_labels(b, t)[r];
      if (rtl == twin) continue;
      printf("DIFFERS case %s: sweep %" PRIu64 ", label of replica %zu: rtl %d, twin %d\n",
             w->cc->name, done + (t + 1) * every, r, rtl, twin);
      return true;
    }
  }
  return false;
}

size_t lockstep_replica(const pbl_chains *c, size_t draw, size_t chain, size_t lanes) {
  if (c->label == NULL) return chain;
  for (size_t r = chain % lanes; r < c->n_chains; r += lanes) {
    if (pbl_chains_labels(c, draw)[r] == chain / lanes) return r;
  }
  return chain;
}

/* ---- between runs ---- */

static void differ(bool *equal, const case_work *w, uint64_t done, const char *what, int index,
                   uint64_t rtl, uint64_t twin) {
  if (rtl == twin) return;
  *equal = false;
  printf("DIFFERS case %s: after sweep %" PRIu64 " %s %d: rtl %" PRIu64 ", twin %" PRIu64 "\n",
         w->cc->name, done, what, index, rtl, twin);
}

pbl_status lockstep_compare_exchange(bool *equal, lockstep_exchange *x, const case_work *w,
                                     const lockstep_pair *p, uint64_t done, pbl_error *err) {
  pbl_exchange_state a, b;
  uint8_t rtl[256], twin[256];
  if (!case_has_exchange(w->cc)) return PBL_OK;
  pbl_status st = pbl_driver_exchange_read(p->rtl, &a, err);
  if (!st) st = pbl_driver_exchange_read(p->twin, &b, err);
  if (!st) st = pbl_driver_labels_read(p->rtl, rtl, err);
  if (!st) st = pbl_driver_labels_read(p->twin, twin, err);
  if (st) return st;
  x->tries = x->accepts = 0;
  for (int k = 0; k + 1 < pbl_hw_contexts(&w->hw); k++) {
    differ(equal, w, done, "EXCH_TRIES of pair", k, a.tries[k], b.tries[k]);
    differ(equal, w, done, "EXCH_ACCEPTS of pair", k, a.accepts[k], b.accepts[k]);
    x->tries += b.tries[k];
    x->accepts += b.accepts[k];
  }
  differ(equal, w, done, "sweeps in EXCH_POSITION", 0, a.sweeps, b.sweeps);
  differ(equal, w, done, "parity in EXCH_POSITION", 0, a.odd, b.odd);
  for (int r = 0; r < w->hw.replicas; r++)
    differ(equal, w, done, "EXCH_LABEL of replica", r, rtl[r], twin[r]);
  return PBL_OK;
}

/* ---- a run that is stopped ---- */

static pbl_status read_sweeps(pbl_device *dev, uint32_t *sweeps, pbl_error *err) {
  return dev->ops->read32(dev, sweeps, PBL_REG_SWEEP_COUNT_LO, err);
}

/* Clock by clock to the end of the run's sweep `stop`, and STOP into what follows it. */
static pbl_status stop_after(pbl_device *dev, uint32_t first, uint32_t stop, pbl_error *err) {
  uint32_t sweeps = first;
  pbl_status st = dev->ops->write32(dev, PBL_REG_SWEEPS, STOP_SWEEPS, err);
  if (!st) st = dev->ops->write32(dev, PBL_REG_SAMPLE_EVERY, 0, err);
  if (!st) st = dev->ops->write32(dev, PBL_REG_CTRL, PBL_CTRL_START_MASK, err);
  for (uint32_t n = 0; !st && sweeps - first < stop; n++) {
    if (n == PATIENCE) return pbl_fail(err, PBL_TIMEOUT, "lockstep: no sweep ended");
    st = dev->ops->advance(dev, 1, err);
    if (!st) st = read_sweeps(dev, &sweeps, err);
  }
  return st ? st : dev->ops->write32(dev, PBL_REG_CTRL, PBL_CTRL_STOP_MASK, err);
}

static pbl_status finish(pbl_device *dev, pbl_error *err) {
  uint32_t status = PBL_STATUS_BUSY_MASK, n = 0;
  pbl_status st = PBL_OK;
  while (!st && (status & PBL_STATUS_BUSY_MASK)) {
    if (n++ == PATIENCE / 1000) return pbl_fail(err, PBL_TIMEOUT, "lockstep: STOP had no effect");
    st = dev->ops->advance(dev, 1000, err);
    if (!st) st = dev->ops->read32(dev, &status, PBL_REG_STATUS, err);
  }
  return st ? st : dev->ops->write32(dev, PBL_REG_IRQ_STATUS, PBL_IRQ_STATUS_DONE_MASK, err);
}

/* The next run would not expect the records of this one. */
static pbl_status drop_records(pbl_device *dev, pbl_error *err) {
  uint32_t words[256];
  size_t n = 0;
  pbl_status st = PBL_OK;
  do {
    st = dev->ops->telemetry_read(dev, words, NULL, sizeof words / sizeof *words, &n, err);
  } while (!st && n > 0);
  return st;
}

/* *sweeps: that the run had. */
static pbl_status run_stopped(pbl_device *dev, uint32_t *sweeps, uint32_t stop, pbl_error *err) {
  uint32_t first = 0;
  pbl_status st = read_sweeps(dev, &first, err);
  if (!st) st = stop_after(dev, first, stop, err);
  if (!st) st = finish(dev, err);
  if (!st) st = drop_records(dev, err);
  if (!st) st = read_sweeps(dev, sweeps, err);
  *sweeps -= first;
  return st;
}

pbl_status lockstep_stopped_run(bool *equal, uint64_t *done, lockstep_exchange *x,
                                const case_work *w, const lockstep_pair *p, pbl_error *err) {
  /* When a board stops depends on how fast its host is. */
  if (w->config->device == PBL_DEVICE_UIO) return PBL_OK;
  if (!case_has_exchange(w->cc) || ++x->n_runs % STOP_EVERY != 0 ||
      *done + STOP_SWEEPS > w->config->lockstep_sweeps)
    return PBL_OK;
  const uint32_t stop = 1 + x->n_stopped++ % (STOP_SWEEPS - 2);
  uint32_t rtl = 0, twin = 0;
  pbl_status st = run_stopped(pbl_driver_device(p->rtl), &rtl, stop, err);
  if (!st) st = run_stopped(pbl_driver_device(p->twin), &twin, stop, err);
  if (st) return st;
  *done += stop + 1; /* one more sweep runs */
  differ(equal, w, *done, "sweeps of a run stopped behind sweep", (int)stop, rtl, stop + 1);
  differ(equal, w, *done, "sweeps of a run stopped behind sweep", (int)stop, stop + 1, twin);
  return PBL_OK;
}
