/* The sample stream when nobody, or a slow receiver, takes its words. */
#include "selftest_internal.h"

enum { THROTTLED_SWEEPS = 64, FILL_BATCH = 65536 };

/* permille of the clocks on which words are taken; false where the back-end cannot do that. */
static bool throttle(selftest *t, unsigned permille) {
  pbl_error err = {0};
  const pbl_device_ops *ops = t->dev->ops;
  if (!ops->stream_throttle) return false;
  return ops->stream_throttle(t->dev, permille, t->opt.seed, &err) == PBL_OK;
}

static size_t sample_words(const selftest *t) {
  const size_t bits = (size_t)pbl_hw_pbits(&t->hw) * (size_t)t->hw.lanes;
  return (bits + 31) / 32 * (size_t)pbl_hw_contexts(&t->hw);
}

static bool look(selftest *t, uint32_t *status, uint32_t *sweeps, uint64_t *stalls) {
  return selftest_read(t, status, PBL_REG_STATUS) &&
         selftest_read(t, sweeps, PBL_REG_SWEEP_COUNT_LO) &&
         selftest_read64_of(t, t->dev, stalls, PBL_REG_STALL_CYCLES_LO);
}

/* Leaves the words where they are until STATUS.STALLED, or until the run is over, or until nothing
 * moves any more: a model's clock may stand while its buffer is full, but STALL_CYCLES that go on
 * without STATUS.STALLED are a fault. */
static bool until_stalled(selftest *t, uint64_t batch, bool *ended) {
  uint32_t status = 0, sweeps = 0, before = 0;
  uint64_t stalls = 0, first_stalls = 0;
  selftest_patience p = selftest_wait(t->dev);
  *ended = false;
  if (!selftest_read64_of(t, t->dev, &first_stalls, PBL_REG_STALL_CYCLES_LO)) return false;
  while (!selftest_is_over(&p, t, t->dev)) {
    pbl_error err = {0};
    if (!selftest_go_on(t) || !selftest_ok(t, t->dev->ops->advance(t->dev, batch, &err), &err) ||
        !look(t, &status, &sweeps, &stalls))
      return false;
    if (status & PBL_STATUS_STALLED_MASK) return true;
    *ended = !(status & PBL_STATUS_BUSY_MASK);
    if (*ended) return true;
    if (sweeps != before) p = selftest_wait(t->dev);
    before = sweeps;
  }
  if (stalls == first_stalls) return true;
  selftest_fail_word(t, PBL_REG_STATUS, status | PBL_STATUS_STALLED_MASK, status,
                     "the run stands still at sweep %u with its stream unread and STALL_CYCLES "
                     "goes on, but STATUS.STALLED is not set",
                     sweeps);
  return false;
}

static bool stays_stalled(selftest *t) {
  uint32_t before = 0, after = 0;
  pbl_error err = {0};
  if (!selftest_read(t, &before, PBL_REG_SWEEP_COUNT_LO) ||
      !selftest_ok(t, t->dev->ops->advance(t->dev, FILL_BATCH, &err), &err) ||
      !selftest_read(t, &after, PBL_REG_SWEEP_COUNT_LO))
    return false;
  if (before != after)
    selftest_fail_word(t, PBL_REG_SWEEP_COUNT_LO, before, after,
                       "sweeps go on while STATUS.STALLED is set");
  return before == after;
}

/* Reads on after the stall, to the end of the run, and lets the twin do as many sweeps. */
static bool same_as_twin(selftest *t, size_t *n) {
  selftest_streams dev = {0}, twin = {0};
  uint32_t sweeps = 0;
  const bool same = selftest_finish(t, t->dev, &dev, false) &&
                    selftest_read(t, &sweeps, PBL_REG_SWEEP_COUNT_LO) &&
                    selftest_start(t, t->twin, sweeps, 1) &&
                    selftest_finish(t, t->twin, &twin, false) &&
                    selftest_same_words(t, "read after a stall", &dev.samples, &twin.samples);
  *n = dev.samples.n;
  selftest_streams_free(&dev);
  selftest_streams_free(&twin);
  return same;
}

static void check_unready(selftest *t) {
  bool ended = false;
  size_t n = 0;
  if (!selftest_start(t, t->dev, THROTTLED_SWEEPS, 1) || !until_stalled(t, 4096, &ended)) return;
  if (ended) {
    selftest_fail(t, "a run of %d samples ended though no word was taken", THROTTLED_SWEEPS);
    return;
  }
  if (!stays_stalled(t) || !throttle(t, 1000) || !same_as_twin(t, &n)) return;
  selftest_note(t, "receiver not ready: stalled, then all %zu words came", n);
}

/* Fills the receive buffer of a back-end whose receiver cannot be slowed down. */
static void check_unread(selftest *t) {
  const size_t sweeps = t->opt.fill_words / sample_words(t) + 1;
  bool ended = false;
  size_t n = 0;
  if (!selftest_start(t, t->dev, (uint32_t)(sweeps < UINT32_MAX ? sweeps : UINT32_MAX), 1) ||
      !until_stalled(t, FILL_BATCH, &ended))
    return;
  if (!ended && !stays_stalled(t)) return;
  if (!ended && !selftest_write(t, PBL_REG_CTRL, PBL_CTRL_STOP_MASK)) return;
  if (!same_as_twin(t, &n)) return;
  if (ended) {
    selftest_skip(t, "the back-end holds %zu words and more unread, so nothing stalls; all came",
                  n);
  } else {
    selftest_note(t, "receive buffer full: the run stood still, then all %zu words came", n);
  }
}

/* So that a failure here does not show in what comes next. */
static void recover(selftest *t) {
  selftest_streams s = {0};
  throttle(t, 1000);
  if (selftest_write(t, PBL_REG_CTRL, PBL_CTRL_STOP_MASK)) selftest_finish_stopped(t, &s);
  selftest_streams_free(&s);
}

void selftest_check_back_pressure(selftest *t) {
  if (!selftest_prepare(t, 0)) return;
  if (throttle(t, 0)) {
    check_unready(t);
    throttle(t, 1000);
  } else {
    check_unread(t);
  }
  if (selftest_failed(t) && !t->stopped) recover(t);
}

void selftest_check_throttle(selftest *t) {
  if (!selftest_prepare(t, 0)) return;
  if (!throttle(t, 300)) {
    selftest_skip(t, "this back-end cannot slow its receiver down");
    return;
  }
  const bool same = selftest_run_both(t, THROTTLED_SWEEPS, 1);
  throttle(t, 1000);
  if (same) selftest_note(t, "%d samples, taken on 3 of 10 clocks", THROTTLED_SWEEPS);
}
