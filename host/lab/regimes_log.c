#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_stats.h"
#include "regimes_internal.h"

const char *const regime_metric_names[N_METRICS] = {
    "log_likelihood_test", "coupling", "flip_rate", "test_error",
    "ais_variance",        "ais_ess",  "log_tau"};

static const struct {
  const char *name;
  size_t offset;
} columns[] = {
    {"weight_norm", offsetof(pbl_train_log, weight_norm)},
    {"spectral_norm", offsetof(pbl_train_log, spectral_norm)},
    {"temperature", offsetof(pbl_train_log, temperature)},
    {"flip_rate", offsetof(pbl_train_log, flip_rate)},
    {"reconstruction_error", offsetof(pbl_train_log, reconstruction_error)},
    {"test_error", offsetof(pbl_train_log, test_error)},
    {"log_z", offsetof(pbl_train_log, log_z)},
    {"log_likelihood_train", offsetof(pbl_train_log, log_likelihood_train)},
    {"log_likelihood_test", offsetof(pbl_train_log, log_likelihood_test)},
    {"ais_variance", offsetof(pbl_train_log, ais_variance)},
    {"ais_ess_fraction", offsetof(pbl_train_log, ais_ess_fraction)},
    {"tau", offsetof(pbl_train_log, tau)},
    {"tau_resolved", offsetof(pbl_train_log, tau_resolved)},
};
#define N_COLUMNS (sizeof columns / sizeof *columns)
#define MAX_FIELDS 64

/* Which column of the file each of ours is; -1 where it has none. */
static void read_header(int place[N_COLUMNS], char *line) {
  for (size_t k = 0; k < N_COLUMNS; k++) place[k] = -1;
  int n = 0;
  for (char *c = line, *name; (name = strsep(&c, ",\n")) != NULL; n++)
    for (size_t k = 0; k < N_COLUMNS; k++)
      if (strcmp(name, columns[k].name) == 0) place[k] = n;
}

static bool read_row(pbl_train_log *row, char *line, const int place[N_COLUMNS]) {
  const char *fields[MAX_FIELDS];
  int n = 0;
  for (char *c = line, *field; n < MAX_FIELDS && (field = strsep(&c, ",\n")) != NULL;)
    fields[n++] = field;
  char *end;
  *row = (pbl_train_log){.epoch = (int)strtol(fields[0], &end, 10)};
  if (end == fields[0]) return false;
  for (size_t k = 0; k < N_COLUMNS; k++) {
    double *x = (double *)(void *)((char *)row + columns[k].offset);
    *x = (double)NAN;
    if (place[k] < 0 || place[k] >= n || fields[place[k]][0] == '\0') continue;
    *x = strtod(fields[place[k]], &end);
    if (*end != '\0') return false;
  }
  /* data sets without a test part */
  if (isnan(row->log_likelihood_test)) row->log_likelihood_test = row->log_likelihood_train;
  if (isnan(row->test_error)) row->test_error = row->reconstruction_error;
  return true;
}

pbl_status regime_log_read(regime_run *run, const char *folder, pbl_error *err) {
  *run = (regime_run){0};
  char path[PATH_MAX];
  const int length = snprintf(path, sizeof path, "%s/log.csv", folder);
  if (length < 0 || (size_t)length >= sizeof path)
    return pbl_fail(err, PBL_INVALID, "path too long: %.200s...", folder);
  FILE *f = fopen(path, "r");
  if (!f && errno == ENOENT) return PBL_OK;
  if (!f) return pbl_fail(err, PBL_IO, "cannot read %s: %s", path, strerror(errno));
  char line[4096];
  int place[N_COLUMNS];
  pbl_status status = PBL_OK;
  if (fgets(line, sizeof line, f)) read_header(place, line);
  for (int number = 2; !status && fgets(line, sizeof line, f); number++) {
    pbl_train_log *more = realloc(run->rows, (run->n + 1) * sizeof *more);
    if (!more) {
      status = pbl_fail(err, PBL_NO_MEMORY, "no memory for %s", path);
      break;
    }
    run->rows = more;
    if (!read_row(&run->rows[run->n], line, place))
      status = pbl_fail(err, PBL_FORMAT, "%s, line %d: not a row of a training log", path, number);
    run->n++;
  }
  fclose(f);
  if (status) regime_log_free(run);
  return status;
}

void regime_log_free(regime_run *run) {
  free(run->rows);
  *run = (regime_run){0};
}

double regime_metric(const pbl_train_log *row, int metric) {
  switch (metric) {
    case METRIC_LIKELIHOOD:
      return row->log_likelihood_test;
    case METRIC_COUPLING:
      return row->weight_norm / row->temperature;
    case METRIC_FLIP_RATE:
      return row->flip_rate;
    case METRIC_TEST_ERROR:
      return row->test_error;
    case METRIC_AIS_VARIANCE:
      return row->ais_variance;
    case METRIC_AIS_ESS:
      return row->ais_ess_fraction;
    default:
      return log(row->tau);
  }
}

static bool evaluated(const pbl_train_log *row) {
  return isfinite(row->log_likelihood_test);
}

double regime_largest(const regime_run *run, int metric) {
  double largest = (double)NAN;
  for (size_t k = 0; k < run->n; k++) {
    const double x = evaluated(&run->rows[k]) ? regime_metric(&run->rows[k], metric) : (double)NAN;
    if (isfinite(x) && !(x <= largest)) largest = x;
  }
  return largest;
}

double regime_matched(const regime_run *run, int metric, int at, double value) {
  const pbl_train_log *before = NULL;
  for (size_t k = 0; k < run->n; k++) {
    const pbl_train_log *row = &run->rows[k];
    if (!evaluated(row)) continue;
    const double x = regime_metric(row, at), y = regime_metric(row, metric);
    if (x >= value) {
      if (!before) return x == value ? y : (double)NAN; /* passed before the first evaluation */
      const double x0 = regime_metric(before, at), y0 = regime_metric(before, metric);
      return x > x0 ? y0 + (y - y0) * (value - x0) / (x - x0) : y;
    }
    before = row;
  }
  return (double)NAN;
}

regime_mean regime_mean_of(const double *x, int n) {
  regime_mean m = {.value = (double)NAN, .low = (double)NAN, .high = (double)NAN};
  double sum = 0.0, square = 0.0;
  for (int k = 0; k < n; k++)
    if (isfinite(x[k])) sum += x[k], m.n++;
  if (m.n == 0) return m;
  m.value = sum / m.n;
  if (m.n < 2) return m;
  for (int k = 0; k < n; k++)
    if (isfinite(x[k])) square += (x[k] - m.value) * (x[k] - m.value);
  const double half =
      pbl_student_t_quantile(0.975, m.n - 1) * sqrt(square / ((double)m.n * (m.n - 1)));
  m.low = m.value - half;
  m.high = m.value + half;
  return m;
}
