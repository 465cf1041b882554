/* Whole training runs on bars-and-stripes 3 x 3: likelihood, resuming, refusals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* after the above */
#include <cmocka.h>

#include "checkpoint.h"
#include "enumerated.h"
#include "train_world.h"

/* Independent pixels give -9 ln 2 = -6.24 nats, the best law -ln 14 = -2.64. */
static void training_raises_the_exact_log_likelihood_above_minus_3_5(void **state) {
  const train_world *w = *state;
  pbl_train_options o = train_options(1000);
  o.ais_chains = 200;
  o.ais_temperatures = 300;
  o.exact_side = 0;
  pbl_rbm *m = NULL;
  pbl_ais_report ais;
  pbl_error err = {0};
  if (train_run(&m, w, w->folder, &o, &ais, NULL, &err)) fail_msg("%s", err.message);
  const double exact = exact_log_likelihood(m, w->images, BARS);
  if (exact < -3.5) fail_msg("log-likelihood %.3f", exact);
  /* the report's estimate differs by the error of log Z only: 4.5 sigma */
  const double sigma = (ais.log_z_high - ais.log_z_low) / 3.92;
  assert_true(fabs(ais.log_likelihood_train - exact) < 4.5 * sigma + 1e-5);
  assert_true(ais.log_likelihood_test == ais.log_likelihood_train);
  pbl_rbm *saved = NULL;
  if (pbl_rbm_load(&saved, w->folder, &err)) fail_msg("%s", err.message);
  assert_memory_equal(saved->w, m->w, 81 * sizeof *m->w);
  assert_non_null(saved->data_vh);
  pbl_rbm_destroy(saved);
  pbl_rbm_destroy(m);
}

static void the_log_has_a_row_per_interval_and_falls_in_error(void **state) {
  const train_world *w = *state;
  pbl_train_options o = train_options(1050);
  pbl_rbm *m = NULL;
  pbl_error err = {0};
  if (train_run(&m, w, w->folder, &o, NULL, NULL, &err)) fail_msg("%s", err.message);
  pbl_rbm_destroy(m);
  char path[400];
  snprintf(path, sizeof path, "%s/log.csv", w->folder);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  char line[1024];
  assert_non_null(fgets(line, sizeof line, f));
  assert_memory_equal(line, "epoch,reconstruction_error,pseudo_likelihood,weight_norm,", 55);
  double error[16] = {0}, pl[16] = {0};
  int n = 0, epoch = 0;
  while (n < 16 && fgets(line, sizeof line, f)) {
    assert_int_equal(sscanf(line, "%d,%lf,%lf", &epoch, &error[n], &pl[n]), 3);
    assert_int_equal(epoch, n < 10 ? 100 * (n + 1) : 1050);
    n++;
  }
  fclose(f);
  assert_int_equal(n, 11);
  assert_true(error[10] < error[0] && error[10] >= 0.0);
  assert_true(pl[10] > pl[0] && pl[10] < 0.0);
}

/* Mini-batches of 4: four updates an epoch, stopped within epoch 131, resumed by 2 threads. */
static void an_interrupted_and_resumed_run_gives_the_same_bytes(void **state) {
  const train_world *w = *state;
  char other[320];
  snprintf(other, sizeof other, "%s/other", w->root);
  pbl_train_options o = train_options(300);
  o.batch_size = 4;
  o.spectral_limit = 1.5;
  pbl_rbm *whole = NULL, *resumed = NULL;
  pbl_error err = {0};
  if (train_run(&whole, w, w->folder, &o, NULL, NULL, &err)) fail_msg("%s", err.message);
  train_stopper s = {.base = {.report = train_stop}, .stop_at = 4 * 130 + 2};
  assert_int_equal(train_run(&resumed, w, other, &o, NULL, &s.base, &err), PBL_INTERRUPTED);
  assert_null(resumed);
  o.threads = 2;
  s.stop_at = 4 * 130 + 1; /* epoch 131 starts anew, so its first update is reported again */
  assert_int_equal(train_run(&resumed, w, other, &o, NULL, &s.base, &err), PBL_INTERRUPTED);
  if (train_run(&resumed, w, other, &o, NULL, NULL, &err)) fail_msg("%s", err.message);
  assert_memory_equal(whole->w, resumed->w, 81 * sizeof(float));
  assert_memory_equal(whole->b, resumed->b, 9 * sizeof(float));
  assert_memory_equal(whole->c, resumed->c, 9 * sizeof(float));
  pbl_rbm_destroy(whole);
  pbl_rbm_destroy(resumed);
}

static void more_epochs_go_on_from_the_checkpoint_and_other_options_are_refused(void **state) {
  const train_world *w = *state;
  char other[320];
  snprintf(other, sizeof other, "%s/other", w->root);
  pbl_train_options o = train_options(60);
  pbl_rbm *m = NULL, *at_once = NULL;
  pbl_error err = {0};
  assert_int_equal(train_run(&m, w, w->folder, &o, NULL, NULL, &err), PBL_OK);
  pbl_rbm_destroy(m);
  o.weight_decay = 2e-3;
  assert_int_equal(train_run(&m, w, w->folder, &o, NULL, NULL, &err), PBL_CONFIG);
  assert_non_null(strstr(err.message, "weight_decay 0.002"));
  o = train_options(50);
  assert_int_equal(train_run(&m, w, w->folder, &o, NULL, NULL, &err), PBL_CONFIG);
  o = train_options(100);
  assert_int_equal(train_run(&m, w, w->folder, &o, NULL, NULL, &err), PBL_OK);
  assert_int_equal(train_run(&at_once, w, other, &o, NULL, NULL, &err), PBL_OK);
  assert_memory_equal(m->w, at_once->w, 81 * sizeof(float));
  pbl_rbm_destroy(m);
  pbl_rbm_destroy(at_once);
}

static void a_damaged_checkpoint_is_refused(void **state) {
  const train_world *w = *state;
  pbl_train_options o = train_options(5);
  pbl_rbm *m = NULL;
  pbl_error err = {0};
  assert_int_equal(train_run(&m, w, w->folder, &o, NULL, NULL, &err), PBL_OK);
  pbl_rbm_destroy(m);
  char path[400];
  snprintf(path, sizeof path, "%s/checkpoint/state.bin", w->folder);
  FILE *f = fopen(path, "r+b");
  assert_non_null(f);
  fseek(f, 900, SEEK_SET);
  const int byte = fgetc(f);
  fseek(f, 900, SEEK_SET);
  fputc(byte ^ 1, f);
  fclose(f);
  assert_int_equal(train_run(&m, w, w->folder, &o, NULL, NULL, &err), PBL_FORMAT);
  assert_null(m);
}

/* Numbers with all their digits make a text that is longer than a checkpoint has room for; the last
 * option still tells two runs apart. */
static void the_end_of_a_long_identity_is_not_lost(void **state) {
  const train_world *w = *state;
  const double x = 1.23456789012345e-100;
  pbl_train_options o = train_options(1);
  o.units = PBL_UNITS_BINARY;
  o.start = PBL_START_BLANK;
  o.drop_incomplete_batch = true;
  o.seed = UINT64_MAX;
  o.sweeps_per_update = 10000;
  o.log_every = o.upload_every = o.window_updates = 1000000;
  o.learning_rate = o.weight_decay = o.bias_decay = o.initial_scale = o.spectral_limit = x;
  o.regulator = (pbl_regulator_settings){.mode = PBL_REGULATOR_SETPOINT,
                                         .flip_rate = x,
                                         .gain = x,
                                         .smoothing = x,
                                         .gap_scale = x,
                                         .dead_band = x,
                                         .step_limit = x,
                                         .temperature = x,
                                         .temperature_min = x,
                                         .temperature_max = x,
                                         .filter = x};
  o.gauge_fixing = true;
  o.device = PBL_TRAIN_TWIN;
  pbl_pcd *t = NULL;
  pbl_run_identity nearest, stochastic;
  assert_int_equal(pbl_pcd_create(&t, w->images, BARS, 9, &o, NULL), PBL_OK);
  pbl_run_identity_of(&nearest, t);
  t->opt.stochastic_rounding = true;
  pbl_run_identity_of(&stochastic, t);
  assert_non_null(strstr(nearest.text, "... crc ")); /* it was too long */
  assert_string_not_equal(nearest.text, stochastic.text);
  pbl_pcd_destroy(t);
}

static void bad_options_and_images_are_refused(void **state) {
  train_world *w = *state;
  pbl_rbm *m = NULL;
  pbl_error err = {0};
  pbl_train_options o = train_options(5);
  o.batch_size = 0;
  assert_int_equal(train_run(&m, w, w->folder, &o, NULL, NULL, &err), PBL_CONFIG);
  assert_non_null(strstr(err.message, "batch_size"));
  o = train_options(5);
  o.learning_rate = NAN;
  assert_int_equal(train_run(&m, w, w->folder, &o, NULL, NULL, &err), PBL_CONFIG);
  o = train_options(5);
  w->images[9 * 3 + 2] = 0;
  assert_int_equal(train_run(&m, w, w->folder, &o, NULL, NULL, &err), PBL_INVALID);
  assert_non_null(strstr(err.message, "image 3, pixel 2"));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, train_set_up, train_tear_down)
  const struct CMUnitTest tests[] = {
      TEST(training_raises_the_exact_log_likelihood_above_minus_3_5),
      TEST(the_log_has_a_row_per_interval_and_falls_in_error),
      TEST(an_interrupted_and_resumed_run_gives_the_same_bytes),
      TEST(more_epochs_go_on_from_the_checkpoint_and_other_options_are_refused),
      TEST(a_damaged_checkpoint_is_refused),
      TEST(the_end_of_a_long_identity_is_not_lost),
      TEST(bad_options_and_images_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
