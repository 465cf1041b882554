/* The columns of a training's log.csv behind `epoch`, in order: written, read back and reported by
 * this one list. */
#ifndef PBL_TRAIN_COLUMNS_H
#define PBL_TRAIN_COLUMNS_H

#include <stddef.h>

#include "pbl_train.h"

typedef struct {
  const char *name, *meaning;
  size_t offset; /* of a double in pbl_train_log */
} pbl_train_column;

static const pbl_train_column pbl_train_columns[] = {
#define PBL_COLUMN(name, member, meaning) \
  { name, meaning, offsetof(pbl_train_log, member) }
    PBL_COLUMN("reconstruction_error", reconstruction_error, "mean squared error, training images"),
    PBL_COLUMN("pseudo_likelihood", pseudo_likelihood, "nats per training image"),
    PBL_COLUMN("weight_norm", weight_norm, "Frobenius norm of W"),
    PBL_COLUMN("spectral_norm", spectral_norm, "largest singular value of W"),
    PBL_COLUMN("temperature", temperature, "T from here on"),
    PBL_COLUMN("lambda", lambda, "state of the regulator"),
    PBL_COLUMN("filter", filter, "its filtered flip rate"),
    PBL_COLUMN("gap_mean", gap_mean, "its running mean of the free-energy gap"),
    PBL_COLUMN("flip_rate", flip_rate, "per visible p-bit and update"),
    PBL_COLUMN("free_energy_data", free_data, "F(v)/T of the batches"),
    PBL_COLUMN("free_energy_model", free_model, "F(v)/T of the chains"),
    PBL_COLUMN("test_error", test_error, "mean squared error, test images"),
    PBL_COLUMN("test_accuracy", test_accuracy, "pixels on the right side of 1/2"),
    PBL_COLUMN("log_z", log_z, "exact when the AIS columns are empty, else by AIS"),
    PBL_COLUMN("log_likelihood_train", log_likelihood_train, "nats per image, with that log Z"),
    PBL_COLUMN("log_likelihood_test", log_likelihood_test, "nats per image, with that log Z"),
    PBL_COLUMN("ais_variance", ais_variance, "of the log weights; gate: below 2"),
    PBL_COLUMN("ais_ess_fraction", ais_ess_fraction, "gate: above 0.2"),
    PBL_COLUMN("gap", gap, "spectral gap of v, h, v at this T, exact; up to 20 p-bits"),
    PBL_COLUMN("tau", tau, "of F(v)/T, sweeps"),
    PBL_COLUMN("tau_low", tau_low, "lower end of its 95 % interval"),
    PBL_COLUMN("tau_high", tau_high, "upper end"),
    PBL_COLUMN("tau_resolved", tau_resolved, "1 resolved, 0 not"),
#undef PBL_COLUMN
};
#define PBL_TRAIN_N_COLUMNS (sizeof pbl_train_columns / sizeof *pbl_train_columns)

/* The field of column k. */
static inline double *pbl_train_column_of(pbl_train_log *row, size_t k) {
  return (double *)(void *)((char *)row + pbl_train_columns[k].offset);
}
static inline double pbl_train_value(const pbl_train_log *row, size_t k) {
  return *(const double *)(const void *)((const char *)row + pbl_train_columns[k].offset);
}

#endif
