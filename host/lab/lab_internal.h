/* The stages of one run. Internal to host/lab. */
#ifndef LAB_INTERNAL_H
#define LAB_INTERNAL_H

#include <stdatomic.h>

#include "pbl_lab.h"
#include "pbl_testbed.h"

/* Work done, shared by all jobs. */
typedef struct {
  pbl_progress *progress;
  const char *what;
  atomic_ullong done;
  unsigned long long total;
  atomic_bool stop;
} lab_clock;

/* Adds `work`; false when the user asked to stop. */
bool lab_clock_tick(lab_clock *clock, unsigned long long work);

/* Stage 0: fills its quantities and leaves the trained model in t. */
pbl_status lab_train(pbl_lab_outcome *out, pbl_testbed *t, const pbl_lab_run *run, lab_clock *clock,
                     pbl_error *err);
/* Stage 1. `seed` serves the disturbances. */
pbl_status lab_loop(pbl_lab_outcome *out, const pbl_testbed_model *m, const pbl_lab_loop *loop,
                    uint64_t seed, lab_clock *clock, pbl_error *err);
/* Stages 2 and 3. */
pbl_status lab_scan(pbl_lab_outcome *out, const pbl_testbed_model *m, const pbl_lab_scan *scan,
                    pbl_error *err);

/* Stage 4, with its scan over gains. `seed` serves states and generators. */
pbl_status lab_device(pbl_lab_outcome *out, const pbl_testbed_model *m, const pbl_lab_device *s,
                      uint64_t seed, lab_clock *clock, pbl_error *err);

/* Least squares of y on x, n points fed one by one. */
typedef struct {
  double n, x, y, xx, xy, yy; /* means and centred sums (Welford) */
} lab_line;
void lab_line_add(lab_line *l, double x, double y);
double lab_line_slope(const lab_line *l);
double lab_line_r2(const lab_line *l);

/* dr/dlambda of the stationary flip rate by a central difference. */
double lab_slope(const pbl_testbed_model *m, double lambda);

#endif
