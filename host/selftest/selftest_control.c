/* The interrupt and STOP. */
#include "selftest_internal.h"

/* ---- interrupt ---- */

static bool line_is(selftest *t, bool high, const char *when) {
  if (!t->dev->ops->irq) return true;
  const bool is_high = t->dev->ops->irq(t->dev);
  if (is_high != high)
    selftest_fail(t, "the interrupt line is %s %s", is_high ? "high" : "low", when);
  return is_high == high;
}

static bool run_alone(selftest *t, uint32_t sweeps) {
  selftest_streams s = {0};
  const bool ok = selftest_start(t, t->dev, sweeps, 0) && selftest_finish(t, t->dev, &s, false);
  selftest_streams_free(&s);
  return ok;
}

/* `bit` is pending, shows on the line only while enabled, and goes when 1 is written. */
static bool check_pending(selftest *t, uint32_t bit, uint32_t all) {
  return selftest_expect(t, PBL_REG_IRQ_STATUS, all, "after a run") &&
         line_is(t, false, "with IRQ_ENABLE = 0") && selftest_write(t, PBL_REG_IRQ_ENABLE, bit) &&
         selftest_expect(t, PBL_REG_IRQ_STATUS, all, "after IRQ_ENABLE was written") &&
         line_is(t, true, "while an interrupt is pending and enabled") &&
         selftest_write(t, PBL_REG_IRQ_STATUS, 0) &&
         selftest_expect(t, PBL_REG_IRQ_STATUS, all, "after 0 was written to it") &&
         selftest_write(t, PBL_REG_IRQ_STATUS, bit) &&
         selftest_expect(t, PBL_REG_IRQ_STATUS, all & ~bit, "after its bit was cleared") &&
         line_is(t, false, "after the interrupt was cleared") &&
         selftest_write(t, PBL_REG_IRQ_ENABLE, 0);
}

/* With the interrupt enabled before the run. */
static bool check_enabled(selftest *t) {
  return selftest_write(t, PBL_REG_IRQ_STATUS, UINT32_MAX) &&
         selftest_write(t, PBL_REG_IRQ_ENABLE, PBL_IRQ_ENABLE_DONE_MASK) &&
         line_is(t, false, "before a run") && run_alone(t, 2) &&
         line_is(t, true, "after a run that ended") &&
         selftest_write(t, PBL_REG_IRQ_STATUS, UINT32_MAX) &&
         line_is(t, false, "after the interrupt was cleared");
}

void selftest_check_interrupt(selftest *t) {
  const uint32_t done = PBL_IRQ_STATUS_DONE_MASK, window = PBL_IRQ_STATUS_WINDOW_MASK;
  bool ok = selftest_prepare(t, 0) && selftest_write(t, PBL_REG_IRQ_ENABLE, 0) && run_alone(t, 2) &&
            check_pending(t, done, done) && check_enabled(t) &&
            selftest_write(t, PBL_REG_IRQ_ENABLE, 0);
  if (ok && !t->hw.no_regulator)
    ok = selftest_write(t, PBL_REG_WINDOW_SWEEPS, 1) && run_alone(t, 2) &&
         check_pending(t, window, done | window);
  if (selftest_restore(t) && ok)
    selftest_note(t, "run ended%s: pending, enabled, cleared%s",
                  t->hw.no_regulator ? "" : " and window ended",
                  t->dev->ops->irq ? "" : "; this back-end does not show the line itself");
}

/* ---- STOP ---- */

enum { STOP_AFTER_CYCLES = 20000, MOST_REPLAYED = 4000000 };

/* The state after STOP is that of so many whole sweeps. */
static bool replay(selftest *t, uint32_t sweeps) {
  selftest_streams s = {0};
  const bool ok = selftest_start(t, t->twin, sweeps, 0) && selftest_finish(t, t->twin, &s, false);
  selftest_streams_free(&s);
  return ok && selftest_run_both(t, 0, 1);
}

void selftest_check_stop(selftest *t) {
  const uint32_t endless = 0x80000000u;
  uint32_t status = 0, sweeps = 0;
  selftest_streams s = {0};
  pbl_error err = {0};
  if (!selftest_prepare(t, 0) || !selftest_start(t, t->dev, endless, 0) ||
      !selftest_ok(t, t->dev->ops->advance(t->dev, STOP_AFTER_CYCLES, &err), &err) ||
      !selftest_read(t, &status, PBL_REG_STATUS))
    return;
  if (!(status & PBL_STATUS_BUSY_MASK)) {
    selftest_fail_word(t, PBL_REG_STATUS, PBL_STATUS_BUSY_MASK, status,
                       "a run of 2^31 sweeps is over before STOP");
    return;
  }
  if (!selftest_write(t, PBL_REG_CTRL, PBL_CTRL_STOP_MASK)) return;
  const bool ended =
      selftest_finish_stopped(t, &s) && selftest_read(t, &sweeps, PBL_REG_SWEEP_COUNT_LO);
  selftest_streams_free(&s);
  if (!ended) return;
  if (sweeps == 0 || sweeps >= endless) {
    selftest_fail_word(t, PBL_REG_SWEEP_COUNT_LO, 1, sweeps, "sweeps done when STOP ended the run");
  } else if (sweeps > MOST_REPLAYED) {
    selftest_note(t, "stopped after %u sweeps, too many to follow with the twin", sweeps);
  } else if (replay(t, sweeps)) {
    selftest_note(t, "stopped after %u sweeps, states as the twin's", sweeps);
  }
}
