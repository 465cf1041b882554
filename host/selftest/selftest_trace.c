/* The trace port. The twin has none: records are compared with its samples. */
#include <stdlib.h>

#include "selftest_internal.h"

enum { WORDS = 4 };

/* State of a p-bit in the samples of a sweep: frames context by context, p-bit major. */
static int sampled(const selftest *t, const selftest_words *samples, uint32_t pbit,
                   uint32_t replica) {
  const size_t lanes = (size_t)t->hw.lanes,
               frame = ((size_t)pbl_hw_pbits(&t->hw) * lanes + 31) / 32,
               bit = pbit * lanes + replica % lanes, word = replica / lanes * frame + bit / 32;
  return samples->words[word] >> (bit % 32) & 1;
}

static bool check_record(selftest *t, const selftest_words *trace, size_t k,
                         const selftest_words *samples, uint8_t *seen) {
  const uint32_t *w = trace->words + k * WORDS;
  const uint8_t *last = trace->last + k * WORDS;
  const uint32_t n = (uint32_t)pbl_hw_pbits(&t->hw), pbit = w[0] & 0xFFFF,
                 replica = w[0] >> 16 & 0xFF, state = w[0] >> 24 & 1;
  if (last[0] || last[1] || last[2] || !last[3]) {
    selftest_fail(t, "record %zu: TLAST is not on its fourth word", k);
  } else if (pbit >= n || replica >= (uint32_t)t->hw.replicas) {
    selftest_fail(t, "record %zu: p-bit %u of replica %u, the device has %u and %d", k, pbit,
                  replica, n, t->hw.replicas);
  } else if (seen[replica * n + pbit]++) {
    selftest_fail(t, "record %zu: p-bit %u of replica %u comes twice in a sweep", k, pbit, replica);
  } else if ((int)state != sampled(t, samples, pbit, replica)) {
    selftest_fail(t, "record %zu: p-bit %u of replica %u is %u, in the sample %d", k, pbit, replica,
                  state, sampled(t, samples, pbit, replica));
  } else {
    return true;
  }
  return false;
}

static bool check_records(selftest *t, const selftest_streams *dev, const selftest_streams *twin) {
  const size_t n = (size_t)pbl_hw_pbits(&t->hw) * (size_t)t->hw.replicas;
  pbl_error err = {0};
  if (dev->trace.n != n * WORDS) {
    selftest_fail(t, "%zu words came for %zu updates, four for each are expected", dev->trace.n, n);
    return false;
  }
  uint8_t *seen = calloc(n, 1);
  if (!seen) return selftest_ok(t, pbl_fail(&err, PBL_NO_MEMORY, "trace: out of memory"), &err);
  bool ok = true;
  for (size_t k = 0; ok && k < n; k++) ok = check_record(t, &dev->trace, k, &twin->samples, seen);
  free(seen);
  return ok;
}

static bool trace_sweep(selftest *t) {
  selftest_streams dev = {0}, twin = {0};
  const bool ok = selftest_prepare(t, 0) && selftest_start(t, t->twin, 1, 1) &&
                  selftest_finish(t, t->twin, &twin, false) &&
                  selftest_write(t, PBL_REG_TRACE_FIRST, 1) &&
                  selftest_write(t, PBL_REG_TRACE_SWEEPS, 1) && selftest_start(t, t->dev, 1, 1) &&
                  selftest_finish(t, t->dev, &dev, true) &&
                  selftest_same_words(t, "sample stream", &dev.samples, &twin.samples) &&
                  check_records(t, &dev, &twin);
  selftest_streams_free(&dev);
  selftest_streams_free(&twin);
  return ok;
}

void selftest_check_trace(selftest *t) {
  uint32_t word;
  size_t n = 0;
  pbl_error err = {0};
  if (!t->hw.trace) {
    selftest_skip(t, "not built (CAPS_OPTIONS)");
    return;
  }
  const pbl_status st = pbl_device_trace_read(t->dev, &word, NULL, 1, &n, &err);
  if (st == PBL_DEVICE) {
    selftest_skip(t, "%s", err.message);
    return;
  }
  if (!selftest_ok(t, st, &err)) return;
  const bool ok = trace_sweep(t);
  if (selftest_write(t, PBL_REG_TRACE_FIRST, 0) && selftest_restore(t) && ok)
    selftest_note(t, "one sweep: a record of every update, states as sampled");
}
