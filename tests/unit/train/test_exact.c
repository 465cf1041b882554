/* Exact evaluation of small models: log Z and spectral gap against closed forms and against the
 * kernel written out from the energy, and what a training run logs of them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "exact.h"
#include "train_world.h"

static pbl_rbm *model_of(int n_visible, int n_hidden, double beta) {
  pbl_rbm *m = NULL;
  assert_int_equal(pbl_rbm_create(&m, n_visible, n_hidden, NULL), PBL_OK);
  m->beta = beta;
  return m;
}

static double gap_of(const pbl_rbm *m) {
  double gap = 0.0;
  pbl_error err = {0};
  if (pbl_train_gap(&gap, m, &err)) fail_msg("%s", err.message);
  return gap;
}

/* Three pairs that know nothing of each other: ln Z = sum ln 4cosh(beta w); an eigenvalue of the
 * sweep of one pair is tanh^2(beta w), those of all pairs are products of them. */
static void separate_pairs_have_the_closed_forms(void **state) {
  (void)state;
  static const double scales[] = {0.25, 1.0, 3.0, 8.0}; /* gaps .79 to 4.5e-7 */
  for (size_t k = 0; k < sizeof scales / sizeof *scales; k++) {
    pbl_rbm *m = model_of(3, 3, 2.0);
    double log_z = 0.0;
    for (int i = 0; i < 3; i++) {
      m->w[i * 3 + i] = (float)(scales[k] * (1 + i) / 6.0); /* beta w up to the scale */
      log_z += log(4.0 * cosh(2.0 * (double)m->w[i * 3 + i]));
    }
    pbl_ais_report r;
    assert_int_equal(pbl_train_exact(&r, m, 1, NULL, NULL), PBL_OK);
    assert_true(fabs(r.log_z - log_z) < 1e-12 * log_z);
    assert_true(r.exact && r.passed && isnan(r.log_weight_variance) && r.log_z_low == r.log_z);
    const double t = tanh(2.0 * (double)m->w[8]);
    assert_true(fabs(gap_of(m) - (1.0 - t * t)) < 4e-13);
    pbl_rbm_destroy(m);
  }
}

#define V 5
#define H 4
#define STATES (1u << V)

static double energy_of(const pbl_rbm *m, unsigned v, unsigned h) {
  double e = 0.0;
  for (int i = 0; i < V; i++)
    for (int j = 0; j < H; j++)
      e -= (double)m->w[i * H + j] * ((v >> i & 1u) == (h >> j & 1u) ? 1.0 : -1.0);
  for (int i = 0; i < V; i++) e -= (double)m->b[i] * (v >> i & 1u ? 1.0 : -1.0);
  for (int j = 0; j < H; j++) e -= (double)m->c[j] * (h >> j & 1u ? 1.0 : -1.0);
  return e;
}

/* v -> h -> v, P(v,w) = sum_h p(h|v) p(w|h), made symmetric by sqrt(pi(v)/pi(w)): its eigenvector
 * at 1 is sqrt(pi), which is taken out before every step of power iteration for lambda_2. */
static double kernel_gap(const pbl_rbm *m) {
  static double joint[STATES][1u << H], a[STATES][STATES];
  double z = 0.0, pv[STATES] = {0}, ph[1u << H] = {0}, x[STATES], lambda = 0.0;
  for (unsigned v = 0; v < STATES; v++)
    for (unsigned h = 0; h < 1u << H; h++) z += joint[v][h] = exp(-m->beta * energy_of(m, v, h));
  for (unsigned v = 0; v < STATES; v++)
    for (unsigned h = 0; h < 1u << H; h++) {
      pv[v] += joint[v][h] /= z;
      ph[h] += joint[v][h];
    }
  for (unsigned v = 0; v < STATES; v++)
    for (unsigned w = 0; w < STATES; w++) {
      a[v][w] = 0.0;
      for (unsigned h = 0; h < 1u << H; h++)
        a[v][w] += joint[v][h] * joint[w][h] / (ph[h] * sqrt(pv[v] * pv[w]));
    }
  for (unsigned v = 0; v < STATES; v++) x[v] = sin(1.0 + v);
  for (int step = 0; step < 5000; step++) {
    double y[STATES], along = 0.0, norm = 0.0;
    for (unsigned v = 0; v < STATES; v++) along += x[v] * sqrt(pv[v]);
    for (unsigned v = 0; v < STATES; v++) x[v] -= along * sqrt(pv[v]);
    for (unsigned v = 0; v < STATES; v++) {
      y[v] = 0.0;
      for (unsigned w = 0; w < STATES; w++) y[v] += a[v][w] * x[w];
      norm += y[v] * y[v];
    }
    lambda = sqrt(norm);
    for (unsigned v = 0; v < STATES; v++) x[v] = y[v] / lambda;
  }
  return 1.0 - lambda;
}

static void a_biased_model_agrees_with_its_kernel_written_out(void **state) {
  (void)state;
  pbl_rbm *m = model_of(V, H, 0.8);
  for (int k = 0; k < V * H; k++) m->w[k] = 0.9f * sinf(7.0f * (float)(k + 1));
  for (int i = 0; i < V; i++) m->b[i] = 0.4f * cosf(3.0f * (float)i);
  for (int j = 0; j < H; j++) m->c[j] = -0.3f * cosf(5.0f * (float)j);
  double log_p[STATES];
  const double log_z = enumerate_visible(log_p, m);
  pbl_ais_report r;
  assert_int_equal(pbl_train_exact(&r, m, 2, NULL, NULL), PBL_OK);
  assert_true(fabs(r.log_z - log_z) < 1e-12 * fabs(log_z));
  const double exact = kernel_gap(m), gap = gap_of(m);
  assert_true(fabs(gap - exact) < 1e-10);
  m->beta = 0.7; /* the temperature is the model's own */
  assert_true(fabs(gap_of(m) - exact) > 1e-3);
  assert_true(gap_of(m) == gap_of(m));
  pbl_rbm_destroy(m);
}

static void a_gap_that_cannot_be_computed_is_left_out(void **state) {
  (void)state;
  static const struct {
    int n_visible, n_hidden;
    bool known;
  } sizes[] = {{11, 10, false}, {12, 8, true}, {784, 9, false}, {2, 2, false}, {3, 1, true}};
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    pbl_rbm *m = model_of(sizes[k].n_visible, sizes[k].n_hidden, 1.0);
    m->w[0] = 1.0f;
    const double gap = gap_of(m), t = tanh(1.0);
    assert_int_equal(isfinite(gap), sizes[k].known);
    if (sizes[k].known) assert_true(fabs(gap - (1.0 - t * t)) < 4e-13);
    pbl_rbm_destroy(m);
  }
}

static void the_smaller_side_decides_what_is_enumerable(void **state) {
  (void)state;
  pbl_rbm *m = model_of(784, 14, 1.0);
  assert_true(pbl_train_enumerable(m, 14) && !pbl_train_enumerable(m, 13));
  pbl_rbm_destroy(m);
  m = model_of(15, 16, 1.0);
  assert_true(!pbl_train_enumerable(m, 14) && !pbl_train_enumerable(m, 0));
  pbl_rbm_destroy(m);
}

/* log_likelihoods are float sums of the free energies: 1e-5. */
static void a_training_run_logs_exact_numbers_and_no_log_weights(void **state) {
  const train_world *w = *state;
  pbl_train_options o = train_options(300);
  o.ais_chains = 2; /* as AIS this would be worthless */
  o.ais_temperatures = 2;
  pbl_rbm *m = NULL;
  pbl_ais_report ais;
  pbl_train_log *rows = NULL;
  size_t n = 0;
  pbl_error err = {0};
  char path[400];
  if (train_run(&m, w, w->folder, &o, &ais, NULL, &err)) fail_msg("%s", err.message);
  const double exact = exact_log_likelihood(m, w->images, BARS);
  snprintf(path, sizeof path, "%s/log.csv", w->folder);
  if (pbl_train_log_read(&rows, &n, path, &err)) fail_msg("%s", err.message);
  const pbl_train_log *last = &rows[n - 1];
  assert_true(ais.exact && fabs(ais.log_likelihood_test - exact) < 1e-5);
  assert_true(fabs(last->log_likelihood_train - exact) < 1e-5);
  assert_true(isnan(last->ais_variance) && isnan(last->ais_ess_fraction));
  assert_true(fabs(last->gap - gap_of(m)) < 1e-8 * last->gap);
  free(rows);
  pbl_rbm_destroy(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(separate_pairs_have_the_closed_forms),
      cmocka_unit_test(a_biased_model_agrees_with_its_kernel_written_out),
      cmocka_unit_test(a_gap_that_cannot_be_computed_is_left_out),
      cmocka_unit_test(the_smaller_side_decides_what_is_enumerable),
      cmocka_unit_test_setup_teardown(a_training_run_logs_exact_numbers_and_no_log_weights,
                                      train_set_up, train_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
