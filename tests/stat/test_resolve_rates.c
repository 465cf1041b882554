/* Error rates of the RESOLVED rule and accuracy of tau where windows fail, on the published
 * eight-spin bipartite machine (256 states, updates A given B, then B given A). Starts are drawn
 * from the exact law, the hardest case for a rule: nothing is left to relax. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdlib.h>

#include "pbl_estimators.h"
#include "pbl_rng.h"
#include "stats_samples.h"

#define SPINS 8
#define STATES 256

/* a0..a3 by b0..b3, then the fields of both blocks; W[a3][b1] is negative, a sign that one printing
 * of the table lost */
static const double W[4][4] = {
    {2.0409191213851825, -2.5556650313141818, 0.41809884672577885, -0.56776960612792982},
    {-0.45264929211044586, -0.2155971630897659, -2.019986129147251, -0.23193237764418947},
    {-0.86521307627494171, 3.3229995166448827, 0.22578661322792176, -0.35263079434159539},
    {-0.28128741815135039, -0.66804634610895008, -1.0551505512051214, -0.39080097723465473}};
static const double FIELD[SPINS] = {
    0.14458361655203575,   -0.071566081972010004, 0.28732761088792919, -0.059940638719973995,
    0.0072778695229993862, 0.46374625536384356,   0.16353165680629336, -0.1515686206842054};

static double spin(unsigned s, size_t i) {
  return s >> i & 1u ? 1.0 : -1.0;
}

static double field(unsigned s, size_t i) {
  double sum = FIELD[i];
  for (size_t k = 0; k < 4; ++k) sum += i < 4 ? W[i][k] * spin(s, 4 + k) : W[k][i - 4] * spin(s, k);
  return sum;
}

static double energy(unsigned s) {
  double sum = 0.0;
  for (size_t i = 0; i < 4; ++i) sum -= (field(s, i)) * spin(s, i) + FIELD[4 + i] * spin(s, 4 + i);
  return sum;
}

typedef struct {
  double up[SPINS][STATES]; /* P(spin up | state) */
  double cumulative[STATES];
  double energy[STATES];
} machine;

static void machine_create(machine *m, double beta) {
  double total = 0.0;
  for (unsigned s = 0; s < STATES; ++s) {
    m->energy[s] = energy(s);
    m->cumulative[s] = total += exp(-beta * m->energy[s]);
    for (size_t i = 0; i < SPINS; ++i) m->up[i][s] = 1.0 / (1.0 + exp(-2.0 * beta * field(s, i)));
  }
  for (unsigned s = 0; s < STATES; ++s) m->cumulative[s] /= total;
}

static double uniform(uint64_t *state) {
  return (double)(pbl_splitmix64(state) >> 11) * 0x1p-53;
}

enum { ENERGY, A0, B0, MAG, OBSERVABLES };

/* x[k]: n_chains x n draws of observable k */
static void sample(double *const *x, const machine *m, size_t n_chains, size_t n, uint64_t seed) {
  for (size_t c = 0; c < n_chains; ++c) {
    uint64_t state = seed * 1000003u + c * 0x9E3779B97F4A7C15u;
    state = pbl_splitmix64(&state);
    const double u = uniform(&state);
    unsigned s = 0;
    while (s < STATES - 1 && m->cumulative[s] < u) ++s;
    for (size_t t = 0; t < n; ++t) {
      for (size_t i = 0; i < SPINS; ++i) {
        s = uniform(&state) < m->up[i][s] ? s | 1u << i : s & ~(1u << i);
      }
      double mag = 0.0;
      for (size_t i = 0; i < SPINS; ++i) mag += spin(s, i);
      x[ENERGY][c * n + t] = m->energy[s];
      x[A0][c * n + t] = spin(s, 0);
      x[B0][c * n + t] = spin(s, 4);
      x[MAG][c * n + t] = mag;
    }
  }
}

typedef struct {
  double resolved, tau, convex, tail, emcee, wolff, covered;
  size_t clauses[128];
} rates;

/* Rates over `reps` runs, the set RESOLVED only when all of the first `n_observables` are; tau of
 * the energy relative to `exact` (full). */
static rates repeat(const machine *m, size_t n_chains, size_t n, size_t n_observables, size_t reps,
                    double exact) {
  rates out = {0};
  double *x[OBSERVABLES];
  for (size_t k = 0; k < OBSERVABLES; ++k) x[k] = malloc(n_chains * n * sizeof *x[k]);
  for (size_t i = 0; i < reps; ++i) {
    pbl_resolve_report r[OBSERVABLES];
    pbl_sokal_report sokal;
    pbl_wolff_report wolff;
    sample(x, m, n_chains, n, i + 1);
    assert_int_equal(
        pbl_resolve(r, (const double *const *)x, n_observables, n_chains, n, NULL, NULL), PBL_OK);
    assert_int_equal(pbl_sokal(&sokal, x[0], n_chains, n, 5.0, NULL), PBL_OK);
    assert_int_equal(pbl_wolff(&wolff, x[0], n_chains, n, NULL, NULL), PBL_OK);
    size_t resolved = 0;
    for (size_t k = 0; k < n_observables; ++k) {
      resolved += r[k].resolution == PBL_RESOLVED;
      ++out.clauses[(unsigned char)r[k].clause & 127];
    }
    const double reps_d = (double)reps, scale = 2.0 / exact / reps_d;
    out.resolved += (double)(resolved == n_observables) / reps_d;
    out.convex += r[0].base.tau.value * scale;
    out.tau += r[0].tau.value * scale;
    out.tail += r[0].tau_tail * scale;
    out.covered += (double)(2.0 * r[0].tau.low <= exact && exact <= 2.0 * r[0].tau.high) / reps_d;
    out.emcee += sokal.tau * scale;
    out.wolff += wolff.tau * scale;
  }
  print_message(
      "R %2zu, n %5zu, %zu observables: resolved %.3f; energy tau of exact: value %.3f, convex "
      "%.3f, "
      "tail %.3f, Sokal %.3f, Gamma %.3f; covered %.2f; clauses",
      n_chains, n, n_observables, out.resolved, out.tau, out.convex, out.tail, out.emcee, out.wolff,
      out.covered);
  for (int c = 'a'; c <= 'f'; ++c) print_message(" %c %zu", c, out.clauses[c]);
  print_message("\n");
  for (size_t k = 0; k < OBSERVABLES; ++k) free(x[k]);
  return out;
}

static void machine_has_the_published_law(void **state) {
  (void)state;
  machine m;
  machine_create(&m, 0.7);
  double mean = 0.0, below = 0.0;
  for (unsigned s = 0; s < STATES; ++s) {
    mean += (m.cumulative[s] - below) * m.energy[s];
    below = m.cumulative[s];
  }
  assert_true(fabs(mean - -11.5491405910) < 1e-9);
}

/* beta 1.2: tau of the energy is 1769, of the slowest spin 7517. Published for 16 chains: at most
 * 1 % with three of the clauses; the bound of 11 in 500 is 1 % + 2.7 sigma. */
static void frozen_chains_are_hardly_ever_resolved(void **state) {
  (void)state;
  machine m;
  machine_create(&m, 1.2);
  static const size_t n[] = {500, 1000, 2000};
  for (size_t i = 0; i < 3; ++i) {
    assert_true(repeat(&m, 16, n[i], 1, 500, 1769.00705931).resolved < 0.023);
    assert_true(repeat(&m, 16, n[i], OBSERVABLES, 100, 1769.00705931).resolved <= 0.01);
  }
}

/* beta .7: tau of the energy 13.742, but the slowest mode decays in 81 sweeps. */
static void a_window_too_short_is_not_resolved(void **state) {
  (void)state;
  machine m;
  machine_create(&m, 0.7);
  const rates few = repeat(&m, 4, 4000, OBSERVABLES, 100, 13.74249889);
  assert_true(few.emcee < 0.4 && few.wolff < 0.4); /* published .32 and .25 */
  assert_true(fabs(few.convex - 0.65) < 0.1);      /* published .65 */
  assert_true(few.resolved <= 0.02);
  const rates many = repeat(&m, 16, 4000, OBSERVABLES, 100, 13.74249889);
  assert_true(fabs(few.tau - 1.0) < 0.1 && fabs(many.tau - 1.0) < 0.1); /* published .97 */
  assert_true(many.resolved <= 0.02); /* 27 tau of the slowest spin */
}

/* 50000 sweeps are 333 tau of the slowest spin. */
static void long_runs_are_resolved_and_right(void **state) {
  (void)state;
  machine m;
  machine_create(&m, 0.7);
  const rates r = repeat(&m, 16, 50000, MAG, 30, 13.74249889);
  assert_true(r.resolved > 0.7);
  assert_true(fabs(r.tau - 1.0) < 0.05);
  machine_create(&m, 0.45);
  const rates fast = repeat(&m, 16, 10000, MAG, 100, 2.18165389);
  assert_true(fast.resolved > 0.7);
  assert_true(fabs(fast.tau - 1.0) < 0.05);
}

/* tau_exp comes from the chains themselves, so the jackknife has to leave one out there too. Exact
 * coverage .95 has s.d. .0069; tau = 49.5 in 16 x 1000 draws is hard. With tau_exp held fixed it
 * would be .87. */
static void interval_covers_with_a_measured_tau_exp(void **state) {
  (void)state;
  enum { CHAINS = 16, N = 1000, REPS = 1000 };
  double *x = malloc(CHAINS * N * sizeof *x), covered = 0.0, bias = 0.0;
  assert_non_null(x);
  for (uint64_t i = 0; i < REPS; ++i) {
    for (uint64_t c = 0; c < CHAINS; ++c) {
      sample_two_state(x + c * N, N, 0.98, 0.5, (i * CHAINS + c) * 2654435761u + N);
    }
    pbl_resolve_report r;
    const double *one = x;
    assert_int_equal(pbl_resolve(&r, &one, 1, CHAINS, N, NULL, NULL), PBL_OK);
    covered += (r.tau.low <= 49.5 && 49.5 <= r.tau.high) / (double)REPS;
    bias += (r.tau.value / 49.5 - 1.0) / REPS;
  }
  free(x);
  print_message("coverage %.3f, bias %+.3f\n", covered, bias);
  assert_true(covered > 0.905 && covered < 0.97);
  assert_true(fabs(bias) < 0.05);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(machine_has_the_published_law),
      cmocka_unit_test(interval_covers_with_a_measured_tau_exp),
      cmocka_unit_test(a_window_too_short_is_not_resolved),
      cmocka_unit_test(long_runs_are_resolved_and_right),
      cmocka_unit_test(frozen_chains_are_hardly_ever_resolved),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
