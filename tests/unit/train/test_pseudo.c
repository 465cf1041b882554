/* Pseudo-likelihood against brute force, and its sign. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* after the above */
#include <cmocka.h>

#include "enumerated.h"
#include "pbl_train.h"

#define V 8
#define H 5
#define N 3000

typedef struct {
  pbl_rbm *m;
  signed char images[N * V];
} world;

static int set_up(void **state) {
  world *w = calloc(1, sizeof *w);
  if (!w || pbl_rbm_random(&w->m, V, H, 0.5, 0.4, 17, NULL) != PBL_OK) return -1;
  w->m->beta = 1.2;
  exact_samples(w->images, w->m, N, 23);
  *state = w;
  return 0;
}

static int tear_down(void **state) {
  world *w = *state;
  pbl_rbm_destroy(w->m);
  free(w);
  return 0;
}

/* sum_i ln p(v)/(p(v) + p(v with i flipped)) from the enumerated law. */
static double brute_force(const pbl_rbm *m, const signed char *images, size_t n) {
  double log_p[1 << V], sum = 0.0;
  enumerate_visible(log_p, m);
  for (size_t k = 0; k < n; k++) {
    unsigned state = 0;
    for (unsigned i = 0; i < V; i++) state |= (images[k * V + i] > 0 ? 1u : 0u) << i;
    for (unsigned i = 0; i < V; i++) sum -= log1p(exp(log_p[state ^ 1u << i] - log_p[state]));
  }
  return sum / (double)n;
}

static void exact_form_equals_brute_force(void **state) {
  const world *w = *state;
  double pl = NAN;
  assert_int_equal(pbl_pseudo_likelihood_exact(&pl, w->m, w->images, N, NULL), PBL_OK);
  const double expected = brute_force(w->m, w->images, N);
  assert_true(pl < 0.0);
  assert_true(fabs(pl - expected) < 1e-5 * fabs(expected)); /* float32 fields */
}

/* 200 seeds; bound 4.9 sigma of their own mean (false alarm 1e-6). */
static void one_random_pixel_per_image_is_unbiased(void **state) {
  const world *w = *state;
  double exact = NAN, sum = 0.0, sum2 = 0.0;
  assert_int_equal(pbl_pseudo_likelihood_exact(&exact, w->m, w->images, 100, NULL), PBL_OK);
  for (uint64_t seed = 1; seed <= 200; seed++) {
    double pl = NAN;
    assert_int_equal(pbl_pseudo_likelihood(&pl, w->m, w->images, 100, seed, NULL), PBL_OK);
    sum += pl;
    sum2 += pl * pl;
  }
  const double mean = sum / 200, sigma = sqrt((sum2 / 200 - mean * mean) / 199);
  assert_true(sigma > 0.0);
  assert_true(fabs(mean - exact) < 4.9 * sigma);
}

/* The true law maximises the expected pseudo-likelihood; a sign fault reverses the order. */
static void the_true_model_beats_mismatched_ones_on_its_own_samples(void **state) {
  const world *w = *state;
  double own = NAN, other = NAN;
  assert_int_equal(pbl_pseudo_likelihood_exact(&own, w->m, w->images, N, NULL), PBL_OK);
  for (uint64_t seed = 1; seed <= 5; seed++) {
    pbl_rbm *m = NULL;
    assert_int_equal(pbl_rbm_random(&m, V, H, 0.5, 0.4, 100 + seed, NULL), PBL_OK);
    assert_int_equal(pbl_pseudo_likelihood_exact(&other, m, w->images, N, NULL), PBL_OK);
    assert_true(own > other);
    pbl_rbm_destroy(m);
  }
}

static void a_uniform_model_scores_v_ln_half(void **state) {
  const world *w = *state;
  pbl_rbm *m = NULL;
  double pl = NAN;
  assert_int_equal(pbl_rbm_create(&m, V, H, NULL), PBL_OK);
  assert_int_equal(pbl_pseudo_likelihood(&pl, m, w->images, N, 1, NULL), PBL_OK);
  assert_true(fabs(pl + V * log(2.0)) < 1e-12);
  assert_int_equal(pbl_pseudo_likelihood(&pl, m, w->images, 0, 1, NULL), PBL_INVALID);
  pbl_rbm_destroy(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exact_form_equals_brute_force),
      cmocka_unit_test(one_random_pixel_per_image_is_unbiased),
      cmocka_unit_test(the_true_model_beats_mismatched_ones_on_its_own_samples),
      cmocka_unit_test(a_uniform_model_scores_v_ln_half),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
