#include "train_log.h"

#include <cblas.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binary.h"
#include "checkpoint.h"
#include "pbl_file.h"
#include "pbl_train_columns.h"
#include "thermostat.h"

#define SEED_PSEUDO UINT64_C(0x70736575646f6c6b)

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
  for (size_t k = 0; k < PBL_TRAIN_N_COLUMNS; k++) *pbl_train_column_of(row, k) = (double)NAN;
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
  const size_t room = 32 * (PBL_TRAIN_N_COLUMNS + 1) * (n + 1);
  char *text = malloc(room);
  if (!text) return pbl_fail(err, PBL_NO_MEMORY, "no memory for the training log");
  size_t at = (size_t)snprintf(text, room, "epoch");
  for (size_t k = 0; k < PBL_TRAIN_N_COLUMNS; k++)
    at += (size_t)snprintf(text + at, room - at, ",%s", pbl_train_columns[k].name);
  for (size_t i = 0; i < n; i++) {
    at += (size_t)snprintf(text + at, room - at, "\n%d", rows[i].epoch);
    for (size_t k = 0; k < PBL_TRAIN_N_COLUMNS; k++) {
      const double x = pbl_train_value(&rows[i], k);
      at += (size_t)(isnan(x) ? snprintf(text + at, room - at, ",")
                              : snprintf(text + at, room - at, ",%.9g", x));
    }
  }
  at += (size_t)snprintf(text + at, room - at, "\n");
  const pbl_status status = pbl_replace_file(path, text, at, err);
  free(text);
  return status;
}

#define MAX_FIELDS 64

/* Which field of a line each of our columns is; -1 where the file has none. */
static void read_header(int place[PBL_TRAIN_N_COLUMNS], char *line) {
  for (size_t k = 0; k < PBL_TRAIN_N_COLUMNS; k++) place[k] = -1;
  int n = 0;
  for (char *c = line, *name; (name = strsep(&c, ",\n")) != NULL; n++)
    for (size_t k = 0; k < PBL_TRAIN_N_COLUMNS; k++)
      if (strcmp(name, pbl_train_columns[k].name) == 0) place[k] = n;
}

static bool read_row(pbl_train_log *row, char *line, const int place[PBL_TRAIN_N_COLUMNS]) {
  const char *fields[MAX_FIELDS];
  int n = 0;
  for (char *c = line, *field; n < MAX_FIELDS && (field = strsep(&c, ",\n")) != NULL;)
    fields[n++] = field;
  char *end;
  *row = (pbl_train_log){.epoch = (int)strtol(fields[0], &end, 10)};
  if (end == fields[0]) return false;
  for (size_t k = 0; k < PBL_TRAIN_N_COLUMNS; k++) {
    double *x = pbl_train_column_of(row, k);
    *x = (double)NAN;
    if (place[k] < 0 || place[k] >= n || fields[place[k]][0] == '\0') continue;
    *x = strtod(fields[place[k]], &end);
    if (*end != '\0') return false;
  }
  return true;
}

pbl_status pbl_train_log_read(pbl_train_log **rows, size_t *n, const char *path, pbl_error *err) {
  *rows = NULL;
  *n = 0;
  FILE *f = fopen(path, "r");
  if (!f && errno == ENOENT) return PBL_OK;
  if (!f) return pbl_fail(err, PBL_IO, "cannot read %s: %s", path, strerror(errno));
  char line[4096];
  int place[PBL_TRAIN_N_COLUMNS];
  pbl_status status = PBL_OK;
  if (fgets(line, sizeof line, f)) read_header(place, line);
  for (int number = 2; !status && fgets(line, sizeof line, f); number++) {
    pbl_train_log *more = realloc(*rows, (*n + 1) * sizeof *more);
    if (!more) {
      status = pbl_fail(err, PBL_NO_MEMORY, "no memory for %s", path);
      break;
    }
    *rows = more;
    if (!read_row(&more[*n], line, place))
      status = pbl_fail(err, PBL_FORMAT, "%s, line %d: not a row of a training log", path, number);
    ++*n;
  }
  fclose(f);
  if (!status) return PBL_OK;
  free(*rows);
  *rows = NULL;
  *n = 0;
  return status;
}
