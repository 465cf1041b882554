/* report.html and report.json of a training run: the curves of log.csv, the device's telemetry,
 * weights and chains as images, the settings. No times and no paths in them, so that a run that was
 * killed and continued ends in the same bytes. */
#ifndef PBL_TRAIN_REPORT_H
#define PBL_TRAIN_REPORT_H

#include "pbl_train.h"

typedef struct {
  const char *name;
  const char *configuration; /* YAML, or NULL */
  pbl_train_view view;       /* rows, model, chains; borrowed */
} pbl_train_report;

/* INVALID without a row or a model; IO, NO_MEMORY. Telemetry that cannot be read is left out, and
 * the page says so. */
pbl_status pbl_train_report_html(const pbl_train_report *r, const char *path, pbl_error *err);
/* The keys: docs/training.md. */
pbl_status pbl_train_report_json(const pbl_train_report *r, const char *path, pbl_error *err);

#endif
