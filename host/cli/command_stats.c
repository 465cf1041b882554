#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_cli.h"
#include "pbl_npy.h"
#include "pbl_parallel.h"
#include "stats_output.h"

#define EXIT_UNRESOLVED 11
#define EXIT_FROZEN 12

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum { JSON, THIN, NAMES, SUPERCHAINS, TAU_EXP, THREADS };

static const pbl_option options[] = {
    [JSON] = {"json", PBL_OPTION_FLAG, NULL, NULL, "one JSON object instead of the tables"},
    [THIN] = {"thin", PBL_OPTION_VALUE, "K", NULL, "sweeps between draws; tau_sweeps = K tau"},
    [NAMES] = {"names", PBL_OPTION_VALUE, "A,B,C", NULL, "names of the observables, in order"},
    [SUPERCHAINS] = {"superchains", PBL_OPTION_VALUE, "K", NULL,
                     "groups of chains with one start each, for nested R-hat"},
    [TAU_EXP] = {"tau-exp", PBL_OPTION_VALUE, "T", NULL,
                 "slowest time known from elsewhere, in draws"},
    [THREADS] = {"threads", PBL_OPTION_VALUE, "N", NULL, "threads; 0: one per processor"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_stats = {
    .name = "stats",
    .positional = "FILE.npy",
    .summary = "autocorrelation times and verdict of any array of chains",
    .details =
        "Reads an array of shape chains x draws or chains x draws x observables, of float64,\n"
        "float32, integers of any size or bool as numpy.save writes them (little-endian), and\n"
        "prints autocorrelation time, effective sample size and verdict of every observable\n"
        "beside the estimates that other programs would give. Takes five times the memory of the\n"
        "draws as float64. Chains should start over-dispersed; 16 or more can certify, four\n"
        "cannot. tau is half-Sokal (white noise 0.5), in draws.\n"
        "\n"
        "Exit code: 0 all RESOLVED, 11 UNRESOLVED, SHORT or PARTIAL, 12 FROZEN (an observable\n"
        "never changed), 2 bad usage or shape, 3 unreadable file or numbers that are not finite.\n",
    .options = options,
    .run = run};

typedef struct {
  pbl_array array;
  size_t n_chains, n_draws, n_observables;
  double *series;   /* n_observables x n_chains x n_draws; NULL when the array is that already */
  const double **x; /* n_observables */
  char *name_text;  /* all names in one piece */
  const char **names;
  pbl_resolve_report *verdicts;
  pbl_estimates *estimates;
} stats_job;

static void job_free(stats_job *job) {
  pbl_array_free(&job->array);
  free(job->series);
  free(job->x);
  free(job->name_text);
  free(job->names);
  free(job->verdicts);
  free(job->estimates);
}

static pbl_status no_memory(pbl_error *err) {
  return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
}

static pbl_status read_file(stats_job *job, const char *path, pbl_error *err) {
  const pbl_status status = pbl_npy_read_f64(&job->array, path, err);
  if (status != PBL_OK) return status;
  const pbl_array *a = &job->array;
  if (a->n_dims != 2 && a->n_dims != 3) {
    return pbl_fail(err, PBL_INVALID,
                    "%s has %d dimensions; give chains x draws or chains x draws x observables%s",
                    path, a->n_dims, a->n_dims == 1 ? " (one chain: a.reshape(1, -1))" : "");
  }
  job->n_chains = a->shape[0];
  job->n_draws = a->shape[1];
  job->n_observables = a->n_dims == 3 ? a->shape[2] : 1;
  if (pbl_array_count(a) == 0) return pbl_fail(err, PBL_INVALID, "%s holds no draws", path);
  return PBL_OK;
}

/* One contiguous n_chains x n_draws block per observable. */
static pbl_status arrange(stats_job *job, pbl_error *err) {
  const size_t n = job->n_chains * job->n_draws, width = job->n_observables;
  const double *data = job->array.data;
  job->x = calloc(width, sizeof *job->x);
  if (job->x == NULL) return no_memory(err);
  job->x[0] = data;
  if (width == 1) return PBL_OK;
  job->series = malloc(n * width * sizeof *job->series);
  if (job->series == NULL) return no_memory(err);
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < width; ++k) job->series[k * n + i] = data[i * width + k];
  }
  for (size_t k = 0; k < width; ++k) job->x[k] = job->series + k * n;
  pbl_array_free(&job->array);
  return PBL_OK;
}

/* Names from A,B,C, or x0, x1, ... (x alone for one). */
static pbl_status set_names(stats_job *job, const char *given, pbl_error *err) {
  const size_t width = job->n_observables, room = 24;
  job->names = calloc(width, sizeof *job->names);
  job->name_text = given != NULL ? strdup(given) : malloc(width * room);
  if (job->names == NULL || job->name_text == NULL) return no_memory(err);
  if (given == NULL) {
    for (size_t k = 0; k < width; ++k) {
      snprintf(job->name_text + k * room, room, width == 1 ? "x" : "x%zu", k);
      job->names[k] = job->name_text + k * room;
    }
    return PBL_OK;
  }
  size_t count = 0;
  for (char *at = job->name_text; at != NULL; ++count) {
    char *comma = strchr(at, ',');
    if (comma != NULL) *comma++ = '\0';
    if (*at == '\0') return pbl_fail(err, PBL_USAGE, "--names %s: empty name", given);
    if (count < width) job->names[count] = at;
    at = comma;
  }
  if (count != width) {
    return pbl_fail(err, PBL_USAGE, "--names gives %zu names, the array has %zu observables", count,
                    width);
  }
  return PBL_OK;
}

static pbl_status take_number(double *out, const pbl_arguments *a, int option, double least,
                              pbl_error *err) {
  if (!a->seen[option]) return PBL_OK;
  char *end = NULL;
  *out = strtod(a->values[option], &end);
  if (end == a->values[option] || *end != '\0' || !isfinite(*out) || !(*out >= least)) {
    return pbl_fail(err, PBL_USAGE, "--%s %s: give a number of at least %g", options[option].name,
                    a->values[option], least);
  }
  return PBL_OK;
}

typedef struct {
  stats_job *job;
  pbl_status *status;
  pbl_error *err; /* one per observable */
} estimate_work;

static void estimate_one(void *context, size_t k) {
  const estimate_work *w = context;
  const stats_job *job = w->job;
  w->status[k] =
      pbl_estimate_all(&job->estimates[k], job->x[k], job->n_chains, job->n_draws, &w->err[k]);
}

static pbl_status estimate(stats_job *job, const pbl_resolve_options *o, pbl_error *err) {
  const size_t width = job->n_observables;
  job->verdicts = calloc(width, sizeof *job->verdicts);
  job->estimates = calloc(width, sizeof *job->estimates);
  if (job->verdicts == NULL || job->estimates == NULL) return no_memory(err);
  pbl_status status =
      pbl_resolve(job->verdicts, job->x, width, job->n_chains, job->n_draws, o, err);
  if (status != PBL_OK) return status;
  estimate_work w = {job, calloc(width, sizeof *w.status), calloc(width, sizeof *w.err)};
  if (w.status == NULL || w.err == NULL) {
    status = no_memory(err);
  } else {
    pbl_parallel_for(width, pbl_parallel_threads(o->threads), estimate_one, &w);
    for (size_t k = 0; k < width && status == PBL_OK; ++k) {
      if (w.status[k] == PBL_OK) continue;
      status = pbl_fail(err, w.status[k], "observable %s: %s", job->names[k], w.err[k].message);
    }
  }
  free(w.status);
  free(w.err);
  return status;
}

static int exit_code_of(pbl_resolution overall) {
  if (overall == PBL_RESOLVED) return 0;
  return overall == PBL_FROZEN ? EXIT_FROZEN : EXIT_UNRESOLVED;
}

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err) {
  stats_job job = {0};
  pbl_resolve_options o = pbl_resolve_default();
  double thin = 1.0;
  double superchains = 0.0, threads = 0.0;
  pbl_status status = take_number(&thin, arguments, THIN, 1.0, err);
  if (status == PBL_OK) status = take_number(&o.tau_exp, arguments, TAU_EXP, 0.0, err);
  if (status == PBL_OK) status = take_number(&superchains, arguments, SUPERCHAINS, 2.0, err);
  if (status == PBL_OK) status = take_number(&threads, arguments, THREADS, 0.0, err);
  if (status == PBL_OK && (superchains != floor(superchains) || superchains > 1e9 ||
                           threads != floor(threads) || threads > 4096.0)) {
    status = pbl_fail(err, PBL_USAGE, "--superchains and --threads take integers");
  }
  if (status == PBL_OK) {
    o.n_superchains = (size_t)superchains;
    o.threads = (int)threads;
  }
  if (status == PBL_OK) status = read_file(&job, arguments->positional, err);
  if (status == PBL_OK) status = set_names(&job, arguments->values[NAMES], err);
  if (status == PBL_OK) status = arrange(&job, err);
  if (status == PBL_OK) status = estimate(&job, &o, err);
  if (status == PBL_OK) {
    const stats_result result = {.file = arguments->positional,
                                 .n_chains = job.n_chains,
                                 .n_draws = job.n_draws,
                                 .n_observables = job.n_observables,
                                 .thin = thin,
                                 .names = job.names,
                                 .verdicts = job.verdicts,
                                 .estimates = job.estimates};
    *exit_code = exit_code_of(stats_overall(&result));
    if (arguments->seen[JSON]) {
      status = stats_print_json(&result, err);
    } else {
      stats_print(&result);
    }
  }
  job_free(&job);
  return status;
}
