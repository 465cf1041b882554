/* Training under a regulator, and what is measured on the way. */
#include <math.h>

#include "lab_internal.h"

#define GRADIENT_MOST 9.0 /* sqrt(9 x 9): every entry of the gradient of W lies in [-1, 1] */

typedef struct {
  const pbl_lab_run *run;
  double *values;
  double bound; /* on the norm of W, from decay and the largest gradient possible */
  double norm_most, conserved_first, squares;
  int tracked;
  lab_line whole, late; /* drift against updates */
  pbl_testbed_window last;
} watch;

static void watch_start(watch *w, pbl_lab_outcome *out, const pbl_lab_run *run,
                        const pbl_testbed *t, const pbl_regulation *r) {
  *w = (watch){.run = run, .values = out->values};
  w->bound = w->norm_most = w->values[PBL_LAB_norm_first] = pbl_testbed_norm(t);
  w->conserved_first = pbl_regulation_conserved(r, &run->regulator);
  w->values[PBL_LAB_temperature_least] = w->values[PBL_LAB_temperature_most] = r->temperature;
  w->values[PBL_LAB_gradient_largest] = w->values[PBL_LAB_bound_violations] = 0.0;
  if (run->regulator.mode == PBL_REGULATOR_SRTRBM) w->values[PBL_LAB_conserved_error] = 0.0;
}

/* |W| after one update is at most (1 - rate decay) |W| + rate G, also where 1 - rate decay < 0 by
 * its modulus; growth and gauge fixing scale it. */
static void watch_bound(watch *w, double scale, double norm) {
  const double keep = fabs(1.0 - w->run->learning_rate * w->run->weight_decay);
  for (int k = 0; k < w->run->updates_per_window; k++)
    w->bound = keep * w->bound + w->run->learning_rate * GRADIENT_MOST;
  w->bound *= scale;
  if (norm > w->bound * (1.0 + 1e-12)) w->values[PBL_LAB_bound_violations] += 1.0;
  w->norm_most = fmax(w->norm_most, norm);
}

static void watch_window(watch *w, int index, const pbl_testbed *t, const pbl_regulation *r,
                         double scale) {
  double *v = w->values;
  const bool late = index >= w->run->windows / 2;
  const double updates = (index + 1.0) * w->run->updates_per_window;
  const double drift = pbl_testbed_drift(t);
  watch_bound(w, scale, pbl_testbed_norm(t));
  lab_line_add(&w->whole, updates, drift);
  if (late) lab_line_add(&w->late, updates, drift);
  if (late) {
    const double e = w->last.flip_rate - w->run->regulator.flip_rate;
    w->squares += e * e;
    w->tracked++;
  }
  v[PBL_LAB_temperature_least] = fmin(v[PBL_LAB_temperature_least], r->temperature);
  v[PBL_LAB_temperature_most] = fmax(v[PBL_LAB_temperature_most], r->temperature);
  v[PBL_LAB_gradient_largest] = fmax(v[PBL_LAB_gradient_largest], w->last.gradient_largest);
  if (w->run->regulator.mode == PBL_REGULATOR_SRTRBM && !w->run->gauge_fixing)
    v[PBL_LAB_conserved_error] =
        fmax(v[PBL_LAB_conserved_error],
             fabs(pbl_regulation_conserved(r, &w->run->regulator) - w->conserved_first));
}

static pbl_status watch_end(watch *w, const pbl_testbed *t, const pbl_regulation *r,
                            pbl_error *err) {
  double *v = w->values;
  pbl_testbed_truth truth;
  const pbl_status status = pbl_testbed_exact(&truth, pbl_testbed_weights(t), r->temperature, err);
  if (status != PBL_OK) return status;
  v[PBL_LAB_temperature] = r->temperature;
  v[PBL_LAB_norm] = pbl_testbed_norm(t);
  v[PBL_LAB_norm_over_t] = v[PBL_LAB_norm] / r->temperature;
  v[PBL_LAB_flip_rate] = w->last.flip_rate;
  v[PBL_LAB_flip_rate_exact] = truth.flip_rate;
  v[PBL_LAB_filter] = r->filter;
  const bool target = w->run->regulator.mode == PBL_REGULATOR_SETPOINT ||
                      w->run->regulator.mode == PBL_REGULATOR_GUARD;
  if (target) v[PBL_LAB_tracking_error] = sqrt(w->squares / w->tracked);
  v[PBL_LAB_gap] = truth.gap;
  v[PBL_LAB_relaxation] = truth.relaxation;
  v[PBL_LAB_log_likelihood] = truth.log_likelihood;
  v[PBL_LAB_bound_tightness] = w->norm_most * w->run->weight_decay / GRADIENT_MOST;
  v[PBL_LAB_decay_balance] = v[PBL_LAB_norm] * w->run->weight_decay / w->last.gradient;
  v[PBL_LAB_drift] = pbl_testbed_drift(t);
  v[PBL_LAB_drift_slope] = lab_line_slope(&w->late);
  v[PBL_LAB_drift_r2] = lab_line_r2(&w->whole);
  v[PBL_LAB_drift_ratio] = v[PBL_LAB_drift_slope] / (w->run->learning_rate * w->last.gradient);
  return PBL_OK;
}

pbl_status lab_train(pbl_lab_outcome *out, pbl_testbed *t, const pbl_lab_run *run, lab_clock *clock,
                     pbl_error *err) {
  const unsigned long long work =
      (unsigned long long)run->updates_per_window * (unsigned long long)run->chains;
  pbl_regulation r = pbl_regulation_start(&run->regulator);
  watch w;
  if (run->windows == 0) return PBL_OK;
  watch_start(&w, out, run, t, &r);
  pbl_testbed_sweep(t, r.temperature, run->burn_in);
  for (int k = 0; k < run->windows; k++) {
    double scale = exp(run->growth);
    w.last = pbl_testbed_train(t, r.temperature, run->updates_per_window);
    pbl_regulation_step(&r, &run->regulator, w.last.flip_rate, w.last.free_energy_gap);
    if (run->gauge_fixing) scale *= pbl_regulation_fold(&r);
    if (scale != 1.0) pbl_testbed_scale(t, scale);
    watch_window(&w, k, t, &r, scale);
    if (!lab_clock_tick(clock, work)) return pbl_fail(err, PBL_INTERRUPTED, "interrupted");
  }
  return watch_end(&w, t, &r, err);
}
