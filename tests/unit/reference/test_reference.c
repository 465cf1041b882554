/* The reference sampler against enumeration and against a plain sampler in double precision. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "pbl_reference.h"
#include "pbl_rng.h"
#include "small_rbm.h"

#define CHAINS 64
#define DRAWS 16000
/* Two-sided normal quantile for 29 moments at a false alarm of 1e-6 in all: z = 5.4. */
#define BOUND 5.4

static pbl_reference *make(const pbl_rbm *m, size_t chains, uint64_t seed, int threads,
                           pbl_kernel kernel, double beta) {
  const pbl_reference_options o = {
      .n_chains = chains, .seed = seed, .threads = threads, .kernel = kernel, .beta = beta};
  pbl_reference *r = NULL;
  pbl_error err = {0};
  if (pbl_reference_create(&r, m, &o, &err) != PBL_OK) fail_msg("%s", err.message);
  return r;
}

static pbl_chains *sample(const pbl_rbm *m, uint64_t seed, int threads, pbl_kernel kernel,
                          double beta, const uint8_t *clamp) {
  pbl_reference *r = make(m, CHAINS, seed, threads, kernel, beta);
  pbl_chains *c = NULL;
  assert_int_equal(pbl_reference_set_clamp(r, clamp, NULL), PBL_OK);
  assert_int_equal(pbl_chains_create(&c, CHAINS, DRAWS, SMALL_N, NULL), PBL_OK);
  assert_int_equal(pbl_reference_run(r, NULL, 100, 1, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_reference_run(r, c, DRAWS, 2, NULL, NULL), PBL_OK);
  assert_int_equal(c->n_recorded, DRAWS);
  pbl_reference_destroy(r);
  return c;
}

/* Largest |mean - exact| over all moments in standard errors, taken from the 64 independent chains'
 * means (n = 64 x 16000 draws). Constant statistics must be exact. */
static double worst_deviation(const pbl_chains *c, const double exact[SMALL_MOMENTS]) {
  double sum[SMALL_MOMENTS] = {0}, sum2[SMALL_MOMENTS] = {0}, worst = 0.0;
  for (size_t chain = 0; chain < CHAINS; chain++) {
    double mean[SMALL_MOMENTS] = {0}, x[SMALL_MOMENTS];
    for (size_t d = 0; d < DRAWS; d++) {
      small_statistics(x, c, chain, d);
      for (int k = 0; k < SMALL_MOMENTS; k++) mean[k] += x[k] / DRAWS;
    }
    for (int k = 0; k < SMALL_MOMENTS; k++) sum[k] += mean[k], sum2[k] += mean[k] * mean[k];
  }
  for (int k = 0; k < SMALL_MOMENTS; k++) {
    const double mean = sum[k] / CHAINS;
    const double variance = (sum2[k] / CHAINS - mean * mean) / (CHAINS - 1);
    const double error = fabs(mean - exact[k]);
    const double sigma = variance > 1e-16 ? error / sqrt(variance) : (error < 1e-9 ? 0.0 : 1e9);
    if (sigma > worst) worst = sigma;
  }
  return worst;
}

static void check_moments(pbl_kernel kernel, double beta_sampled, double beta_exact,
                          const uint8_t *clamp, bool agrees) {
  pbl_rbm *m = small_rbm();
  double exact[SMALL_MOMENTS];
  small_moments(exact, m, beta_exact, 0, 0);
  pbl_chains *c = sample(m, 20240601, 1, kernel, beta_sampled, clamp);
  const double worst = worst_deviation(c, exact);
  if (agrees ? worst > BOUND : worst <= BOUND) fail_msg("worst deviation %.2f sigma", worst);
  pbl_chains_destroy(c);
  pbl_rbm_destroy(m);
}

static void cyclic_moments_equal_enumeration_within_54_sigma(void **state) {
  (void)state;
  check_moments(PBL_KERNEL_CYCLIC, 0.8, 0.8, NULL, true);
}

static void palindromic_moments_equal_enumeration_within_54_sigma(void **state) {
  (void)state;
  check_moments(PBL_KERNEL_PALINDROMIC, 0.8, 0.8, NULL, true);
}

static void a_beta_skew_of_two_percent_is_seen(void **state) {
  (void)state;
  check_moments(PBL_KERNEL_CYCLIC, 0.8 * 1.02, 0.8, NULL, false);
}

/* With p-bits 0 and 6 held the rest follows the conditional law, again by enumeration. */
static void clamped_pbits_hold_and_the_rest_is_conditional(void **state) {
  (void)state;
  pbl_rbm *m = small_rbm();
  pbl_reference *r = make(m, CHAINS, 3, 2, PBL_KERNEL_CYCLIC, 1.0);
  const uint8_t clamp[SMALL_N] = {1, 0, 0, 0, 0, 0, 1, 0, 0};
  signed char start[CHAINS * SMALL_N];
  for (size_t i = 0; i < sizeof start; i++) start[i] = i % SMALL_N == 0 ? 1 : -1;
  pbl_chains *c = NULL;
  assert_int_equal(pbl_chains_create(&c, CHAINS, DRAWS, SMALL_N, NULL), PBL_OK);
  assert_int_equal(pbl_reference_set_state(r, start, NULL), PBL_OK);
  assert_int_equal(pbl_reference_set_clamp(r, clamp, NULL), PBL_OK);
  assert_int_equal(pbl_reference_run(r, NULL, 50, 1, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_reference_run(r, c, DRAWS, 1, NULL, NULL), PBL_OK);
  for (size_t chain = 0; chain < CHAINS; chain++)
    for (size_t d = 0; d < DRAWS; d++) {
      assert_int_equal(pbl_chains_spin(c, chain, d, 0), 1);
      assert_int_equal(pbl_chains_spin(c, chain, d, 6), -1);
    }
  double exact[SMALL_MOMENTS];
  small_moments(exact, m, 1.0, 1u << 0 | 1u << 6, 1u << 0);
  assert_true(worst_deviation(c, exact) < BOUND);
  pbl_chains_destroy(c);
  pbl_reference_destroy(r);
  pbl_rbm_destroy(m);
}

/* Reversibility: for every pair of joint states x, y the pairs (x then y) and (y then x) are
 * equally frequent. Here for 9 x 9 antisymmetric counts of "p-bit p is up before, q is up after";
 * the cyclic kernel is not reversible and must fail. n = 64 chains, sigma from their spread. */
static double worst_asymmetry(const pbl_chains *c) {
  double worst = 0.0;
  for (size_t p = 0; p < SMALL_N; p++)
    for (size_t q = 0; q < p; q++) {
      double sum = 0.0, sum2 = 0.0;
      for (size_t chain = 0; chain < CHAINS; chain++) {
        double x = 0.0;
        for (size_t d = 0; d + 1 < DRAWS; d++)
          x += pbl_chains_spin(c, chain, d, p) * pbl_chains_spin(c, chain, d + 1, q) -
               pbl_chains_spin(c, chain, d, q) * pbl_chains_spin(c, chain, d + 1, p);
        sum += x;
        sum2 += x * x;
      }
      const double mean = sum / CHAINS;
      const double sigma = fabs(mean) / sqrt((sum2 / CHAINS - mean * mean) / (CHAINS - 1));
      if (sigma > worst) worst = sigma;
    }
  return worst;
}

static double asymmetry_of(pbl_kernel kernel) {
  pbl_rbm *m = small_rbm();
  pbl_reference *r = make(m, CHAINS, 8, 1, kernel, 1.0);
  pbl_chains *c = NULL;
  assert_int_equal(pbl_chains_create(&c, CHAINS, DRAWS, SMALL_N, NULL), PBL_OK);
  assert_int_equal(pbl_reference_run(r, NULL, 50, 1, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_reference_run(r, c, DRAWS, 1, NULL, NULL), PBL_OK);
  const double worst = worst_asymmetry(c);
  pbl_chains_destroy(c);
  pbl_reference_destroy(r);
  pbl_rbm_destroy(m);
  return worst;
}

static void the_palindromic_kernel_is_reversible_within_54_sigma(void **state) {
  (void)state;
  assert_true(asymmetry_of(PBL_KERNEL_PALINDROMIC) < BOUND);
}

static void the_cyclic_kernel_is_seen_to_be_irreversible(void **state) {
  (void)state;
  assert_true(asymmetry_of(PBL_KERNEL_CYCLIC) > BOUND);
}

static void any_number_of_threads_gives_the_same_bytes(void **state) {
  (void)state;
  pbl_rbm *m = NULL;
  assert_int_equal(pbl_rbm_random(&m, 70, 33, 0.2, 0.3, 4, NULL), PBL_OK);
  pbl_chains *c[3] = {NULL, NULL, NULL};
  for (int k = 0; k < 3; k++) {
    pbl_reference *r = make(m, 50, 11, k + 1, PBL_KERNEL_PALINDROMIC, 1.0);
    assert_int_equal(pbl_chains_create(&c[k], 50, 60, 103, NULL), PBL_OK);
    assert_int_equal(pbl_reference_run(r, c[k], 60, 3, NULL, NULL), PBL_OK);
    pbl_reference_destroy(r);
  }
  const size_t n = 50 * 60 * c[0]->row_bytes;
  assert_memory_equal(c[0]->bits, c[1]->bits, n);
  assert_memory_equal(c[0]->bits, c[2]->bits, n);
  for (int k = 0; k < 3; k++) pbl_chains_destroy(c[k]);
  pbl_rbm_destroy(m);
}

/* One sweep of one chain, from the definition. */
static void plain_sweep(signed char *s, const pbl_rbm *m, double beta, const uint8_t *clamp,
                        pbl_xoshiro *g) {
  for (int step = 0; step < SMALL_N; step++) {
    const int p = step < SMALL_H ? SMALL_V + step : step - SMALL_H;
    double f;
    if (p >= SMALL_V) {
      f = (double)m->c[p - SMALL_V];
      for (int i = 0; i < SMALL_V; i++) f += (double)m->w[i * SMALL_H + p - SMALL_V] * s[i];
    } else {
      f = (double)m->b[p];
      for (int j = 0; j < SMALL_H; j++) f += (double)m->w[p * SMALL_H + j] * s[SMALL_V + j];
    }
    const double u = (double)(pbl_xoshiro_next(g) >> 8) / 16777216.0;
    if (!clamp[p]) s[p] = u < 1.0 / (1.0 + exp(-2.0 * beta * f)) ? 1 : -1;
  }
}

/* 20 chains (a whole and a partial block) x 300 sweeps, every bit; a float P differs from a double
 * one across a 24-bit word in about 1 of 1e7 updates, so 54000 updates with a fixed seed agree. */
static void states_equal_a_plain_sampler_bit_by_bit(void **state) {
  (void)state;
  pbl_rbm *m = small_rbm();
  pbl_reference *r = make(m, 20, 99, 2, PBL_KERNEL_CYCLIC, 0.9);
  const uint8_t clamp[SMALL_N] = {0, 0, 1, 0, 0, 0, 0, 0, 1};
  signed char s[20 * SMALL_N];
  assert_int_equal(pbl_reference_set_clamp(r, clamp, NULL), PBL_OK);
  pbl_reference_get_state(r, s);
  pbl_chains *c = NULL;
  assert_int_equal(pbl_chains_create(&c, 20, 300, SMALL_N, NULL), PBL_OK);
  assert_int_equal(pbl_reference_run(r, c, 100, 1, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_reference_run(r, c, 200, 1, NULL, NULL), PBL_OK); /* appends */
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 99);
  for (size_t chain = 0; chain < 20; chain++) {
    pbl_xoshiro_long_jump(&g);
    pbl_xoshiro own = g;
    for (size_t d = 0; d < 300; d++) {
      plain_sweep(s + chain * SMALL_N, m, 0.9, clamp, &own);
      for (size_t p = 0; p < SMALL_N; p++)
        assert_int_equal(pbl_chains_spin(c, chain, d, p), s[chain * SMALL_N + p]);
    }
  }
  pbl_chains_destroy(c);
  pbl_reference_destroy(r);
  pbl_rbm_destroy(m);
}

typedef struct {
  pbl_progress base;
  int calls;
} stopper;

static bool stop_at_second(pbl_progress *self, const char *what, uint64_t done, uint64_t total) {
  (void)what, (void)done, (void)total;
  return ++((stopper *)self)->calls < 2;
}

static void an_interrupted_run_keeps_the_draws_made_so_far(void **state) {
  (void)state;
  pbl_rbm *m = NULL;
  assert_int_equal(pbl_rbm_random(&m, 200, 100, 0.05, 0.1, 4, NULL), PBL_OK);
  pbl_reference *r = make(m, 16, 1, 1, PBL_KERNEL_CYCLIC, 1.0);
  pbl_chains *c = NULL;
  stopper s = {.base = {.report = stop_at_second}};
  pbl_error err = {0};
  assert_int_equal(pbl_chains_create(&c, 16, 5000, 300, NULL), PBL_OK);
  assert_int_equal(pbl_reference_run(r, c, 5000, 1, &s.base, &err), PBL_INTERRUPTED);
  assert_true(c->n_recorded > 0 && c->n_recorded < 5000);
  signed char now[16 * 300]; /* the last recorded draw is the present state */
  pbl_reference_get_state(r, now);
  for (size_t p = 0; p < 300; p++)
    assert_int_equal(pbl_chains_spin(c, 7, c->n_recorded - 1, p), now[7 * 300 + p]);
  pbl_chains_destroy(c);
  pbl_reference_destroy(r);
  pbl_rbm_destroy(m);
}

static void bad_arguments_are_refused(void **state) {
  (void)state;
  pbl_rbm *m = small_rbm();
  pbl_reference *r = NULL;
  pbl_reference_options o = {.n_chains = 0, .seed = 1, .beta = 1.0};
  pbl_error err = {0};
  assert_int_equal(pbl_reference_create(&r, m, &o, &err), PBL_INVALID);
  o.n_chains = 2;
  o.beta = NAN;
  assert_int_equal(pbl_reference_create(&r, m, &o, &err), PBL_INVALID);
  assert_null(r);
  r = make(m, 2, 1, 1, PBL_KERNEL_CYCLIC, 1.0);
  signed char states[2 * SMALL_N] = {0};
  assert_int_equal(pbl_reference_set_state(r, states, &err), PBL_INVALID);
  assert_int_equal(pbl_reference_run(r, NULL, 1, 0, NULL, &err), PBL_INVALID);
  pbl_chains *c = NULL;
  assert_int_equal(pbl_chains_create(&c, 2, 5, SMALL_N, NULL), PBL_OK);
  assert_int_equal(pbl_reference_run(r, c, 6, 1, NULL, &err), PBL_INVALID);
  assert_int_equal(c->n_recorded, 0);
  pbl_chains_destroy(c);
  pbl_reference_destroy(r);
  pbl_reference_destroy(NULL);
  pbl_rbm_destroy(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cyclic_moments_equal_enumeration_within_54_sigma),
      cmocka_unit_test(palindromic_moments_equal_enumeration_within_54_sigma),
      cmocka_unit_test(a_beta_skew_of_two_percent_is_seen),
      cmocka_unit_test(clamped_pbits_hold_and_the_rest_is_conditional),
      cmocka_unit_test(the_palindromic_kernel_is_reversible_within_54_sigma),
      cmocka_unit_test(the_cyclic_kernel_is_seen_to_be_irreversible),
      cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
      cmocka_unit_test(states_equal_a_plain_sampler_bit_by_bit),
      cmocka_unit_test(an_interrupted_run_keeps_the_draws_made_so_far),
      cmocka_unit_test(bad_arguments_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
