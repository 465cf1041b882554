/* Parts of a training run's report. Not for other rooms. */
#ifndef TRAIN_REPORT_INTERNAL_H
#define TRAIN_REPORT_INTERNAL_H

#include <stdio.h>

#include "pbl_train_report.h"

/* log_likelihood_* of a row may be trusted: variance of the log weights below, ESS fraction above
 * its gate. False when they were not measured. */
#define PBL_AIS_VARIANCE_GATE 2.0
#define PBL_AIS_ESS_GATE 0.2
bool pbl_train_report_gates(const pbl_train_log *row);
/* log Z by enumeration: there, without log weights. */
bool pbl_train_report_exact(const pbl_train_log *row);

/* A row with what the curves need besides; NaN where a mark does not apply. */
typedef struct {
  pbl_train_log log;
  double epoch, coupling, spectral, gap; /* |W|/T, spectral norm / T, F data - F model */
  double failed_train, failed_test;      /* log-likelihoods whose gates failed */
  double resolved, unresolved;           /* tau */
} train_report_row;
/* n_rows of them, freed by the caller; NULL without memory. */
train_report_row *pbl_train_report_rows(const pbl_train_view *view);

/* Curves against epoch; those without a point are named in one sentence. */
void pbl_train_report_curves(FILE *f, const train_report_row *rows, size_t n);
/* Curves against window from telemetry.csv. */
void pbl_train_report_telemetry(FILE *f, const char *path);
/* First-layer weights and last chains as images; nothing where the p-bits are no image. */
void pbl_train_report_images(FILE *f, const pbl_train_view *view);

#endif
