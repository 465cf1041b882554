/* An experiment of `pbitloop lab`: runs on the test bed and what they are expected to show.
 *
 * A run has up to four stages, the later ones on the model that training left: training under a
 * regulator; `loop`, a regulator iterated on the frozen model with its exact flip rate; `scan`,
 * exact properties over a range of temperatures; `device`, the regulator of the bit-exact device
 * model on the same weights (docs/regulation.md). */
#ifndef PBL_LAB_CONFIG_H
#define PBL_LAB_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "pbl_error.h"
#include "pbl_regulator.h"

#define PBL_LAB_UNITS 9 /* visible, and hidden, of the test bed */
#define PBL_LAB_MAX_RUNS 32
#define PBL_LAB_MAX_EXPECTATIONS 96
#define PBL_LAB_MAX_SCAN 64

/* X(name, stage, meaning): every number of a run. Stages: 0 training, 1 loop, 2 scan over its
 * range, 3 one point of the scan, 4 device, 5 its scan over gains. */
#define PBL_LAB_QUANTITIES(X)                                                                     \
  X(temperature, 0, "T after the last window")                                                    \
  X(temperature_least, 0, "lowest T of the run")                                                  \
  X(temperature_most, 0, "highest T of the run")                                                  \
  X(norm, 0, "Frobenius norm of W at the end")                                                    \
  X(norm_first, 0, "the same before the first update")                                            \
  X(norm_over_t, 0, "norm over T at the end: what the law sees")                                  \
  X(flip_rate, 0, "flips per visible unit and sweep, last window")                                \
  X(flip_rate_exact, 0, "stationary flip rate at the end")                                        \
  X(filter, 0, "filtered flip rate c at the end")                                                 \
  X(conserved_error, 0, "largest change of lambda + kappa c")                                     \
  X(tracking_error, 0, "root mean square of flip rate minus r*, second half of the run")          \
  X(gap, 0, "exact spectral gap of v -> h -> v at the end")                                       \
  X(relaxation, 0, "1/gap, sweeps")                                                               \
  X(log_likelihood, 0, "exact, nats per pattern, at the end; best possible -2.639")               \
  X(gradient_largest, 0, "largest Frobenius norm of the gradient of W")                           \
  X(bound_violations, 0, "windows after which the norm broke its bound")                          \
  X(bound_tightness, 0, "largest norm times decay over the largest gradient possible, 9")         \
  X(decay_balance, 0, "decay times norm over the last gradient: 1 at the fixed point")            \
  X(drift, 0, "Frobenius distance of W from its start")                                           \
  X(drift_slope, 0, "least-squares slope of that distance per update, second half of the run")    \
  X(drift_r2, 0, "squared correlation of that distance and time, whole run")                      \
  X(drift_ratio, 0, "drift_slope over learning rate times the last gradient")                     \
  X(loop_temperature, 1, "T after the loop's last window, no disturbance")                        \
  X(loop_flip_rate, 1, "flip rate there")                                                         \
  X(loop_rate, 1, "decay of abs(lambda - end) per window, fitted where it is small")              \
  X(loop_rate_predicted, 1, "the same from the slope of the flip rate at the end")                \
  X(loop_slope, 1, "dr/dlambda at the end")                                                       \
  X(loop_spread, 1, "range of lambda over the last 50 windows")                                   \
  X(loop_conserved_error, 1, "largest change of lambda + kappa c")                                \
  X(loop_outside, 1, "disturbed windows, all starts, with lambda outside the box")                \
  X(loop_reach, 1, "largest distance of lambda from the end without disturbance, disturbed runs") \
  X(scan_rising, 2, "points after which flip rate or gap fall with T")                            \
  X(scan_arrhenius_r2, 2, "squared correlation of log gap and 1/T")                               \
  X(scan_flip_rate, 3, "stationary flip rate at point `at`")                                      \
  X(scan_gap, 3, "spectral gap at point `at`")                                                    \
  X(scan_slope, 3, "dr/dlambda at point `at`")                                                    \
  X(scan_gap_per_flip, 3, "gap over flip rate at point `at`")                                     \
  X(device_temperature, 4, "T of the device's loop: exp of its mean lambda, second half")         \
  X(device_temperature_exact, 4, "T at which the exact flip rate of the device's weights is r*")  \
  X(device_temperature_error, 4, "device_temperature over device_temperature_exact, minus 1")     \
  X(device_flip_rate, 4, "flip rate that the device counted, second half")                        \
  X(device_slope, 4, "exact dr/dlambda at device_temperature_exact")                              \
  X(device_rate, 4, "decay per window of the mean distance of lambda from its end")               \
  X(device_rate_predicted, 4, "the same from device_slope: -ln abs(1 - eta r')")                  \
  X(device_rate_ratio, 4, "device_rate over device_rate_predicted")                               \
  X(device_spread, 4, "range of lambda over the last 50 windows, mean of the repeats")            \
  X(device_lambda_least, 4, "lowest lambda of all windows")                                       \
  X(device_lambda_most, 4, "highest lambda of all windows")                                       \
  X(device_step_largest, 4, "largest step of lambda")                                             \
  X(device_at_limit, 4, "part of the windows with lambda at one of its limits")                   \
  X(device_step_limited, 4, "part of the windows whose step was limited")                         \
  X(device_in_dead_band, 4, "part of the windows inside the dead band, second half")              \
  X(device_release, 4,                                                                            \
    "windows from the change of r* until lambda left its limit, slowest repeat")                  \
  X(device_limit_gain, 5, "gain from which a displacement no longer decays")                      \
  X(device_limit, 5, "device_limit_gain times device_slope; 2 in theory")

typedef enum {
#define PBL_X(name, stage, meaning) PBL_LAB_##name,
  PBL_LAB_QUANTITIES(PBL_X)
#undef PBL_X
      PBL_N_LAB_QUANTITIES
} pbl_lab_quantity;

typedef struct {
  const char *name, *meaning;
  int stage;
} pbl_lab_quantity_info;

const pbl_lab_quantity_info *pbl_lab_quantity_of(int quantity); /* NULL out of range */

typedef struct {
  int windows;        /* 0: no loop */
  double disturbance; /* half-width of a uniform error of each flip rate; 0: none */
  double box;         /* half-width in lambda of the box of starts */
  int starts;         /* disturbed runs, their starts spread evenly over the box */
  pbl_regulator_settings regulator;
} pbl_lab_loop;

typedef struct {
  int points;      /* 0: no scan; else 2 .. PBL_LAB_MAX_SCAN */
  double from, to; /* log T, evenly spaced */
} pbl_lab_scan;

typedef struct {
  int points;      /* 0: no scan over gains; else 2 .. PBL_LAB_MAX_SCAN */
  int windows;     /* of each gain */
  double from, to; /* gains, evenly spaced */
} pbl_lab_gains;

typedef struct {
  int windows; /* of each repeat; 0: no device */
  int replicas;
  int repeats; /* runs from the same temperature, each with states and generators of its own */
  int burn_in; /* sweeps at the first temperature before the first window */
  int weight_int, weight_frac;
  int change_window; /* windows before r* becomes change_flip_rate; 0: it stays */
  double change_flip_rate;
  double gain_fault, rate_fault; /* factors of the device's words that nobody is told; 1: sound */
  pbl_lab_gains gains;
  pbl_regulator_settings regulator; /* mode setpoint */
} pbl_lab_device;

typedef struct {
  char name[48];
  int chains;
  double learning_rate, weight_decay, initial_scale;
  int burn_in;  /* sweeps before the first update */
  bool clamped; /* after burn-in the chains stay as they are */
  int updates_per_window, windows;
  double growth;     /* all parameters times exp(growth) after each window */
  bool gauge_fixing; /* after each window fold T into the parameters */
  pbl_regulator_settings regulator;
  pbl_lab_loop loop;
  pbl_lab_scan scan;
  pbl_lab_device device;
} pbl_lab_run;

typedef enum { PBL_LAB_MEAN, PBL_LAB_LEAST, PBL_LAB_MOST, PBL_LAB_LOW, PBL_LAB_HIGH } pbl_lab_of;
typedef enum { PBL_LAB_RATIO, PBL_LAB_DIFFERENCE } pbl_lab_relation;

typedef struct {
  char run[48];
  char quantity_name[40];
  int quantity; /* pbl_lab_quantity */
  int at;       /* point of the scan, from 0 */
  int of;       /* pbl_lab_of, over the seeds */
  char versus[48];
  int relation; /* pbl_lab_relation, seed by seed, with `versus` */
  bool has_value, has_min, has_max;
  double value, tolerance, min, max;
  int run_index, versus_index; /* -1: none */
  char note[160];
} pbl_lab_expectation;

typedef struct {
  char path[512], name[64];
  char title[160];
  uint64_t seed; /* of the first of `seeds` */
  int seeds, threads;
  int n_runs, n_expectations;
  pbl_lab_run runs[PBL_LAB_MAX_RUNS];
  pbl_lab_expectation expectations[PBL_LAB_MAX_EXPECTATIONS];
} pbl_lab_config;

/* As the other loaders of pbl_config.h. */
pbl_status pbl_config_load_lab(pbl_lab_config *out, const char *path, const char *const *overrides,
                               size_t n_overrides, pbl_error *err);

#endif
