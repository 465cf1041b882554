/* The update's direction against the exact gradient of the log-likelihood, and the spectral limit.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "enumerated.h"
#include "pcd.h"
#include "spectral.h"

#define H 4
#define N_PARAMETERS (9 * H + 9 + H)
#define PARTS 40
#define UPDATES_PER_PART 50

static pbl_pcd *trainer(const signed char *images, double beta) {
  pbl_train_options o = pbl_train_default();
  o.n_hidden = H;
  o.batch_size = BARS;
  o.n_chains = 100;
  o.initial_scale = 0.3;
  o.beta = beta;
  o.threads = 1;
  o.seed = 4;
  pbl_pcd *t = NULL;
  assert_int_equal(pbl_pcd_create(&t, images, BARS, 9, &o, NULL), PBL_OK);
  pbl_pcd_shuffle(t, 0);
  return t;
}

static float *parameter(pbl_rbm *m, size_t k) {
  if (k < 9 * H) return &m->w[k];
  return k < 9 * H + 9 ? &m->b[k - 9 * H] : &m->c[k - 9 * H - 9];
}

/* Central differences of the enumerated log-likelihood. */
static void exact_gradient(double gradient[N_PARAMETERS], pbl_rbm *m, const signed char *images) {
  for (size_t k = 0; k < N_PARAMETERS; k++) {
    float *p = parameter(m, k);
    const float saved = *p;
    *p = saved + 0.0078125f;
    const float up = *p;
    const double above = exact_log_likelihood(m, images, BARS);
    *p = saved - 0.0078125f;
    const double below = exact_log_likelihood(m, images, BARS);
    gradient[k] = (above - below) / ((double)up - (double)*p);
    *p = saved;
  }
}

static double direction(const pbl_pcd *t, size_t k) {
  const double beta = t->opt.beta;
  if (k < 9 * H) return beta * ((double)t->data_w[k] - (double)t->model_w[k]);
  k -= 9 * H;
  if (k < 9) return beta * ((double)t->data_b[k] - (double)t->model_b[k]);
  return beta * ((double)t->data_c[k - 9] - (double)t->model_c[k - 9]);
}

/* At fixed weights the mean direction over 2000 updates of 100 chains is the exact gradient: 40
 * parts of 50 updates, 49 parameters, bound 6.5 sigma (t with 39 degrees of freedom, 1e-6 in all),
 * plus 1e-4 for the finite difference. */
static double worst_direction(double beta, double beta_of_gradient) {
  signed char images[BARS * 9];
  bars_3x3(images);
  pbl_pcd *t = trainer(images, beta);
  double gradient[N_PARAMETERS], sum[N_PARAMETERS] = {0}, sum2[N_PARAMETERS] = {0}, worst = 0.0;
  t->model->beta = beta_of_gradient;
  exact_gradient(gradient, t->model, images);
  t->model->beta = beta; /* of the chains */
  for (int k = 0; k < 50; k++) pbl_pcd_statistics(t, 0, BARS, true);
  for (int part = 0; part < PARTS; part++) {
    double mean[N_PARAMETERS] = {0};
    for (int u = 0; u < UPDATES_PER_PART; u++) {
      pbl_pcd_statistics(t, 0, BARS, true);
      for (size_t k = 0; k < N_PARAMETERS; k++) mean[k] += direction(t, k) / UPDATES_PER_PART;
    }
    for (size_t k = 0; k < N_PARAMETERS; k++) sum[k] += mean[k], sum2[k] += mean[k] * mean[k];
  }
  for (size_t k = 0; k < N_PARAMETERS; k++) {
    const double mean = sum[k] / PARTS;
    const double sigma = sqrt((sum2[k] / PARTS - mean * mean) / (PARTS - 1));
    worst = fmax(worst, fmax(fabs(mean - gradient[k]) - 1e-4, 0.0) / sigma);
  }
  pbl_pcd_destroy(t);
  return worst;
}

static void the_mean_direction_is_the_exact_gradient(void **state) {
  (void)state;
  const double worst = worst_direction(0.8, 0.8);
  if (worst > 6.5) fail_msg("worst parameter %.2f sigma", worst);
}

static void a_beta_that_is_five_percent_off_would_be_seen(void **state) {
  (void)state;
  assert_true(worst_direction(0.8, 0.84) > 6.5);
}

static void a_step_adds_rate_times_direction_minus_decay(void **state) {
  (void)state;
  signed char images[BARS * 9];
  bars_3x3(images);
  pbl_pcd *t = trainer(images, 0.9);
  t->opt.learning_rate = 0.25;
  t->opt.weight_decay = 0.5;
  pbl_pcd_statistics(t, 0, BARS, true);
  double expected[N_PARAMETERS];
  for (size_t k = 0; k < N_PARAMETERS; k++) {
    const double old = (double)*parameter(t->model, k);
    expected[k] = old + 0.25 * (direction(t, k) - (k < 9 * H ? 0.5 * old : 0.0));
  }
  pbl_pcd_step(t);
  for (size_t k = 0; k < N_PARAMETERS; k++)
    assert_true(fabs((double)*parameter(t->model, k) - expected[k]) < 1e-6);
  pbl_pcd_destroy(t);
}

static void the_shuffle_is_a_permutation_and_differs_between_epochs(void **state) {
  (void)state;
  signed char images[BARS * 9];
  bars_3x3(images);
  pbl_pcd *t = trainer(images, 1.0);
  uint32_t first[BARS];
  unsigned seen = 0;
  memcpy(first, t->order, sizeof first);
  for (size_t k = 0; k < BARS; k++) seen |= 1u << first[k];
  assert_int_equal(seen, (1u << BARS) - 1);
  pbl_pcd_shuffle(t, 1);
  assert_memory_not_equal(first, t->order, sizeof first);
  pbl_pcd_shuffle(t, 0);
  assert_memory_equal(first, t->order, sizeof first);
  pbl_pcd_destroy(t);
}

/* Largest singular value by power iteration on J'J, independent of LAPACK. */
static double spectral_norm(const pbl_rbm *m, const float *mean_v, const float *mean_h) {
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  double x[16], y[16], norm = 0.0;
  for (size_t j = 0; j < n_h; j++) x[j] = 1.0 + 0.1 * (double)j;
  for (int step = 0; step < 2000; step++) {
    for (size_t j = 0; j < n_h; j++) y[j] = 0.0;
    for (size_t i = 0; i < n_v; i++) {
      double f = 0.0;
      const double d_v = 1.0 - (double)mean_v[i] * (double)mean_v[i];
      for (size_t j = 0; j < n_h; j++)
        f += (double)m->w[i * n_h + j] * sqrt(1.0 - (double)mean_h[j] * (double)mean_h[j]) * x[j];
      for (size_t j = 0; j < n_h; j++)
        y[j] += m->beta * m->beta * d_v * f * (double)m->w[i * n_h + j] *
                sqrt(1.0 - (double)mean_h[j] * (double)mean_h[j]);
    }
    norm = 0.0;
    for (size_t j = 0; j < n_h; j++) norm += y[j] * y[j];
    norm = sqrt(norm);
    for (size_t j = 0; j < n_h; j++) x[j] = y[j] / norm;
  }
  return sqrt(norm);
}

static void the_clip_bounds_the_norm_and_keeps_the_fields_at_the_means(void **state) {
  (void)state;
  pbl_rbm *m = NULL, *old = NULL;
  assert_int_equal(pbl_rbm_random(&m, 12, 7, 0.5, 0.2, 6, NULL), PBL_OK);
  m->beta = 1.1;
  assert_int_equal(pbl_rbm_copy(&old, m, NULL), PBL_OK);
  float mean_v[12], mean_h[7];
  for (int i = 0; i < 12; i++) mean_v[i] = -0.6f + 0.1f * (float)i;
  for (int j = 0; j < 7; j++) mean_h[j] = 0.5f - 0.15f * (float)j;
  const double before = spectral_norm(m, mean_v, mean_h);
  double largest = 0.0;
  assert_int_equal(pbl_spectral_clip(m, mean_v, mean_h, 0.6 * before, &largest, NULL), PBL_OK);
  assert_true(fabs(largest / before - 1.0) < 1e-6);
  assert_true(fabs(spectral_norm(m, mean_v, mean_h) / (0.6 * before) - 1.0) < 1e-5);
  for (int i = 0; i < 12; i++) {
    double change = (double)m->b[i] - (double)old->b[i];
    for (int j = 0; j < 7; j++)
      change += ((double)m->w[i * 7 + j] - (double)old->w[i * 7 + j]) * (double)mean_h[j];
    assert_true(fabs(change) < 1e-6);
  }
  for (int j = 0; j < 7; j++) {
    double change = (double)m->c[j] - (double)old->c[j];
    for (int i = 0; i < 12; i++)
      change += ((double)m->w[i * 7 + j] - (double)old->w[i * 7 + j]) * (double)mean_v[i];
    assert_true(fabs(change) < 1e-6);
  }
  pbl_rbm_destroy(m);
  pbl_rbm_destroy(old);
}

static void a_limit_above_the_norm_changes_nothing(void **state) {
  (void)state;
  pbl_rbm *m = NULL, *old = NULL;
  assert_int_equal(pbl_rbm_random(&m, 12, 7, 0.1, 0.2, 6, NULL), PBL_OK);
  assert_int_equal(pbl_rbm_copy(&old, m, NULL), PBL_OK);
  const float mean_v[12] = {0}, mean_h[7] = {0};
  assert_int_equal(pbl_spectral_clip(m, mean_v, mean_h, 10.0, NULL, NULL), PBL_OK);
  assert_memory_equal(m->w, old->w, 12 * 7 * sizeof *m->w);
  assert_memory_equal(m->c, old->c, 7 * sizeof *m->c);
  pbl_rbm_destroy(m);
  pbl_rbm_destroy(old);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_mean_direction_is_the_exact_gradient),
      cmocka_unit_test(a_beta_that_is_five_percent_off_would_be_seen),
      cmocka_unit_test(a_step_adds_rate_times_direction_minus_decay),
      cmocka_unit_test(the_shuffle_is_a_permutation_and_differs_between_epochs),
      cmocka_unit_test(the_clip_bounds_the_norm_and_keeps_the_fields_at_the_means),
      cmocka_unit_test(a_limit_above_the_norm_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
