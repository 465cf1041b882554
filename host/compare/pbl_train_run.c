/* The training job: data set, training, model folder. */
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "pbl_compare.h"
#include "pbl_dataset.h"
#include "pbl_train.h"
#include "pbl_train_report.h"

/* Reads one part of the data set and binarises it. Data sets without a test part give n = 0. */
static pbl_status load_part(signed char **states, size_t *n, int *rows, int *cols,
                            const pbl_train_config *c, const char *part, pbl_error *err) {
  pbl_images im = {0};
  pbl_status st = pbl_dataset_load(
      &im, c->dataset, part, c->dataset_path[0] ? c->dataset_path : NULL, c->rows, c->cols, err);
  if (st) return st;
  if (c->rows > 0 && (c->rows != im.rows || c->cols != im.cols)) {
    st = pbl_fail(err, PBL_CONFIG,
                  "dataset: rows and cols say %d x %d, but the images of %s are %d x %d; drop both "
                  "keys or choose another data set",
                  c->rows, c->cols, c->dataset, im.rows, im.cols);
    pbl_images_free(&im);
    return st;
  }
  if (c->max_images > 0 && im.n_images > (size_t)c->max_images) im.n_images = (size_t)c->max_images;
  *n = im.n_images;
  *rows = im.rows;
  *cols = im.cols;
  st = pbl_images_binarise(states, &im, c->threshold, err);
  pbl_images_free(&im);
  return st;
}

static bool has_test_part(const char *dataset) {
  return dataset[0] == 'f' || dataset[0] == 'm'; /* fashion-mnist, mnist */
}

typedef struct {
  const pbl_train_config *config;
  char *text; /* resolved */
} report_context;

/* Neither the folder nor the threads change the run, so they are not in its report. */
static pbl_status open_report(report_context *r, const pbl_train_config *c, pbl_error *err) {
  pbl_train_config plain = *c;
  plain.out[0] = '\0';
  plain.threads = 0;
  *r = (report_context){.config = c};
  return pbl_config_dump_train(&r->text, &plain, err);
}

static pbl_status write_report(void *context, const pbl_train_view *view, pbl_error *err) {
  const report_context *r = context;
  const pbl_train_report report = {
      .name = r->config->name, .configuration = r->text, .view = *view};
  char path[sizeof r->config->out + 16];
  snprintf(path, sizeof path, "%s/report.html", r->config->out);
  pbl_status st = pbl_train_report_html(&report, path, err);
  snprintf(path, sizeof path, "%s/report.json", r->config->out);
  return st ? st : pbl_train_report_json(&report, path, err);
}

static void print_likelihood(const pbl_ais_report *ais, bool test) {
  if (ais->exact) {
    printf("log Z %.4f, exact; log-likelihood per image: train %.4f", ais->log_z,
           ais->log_likelihood_train);
  } else {
    printf("log Z %.2f [%.2f, %.2f]; log-likelihood per image: train %.2f", ais->log_z,
           ais->log_z_low, ais->log_z_high, ais->log_likelihood_train);
  }
  if (test) {
    printf(", test %.*f nats\n", ais->exact ? 4 : 2, ais->log_likelihood_test);
  } else {
    printf(" nats (no test images)\n");
  }
  if (!ais->exact)
    printf("AIS gates %s: ESS fraction %.3f (> 0.2), log-weight variance %.3f (< 2)\n",
           ais->passed ? "passed" : "FAILED, do not trust log Z", ais->ess_fraction,
           ais->log_weight_variance);
}

pbl_status pbl_train_run(const pbl_train_config *c, pbl_progress *progress, pbl_error *err) {
  signed char *train = NULL, *test = NULL;
  size_t n_train = 0, n_test = 0;
  int rows = 0, cols = 0, test_rows = 0, test_cols = 0;
  pbl_rbm *model = NULL;
  char provenance[768];
  pbl_ais_report ais = {0};
  report_context report;
  pbl_train_options o = pbl_train_default();
  o.n_hidden = c->n_hidden;
  o.learning_rate = c->learning_rate;
  o.weight_decay = c->weight_decay;
  o.spectral_limit = c->spectral_limit;
  o.units = (pbl_units)c->units;
  o.start = (pbl_start)c->start;
  o.bias_decay = c->bias_decay;
  o.drop_incomplete_batch = c->drop_incomplete_batch;
  o.device = (pbl_train_device)c->device;
  o.tlm_quantum_ns = (uint64_t)c->tlm_quantum_ns;
  o.timeout_cycles = c->timeout_cycles;
  o.remote = c->remote.address;
  o.remote_secret = c->remote.secret[0] != '\0' ? c->remote.secret : NULL;
  o.uio = c->uio.where;
  o.uio_timeout_ms = c->uio.timeout_ms;
  o.waveform = c->waveform;
  o.hw = c->hw;
  o.upload_every = c->upload_every;
  o.stochastic_rounding = c->stochastic_rounding;
  o.regulator = c->regulator;
  if (o.regulator.gain <= 0)
    o.regulator.gain = pbl_regulator_settings_default(o.regulator.mode).gain;
  o.window_updates = c->window_updates;
  o.gauge_fixing = c->gauge_fixing;
  o.evaluate_every = c->evaluate_every;
  o.tau_chains = c->tau_chains;
  o.tau_burn_in = c->tau_burn_in;
  o.tau_draws = c->tau_draws;
  o.batch_size = c->batch_size;
  o.n_chains = c->n_chains;
  o.sweeps_per_update = c->sweeps_per_update;
  o.epochs = c->epochs;
  o.initial_scale = c->initial_scale;
  o.beta = c->beta;
  o.seed = c->seed;
  o.threads = c->threads;
  o.checkpoint_every = c->checkpoint_every;
  o.log_every = c->log_every;
  o.ais_chains = c->ais_chains;
  o.ais_temperatures = c->ais_temperatures;

  openblas_set_num_threads(1);
  pbl_status st = open_report(&report, c, err);
  if (!st) st = load_part(&train, &n_train, &rows, &cols, c, "train", err);
  if (!st && has_test_part(c->dataset)) {
    st = load_part(&test, &n_test, &test_rows, &test_cols, c, "test", err);
    if (!st && (test_rows != rows || test_cols != cols)) {
      st = pbl_fail(err, PBL_FORMAT, "%s: train images are %d x %d, test images %d x %d",
                    c->dataset, rows, cols, test_rows, test_cols);
    }
  }
  if (!st) {
    pbl_progress_note(progress, "%s: %zu training and %zu test images of %d x %d, threshold %d",
                      c->dataset, n_train, n_test, rows, cols, c->threshold);
    snprintf(provenance, sizeof provenance,
             "%s, %zu training images, pixel >= %d is +1; pbitloop train %s", c->dataset, n_train,
             c->threshold, c->path);
    o.image_rows = rows;
    o.image_cols = cols;
    o.name = c->name;
    o.provenance = provenance;
    o.observer = write_report;
    o.observer_context = &report;
    st = pbl_train_rbm(&model, train, n_train, test, n_test, rows * cols, &o, c->out, &ais,
                       progress, err);
  }
  if (!st) {
    printf("model: %s (%d visible, %d hidden); report.html and report.json beside it\n", c->out,
           model->n_visible, model->n_hidden);
    if (o.ais_chains > 0) print_likelihood(&ais, n_test > 0);
  }
  pbl_rbm_destroy(model);
  free(report.text);
  free(train);
  free(test);
  return st;
}
