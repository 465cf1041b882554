/* Training with a regulated temperature: the rule against the log, gauge fixing, resuming. */
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

#include "binary.h"
#include "thermostat.h"
#include "train_world.h"

static pbl_train_options regulated(pbl_regulator_mode mode, int epochs) {
  pbl_train_options o = train_options(epochs);
  o.units = PBL_UNITS_BINARY;
  o.start = PBL_START_BLANK;
  o.learning_rate = 0.05;
  o.weight_decay = 0.0;
  o.log_every = 1;
  o.regulator = pbl_regulator_settings_default(mode);
  return o;
}

#define MAX_ROWS 256
typedef struct {
  double temperature, lambda, filter, gap_mean, flip_rate, free_data, free_model;
} row;

/* Rows of log.csv by the names of its columns. */
static int read_log(row *rows, const char *folder) {
  static const char *const names[] = {"temperature",      "lambda",    "filter",
                                      "gap_mean",         "flip_rate", "free_energy_data",
                                      "free_energy_model"};
  char path[400], line[2048];
  int place[7] = {0}, n = 0;
  snprintf(path, sizeof path, "%s/log.csv", folder);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  assert_non_null(fgets(line, sizeof line, f));
  int column = 0;
  for (char *c = line, *name; (name = strsep(&c, ",\n")) != NULL; column++)
    for (int k = 0; k < 7; k++)
      if (strcmp(name, names[k]) == 0) place[k] = column;
  while (n < MAX_ROWS && fgets(line, sizeof line, f)) {
    column = 0;
    for (char *c = line, *field; (field = strsep(&c, ",\n")) != NULL; column++)
      for (int k = 0; k < 7; k++)
        if (place[k] == column) ((double *)&rows[n])[k] = atof(field);
    n++;
  }
  fclose(f);
  return n;
}

/* The log has 9 digits: the rule's state, from the logged flip rates and gaps, to 1e-7. */
static void srtrbm_follows_its_rule_and_keeps_its_constant(void **state) {
  const train_world *w = *state;
  pbl_train_options o = regulated(PBL_REGULATOR_SRTRBM, 200);
  pbl_rbm *m = NULL;
  pbl_error err = {0};
  static row rows[MAX_ROWS];
  if (train_run(&m, w, w->folder, &o, NULL, NULL, &err)) fail_msg("%s", err.message);
  assert_int_equal(read_log(rows, w->folder), 200);
  double c = 0.0, lambda = 0.0, a = 0.0;
  for (int n = 0; n < 200; n++) {
    const double r = rows[n].flip_rate;
    c += 0.01 * (r - c);
    lambda -= 0.01 * (r - c);
    a += (rows[n].free_data - rows[n].free_model - a) / (n + 1);
    assert_true(fabs(rows[n].filter - c) < 1e-7);
    assert_true(fabs(rows[n].lambda - lambda) < 1e-7);
    assert_true(fabs(rows[n].gap_mean - a) < 1e-6);
    assert_true(fabs(rows[n].temperature - (exp(lambda) + 0.001 * a)) < 1e-7);
    assert_true(fabs(rows[n].lambda + 0.99 * rows[n].filter) < 1e-7);
  }
  assert_true(rows[199].filter > 0.1); /* something happened */
  assert_true(fabs(m->beta * rows[199].temperature - 1.0) < 1e-7);
  pbl_rbm_destroy(m);
}

/* Without the guard this run ends near a flip rate of .002 (fixed T, same seed). */
static void the_guard_keeps_the_flip_rate_where_fixed_temperature_loses_it(void **state) {
  const train_world *w = *state;
  static row rows[MAX_ROWS];
  double end[2];
  for (int guard = 0; guard < 2; guard++) {
    char folder[330];
    snprintf(folder, sizeof folder, "%s/%s", w->root, guard ? "other" : "a/run");
    pbl_train_options o = regulated(guard ? PBL_REGULATOR_GUARD : PBL_REGULATOR_FIXED, 20000);
    o.learning_rate = 0.2;
    o.gauge_fixing = guard;
    o.window_updates = 1;
    o.checkpoint_every = 0;
    o.log_every = 100;
    o.regulator.gain = 0.05;
    pbl_rbm *m = NULL;
    pbl_error err = {0};
    if (train_run(&m, w, folder, &o, NULL, NULL, &err)) fail_msg("%s", err.message);
    const int n = read_log(rows, folder);
    end[guard] = 0.0;
    for (int k = n - 50; k < n; k++) end[guard] += rows[k].flip_rate / 50.0;
    assert_true(m->beta == 1.0); /* folded, or never moved */
    pbl_rbm_destroy(m);
  }
  assert_true(end[0] < 0.01);
  assert_true(end[1] > 0.03);
}

/* exp(-E/T) before and after, for every state. */
static void folding_keeps_the_law(void **state) {
  const train_world *w = *state;
  pbl_train_options o = regulated(PBL_REGULATOR_SETPOINT, 1);
  o.initial_scale = 1.0;
  o.regulator.temperature = 1.7;
  pbl_pcd *t = NULL;
  assert_int_equal(pbl_pcd_create(&t, w->images, BARS, 9, &o, NULL), PBL_OK);
  pbl_thermostat_start(t);
  double before[512], after[512];
  enumerate_visible(before, t->model);
  pbl_thermostat_fold(t);
  assert_true(t->model->beta == 1.0);
  enumerate_visible(after, t->model);
  for (int k = 1; k < 512; k++)
    assert_true(fabs((after[k] - after[0]) - (before[k] - before[0])) < 1e-5);
  pbl_pcd_destroy(t);
}

/* Windows of 3 updates in epochs of 4, stopped in epoch 12. */
static void a_resumed_regulated_run_gives_the_same_bytes(void **state) {
  const train_world *w = *state;
  char other[320];
  snprintf(other, sizeof other, "%s/other", w->root);
  pbl_train_options o = regulated(PBL_REGULATOR_SRTRBM, 30);
  o.batch_size = 4;
  o.window_updates = 3;
  o.checkpoint_every = 5;
  pbl_rbm *whole = NULL, *resumed = NULL;
  pbl_error err = {0};
  if (train_run(&whole, w, w->folder, &o, NULL, NULL, &err)) fail_msg("%s", err.message);
  train_stopper s = {.base = {.report = train_stop}, .stop_at = 4 * 11 + 2};
  assert_int_equal(train_run(&resumed, w, other, &o, NULL, &s.base, &err), PBL_INTERRUPTED);
  if (train_run(&resumed, w, other, &o, NULL, NULL, &err)) fail_msg("%s", err.message);
  assert_memory_equal(whole->w, resumed->w, 81 * sizeof(float));
  assert_memory_equal(whole->b, resumed->b, 9 * sizeof(float));
  assert_true(whole->beta == resumed->beta);
  static row a[MAX_ROWS], b[MAX_ROWS];
  assert_int_equal(read_log(a, w->folder), read_log(b, other));
  assert_memory_equal(a, b, 30 * sizeof *a);
  pbl_rbm_destroy(whole);
  pbl_rbm_destroy(resumed);
}

static void spin_units_cannot_be_regulated(void **state) {
  const train_world *w = *state;
  pbl_train_options o = regulated(PBL_REGULATOR_GUARD, 2);
  o.units = PBL_UNITS_SPIN;
  pbl_rbm *m = NULL;
  pbl_error err = {0};
  assert_int_equal(train_run(&m, w, w->folder, &o, NULL, NULL, &err), PBL_CONFIG);
  assert_non_null(strstr(err.message, "units: binary"));
  o = regulated(PBL_REGULATOR_GUARD, 2);
  o.regulator.flip_rate = 0.7;
  assert_int_equal(train_run(&m, w, w->folder, &o, NULL, NULL, &err), PBL_INVALID);
}

/* Columns of an evaluation, on a model small enough to be enumerated; AIS is asked for. */
static void an_evaluation_agrees_with_enumeration(void **state) {
  const train_world *w = *state;
  pbl_train_options o = regulated(PBL_REGULATOR_SRTRBM, 150);
  o.ais_chains = 200;
  o.ais_temperatures = 500;
  o.exact_side = 0;
  o.tau_chains = 16;
  o.tau_burn_in = 200;
  o.tau_draws = 4000;
  pbl_ais_report ais;
  pbl_rbm *m = NULL;
  pbl_error err = {0};
  if (train_run(&m, w, w->folder, &o, &ais, NULL, &err)) fail_msg("%s", err.message);
  const double exact = exact_log_likelihood(m, w->images, BARS);
  const double sigma = (ais.log_z_high - ais.log_z_low) / 3.92;
  assert_true(fabs(ais.log_likelihood_train - exact) < 4.5 * sigma + 1e-5);
  char path[400], text[65536];
  snprintf(path, sizeof path, "%s/log.csv", w->folder);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  const size_t n = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  text[n] = '\0';
  assert_int_equal(text[n - 2], '1'); /* the last column: tau_resolved */
  pbl_rbm_destroy(m);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, train_set_up, train_tear_down)
  const struct CMUnitTest tests[] = {
      TEST(srtrbm_follows_its_rule_and_keeps_its_constant),
      TEST(the_guard_keeps_the_flip_rate_where_fixed_temperature_loses_it),
      TEST(folding_keeps_the_law),
      TEST(a_resumed_regulated_run_gives_the_same_bytes),
      TEST(spin_units_cannot_be_regulated),
      TEST(an_evaluation_agrees_with_enumeration),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
