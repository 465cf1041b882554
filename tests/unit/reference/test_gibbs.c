/* The inner loop: exp and sigmoid against double precision, streams against the plain generator. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "pbl_gibbs.h"
#include "pbl_parallel.h"
#include "pbl_rng.h"

#define N 200000

static double worst_error(void (*f)(float *, size_t), int sigmoid) {
  float *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
  assert_non_null(x);
  assert_non_null(y);
  for (size_t i = 0; i < N; i++) y[i] = x[i] = (float)(-87.0 + 174.0 * (double)i / (N - 1));
  f(y, N);
  double worst = 0.0;
  for (size_t i = 0; i < N; i++) {
    const double e = exp(sigmoid ? -(double)x[i] : (double)x[i]);
    const double error = fabs((double)y[i] / (sigmoid ? 1.0 / (1.0 + e) : e) - 1.0);
    if (error > worst) worst = error;
  }
  free(x);
  free(y);
  return worst;
}

static void exp_is_within_2e7_of_double(void **state) {
  (void)state;
  assert_true(worst_error(pbl_gibbs_exp, 0) < 2e-7);
}

static void sigmoid_is_within_25e8_of_double(void **state) {
  (void)state;
  assert_true(worst_error(pbl_gibbs_sigmoid, 1) < 2.5e-7);
}

/* What the bound is for: the same measure rejects an exp with the last Taylor term missing. */
static void short_exp(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const double k = rint((double)x[i] / log(2.0)), r = (double)x[i] - k * log(2.0);
    const double y = 1 + r * (1 + r * (1. / 2 + r * (1. / 6 + r * (1. / 24 + r / 120))));
    x[i] = (float)ldexp(y, (int)k);
  }
}

static void error_bound_rejects_an_exp_of_fifth_order(void **state) {
  (void)state;
  assert_true(worst_error(short_exp, 0) > 2e-7);
}

static void sigmoid_saturates_without_nan(void **state) {
  (void)state;
  float x[4] = {-1e30f, -100.0f, 100.0f, 1e30f};
  pbl_gibbs_sigmoid(x, 4);
  assert_true(x[0] > 0.0f && x[0] < 1e-37f && x[1] == x[0]);
  assert_true(x[2] == 1.0f && x[3] == 1.0f);
}

static void chain_c_is_c_plus_1_long_jumps_ahead(void **state) {
  (void)state;
  pbl_gibbs_block *b = NULL;
  assert_int_equal(pbl_gibbs_create(&b, 2, 3, 2, 77, NULL), PBL_OK);
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 77);
  for (size_t c = 0; c < 32; c++) {
    pbl_xoshiro_long_jump(&g);
    for (size_t i = 0; i < 4; i++) assert_int_equal(b[c / 16].gen[i][c % 16], g.s[i]);
  }
  pbl_gibbs_destroy(b, 2);
}

static void a_draw_takes_one_word_per_pbit_also_from_clamped_ones(void **state) {
  (void)state;
  pbl_gibbs_block *b = NULL;
  assert_int_equal(pbl_gibbs_create(&b, 1, 7, 2, 5, NULL), PBL_OK);
  const float w[14] = {0}, bias_v[7] = {0}, bias_h[2] = {0};
  const uint8_t clamp[9] = {0, 1, 1, 0, 0, 1, 0, 0, 0};
  const pbl_gibbs_law law = {w, bias_v, bias_h, clamp, 1.0f, 2.0f, NULL};
  pbl_gibbs_half_visible(b, &law);
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 5);
  pbl_xoshiro_long_jump(&g);
  for (int i = 0; i < 7; i++) { /* zero field: +1 exactly when the top bit of the word is 0 */
    const uint32_t word = pbl_xoshiro_next(&g);
    const float expected = clamp[i] ? 0.0f : word >> 31 ? -1.0f : 1.0f;
    assert_true(b->v[i * PBL_GIBBS_LANES] == expected);
  }
  for (size_t i = 0; i < 4; i++) assert_int_equal(b->gen[i][0], g.s[i]);
  pbl_gibbs_destroy(b, 1);
}

static void count_job(void *context, size_t job) {
  ((int *)context)[job]++;
}

static void every_job_runs_exactly_once(void **state) {
  (void)state;
  int seen[1000] = {0};
  pbl_parallel_for(1000, 3, count_job, seen);
  for (int i = 0; i < 1000; i++) assert_int_equal(seen[i], 1);
}

/* 40 x 30, 4 % non-zero, multiples of 1/64 with sums below 2^24: exact, so equal byte for byte. */
static void sparse_half_sweeps_are_those_of_the_matrix_product(void **state) {
  (void)state;
  enum { V = 40, H = 30 };
  float w[V * H] = {0}, bias[V] = {0};
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 5);
  for (int k = 0; k < 48; k++)
    w[pbl_xoshiro_next(&g) % (V * H)] = (float)(int)(pbl_xoshiro_next(&g) % 4096 - 2048) / 64;
  pbl_gibbs_sparse *sparse = NULL;
  assert_int_equal(pbl_gibbs_sparse_create(&sparse, w, V, H, 0.01, NULL), PBL_OK);
  assert_null(sparse);
  assert_int_equal(pbl_gibbs_sparse_create(&sparse, w, V, H, 0.05, NULL), PBL_OK);
  assert_non_null(sparse);
  pbl_gibbs_block *a = NULL, *b = NULL;
  assert_int_equal(pbl_gibbs_create(&a, 1, V, H, 7, NULL), PBL_OK);
  assert_int_equal(pbl_gibbs_create(&b, 1, V, H, 7, NULL), PBL_OK);
  for (int i = 0; i < V * 16; i++) a->v[i] = b->v[i] = pbl_xoshiro_next(&g) >> 31 ? 1.0f : -1.0f;
  pbl_gibbs_law dense = {.w = w, .bias_v = bias, .bias_h = bias, .coupling = 1, .two_beta = 0.5f};
  pbl_gibbs_law thin = dense;
  thin.sparse = sparse;
  for (int sweep = 0; sweep < 50; sweep++) {
    pbl_gibbs_half_hidden(a, &dense);
    pbl_gibbs_half_hidden(b, &thin);
    assert_memory_equal(a->field, b->field, H * 16 * sizeof(float));
    pbl_gibbs_half_visible(a, &dense);
    pbl_gibbs_half_visible(b, &thin);
    assert_memory_equal(a->field, b->field, V * 16 * sizeof(float));
    assert_memory_equal(a->v, b->v, V * 16 * sizeof(float));
    assert_memory_equal(a->h, b->h, H * 16 * sizeof(float));
  }
  pbl_gibbs_destroy(a, 1);
  pbl_gibbs_destroy(b, 1);
  pbl_gibbs_sparse_destroy(sparse);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sparse_half_sweeps_are_those_of_the_matrix_product),
      cmocka_unit_test(exp_is_within_2e7_of_double),
      cmocka_unit_test(sigmoid_is_within_25e8_of_double),
      cmocka_unit_test(error_bound_rejects_an_exp_of_fifth_order),
      cmocka_unit_test(sigmoid_saturates_without_nan),
      cmocka_unit_test(chain_c_is_c_plus_1_long_jumps_ahead),
      cmocka_unit_test(a_draw_takes_one_word_per_pbit_also_from_clamped_ones),
      cmocka_unit_test(every_job_runs_exactly_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
