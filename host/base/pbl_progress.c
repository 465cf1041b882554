#include "pbl_progress.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The one global: a signal handler can reach nothing else. */
static atomic_bool g_stop_requested;

void pbl_progress_request_stop(void) {
  atomic_store(&g_stop_requested, true);
}

bool pbl_progress_stop_requested(void) {
  return atomic_load(&g_stop_requested);
}

bool pbl_progress_report(pbl_progress *p, const char *what, uint64_t done, uint64_t total) {
  return p == NULL || p->report == NULL || p->report(p, what, done, total);
}

void pbl_progress_note(pbl_progress *p, const char *format, ...) {
  if (p == NULL || p->note == NULL) return;
  char line[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  p->note(p, line);
}

typedef struct {
  pbl_progress base; /* first: the public pointer is cast back */
  pthread_mutex_t mutex;
  bool quiet, is_terminal;
  bool line_open; /* terminal: an unfinished line is on the screen */
  bool finished;  /* the present task printed its last line */
  char what[96];
  uint64_t first_done, done, printed_percent;
  double started, printed; /* seconds */
} reporter;

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void format_duration(char *text, size_t size, double seconds) {
  const long s = (long)(seconds + 0.5);
  if (s >= 3600) {
    snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  } else {
    snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
  }
}

static uint64_t percent_of(uint64_t done, uint64_t total) {
  return total == 0 ? 0 : (uint64_t)(100.0 * (double)done / (double)total);
}

static void print_line(reporter *r, uint64_t done, uint64_t total, double now, bool last) {
  char tail[64] = "", duration[32];
  const double elapsed = now - r->started;
  if (last) {
    format_duration(duration, sizeof duration, elapsed);
    snprintf(tail, sizeof tail, ", took %s", duration);
  } else if (total > 0 && done > r->first_done && elapsed > 0.5) {
    const double rate = (double)(done - r->first_done) / elapsed;
    format_duration(duration, sizeof duration, (double)(total - done) / rate);
    snprintf(tail, sizeof tail, ", %s left", duration);
  }
  char amount[64];
  if (total > 0) {
    snprintf(amount, sizeof amount, "%llu %%", (unsigned long long)percent_of(done, total));
  } else {
    snprintf(amount, sizeof amount, "%llu", (unsigned long long)done);
  }
  if (r->is_terminal) {
    fprintf(stderr, "\r%s: %s%s\033[K%s", r->what, amount, tail, last ? "\n" : "");
    r->line_open = !last;
  } else {
    fprintf(stderr, "%s: %s%s\n", r->what, amount, tail);
  }
  fflush(stderr);
  r->printed = now;
  r->printed_percent = percent_of(done, total);
}

static bool is_due(const reporter *r, uint64_t done, uint64_t total, double now) {
  const double since = now - r->printed;
  if (r->is_terminal) return since >= 0.1;
  return since >= 10.0 || (since >= 1.0 && percent_of(done, total) >= r->printed_percent + 10);
}

static void begin_task(reporter *r, const char *what, uint64_t done, double now) {
  if (r->line_open) fputc('\n', stderr);
  r->line_open = false;
  r->finished = false;
  snprintf(r->what, sizeof r->what, "%s", what);
  r->first_done = done;
  r->started = now;
}

static bool report_stderr(pbl_progress *self, const char *what, uint64_t done, uint64_t total) {
  reporter *r = (reporter *)self;
  if (r->quiet) return !pbl_progress_stop_requested();
  if (total > 0 && done > total) done = total;
  pthread_mutex_lock(&r->mutex);
  const double now = now_seconds();
  const bool is_new = strncmp(what, r->what, sizeof r->what - 1) != 0 || done < r->done;
  const bool is_last = total > 0 && done == total;
  if (is_new) begin_task(r, what, done, now);
  if (!r->finished && (is_new || is_last || is_due(r, done, total, now))) {
    print_line(r, done, total, now, is_last);
    r->finished = is_last;
  }
  r->done = done;
  pthread_mutex_unlock(&r->mutex);
  return !pbl_progress_stop_requested();
}

static void note_stderr(pbl_progress *self, const char *line) {
  reporter *r = (reporter *)self;
  if (r->quiet) return;
  pthread_mutex_lock(&r->mutex);
  /* The progress line is erased; the next report draws it again below the note. */
  fprintf(stderr, "%s%s\n", r->line_open ? "\r\033[K" : "", line);
  fflush(stderr);
  r->line_open = false;
  r->printed = r->is_terminal ? 0.0 : r->printed;
  pthread_mutex_unlock(&r->mutex);
}

pbl_progress *pbl_progress_stderr_create(bool quiet) {
  reporter *r = calloc(1, sizeof *r);
  if (r == NULL) return NULL; /* NULL is a legal, silent reporter */
  if (pthread_mutex_init(&r->mutex, NULL) != 0) {
    free(r);
    return NULL;
  }
  r->base = (pbl_progress){.report = report_stderr, .note = note_stderr};
  r->quiet = quiet;
  r->is_terminal = isatty(STDERR_FILENO) == 1;
  return &r->base;
}

void pbl_progress_stderr_destroy(pbl_progress *p) {
  if (p == NULL) return;
  reporter *r = (reporter *)p;
  if (r->line_open) fputc('\n', stderr);
  pthread_mutex_destroy(&r->mutex);
  free(r);
}
