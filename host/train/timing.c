#include "timing.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double pbl_timing_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const char header[] = "epoch,training_seconds,evaluation_seconds\n";

/* A whole line of an epoch up to `epoch`. The evaluation at the end is not one: it comes again. */
static bool is_kept(const char *line, int epoch) {
  char *end;
  const long n = strtol(line, &end, 10);
  return end != line && *end == ',' && end[1] != ',' && n >= 1 && n <= epoch &&
         strchr(line, '\n') != NULL;
}

/* Where the lines to keep end; 0 when the file is another one. */
static long kept_bytes(FILE *f, int epoch) {
  char line[128];
  if (!fgets(line, sizeof line, f) || strcmp(line, header) != 0) return 0;
  long end = ftell(f);
  while (fgets(line, sizeof line, f) && is_kept(line, epoch)) end = ftell(f);
  return end;
}

pbl_status pbl_timing_open(pbl_timing *t, const char *path, int epoch, pbl_error *err) {
  *t = (pbl_timing){.path = path, .file = fopen(path, "r+")};
  const long kept = t->file ? kept_bytes(t->file, epoch) : 0;
  if (!t->file && errno == ENOENT) t->file = fopen(path, "w+");
  if (!t->file) return pbl_fail(err, PBL_IO, "cannot write %s: %s", path, strerror(errno));
  if (ftruncate(fileno(t->file), (off_t)kept) != 0 || fseek(t->file, kept, SEEK_SET) != 0 ||
      (kept == 0 && fputs(header, t->file) < 0) || fflush(t->file) != 0)
    return pbl_fail(err, PBL_IO, "cannot write %s: %s", path, strerror(errno));
  return PBL_OK;
}

pbl_status pbl_timing_add(pbl_timing *t, int epoch, double training, double evaluation,
                          pbl_error *err) {
  fprintf(t->file, "%d,", epoch);
  if (!isnan(training)) fprintf(t->file, "%.6f", training);
  fprintf(t->file, ",%.6f\n", evaluation);
  if (fflush(t->file) != 0)
    return pbl_fail(err, PBL_IO, "cannot write %s: %s", t->path, strerror(errno));
  return PBL_OK;
}

void pbl_timing_close(pbl_timing *t) {
  if (t->file) fclose(t->file);
  *t = (pbl_timing){0};
}
