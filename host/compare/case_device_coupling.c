/* What the device's own coupled replicas say: how far its chains are from their law after the
 * burn-in, and means without burn-in bias. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"
#include "pbl_coupling_device.h"
#include "pbl_law.h"

#define LEAST_PAIRS 50 /* ln(100)/50 = .09: what no late pair among them can say */
#define TV_LIMIT 0.01
#define ROUNDING (1 + 1e-9) /* of the quantile behind the limit */
#define PILOT_PAIRS 16
#define PILOT_SWEEPS 1000 /* a pilot's patience, or the burn-in where that is longer */
#define PATIENCE 20       /* times the burn-in or the lag */
#define MEANS_OVER 10     /* m = 10 k */
#define MIN_EVENTS 200.0
#define BATCH_BYTES 67108864.0 /* of one batch of pairs' estimates */

typedef struct {
  case_work *w;
  pbl_driver *d;
  pbl_device_pairs_report *out;
  size_t n_visible, n_hidden, n_observables;
  float *u;       /* projections; NULL: each p-bit is an observable */
  double *values; /* pairs x n_observables */
} pairs_work;

pbl_status case_check_device_pairs(const pbl_case_config *cc, pbl_error *err) {
  if (cc->device_pairs == 0) return PBL_OK;
  if (cc->graph[0])
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: device_pairs need a model of two blocks, not a graph; drop them",
                    cc->name);
  if (cc->device_pairs < LEAST_PAIRS)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: device_pairs: %d bound no distance below .1; give 0 or at least %d",
                    cc->name, cc->device_pairs, LEAST_PAIRS);
  if (cc->hw.lanes % 2 != 0)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: device_pairs: pairs of lanes, the device has %d; change chains or "
                    "hw.lanes",
                    cc->name, cc->hw.lanes);
  if (case_shares_draws(cc))
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: device_pairs needs kernel cyclic or palindromic: its software pairs "
                    "know no coin",
                    cc->name);
  if (cc->clamp[0])
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: device_pairs and clamp do not go together: chains that hold "
                    "different values never meet; drop one of them",
                    cc->name);
  return PBL_OK;
}

/* The monitored observables are linear in the moments of a coupling result. */
static void observables_of(double *out, const pairs_work *x, const double *h) {
  const pbl_rbm *m = x->w->dequantised;
  const size_t nv = x->n_visible, nh = x->n_hidden, n = nv + nh;
  double energy = 0, visible = 0, hidden = 0;
  for (size_t i = 0; i < nv; i++) {
    visible += h[i];
    energy -= (double)m->b[i] * h[i];
    for (size_t j = 0; j < nh; j++) energy -= (double)m->w[i * nh + j] * h[n + i * nh + j];
  }
  for (size_t j = 0; j < nh; j++) {
    hidden += h[nv + j];
    energy -= (double)m->c[j] * h[nv + j];
  }
  out[0] = energy;
  out[1] = visible;
  out[2] = hidden;
  for (size_t k = 3; k < x->n_observables; k++) {
    if (!x->u) {
      out[k] = h[k - 3];
      continue;
    }
    out[k] = 0;
    for (size_t i = 0; i < nv; i++) out[k] += (double)x->u[i * CASE_PROJECTIONS + k - 3] * h[i];
  }
}

static void take(pairs_work *x, const pbl_coupling_result *r, size_t pairs) {
  pbl_device_pairs_report *out = x->out;
  for (size_t p = 0; p < r->n_pairs; p++) {
    const bool met = r->meeting[p] != PBL_COUPLING_NOT_MET;
    observables_of(x->values + out->n_pairs * x->n_observables, x, r->h + p * r->n_moments);
    out->meeting[out->n_pairs++] = met ? (double)(r->meeting[p] - r->lag) : INFINITY;
    out->n_met += met;
  }
  out->sweeps_per_pair += r->sweeps_per_pair * (double)r->n_pairs / (double)pairs;
}

/* Pairs whose estimates fit into memory together, whole device batches of them. */
static size_t batch_size(const pairs_work *x) {
  const size_t together = (size_t)x->w->hw.replicas / 2;
  const size_t moments = x->n_visible + x->n_hidden + x->n_visible * x->n_hidden;
  const double fits = floor(BATCH_BYTES / (8.0 * (double)moments * (double)together));
  const size_t batch = fits > 1 ? (size_t)fits * together : together;
  return batch < 2 ? 2 : batch;
}

static pbl_status run_batches(pairs_work *x, pbl_coupling_options opt, size_t pairs,
                              pbl_error *err) {
  const size_t batch = batch_size(x);
  pbl_status st = PBL_OK;
  x->out->n_pairs = x->out->n_met = 0;
  x->out->sweeps_per_pair = 0;
  x->out->lag = opt.lag;
  x->out->first = opt.k;
  x->out->last = opt.m;
  while (!st && x->out->n_pairs < pairs) {
    pbl_coupling_result r;
    const size_t left = pairs - x->out->n_pairs;
    opt.n_pairs = left < batch + 2 ? left : batch; /* never one alone */
    opt.seed++;
    st = pbl_coupling_run_device(&r, x->d, &opt, x->w->progress, err);
    if (st) break;
    take(x, &r, pairs);
    pbl_coupling_result_free(&r);
  }
  return st;
}

/* A few pairs choose the lag; if they do not all meet, the many are not started. */
static pbl_status run_pairs(pairs_work *x, pbl_error *err) {
  const uint64_t burn_in = (uint64_t)x->w->cc->burn_in;
  pbl_coupling_options opt = {.lag = 1,
                              .max_sweeps = burn_in > PILOT_SWEEPS ? burn_in + 1 : PILOT_SWEEPS + 1,
                              .seed = case_seed(x->w, STREAM_DEVICE_PAIRS)};
  const pbl_status st = run_batches(x, opt, PILOT_PAIRS, err);
  if (st || x->out->n_met < x->out->n_pairs) return st;
  double latest = 1;
  for (size_t p = 0; p < x->out->n_pairs; p++) latest = fmax(latest, x->out->meeting[p]);
  opt.lag = opt.k = (uint64_t)latest;
  opt.m = MEANS_OVER * opt.k;
  opt.max_sweeps = opt.m + PATIENCE * (burn_in > opt.lag ? burn_in : opt.lag);
  opt.seed += 1u << 20;
  return run_batches(x, opt, (size_t)x->w->cc->device_pairs, err);
}

static pbl_status summarise(pairs_work *x, pbl_error *err) {
  pbl_device_pairs_report *out = x->out;
  uint64_t *meeting = malloc(out->n_pairs * sizeof *meeting);
  if (!meeting) return pbl_fail(err, PBL_NO_MEMORY, "device pairs: out of memory");
  for (size_t p = 0; p < out->n_pairs; p++)
    meeting[p] =
        isinf(out->meeting[p]) ? PBL_COUPLING_NOT_MET : (uint64_t)out->meeting[p] + out->lag;
  const pbl_coupling_result all = {
      .n_pairs = out->n_pairs, .n_met = out->n_met, .lag = out->lag, .meeting = meeting};
  out->meeting_mean = pbl_coupling_meeting_mean(&all);
  out->meeting_q95 = pbl_coupling_meeting_quantile(&all, 0.95);
  out->tv_bound = pbl_coupling_tv_bound(&out->tv_bound_upper, &all, (uint64_t)x->w->cc->burn_in);
  free(meeting);
  return PBL_OK;
}

static void gate_burn_in(case_work *w) {
  pbl_device_pairs_report *out = &w->result->device_pairs;
  /* fewer than 461 pairs cannot say .01: of them none may be late */
  out->tv_limit = fmax(TV_LIMIT, ROUNDING * log(100.0) / w->cc->device_pairs);
  const bool good = out->tv_bound_upper <= out->tv_limit;
  const pbl_gate gate = {.name = CASE_BURN_IN_GATE,
                         .statistic = isfinite(out->tv_bound_upper) ? out->tv_bound_upper : NAN,
                         .threshold = out->tv_limit,
                         .p_value = NAN,
                         .status = good ? PBL_GATE_PASSED : PBL_GATE_FAILED,
                         .would_see = NAN};
  if (out->n_met < out->n_pairs)
    case_plain_gate(w, &gate,
                    "%zu of %zu pairs of replicas were given up before they met: no bound",
                    out->n_pairs - out->n_met, out->n_pairs);
  else
    case_plain_gate(w, &gate,
                    "%zu pairs of replicas met after %.4g sweeps (95 %%: %.4g); after a burn-in of "
                    "%d the distance to the law is at most %.3g (99 %%), allowed %.3g",
                    out->n_pairs, out->meeting_mean, out->meeting_q95, w->cc->burn_in,
                    out->tv_bound_upper, out->tv_limit);
}

/* Mean and squared standard error of column k of n rows of `stride`. */
static void column(double *mean, double *error2, const double *x, size_t n, size_t stride,
                   size_t k) {
  double sum = 0, square = 0;
  for (size_t i = 0; i < n; i++) sum += x[i * stride + k];
  *mean = sum / (double)n;
  for (size_t i = 0; i < n; i++) {
    const double d = x[i * stride + k] - *mean;
    square += d * d;
  }
  *error2 = n > 1 ? square / (double)(n - 1) / (double)n : NAN;
}

/* Exact means of the reference's law, or NULL where there is none. */
static pbl_status exact_means(double **out, const pairs_work *x, pbl_error *err) {
  const size_t nv = x->n_visible, nh = x->n_hidden, n = nv + nh;
  *out = NULL;
  if (!x->w->ideal) return PBL_OK;
  double *h = malloc((n + nv * nh) * sizeof *h), *second = malloc(n * n * sizeof *second);
  *out = malloc(x->n_observables * sizeof **out);
  const bool room = h && second && *out;
  if (room) {
    pbl_oracle_moments(x->w->ideal, h, second);
    for (size_t i = 0; i < nv; i++)
      for (size_t j = 0; j < nh; j++) h[n + i * nh + j] = second[i * n + nv + j];
    observables_of(*out, x, h);
  } else {
    free(*out);
    *out = NULL;
  }
  free(h);
  free(second);
  return room ? PBL_OK : pbl_fail(err, PBL_NO_MEMORY, "device pairs: out of memory");
}

/* Welch's t of one observable; errors are at least those of independent draws. *dof of t. */
static void test_mean(pbl_unbiased_mean *m, double *dof, const pairs_work *x, const double *exact,
                      size_t k) {
  const case_work *w = x->w;
  const double pairs = (double)x->out->n_pairs, chains = (double)case_chains(w);
  const double draws = pairs * (double)(x->out->last - x->out->first + 1);
  const double variance = w->result->observables[k].reference.tau.variance;
  double va, vb = 0;
  column(&m->value, &va, x->values, x->out->n_pairs, x->n_observables, k);
  va = fmax(va, variance / draws);
  if (exact) {
    m->reference = exact[k];
  } else {
    column(&m->reference, &vb, w->means[1], case_chains(w), x->n_observables, k);
    vb = fmax(vb, variance / (chains * (double)w->reference->n_recorded));
  }
  m->error = sqrt(va);
  m->reference_error = sqrt(vb);
  m->t = *dof = NAN;
  const bool rare = k >= 3 && !x->u && 0.5 * draws * (1 - fabs(m->reference)) < MIN_EVENTS;
  if (rare || !(va + vb > 0) || !isfinite(va + vb)) return;
  m->t = (m->value - m->reference) / sqrt(va + vb);
  *dof = (va + vb) * (va + vb) / (va * va / (pairs - 1) + (exact ? 0 : vb * vb / (chains - 1)));
}

typedef struct {
  double p[PBL_MAX_OBSERVABLES], dof[PBL_MAX_OBSERVABLES];
  size_t worst;
  double coarsest; /* largest error in standard deviations of its observable */
  double coarsest_dof;
} mean_tests;

static void test_means(mean_tests *t, pairs_work *x, const double *exact) {
  pbl_device_pairs_report *out = x->out;
  *t = (mean_tests){.worst = SIZE_MAX};
  for (size_t k = 0; k < x->n_observables; k++) {
    pbl_unbiased_mean *m = &out->means[k];
    test_mean(m, &t->dof[k], x, exact, k);
    t->p[k] = NAN;
    if (isnan(m->t)) continue;
    t->p[k] = pbl_student_t_two_sided_p(m->t, t->dof[k]);
    out->n_compared++;
    if (t->worst == SIZE_MAX || t->p[k] < t->p[t->worst]) t->worst = k;
    const double error = hypot(m->error, m->reference_error) /
                         sqrt(x->w->result->observables[k].reference.tau.variance);
    if (error > t->coarsest) {
      t->coarsest = error;
      t->coarsest_dof = t->dof[k];
    }
  }
}

static pbl_status gate_means(pairs_work *x, pbl_error *err) {
  case_work *w = x->w;
  pbl_device_pairs_report *out = x->out;
  double *exact = NULL;
  mean_tests t;
  out->means = calloc(x->n_observables, sizeof *out->means);
  if (!out->means) return pbl_fail(err, PBL_NO_MEMORY, "device pairs: out of memory");
  pbl_status st = exact_means(&exact, x, err);
  if (st) return st;
  test_means(&t, x, exact);
  st = pbl_law_simes(&out->p_value, NULL, case_gate_alpha(w), t.p, x->n_observables, err);
  pbl_gate gate = {.name = "unbiased means against reference",
                   .p_value = out->p_value,
                   .needs_mixing = !exact,
                   .statistic = NAN,
                   .threshold = NAN,
                   .would_see = NAN};
  free(exact);
  if (st) return st;
  if (out->n_compared == 0) {
    case_gate(w, &gate, "all %zu means are too rare to test", x->n_observables);
    return PBL_OK;
  }
  const double n = (double)out->n_compared;
  gate.statistic = out->means[t.worst].t;
  gate.threshold = case_gate_threshold(w, n, t.dof[t.worst]);
  gate.would_see = t.coarsest * case_gate_reach(w, n, t.coarsest_dof);
  gate.would_see_of = "any one mean, in its standard deviations";
  case_gate(w, &gate,
            "%zu means over %zu pairs, worst %s: t = %.2f, family p = %.3g; %zu too rare to test",
            out->n_compared, out->n_pairs, w->result->observables[t.worst].name, gate.statistic,
            out->p_value, x->n_observables - out->n_compared);
  return PBL_OK;
}

/* The device as in the comparison, faults included; a temperature that it has found is held. */
static pbl_status open_device(pairs_work *x, pbl_error *err) {
  const pbl_regulator_words none = pbl_regulator_words_default();
  pbl_status st = case_open_device(&x->d, x->w, x->w->config->device, err);
  if (!st) st = case_prepare_device(x->d, x->w, err);
  if (!st) st = pbl_driver_set_regulator(x->d, &none, err);
  if (!st && pbl_hw_pbits(&x->w->hw) > PBL_ORACLE_MAX_PBITS)
    st = case_projections(&x->u, x->w, err);
  return st;
}

pbl_status case_device_coupling(case_work *w, pbl_error *err) {
  pbl_device_pairs_report *out = &w->result->device_pairs;
  if (w->cc->device_pairs == 0) return PBL_OK;
  const size_t pairs = (size_t)w->cc->device_pairs; /* more than the pilot */
  pairs_work x = {.w = w,
                  .out = out,
                  .n_visible = (size_t)w->hw.n_visible,
                  .n_hidden = (size_t)w->hw.n_hidden,
                  .n_observables = w->result->n_observables};
  out->p_value = NAN;
  out->meeting = calloc(pairs, sizeof *out->meeting);
  x.values = calloc(pairs * x.n_observables, sizeof *x.values);
  pbl_status st = PBL_OK;
  if (!out->meeting || !x.values) st = pbl_fail(err, PBL_NO_MEMORY, "device pairs: out of memory");
  if (!st) st = open_device(&x, err);
  if (!st) st = run_pairs(&x, err);
  if (!st) st = summarise(&x, err);
  if (!st) gate_burn_in(w);
  if (!st && out->n_met == out->n_pairs) st = gate_means(&x, err);
  pbl_driver_destroy(x.d);
  free(x.u);
  free(x.values);
  return st ? pbl_wrap(err, st, "case %s: device pairs", w->cc->name) : PBL_OK;
}
