/* A regulator on a frozen model whose flip rate is known exactly, and scans over temperatures. */
#include <math.h>
#include <stdlib.h>

#include "lab_internal.h"
#include "pbl_rng.h"

enum { SPREAD_WINDOWS = 50 };

/* Rate per window of a small deviation: srtrbm moves on the line lambda + kappa c = constant. */
static double predicted_rate(const pbl_regulator_settings *s, double slope) {
  const double step = s->mode == PBL_REGULATOR_SRTRBM
                          ? s->smoothing * (1.0 + pbl_regulator_kappa(s) * slope)
                          : s->gain * slope;
  return -log(fabs(1.0 - step));
}

/* From the lambdas of an undisturbed run: slope of log abs(lambda - end) where it lies between
 * 1e-3 and 1e-7 of the first distance: past the curved start, above rounding and the distance that
 * the end itself has left. */
static double fitted_rate(const double *lambda, int n) {
  const double end = lambda[n - 1], first = fabs(lambda[0] - end);
  lab_line line = {0};
  for (int k = 0; k < n; k++) {
    const double y = fabs(lambda[k] - end);
    if (y < 1e-3 * first && y > 1e-7 * first) lab_line_add(&line, k, log(y));
  }
  return line.n >= 3.0 ? -lab_line_slope(&line) : NAN;
}

static pbl_status undisturbed(pbl_lab_outcome *out, const pbl_testbed_model *m,
                              const pbl_lab_loop *loop, double *lambda, lab_clock *clock,
                              pbl_error *err) {
  const pbl_regulator_settings *s = &loop->regulator;
  pbl_regulation r = pbl_regulation_start(s);
  const double conserved = pbl_regulation_conserved(&r, s);
  double *v = out->values, low = INFINITY, high = -INFINITY;
  v[PBL_LAB_loop_conserved_error] = 0.0;
  lambda[0] = r.lambda;
  for (int k = 1; k <= loop->windows; k++) {
    pbl_regulation_step(&r, s, pbl_testbed_flip_rate(m, r.temperature), 0.0);
    lambda[k] = r.lambda;
    v[PBL_LAB_loop_conserved_error] =
        fmax(v[PBL_LAB_loop_conserved_error], fabs(pbl_regulation_conserved(&r, s) - conserved));
    if (k > loop->windows - SPREAD_WINDOWS) {
      low = fmin(low, r.lambda);
      high = fmax(high, r.lambda);
    }
    if (!lab_clock_tick(clock, 1000)) return pbl_fail(err, PBL_INTERRUPTED, "interrupted");
  }
  if (s->mode != PBL_REGULATOR_SRTRBM) v[PBL_LAB_loop_conserved_error] = NAN;
  v[PBL_LAB_loop_temperature] = r.temperature;
  v[PBL_LAB_loop_flip_rate] = pbl_testbed_flip_rate(m, r.temperature);
  v[PBL_LAB_loop_slope] = lab_slope(m, r.lambda);
  v[PBL_LAB_loop_rate_predicted] = predicted_rate(s, v[PBL_LAB_loop_slope]);
  v[PBL_LAB_loop_rate] = fitted_rate(lambda, loop->windows + 1);
  v[PBL_LAB_loop_spread] = high - low;
  return PBL_OK;
}

/* One disturbed run from `start`, beside the end of the undisturbed one. */
static pbl_status disturbed(double *v, const pbl_testbed_model *m, const pbl_lab_loop *loop,
                            double end, double start, pbl_xoshiro *rng, lab_clock *clock,
                            pbl_error *err) {
  pbl_regulation r = pbl_regulation_start(&loop->regulator);
  r.lambda = start;
  r.temperature = exp(start);
  for (int k = 0; k < loop->windows; k++) {
    const double error = loop->disturbance * (2.0 * pbl_xoshiro_double(rng) - 1.0);
    const double rate = pbl_testbed_flip_rate(m, r.temperature) + error;
    pbl_regulation_step(&r, &loop->regulator, fmin(fmax(rate, 0.0), 1.0), 0.0);
    const double distance = fabs(r.lambda - end);
    if (distance > loop->box * (1.0 + 1e-12)) v[PBL_LAB_loop_outside] += 1.0;
    v[PBL_LAB_loop_reach] = fmax(v[PBL_LAB_loop_reach], distance);
    if (!lab_clock_tick(clock, 1000)) return pbl_fail(err, PBL_INTERRUPTED, "interrupted");
  }
  return PBL_OK;
}

pbl_status lab_loop(pbl_lab_outcome *out, const pbl_testbed_model *m, const pbl_lab_loop *loop,
                    uint64_t seed, lab_clock *clock, pbl_error *err) {
  if (loop->windows == 0) return PBL_OK;
  double *lambda = malloc(((size_t)loop->windows + 1) * sizeof *lambda);
  if (lambda == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  pbl_status status = undisturbed(out, m, loop, lambda, clock, err);
  const double end = lambda[loop->windows];
  free(lambda);
  pbl_xoshiro rng;
  pbl_xoshiro_seed(&rng, seed);
  if (loop->starts > 0) out->values[PBL_LAB_loop_outside] = out->values[PBL_LAB_loop_reach] = 0.0;
  for (int k = 0; k < loop->starts && status == PBL_OK; k++) {
    const double part = loop->starts > 1 ? 2.0 * k / (loop->starts - 1) - 1.0 : 0.0;
    status = disturbed(out->values, m, loop, end, end + part * loop->box, &rng, clock, err);
  }
  return status;
}

pbl_status lab_scan(pbl_lab_outcome *out, const pbl_testbed_model *m, const pbl_lab_scan *scan,
                    pbl_error *err) {
  lab_line arrhenius = {0};
  if (scan->points == 0) return PBL_OK;
  out->values[PBL_LAB_scan_rising] = 0.0;
  for (int k = 0; k < scan->points; k++) {
    const double lambda = scan->from + (scan->to - scan->from) * k / (scan->points - 1);
    pbl_testbed_truth truth;
    const pbl_status status = pbl_testbed_exact(&truth, m, exp(lambda), err);
    if (status != PBL_OK) return status;
    out->scan[k].log_temperature = lambda;
    out->scan[k].flip_rate = truth.flip_rate;
    out->scan[k].gap = truth.gap;
    out->scan[k].slope = lab_slope(m, lambda);
    lab_line_add(&arrhenius, exp(-lambda), log(truth.gap));
    if (k > 0 &&
        (truth.gap <= out->scan[k - 1].gap || truth.flip_rate <= out->scan[k - 1].flip_rate))
      out->values[PBL_LAB_scan_rising] += 1.0;
  }
  out->values[PBL_LAB_scan_arrhenius_r2] = lab_line_r2(&arrhenius);
  return PBL_OK;
}
