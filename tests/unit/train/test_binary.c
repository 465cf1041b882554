/* Training in {0,1} units: the view over -1, +1, the update's direction against the exact gradient,
 * free energies by definition, and flip rate. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "binary.h"
#include "enumerated.h"

#define V 9
#define H 4
#define N_PARAMETERS (V * H + V + H)

static pbl_pcd *trainer(const signed char *images, double temperature, pbl_start start) {
  pbl_train_options o = pbl_train_default();
  o.units = PBL_UNITS_BINARY;
  o.start = start;
  o.n_hidden = H;
  o.batch_size = BARS;
  o.n_chains = 100; /* not a multiple of 16 */
  o.initial_scale = 0.8;
  o.beta = 1.0 / temperature;
  o.threads = 1;
  o.seed = 5;
  pbl_pcd *t = NULL;
  assert_int_equal(pbl_pcd_create(&t, images, BARS, V, &o, NULL), PBL_OK);
  pbl_pcd_shuffle(t, 0);
  return t;
}

static float *parameter(const pbl_pcd *t, size_t k) {
  const pbl_binary_parameters p = pbl_binary_get(t);
  if (k < V * H) return &p.w[k];
  return k < V * H + V ? &p.b[k - V * H] : &p.a[k - V * H - V];
}

static void randomise_biases(pbl_pcd *t) {
  for (size_t k = V * H; k < N_PARAMETERS; k++) *parameter(t, k) = 0.6f * sinf(3.0f * (float)k);
  pbl_binary_view(t);
}

/* -x'Wy - b'x - a'y with x, y in {0,1}. */
static double binary_energy(const pbl_pcd *t, const signed char *v, const signed char *h) {
  const pbl_binary_parameters p = pbl_binary_get(t);
  double e = 0.0;
  for (size_t i = 0; i < V; i++) {
    if (v[i] < 0) continue;
    e -= (double)p.b[i];
    for (size_t j = 0; j < H; j++) e -= h[j] > 0 ? (double)p.w[i * H + j] : 0.0;
  }
  for (size_t j = 0; j < H; j++) e -= h[j] > 0 ? (double)p.a[j] : 0.0;
  return e;
}

static void the_view_is_the_same_law(void **state) {
  (void)state;
  signed char images[BARS * V], h[H];
  bars_3x3(images);
  pbl_pcd *t = trainer(images, 0.7, PBL_START_BLANK);
  randomise_biases(t);
  const double offset = pbl_binary_offset(t);
  for (unsigned k = 0; k < BARS; k++) {
    visible_state(h, k, H);
    const double e = binary_energy(t, images + k * V, h);
    const double view = pbl_rbm_energy(t->model, images + k * V, h);
    assert_true(fabs(e - (view - offset)) < 1e-5);
  }
  pbl_pcd_destroy(t);
}

/* F/T = -b'x/T - sum_j ln(1 + exp((x'W_j + a_j)/T)) of the batch, by definition. */
static double mean_free_energy(const pbl_pcd *t, const signed char *images, size_t n) {
  const pbl_binary_parameters p = pbl_binary_get(t);
  const double beta = t->model->beta;
  double sum = 0.0;
  for (size_t k = 0; k < n; k++) {
    for (size_t j = 0; j < H; j++) {
      double field = (double)p.a[j];
      for (size_t i = 0; i < V; i++) field += images[k * V + i] > 0 ? (double)p.w[i * H + j] : 0.0;
      sum -= log1p(exp(beta * field));
    }
    for (size_t i = 0; i < V; i++) sum -= images[k * V + i] > 0 ? beta * (double)p.b[i] : 0.0;
  }
  return sum / (double)n;
}

static void free_energies_and_flips_follow_their_definitions(void **state) {
  (void)state;
  signed char images[BARS * V], chains[100 * V], before[100 * V];
  bars_3x3(images);
  pbl_pcd *t = trainer(images, 0.7, PBL_START_BLANK);
  randomise_biases(t);
  for (int update = 0; update < 3; update++) {
    memcpy(before, chains, sizeof before);
    pbl_pcd_statistics(t, 0, BARS, true);
    int flips = 0;
    for (size_t c = 0; c < 100; c++)
      for (size_t i = 0; i < V; i++) {
        chains[c * V + i] = t->blocks[c / 16].v[i * 16 + c % 16] > 0.0f ? 1 : -1;
        flips += chains[c * V + i] != before[c * V + i];
      }
    assert_true(fabs(t->free_data - mean_free_energy(t, images, BARS)) < 1e-5);
    assert_true(fabs(t->free_model - mean_free_energy(t, chains, 100)) < 1e-5);
    if (update) assert_true(fabs(t->flip_rate - flips / (100.0 * V)) < 1e-12);
  }
  pbl_pcd_destroy(t);
}

/* Largest |z| over parameters of T times the exact gradient against the mean direction of chains
 * that run at temperature `chains_at`. */
static double worst_direction(double temperature, double chains_at) {
  enum { PARTS = 40, UPDATES = 60 };
  signed char images[BARS * V];
  static double part[PARTS][N_PARAMETERS];
  memset(part, 0, sizeof part);
  bars_3x3(images);
  pbl_pcd *t = trainer(images, temperature, PBL_START_BLANK);
  randomise_biases(t);
  double gradient[N_PARAMETERS];
  for (size_t k = 0; k < N_PARAMETERS; k++) {
    float *p = parameter(t, k);
    const float saved = *p;
    *p = saved + 0.0078125f;
    const float up = *p;
    pbl_binary_view(t);
    const double above = exact_log_likelihood(t->model, images, BARS);
    *p = saved - 0.0078125f;
    pbl_binary_view(t);
    const double below = exact_log_likelihood(t->model, images, BARS);
    gradient[k] = temperature * (above - below) / ((double)up - (double)*p);
    *p = saved;
  }
  pbl_binary_view(t);
  pbl_pcd_statistics(t, 0, BARS, true);
  static float data_w[V * H], data_b[V], data_c[H]; /* the batch's side at the right temperature */
  memcpy(data_w, t->data_w, sizeof data_w);
  memcpy(data_b, t->data_b, sizeof data_b);
  memcpy(data_c, t->data_c, sizeof data_c);
  t->model->beta = 1.0 / chains_at;
  for (int n = 0; n < 200; n++) pbl_pcd_statistics(t, 0, BARS, true);
  for (int n = 0; n < PARTS; n++)
    for (int u = 0; u < UPDATES; u++) {
      pbl_pcd_statistics(t, 0, BARS, true);
      memcpy(t->data_w, data_w, sizeof data_w);
      memcpy(t->data_b, data_b, sizeof data_b);
      memcpy(t->data_c, data_c, sizeof data_c);
      float old[N_PARAMETERS];
      for (size_t k = 0; k < N_PARAMETERS; k++) old[k] = *parameter(t, k);
      t->opt.learning_rate = 1.0;
      t->opt.weight_decay = 0.0;
      pbl_pcd_step(t);
      for (size_t k = 0; k < N_PARAMETERS; k++) {
        part[n][k] += ((double)*parameter(t, k) - (double)old[k]) / UPDATES;
        *parameter(t, k) = old[k];
      }
      pbl_binary_view(t);
    }
  double worst = 0.0;
  for (size_t k = 0; k < N_PARAMETERS; k++) {
    double mean = 0.0, square = 0.0;
    for (int n = 0; n < PARTS; n++) mean += part[n][k] / PARTS;
    for (int n = 0; n < PARTS; n++) square += (part[n][k] - mean) * (part[n][k] - mean);
    const double error = sqrt(square / (PARTS * (PARTS - 1.0)));
    const double z = fabs(mean - gradient[k]) / (error + 1e-6);
    if (z > worst) worst = z;
  }
  pbl_pcd_destroy(t);
  return worst;
}

/* 49 parameters: max |z| > 4.6 has probability 2e-4; seeded. */
static void the_direction_is_t_times_the_exact_gradient(void **state) {
  (void)state;
  assert_true(worst_direction(0.7, 0.7) < 4.6);
}
static void a_temperature_5_percent_off_would_be_seen(void **state) {
  (void)state;
  assert_true(worst_direction(0.7, 0.735) > 5.5);
}

static void decays_shrink_each_parameter(void **state) {
  (void)state;
  signed char images[BARS * V];
  bars_3x3(images);
  pbl_pcd *t = trainer(images, 1.0, PBL_START_BLANK);
  randomise_biases(t);
  pbl_pcd_statistics(t, 0, BARS, true);
  float old[N_PARAMETERS], plain[N_PARAMETERS];
  t->opt.learning_rate = 0.5;
  t->opt.weight_decay = t->opt.bias_decay = 0.0;
  for (size_t k = 0; k < N_PARAMETERS; k++) old[k] = *parameter(t, k);
  pbl_pcd_step(t);
  for (size_t k = 0; k < N_PARAMETERS; k++) {
    plain[k] = *parameter(t, k);
    *parameter(t, k) = old[k];
  }
  t->opt.weight_decay = 0.25;
  t->opt.bias_decay = 0.125;
  pbl_pcd_step(t);
  for (size_t k = 0; k < N_PARAMETERS; k++) {
    const float shrink = 0.5f * (k < V * H ? 0.25f : 0.125f) * old[k];
    assert_true(fabsf(*parameter(t, k) - (plain[k] - shrink)) < 1e-6f);
  }
  pbl_pcd_destroy(t);
}

static void threads_do_not_change_a_bit(void **state) {
  (void)state;
  enum { BIG = 130 };
  pbl_train_options o = pbl_train_default();
  o.units = PBL_UNITS_BINARY;
  o.n_hidden = 33;
  o.batch_size = 20;
  o.n_chains = 40;
  o.learning_rate = 0.1;
  signed char *images = malloc(20 * BIG);
  assert_non_null(images);
  for (size_t k = 0; k < 20 * BIG; k++) images[k] = (k * k / 7) % 3 ? 1 : -1;
  pbl_pcd *a = NULL, *b = NULL;
  o.threads = 1;
  assert_int_equal(pbl_pcd_create(&a, images, 20, BIG, &o, NULL), PBL_OK);
  o.threads = 3;
  assert_int_equal(pbl_pcd_create(&b, images, 20, BIG, &o, NULL), PBL_OK);
  for (int u = 0; u < 20; u++) {
    pbl_pcd_statistics(a, 0, 20, true);
    pbl_pcd_statistics(b, 0, 20, true);
    pbl_pcd_step(a);
    pbl_pcd_step(b);
  }
  assert_memory_equal(pbl_binary_get(a).w, pbl_binary_get(b).w, BIG * 33 * sizeof(float));
  assert_memory_equal(a->model->c, b->model->c, 33 * sizeof(float));
  pbl_pcd_destroy(a);
  pbl_pcd_destroy(b);
  free(images);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_view_is_the_same_law),
      cmocka_unit_test(free_energies_and_flips_follow_their_definitions),
      cmocka_unit_test(the_direction_is_t_times_the_exact_gradient),
      cmocka_unit_test(a_temperature_5_percent_off_would_be_seen),
      cmocka_unit_test(decays_shrink_each_parameter),
      cmocka_unit_test(threads_do_not_change_a_bit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
