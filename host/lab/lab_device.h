/* The regulator of a device on the test bed's frozen weights. Internal to host/lab. */
#ifndef LAB_DEVICE_H
#define LAB_DEVICE_H

#include "lab_internal.h"
#include "pbl_driver.h"

/* Windows of all repeats, as the telemetry stream brought them. */
typedef struct {
  const pbl_window *items; /* repeats x windows */
  int repeats, windows;
  double start; /* lambda before the first window */
} lab_track;

/* A bit-exact device model that holds the test bed's weights. */
typedef struct {
  const pbl_lab_device *setup;
  pbl_driver *driver;
  pbl_hw hw;
  pbl_testbed_model held; /* what the device's weight words stand for */
  pbl_window_log log;
  uint64_t seed;
  lab_clock *clock;
} lab_rig;

/* Uploads m, rounded to the weight format of `setup` (borrowed). CONFIG, DEVICE, HASH, NO_MEMORY;
 * close after a failure too. */
pbl_status lab_rig_open(lab_rig *rig, const pbl_testbed_model *m, const pbl_lab_device *setup,
                        uint64_t seed, lab_clock *clock, pbl_error *err);
void lab_rig_close(lab_rig *rig);
/* All repeats at one gain: random states, burn-in at the first temperature, then windows, with the
 * change of r* that `setup` asks for when `changes`. `stream` sets the random numbers apart. track
 * borrows from the rig and lives until the next run. */
pbl_status lab_rig_run(lab_track *track, lab_rig *rig, double gain, int windows, bool changes,
                       uint64_t stream, pbl_error *err);

/* lambda after window k of a repeat, k = 0: before the first. */
double lab_track_lambda(const lab_track *t, int repeat, int k);
/* Mean lambda over the second half of the windows. */
double lab_track_end(const lab_track *t);
/* Growth per window of the distance to `end`: slope of log abs(mean over the repeats - end) from
 * the first window on, as long as it is above ten standard errors (from the scatter of the repeats)
 * and below twice the first distance. NaN with fewer than 4 repeats or 3 windows there. */
double lab_track_growth(const lab_track *t, double end);
/* What is read off the windows alone: temperature, flip rate, spread, bounds, flags. */
void lab_track_measure(double *values, const lab_track *t, int change_window);

#endif
