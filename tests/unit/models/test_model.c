/* Energies, free energies and data moments against enumeration and closed forms. */
/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_model.h"

#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

static pbl_rbm *random_rbm(int n_visible, int n_hidden, uint64_t seed) {
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_random(&m, n_visible, n_hidden, 0.4, 0.3, seed, NULL), PBL_OK);
  return m;
}

static void spins_of(signed char *s, int n, unsigned code) {
  for (int k = 0; k < n; k++) s[k] = (code >> k & 1) ? 1 : -1;
}

static void new_model_is_all_zeros_with_beta_one(void **state) {
  (void)state;
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_create(&m, 3, 2, NULL), PBL_OK);
  for (int k = 0; k < 6; k++) assert_true(m->w[k] == 0.0f);
  assert_true(m->beta == 1.0 && m->data_vh == NULL && m->image_rows == 0);
  pbl_rbm_destroy(m);
  pbl_rbm_destroy(NULL);
}

static void sizes_out_of_range_are_refused(void **state) {
  (void)state;
  pbl_rbm *m;
  pbl_error err;
  assert_int_equal(pbl_rbm_create(&m, 0, 2, &err), PBL_INVALID);
  assert_null(m);
  assert_int_equal(pbl_rbm_create(&m, 2, -1, &err), PBL_INVALID);
  assert_int_equal(pbl_rbm_create(&m, PBL_RBM_MAX_UNITS + 1, 1, &err), PBL_INVALID);
  assert_non_null(strstr(err.message, "65536"));
}

static void random_scale_that_is_not_a_number_is_refused(void **state) {
  (void)state;
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_random(&m, 2, 2, (double)NAN, 1, 1, NULL), PBL_INVALID);
  assert_null(m);
}

/* E by hand for V = 2, H = 1: w = (2, -0.5), b = (1, 0.25), c = 3, v = (+1, -1), h = -1:
 * -( 2*1*-1 + -0.5*-1*-1 + 1 - 0.25 - 3 ) = -( -2 - 0.5 + 0.75 - 3 ) = 4.75. */
static void energy_matches_the_hand_computed_value(void **state) {
  (void)state;
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_create(&m, 2, 1, NULL), PBL_OK);
  memcpy(m->w, (float[]){2.0f, -0.5f}, 2 * sizeof(float));
  memcpy(m->b, (float[]){1.0f, 0.25f}, 2 * sizeof(float));
  m->c[0] = 3.0f;
  assert_true(pbl_rbm_energy(m, (signed char[]){1, -1}, (signed char[]){-1}) == 4.75);
  pbl_rbm_destroy(m);
}

/* Independent of the code's order of sums: E is even under s -> -s in w and odd in the biases, and
 * is a sum over pairs of one matrix of V + H + 1 spins, the last one fixed at +1. */
static void energy_is_the_quadratic_form_of_all_units_and_a_fixed_one(void **state) {
  (void)state;
  enum { V = 4, H = 3, N = V + H + 1 };
  pbl_rbm *m = random_rbm(V, H, 11);
  double j[N][N] = {{0}};
  for (int i = 0; i < V; i++) {
    for (int k = 0; k < H; k++) j[i][V + k] = (double)m->w[i * H + k];
    j[i][N - 1] = (double)m->b[i];
  }
  for (int k = 0; k < H; k++) j[V + k][N - 1] = (double)m->c[k];
  for (unsigned code = 0; code < 1u << (V + H); code++) {
    signed char s[N];
    spins_of(s, V + H, code);
    s[N - 1] = 1;
    double e = 0;
    for (int p = 0; p < N; p++) {
      for (int q = 0; q < N; q++) e -= j[p][q] * s[p] * s[q];
    }
    assert_near(pbl_rbm_energy(m, s, s + V), e, 1e-12);
  }
  pbl_rbm_destroy(m);
}

/* exp(-beta F(v)) = sum_h exp(-beta E(v,h)), over all 2^7 hidden states, at a beta that is not 1.
 */
static void free_energy_is_the_sum_over_all_hidden_states(void **state) {
  (void)state;
  enum { V = 5, H = 7 };
  pbl_rbm *m = random_rbm(V, H, 12);
  m->beta = 0.7;
  for (unsigned code = 0; code < 1u << V; code++) {
    signed char v[V], h[H];
    double z = 0;
    spins_of(v, V, code);
    for (unsigned hidden = 0; hidden < 1u << H; hidden++) {
      spins_of(h, H, hidden);
      z += exp(-m->beta * pbl_rbm_energy(m, v, h));
    }
    assert_near(pbl_rbm_free_energy(m, v), -log(z) / m->beta, 1e-12);
  }
  pbl_rbm_destroy(m);
}

/* Hidden units that see nothing add ln 2 each; 150 of them span three blocks of the loop. */
static void free_energy_of_many_idle_hidden_units_is_n_ln_2(void **state) {
  (void)state;
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_create(&m, 1, 150, NULL), PBL_OK);
  m->b[0] = 0.5f;
  m->w[149] = 2.0f;
  const double expected = -0.5 - 149 * log(2.0) - log(2 * cosh(2.0));
  assert_near(pbl_rbm_free_energy(m, (signed char[]){1}), expected, 1e-12);
  pbl_rbm_destroy(m);
}

static void free_energy_of_a_huge_field_does_not_overflow(void **state) {
  (void)state;
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_create(&m, 1, 1, NULL), PBL_OK);
  m->w[0] = 1e6f;
  assert_near(pbl_rbm_free_energy(m, (signed char[]){-1}), -1e6, 1e-6);
  pbl_rbm_destroy(m);
}

/* n = 600 weights and n = 50 biases: the mean of squares over scale^2 is chi^2_n / n with
 * standard deviation sqrt(2/n); bound 6 sigma, false alarm 2e-9. */
static void random_model_has_the_asked_spread_and_repeats_by_seed(void **state) {
  (void)state;
  pbl_rbm *a, *b, *c;
  assert_int_equal(pbl_rbm_random(&a, 20, 30, 0.25, 2.0, 5, NULL), PBL_OK);
  assert_int_equal(pbl_rbm_random(&b, 20, 30, 0.25, 2.0, 5, NULL), PBL_OK);
  assert_int_equal(pbl_rbm_random(&c, 20, 30, 0.25, 2.0, 6, NULL), PBL_OK);
  assert_memory_equal(a->w, b->w, 600 * sizeof(float));
  assert_memory_equal(a->c, b->c, 30 * sizeof(float));
  assert_true(memcmp(a->w, c->w, 600 * sizeof(float)) != 0);
  double w2 = 0, bias2 = 0;
  for (int k = 0; k < 600; k++) w2 += (double)a->w[k] * (double)a->w[k];
  for (int k = 0; k < 20; k++) bias2 += (double)a->b[k] * (double)a->b[k];
  for (int k = 0; k < 30; k++) bias2 += (double)a->c[k] * (double)a->c[k];
  assert_near(w2 / 600 / 0.0625, 1.0, 6 * sqrt(2.0 / 600));
  assert_near(bias2 / 50 / 4.0, 1.0, 6 * sqrt(2.0 / 50));
  pbl_rbm_destroy(a);
  pbl_rbm_destroy(b);
  pbl_rbm_destroy(c);
}

static void random_images(signed char *images, size_t n) {
  uint32_t x = 12345;
  for (size_t k = 0; k < n; k++) {
    x = x * 1664525u + 1013904223u;
    images[k] = (x >> 31) ? 1 : -1;
  }
}

/* 600 images are two whole batches and a part of a third. The float sums of 256 terms of size 1
 * carry at most 256 * 2^-24 = 1.5e-5 of error. */
static void data_moments_match_plain_sums(void **state) {
  (void)state;
  enum { V = 7, H = 5, N = 600 };
  pbl_rbm *m = random_rbm(V, H, 13);
  signed char images[N * V];
  double vh[V * H] = {0}, v[V] = {0}, h[H] = {0};
  m->beta = 1.3;
  random_images(images, N * V);
  for (int n = 0; n < N; n++) {
    const signed char *x = images + n * V;
    for (int j = 0; j < H; j++) {
      double up = (double)m->c[j];
      for (int i = 0; i < V; i++) up += (double)m->w[i * H + j] * x[i];
      const double mean = 2 / (1 + exp(-2 * m->beta * up)) - 1;
      h[j] += mean / N;
      for (int i = 0; i < V; i++) vh[i * H + j] += mean * x[i] / N;
    }
    for (int i = 0; i < V; i++) v[i] += (double)x[i] / N;
  }
  assert_int_equal(pbl_rbm_set_data_moments(m, images, N, NULL), PBL_OK);
  for (int k = 0; k < V * H; k++) assert_near((double)m->data_vh[k], vh[k], 1.6e-5);
  for (int k = 0; k < V; k++) assert_near((double)m->data_v[k], v[k], 1e-7);
  for (int k = 0; k < H; k++) assert_near((double)m->data_h[k], h[k], 1e-6);
  assert_int_equal(pbl_rbm_set_data_moments(m, images, 1, NULL), PBL_OK); /* replaces, no leak */
  for (int k = 0; k < V; k++) assert_true(m->data_v[k] == (float)images[k]);
  pbl_rbm_destroy(m);
}

static void data_moments_refuse_values_other_than_spins(void **state) {
  (void)state;
  pbl_rbm *m = random_rbm(3, 2, 14);
  pbl_error err;
  signed char images[6] = {1, -1, 1, 1, 0, 1};
  assert_int_equal(pbl_rbm_set_data_moments(m, images, 2, &err), PBL_INVALID);
  assert_non_null(strstr(err.message, "image 1, pixel 1"));
  assert_null(m->data_vh);
  assert_int_equal(pbl_rbm_set_data_moments(m, images, 0, &err), PBL_INVALID);
  pbl_rbm_destroy(m);
}

static void copy_is_deep_and_complete(void **state) {
  (void)state;
  pbl_rbm *m = random_rbm(2, 3, 15), *copy;
  signed char images[4] = {1, -1, 1, 1};
  m->beta = 0.25;
  m->image_rows = 1;
  m->image_cols = 2;
  strcpy(m->name, "a name");
  strcpy(m->provenance, "seed 15");
  assert_int_equal(pbl_rbm_set_data_moments(m, images, 2, NULL), PBL_OK);
  assert_int_equal(pbl_rbm_copy(&copy, m, NULL), PBL_OK);
  assert_memory_equal(copy->w, m->w, 6 * sizeof(float));
  assert_memory_equal(copy->b, m->b, 2 * sizeof(float));
  assert_memory_equal(copy->c, m->c, 3 * sizeof(float));
  assert_memory_equal(copy->data_vh, m->data_vh, 6 * sizeof(float));
  assert_memory_equal(copy->data_v, m->data_v, 2 * sizeof(float));
  assert_memory_equal(copy->data_h, m->data_h, 3 * sizeof(float));
  assert_true(copy->beta == 0.25 && copy->image_rows == 1 && copy->image_cols == 2);
  assert_string_equal(copy->name, "a name");
  assert_string_equal(copy->provenance, "seed 15");
  assert_true(copy->w != m->w && copy->data_h != m->data_h);
  pbl_rbm_destroy(m);
  pbl_rbm_destroy(copy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(new_model_is_all_zeros_with_beta_one),
      cmocka_unit_test(sizes_out_of_range_are_refused),
      cmocka_unit_test(random_scale_that_is_not_a_number_is_refused),
      cmocka_unit_test(energy_matches_the_hand_computed_value),
      cmocka_unit_test(energy_is_the_quadratic_form_of_all_units_and_a_fixed_one),
      cmocka_unit_test(free_energy_is_the_sum_over_all_hidden_states),
      cmocka_unit_test(free_energy_of_many_idle_hidden_units_is_n_ln_2),
      cmocka_unit_test(free_energy_of_a_huge_field_does_not_overflow),
      cmocka_unit_test(random_model_has_the_asked_spread_and_repeats_by_seed),
      cmocka_unit_test(data_moments_match_plain_sums),
      cmocka_unit_test(data_moments_refuse_values_other_than_spins),
      cmocka_unit_test(copy_is_deep_and_complete),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
