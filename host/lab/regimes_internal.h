/* What one training run left behind. Internal to the comparison of regimes. */
#ifndef PBL_REGIMES_INTERNAL_H
#define PBL_REGIMES_INTERNAL_H

#include "pbl_regimes.h"
#include "pbl_train.h"

typedef struct {
  pbl_train_log *rows; /* every logged epoch */
  size_t n;
} regime_run;

/* Reads FOLDER/log.csv; n = 0 when there is none. FORMAT names the file and the line. */
pbl_status regime_log_read(regime_run *run, const char *folder, pbl_error *err);
void regime_log_free(regime_run *run);
/* FOLDER/settings.yaml, the configuration a run was trained under (any number of epochs).
 * *known: it is there, and the one asked for; CONFIG with the first differing line when it is
 * another. */
pbl_status regime_settings_check(bool *known, const char *folder, const pbl_train_config *config,
                                 pbl_error *err);
pbl_status regime_settings_write(const char *folder, const pbl_train_config *config,
                                 pbl_error *err);

/* What is compared; all from evaluated rows. */
enum {
  METRIC_LIKELIHOOD, /* test, nats */
  METRIC_COUPLING,   /* |W|/T */
  METRIC_FLIP_RATE,
  METRIC_TEST_ERROR,
  METRIC_AIS_VARIANCE,
  METRIC_AIS_ESS,
  METRIC_LOG_TAU,
  METRIC_GAP, /* exact; models of up to 20 p-bits */
  N_METRICS
};
extern const char *const regime_metric_names[N_METRICS];
double regime_metric(const pbl_train_log *row, int metric);
/* Largest value of `metric` over the evaluated rows; NaN without any. */
double regime_largest(const regime_run *run, int metric);
/* `metric` where the run's `at` first reaches `value`, by linear interpolation between evaluated
 * rows; NaN where it never does. */
double regime_matched(const regime_run *run, int metric, int at, double value);

typedef struct {
  double value, low, high; /* mean and 95 % Student interval; NaN interval below 2 numbers */
  int n;
} regime_mean;
/* Over the finite ones of n numbers. */
regime_mean regime_mean_of(const double *x, int n);

/* A whole comparison. */
typedef struct {
  const pbl_train_config *config;
  const pbl_regimes_options *options;
  regime_run *runs; /* PBL_N_REGIMES x seeds */
} regime_comparison;
regime_run *regime_run_of(const regime_comparison *c, pbl_regime regime, int seed);
/* Order of running and showing. */
extern const pbl_regime regime_order[PBL_N_REGIMES];

/* One of the printed tables: a row per regime, text cells. */
#define REGIME_TABLE_COLUMNS 9
typedef struct {
  char title[96];
  const char *heads[REGIME_TABLE_COLUMNS];
  const char *names[PBL_N_REGIMES];
  char cells[PBL_N_REGIMES][REGIME_TABLE_COLUMNS][32];
  int n_columns, n_rows;
} regime_table;
#define REGIME_TABLES 3
/* At the end, at matched |W|/T, at matched likelihood; returns how many there are. */
int regime_tables(regime_table tables[REGIME_TABLES], const regime_comparison *c);
/* Writes regimes.html into the comparison's folder. IO, NO_MEMORY. */
pbl_status regime_page_write(const regime_comparison *c, const regime_table *tables, int n_tables,
                             pbl_error *err);

#endif
