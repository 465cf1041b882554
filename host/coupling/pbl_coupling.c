#include "pbl_coupling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "coupling_law.h"
#include "pbl_parallel.h"
#include "pbl_stats.h"

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

/* h += weight * (f(x) - f(y)); y NULL: f(x). */
static void add_moments(double *h, const pbl_coupling_law *law, const signed char *x,
                        const signed char *y, double weight) {
  const size_t nv = law->n_visible, nh = law->n_hidden, n = nv + nh;
  for (size_t p = 0; p < n; p++) h[p] += weight * (x[p] - (y ? y[p] : 0));
  for (size_t i = 0; i < nv; i++)
    for (size_t j = 0; j < nh; j++)
      h[n + i * nh + j] += weight * (x[i] * x[nv + j] - (y ? y[i] * y[nv + j] : 0));
}

/* How many (l, j) with k <= l <= m and j >= 1 have l + j L = t. */
static uint64_t corrections(const pbl_coupling_options *o, uint64_t t) {
  if (t < o->k + o->lag) return 0;
  const uint64_t most = (t - o->k) / o->lag;
  const uint64_t least = t > o->m + o->lag ? (t - o->m + o->lag - 1) / o->lag : 1;
  return most >= least ? most - least + 1 : 0;
}

static void random_state(signed char *s, size_t n, pbl_xoshiro *g) {
  for (size_t p = 0; p < n; p++) s[p] = (pbl_xoshiro_next(g) >> 31) ? 1 : -1;
}

/* While the chains differ both are swept on the same words; Y is then where X will be L sweeps
 * later, so that after the meeting X alone is needed, up to sweep m. */
static void run_pair(void *context, size_t job) {
  work *w = context;
  const pbl_coupling_options *o = w->opt;
  const size_t n = w->law->n_visible + w->law->n_hidden, pair = w->first + job;
  signed char *x = w->states + 2 * n * job, *y = x + n;
  pbl_xoshiro *g = &w->streams[pair];
  double *h = w->out->h + pair * w->out->n_moments;
  uint64_t met = PBL_COUPLING_NOT_MET, cost = 0;
  const double each = 1.0 / (double)(o->m - o->k + 1);
  random_state(x, n, g);
  random_state(y, n, g);
  for (uint64_t t = 0;; t++) {
    const bool apart = met == PBL_COUPLING_NOT_MET;
    if (t > 0) {
      const bool both = apart && t > o->lag;
      coupling_sweep(w->law, x, both ? y : NULL, g);
      cost += both ? 2 : 1;
    }
    if (apart && t >= o->lag && memcmp(x, y, n) == 0) met = t;
    if (t >= o->k && t <= o->m) add_moments(h, w->law, x, NULL, each);
    if (met == PBL_COUPLING_NOT_MET && t >= o->lag) {
      const uint64_t times = corrections(o, t);
      if (times > 0) add_moments(h, w->law, x, y, each * (double)times);
    }
    if (met != PBL_COUPLING_NOT_MET ? t >= o->m : t >= o->max_sweeps) break;
  }
  w->out->meeting[pair] = met;
  w->sweeps[pair] = cost;
  if (met == PBL_COUPLING_NOT_MET)
    for (size_t k = 0; k < w->out->n_moments; k++) h[k] = NAN;
}

static pbl_status check(const pbl_coupling_options *o, pbl_error *err) {
  if (o->n_pairs < 2)
    return pbl_fail(err, PBL_INVALID, "coupling: %zu pairs; at least 2", o->n_pairs);
  if (o->lag < 1 || o->k > o->m)
    return pbl_fail(err, PBL_INVALID, "coupling: lag %llu, k %llu, m %llu; lag >= 1 and k <= m",
                    (unsigned long long)o->lag, (unsigned long long)o->k, (unsigned long long)o->m);
  if (o->max_sweeps <= o->lag || o->max_sweeps < o->m)
    return pbl_fail(err, PBL_INVALID,
                    "coupling: max_sweeps %llu must be above the lag %llu and at least m = %llu",
                    (unsigned long long)o->max_sweeps, (unsigned long long)o->lag,
                    (unsigned long long)o->m);
  return PBL_OK;
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
  *out = (pbl_coupling_result){.n_pairs = opt->n_pairs, .lag = opt->lag};
  pbl_status st = check(opt, err);
  if (st) return st;
  const size_t n = law->n_visible + law->n_hidden;
  out->n_moments = n + law->n_visible * law->n_hidden;
  out->meeting = calloc(opt->n_pairs, sizeof *out->meeting);
  out->h = calloc(opt->n_pairs * out->n_moments, sizeof *out->h);
  work w = {.law = law, .opt = opt, .out = out};
  w.streams = calloc(opt->n_pairs, sizeof *w.streams);
  w.sweeps = calloc(opt->n_pairs, sizeof *w.sweeps);
  w.states = calloc(STRETCH * 2 * n, 1);
  if (!out->meeting || !out->h || !w.streams || !w.sweeps || !w.states)
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
  double sum = 0.0, square = 0.0;
  const double n = (double)r->n_pairs;
  if (upper) *upper = INFINITY;
  if (r->n_met < r->n_pairs) return INFINITY;
  for (size_t p = 0; p < r->n_pairs; p++) {
    const uint64_t start = r->lag + t;
    if (r->meeting[p] <= start) continue;
    const double term = (double)((r->meeting[p] - start + r->lag - 1) / r->lag);
    sum += term;
    square += term * term;
  }
  const double mean = sum / n, variance = fmax(square / n - mean * mean, 0.0) * n / (n - 1.0);
  /* where no pair is late, a share of ln(100)/n late ones is still possible at 1 % */
  if (upper)
    *upper = sum > 0.0 ? mean + pbl_normal_quantile(0.99) * sqrt(variance / n) : log(100.0) / n;
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
