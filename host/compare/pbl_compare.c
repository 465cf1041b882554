/* The comparison: every case on the device and on the reference, one report. */
#include "pbl_compare.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "compare_snapshots.h"
#include "pbl_folder.h"

#define REPORT_IMAGES 16

/* The last visible state of up to REPORT_IMAGES chains. */
static signed char *last_images(const case_work *w, const pbl_chains *c, size_t n) {
  const size_t nv = (size_t)w->hw.n_visible;
  signed char *images = malloc(n * nv);
  for (size_t k = 0; images && k < n; k++) {
    for (size_t p = 0; p < nv; p++) {
      images[k * nv + p] = (signed char)pbl_chains_spin(c, k, c->n_recorded - 1, p);
    }
  }
  return images;
}

static pbl_status analyse_case(case_work *w, pbl_error *err) {
  pbl_case_result *r = w->result;
  pbl_status st = case_innovations(w, err);
  if (!st) st = case_exact_open(w, err);
  if (!st) st = case_observables(w, err);
  if (!st) st = case_tempering(w, err);
  if (!st) st = case_ladder(w, err);
  if (!st) st = case_moments(w, err);
  if (!st) st = case_energy(w, err);
  if (!st) st = case_exact(w, err);
  if (!st) st = case_statistics(w, err);
  if (!st) st = case_qop(w, err);
  if (!st) st = case_device_coupling(w, err);
  if (st) return st;
  case_verdict(w);
  if (r->image_rows > 0) {
    r->n_images = case_chains(w) < REPORT_IMAGES ? case_chains(w) : REPORT_IMAGES;
    r->device_images = last_images(w, w->device, r->n_images);
    r->reference_images = last_images(w, w->reference, r->n_images);
    if (!r->device_images || !r->reference_images) {
      return pbl_fail(err, PBL_NO_MEMORY, "report images: out of memory");
    }
  }
  return PBL_OK;
}

static pbl_status run_case(case_work *w, const char *folder, pbl_error *err) {
  pbl_progress_note(w->progress, "case %s", w->cc->name);
  pbl_status st = case_setup(w, err);
  if (!st) st = case_tempering_open(w, err);
  if (!st) st = case_sample_device(w, err);
  if (!st) st = case_sample_reference(w, err);
  /* whatever was sampled is kept, also when something failed or the user interrupted */
  if (w->device) {
    pbl_error write_error;
    const pbl_status written = results_write_case(folder, w, &write_error);
    if (!st && written) {
      if (err) *err = write_error;
      st = written;
    }
  }
  return st ? st : analyse_case(w, err);
}

/* Its tests take chains as independent. */
pbl_status case_check_config(const pbl_case_config *cc, pbl_error *err) {
  if (cc->coupled)
    return pbl_fail(err, PBL_CONFIG, "case %s: coupled is only for pbitloop lockstep", cc->name);
  pbl_status st = case_check_device_pairs(cc, err);
  if (!st) st = case_check_statistics(cc, err);
  return st ? st : case_check_regulated(cc, err);
}

/* Models that cannot be read or do not fit their hardware show here, before the first case is
 * sampled and before anything is replaced. */
static pbl_status check_cases(const pbl_compare_config *config, pbl_result *result,
                              pbl_error *err) {
  pbl_status st = PBL_OK;
  for (int k = 0; !st && k < config->n_cases; k++) {
    case_work w = {
        .config = config, .cc = &config->cases[k], .index = (size_t)k, .result = &result->cases[k]};
    st = case_check_config(w.cc, err);
    if (!st) st = case_setup(&w, err);
    if (!st) st = case_check_schedule(&w, err);
    if (!st) st = case_tempering_open(&w, err);
    case_release(&w);
  }
  return st;
}

/* The finished cases are reported also when a later one failed. On screen first: that needs no
 * room on a disk. */
static pbl_status report(const char *folder, const pbl_result *result, pbl_status st,
                         pbl_error *err) {
  pbl_error write_error;
  if (result->n_cases == 0) return st;
  pbl_report_print(stdout, result, isatty(STDOUT_FILENO) != 0);
  const pbl_status written = results_write_report(folder, result, &write_error);
  if (!written) printf("results: %s (report.html, report.json, chains as .npy)\n", folder);
  fflush(stdout);
  if (st || !written) return st;
  if (err) *err = write_error;
  return written;
}

static int severity(pbl_verdict v) {
  switch (v) {
    case PBL_DIFFERS:
      return 3;
    case PBL_VERDICT_FROZEN:
      return 2;
    case PBL_VERDICT_UNRESOLVED:
      return 1;
    default:
      return 0;
  }
}

/* The snapshot of an interrupted run is work that is not done twice by mistake. */
static pbl_status check_snapshot(const char *path, const pbl_compare_options *o, pbl_error *err) {
  struct stat mine, theirs;
  char inside[1200] = "";
  if (stat(path, &mine) != 0) return PBL_OK;
  if (o && o->restore) {
    snprintf(inside, sizeof inside, "%s/" SNAPSHOT_NAME, o->restore);
    if (stat(inside, &theirs) != 0 && stat(o->restore, &theirs) != 0)
      return PBL_OK; /* said later */
    if (mine.st_dev == theirs.st_dev && mine.st_ino == theirs.st_ino) return PBL_OK;
  }
  return pbl_fail(
      err, PBL_CONFIG,
      "%s is of a run that was interrupted: continue it with --restore %s, or remove the "
      "file to begin anew",
      path, path);
}

static pbl_status open_snapshots(struct compare_snapshots **out, const char *folder,
                                 const pbl_compare_options *o, pbl_result *result,
                                 pbl_progress *progress, pbl_error *err) {
  char path[1200];
  struct compare_snapshots *s = NULL;
  snprintf(path, sizeof path, "%s/" SNAPSHOT_NAME, folder);
  pbl_status st = check_snapshot(path, o, err);
  if (st || !o || (!o->snapshots && !o->restore)) return st;
  st = snapshots_create(&s, result->config, progress, err);
  if (st) return st;
  *out = s;
  snprintf(s->path, sizeof s->path, "%s", path);
  s->result = result;
  s->every = o->every;
  return o->restore ? snapshots_load(s, o->restore, err) : PBL_OK;
}

static pbl_status run_cases(pbl_result *result, struct compare_snapshots *s, const char *folder,
                            pbl_progress *progress, pbl_error *err) {
  const pbl_compare_config *config = result->config;
  pbl_status st = PBL_OK;
  for (int k = 0; !st && k < config->n_cases; k++) {
    case_work w = {.config = config,
                   .cc = &config->cases[k],
                   .index = (size_t)k,
                   .folder = folder,
                   .result = &result->cases[k],
                   .progress = progress};
    if (!s || !s->done[k]) {
      st = snapshots_begin_case(s, &w, err);
      if (!st) st = run_case(&w, folder, err);
      if (!st) st = snapshots_end_case(s, err);
      case_release(&w);
    }
    if (st) break;
    result->n_cases = (size_t)k + 1;
    if (severity(result->cases[k].verdict) > severity(result->verdict))
      result->verdict = result->cases[k].verdict;
  }
  return snapshots_say(s, st, err);
}

pbl_status pbl_compare_run(int *exit_code, const pbl_compare_config *config,
                           const pbl_compare_options *options, pbl_progress *progress,
                           pbl_error *err) {
  openblas_set_num_threads(1); /* parallel work is ours: the same bytes for any thread count */
  char folder[1024];
  pbl_folder *mine = NULL;
  struct compare_snapshots *snapshots = NULL;
  pbl_result result = {.config = config, .verdict = PBL_AGREES};
  const time_t now = time(NULL);
  struct tm utc;
  strftime(result.started, sizeof result.started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  snprintf(result.backend, sizeof result.backend, "%s", pbl_backend_name(config->device));
  pbl_versions(result.versions, sizeof result.versions);
  double start = case_seconds_now();

  result.cases = calloc((size_t)config->n_cases, sizeof *result.cases);
  if (!result.cases) return pbl_fail(err, PBL_NO_MEMORY, "compare: out of memory");
  pbl_status st = check_cases(config, &result, err);
  if (!st) st = results_path(folder, sizeof folder, config, err);
  if (!st) st = pbl_folder_open(&mine, folder, progress, err);
  if (!st) st = open_snapshots(&snapshots, folder, options, &result, progress, err);
  if (!st && snapshots) start -= snapshots->head.seconds; /* work before the snapshot */
  if (!st) st = results_open(folder, config, err);
  if (!st) st = run_cases(&result, snapshots, folder, progress, err);
  result.seconds = case_seconds_now() - start;
  st = report(folder, &result, st, err);
  if (!st) *exit_code = pbl_verdict_exit_code(result.verdict);
  result.n_cases = (size_t)config->n_cases; /* free members of a case that failed half-way, too */
  pbl_result_free(&result);
  snapshots_destroy(snapshots);
  pbl_folder_close(mine);
  return st;
}
