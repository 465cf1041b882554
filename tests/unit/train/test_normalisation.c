/* Both directions of AIS and the bridge against the exact log Z of a 16 x 64 RBM (+-1 units, no
 * fields, W ~ N(0, s^2)): 2^16 visible states, hidden p-bits in closed form. Exact samples come
 * from the same enumeration. */
/* clang-format off */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>
/* clang-format on */

#include "pbl_ais.h"
#include "pbl_ais_path.h"
#include "pbl_rng.h"

#define V 16
#define H 64
#define STATES 65536u

typedef struct {
  pbl_rbm *m;
  double *cumulative; /* P(state <= x) */
  double log_z;
} problem;

static double log_two_cosh(double x) {
  return fabs(x) + log1p(exp(-2.0 * fabs(x)));
}

/* Energies are even in the state; the field is kept by flipping one p-bit at a time (Gray code). */
static problem create(double scale, uint64_t seed) {
  problem p = {.cumulative = malloc(STATES * sizeof(double))};
  double field[H] = {0}, top = -INFINITY, sum = 0.0;
  unsigned state = 0;
  assert_int_equal(pbl_rbm_random(&p.m, V, H, scale, 0.0, seed, NULL), PBL_OK);
  for (int i = 0; i < V; i++)
    for (int j = 0; j < H; j++) field[j] -= (double)p.m->w[i * H + j];
  for (unsigned k = 0; k < STATES; k++) {
    if (k > 0) {
      const int i = __builtin_ctz(k);
      state ^= 1u << i;
      const double sign = (state >> i) & 1u ? 2.0 : -2.0;
      for (int j = 0; j < H; j++) field[j] += sign * (double)p.m->w[i * H + j];
    }
    double log_p = 0.0;
    for (int j = 0; j < H; j++) log_p += log_two_cosh(field[j]);
    p.cumulative[state] = log_p;
    top = fmax(top, log_p);
  }
  for (unsigned x = 0; x < STATES; x++) {
    sum += exp(p.cumulative[x] - top);
    p.cumulative[x] = sum;
  }
  for (unsigned x = 0; x < STATES; x++) p.cumulative[x] /= sum;
  p.log_z = top + log(sum);
  return p;
}

static void destroy(problem *p) {
  pbl_rbm_destroy(p->m);
  free(p->cumulative);
}

static signed char *exact_samples_of(const problem *p, size_t n, uint64_t seed) {
  signed char *v = malloc(n * V);
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, seed);
  for (size_t c = 0; c < n; c++) {
    const double u = pbl_xoshiro_double(&g);
    unsigned low = 0, high = STATES - 1;
    while (low < high) {
      const unsigned mid = (low + high) / 2;
      if (p->cumulative[mid] > u) {
        high = mid;
      } else {
        low = mid + 1;
      }
    }
    for (int i = 0; i < V; i++) v[c * V + (size_t)i] = (low >> i) & 1u ? 1 : -1;
  }
  return v;
}

static pbl_normalisation normalise(const problem *p, int chains, int temperatures) {
  pbl_normalisation n;
  pbl_normalisation_options opt = pbl_normalisation_default();
  opt.n_chains = chains;
  opt.n_temperatures = temperatures;
  opt.threads = 1;
  signed char *v = exact_samples_of(p, (size_t)chains, 77);
  assert_int_equal(pbl_normalise(&n, p->m, NULL, v, (size_t)chains, true, &opt, NULL, NULL),
                   PBL_OK);
  free(v);
  return n;
}

static void report(const pbl_normalisation *n, double exact) {
  print_message(
      "forward %+.4f (var %.2f, ESS %.2f), reverse %+.4f (var %.2f, ESS %.2f), both %+.4f "
      "[%+.4f, %+.4f], bridge %+.4f [%+.4f, %+.4f] overlap %.2f: %s\n",
      n->forward.log_z - exact, n->forward.log_weight_variance, n->forward.ess_fraction,
      n->reverse.log_z - exact, n->reverse.log_weight_variance, n->reverse.ess_fraction,
      n->log_z - exact, n->log_z_low - exact, n->log_z_high - exact, n->bridge_log_z - exact,
      n->bridge_low - exact, n->bridge_high - exact, n->bridge_overlap, n->gate);
}

/* |error| < .02 with the standard error of both directions together at most .007: 3 sigmas. */
static void check_log_z(double scale, int chains, int temperatures) {
  problem p = create(scale, 21);
  const pbl_normalisation n = normalise(&p, chains, temperatures);
  report(&n, p.log_z);
  assert_true(n.passed);
  assert_true(n.log_z_high - n.log_z_low < 2 * 1.96 * 0.007);
  assert_true(fabs(n.log_z - p.log_z) < 0.02);
  /* the independent bridge: 4.5 of its own standard errors */
  assert_true(fabs(n.bridge_log_z - p.log_z) < 4.5 * (n.bridge_high - n.bridge_low) / 3.92);
  destroy(&p);
}

static void weak_couplings_give_the_exact_log_z(void **state) {
  (void)state;
  check_log_z(0.2, 2000, 200);
}

static void strong_couplings_give_the_exact_log_z(void **state) {
  (void)state;
  check_log_z(0.4, 6000, 500);
}

/* Few temperatures and few paths: on average forward lies below and reverse above, by Jensen.
 * Published for 20 joint-weight temperatures: variances of log w near 10, biases of tenths of a
 * nat. Means of 60 runs of 16 paths, 4 standard errors. */
static void the_directions_enclose_log_z_and_the_gap_shows_it(void **state) {
  (void)state;
  enum { RUNS = 60, PATHS = 16 };
  problem p = create(0.4, 21);
  double mean[2] = {0}, square[2] = {0};
  signed char *v = exact_samples_of(&p, RUNS * PATHS, 3);
  int failed = 0;
  for (int run = 0; run < RUNS; run++) {
    pbl_normalisation n;
    pbl_normalisation_options opt = pbl_normalisation_default();
    opt.n_chains = PATHS;
    opt.n_temperatures = 20;
    opt.bridge_temperatures = 0;
    opt.seed = (uint64_t)run;
    assert_int_equal(
        pbl_normalise(&n, p.m, NULL, v + run * PATHS * V, PATHS, true, &opt, NULL, NULL), PBL_OK);
    const double error[2] = {p.log_z - n.forward.log_z, n.reverse.log_z - p.log_z};
    for (int k = 0; k < 2; k++) {
      mean[k] += error[k] / RUNS;
      square[k] += error[k] * error[k] / RUNS;
    }
    failed += !n.passed;
  }
  for (int k = 0; k < 2; k++)
    assert_true(mean[k] > 4.0 * sqrt((square[k] - mean[k] * mean[k]) / (RUNS - 1)));
  assert_int_equal(failed, RUNS);
  free(v);
  destroy(&p);
}

/* With few temperatures the means of w (forward) and 1/w (reverse) are still exact, whatever the
 * spread: a kernel or weight at the wrong temperature would show. 4.5 standard errors. */
static void four_temperatures_are_unbiased_in_both_directions(void **state) {
  (void)state;
  enum { PATHS = 20000 };
  problem p = create(0.1, 21);
  pbl_ais_report forward, reverse;
  signed char *v = exact_samples_of(&p, PATHS, 9);
  assert_int_equal(pbl_ais(&forward, p.m, NULL, PATHS, 4, 1, 1, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_ais_reverse(&reverse, p.m, NULL, v, PATHS, 4, 2, 1, NULL, NULL), PBL_OK);
  const double error[2] = {(forward.log_z_high - forward.log_z_low) / 3.92,
                           (reverse.log_z_high - reverse.log_z_low) / 3.92};
  assert_true(error[0] < 0.02 && error[1] < 0.02);
  assert_true(fabs(forward.log_z - p.log_z) < 4.5 * error[0]);
  assert_true(fabs(reverse.log_z - p.log_z) < 4.5 * error[1]);
  free(v);
  destroy(&p);
}

/* Weights of the wrong sign put the forward estimate as far below ln Z_0 as it should be above. */
static void a_wrong_sign_of_the_weights_is_seen_by_the_gap(void **state) {
  (void)state;
  problem p = create(0.2, 21);
  pbl_normalisation n = normalise(&p, 400, 200);
  assert_true(n.passed);
  n.forward.log_z = 2.0 * (V + H) * log(2.0) - n.forward.log_z;
  pbl_normalisation_gate(&n, 0.1);
  assert_false(n.passed);
  assert_string_equal(n.gate, "gap between the directions");
  destroy(&p);
}

/* Every gate alone, on a report that passes all. */
static void each_gate_is_named_when_it_fails(void **state) {
  (void)state;
  const pbl_ais_report sound = {.log_z = 5.0, .ess_fraction = 0.9, .log_weight_variance = 0.1};
  const pbl_normalisation good = {
      .forward = sound, .reverse = sound, .log_z = 5.0, .bridge_log_z = 5.0, .bridge_overlap = 0.4};
  pbl_normalisation bad[8] = {good, good, good, good, good, good, good, good};
  bad[0].forward.ess_fraction = 0.19;
  bad[1].forward.log_weight_variance = 2.1;
  bad[2].reverse.ess_fraction = 0.19;
  bad[3].reverse.log_weight_variance = NAN;
  bad[4].reverse.log_z = 5.2;
  bad[5].reverse.log_z = 4.8;
  bad[6].bridge_overlap = 0.02;
  bad[7].bridge_log_z = 5.2;
  const char *const names[8] = {
      "forward ESS", "forward variance", "reverse ESS",   "reverse var", "gap",
      "gap",         "bridge overlap",   "bridge against"};
  pbl_normalisation n = good;
  pbl_normalisation_gate(&n, 0.1);
  assert_true(n.passed);
  for (int k = 0; k < 8; k++) {
    pbl_normalisation_gate(&bad[k], 0.1);
    assert_false(bad[k].passed);
    assert_non_null(strstr(bad[k].gate, names[k]));
  }
  n.bridge_log_z = n.bridge_overlap = NAN; /* no bridge was asked for */
  pbl_normalisation_gate(&n, 0.1);
  assert_true(n.passed);
}

/* Two Gaussians: ln p1/p0 of the densities N(0,1) and N(d,1), the latter scaled by e^c, is
 * c + d x - d^2/2: Gaussian work of variance d^2, for which the ratio is exactly c. */
static void bennetts_ratio_of_two_gaussians_is_the_known_constant(void **state) {
  (void)state;
  enum { N = 40000 };
  double *f = malloc(N * sizeof *f), *r = malloc(N * sizeof *r), c, overlap;
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 8);
  for (size_t k = 0; k < N; k++) {
    f[k] = 3.25 + 1.5 * pbl_xoshiro_normal(&g) - 1.125;
    r[k] = 3.25 + 1.5 * (1.5 + pbl_xoshiro_normal(&g)) - 1.125;
  }
  /* standard error about .009 (n_f = 40000, n_r = 10000); unequal counts shift the criterion */
  assert_int_equal(pbl_bar(&c, &overlap, f, N, r, N / 4, NULL), PBL_OK);
  assert_true(fabs(c - 3.25) < 0.045);
  assert_int_equal(pbl_bar(&c, &overlap, f, N, r, N, NULL), PBL_OK);
  assert_true(fabs(c - 3.25) < 0.035);
  assert_true(overlap > 0.1 && overlap < 0.5);
  /* values without spread: the ratio is the value, the overlap 1/2 */
  for (size_t k = 0; k < N; k++) f[k] = r[k] = -700.0;
  assert_int_equal(pbl_bar(&c, &overlap, f, 10, r, 10, NULL), PBL_OK);
  assert_true(fabs(c + 700.0) < 1e-9 && fabs(overlap - 0.5) < 1e-12);
  f[3] = NAN;
  assert_int_equal(pbl_bar(&c, &overlap, f, 10, r, 10, NULL), PBL_NUMERIC);
  free(f);
  free(r);
}

static void threads_do_not_change_a_bit(void **state) {
  (void)state;
  problem p = create(0.2, 5);
  signed char *v = exact_samples_of(&p, 50, 1);
  pbl_normalisation_options opt = pbl_normalisation_default();
  pbl_normalisation a, b;
  opt.n_chains = 50;
  opt.n_temperatures = 20;
  opt.bridge_draws = 5;
  opt.threads = 1;
  assert_int_equal(pbl_normalise(&a, p.m, NULL, v, 50, true, &opt, NULL, NULL), PBL_OK);
  opt.threads = 3;
  assert_int_equal(pbl_normalise(&b, p.m, NULL, v, 50, true, &opt, NULL, NULL), PBL_OK);
  assert_true(a.log_z == b.log_z && a.bridge_log_z == b.bridge_log_z && a.gap == b.gap);
  free(v);
  destroy(&p);
}

static void bad_input_is_refused(void **state) {
  (void)state;
  problem p = create(0.2, 5);
  signed char v[2 * V];
  pbl_ais_report r;
  memset(v, 1, sizeof v);
  assert_int_equal(pbl_ais_reverse(&r, p.m, NULL, v, 2, 5, 1, 1, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_ais_reverse(&r, p.m, NULL, NULL, 2, 5, 1, 1, NULL, NULL), PBL_INVALID);
  assert_int_equal(pbl_ais_reverse(&r, p.m, NULL, v, 1, 5, 1, 1, NULL, NULL), PBL_INVALID);
  assert_int_equal(pbl_ais_reverse(&r, p.m, NULL, v, 2, 1, 1, 1, NULL, NULL), PBL_INVALID);
  v[V + 3] = 0;
  assert_int_equal(pbl_ais_reverse(&r, p.m, NULL, v, 2, 5, 1, 1, NULL, NULL), PBL_INVALID);
  destroy(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weak_couplings_give_the_exact_log_z),
      cmocka_unit_test(the_directions_enclose_log_z_and_the_gap_shows_it),
      cmocka_unit_test(four_temperatures_are_unbiased_in_both_directions),
      cmocka_unit_test(a_wrong_sign_of_the_weights_is_seen_by_the_gap),
      cmocka_unit_test(each_gate_is_named_when_it_fails),
      cmocka_unit_test(bennetts_ratio_of_two_gaussians_is_the_known_constant),
      cmocka_unit_test(threads_do_not_change_a_bit),
      cmocka_unit_test(bad_input_is_refused),
      cmocka_unit_test(strong_couplings_give_the_exact_log_z),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
