#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "pbl_stats.h"
#include "regimes_internal.h"

const char *const regime_metric_names[N_METRICS] = {
    "log_likelihood_test", "coupling", "flip_rate", "test_error",
    "ais_variance",        "ais_ess",  "log_tau",   "spectral_gap"};

pbl_status regime_log_read(regime_run *run, const char *folder, pbl_error *err) {
  *run = (regime_run){0};
  char path[PATH_MAX];
  const int length = snprintf(path, sizeof path, "%s/log.csv", folder);
  if (length < 0 || (size_t)length >= sizeof path)
    return pbl_fail(err, PBL_INVALID, "path too long: %.200s...", folder);
  const pbl_status status = pbl_train_log_read(&run->rows, &run->n, path, err);
  for (size_t k = 0; k < run->n; k++) { /* data sets without a test part */
    pbl_train_log *row = &run->rows[k];
    if (isnan(row->log_likelihood_test)) row->log_likelihood_test = row->log_likelihood_train;
    if (isnan(row->test_error)) row->test_error = row->reconstruction_error;
  }
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
    case METRIC_GAP:
      return row->gap;
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
