#include "pbl_regulator.h"

#include <math.h>

pbl_regulator_settings pbl_regulator_settings_default(pbl_regulator_mode mode) {
  const bool published = mode == PBL_REGULATOR_SRTRBM;
  return (pbl_regulator_settings){.mode = mode,
                                  .window_sweeps = 1000,
                                  .flip_rate = 0.05,
                                  .gain = published ? 0.01 : 0.5,
                                  .smoothing = 0.01,
                                  .gap_scale = 0.001,
                                  .temperature = 1.0,
                                  .temperature_min = 0.125,
                                  .temperature_max = 8.0};
}

const char *pbl_regulator_mode_name(pbl_regulator_mode mode) {
  static const char *const names[PBL_N_REGULATOR_MODES] = {"host", "fixed", "srtrbm", "setpoint",
                                                           "guard"};
  return mode >= 0 && mode < PBL_N_REGULATOR_MODES ? names[mode] : NULL;
}

/* One number and the range it must lie in; open ends are not allowed themselves. */
typedef struct {
  const char *name;
  double value, low, high;
  bool open_low, open_high;
} bound;

static pbl_status check_bound(const bound *b, pbl_error *err) {
  const bool low = b->open_low ? b->value > b->low : b->value >= b->low;
  const bool high = b->open_high ? b->value < b->high : b->value <= b->high;
  if (low && high) return PBL_OK; /* false for NaN */
  return pbl_fail(err, PBL_INVALID, "regulator: %s is %g, but must be %s %g and %s %g", b->name,
                  b->value, b->open_low ? "above" : "at least", b->low,
                  b->open_high ? "below" : "at most", b->high);
}

pbl_status pbl_regulator_settings_check(const pbl_regulator_settings *s, pbl_error *err) {
  if (pbl_regulator_mode_name(s->mode) == NULL)
    return pbl_fail(err, PBL_INVALID, "regulator: no mode %d", (int)s->mode);
  const bool srtrbm = s->mode == PBL_REGULATOR_SRTRBM;
  const bool target = s->mode == PBL_REGULATOR_SETPOINT || s->mode == PBL_REGULATOR_GUARD;
  const bound bounds[] = {
      {"temperature_min", s->temperature_min, PBL_TEMPERATURE_MIN, PBL_TEMPERATURE_MAX, 0, 0},
      {"temperature_max", s->temperature_max, s->temperature_min, PBL_TEMPERATURE_MAX, 0, 0},
      {"temperature", s->temperature, s->temperature_min, s->temperature_max, 0, 0},
      {"gain", srtrbm || target ? s->gain : 1.0, 0.0, 256.0, 1, 1},
      {"smoothing", srtrbm ? s->smoothing : 0.5, 0.0, 1.0, 1, 1},
      {"filter", srtrbm ? s->filter : 0.0, 0.0, 1.0, 0, 0},
      {"gap_scale", srtrbm ? s->gap_scale : 0.0, 0.0, 1e6, 0, 0},
      {"flip_rate", target ? s->flip_rate : 0.1, 0.0, 0.5, 1, 1},
      {"dead_band", target ? s->dead_band : 0.0, 0.0, 1.0, 0, 1},
      {"step_limit", target ? s->step_limit : 0.0, 0.0, 4.0, 0, 1},
  };
  for (size_t k = 0; k < sizeof bounds / sizeof bounds[0]; k++) {
    const pbl_status status = check_bound(&bounds[k], err);
    if (status != PBL_OK) return status;
  }
  return PBL_OK;
}

double pbl_regulator_kappa(const pbl_regulator_settings *s) {
  return s->gain * (1.0 - s->smoothing) / s->smoothing;
}

pbl_regulation pbl_regulation_start(const pbl_regulator_settings *s) {
  return (pbl_regulation){
      .lambda = log(s->temperature), .filter = s->filter, .temperature = s->temperature};
}

static double clamp(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}

/* The published order: the filter first, then lambda against the filtered rate, then the sum. */
static void step_srtrbm(pbl_regulation *r, const pbl_regulator_settings *s, double flip_rate,
                        double gap) {
  r->filter = (1.0 - s->smoothing) * r->filter + s->smoothing * flip_rate;
  r->lambda -= s->gain * (flip_rate - r->filter);
  if (s->gap_scale > 0.0) {
    r->gaps++;
    r->gap += (gap - r->gap) / (double)r->gaps;
  }
  const double t = exp(r->lambda) + s->gap_scale * r->gap;
  r->temperature = clamp(t, s->temperature_min, s->temperature_max);
  if (r->temperature != t) r->flags |= PBL_REGULATION_T_CLAMPED;
}

/* The clamp is the anti-windup: lambda itself is the integrator and cannot go beyond its limits. */
static void step_target(pbl_regulation *r, const pbl_regulator_settings *s, double flip_rate) {
  const double low = log(s->temperature_min), high = log(s->temperature_max);
  double error = s->flip_rate - flip_rate;
  if (s->mode == PBL_REGULATOR_GUARD && error < 0.0) error = 0.0;
  if (fabs(error) <= s->dead_band) {
    error = 0.0;
    r->flags |= PBL_REGULATION_IN_DEAD_BAND;
  }
  double d = s->gain * error;
  if (s->step_limit > 0.0 && fabs(d) > s->step_limit) {
    d = copysign(s->step_limit, d);
    r->flags |= PBL_REGULATION_RATE_LIMITED;
  }
  r->lambda = clamp(r->lambda + d, low, high);
  if (r->lambda <= low) r->flags |= PBL_REGULATION_AT_MIN;
  if (r->lambda >= high) r->flags |= PBL_REGULATION_AT_MAX;
  r->temperature = clamp(exp(r->lambda), s->temperature_min, s->temperature_max);
}

void pbl_regulation_step(pbl_regulation *r, const pbl_regulator_settings *s, double flip_rate,
                         double gap) {
  r->windows++;
  r->flags = r->frozen ? PBL_REGULATION_FROZEN : 0;
  if (r->frozen) return;
  if (s->mode == PBL_REGULATOR_SRTRBM) {
    step_srtrbm(r, s, flip_rate, gap);
  } else if (s->mode == PBL_REGULATOR_SETPOINT || s->mode == PBL_REGULATOR_GUARD) {
    step_target(r, s, flip_rate);
  }
}

double pbl_regulation_conserved(const pbl_regulation *r, const pbl_regulator_settings *s) {
  return r->lambda + pbl_regulator_kappa(s) * r->filter;
}

double pbl_regulation_fold(pbl_regulation *r) {
  const double factor = 1.0 / r->temperature;
  r->lambda = 0.0;
  r->temperature = 1.0;
  return factor;
}
