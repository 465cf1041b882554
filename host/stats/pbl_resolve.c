/* The RESOLVED rule: a first pass over each observable alone, a second once the slowest time of all
 * is known. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "estimator_internal.h"
#include "pbl_parallel.h"

#define MIN_DRAWS 16
#define MIN_CHAINS 4
#define DRAWS_PER_FULL_TAU 50.0
#define DRAWS_PER_TAU_EXP 20.0
#define RHAT_LIMIT 1.01
#define TAIL_SIGMA 3.0
#define SMALL_CHANGE 0.1 /* of sigma2: no sign of chains that are too short */

pbl_resolve_options pbl_resolve_default(void) {
  return (pbl_resolve_options){.n_superchains = 0, .tau_exp = 0.0, .threads = 1, .n_tests = 0};
}

/* Between the first and the second pass over the observables. */
typedef struct {
  double *gamma;                /* pooled, corrected, 0..n/2; NULL when there is nothing to judge */
  size_t window;                /* lag where the tail begins */
  double tau_measured, tau_ics; /* convex; the second never below the cap */
  double sigma2, sigma2_error;
  bool antithetic, attached;
  /* without one chain, for the jackknife; NULL below 4 chains */
  double *without;     /* gamma to lag window + 1, n_chains x (window + 2) */
  double *ics_without; /* n_chains */
  double *exp_without; /* n_chains */
} resolve_state;

/* Running jackknife over n_chains values. */
typedef struct {
  double n, mean, squares;
} jackknife;

static void jackknife_add(jackknife *j, double value) {
  const double delta = value - j->mean;
  j->mean += delta / ++j->n;
  j->squares += delta * (value - j->mean);
}

static double jackknife_error(const jackknife *j) {
  return sqrt(j->squares * (j->n - 1.0) / j->n);
}

/* Slowest time that the observable itself shows: what a single exponential of this tau would have,
 * or, if longer, the decay over the last half of the lags in front of the tail. */
static double own_tau_exp(const double *gamma, double tau_ics, const resolve_state *s) {
  const double tau = fmax(tau_ics, 0.5);
  const double single = tau > 0.5 ? 1.0 / log((2.0 * tau + 1.0) / (2.0 * tau - 1.0)) : 0.0;
  const size_t last = s->window > 0 ? s->window - 1 : 0, first = last / 2;
  if (s->antithetic || last == 0 || !(gamma[last] > 0.0)) return single;
  const double fall = log(gamma[first] / gamma[last]);
  /* flat: nothing shows that it decays at all, so take all lags that were seen */
  const double slope = fall > 0.0 ? (double)(last - first) / fall : INFINITY;
  return fmax(single, fmin(slope, (double)last));
}

static pbl_status half_sigma2_to(double *sigma2, double *error, bool *closed, const pbl_rows *half,
                                 size_t reach, pbl_error *err) {
  pbl_lags lags;
  jackknife spread = {0};
  pbl_status status = pbl_lags_of_rows(&lags, half, reach, false, err);
  if (status != PBL_OK) return status;
  double *gamma = malloc((reach + 1) * sizeof *gamma);
  if (gamma == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "autocovariance: out of memory");
  } else {
    *closed = true;
    for (size_t c = 0; c < half->n_chains; ++c) {
      jackknife_add(&spread, pbl_lags_gamma(gamma, NULL, closed, &lags, c));
    }
    *error = jackknife_error(&spread);
    *sigma2 = pbl_lags_gamma(gamma, NULL, closed, &lags, PBL_LAGS_ALL);
  }
  pbl_lags_free(&lags);
  free(gamma);
  return status;
}

/* Pooled sigma2 of half the draws and its jackknife error. */
static pbl_status half_sigma2(double *sigma2, double *error, const double *x, size_t n_chains,
                              size_t n_draws, pbl_error *err) {
  const pbl_rows half = {x, n_chains, n_draws / 2, n_draws};
  const size_t most = n_draws / 4;
  for (size_t reach = pbl_first_reach(most);; reach = pbl_next_reach(reach, most)) {
    bool closed = true;
    const pbl_status status = half_sigma2_to(sigma2, error, &closed, &half, reach, err);
    if (status != PBL_OK || closed || reach == most) return status;
  }
}

/* Everything again without each chain. */
static pbl_status leave_one_out(resolve_state *s, bool *closed, const pbl_lags *lags,
                                pbl_error *err) {
  const size_t n_chains = lags->n_chains, width = s->window + 2;
  const double n_total = (double)((n_chains - 1) * lags->n_draws);
  jackknife spread = {0};
  double *gamma = malloc((lags->max_lag + 1) * sizeof *gamma);
  s->without = malloc(n_chains * width * sizeof *s->without);
  s->ics_without = malloc(n_chains * sizeof *s->ics_without);
  s->exp_without = malloc(n_chains * sizeof *s->exp_without);
  if (gamma == NULL || s->without == NULL || s->ics_without == NULL || s->exp_without == NULL) {
    free(gamma);
    return pbl_fail(err, PBL_NO_MEMORY, "jackknife over %zu chains: out of memory", n_chains);
  }
  for (size_t c = 0; c < n_chains; ++c) {
    const double sigma2 = pbl_lags_gamma(gamma, NULL, closed, lags, c);
    jackknife_add(&spread, sigma2);
    memcpy(s->without + c * width, gamma, width * sizeof *gamma);
    s->ics_without[c] = 0.5 * sigma2 / gamma[0];
    s->exp_without[c] = own_tau_exp(gamma, fmax(s->ics_without[c], pbl_least_tau(n_total)), s);
  }
  s->sigma2_error = jackknife_error(&spread);
  free(gamma);
  return PBL_OK;
}

static void state_free(resolve_state *s) {
  free(s->gamma);
  free(s->without);
  free(s->ics_without);
  free(s->exp_without);
  *s = (resolve_state){0};
}

/* Autocovariance up to `reach`, tau, the window in front of the tail; *closed: more lags would
 * change nothing. */
static pbl_status look_to(resolve_state *s, bool *closed, pbl_lags *lags, const double *x,
                          size_t n_chains, size_t n_draws, size_t reach, pbl_error *err) {
  const double n_total = (double)(n_chains * n_draws);
  const pbl_status status = pbl_lags_at(lags, x, n_chains, n_draws, reach, err);
  if (status != PBL_OK) return status;
  state_free(s);
  s->gamma = malloc((reach + 1) * sizeof *s->gamma);
  if (s->gamma == NULL) return pbl_fail(err, PBL_NO_MEMORY, "autocovariance: out of memory");
  *closed = true;
  s->sigma2 = pbl_lags_gamma(s->gamma, NULL, closed, lags, PBL_LAGS_ALL);
  const pbl_tail tail = pbl_find_tail(s->gamma, reach, n_draws / 2, n_total, TAIL_SIGMA);
  *closed = *closed && tail.closed;
  if (!*closed && reach < n_draws / 2) return PBL_OK;
  s->window = tail.window;
  s->antithetic = s->gamma[1] < -TAIL_SIGMA * tail.rho_error * s->gamma[0];
  s->attached = s->window > 1;
  s->tau_measured = 0.5 * s->sigma2 / s->gamma[0];
  s->tau_ics = fmax(s->tau_measured, pbl_least_tau(n_total));
  return n_chains >= MIN_CHAINS ? leave_one_out(s, closed, lags, err) : PBL_OK;
}

static pbl_status look_at_lags(pbl_resolve_report *out, resolve_state *s, pbl_lags *lags,
                               const double *x, size_t n_chains, size_t n_draws, pbl_error *err) {
  const size_t most = n_draws / 2;
  double half = NAN, half_error = NAN;
  size_t reach = lags->products != NULL ? lags->max_lag : pbl_first_tail_reach(most);
  for (;; reach = pbl_next_reach(reach, most)) {
    bool closed = true;
    const pbl_status status = look_to(s, &closed, lags, x, n_chains, n_draws, reach, err);
    if (status != PBL_OK) return status;
    if (closed || reach == most) break;
  }
  pbl_lags_free(lags); /* room for those of the half */
  out->tail_window = s->attached ? s->window : 0;
  out->tau_exp = own_tau_exp(s->gamma, s->tau_ics, s);
  if (n_chains < MIN_CHAINS) return PBL_OK;
  const pbl_status status = half_sigma2(&half, &half_error, x, n_chains, n_draws, err);
  if (status != PBL_OK) return status;
  out->doubling_change = s->sigma2 - half;
  out->doubling_error = hypot(s->sigma2_error, half_error);
  return PBL_OK;
}

/* Half the draws are part of all of them, so that the change has an error of about 1/sqrt(3) of the
 * two errors combined: the limit of 2, and what a level of .01 shared by n observables asks for. */
static double doubling_bound(double n, double freedom) {
  return fmax(2.0, pbl_student_t_quantile(1.0 - 0.005 / n, freedom) / sqrt(3.0));
}

/* Per-chain-mean autocovariance: clause (c) and the one-switch flag. */
static pbl_status fill_own_mean(pbl_resolve_report *out, pbl_lags *lags, const double *x,
                                size_t n_observables, pbl_error *err) {
  const size_t n = out->base.n_draws, n_chains = out->base.n_chains;
  double s_n, variance = 0.0;
  bool done;
  pbl_geyer_sums sums;
  pbl_status status = pbl_geyer_own(&sums, &variance, &done, lags, err);
  if (status == PBL_OK && !done) {
    pbl_lags_free(lags); /* one set of products at a time */
    status = pbl_geyer_of(&sums, &variance, x, n_chains, n, n - 1, PBL_CENTRE_CHAIN, err);
  }
  if (status == PBL_OK) status = pbl_chain_means(&s_n, x, n_chains, n, err);
  if (status != PBL_OK || n < 2 || !(variance > 0.0)) return status;
  out->one_switch_ratio = 0.5 * sums.positive / variance / (double)n;
  out->one_switch = out->one_switch_ratio >= 0.15 && out->one_switch_ratio <= 0.18;
  /* an antithetic sum may be exactly 0; ESS is capped at N log10 N and so is this */
  const double floor2 = variance / log10((double)(n * n_chains) + 1.0);
  out->spread_ratio = s_n / fmax(sums.monotone, floor2);
  if (n_chains > 1) {
    const double freedom = (double)(n_chains - 1);
    out->spread_bound = pbl_chi2_quantile(1.0 - 0.01 / (double)n_observables, freedom) / freedom;
    out->doubling_bound = doubling_bound((double)n_observables, freedom);
  }
  return PBL_OK;
}

static bool any_constant_chain(bool *all, const double *x, size_t n_chains, size_t n_draws) {
  size_t constant = 0;
  for (size_t c = 0; c < n_chains; ++c) constant += pbl_is_constant(x + c * n_draws, n_draws);
  *all = constant == n_chains;
  return constant > 0;
}

typedef struct {
  pbl_resolve_report *out;
  resolve_state *state;
  const double *const *x;
  size_t n_observables, n_tests, n_chains, n_draws;
  const pbl_resolve_options *options;
  pbl_status *status;
  pbl_error *err; /* one per observable */
} resolve_job;

static void set(pbl_resolve_report *out, pbl_resolution resolution, const char *gate) {
  out->resolution = resolution;
  out->gate = gate;
}

/* lags: zero on entry; products about the pooled mean serve all that looks at them. */
static pbl_status look(pbl_resolve_report *out, resolve_state *s, pbl_lags *lags,
                       const resolve_job *job, const double *x, pbl_error *err) {
  const size_t n = job->n_draws, n_chains = job->n_chains;
  pbl_status status = pbl_tau_sharing(&out->base, lags, x, n_chains, n, job->n_tests, err);
  if (status == PBL_OK) status = fill_own_mean(out, lags, x, job->n_tests, err);
  if (status == PBL_OK && job->options->n_superchains > 0) {
    status = pbl_nested_rhat(&out->nested_rhat, x, n_chains, n, job->options->n_superchains, err);
  }
  if (status != PBL_OK) return status;
  bool all = false;
  const bool some = any_constant_chain(&all, x, n_chains, n);
  if (n < MIN_DRAWS) {
    set(out, PBL_SHORT, "fewer than 16 draws per chain");
  } else if (all) {
    set(out, PBL_FROZEN, "every chain is constant");
  } else if (some) {
    set(out, PBL_PARTIAL, "some chains are constant");
  } else if (n_chains < MIN_CHAINS) {
    set(out, PBL_SHORT, "fewer than 4 chains");
  }
  if (n < MIN_DRAWS || all) return PBL_OK;
  return look_at_lags(out, s, lags, x, n_chains, n, err);
}

static void look_job(void *context, size_t k) {
  const resolve_job *job = context;
  pbl_lags lags = {0};
  job->status[k] = look(&job->out[k], &job->state[k], &lags, job, job->x[k], &job->err[k]);
  pbl_lags_free(&lags);
}

static void fail_clause(pbl_resolve_report *out, char clause, const char *gate) {
  set(out, PBL_UNRESOLVED, gate);
  out->clause = clause;
}

/* Slowest time of a set, and of the set without each chain (NULL: known from elsewhere). */
typedef struct {
  double tau_exp;
  const double *without;
} slowest_time;

/* Value and interval: the window is held fixed, tau_exp is not. */
static void fill_value(pbl_resolve_report *out, const resolve_state *s,
                       const slowest_time *slowest) {
  const size_t n_chains = out->base.n_chains;
  const double n_total = (double)(n_chains * out->base.n_draws);
  double reach = NAN;
  if (s->without != NULL) {
    const double n_less = (double)((n_chains - 1) * out->base.n_draws);
    jackknife spread = {0};
    for (size_t c = 0; c < n_chains; ++c) {
      const double *gamma = s->without + c * (s->window + 2);
      const double tau_exp = slowest->without != NULL ? slowest->without[c] : slowest->tau_exp;
      const double tau =
          s->attached ? pbl_attach_tail(gamma, s->window, tau_exp) : s->ics_without[c];
      jackknife_add(&spread, log(pbl_bounded_tau(tau, n_less)));
    }
    reach = jackknife_error(&spread) * pbl_student_t_quantile(0.975, (double)(n_chains - 1));
  }
  const double measured =
      s->attached ? pbl_attach_tail(s->gamma, s->window, slowest->tau_exp) : s->tau_measured;
  pbl_fill_interval(&out->tau, &out->ess, measured, reach, n_total);
  out->mcse = sqrt(2.0 * out->tau.value * s->gamma[0] / n_total);
}

/* Second pass, once the slowest time of all observables is known. */
static void judge(pbl_resolve_report *out, const resolve_state *s, const slowest_time *slowest) {
  const double n = (double)out->base.n_draws, tau_exp = slowest->tau_exp;
  out->tau_exp_max = tau_exp;
  if (s->gamma == NULL) return;
  /* no window can follow an alternating sequence; the initial convex one does */
  out->tau_tail = s->tau_ics;
  if (!s->antithetic) {
    out->tau_tail = pbl_attach_tail(s->gamma, s->window, 0.0) +
                    tau_exp * fabs(s->gamma[s->window + 1] / s->gamma[0]);
  }
  fill_value(out, s, slowest);
  out->agreement = log(s->tau_ics / out->tau_tail);
  if (out->resolution == PBL_PARTIAL || out->base.n_chains < MIN_CHAINS) return;
  if (!(n >= DRAWS_PER_FULL_TAU * 2.0 * out->tau_tail)) {
    fail_clause(out, 'a', "fewer than 50 tau (full, tail attached) draws per chain");
  } else if (!(n >= DRAWS_PER_TAU_EXP * tau_exp)) {
    fail_clause(out, 'b', "fewer than 20 times the slowest observable's tau_exp");
  } else if (!(out->spread_ratio <= out->spread_bound)) {
    fail_clause(out, 'c', "chain means spread more than tau explains");
  } else if (!(out->base.split_rhat < RHAT_LIMIT) && !(out->nested_rhat < RHAT_LIMIT)) {
    fail_clause(out, 'd', "neither split nor nested R-hat is below 1.01");
  } else if (!(fabs(out->doubling_change) <=
               fmax(out->doubling_bound * out->doubling_error, SMALL_CHANGE * s->sigma2))) {
    fail_clause(out, 'e', "sigma2 changed when the chains doubled");
  } else if (!(fabs(out->agreement) < log(1.25))) {
    fail_clause(out, 'f', "convex and tail-attached tau differ by more than 25 %");
  } else {
    set(out, PBL_RESOLVED, "all gates passed");
  }
}

static pbl_status check_options(const pbl_resolve_options *o, size_t n_chains, pbl_error *err) {
  if (!(o->tau_exp >= 0.0) || !isfinite(o->tau_exp)) {
    return pbl_fail(err, PBL_INVALID, "tau_exp %g: give a time in draws, or 0", o->tau_exp);
  }
  if (o->n_superchains == 1 || (o->n_superchains > 1 && n_chains % o->n_superchains != 0)) {
    return pbl_fail(err, PBL_INVALID,
                    "%zu superchains of %zu chains: give at least 2, and a divisor",
                    o->n_superchains, n_chains);
  }
  return PBL_OK;
}

pbl_status pbl_resolve(pbl_resolve_report *out, const double *const *x, size_t n_observables,
                       size_t n_chains, size_t n_draws, const pbl_resolve_options *options,
                       pbl_error *err) {
  const pbl_resolve_options o = options != NULL ? *options : pbl_resolve_default();
  if (out == NULL || x == NULL || n_observables == 0) {
    return pbl_fail(err, PBL_INVALID, "pbl_resolve: give at least one observable");
  }
  pbl_status status = check_options(&o, n_chains, err);
  if (status != PBL_OK) return status;
  for (size_t k = 0; k < n_observables; ++k) {
    status = pbl_series_check(x[k], n_chains, n_draws, err);
    if (status != PBL_OK) return pbl_wrap(err, status, "observable %zu", k);
    out[k] = (pbl_resolve_report){.resolution = PBL_SHORT,
                                  .gate = "not judged",
                                  .tau = {NAN, NAN, NAN},
                                  .ess = {NAN, NAN, NAN},
                                  .mcse = NAN,
                                  .tau_tail = NAN,
                                  .tau_exp = NAN,
                                  .tau_exp_max = NAN,
                                  .spread_ratio = NAN,
                                  .spread_bound = NAN,
                                  .nested_rhat = NAN,
                                  .doubling_change = NAN,
                                  .doubling_error = NAN,
                                  .doubling_bound = NAN,
                                  .agreement = NAN,
                                  .one_switch_ratio = NAN};
  }
  resolve_job job = {.out = out,
                     .state = calloc(n_observables, sizeof *job.state),
                     .x = x,
                     .n_observables = n_observables,
                     .n_tests = o.n_tests > 0 ? o.n_tests : n_observables,
                     .n_chains = n_chains,
                     .n_draws = n_draws,
                     .options = &o,
                     .status = calloc(n_observables, sizeof *job.status),
                     .err = calloc(n_observables, sizeof *job.err)};
  if (job.state == NULL || job.status == NULL || job.err == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "%zu observables: out of memory", n_observables);
    goto done;
  }
  pbl_parallel_for(n_observables, pbl_parallel_threads(o.threads), look_job, &job);
  slowest_time slowest = {o.tau_exp, NULL};
  for (size_t k = 0; k < n_observables; ++k) {
    if (job.status[k] != PBL_OK) {
      status = pbl_fail(err, job.status[k], "observable %zu: %s", k, job.err[k].message);
      goto done;
    }
    /* NaN of unusable ones is passed over */
    if (out[k].tau_exp > slowest.tau_exp) {
      slowest = (slowest_time){out[k].tau_exp, job.state[k].exp_without};
    }
  }
  for (size_t k = 0; k < n_observables; ++k) judge(&out[k], &job.state[k], &slowest);
done:
  if (job.state != NULL) {
    for (size_t k = 0; k < n_observables; ++k) state_free(&job.state[k]);
  }
  free(job.state);
  free(job.status);
  free(job.err);
  return status;
}
