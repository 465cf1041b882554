/* Stage 4: what the device's loop does, beside what the exact law of its weights predicts. */
#include <math.h>

#include "lab_device.h"

#define LAMBDA_END 4.0 /* the device holds log T in -4..4 */

/* log T with exact flip rate r* of the device's weights; NaN when none in its range has it. */
static double equilibrium(const pbl_testbed_model *m, double flip_rate) {
  double low = -LAMBDA_END, high = LAMBDA_END;
  if (pbl_testbed_flip_rate(m, exp(low)) > flip_rate ||
      pbl_testbed_flip_rate(m, exp(high)) < flip_rate)
    return NAN;
  for (int k = 0; k < 60; k++) {
    const double middle = 0.5 * (low + high);
    if (pbl_testbed_flip_rate(m, exp(middle)) < flip_rate) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return 0.5 * (low + high);
}

static void predict(double *v, const lab_rig *rig) {
  const pbl_lab_device *s = rig->setup;
  const double target = s->change_window > 0 ? s->change_flip_rate : s->regulator.flip_rate;
  const double lambda = equilibrium(&rig->held, target);
  v[PBL_LAB_device_temperature_exact] = exp(lambda);
  v[PBL_LAB_device_temperature_error] =
      v[PBL_LAB_device_temperature] / v[PBL_LAB_device_temperature_exact] - 1.0;
  if (isnan(lambda)) return;
  v[PBL_LAB_device_slope] = lab_slope(&rig->held, lambda);
  v[PBL_LAB_device_rate_predicted] = -log(fabs(1.0 - s->regulator.gain * v[PBL_LAB_device_slope]));
  v[PBL_LAB_device_rate_ratio] = v[PBL_LAB_device_rate] / v[PBL_LAB_device_rate_predicted];
}

/* The gain at which the growth of a displacement crosses zero, linear between two gains. */
static pbl_status scan_gains(double *v, lab_rig *rig, double end, pbl_error *err) {
  const pbl_lab_gains *g = &rig->setup->gains;
  double last_gain = NAN, last = NAN;
  for (int k = 0; k < g->points; k++) {
    const double gain = g->from + (g->to - g->from) * k / (g->points - 1);
    lab_track track;
    const pbl_status status =
        lab_rig_run(&track, rig, gain, g->windows, false, (uint64_t)k + 1, err);
    if (status != PBL_OK) return status;
    const double growth = lab_track_growth(&track, end);
    if (last < 0.0 && growth >= 0.0 && isnan(v[PBL_LAB_device_limit_gain]))
      v[PBL_LAB_device_limit_gain] = last_gain - last * (gain - last_gain) / (growth - last);
    last_gain = gain;
    last = growth;
  }
  v[PBL_LAB_device_limit] = v[PBL_LAB_device_limit_gain] * v[PBL_LAB_device_slope];
  return PBL_OK;
}

pbl_status lab_device(pbl_lab_outcome *out, const pbl_testbed_model *m, const pbl_lab_device *s,
                      uint64_t seed, lab_clock *clock, pbl_error *err) {
  if (s->windows == 0) return PBL_OK;
  double *v = out->values;
  lab_rig rig;
  lab_track track;
  pbl_status status = lab_rig_open(&rig, m, s, seed, clock, err);
  if (status == PBL_OK)
    status = lab_rig_run(&track, &rig, s->regulator.gain, s->windows, true, 0, err);
  if (status == PBL_OK) {
    const double end = lab_track_end(&track);
    lab_track_measure(v, &track, s->change_window);
    if (s->change_window == 0) v[PBL_LAB_device_rate] = -lab_track_growth(&track, end);
    predict(v, &rig);
    status = scan_gains(v, &rig, end, err);
  }
  lab_rig_close(&rig);
  return status;
}
