/* Accuracy of the estimators of host/stats on chains of exactly known law. tau is full here
 * (white noise 1), as in the published table. One thread. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"
#include "pbl_progress.h"

/* ---- chains ---- */

enum { EIGHT_STATES = 256, EIGHT_SPINS = 8, EIGHT_OBSERVABLES = 4 };

/* The published eight-spin machine; a given b, then b given a. Observables: energy, a0, b0, sum. */
typedef struct {
  double up[EIGHT_SPINS][EIGHT_STATES]; /* P(spin up | state) */
  double cumulative[EIGHT_STATES];      /* exact law */
  double value[EIGHT_OBSERVABLES][EIGHT_STATES];
} eight_spins;

void eight_spins_create(eight_spins *m, double beta);
/* x[k]: n_chains x n draws of observable k; starts from the exact law. */
void eight_spins_sample(double *const *x, const eight_spins *m, size_t n_chains, size_t n,
                        uint64_t seed);
/* x: n_chains x n, two values, p = 1/2, autocorrelation l^k. */
void two_state_sample(double *x, double l, size_t n_chains, size_t n, uint64_t seed);

/* ---- sums over repetitions ---- */

/* Undefined (NaN) values are counted apart. */
typedef struct {
  size_t n, n_undefined;
  double sum, squares;
} bench_mean;
void bench_mean_add(bench_mean *m, double x);
double bench_mean_value(const bench_mean *m); /* NaN without values */
double bench_mean_sd(const bench_mean *m);    /* of one value; NaN below two */

typedef struct {
  bool json, quick;
  size_t repetitions; /* 0: the default of each part */
  uint64_t seed;
  const char *commit;
  pbl_progress *progress;
} bench_options;
/* Repetitions of a part whose full and quick numbers are these. */
size_t bench_repetitions(const bench_options *opt, size_t full, size_t quick);
/* Seed of one run: no two rows of any part share one. part and row below 256. */
enum { PART_ACCURACY, PART_GATE, PART_QOP };
uint64_t bench_seed(const bench_options *opt, size_t part, size_t row, size_t repetition);

/* ---- tau ---- */

/* X(key, heading, what is divided by its exact value) */
#define BENCH_ESTIMATORS(X)                    \
  X(ours, "ours", "tau")                       \
  X(pooled_ims, "pooled IMS", "sigma2")        \
  X(pooled_ics, "pooled ICS", "tau")           \
  X(wolff, "Wolff 1.5", "tau")                 \
  X(emcee, "emcee c=5", "tau")                 \
  X(stan, "Stan, split", "tau")                \
  X(stan_unsplit, "Stan, unsplit", "tau")      \
  X(chain_ims, "pc-mean IMS", "sigma2")        \
  X(chain_lag1_pairs, "pc lag-1 pairs", "tau") \
  X(lag1, "lag-1 rule", "tau")                 \
  X(batch_sqrt, "batch sqrt n", "sigma2")      \
  X(batch_lugsail, "batch lugsail", "sigma2")  \
  X(chain_means, "S_n", "sigma2")
enum {
#define BENCH_X(key, heading, quantity) BENCH_##key,
  BENCH_ESTIMATORS(BENCH_X)
#undef BENCH_X
      BENCH_N_ESTIMATORS
};
typedef struct {
  const char *key, *heading, *quantity;
} bench_estimator;
extern const bench_estimator bench_estimators[BENCH_N_ESTIMATORS];

enum { COVER_OURS, COVER_ICS, COVER_WOLFF, COVER_EMCEE, N_COVER };
extern const char *const bench_intervals[N_COVER];

enum { ACCURACY_ROWS = 8 };
typedef struct {
  const char *name;
  size_t n_chains, n;
  double l;           /* two-state; 0: eight spins at beta .7, energy */
  double tau, sigma2; /* exact, tau full */
  size_t full, quick; /* repetitions */
  size_t repetitions; /* measured */
  bench_mean ratio[BENCH_N_ESTIMATORS];
  bench_mean covered[N_COVER];
  size_t resolved; /* all observables: energy and, for eight spins, two spins and their sum */
} accuracy_row;
pbl_status bench_accuracy(accuracy_row rows[ACCURACY_ROWS], const bench_options *opt,
                          pbl_error *err);

/* ---- the gate on a frozen chain ---- */

/* Rules that would have called the run converged; all but the first two look at the energy only. */
enum {
  RULE_ENERGY,      /* pbl_resolve of the energy alone */
  RULE_OBSERVABLES, /* pbl_resolve of all four */
  RULE_EMCEE,       /* n >= 50 tau, as the next two */
  RULE_WOLFF,
  RULE_POOLED_IMS,
  RULE_RHAT,   /* split R-hat < 1.01 */
  RULE_SPREAD, /* clause c */
  N_RULES
};
extern const char *const bench_rules[N_RULES];
extern const char *const bench_rule_keys[N_RULES];
enum { GATE_ROWS = 4 };
extern const double bench_frozen_tau;
typedef struct {
  size_t n_chains, n, repetitions;
  size_t passed[N_RULES];
} gate_row;
pbl_status bench_gate(gate_row rows[GATE_ROWS], const bench_options *opt, pbl_error *err);

/* ---- Q_op ---- */

enum { QOP_ROWS = 6, QOP_COMPONENTS = 24 };
typedef struct {
  double q; /* exact */
  size_t n_chains, repetitions;
  bench_mean value;  /* pbl_qop, bias removed by jackknife */
  bench_mean ratio;  /* U/D as it stands */
  bench_mean plugin; /* |m|^2/tr S */
  bench_mean covered;
  size_t bound_only; /* U <= 0: an upper limit instead of an interval */
} qop_row;
pbl_status bench_qop(qop_row rows[QOP_ROWS], const bench_options *opt, pbl_error *err);

/* ---- results ---- */

typedef struct {
  const bench_options *opt;
  accuracy_row accuracy[ACCURACY_ROWS];
  gate_row gate[GATE_ROWS];
  qop_row qop[QOP_ROWS];
  double seconds;
} bench_results;
void bench_print_table(const bench_results *r);
pbl_status bench_print_json(const bench_results *r, pbl_error *err);

#endif
