#include "pbl_lab.h"

#include <math.h>
#include <stdlib.h>

#include "lab_internal.h"
#include "pbl_parallel.h"
#include "pbl_stats.h"

bool lab_clock_tick(lab_clock *clock, unsigned long long work) {
  const unsigned long long done = atomic_fetch_add(&clock->done, work) + work;
  if (!pbl_progress_report(clock->progress, clock->what, done, clock->total))
    atomic_store(&clock->stop, true);
  return !atomic_load(&clock->stop);
}

typedef struct {
  const pbl_lab_config *config;
  pbl_lab_result *result;
  lab_clock clock;
  pbl_error *errors;    /* one per job */
  pbl_status *statuses; /* one per job */
} jobs;

static pbl_testbed_options options_of(const pbl_lab_run *run, uint64_t seed) {
  return (pbl_testbed_options){.chains = run->chains,
                               .learning_rate = run->learning_rate,
                               .weight_decay = run->weight_decay,
                               .initial_scale = run->initial_scale,
                               .clamped = run->clamped,
                               .seed = seed};
}

static void run_job(void *context, size_t job) {
  jobs *j = context;
  const size_t n_seeds = (size_t)j->config->seeds;
  const pbl_lab_run *run = &j->config->runs[job / n_seeds];
  const uint64_t seed = j->config->seed + job % n_seeds;
  pbl_lab_outcome *out = &j->result->outcomes[job];
  pbl_error *err = &j->errors[job];
  pbl_testbed *t = NULL;
  const pbl_testbed_options options = options_of(run, seed);
  for (int k = 0; k < PBL_N_LAB_QUANTITIES; k++) out->values[k] = NAN;
  pbl_status status = pbl_testbed_create(&t, &options, err);
  if (status == PBL_OK) status = lab_train(out, t, run, &j->clock, err);
  if (status == PBL_OK)
    status = lab_loop(out, pbl_testbed_weights(t), &run->loop, seed, &j->clock, err);
  if (status == PBL_OK) status = lab_scan(out, pbl_testbed_weights(t), &run->scan, err);
  if (status == PBL_OK)
    status = lab_device(out, pbl_testbed_weights(t), &run->device, seed, &j->clock, err);
  pbl_testbed_destroy(t);
  j->statuses[job] = status;
}

/* In sweeps of one replica. */
static double device_work(const pbl_lab_device *d) {
  const double scan = (double)d->gains.points * d->gains.windows;
  if (d->windows == 0) return 0.0;
  return ((double)d->windows + scan) * d->repeats * d->replicas * d->regulator.window_sweeps;
}

/* In updates of one chain; a window of the loop counts as a thousand. */
static unsigned long long work_of(const pbl_lab_config *c) {
  double work = 0.0;
  for (int k = 0; k < c->n_runs; k++) {
    const pbl_lab_run *run = &c->runs[k];
    work += (double)run->windows * run->updates_per_window * run->chains;
    work += 1000.0 * run->loop.windows * (run->loop.starts + 1);
    work += device_work(&run->device);
  }
  return (unsigned long long)(work * c->seeds);
}

/* The first failure by number of the job, so that it does not depend on the threads; an
 * interruption only where nothing else went wrong. */
static pbl_status first_failure(const jobs *j, size_t n, pbl_error *err) {
  pbl_status status = PBL_OK;
  for (size_t k = 0; k < n; k++) {
    if (j->statuses[k] == PBL_OK || (status != PBL_OK && j->statuses[k] == PBL_INTERRUPTED))
      continue;
    status = j->statuses[k];
    if (err != NULL) *err = j->errors[k];
    if (status != PBL_INTERRUPTED) break;
  }
  return status;
}

static void judge(pbl_lab_result *result, const pbl_lab_config *config) {
  for (int k = 0; k < config->n_expectations; k++) {
    const pbl_lab_expectation *e = &config->expectations[k];
    const double measured = pbl_lab_measure(result, e);
    result->findings[k] =
        (pbl_lab_finding){.measured = measured, .passed = pbl_lab_meets(e, measured)};
    result->n_failed += !result->findings[k].passed;
  }
}

pbl_status pbl_lab_run_all(pbl_lab_result **out, const pbl_lab_config *config,
                           pbl_progress *progress, pbl_error *err) {
  const size_t n = (size_t)config->n_runs * (size_t)config->seeds;
  jobs j = {.config = config,
            .clock = {.progress = progress, .what = config->name, .total = work_of(config)}};
  pbl_status status = PBL_NO_MEMORY;
  *out = NULL;
  j.result = calloc(1, sizeof *j.result);
  j.errors = calloc(n, sizeof *j.errors);
  j.statuses = calloc(n, sizeof *j.statuses);
  if (j.result != NULL) j.result->outcomes = calloc(n, sizeof *j.result->outcomes);
  if (j.result == NULL || j.result->outcomes == NULL || j.errors == NULL || j.statuses == NULL) {
    pbl_fail(err, PBL_NO_MEMORY, "out of memory for %zu runs", n);
    goto done;
  }
  j.result->n_runs = config->n_runs;
  j.result->n_seeds = config->seeds;
  pbl_parallel_for(n, config->threads, run_job, &j);
  status = first_failure(&j, n, err);
  if (status != PBL_OK) goto done;
  judge(j.result, config);
  *out = j.result;
  j.result = NULL;
done:
  pbl_lab_result_destroy(j.result);
  free(j.errors);
  free(j.statuses);
  return status;
}

void pbl_lab_result_destroy(pbl_lab_result *result) {
  if (result != NULL) free(result->outcomes);
  free(result);
}

double pbl_lab_value(const pbl_lab_outcome *outcome, int quantity, int at) {
  switch (quantity) {
    case PBL_LAB_scan_flip_rate:
      return outcome->scan[at].flip_rate;
    case PBL_LAB_scan_gap:
      return outcome->scan[at].gap;
    case PBL_LAB_scan_slope:
      return outcome->scan[at].slope;
    case PBL_LAB_scan_gap_per_flip:
      return outcome->scan[at].gap / outcome->scan[at].flip_rate;
    default:
      return outcome->values[quantity];
  }
}

pbl_lab_summary pbl_lab_summarise(const double *values, int n) {
  pbl_lab_summary s = {.mean = 0.0, .low = NAN, .high = NAN, .least = values[0], .most = values[0]};
  double squares = 0.0;
  for (int k = 0; k < n; k++) {
    s.mean += values[k] / n;
    s.least = fmin(s.least, values[k]);
    s.most = fmax(s.most, values[k]);
  }
  for (int k = 0; k < n; k++) {
    if (isnan(values[k])) s.least = s.most = NAN; /* fmin and fmax pass over it */
    squares += (values[k] - s.mean) * (values[k] - s.mean);
  }
  if (n < 2) return s;
  const double half = pbl_student_t_quantile(0.975, n - 1) * sqrt(squares / (n - 1) / n);
  s.low = s.mean - half;
  s.high = s.mean + half;
  return s;
}

double pbl_lab_measure(const pbl_lab_result *result, const pbl_lab_expectation *e) {
  const int n = result->n_seeds;
  double *values = malloc((size_t)n * sizeof *values);
  if (values == NULL) return NAN;
  for (int k = 0; k < n; k++) {
    values[k] = pbl_lab_value(&result->outcomes[e->run_index * n + k], e->quantity, e->at);
    if (e->versus_index < 0) continue;
    const double other =
        pbl_lab_value(&result->outcomes[e->versus_index * n + k], e->quantity, e->at);
    values[k] = e->relation == PBL_LAB_RATIO ? values[k] / other : values[k] - other;
  }
  const pbl_lab_summary s = pbl_lab_summarise(values, n);
  free(values);
  switch (e->of) {
    case PBL_LAB_LEAST:
      return s.least;
    case PBL_LAB_MOST:
      return s.most;
    case PBL_LAB_LOW:
      return s.low;
    case PBL_LAB_HIGH:
      return s.high;
    default:
      return s.mean;
  }
}

bool pbl_lab_meets(const pbl_lab_expectation *e, double measured) {
  if (isnan(measured)) return false;
  return (!e->has_value || fabs(measured - e->value) <= e->tolerance) &&
         (!e->has_min || measured >= e->min) && (!e->has_max || measured <= e->max);
}
