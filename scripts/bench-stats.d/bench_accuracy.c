/* Value over exact value of every estimator, and coverage of the intervals that some give. */
#include <math.h>
#include <stdlib.h>

#include "bench_stats.h"
#include "pbl_estimators.h"

const bench_estimator bench_estimators[BENCH_N_ESTIMATORS] = {
#define BENCH_X(key, heading, quantity) {#key, heading, quantity},
    BENCH_ESTIMATORS(BENCH_X)
#undef BENCH_X
};
const char *const bench_intervals[N_COVER] = {"ours", "pooled_ics", "wolff", "emcee"};

/* The rows of statistics.md 5.8. Two-state: tau (1+l)/(1-l), variance 1/4. Eight spins: published
 * tau and variance of the energy at beta .7. */
static const accuracy_row cases[ACCURACY_ROWS] = {
    {.name = "two-state", .n_chains = 1, .n = 10000, .l = 0.9, .full = 600, .quick = 10},
    {.name = "two-state", .n_chains = 16, .n = 1000, .l = 0.9, .full = 1000, .quick = 10},
    {.name = "two-state", .n_chains = 16, .n = 1000, .l = 0.98, .full = 1000, .quick = 10},
    {.name = "two-state", .n_chains = 64, .n = 250, .l = 0.98, .full = 600, .quick = 10},
    {.name = "two-state", .n_chains = 4, .n = 1000, .l = -0.5, .full = 1000, .quick = 10},
    {.name = "8 spins, energy", .n_chains = 4, .n = 4000, .full = 400, .quick = 10},
    {.name = "8 spins, energy", .n_chains = 16, .n = 500, .full = 400, .quick = 10},
    {.name = "8 spins, energy", .n_chains = 16, .n = 4000, .full = 400, .quick = 10},
};
static const double energy_tau = 13.74249889, energy_variance = 3.5328735494;

/* Sum of the autocorrelation pairs (1,2), (3,4), ... about each chain's mean up to the first pair
 * that is not positive: the pairing that the initial sequences do not take. Full tau. */
static double pairs_from_lag_1(const double *gamma, size_t max_lag) {
  double tau = 1.0;
  for (size_t k = 1; k + 1 <= max_lag; k += 2) {
    const double pair = (gamma[k] + gamma[k + 1]) / gamma[0];
    if (!(pair > 0.0)) break;
    tau += 2.0 * pair;
  }
  return tau;
}

static double covers(double low, double high, double exact) {
  if (isnan(low) || isnan(high)) return NAN;
  return low <= exact && exact <= high ? 1.0 : 0.0;
}

static pbl_status add_others(accuracy_row *row, const double *x, double *gamma, pbl_error *err) {
  const size_t r = row->n_chains, n = row->n, max_lag = n / 2;
  const double draws = (double)(r * n);
  pbl_estimates e;
  pbl_batch_report batch;
  pbl_status s = pbl_estimate_all(&e, x, r, n, err);
  if (s == PBL_OK) s = pbl_batch_means(&batch, x, r, n, (size_t)sqrt((double)n), err);
  if (s == PBL_OK) s = pbl_acf(gamma, max_lag, x, r, n, PBL_CENTRE_CHAIN, err);
  if (s != PBL_OK) return s;
  const double rho1 = gamma[1] / gamma[0], half = row->tau / 2.0;
  bench_mean *ratio = row->ratio;
  bench_mean_add(&ratio[BENCH_pooled_ims], e.geyer_pooled.monotone / row->sigma2);
  bench_mean_add(&ratio[BENCH_wolff], e.wolff_15.tau / half);
  bench_mean_add(&ratio[BENCH_emcee], e.sokal.tau / half);
  bench_mean_add(&ratio[BENCH_stan], draws / e.stan.ess_basic / row->tau);
  bench_mean_add(&ratio[BENCH_stan_unsplit], draws / e.stan.ess_basic_unsplit / row->tau);
  bench_mean_add(&ratio[BENCH_chain_ims], e.geyer_chain.monotone / row->sigma2);
  bench_mean_add(&ratio[BENCH_chain_lag1_pairs], pairs_from_lag_1(gamma, max_lag) / row->tau);
  bench_mean_add(&ratio[BENCH_lag1], (1.0 + rho1) / (1.0 - rho1) / row->tau);
  bench_mean_add(&ratio[BENCH_batch_sqrt], batch.plain / row->sigma2);
  bench_mean_add(&ratio[BENCH_batch_lugsail], e.batch.lugsail / row->sigma2);
  bench_mean_add(&ratio[BENCH_chain_means], e.s_n / row->sigma2);
  const double wolff = 1.959964 * e.wolff_15.tau_error;
  const double emcee = 1.959964 * fabs(e.sokal.tau) * e.sokal.relative_error;
  bench_mean_add(&row->covered[COVER_WOLFF],
                 covers(e.wolff_15.tau - wolff, e.wolff_15.tau + wolff, half));
  bench_mean_add(&row->covered[COVER_EMCEE],
                 covers(e.sokal.tau - emcee, e.sokal.tau + emcee, half));
  return PBL_OK;
}

static pbl_status add_ours(accuracy_row *row, const double *const *x, size_t n_observables,
                           pbl_error *err) {
  pbl_resolve_report r[EIGHT_OBSERVABLES];
  const pbl_status s = pbl_resolve(r, x, n_observables, row->n_chains, row->n, NULL, err);
  if (s != PBL_OK) return s;
  const double half = row->tau / 2.0;
  bench_mean_add(&row->ratio[BENCH_ours], r[0].tau.value / half);
  bench_mean_add(&row->ratio[BENCH_pooled_ics], r[0].base.tau.value / half);
  bench_mean_add(&row->covered[COVER_OURS], covers(r[0].tau.low, r[0].tau.high, half));
  bench_mean_add(&row->covered[COVER_ICS], covers(r[0].base.tau.low, r[0].base.tau.high, half));
  bool every = true;
  for (size_t k = 0; k < n_observables; ++k) every &= r[k].resolution == PBL_RESOLVED;
  row->resolved += every;
  return PBL_OK;
}

static pbl_status measure(accuracy_row *row, size_t index, const eight_spins *m,
                          const bench_options *opt, pbl_error *err) {
  double *x[EIGHT_OBSERVABLES] = {NULL};
  const size_t n_observables = row->l == 0.0 ? EIGHT_OBSERVABLES : 1;
  double *gamma = malloc((row->n / 2 + 1) * sizeof *gamma);
  pbl_status s = PBL_OK;
  for (size_t k = 0; k < n_observables; ++k) {
    x[k] = malloc(row->n_chains * row->n * sizeof *x[k]);
    if (x[k] == NULL || gamma == NULL) s = pbl_fail(err, PBL_NO_MEMORY, "chains: out of memory");
  }
  for (size_t i = 0; s == PBL_OK && i < row->repetitions; ++i) {
    const uint64_t seed = bench_seed(opt, PART_ACCURACY, index, i);
    if (row->l == 0.0) eight_spins_sample(x, m, row->n_chains, row->n, seed);
    if (row->l != 0.0) two_state_sample(x[0], row->l, row->n_chains, row->n, seed);
    s = add_ours(row, (const double *const *)x, n_observables, err);
    if (s == PBL_OK) s = add_others(row, x[0], gamma, err);
    pbl_progress_report(opt->progress, row->name, i + 1, row->repetitions);
  }
  for (size_t k = 0; k < n_observables; ++k) free(x[k]);
  free(gamma);
  return s;
}

pbl_status bench_accuracy(accuracy_row rows[ACCURACY_ROWS], const bench_options *opt,
                          pbl_error *err) {
  eight_spins m;
  eight_spins_create(&m, 0.7);
  pbl_status s = PBL_OK;
  for (size_t i = 0; s == PBL_OK && i < ACCURACY_ROWS; ++i) {
    accuracy_row *row = &rows[i];
    *row = cases[i];
    row->tau = row->l == 0.0 ? energy_tau : (1.0 + row->l) / (1.0 - row->l);
    row->sigma2 = row->tau * (row->l == 0.0 ? energy_variance : 0.25);
    row->repetitions = bench_repetitions(opt, row->full, row->quick);
    s = measure(row, i, &m, opt, err);
  }
  return s;
}
