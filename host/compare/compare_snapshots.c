/* When snapshots are written. All of it happens inside reports of progress: there the host is
 * between two calls of the device, and its state follows from the answers so far. */
#include "compare_snapshots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tempering_internal.h"

static bool has_enough(const struct compare_snapshots *s) {
  const pbl_chains *c = s->work->tempering ? s->work->tempering->device : s->work->device;
  return s->waits && c && c->n_recorded >= s->after;
}

static bool is_due(const struct compare_snapshots *s) {
  return s->every > 0 && case_seconds_now() - s->last_seconds >= s->every &&
         pbl_recorder_calls(s->recorder) != s->last_calls;
}

pbl_status snapshots_write(struct compare_snapshots *s, pbl_error *err) {
  const pbl_status st = snapshot_write_file(s, err);
  s->is_failed = st != PBL_OK;
  s->last_calls = pbl_recorder_calls(s->recorder);
  s->last_seconds = case_seconds_now();
  return st;
}

/* A snapshot that cannot be written is no reason to end a run. */
static void write_or_warn(struct compare_snapshots *s) {
  if (snapshots_write(s, &s->error))
    pbl_progress_note(s->inner, "%s; the run goes on", s->error.message);
}

/* In the journal's part of a run nothing is new, and it is over soon: no stop there. */
static bool look(struct compare_snapshots *s, bool go_on) {
  if (s->stopped) return false;
  if (!s->work || pbl_recorder_is_replaying(s->recorder)) return true;
  if (!go_on || has_enough(s)) {
    s->stopped = true;
    snapshots_write(s, &s->error);
  } else if (is_due(s)) {
    write_or_warn(s);
  }
  return !s->stopped;
}

/* Also from the threads of the reference: then no device is at work. */
static bool report(pbl_progress *self, const char *what, uint64_t done, uint64_t total) {
  struct compare_snapshots *s = (struct compare_snapshots *)self;
  bool go_on = pbl_progress_report(s->inner, what, done, total);
  pthread_mutex_lock(&s->mutex);
  go_on = look(s, go_on);
  pthread_mutex_unlock(&s->mutex);
  return go_on;
}

static void note(pbl_progress *self, const char *line) {
  pbl_progress_note(((struct compare_snapshots *)self)->inner, "%s", line);
}

pbl_status snapshots_create(struct compare_snapshots **out, const pbl_compare_config *config,
                            pbl_progress *inner, pbl_error *err) {
  pbl_status st = snapshot_check_backend(config->device, err);
  if (!st && config->waveform)
    st = pbl_fail(err, PBL_CONFIG,
                  "--waveform and snapshots do not go together: the file of a waveform cannot be "
                  "continued; take one of them");
  if (st) return st;
  struct compare_snapshots *s = calloc(1, sizeof *s);
  if (!s) return pbl_fail(err, PBL_NO_MEMORY, "snapshots: out of memory");
  s->base = (pbl_progress){.report = report, .note = note};
  pthread_mutex_init(&s->mutex, NULL);
  s->inner = inner;
  s->config = config;
  st = pbl_recorder_create(&s->recorder, err);
  if (!st) st = pbl_config_dump_compare(&s->config_text, config, err);
  if (st) {
    snapshots_destroy(s);
    return st;
  }
  *out = s;
  return PBL_OK;
}

void snapshots_destroy(struct compare_snapshots *s) {
  if (!s) return;
  pbl_recorder_destroy(s->recorder);
  pbl_snapshot_free(&s->file);
  snapshot_free_texts(&s->texts);
  free(s->config_text);
  pthread_mutex_destroy(&s->mutex);
  free(s);
}

pbl_status snapshots_begin_case(struct compare_snapshots *s, case_work *w, pbl_error *err) {
  if (!s) return PBL_OK;
  w->snapshots = s;
  w->progress = &s->base;
  s->work = w;
  s->last_calls = 0;
  s->last_seconds = case_seconds_now();
  pbl_recorder_reset(s->recorder);
  if (!s->pending || w->index != s->head.index) return PBL_OK;
  s->pending = false;
  const pbl_snapshot_section *host = pbl_snapshot_find(&s->file, "HOST"),
                             *journal = pbl_snapshot_find(&s->file, "JOUR"),
                             *device = pbl_snapshot_find(&s->file, "DEVI");
  const pbl_recorded from = {.position = host->bytes,
                             .n_position = host->n,
                             .device = device->bytes,
                             .n_device = device->n,
                             .journal = journal->bytes,
                             .n_journal = journal->n};
  pbl_progress_note(s->inner, "case %s: from a snapshot with %zu of %zu draws", w->cc->name,
                    s->head.n_draws, s->head.of_draws);
  const pbl_status st = pbl_recorder_load(s->recorder, &from, err);
  pbl_snapshot_free(&s->file);
  return st;
}

/* The next case has no device yet: the snapshot says that this one is done. */
pbl_status snapshots_end_case(struct compare_snapshots *s, pbl_error *err) {
  if (!s) return PBL_OK;
  const size_t next = s->work->index + 1;
  s->done[next - 1] = true;
  s->work = NULL;
  pbl_recorder_reset(s->recorder);
  if (next == (size_t)s->config->n_cases) {
    unlink(s->path); /* nothing is left to be continued */
    return PBL_OK;
  }
  (void)err;
  const case_work w = {.config = s->config,
                       .cc = &s->config->cases[next],
                       .index = next,
                       .hw = s->config->cases[next].hw};
  s->work = &w;
  if (!s->pending) write_or_warn(s);
  s->work = NULL;
  return PBL_OK;
}

pbl_status snapshots_say(const struct compare_snapshots *s, pbl_status st, pbl_error *err) {
  if (!s || st != PBL_INTERRUPTED || !err) return st;
  const pbl_error first = *err;
  if (s->is_failed) return pbl_fail(err, st, "%s\n  %s", first.message, s->error.message);
  return pbl_fail(err, st, "%s\n  to go on: the same command with --restore %s", first.message,
                  s->path);
}
