/* Experiments with temperature regulation on the test bed: runs, repetitions, verdict. */
#ifndef PBL_LAB_H
#define PBL_LAB_H

#include "pbl_lab_config.h"
#include "pbl_progress.h"

/* One run with one seed; NaN: not measured. */
typedef struct {
  double values[PBL_N_LAB_QUANTITIES];
  struct {
    double log_temperature, flip_rate, gap, slope;
  } scan[PBL_LAB_MAX_SCAN];
} pbl_lab_outcome;

/* Over the seeds. low, high: 95 % interval of the mean (Student's t; NaN for one seed). */
typedef struct {
  double mean, low, high, least, most;
} pbl_lab_summary;

typedef struct {
  double measured;
  bool passed;
} pbl_lab_finding;

typedef struct {
  int n_runs, n_seeds;
  pbl_lab_outcome *outcomes;                          /* n_runs x n_seeds, row-major */
  pbl_lab_finding findings[PBL_LAB_MAX_EXPECTATIONS]; /* in the order of the configuration */
  int n_failed;
} pbl_lab_result;

/* Runs every run with every seed and judges the expectations. Same configuration, same result, for
 * any number of threads. INTERRUPTED, INVALID, NUMERIC, NO_MEMORY, and of a device CONFIG, DEVICE,
 * HASH, TIMEOUT; nothing is returned then. */
pbl_status pbl_lab_run_all(pbl_lab_result **out, const pbl_lab_config *config,
                           pbl_progress *progress, pbl_error *err);
void pbl_lab_result_destroy(pbl_lab_result *result);

/* A quantity of one run (at: point of the scan, where it is one of a point). */
double pbl_lab_value(const pbl_lab_outcome *outcome, int quantity, int at);
pbl_lab_summary pbl_lab_summarise(const double *values, int n);
/* What the expectation speaks about, from the outcomes. */
double pbl_lab_measure(const pbl_lab_result *result, const pbl_lab_expectation *e);
/* Whether `measured` meets it; NaN never does. */
bool pbl_lab_meets(const pbl_lab_expectation *e, double measured);

#endif
