/* How fast the device is reached: for information. */
#include <time.h>

#include "selftest_internal.h"

#define LONG_ENOUGH 0.2

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Writes are collected by some back-ends: a read at the end waits for them. */
static bool accesses(selftest *t, bool write, size_t n) {
  pbl_error err = {0};
  uint32_t value;
  const pbl_device_ops *ops = t->dev->ops;
  for (size_t k = 0; k < n; k++) {
    const pbl_status st = write ? ops->write32(t->dev, PBL_REG_SCRATCH, (uint32_t)k, &err)
                                : ops->read32(t->dev, &value, PBL_REG_ID, &err);
    if (st != PBL_OK) return false;
  }
  return !write || ops->read32(t->dev, &value, PBL_REG_SCRATCH, &err) == PBL_OK;
}

static double seconds_each(selftest *t, bool write) {
  size_t n = 16;
  for (;;) {
    const double begin = now();
    if (!accesses(t, write, n)) return 0;
    const double seconds = now() - begin;
    if (seconds >= LONG_ENOUGH || n >= 1u << 20) return seconds / (double)n;
    n *= 4;
  }
}

static double stream_rate(selftest *t, pbl_selftest_check *ignored) {
  t->now = ignored;
  t->step = t->n_steps - 1;
  if (!selftest_prepare(t, 0)) return 0;
  for (uint32_t sweeps = 16;; sweeps *= 4) {
    selftest_streams s = {0};
    const double begin = now();
    const bool ok = selftest_start(t, t->dev, sweeps, 1) && selftest_finish(t, t->dev, &s, false);
    const double seconds = now() - begin, bytes = 4.0 * (double)s.samples.n;
    selftest_streams_free(&s);
    if (!ok) return 0;
    if (seconds >= LONG_ENOUGH || sweeps >= 1u << 18) return bytes / seconds;
  }
}

void selftest_measure(selftest *t) {
  const pbl_selftest_report *r = t->report;
  pbl_selftest_check ignored = {.name = "measuring"}, *const now_before = t->now;
  if (t->lost || r->checks[0].outcome != PBL_SELFTEST_PASS) return;
  t->report->read_seconds = seconds_each(t, false);
  t->report->write_seconds = seconds_each(t, true);
  if (t->driver && r->n_failed == 0) t->report->bytes_per_second = stream_rate(t, &ignored);
  t->now = now_before;
}
