#include "train_log.h"

#include <cblas.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "binary.h"
#include "checkpoint.h"
#include "thermostat.h"

#define SEED_PSEUDO UINT64_C(0x70736575646f6c6b)

/* One table serves the header and the rows. */
static const struct {
  const char *name;
  size_t offset;
} columns[] = {
    {"reconstruction_error", offsetof(pbl_train_log, reconstruction_error)},
    {"pseudo_likelihood", offsetof(pbl_train_log, pseudo_likelihood)},
    {"weight_norm", offsetof(pbl_train_log, weight_norm)},
    {"spectral_norm", offsetof(pbl_train_log, spectral_norm)},
    {"temperature", offsetof(pbl_train_log, temperature)},
    {"lambda", offsetof(pbl_train_log, lambda)},
    {"filter", offsetof(pbl_train_log, filter)},
    {"gap_mean", offsetof(pbl_train_log, gap_mean)},
    {"flip_rate", offsetof(pbl_train_log, flip_rate)},
    {"free_energy_data", offsetof(pbl_train_log, free_data)},
    {"free_energy_model", offsetof(pbl_train_log, free_model)},
    {"test_error", offsetof(pbl_train_log, test_error)},
    {"test_accuracy", offsetof(pbl_train_log, test_accuracy)},
    {"log_z", offsetof(pbl_train_log, log_z)},
    {"log_likelihood_train", offsetof(pbl_train_log, log_likelihood_train)},
    {"log_likelihood_test", offsetof(pbl_train_log, log_likelihood_test)},
    {"ais_variance", offsetof(pbl_train_log, ais_variance)},
    {"ais_ess_fraction", offsetof(pbl_train_log, ais_ess_fraction)},
    {"tau", offsetof(pbl_train_log, tau)},
    {"tau_low", offsetof(pbl_train_log, tau_low)},
    {"tau_high", offsetof(pbl_train_log, tau_high)},
    {"tau_resolved", offsetof(pbl_train_log, tau_resolved)},
};
#define N_COLUMNS (sizeof columns / sizeof *columns)

pbl_status pbl_spectral_norm(double *norm, const float *w, size_t n_rows, size_t n_cols,
                             pbl_error *err) {
  float *x = malloc((n_rows + n_cols) * sizeof *x);
  if (!x) return pbl_fail(err, PBL_NO_MEMORY, "no memory for the spectral norm");
  float *y = x + n_cols;
  for (size_t j = 0; j < n_cols; j++) x[j] = 1.0f + 0.5f * sinf((float)j);
  double value = 0.0;
  for (int step = 0; step < 200; step++) {
    const float length = cblas_snrm2((int)n_cols, x, 1);
    if (!(length > 0.0f)) break;
    cblas_sscal((int)n_cols, 1.0f / length, x, 1);
    cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)n_rows, (int)n_cols, 1.0f, w, (int)n_cols, x, 1,
                0.0f, y, 1);
    const double next = (double)cblas_snrm2((int)n_rows, y, 1);
    const bool settled = fabs(next - value) <= 1e-7 * next;
    value = next;
    if (settled) break;
    cblas_sgemv(CblasRowMajor, CblasTrans, (int)n_rows, (int)n_cols, 1.0f, w, (int)n_cols, y, 1,
                0.0f, x, 1);
  }
  free(x);
  *norm = value;
  return PBL_OK;
}

static double norm_of(const float *w, size_t n) {
  double sum = 0.0;
  for (size_t k = 0; k < n; k++) sum += (double)w[k] * (double)w[k];
  return sqrt(sum);
}

pbl_status pbl_train_log_row(pbl_train_log *row, pbl_pcd *t, int epoch, pbl_error *err) {
  *row = (pbl_train_log){.epoch = epoch};
  for (size_t k = 0; k < N_COLUMNS; k++)
    *(double *)(void *)((char *)row + columns[k].offset) = (double)NAN;
  const float *w = t->binary ? pbl_binary_get(t).w : t->model->w;
  row->weight_norm = norm_of(w, t->n_visible * t->n_hidden);
  row->temperature = 1.0 / t->model->beta;
  if (t->binary) {
    const pbl_regulation *r = &t->thermostat.regulation;
    row->lambda = r->lambda;
    row->filter = r->filter;
    row->gap_mean = r->gap;
    row->flip_rate = pbl_thermostat_flip_rate(t);
    row->free_data = pbl_thermostat_free_data(t);
    row->free_model = pbl_thermostat_free_model(t);
  }
  pbl_status status = PBL_OK;
  if (isfinite(row->weight_norm))
    status = pbl_spectral_norm(&row->spectral_norm, w, t->n_visible, t->n_hidden, err);
  if (status) return status;
  row->reconstruction_error = pbl_pcd_reconstruction(NULL, t, t->images, t->n_images);
  return pbl_pseudo_likelihood(&row->pseudo_likelihood, t->model, t->images, t->n_images,
                               t->opt.seed ^ SEED_PSEUDO, err);
}

pbl_status pbl_train_log_write(const pbl_train_log *rows, size_t n, const char *path,
                               pbl_error *err) {
  const size_t room = 32 * (N_COLUMNS + 1) * (n + 1);
  char *text = malloc(room);
  if (!text) return pbl_fail(err, PBL_NO_MEMORY, "no memory for the training log");
  size_t at = (size_t)snprintf(text, room, "epoch");
  for (size_t k = 0; k < N_COLUMNS; k++)
    at += (size_t)snprintf(text + at, room - at, ",%s", columns[k].name);
  for (size_t i = 0; i < n; i++) {
    at += (size_t)snprintf(text + at, room - at, "\n%d", rows[i].epoch);
    for (size_t k = 0; k < N_COLUMNS; k++) {
      const double x = *(const double *)(const void *)((const char *)&rows[i] + columns[k].offset);
      at += (size_t)(isnan(x) ? snprintf(text + at, room - at, ",")
                              : snprintf(text + at, room - at, ",%.9g", x));
    }
  }
  at += (size_t)snprintf(text + at, room - at, "\n");
  const pbl_status status = pbl_replace_file(path, text, at, err);
  free(text);
  return status;
}
