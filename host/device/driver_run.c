/* A run: start, keep the stream flowing, watch the clock, stop when asked. */
#include "driver_internal.h"

#define READ_WORDS 1024
#define MAX_REPLICAS 256
#define LONG_CYCLES (1u << 20)

typedef struct {
  pbl_driver *d;
  pbl_frames frames;
  pbl_progress *progress;
  size_t n_draws, first_draw;
  uint64_t total_sweeps, first_sweep, sweeps; /* asked for; SWEEP_COUNT before; done so far */
  uint64_t n_words;                           /* received */
  bool stopping;
  uint32_t status;
  /* frames of one word: TLAST says nothing, so they are counted on both sides */
  bool counted;
  uint32_t first_frames; /* SAMPLES_LO before */
  size_t sound;          /* draws of this run up to which both counts agreed */
} run;

static const char *device_name(const run *r) {
  return r->d->dev->ops->name;
}

static pbl_status drain_stream(run *r, pbl_error *err) {
  const pbl_device_ops *ops = r->d->dev->ops;
  uint32_t words[READ_WORDS];
  uint8_t last[READ_WORDS];
  size_t n;
  do {
    pbl_status s = ops->stream_read(r->d->dev, words, last, READ_WORDS, &n, err);
    if (s == PBL_OK) s = pbl_frames_push(&r->frames, words, last, n, err);
    if (s != PBL_OK) return pbl_wrap(err, s, "%s device", device_name(r));
    r->n_words += n;
  } while (n > 0);
  return PBL_OK;
}

static pbl_status frames_sent(const run *r, uint32_t *n, pbl_error *err) {
  const pbl_status s = PBL_READ(r->d, n, SAMPLES_LO, err);
  *n -= r->first_frames;
  return s;
}

static pbl_status start_counting(run *r, pbl_error *err) {
  const pbl_frames *f = &r->frames;
  /* Between labels a lost word shows soon: something else is taken for labels. A frame that the
   * statistics unit takes, too, counts when it has it, which may be much later. */
  r->counted = f->out != NULL && f->frame_words == 1 && f->n_parts == f->contexts &&
               r->d->statistics_every == 0;
  return r->counted ? PBL_READ(r->d, &r->first_frames, SAMPLES_LO, err) : PBL_OK;
}

/* Frames may leave the device between its count and ours: no fewer must have come than it had sent
 * before, and no more than it has sent after. Modulo 2^32, as the register counts. */
static pbl_status drain_counted(run *r, pbl_error *err) {
  uint32_t before, after;
  if (!r->counted) return drain_stream(r, err);
  pbl_status s = frames_sent(r, &before, err);
  if (s == PBL_OK) s = drain_stream(r, err);
  if (s == PBL_OK) s = frames_sent(r, &after, err);
  const size_t draws = r->frames.draw - r->first_draw;
  const uint32_t received = (uint32_t)(draws * r->frames.contexts + r->frames.part);
  if (s != PBL_OK) return s;
  const bool lost = (int32_t)(received - before) < 0;
  if (lost || (int32_t)(after - received) < 0)
    return pbl_fail(
        err, PBL_DEVICE,
        "%s device: %u frames of one word have come where the device has sent %u: words "
        "of the sample stream were %s between samples %zu and %zu: of this run's draws "
        "use the first %zu",
        device_name(r), received, lost ? before : after, lost ? "lost" : "doubled", r->sound,
        draws + 1, r->sound);
  if (before == after) r->sound = draws;
  return PBL_OK;
}

static pbl_status discard_stale_words(run *r, pbl_error *err) {
  uint32_t words[READ_WORDS];
  size_t n, total = 0;
  do {
    const pbl_status s = r->d->dev->ops->stream_read(r->d->dev, words, NULL, READ_WORDS, &n, err);
    if (s != PBL_OK) return pbl_wrap(err, s, "%s device", device_name(r));
    total += n;
    if (total > PBL_DRIVER_MOST_WORDS) return pbl_driver_endless(r->d, "sample", err);
  } while (n > 0);
  if (total > 0 && !r->d->unclean)
    return pbl_fail(err, PBL_DEVICE, "%s device: %zu words were in the sample stream before START",
                    device_name(r), total);
  pbl_status s = pbl_windows_prepare(r->d, err);
  if (s == PBL_OK) s = pbl_trace_prepare(r->d, err);
  if (s == PBL_OK) r->d->unclean = false;
  return s;
}

static pbl_status prepare(run *r, pbl_error *err) {
  const pbl_driver *d = r->d;
  if (!d->verified)
    return pbl_fail(err, PBL_INVALID,
                    "driver: sampling is refused: no image with a matching hash was uploaded");
  if (!d->seeded || !d->has_state)
    return pbl_fail(err, PBL_INVALID,
                    "driver: sampling is refused: %s never written; device memories are undefined "
                    "after power-up",
                    d->seeded ? "states were" : "generator seeds were");
  pbl_status s = pbl_driver_status(r->d, &r->status, "before a run", err);
  if (s != PBL_OK) return s;
  if (r->status & (PBL_STATUS_BUSY_MASK | PBL_STATUS_CHECKING_MASK))
    return pbl_fail(err, PBL_DEVICE,
                    "%s device: still busy before START (STATUS 0x%08X): an earlier run has not "
                    "ended; open the device again",
                    device_name(r), r->status);
  if (r->total_sweeps > 0) s = pbl_driver_guard(r->d, err);
  if (s == PBL_OK) s = discard_stale_words(r, err);
  if (s == PBL_OK) s = PBL_READ64(r->d, &r->first_sweep, SWEEP_COUNT, err);
  /* Back-ends return early from advance() at the interrupt: short runs do not wait a batch. */
  if (s == PBL_OK) s = PBL_WRITE(r->d, IRQ_ENABLE, PBL_IRQ_ENABLE_DONE_MASK, err);
  return s;
}

static pbl_status fail_timeout(const run *r, const pbl_patience *patience, pbl_error *err) {
  const unsigned long long cycles = (unsigned long long)pbl_patience_waited(patience);
  const char *hint = pbl_patience_hint(patience);
  if (hint[0] == '\0') hint = "; if it is only slow, raise timeout_cycles";
  const unsigned long long sweeps = (unsigned long long)r->sweeps;
  const unsigned long long total = (unsigned long long)r->total_sweeps;
  if (r->frames.draw < r->frames.end && !r->stopping)
    return pbl_fail(err, PBL_TIMEOUT,
                    "%s device: sample %zu of %zu: no stream word for %llu cycles (%llu of %llu "
                    "sweeps done, STATUS 0x%08X)%s",
                    device_name(r), r->frames.draw - r->first_draw + 1, r->n_draws, cycles, sweeps,
                    total, r->status, hint);
  if (sweeps < total && !r->stopping)
    return pbl_fail(err, PBL_TIMEOUT,
                    "%s device: sweep %llu of %llu: not finished for %llu cycles (STATUS 0x%08X)%s",
                    device_name(r), sweeps + 1, total, cycles, r->status, hint);
  return pbl_fail(err, PBL_TIMEOUT,
                  "%s device: end of the run: no STATUS.DONE for %llu cycles after sweep %llu of "
                  "%llu (STATUS 0x%08X)%s",
                  device_name(r), cycles, sweeps, total, r->status, hint);
}

/* One round: advance, fetch, look. *ended: the device is done and the stream is empty. */
static pbl_status step(run *r, uint64_t batch, bool *ended, pbl_error *err) {
  pbl_driver *d = r->d;
  uint64_t count = 0;
  pbl_status s = d->dev->ops->advance(d->dev, batch, err);
  if (s != PBL_OK) return pbl_wrap(err, s, "%s device: running", device_name(r));
  s = drain_counted(r, err);
  if (s == PBL_OK) s = pbl_windows_drain(d, err);
  if (s == PBL_OK) s = pbl_trace_drain(d, &r->n_words, err);
  if (s == PBL_OK) s = pbl_driver_status(d, &r->status, "during a run", err);
  if (s == PBL_OK) s = PBL_READ64(d, &count, SWEEP_COUNT, err);
  if (s != PBL_OK) return s;
  r->sweeps = count - r->first_sweep;
  s = pbl_statistics_poll(d, r->sweeps, err);
  if (s != PBL_OK) return s;
  *ended = (r->status & PBL_STATUS_DONE_MASK) && !(r->status & PBL_STATUS_BUSY_MASK);
  /* The last words may have arrived during the status read. */
  if (*ended) s = drain_counted(r, err);
  if (*ended && s == PBL_OK) s = pbl_windows_drain(d, err);
  return *ended && s == PBL_OK ? pbl_trace_drain(d, &r->n_words, err) : s;
}

static pbl_status request_stop(run *r, pbl_error *err) {
  r->stopping = true;
  return PBL_WRITE(r->d, CTRL, PBL_CTRL_STOP_MASK, err);
}

static pbl_status run_until_done(run *r, pbl_error *err) {
  const uint64_t usual = r->d->trace_sink ? PBL_DRIVER_TRACE_BATCH : PBL_DRIVER_BATCH,
                 most = r->d->batch_cycles > 0 ? r->d->batch_cycles : usual,
                 usual_batch = r->d->timeout_cycles < most ? r->d->timeout_cycles : most;
  const char *what = r->frames.out != NULL ? "sampling" : "burn-in";
  pbl_patience patience;
  pbl_patience_start(&patience, r->d, usual_batch);
  for (;;) {
    const uint64_t sweeps = r->sweeps, n_words = r->n_words;
    /* Nothing for long: nothing is missed by looking less often. */
    const bool idle = pbl_patience_waited(&patience) > LONG_CYCLES;
    const uint64_t batch = idle && usual_batch < PBL_DRIVER_BATCH ? PBL_DRIVER_BATCH : usual_batch;
    bool ended = false, over = false;
    pbl_status s = step(r, batch, &ended, err);
    if (s != PBL_OK) return s;
    const bool go_on = pbl_progress_report(r->progress, what, r->sweeps, r->total_sweeps);
    if (!go_on && !r->stopping && !ended) s = request_stop(r, err);
    if (s != PBL_OK) return s;
    if (!go_on) r->stopping = true;
    s = pbl_patience_check(&over, &patience, r->d, err);
    if (s != PBL_OK || ended) return s;
    if (r->sweeps != sweeps || r->n_words != n_words) {
      pbl_patience_start(&patience, r->d, usual_batch);
    } else if (over) {
      return fail_timeout(r, &patience, err);
    }
  }
}

/* At most 2^32-1 sweeps: one START. */
static pbl_status run_piece(run *r, uint32_t sweeps, uint32_t every, pbl_error *err) {
  const size_t draws_before = r->frames.draw;
  pbl_status s = PBL_WRITE(r->d, SWEEPS, sweeps, err);
  if (s == PBL_OK) s = PBL_WRITE(r->d, SAMPLE_EVERY, every, err);
  if (s == PBL_OK) s = PBL_WRITE(r->d, IRQ_STATUS, PBL_IRQ_STATUS_DONE_MASK, err);
  if (s == PBL_OK) s = PBL_WRITE(r->d, CTRL, PBL_CTRL_START_MASK, err);
  if (s == PBL_OK) s = run_until_done(r, err);
  if (s == PBL_OK) s = PBL_WRITE(r->d, IRQ_STATUS, PBL_IRQ_STATUS_DONE_MASK, err);
  if (s == PBL_OK) s = pbl_windows_finish(r->d, err);
  if (s == PBL_OK) s = pbl_statistics_end_run(r->d, err);
  if (s == PBL_OK) s = pbl_trace_finish(r->d, err);
  if (s != PBL_OK) return s;
  const size_t draws = r->frames.draw - draws_before;
  const size_t expected = every == 0 ? 0 : sweeps == 0 ? 1 : sweeps / every;
  if (r->frames.fill != 0 || r->frames.part != 0 || (!r->stopping && draws != expected))
    return pbl_fail(err, PBL_DEVICE,
                    "%s device: the run ended after %zu of %zu samples, with %zu frames and %zu "
                    "words of the next one: words of the sample stream were lost%s",
                    device_name(r), draws, expected, r->frames.part, r->frames.fill,
                    draws > 0 ? ", nobody knows where: use none of this run's draws" : "");
  return PBL_OK;
}

/* SWEEPS is 32 bits wide. Pieces are multiples of `every` and of what the statistics unit counts by
 * (one divides the other), so that samples keep their cadence. */
static pbl_status run_pieces(run *r, size_t every, pbl_error *err) {
  const uint32_t sample_every = r->frames.out != NULL ? (uint32_t)(every > 0 ? every : 1) : 0;
  const uint32_t counted = r->d->statistics_every,
                 period = sample_every > counted ? sample_every : counted;
  const uint64_t longest = period > 0 ? UINT32_MAX / period * period : UINT32_MAX;
  uint64_t left = r->total_sweeps;
  pbl_status s = PBL_OK;
  do {
    const uint64_t piece = left < longest ? left : longest;
    s = run_piece(r, (uint32_t)piece, sample_every, err);
    left -= piece;
  } while (s == PBL_OK && left > 0 && !r->stopping);
  if (s == PBL_OK && r->stopping && r->sweeps < r->total_sweeps)
    s = pbl_fail(err, PBL_INTERRUPTED, "stopped after %zu of %zu draws (%llu of %llu sweeps)",
                 r->frames.out != NULL ? r->frames.draw - r->first_draw : 0, r->n_draws,
                 (unsigned long long)r->sweeps, (unsigned long long)r->total_sweeps);
  return s;
}

static pbl_status check_request(const pbl_driver *d, const pbl_chains *out, size_t n_draws,
                                size_t every, uint64_t *sweeps, pbl_error *err) {
  if (every == 0 && !(out != NULL && n_draws == 1))
    return pbl_fail(err, PBL_INVALID, "driver: %zu draws with no sweep between them", n_draws);
  if ((out != NULL && every > UINT32_MAX) || __builtin_mul_overflow(n_draws, every, sweeps))
    return pbl_fail(err, PBL_INVALID, "driver: %zu draws every %zu sweeps overflow", n_draws,
                    every);
  if (out == NULL) return PBL_OK;
  const size_t replicas = (size_t)d->hw.replicas, n_pbits = (size_t)pbl_hw_pbits(&d->hw);
  if (out->n_chains != replicas || out->n_pbits != n_pbits)
    return pbl_fail(err, PBL_INVALID,
                    "driver: chain store of %zu chains x %zu p-bits, the device has %zu replicas "
                    "of %zu p-bits",
                    out->n_chains, out->n_pbits, replicas, n_pbits);
  if (n_draws > out->n_draws - out->n_recorded)
    return pbl_fail(err, PBL_INVALID, "driver: %zu draws do not fit a store of %zu that holds %zu",
                    n_draws, out->n_draws, out->n_recorded);
  return PBL_OK;
}

pbl_status pbl_driver_run(pbl_driver *d, pbl_chains *out, size_t n_draws, size_t every,
                          pbl_progress *p, pbl_error *err) {
  run r = {.d = d, .progress = p, .n_draws = n_draws};
  uint8_t labels[MAX_REPLICAS];
  if (n_draws == 0) return PBL_OK;
  pbl_status s = check_request(d, out, n_draws, every, &r.total_sweeps, err);
  if (s == PBL_OK) s = prepare(&r, err);
  /* Without a sweep no labels come with the sample. */
  const bool present = d->ladder && r.total_sweeps == 0;
  if (s == PBL_OK && present) s = pbl_driver_labels_read(d, labels, err);
  if (s == PBL_OK)
    s = pbl_frames_create(&r.frames, d, out, out != NULL ? n_draws : 0, present ? labels : NULL,
                          err);
  if (s != PBL_OK) return s;
  pbl_statistics_begin_run(d);
  r.first_draw = r.frames.draw;
  s = start_counting(&r, err);
  if (s == PBL_OK) s = run_pieces(&r, every, err);
  if (s != PBL_OK && s != PBL_INTERRUPTED) d->unclean = true;
  pbl_frames_release(&r.frames);
  return s;
}

void pbl_driver_set_batch(pbl_driver *d, uint64_t cycles) {
  d->batch_cycles = cycles;
}
