/* What the reference is worth: exact law, coupled chains that met within its burn-in, or resolved
 * chains whose halves agree. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"
#include "pbl_coupling.h"
#include "pbl_law.h"

#define MAX_COUPLED_PRODUCTS 0x1p20
#define PILOT_PAIRS 16
#define BATCH_BYTES 67108864.0 /* of one batch of pairs' estimates */
#define PAIRS_AT_ONCE 512
#define PATIENCE 20 /* a pair gives up after this many burn-ins */
#define MIN_HALF_CHAINS 4

/* Unbiased means of all moments, summed over batches of pairs. */
typedef struct {
  size_t n_moments, n_pairs;
  double *mean, *square; /* Welford */
} coupled_means;

static void add_pairs(coupled_means *s, const pbl_coupling_result *r) {
  for (size_t p = 0; p < r->n_pairs; p++) {
    s->n_pairs++;
    for (size_t k = 0; k < s->n_moments; k++) {
      const double x = r->h[p * s->n_moments + k], delta = x - s->mean[k];
      s->mean[k] += delta / (double)s->n_pairs;
      s->square[k] += delta * (x - s->mean[k]);
    }
  }
}

static void keep_times(pbl_reference_report *out, const pbl_coupling_result *r) {
  for (size_t p = 0; p < r->n_pairs; p++) {
    const bool met = r->meeting[p] != PBL_COUPLING_NOT_MET;
    out->meeting[out->n_pairs++] = met ? (double)(r->meeting[p] - r->lag) : INFINITY;
    out->n_met += met;
  }
}

/* Mean, quantile and bound of all pairs together. The burn-in's end is the time of the bound. */
static void summarise(pbl_reference_report *out, uint64_t burn_in) {
  uint64_t *meeting = malloc(out->n_pairs * sizeof *meeting);
  if (!meeting) return; /* they stay unknown */
  for (size_t p = 0; p < out->n_pairs; p++)
    meeting[p] =
        isinf(out->meeting[p]) ? PBL_COUPLING_NOT_MET : (uint64_t)out->meeting[p] + out->lag;
  const pbl_coupling_result all = {
      .n_pairs = out->n_pairs, .n_met = out->n_met, .lag = out->lag, .meeting = meeting};
  out->meeting_mean = pbl_coupling_meeting_mean(&all);
  out->meeting_q95 = pbl_coupling_meeting_quantile(&all, 0.95);
  out->tv_bound = pbl_coupling_tv_bound(&out->tv_bound_upper, &all, burn_in);
  free(meeting);
}

static size_t batch_size(size_t n_moments) {
  const double fits = floor(BATCH_BYTES / (8.0 * (double)n_moments));
  return fits < 2 ? 2 : fits > PAIRS_AT_ONCE ? PAIRS_AT_ONCE : (size_t)fits;
}

static pbl_status run_batches(pbl_reference_report *out, coupled_means *means, const case_work *w,
                              const pbl_coupling_law *law, pbl_coupling_options opt, size_t pairs,
                              pbl_error *err) {
  const size_t batch = batch_size(means->n_moments);
  pbl_status st = PBL_OK;
  out->n_pairs = out->n_met = 0;
  out->lag = opt.lag;
  while (!st && out->n_pairs < pairs) {
    pbl_coupling_result r;
    opt.n_pairs = pairs - out->n_pairs < batch + 2 ? pairs - out->n_pairs : batch;
    opt.seed++;
    st = pbl_coupling_run(&r, law, &opt, w->progress, err);
    if (st) break;
    keep_times(out, &r);
    if (r.n_met == r.n_pairs) add_pairs(means, &r);
    pbl_coupling_result_free(&r);
  }
  return st;
}

/* A few pairs say how late pairs meet; if one of them is not done by the end of the burn-in the
 * bound cannot be small there, and the many pairs are not started. */
static pbl_status run_pairs(case_work *w, coupled_means *means, const pbl_coupling_law *law,
                            pbl_error *err) {
  pbl_reference_report *out = &w->result->reference;
  const uint64_t burn_in = (uint64_t)w->cc->burn_in;
  const size_t pairs = (size_t)w->cc->coupled_pairs;
  pbl_coupling_options opt = {.lag = 1,
                              .max_sweeps = burn_in + 1,
                              .seed = case_seed(w, STREAM_COUPLING),
                              .threads = w->config->threads};
  pbl_status st =
      run_batches(out, means, w, law, opt, pairs < PILOT_PAIRS ? pairs : PILOT_PAIRS, err);
  if (st || out->n_met < out->n_pairs) return st;
  double latest = 1;
  for (size_t p = 0; p < out->n_pairs; p++) latest = fmax(latest, out->meeting[p]);
  opt.lag = opt.k = (uint64_t)latest;
  opt.m = 2 * opt.k;
  opt.max_sweeps = opt.lag + PATIENCE * burn_in;
  opt.seed += 1u << 20;
  memset(means->mean, 0, 2 * means->n_moments * sizeof *means->mean);
  means->n_pairs = 0;
  return run_batches(out, means, w, law, opt, pairs, err);
}

/* Coupled moments are first ones and v_i h_j; those of the case may be all pairs. */
static size_t coupled_index(const case_work *w, size_t k) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw), nv = (size_t)w->hw.n_visible;
  size_t i, j;
  case_moment_pbits(&i, &j, w, k);
  if (i == j) return i;
  return i < nv && j >= nv ? n + i * (size_t)w->hw.n_hidden + j - nv : SIZE_MAX;
}

/* Welch's t of the reference's chain means against the unbiased means. */
static pbl_status compare_means(case_work *w, const coupled_means *s, const double *moments,
                                pbl_error *err) {
  pbl_reference_report *out = &w->result->reference;
  const double chains = (double)case_chains(w), draws = (double)w->reference->n_recorded;
  const size_t m = case_moment_count(w);
  double *p = malloc(m * sizeof *p), least = 2;
  if (!p) return pbl_fail(err, PBL_NO_MEMORY, "coupled means: out of memory");
  for (size_t k = 0; k < m; k++) {
    const size_t at = coupled_index(w, k);
    double mean, va;
    p[k] = NAN;
    case_moment_spread(&mean, &va, w, moments, k);
    if (at == SIZE_MAX || chains < 2 || !case_moment_testable(w, mean)) continue;
    va = fmax(va, (1 - mean * mean) / draws) / chains;
    const double pairs = (double)s->n_pairs, vb = s->square[at] / (pairs - 1) / pairs;
    const double t = (mean - s->mean[at]) / sqrt(va + vb);
    const double dof = (va + vb) * (va + vb) / (va * va / (chains - 1) + vb * vb / (pairs - 1));
    p[k] = pbl_student_t_two_sided_p(t, dof);
    out->n_compared++;
    if (p[k] < least) {
      least = p[k];
      out->coupled_z = t;
    }
  }
  const pbl_status st = pbl_law_simes(&out->coupled_p, NULL, 0.05, p, m, err);
  free(p);
  return st;
}

static bool can_couple(const case_work *w) {
  /* The coupling knows two blocks. Its means are of all V x H products, kept for every pair. */
  const double products = (double)w->hw.n_visible * w->hw.n_hidden;
  return !w->graph && products <= MAX_COUPLED_PRODUCTS && w->cc->coupled_pairs >= 2 &&
         w->cc->burn_in > 0 && !w->cc->clamp[0] && !case_shares_draws(w->cc);
}

static pbl_status couple(case_work *w, const double *moments, pbl_error *err) {
  pbl_reference_report *out = &w->result->reference;
  const size_t n = (size_t)pbl_hw_pbits(&w->hw), pairs = (size_t)w->cc->coupled_pairs;
  coupled_means means = {.n_moments = n + (size_t)w->hw.n_visible * (size_t)w->hw.n_hidden};
  pbl_coupling_law *law = NULL;
  means.mean = calloc(2 * means.n_moments, sizeof *means.mean);
  out->meeting = calloc(pairs > PILOT_PAIRS ? pairs : PILOT_PAIRS, sizeof *out->meeting);
  pbl_status st = PBL_OK;
  if (!means.mean || !out->meeting) {
    st = pbl_fail(err, PBL_NO_MEMORY, "coupled chains: out of memory");
  } else {
    means.square = means.mean + means.n_moments;
    st = pbl_coupling_law_model(&law, w->dequantised, w->held_beta, w->cc->kernel, err);
  }
  if (!st) st = run_pairs(w, &means, law, err);
  if (!st) summarise(out, (uint64_t)w->cc->burn_in);
  if (!st && out->n_met == out->n_pairs) st = compare_means(w, &means, moments, err);
  pbl_coupling_law_destroy(law);
  free(means.mean);
  return st;
}

/* Even against odd chains: the four kinds of starts fall two and two. */
static pbl_status compare_halves(case_work *w, const double *moments, pbl_error *err) {
  const size_t chains = case_chains(w), m = case_moment_count(w), half = chains / 2;
  if (half < MIN_HALF_CHAINS) return PBL_OK;
  double *sorted = malloc(2 * half * m * sizeof *sorted);
  if (!sorted) return pbl_fail(err, PBL_NO_MEMORY, "halves of the reference: out of memory");
  for (size_t c = 0; c < 2 * half; c++)
    memcpy(sorted + (c % 2 * half + c / 2) * m, moments + c * m, m * sizeof *sorted);
  const pbl_status st =
      pbl_halves_test(&w->result->reference.halves, sorted, half, sorted + half * m, half, m, err);
  free(sorted);
  return st;
}

static pbl_status double_q(case_work *w, pbl_error *err) {
  const size_t n = w->reference->n_recorded, window = case_q_window(w, n / 2);
  pbl_qop_report half, all;
  pbl_status st = case_side_qop(&half, w, w->reference, window, n / 2, err);
  if (!st) st = case_side_qop(&all, w, w->reference, window, n, err);
  if (!st) w->result->reference.q_change = fabs(all.q.value / half.q.value - 1);
  return st;
}

static void decide(case_work *w) {
  pbl_reference_report *r = &w->result->reference;
  const pbl_reference_gates gates = pbl_reference_gates_default();
  const pbl_reference_evidence e = {
      .exact = w->ideal != NULL,
      .n_pairs = r->n_pairs,
      .n_met = r->n_met,
      .tv_bound_upper = r->tv_bound_upper,
      .coupled_p_value = r->coupled_p,
      .chains_resolved = case_is_resolved(w, 1),
      .halves_p_value = r->halves.p_value,
      .no_gradient = !case_has_gradient(w),
      .q_change_on_doubling = r->q_change,
  };
  r->rung = pbl_reference_decide(&r->reason, &e, &gates);
}

pbl_status case_ladder(case_work *w, pbl_error *err) {
  pbl_reference_report *r = &w->result->reference;
  r->meeting_mean = r->meeting_q95 = r->tv_bound = r->tv_bound_upper = NAN;
  r->coupled_p = r->coupled_z = r->q_change = NAN;
  r->halves = (pbl_halves_report){NAN, NAN, NAN, NAN};
  decide(w);
  if (r->rung == PBL_REF_EXACT) return PBL_OK;
  double *moments = NULL;
  pbl_status st = case_chain_moments(&moments, w, w->reference, 0, w->reference->n_recorded, err);
  if (!st && can_couple(w)) st = couple(w, moments, err);
  if (!st) decide(w);
  if (!st && r->rung == PBL_REF_UNCONVERGED) {
    st = compare_halves(w, moments, err);
    if (!st && case_has_gradient(w)) st = double_q(w, err);
    if (!st) decide(w);
  }
  free(moments);
  return st ? pbl_wrap(err, st, "case %s: reference", w->cc->name) : PBL_OK;
}
