/* Runs by hand, on device and twin: START, the streams, the end; and CHECK. */
#include <stdlib.h>
#include <string.h>

#include "selftest_internal.h"

#define BATCH_CYCLES 4096u
#define MAX_STILL_ROUNDS 10000u
#define READ_WORDS 1024u
#define MOST_WORDS (1u << 24) /* of one stream in one run: more than any receiver holds */

static uint64_t most_cycles(const selftest *t) {
  const pbl_hw *hw = &t->hw;
  const uint64_t memory = (uint64_t)pbl_hw_image_rows(hw) * (uint64_t)pbl_hw_image_cols(hw) +
                          (uint64_t)pbl_hw_cells(hw) * (uint64_t)hw->table_size;
  /* A sweep or a hash reads the memories once; room for slow bus masters and receivers. */
  return 1000000u + 64 * (memory + 4096u) * (uint64_t)pbl_hw_contexts(hw);
}

selftest_patience selftest_wait(const pbl_device *dev) {
  const uint64_t now = dev->ops->cycles(dev);
  return (selftest_patience){.since = now, .last = now};
}

bool selftest_is_over(selftest_patience *p, const selftest *t, const pbl_device *dev) {
  const uint64_t now = dev->ops->cycles(dev);
  p->rounds = now == p->last ? p->rounds + 1 : 0;
  p->last = now;
  return now - p->since > most_cycles(t) || p->rounds > MAX_STILL_ROUNDS;
}

static bool advance(selftest *t, pbl_device *dev, uint64_t cycles) {
  pbl_error err = {0};
  return selftest_ok(t, dev->ops->advance(dev, cycles, &err), &err);
}

bool selftest_hash(selftest *t, pbl_device *dev, uint32_t *hash) {
  uint32_t status = 0;
  if (!selftest_write_of(t, dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK)) return false;
  selftest_patience p = selftest_wait(dev);
  for (;;) {
    if (!selftest_read_of(t, dev, &status, PBL_REG_STATUS)) return false;
    if (!(status & PBL_STATUS_CHECKING_MASK) && (status & PBL_STATUS_HASH_VALID_MASK))
      return selftest_read_of(t, dev, hash, PBL_REG_IMG_HASH);
    if (selftest_is_over(&p, t, dev)) {
      selftest_fail_word(t, PBL_REG_STATUS, PBL_STATUS_HASH_VALID_MASK, status,
                         "CTRL.CHECK: no STATUS.HASH_VALID after %llu clocks",
                         (unsigned long long)(p.last - p.since));
      return false;
    }
    if (!selftest_go_on(t) || !advance(t, dev, BATCH_CYCLES)) return false;
  }
}

/* ---- streams ---- */

static void words_free(selftest_words *w) {
  free(w->words);
  free(w->last);
  *w = (selftest_words){0};
}

void selftest_streams_free(selftest_streams *s) {
  words_free(&s->samples);
  words_free(&s->telemetry);
  words_free(&s->trace);
}

static bool make_room(selftest *t, selftest_words *w) {
  pbl_error err = {0};
  if (w->room - w->n >= READ_WORDS) return true;
  const size_t room = 2 * w->room + READ_WORDS;
  uint32_t *words = realloc(w->words, room * sizeof *words);
  if (words) w->words = words;
  uint8_t *last = words ? realloc(w->last, room) : NULL;
  if (last) w->last = last;
  if (!words || !last)
    return selftest_ok(t, pbl_fail(&err, PBL_NO_MEMORY, "self-test: out of memory"), &err);
  w->room = room;
  return true;
}

typedef pbl_status reader(pbl_device *, uint32_t *, uint8_t *, size_t, size_t *, pbl_error *);

static bool drain(selftest *t, pbl_device *dev, reader *read, selftest_words *w) {
  size_t n = 1;
  while (n > 0) {
    pbl_error err = {0};
    if (!make_room(t, w) ||
        !selftest_ok(t, read(dev, w->words + w->n, w->last + w->n, READ_WORDS, &n, &err), &err))
      return false;
    w->n += n;
    if (w->n > MOST_WORDS)
      return selftest_ok(
          t,
          pbl_fail(&err, PBL_FORMAT, "a stream does not end: more than %u words have come",
                   MOST_WORDS),
          &err);
  }
  return true;
}

bool selftest_drain(selftest *t, pbl_device *dev, selftest_streams *s, bool trace) {
  return drain(t, dev, dev->ops->stream_read, &s->samples) &&
         drain(t, dev, dev->ops->telemetry_read, &s->telemetry) &&
         (!trace || drain(t, dev, pbl_device_trace_read, &s->trace));
}

bool selftest_start(selftest *t, pbl_device *dev, uint32_t sweeps, uint32_t every) {
  t->asked = sweeps;
  return selftest_write_of(t, dev, PBL_REG_SWEEPS, sweeps) &&
         selftest_write_of(t, dev, PBL_REG_SAMPLE_EVERY, every) &&
         selftest_write_of(t, dev, PBL_REG_IRQ_STATUS, UINT32_MAX) &&
         selftest_write_of(t, dev, PBL_REG_CTRL, PBL_CTRL_START_MASK);
}

static size_t total(const selftest_streams *s) {
  return s->samples.n + s->telemetry.n + s->trace.n;
}

/* STATUS and SWEEP_COUNT_LO after so many more clocks. */
static bool next_round(selftest *t, pbl_device *dev, selftest_streams *s, bool trace,
                       uint32_t *status, uint32_t *sweeps) {
  return selftest_go_on(t) && advance(t, dev, BATCH_CYCLES) && selftest_drain(t, dev, s, trace) &&
         selftest_read_of(t, dev, status, PBL_REG_STATUS) &&
         selftest_read_of(t, dev, sweeps, PBL_REG_SWEEP_COUNT_LO);
}

static bool finish(selftest *t, pbl_device *dev, selftest_streams *s, bool trace, bool stopped) {
  uint32_t status = 0, sweeps = 0, before = 0, first = 0;
  selftest_patience p = selftest_wait(dev);
  if (!selftest_read_of(t, dev, &first, PBL_REG_SWEEP_COUNT_LO)) return false;
  for (;;) {
    const size_t n = total(s);
    if (!next_round(t, dev, s, trace, &status, &sweeps)) return false;
    if ((status & PBL_STATUS_DONE_MASK) && !(status & PBL_STATUS_BUSY_MASK)) break;
    if (total(s) != n || (sweeps != before && !stopped)) p = selftest_wait(dev);
    before = sweeps;
    if (sweeps - first > t->asked) {
      selftest_fail(t, "a run of %u sweeps goes on after %u", t->asked, sweeps - first);
      return false;
    }
    if (selftest_is_over(&p, t, dev)) {
      selftest_fail_word(t, PBL_REG_STATUS, PBL_STATUS_DONE_MASK, status,
                         "a run does not end: no STATUS.DONE after %llu clocks, %u sweeps counted",
                         (unsigned long long)(p.last - p.since), sweeps);
      return false;
    }
  }
  if (status & PBL_STATUS_ERROR_MASK) {
    selftest_fail_word(t, PBL_REG_STATUS, status & ~PBL_STATUS_ERROR_MASK, status,
                       "STATUS.ERROR is set after a run");
    return false;
  }
  return selftest_drain(t, dev, s, trace);
}

bool selftest_finish(selftest *t, pbl_device *dev, selftest_streams *s, bool trace) {
  return finish(t, dev, s, trace, false);
}

bool selftest_finish_stopped(selftest *t, selftest_streams *s) {
  return finish(t, t->dev, s, false, true);
}

bool selftest_same_words(selftest *t, const char *what, const selftest_words *dev,
                         const selftest_words *twin) {
  const size_t n = dev->n < twin->n ? dev->n : twin->n;
  for (size_t k = 0; k < n; k++) {
    if (dev->words[k] != twin->words[k]) {
      selftest_fail(t, "%s: word %zu of %zu: expected 0x%08X, got 0x%08X", what, k, twin->n,
                    twin->words[k], dev->words[k]);
      return false;
    }
    if (dev->last[k] != twin->last[k]) {
      selftest_fail(t, "%s: TLAST at word %zu of %zu: expected %d, got %d", what, k, twin->n,
                    twin->last[k], dev->last[k]);
      return false;
    }
  }
  if (dev->n != twin->n)
    selftest_fail(t, "%s: %zu words came, expected %zu", what, dev->n, twin->n);
  return dev->n == twin->n;
}

bool selftest_run_both(selftest *t, uint32_t sweeps, uint32_t every) {
  selftest_streams dev = {0}, twin = {0};
  const bool same =
      selftest_start(t, t->twin, sweeps, every) && selftest_finish(t, t->twin, &twin, false) &&
      selftest_start(t, t->dev, sweeps, every) && selftest_finish(t, t->dev, &dev, false) &&
      selftest_same_words(t, "sample stream", &dev.samples, &twin.samples) &&
      selftest_same_words(t, "telemetry", &dev.telemetry, &twin.telemetry);
  selftest_streams_free(&dev);
  selftest_streams_free(&twin);
  return same;
}
