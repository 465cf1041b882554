/* Writes the pages of planted training runs into a folder, for check_train.py: full (and full2, the
 * same once more), one row, nothing but NaN, wild numbers, a long run. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_train_report.h"

enum { ROWS = 2, COLS = 3, V = ROWS * COLS, H = 3, MOST = 3000 };

/* The doubles of a row, all alike. */
static pbl_train_log row_of(int epoch, double value) {
  pbl_train_log row = {.epoch = epoch};
  double *x = &row.reconstruction_error;
  for (; x <= &row.tau_resolved; x++) *x = value;
  return row;
}

static pbl_train_log planted(int epoch) {
  pbl_train_log row = row_of(epoch, 0.5 * epoch);
  const bool evaluated = epoch % 5 == 0;
  const double gone = (double)NAN;
  row.temperature = 2;
  row.weight_norm = 3 * epoch;
  row.free_data = -epoch;
  row.free_model = -2 * epoch;
  row.test_error = row.test_accuracy = evaluated ? 0.25 : gone;
  row.log_z = row.log_likelihood_train = evaluated ? -100 + epoch : gone;
  row.log_likelihood_test = evaluated ? -101 + epoch : gone;
  row.ais_variance = evaluated ? (epoch == 10 ? 3 : 1) : gone; /* its gate fails at 10 */
  row.ais_ess_fraction = evaluated ? 0.5 : gone;
  row.gap = evaluated ? 0.1 / epoch : gone;
  row.tau = evaluated ? epoch : gone;
  row.tau_low = evaluated ? epoch - 1 : gone;
  row.tau_high = evaluated ? epoch + 1 : gone;
  row.tau_resolved = evaluated ? epoch < 20 : gone; /* 5, 10, 15 are; 20 is not */
  return row;
}

static pbl_rbm *model_of(void) {
  pbl_rbm *m = NULL;
  if (pbl_rbm_create(&m, V, H, NULL)) exit(1);
  for (int i = 0; i < V; i++) m->w[i * H] = i < COLS ? 0.5f : -0.5f;
  m->w[5 * H + 1] = -0.25f; /* hidden unit 1 sees only the last pixel; unit 2 nothing */
  return m;
}

static void write_telemetry(const char *path) {
  FILE *f = fopen(path, "w");
  if (!f) exit(1);
  fputs("epoch,window,rate,filter,lambda,beta\n1,0,0.1,0.1,0.01,1\n1,1,,0.1,-0.01,0.99\n", f);
  fclose(f);
}

static void write_run(const char *folder, const char *name, const pbl_train_view *view) {
  char path[512];
  pbl_error err;
  const pbl_train_report report = {
      .name = "a <b> & \"c\"", .configuration = "seed: 1\n", .view = *view};
  snprintf(path, sizeof path, "%s/%s.html", folder, name);
  pbl_status s = pbl_train_report_html(&report, path, &err);
  snprintf(path, sizeof path, "%s/%s.json", folder, name);
  if (!s) s = pbl_train_report_json(&report, path, &err);
  if (s) {
    fprintf(stderr, "%s: %s\n", name, err.message);
    exit(1);
  }
}

/* No log weights: log Z is exact, and no gate can fail. */
static void write_exact(const char *folder, pbl_train_view view, pbl_train_log *rows) {
  for (int k = 0; k < 20; k++) {
    rows[k] = planted(k + 1);
    rows[k].ais_variance = rows[k].ais_ess_fraction = (double)NAN;
  }
  view.n_rows = 20;
  write_run(folder, "exact", &view);
}

static void write_degenerate(const char *folder, pbl_train_view view, pbl_train_log *rows) {
  rows[0] = planted(5);
  view.n_rows = 1;
  write_run(folder, "one", &view);
  view.n_chains = 0;
  view.chains = NULL;
  view.image_rows = view.image_cols = 0;
  view.telemetry = "/nonexistent/telemetry.csv";
  view.n_rows = 20;
  for (int k = 0; k < 20; k++) rows[k] = row_of(k, (double)NAN);
  write_run(folder, "empty", &view);
  view.telemetry = NULL;
  static const double wild[] = {INFINITY, -INFINITY, 1e300, -1e300, 0, -0.0, 1e-300};
  for (int k = 0; k < 20; k++) rows[k] = row_of(k, wild[k % 7]);
  write_run(folder, "wild", &view);
  view.n_rows = MOST;
  for (int k = 0; k < MOST; k++) rows[k] = planted(k + 1);
  write_run(folder, "long", &view);
}

int main(int argc, char **argv) {
  static pbl_train_log rows[MOST];
  static const signed char chains[2 * V] = {1, 1, 1, -1, -1, -1, -1, 1, -1, 1, -1, 1};
  char telemetry[512];
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  snprintf(telemetry, sizeof telemetry, "%s/telemetry.csv", argv[1]);
  write_telemetry(telemetry);
  for (int k = 0; k < 20; k++) rows[k] = planted(k + 1);
  pbl_rbm *model = model_of();
  const pbl_train_view view = {.rows = rows,
                               .n_rows = 20,
                               .model = model,
                               .image_rows = ROWS,
                               .image_cols = COLS,
                               .chains = chains,
                               .n_chains = 2,
                               .identity = "images 1 x 6, seed 1",
                               .telemetry = telemetry};
  write_run(argv[1], "full", &view);
  write_run(argv[1], "full2", &view);
  write_exact(argv[1], view, rows);
  write_degenerate(argv[1], view, rows);
  pbl_rbm_destroy(model);
  return 0;
}
