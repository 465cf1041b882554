#include "pbl_trace_run.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pbl_waveform_file.h"
#include "trace_betas.h"

#define TEXT 1024

typedef struct {
  const case_work *w;
  const pbl_trace_options *opt;
  pbl_driver *driver;
  pbl_trace_start start;
  pbl_trace_check *check;
  pbl_trace_writer *writer; /* NULL: no file */
  trace_betas betas;
  uint64_t total;    /* sweeps, those before opt->first too */
  uint32_t *records; /* of the present sweep */
  size_t n, capacity;
  uint64_t extra; /* records after the last sweep */
} job;

/* ---- one sweep ---- */

static pbl_status begin_sweep(job *j, pbl_error *err) {
  pbl_status st = trace_betas_begin(&j->betas, j->driver, j->check, err);
  j->n = 0;
  return st ? st : pbl_trace_check_begin(j->check, j->betas.word, j->betas.n, err);
}

/* Sweeps before opt->first have no records in the file, even where the device sent them. */
static pbl_status end_sweep(job *j, pbl_error *err) {
  const bool kept = pbl_trace_check_sweeps(j->check) >= j->opt->first;
  const pbl_trace_sweep sweep = {.n_draws = j->betas.n_draws,
                                 .n_betas = j->betas.n,
                                 .betas = j->betas.word,
                                 .n_records = kept ? j->n : 0,
                                 .records = j->records};
  trace_betas_end(&j->betas);
  return j->writer ? pbl_trace_writer_sweep(j->writer, &sweep, err) : PBL_OK;
}

static pbl_status keep(job *j, const uint32_t *records, size_t n, pbl_error *err) {
  if (!j->writer || n == 0) return PBL_OK;
  if (j->n + n > j->capacity) {
    const size_t capacity = 2 * (j->n + n);
    uint32_t *larger = realloc(j->records, capacity * PBL_TRACE_WORDS * sizeof *larger);
    if (!larger) return pbl_fail(err, PBL_NO_MEMORY, "trace: no memory for a sweep");
    j->records = larger;
    j->capacity = capacity;
  }
  memcpy(j->records + j->n * PBL_TRACE_WORDS, records, n * PBL_TRACE_WORDS * sizeof *records);
  j->n += n;
  return PBL_OK;
}

/* The first wrong record is kept, so that the file shows it, too. */
static pbl_status stop_at_mismatch(job *j, const uint32_t *wrong, pbl_error *err) {
  pbl_status st = keep(j, wrong, 1, err);
  if (!st) st = end_sweep(j, err);
  return st ? st : pbl_fail(err, PBL_INTERRUPTED, "stopped at the first wrong record");
}

static pbl_status take(void *user, const uint32_t *records, size_t n, pbl_error *err) {
  job *j = user;
  while (n > 0) {
    size_t taken = 0;
    pbl_status st = PBL_OK;
    while (!st && pbl_trace_check_is_done(j->check)) {
      if (pbl_trace_check_sweeps(j->check) == j->total) {
        j->extra += n;
        return PBL_OK;
      }
      st = begin_sweep(j, err);
    }
    if (!st) st = pbl_trace_check_push(j->check, &taken, records, n, err);
    if (!st) st = keep(j, records, taken, err);
    records += taken * PBL_TRACE_WORDS;
    n -= taken;
    if (!st && pbl_trace_check_mismatch(j->check)) return stop_at_mismatch(j, records, err);
    if (!st && pbl_trace_check_is_done(j->check)) st = end_sweep(j, err);
    if (st) return st;
  }
  return PBL_OK;
}

/* ---- a case ---- */

static pbl_status open_job(job *j, pbl_error *err) {
  const case_work *w = j->w;
  signed char *states = NULL;
  const pbl_backend asked = w->config->device;
  const pbl_backend device = asked == PBL_DEVICE_TWIN ? PBL_DEVICE_RTL : asked;
  pbl_waveform_arm(w->config->waveform, w->cc->name);
  pbl_status st = trace_betas_create(&j->betas, w, err);
  if (!st && device == PBL_DEVICE_UIO && j->betas.source == TRACE_BETA_READ)
    st =
        pbl_fail(err, PBL_CONFIG,
                 "trace: the beta of a regulated sweep is read while it runs, and a board does not "
                 "wait for that: trace this case with device rtl, tlm or remote, or with a "
                 "schedule in place of the regulator");
  if (!st) st = case_open_device(&j->driver, w, device, err);
  if (!st) st = case_prepare_device(j->driver, w, err);
  if (!st) st = case_starts(&states, w, STREAM_DEVICE_START, err);
  if (!st)
    st = pbl_trace_start_image(&j->start, w->cc->name, w->image, w->cc->kernel,
                               case_seed(w, STREAM_DEVICE), states, err);
  free(states);
  j->start.coupled = w->cc->coupled;
  if (!st) st = pbl_trace_check_create(&j->check, &j->start, err);
  if (!st && j->opt->path) st = pbl_trace_writer_open(&j->writer, j->opt->path, &j->start, err);
  pbl_device *dev = j->driver ? pbl_driver_device(j->driver) : NULL;
  const unsigned permille = w->config->lockstep_throttle_permille;
  if (!st && permille < 1000 && dev->ops->stream_throttle)
    st = dev->ops->stream_throttle(dev, permille, case_seed(w, STREAM_RESET), err);
  return st;
}

static pbl_status close_job(job *j, bool complete, pbl_error *err) {
  const pbl_status st = pbl_trace_writer_close(j->writer, complete, err);
  pbl_waveform_end(j->w->config->waveform);
  pbl_driver_destroy(j->driver);
  pbl_trace_check_destroy(j->check);
  pbl_trace_start_release(&j->start);
  free(j->records);
  return st;
}

/* One run; the sweeps before the first traced one are computed beforehand. */
static pbl_status run_at_once(job *j, pbl_error *err) {
  pbl_status st = PBL_OK;
  for (uint64_t t = 1; !st && t < j->opt->first; t++) {
    st = begin_sweep(j, err);
    if (!st) st = pbl_trace_check_skip(j->check, err);
    if (!st) st = end_sweep(j, err);
  }
  if (!st)
    st = pbl_driver_set_trace(j->driver, (uint32_t)j->opt->first, (uint32_t)j->opt->sweeps, take, j,
                              err);
  return st ? st : pbl_driver_run(j->driver, NULL, (size_t)j->total, 1, j->w->progress, err);
}

static pbl_status run_one_by_one(job *j, pbl_error *err) {
  pbl_status st = pbl_driver_set_trace(j->driver, 1, 1, take, j, err);
  for (uint64_t t = 0; !st && t < j->total; t++) {
    if (!pbl_progress_report(j->w->progress, "traced sweeps", t, j->total))
      st = pbl_fail(err, PBL_INTERRUPTED, "interrupted after %" PRIu64 " sweeps", t);
    if (!st) st = trace_betas_prepare(&j->betas, j->driver, err);
    if (!st) st = pbl_driver_run(j->driver, NULL, 1, 1, NULL, err);
    if (!st && pbl_trace_check_sweeps(j->check) != t + 1) st = begin_sweep(j, err); /* no record */
    if (!st) st = pbl_trace_check_end(j->check, err);
    if (st || pbl_trace_check_mismatch(j->check)) break;
  }
  return st;
}

/* What is left when all records have come: a sweep without its end, states that differ. */
static pbl_status compare_states(bool *equal, job *j, pbl_error *err) {
  const size_t n = (size_t)pbl_hw_pbits(&j->w->hw), replicas = (size_t)j->w->hw.replicas;
  const uint8_t *mine = pbl_trace_check_state(j->check);
  pbl_chains *c = NULL;
  if (j->betas.source == TRACE_BETA_LADDER) return PBL_OK; /* samples come by rung */
  pbl_status st = pbl_chains_create(&c, replicas, 1, n, err);
  if (!st) st = pbl_driver_run(j->driver, c, 1, 0, NULL, err);
  for (size_t k = 0; !st && *equal && k < replicas * n; k++) {
    const int sampled = pbl_chains_spin(c, k / n, 0, k % n);
    if ((sampled > 0) == (mine[k] != 0)) continue;
    *equal = false;
    printf("DIFFERS case %s: after sweep %" PRIu64
           " the device samples p-bit %zu of replica %zu as %d, its trace ends with %d\n",
           j->w->cc->name, j->total, k % n, k / n, sampled, -sampled);
  }
  pbl_chains_destroy(c);
  return st;
}

static void print_mismatch(const char *what, const char *name, const pbl_trace_mismatch *m,
                           const pbl_hw *hw) {
  char text[TEXT];
  pbl_trace_mismatch_text(text, sizeof text, m, hw);
  printf("DIFFERS %s %s: %s\n", what, name, text);
}

static void print_equal(const char *what, const char *name, const pbl_trace_start *s,
                        const pbl_trace_check *c, uint64_t first, const char *betas) {
  printf("EQUAL %s %s: %s fabric, %d p-bits, %d replicas, %s kernel, sweeps %" PRIu64 " to %" PRIu64
         ", %" PRIu64 " updates, %s\n",
         what, name, pbl_fabric_name(s->hw.fabric), pbl_hw_pbits(&s->hw), s->hw.replicas,
         pbl_kernel_name(s->kernel), first, pbl_trace_check_sweeps(c), pbl_trace_check_updates(c),
         betas);
}

/* Has the run, whose status is st, found something? */
static pbl_status judge(bool *equal, job *j, pbl_status st, pbl_error *err) {
  const char *name = j->w->cc->name;
  const uint64_t first = trace_betas_ask(&j->betas) ? 1 : j->opt->first; /* that was checked */
  if (!st) st = pbl_trace_check_end(j->check, err);
  const pbl_trace_mismatch *m = j->check ? pbl_trace_check_mismatch(j->check) : NULL;
  if (m && (!st || st == PBL_INTERRUPTED)) {
    *equal = false;
    print_mismatch("case", name, m, &j->start.hw);
    return PBL_OK;
  }
  if (!st && pbl_trace_check_sweeps(j->check) < j->total) {
    *equal = false;
    printf("DIFFERS case %s: records of %" PRIu64 " sweeps came, of %" PRIu64 "\n", name,
           pbl_trace_check_sweeps(j->check), j->total);
  }
  if (!st && j->extra > 0) {
    *equal = false;
    printf("DIFFERS case %s: %" PRIu64 " records came after the last sweep\n", name, j->extra);
  }
  if (!st && *equal) st = compare_states(equal, j, err);
  if (!st && *equal)
    print_equal("case", name, &j->start, j->check, first, trace_betas_text(&j->betas));
  return st;
}

static pbl_status trace_case(bool *equal, case_work *w, const pbl_trace_options *opt,
                             pbl_error *err) {
  job j = {.w = w, .opt = opt, .total = opt->first - 1 + opt->sweeps};
  pbl_status st = case_setup(w, err);
  if (!st) st = open_job(&j, err);
  if (!st) {
    st = trace_betas_ask(&j.betas) ? run_one_by_one(&j, err) : run_at_once(&j, err);
    st = judge(equal, &j, st, err);
  }
  const pbl_status closed = close_job(&j, !st, st ? NULL : err);
  if (!st && !closed && opt->path) printf("trace: %s\n", opt->path);
  if (!st) st = closed;
  return st ? pbl_wrap(err, st, "case %s", w->cc->name) : PBL_OK;
}

/* ---- all cases ---- */

/* Before a device is built for minutes: can the file be written? */
static pbl_status check_path(const char *path, pbl_error *err) {
  struct stat there;
  char folder[PATH_MAX];
  if (path[0] == '\0') return pbl_fail(err, PBL_USAGE, "trace: --out has an empty name");
  const bool exists = stat(path, &there) == 0;
  if (exists && S_ISDIR(there.st_mode))
    return pbl_fail(err, PBL_IO, "cannot write %s: it is a folder", path);
  if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder)
    return pbl_fail(err, PBL_IO, "cannot write a file whose name has %zu bytes", strlen(path));
  char *slash = strrchr(folder, '/');
  if (slash) slash[slash == folder] = '\0';
  const char *target = exists ? path : slash ? folder : ".";
  struct stat parent;
  if (!exists && stat(target, &parent) == 0 && !S_ISDIR(parent.st_mode))
    return pbl_fail(err, PBL_IO, "cannot write %s: %s is no folder", path, target);
  if (access(target, exists ? W_OK : W_OK | X_OK) == 0) return PBL_OK;
  return pbl_fail(err, PBL_IO, "cannot write %s: %s: %s", path, target, strerror(errno));
}

static pbl_status check_options(size_t *first, size_t *end, const pbl_compare_config *config,
                                const pbl_trace_options *opt, pbl_error *err) {
  *first = 0;
  *end = (size_t)config->n_cases;
  if (opt->first < 1 || opt->sweeps < 1 || opt->first > UINT32_MAX / 2 ||
      opt->sweeps > UINT32_MAX / 2)
    return pbl_fail(err, PBL_USAGE, "trace: sweeps count from 1 to 2^31 - 1");
  if (opt->case_name) {
    *first = pbl_config_case(config, opt->case_name);
    if (*first == *end)
      return pbl_fail(err, PBL_USAGE, "the configuration has no case '%s'", opt->case_name);
    *end = *first + 1;
  }
  if (opt->path && *end - *first > 1)
    return pbl_fail(err, PBL_USAGE, "a file takes one case: choose it with --case NAME");
  return opt->path ? check_path(opt->path, err) : PBL_OK;
}

/* The hardware with its trace port, whatever the configuration says of it. */
static pbl_status run_case(bool *equal, const pbl_compare_config *config, size_t k,
                           const pbl_trace_options *opt, pbl_progress *progress, pbl_error *err) {
  pbl_case_result *scratch = calloc(1, sizeof *scratch);
  pbl_case_config *cc = malloc(sizeof *cc);
  pbl_status st = scratch && cc ? PBL_OK : pbl_fail(err, PBL_NO_MEMORY, "trace: out of memory");
  if (!st) {
    *cc = config->cases[k];
    cc->hw.trace = 1;
    case_work w = {.config = config, .cc = cc, .index = k, .result = scratch, .progress = progress};
    st = trace_case(equal, &w, opt, err);
    case_release(&w);
  }
  free(cc);
  free(scratch);
  return st;
}

pbl_status pbl_trace_run(int *exit_code, const pbl_compare_config *config,
                         const pbl_trace_options *opt, pbl_progress *progress, pbl_error *err) {
  size_t first, end;
  bool all = true;
  pbl_status st = check_options(&first, &end, config, opt, err);
  for (size_t k = first; !st && k < end; k++) {
    bool equal = true;
    st = run_case(&equal, config, k, opt, progress, err);
    all = all && equal;
    fflush(stdout);
  }
  if (!st) *exit_code = all ? 0 : 10;
  return st;
}

/* ---- a file ---- */

/* Records beyond the updates of the sweep. */
static void print_extra(const char *path, const pbl_trace_check *c, size_t n) {
  printf("DIFFERS file %s: sweep %" PRIu64 " has %zu records too many\n", path,
         pbl_trace_check_sweeps(c), n);
}

static pbl_status check_sweep(bool *equal, pbl_trace_check *c, const pbl_trace_sweep *s,
                              const char *path, const pbl_hw *hw, pbl_error *err) {
  size_t taken = 0;
  pbl_status st = pbl_trace_check_draw(c, s->n_draws, NULL, err);
  if (!st) st = pbl_trace_check_begin(c, s->betas, s->n_betas, err);
  if (!st && s->n_records == 0) return pbl_trace_check_skip(c, err);
  if (!st) st = pbl_trace_check_push(c, &taken, s->records, s->n_records, err);
  if (!st && taken == s->n_records) st = pbl_trace_check_end(c, err);
  const pbl_trace_mismatch *m = pbl_trace_check_mismatch(c);
  if (st || (!m && taken == s->n_records)) return st;
  *equal = false;
  if (m) {
    print_mismatch("file", path, m, hw);
  } else {
    print_extra(path, c, s->n_records - taken);
  }
  return PBL_OK;
}

pbl_status pbl_trace_run_check(int *exit_code, const char *path, pbl_progress *progress,
                               pbl_error *err) {
  pbl_trace_reader *r = NULL;
  pbl_trace_check *c = NULL;
  bool equal = true, end = false;
  uint64_t first = 0;
  pbl_status st = pbl_trace_reader_open(&r, path, err);
  const pbl_trace_start *start = r ? pbl_trace_reader_start(r) : NULL;
  if (!st) st = pbl_trace_check_create(&c, start, err);
  while (!st && equal && !end) {
    pbl_trace_sweep s;
    st = pbl_trace_reader_next(&s, &end, r, err);
    if (st || end) break;
    if (!pbl_progress_report(progress, "sweeps", pbl_trace_check_sweeps(c), 0))
      st = pbl_fail(err, PBL_INTERRUPTED, "interrupted");
    if (!st) st = check_sweep(&equal, c, &s, path, &start->hw, err);
    if (first == 0 && s.n_records > 0) first = pbl_trace_check_sweeps(c);
  }
  if (!st && equal) print_equal("file", path, start, c, first, "beta as stored");
  if (!st) *exit_code = equal ? 0 : 10;
  pbl_trace_check_destroy(c);
  pbl_trace_reader_close(r);
  return st;
}
