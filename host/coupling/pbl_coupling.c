#include "pbl_coupling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "coupling_law.h"
#include "coupling_pair.h"
#include "pbl_parallel.h"
#include "pbl_stats.h"

#define FEW_LATE 30.0 /* as many late pairs have a normal count */
/* Pairs between two looks at the progress object. */
#define STRETCH 64u

typedef struct {
  const pbl_coupling_law *law;
  const pbl_coupling_options *opt;
  pbl_coupling_result *out;
  pbl_xoshiro *streams; /* one per pair */
  signed char *states;  /* STRETCH x 2 (V+H) */
  uint64_t *sweeps;     /* cost per pair */
  size_t first;         /* pair of job 0 */
} work;

/* While the chains differ both are swept on the same words; Y is then where X will be L sweeps
 * later, so that after the meeting X alone is needed, up to sweep m. */
static void run_pair(void *context, size_t job) {
  work *w = context;
  const pbl_coupling_law *law = w->law;
  const size_t n = law->n_visible + law->n_hidden, pair = w->first + job;
  signed char *x = w->states + 2 * n * job, *y = x + n;
  pbl_xoshiro *g = &w->streams[pair];
  coupling_pair c = coupling_pair_of(w->out, w->opt, law->n_visible, law->n_hidden, pair);
  uint64_t cost = 0;
  coupling_random_state(x, n, g);
  coupling_random_state(y, n, g);
  for (uint64_t t = 0; coupling_pair_take(&c, t, x, y);) {
    t++;
    const bool both = c.met == PBL_COUPLING_NOT_MET && t > w->opt->lag;
    coupling_sweep(law, x, both ? y : NULL, g);
    cost += both ? 2 : 1;
  }
  w->out->meeting[pair] = c.met;
  w->sweeps[pair] = cost;
}

static void summarise(pbl_coupling_result *out, const uint64_t *sweeps) {
  for (size_t p = 0; p < out->n_pairs; p++) {
    out->n_met += out->meeting[p] != PBL_COUPLING_NOT_MET;
    out->sweeps_per_pair += (double)sweeps[p] / (double)out->n_pairs;
  }
}

pbl_status pbl_coupling_run(pbl_coupling_result *out, const pbl_coupling_law *law,
                            const pbl_coupling_options *opt, pbl_progress *progress,
                            pbl_error *err) {
  pbl_status st = coupling_result_create(out, opt, law->n_visible, law->n_hidden, err);
  if (st) return st;
  const size_t n = law->n_visible + law->n_hidden;
  work w = {.law = law, .opt = opt, .out = out};
  w.streams = calloc(opt->n_pairs, sizeof *w.streams);
  w.sweeps = calloc(opt->n_pairs, sizeof *w.sweeps);
  w.states = calloc(STRETCH * 2 * n, 1);
  if (!w.streams || !w.sweeps || !w.states)
    st = pbl_fail(err, PBL_NO_MEMORY, "coupling: no memory for %zu pairs", opt->n_pairs);
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, opt->seed);
  for (size_t p = 0; !st && p < opt->n_pairs; p++) {
    w.streams[p] = g;
    pbl_xoshiro_long_jump(&g);
  }
  while (!st && w.first < opt->n_pairs) {
    const size_t left = opt->n_pairs - w.first, jobs = left < STRETCH ? left : STRETCH;
    pbl_parallel_for(jobs, opt->threads, run_pair, &w);
    w.first += jobs;
    if (!pbl_progress_report(progress, "coupled chains", w.first, opt->n_pairs) &&
        w.first < opt->n_pairs)
      st = pbl_fail(err, PBL_INTERRUPTED, "coupling stopped after %zu of %zu pairs", w.first,
                    opt->n_pairs);
  }
  if (!st) summarise(out, w.sweeps);
  if (st) pbl_coupling_result_free(out);
  free(w.streams);
  free(w.sweeps);
  free(w.states);
  return st;
}

void pbl_coupling_result_free(pbl_coupling_result *r) {
  free(r->meeting);
  free(r->h);
  *r = (pbl_coupling_result){0};
}

double pbl_coupling_meeting_mean(const pbl_coupling_result *r) {
  double sum = 0.0;
  if (r->n_met < r->n_pairs) return INFINITY;
  for (size_t p = 0; p < r->n_pairs; p++) sum += (double)(r->meeting[p] - r->lag);
  return sum / (double)r->n_pairs;
}

static int ascending(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

double pbl_coupling_meeting_quantile(const pbl_coupling_result *r, double q) {
  uint64_t *sorted = malloc(r->n_pairs * sizeof *sorted);
  if (!sorted) return NAN;
  memcpy(sorted, r->meeting, r->n_pairs * sizeof *sorted);
  qsort(sorted, r->n_pairs, sizeof *sorted, ascending);
  /* the smallest value that at least a share q of the pairs does not exceed */
  const double rank = ceil(fmin(fmax(q, 0.0), 1.0) * (double)r->n_pairs);
  const uint64_t t = sorted[rank < 1.0 ? 0 : (size_t)rank - 1];
  free(sorted);
  return t == PBL_COUPLING_NOT_MET ? INFINITY : (double)(t - r->lag);
}

double pbl_coupling_tv_bound(double *upper, const pbl_coupling_result *r, uint64_t t) {
  double sum = 0.0, square = 0.0, late = 0.0;
  const double n = (double)r->n_pairs;
  if (upper) *upper = INFINITY;
  if (r->n_met < r->n_pairs) return INFINITY;
  for (size_t p = 0; p < r->n_pairs; p++) {
    const uint64_t start = r->lag + t;
    if (r->meeting[p] <= start) continue;
    const double term = (double)((r->meeting[p] - start + r->lag - 1) / r->lag);
    late++;
    sum += term;
    square += term * term;
  }
  const double mean = sum / n, variance = fmax(square / n - mean * mean, 0.0) * n / (n - 1.0);
  if (upper) {
    /* few late pairs: their number is Poisson's; none: ln(100)/n of them are possible at 1 % */
    const double size = late > 0.0 ? sum / late : 1.0;
    const double few = 0.5 * pbl_chi2_quantile(0.99, 2.0 * late + 2.0) * size / n;
    *upper =
        fmax(late < FEW_LATE ? few : 0.0, mean + pbl_normal_quantile(0.99) * sqrt(variance / n));
  }
  return mean;
}

double pbl_coupling_mean(double *error, const pbl_coupling_result *r, size_t moment) {
  double sum = 0.0, square = 0.0;
  const double n = (double)r->n_pairs;
  for (size_t p = 0; p < r->n_pairs; p++) sum += r->h[p * r->n_moments + moment] / n;
  for (size_t p = 0; p < r->n_pairs; p++) {
    const double d = r->h[p * r->n_moments + moment] - sum;
    square += d * d;
  }
  if (error) *error = sqrt(square / (n - 1.0) / n);
  return sum;
}
